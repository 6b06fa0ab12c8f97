/* secrets_test.c - command lines as people write them, and what is left of them. A '|' stands for
 * the NUL between arguments. */
#include "base/secrets.h"
#include "base/test.h"

#include <string.h>

static const struct {
    const char *args, *shown;
} cases[] = {
    /* Programs whose letters are known. */
    {"mysql|-u|root|-pTIGER|shop|", "mysql|-u|root|-p***|shop|"},
    {"/usr/bin/mysqldump|--user=root|--password=a,b&c|shop|",
     "/usr/bin/mysqldump|--user=root|--password=***|shop|"},
    {"mysql|-p|shop|", "mysql|-p|shop|"}, /* asks for it */
    {"mariadb-backup|--backup|--password|x|", "mariadb-backup|--backup|--password|***|"},
    {"curl|-sSu|bob:hunter2|https://example.org/|", "curl|-sSu|bob:***|https://example.org/|"},
    {"curl|--user|bob:hunter2|", "curl|--user|bob:***|"},
    {"curl|-H|Authorization: Bearer abc.def|x|", "curl|-H|Authorization: ***|x|"},
    {"curl|-HX-Api-Key: 12345|x|", "curl|-HX-Api-Key: ***|x|"},
    {"curl|-b|session=abcdef|x|", "curl|-b|***|x|"},
    {"curl|-H|Accept: text/html|-d|user=bob&password=x&go=1|",
     "curl|-H|Accept: text/html|-d|user=bob&password=***&go=1|"},
    {"curl|-d|{\"user\":\"bob\",\"password\":\"a b\"}|",
     "curl|-d|{\"user\":\"bob\",\"password\":\"***\"}|"},
    {"wget|--header=Authorization: Basic Ym9i|--http-password=x|u|",
     "wget|--header=Authorization: ***|--http-password=***|u|"},
    {"sshpass|-p|hunter2|ssh|-p|22|host|", "sshpass|-p|***|ssh|-p|***|host|"},
    {"sshpass|-phunter2|ssh|host|", "sshpass|-p***|ssh|host|"},
    {"redis-cli|-h|cache|-a|hunter2|ping|", "redis-cli|-h|cache|-a|***|ping|"},
    {"redis-cli|-u|redis://:hunter2@cache:6379/0|", "redis-cli|-u|redis://:***@cache:6379/0|"},
    {"mongosh|mongodb://u:p%40ss@a:1,b:2/db|", "mongosh|mongodb://u:***@a:1,b:2/db|"},
    {"ldapsearch|-x|-D|cn=admin|-w|hunter2|", "ldapsearch|-x|-D|cn=admin|-w|***|"},
    {"smbclient|//host/share|-U|dom/user%hunter2|", "smbclient|//host/share|-U|dom/user%***|"},
    {"mount|-t|cifs|-o|username=bob,password=x,ro|//h/s|/mnt|",
     "mount|-t|cifs|-o|username=bob,password=***,ro|//h/s|/mnt|"},
    {"docker|run|-p|80:80|-e|SECRET=x|-e|MODE=y|img|",
     "docker|run|-p|80:80|-e|SECRET=***|-e|MODE=y|img|"},
    {"docker|login|-u|bob|-p|hunter2|", "docker|login|-u|bob|-p|***|"},
    {"unzip|-P|hunter2|a.zip|", "unzip|-P|***|a.zip|"},
    {"7z|x|-phunter2|a.7z|", "7z|x|-p***|a.7z|"},
    {"openssl|rsa|-passin|pass:hunter2|-in|k.pem|", "openssl|rsa|-passin|pass:***|-in|k.pem|"},
    {"sqlplus|scott/tiger@db|", "sqlplus|scott/***@db|"},
    {"nmcli|dev|wifi|connect|home|password|hunter2|", "nmcli|dev|wifi|connect|home|password|***|"},
    /* Options and variables whose name tells. */
    {"env|PGPASSWORD=hunter2|psql|-h|db|", "env|PGPASSWORD=***|psql|-h|db|"},
    {"env|MYSQL_PWD=x|PWD=/home/bob|sh|", "env|MYSQL_PWD=***|PWD=/home/bob|sh|"},
    {"app|--token|x|--port|80|", "app|--token|***|--port|80|"},
    {"app|--apiKey=x|--api-key|y|", "app|--apiKey=***|--api-key|***|"},
    {"java|-Dpassword=x|-Djavax.net.ssl.keyStorePassword=y|-jar|a.jar|--spring.datasource.password="
     "z|",
     "java|-Dpassword=***|-Djavax.net.ssl.keyStorePassword=***|-jar|a.jar|--spring.datasource."
     "password=***|"},
    {"keytool|-storepass|x|-alias|a|", "keytool|-storepass|***|-alias|a|"},
    {"gpg|--batch|--passphrase|two words|-d|f|", "gpg|--batch|--passphrase|***|-d|f|"},
    {"aws|configure|set|aws_secret_access_key|x|", "aws|configure|set|aws_secret_access_key|***|"},
    {"terraform|apply|-var|db_password=x|", "terraform|apply|-var|db_password=***|"},
    {"psql|host=db user=bob password=x dbname=y|", "psql|host=db user=bob password=*** dbname=y|"},
    {"sqlcmd|-S|h|-C|Server=x;Password=y;Database=z|",
     "sqlcmd|-S|h|-C|Server=x;Password=***;Database=z|"},
    {"sh|-c|PGPASSWORD='a b' mysql -pTIGER db; curl -H \"Authorization: Bearer x\" u|",
     "sh|-c|PGPASSWORD='***' mysql -p*** db; curl -H \"Authorization: Bearer *** u|"},
    /* Forms. */
    {"git|clone|https://bob:hunter2@example.org/a.git|",
     "git|clone|https://bob:***@example.org/a.git|"},
    {"git|clone|https://0123456789abcdef0123@example.org/a|",
     "git|clone|https://***@example.org/a|"},
    {"psql|postgres://bob:hun/ter2@db:5432/x|", "psql|postgres://bob:***@db:5432/x|"},
    {"app|AKIAIOSFODNN7EXAMPLE|wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY|", "app|***|***|"},
    {"app|ghp_0123456789abcdefghij|", "app|***|"},
    {"app|eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_ghi|", "app|***|"},
    {"postgres: bob shop 10.0.0.1 idle", "postgres: bob shop 10.0.0.1 idle"},
    /* What has nothing to hide. */
    {"ssh|git@example.org|", "ssh|git@example.org|"},
    {"git|clone|ssh://git@example.org:2222/a|", "git|clone|ssh://git@example.org:2222/a|"},
    {"curl|http://localhost:8080/x@y|", "curl|http://localhost:8080/x@y|"},
    {"app|--password-file|/etc/pw|--no-password|x|--max-tokens=5|",
     "app|--password-file|/etc/pw|--no-password|x|--max-tokens=5|"},
    {"docker|login|--password-stdin|registry|", "docker|login|--password-stdin|registry|"},
    {"make|-j8|CFLAGS=-O2|all|", "make|-j8|CFLAGS=-O2|all|"},
    {"python3|check_password.py|input|", "python3|check_password.py|input|"},
    {"app|--bypass=1|--compass=n|--author|bob|", "app|--bypass=1|--compass=n|--author|bob|"},
    {"tar|-xpf|a.tar|", "tar|-xpf|a.tar|"},
    {"git|checkout|0123456789abcdef0123456789abcdef01234567|",
     "git|checkout|0123456789abcdef0123456789abcdef01234567|"},
    {"", ""},
};

static void assert_shown(const char *text, const char *want)
{
    size_t len = strlen(text);
    char *args = malloc(len + 1);
    struct strbuf out;

    assert_non_null(args);
    memcpy(args, text, len);
    for (size_t i = 0; i < len; i++)
        args[i] = args[i] == '|' ? '\0' : args[i];
    strbuf_init(&out);
    secrets_mask(args, len, &out);
    for (size_t i = 0; i < out.len; i++)
        out.text[i] = out.text[i] == '\0' ? '|' : out.text[i];
    assert_string_equal(out.text ? out.text : "", want);
    strbuf_done(&out);
    free(args);
}

TEST(secrets_in_real_command_lines_are_masked)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_shown(cases[i].args, cases[i].shown);
}

/* As recordings of 0.1.0 have them. */
TEST(a_line_with_blanks_is_masked_as_well)
{
    assert_shown("mysql -u root -pTIGER shop", "mysql -u root -p*** shop");
    assert_shown("app --password x --port 80 --token=y",
                 "app --password *** --port 80 --token=***");
    assert_shown("curl -H Authorization: Bearer abc https://a",
                 "curl -H Authorization: Bearer *** https://a");
}

TEST(the_program_alone_can_be_kept)
{
    static const char args[] = "/opt/my app\0--password\0x";
    struct strbuf out;

    strbuf_init(&out);
    secrets_keep_program(args, sizeof(args), &out);
    assert_string_equal(out.text, "/opt/my app");
    strbuf_reset(&out);
    secrets_keep_program("postgres: bob shop", 18, &out);
    assert_string_equal(out.text, "postgres:");
    strbuf_done(&out);
}

TEST_MAIN()
