/* anonymise_learn.c - which words of a text are names: a shell's prompt, a key before it, the head
 * of its column.
 *
 * What stands here once is replaced wherever it stands. Words that everybody's machine has (root,
 * default, kube-system) are no secret.
 */
#include "report/anonymise_int.h"

#include <limits.h>
#include <string.h>

static struct span find(struct span line, const char *words)
{
    size_t len = strlen(words);

    for (; span_len(line) >= len; line.at++) {
        line.at = memchr(line.at, *words, span_len(line) - len + 1);
        if (!line.at)
            break;
        if (memcmp(line.at, words, len) == 0)
            return (struct span){line.at, line.at + len};
    }
    return (struct span){NULL, NULL};
}

static bool has(struct span line, const char *words)
{
    return find(line, words).at != NULL;
}

bool is_unit_name(struct span word)
{
    static const char *const ends[] = {".service", ".slice", ".scope",  ".socket",
                                       ".mount",   ".timer", ".target", ".swap"};

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++)
        if (span_ends(word, ends[i]))
            return true;
    return false;
}

bool is_domain(struct span word)
{
    static const char *const tops[] = {"com",  "net",   "org",  "io",    "dev",     "internal",
                                       "lan",  "local", "corp", "cloud", "example", "localdomain",
                                       "test", "home",  "edu",  "gov",   "info",    "biz",
                                       "app",  "tech",  "arpa", "intra", "priv",    "private"};
    /* Two letters are a country, unless they are the end of a file's name. */
    static const char *const files[] = {"so", "py", "sh", "rs", "cc", "pl", "md",
                                        "ps", "gz", "xz", "bz", "ko", "pm", "hh"};
    static const char *const everybodys[] = {
        "kubernetes.io",   "k8s.io",       "docker.com", "docker.io",
        "quay.io",         "ghcr.io",      "gcr.io",     "github.com",
        "kernel.org",      "gitlab.com",   "coreos.com", "opencontainers.org",
        "bugs.debian.org", "containerd.io"};
    const char *dot = NULL;
    unsigned labels = 1;
    struct span last;

    for (const char *at = word.at; at < word.end; at++) {
        if (*at != '.')
            continue;
        if (at == word.at || at[-1] == '.' || at + 1 == word.end)
            return false;
        dot = at;
        labels++;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(everybodys); i++)
        if (span_ends(word, everybodys[i]))
            return false;
    /* "com.example.app" is a package. */
    if (!dot || span_begins(word, "com.") || span_begins(word, "org.") || span_begins(word, "io."))
        return false;
    last = (struct span){dot + 1, word.end};
    if (IS_ONE_OF(last, tops))
        return true;
    return labels >= 3 && span_len(last) == 2 && last.at[0] >= 'a' && last.at[0] <= 'z' &&
           last.at[1] >= 'a' && last.at[1] <= 'z' && !IS_ONE_OF(last, files);
}

/* Names that tell nothing of anybody. */
static bool is_public(enum name_kind kind, struct span word)
{
    static const char *const users[] = {
        "root",       "daemon",    "bin",      "sys",      "sync",     "games",    "man",
        "lp",         "mail",      "news",     "uucp",     "proxy",    "www-data", "backup",
        "list",       "irc",       "gnats",    "nobody",   "_apt",     "sshd",     "messagebus",
        "syslog",     "dbus",      "chrony",   "polkitd",  "mysql",    "postgres", "redis",
        "nginx",      "apache",    "rabbitmq", "mongodb",  "rtkit",    "avahi",    "elasticsearch",
        "clickhouse", "memcached", "tcpdump",  "kernoops", "landscape"};
    static const char *const spaces[] = {"default", "kube-system", "kube-public",
                                         "kube-node-lease"};
    static const char *const nowhere[] = {"localhost", "localhost.localdomain",
                                          "none",      "null",
                                          "nil",       "unset",
                                          "unknown",   "true",
                                          "false",     "total",
                                          "used",      "free",
                                          "Mem",       "Swap",
                                          "Domain-0"};

    if (IS_ONE_OF(word, nowhere) || (kind == KIND_SPACE && IS_ONE_OF(word, spaces)))
        return true;
    return kind == KIND_USER && (IS_ONE_OF(word, users) || span_begins(word, "systemd-") ||
                                 span_begins(word, "systemd+"));
}

static bool has_letter(struct span word)
{
    for (; !span_empty(word); word.at++)
        if (is_alnum_ascii(*word.at) && !is_digit(*word.at))
            return true;
    return false;
}

static bool has_digit(struct span word)
{
    for (; !span_empty(word); word.at++)
        if (is_digit(*word.at))
            return true;
    return false;
}

/* Ids have a stand-in of their own form. */
static bool is_id(struct span word)
{
    if (span_len(word) < 8 || !has_digit(word))
        return false;
    for (; !span_empty(word); word.at++)
        if (!is_digit(*word.at) && (*word.at < 'a' || *word.at > 'f'))
            return false;
    return true;
}

/* "group12": what already stands for a group of a capture. */
static bool is_group_stand_in(const struct anonymiser *a, struct span word)
{
    static const char stem[] = "group";
    size_t len = strlen(stem);

    if (a->count[KIND_GROUP] == 0 || span_len(word) <= len || memcmp(word.at, stem, len) != 0)
        return false;
    for (word.at += len; word.at < word.end; word.at++)
        if (!is_digit(*word.at))
            return false;
    return true;
}

void anonymiser_learn_word(struct anonymiser *a, enum name_kind kind, struct span word)
{
    unsigned name;

    while (!span_empty(word) && !is_word(*word.at))
        word.at++;
    while (!span_empty(word) && !is_word(word.end[-1]))
        word.end--;
    if (span_len(word) < 2 || span_len(word) > 253 || !has_letter(word) || is_public(kind, word) ||
        is_unit_name(word) || is_id(word) || is_group_stand_in(a, word))
        return;
    name = anonymiser_name(a, kind, word.at, span_len(word));
    if (name != UINT_MAX)
        vec_push(&a->said, ((struct said){word, name}));
}

struct span anonymiser_value(struct span line, bool image)
{
    struct span word = {line.at, line.at};

    while (word.end < line.end &&
           (is_name(*word.end) || (image && strchr("/:@+", *word.end) && *word.end)))
        word.end++;
    return word;
}

/* "pod", "namespace/pod", "pod_namespace(uid)" */
static void learn_pod(struct anonymiser *a, struct span line)
{
    struct span name = {line.at, line.at};

    while (name.end < line.end && *name.end != '_' && is_name(*name.end))
        name.end++;
    if (name.end < line.end && *name.end == '/') {
        anonymiser_learn_word(a, KIND_SPACE, name);
        anonymiser_learn_word(a, KIND_POD,
                              anonymiser_value((struct span){name.end + 1, line.end}, false));
        return;
    }
    anonymiser_learn_word(a, KIND_POD, name);
    if (name.end < line.end && *name.end == '_')
        anonymiser_learn_word(a, KIND_SPACE,
                              anonymiser_value((struct span){name.end + 1, line.end}, false));
}

void anonymiser_learn_value(struct anonymiser *a, enum name_kind kind, struct span line)
{
    struct span word;

    while (!span_empty(line) && (is_blank(*line.at) || *line.at == '"' || *line.at == '\''))
        line.at++;
    if (kind == KIND_POD) {
        learn_pod(a, line);
        return;
    }
    word = anonymiser_value(line, kind == KIND_IMAGE);
    /* "serial 8250" is a driver. */
    if (kind == KIND_SERIAL && (span_len(word) < 5 || !has_digit(word)))
        return;
    anonymiser_learn_word(a, kind, word);
}

/* --- behind a key ----------------------------------------------------------------------------- */

struct key {
    const char *words;
    enum name_kind kind;
    const char *with; /* the line has this as well; NULL */
};

static const struct key keys[] = {
    {"node/", KIND_HOST, NULL},
    {"Node ", KIND_HOST, " status is now"},
    {"--hostname ", KIND_HOST, NULL},
    {"nfs: server ", KIND_HOST, NULL},
    {"ATOP - ", KIND_HOST, NULL},
    {"srun: error: ", KIND_HOST, ": task"},
    {"slurmstepd-", KIND_HOST, NULL},
    {"slurmd[", KIND_HOST, NULL},
    {"slurmd-", KIND_HOST, NULL},
    {" ON ", KIND_HOST, " CANCELLED"},
    {" to ", KIND_HOST, "Successfully assigned "},
    {"Successfully assigned ", KIND_POD, NULL},
    {"Deleting node ", KIND_HOST, NULL},
    {"Registered Node ", KIND_HOST, NULL},
    {"lxc.payload.", KIND_CONTAINER, NULL},
    {"lxc.monitor.", KIND_CONTAINER, NULL},
    {"/lxc/", KIND_CONTAINER, NULL},
    {" -name ", KIND_HOST, " -id "},
    {"replica set ", KIND_POD, NULL},
    {" pod: ", KIND_POD, NULL},
    {" Pod ", KIND_POD, " in "},
    {"StatefulSet ", KIND_POD, NULL},
    {"Created container: ", KIND_CONTAINER, NULL},
    {" describe node ", KIND_HOST, NULL},
    {"kubelet, ", KIND_HOST, NULL},
    {"kernel-monitor, ", KIND_HOST, NULL},
    {"pod/", KIND_POD, NULL},
    {"pods=[", KIND_POD, NULL},
    {" in pod ", KIND_POD, NULL},
    {"pod \"", KIND_POD, NULL},
    {" describe pod ", KIND_POD, NULL},
    {" describe pods ", KIND_POD, NULL},
    {" describe po ", KIND_POD, NULL},
    {" logs ", KIND_POD, "kubectl"},
    {" exec ", KIND_POD, "kubectl"},
    {" get pod ", KIND_POD, NULL},
    {" top pod ", KIND_POD, NULL},
    {"Pod:", KIND_POD, NULL},
    {"ReplicaSet/", KIND_POD, NULL},
    {"replicaset/", KIND_POD, NULL},
    {"Deployment/", KIND_POD, NULL},
    {"deployment/", KIND_POD, NULL},
    {"StatefulSet/", KIND_POD, NULL},
    {"DaemonSet/", KIND_POD, NULL},
    {" -n", KIND_SPACE, "kubectl"},
    {" -n ", KIND_SPACE, "crictl"},
    {"--namespace ", KIND_SPACE, NULL},
    {"namespace/", KIND_SPACE, NULL},
    {"container \"", KIND_CONTAINER, NULL},
    {"failed container ", KIND_CONTAINER, NULL},
    {"Stopping container ", KIND_CONTAINER, NULL},
    {"Started container ", KIND_CONTAINER, NULL},
    {"Killing container ", KIND_CONTAINER, NULL},
    {"Container ", KIND_CONTAINER, " was using "},
    {"Container ", KIND_CONTAINER, " failed liveness"},
    {"Container ", KIND_CONTAINER, " exceeded "},
    {" name=", KIND_CONTAINER, "image="},
    {"--name ", KIND_CONTAINER, NULL},
    {"--name=", KIND_CONTAINER, NULL},
    {"\"Name\": \"/", KIND_CONTAINER, NULL},
    {"for user ", KIND_USER, NULL},
    {"of user ", KIND_USER, NULL},
    {"invalid user ", KIND_USER, NULL},
    {"Accepted publickey for ", KIND_USER, NULL},
    {"Accepted password for ", KIND_USER, NULL},
    {"Failed password for ", KIND_USER, NULL},
    {"/home/", KIND_USER, NULL},
    {"/Users/", KIND_USER, NULL},
    {" (", KIND_USER, ") CMD "},
    {"Image ID:", KIND_IMAGE, NULL},
    {"image \"", KIND_IMAGE, NULL},
    {"serial ", KIND_SERIAL, NULL},
    {"serial: ", KIND_SERIAL, NULL},
    {"Serial: ", KIND_SERIAL, NULL},
    {"serial number ", KIND_SERIAL, NULL},
    {"Serial Number: ", KIND_SERIAL, NULL},
    {"SerialNumber: ", KIND_SERIAL, NULL},
    {"S/N ", KIND_SERIAL, NULL},
    {"S/N: ", KIND_SERIAL, NULL},
};

/* A digit or a dash, as names of pods have. */
static bool has_mark(struct span word)
{
    return has_digit(word) || (!span_empty(word) && memchr(word.at, '-', span_len(word)));
}

static void learn_keys(struct anonymiser *a, struct span line)
{
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
        const struct key *key = &keys[i];
        struct span rest = line, at;

        while ((at = find(rest, key->words)).at) {
            bool whole = at.at == line.at || !is_word(*at.at) || !is_word(at.at[-1]);

            /* "kubectl logs shows nothing" */
            if (key->with && strcmp(key->with, "kubectl") == 0 && key->kind == KIND_POD &&
                !has_mark(anonymiser_value((struct span){at.end, line.end}, false)))
                whole = false;
            if (whole && (!key->with || has(line, key->with)))
                anonymiser_learn_value(a, key->kind, (struct span){at.end, line.end});
            rest.at = at.end;
        }
    }
}

/* "evicted pod shop/cart-1": two names with a slash between them, of which the second looks like
 * one of a pod. */
static void learn_pod_of_prose(struct anonymiser *a, struct span line)
{
    struct span rest = line, at;

    while ((at = find(rest, "pod ")).at) {
        struct span space, pod;

        rest.at = at.end;
        space = anonymiser_value(rest, false);
        if ((at.at > line.at && is_name(at.at[-1])) || span_empty(space) || space.end == line.end ||
            *space.end != '/')
            continue;
        pod = anonymiser_value((struct span){space.end + 1, line.end}, false);
        if (has_mark(pod))
            anonymiser_learn_value(a, KIND_POD, rest);
    }
}

/* "arn:aws:ecs:us-east-1:123456789012:task/shop/0f1c", "arn:aws:lambda:...:function:shop": behind
 * the fifth colon what it is, then names. */
static void learn_arn(struct anonymiser *a, struct span line)
{
    struct span rest = line, at, word;

    while ((at = find(rest, "arn:aws")).at) {
        unsigned colons = 1;

        rest.at = at.end;
        for (; !span_empty(rest) && (is_name(*rest.at) || *rest.at == ':') && colons < 5; rest.at++)
            colons += *rest.at == ':';
        for (bool first = true; colons == 5; first = false) {
            word = anonymiser_value(rest, false);
            rest.at = word.end;
            /* A name alone, as of a topic or a bucket, has no kind before it. */
            if (!first || span_empty(rest) || !strchr("/:", *rest.at))
                anonymiser_learn_word(a, KIND_SPACE, word);
            if (span_empty(rest) || !strchr("/:", *rest.at))
                break;
            rest.at++;
        }
    }
}

/* "db7: Out of memory: Killed process 8 (java)": whoever gathered the lines of many machines put
 * their names before them. */
static void learn_gathered(struct anonymiser *a, struct span line)
{
    static const char *const messages[] = {"Out of memory: Kill", "Memory cgroup out of memory: ",
                                           "oom-kill:constraint=", "Mem-Info:"};
    static const char *const nobodys[] = {"kernel", "dmesg", "vmkernel", "klog", "syslog"};
    struct span word = anonymiser_value(line, false), rest = {word.end, line.end};

    if (span_empty(word) || IS_ONE_OF(word, nobodys) || !span_take(&rest, ": "))
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(messages); i++)
        if (span_begins(rest, messages[i]))
            anonymiser_learn_word(a, KIND_HOST, word);
}

/* "machine-qemu\\x2d3\\x2dshop\\x2ddb.scope": the scope of a guest, whose name is "shop-db". */
static void learn_guest(struct anonymiser *a, struct span line)
{
    static const char dash[] = "\\x2d";
    struct span rest = {find(line, "machine-qemu\\x2d").end, line.end}, word;

    if (!rest.at)
        return;
    while (!span_empty(rest) && is_digit(*rest.at))
        rest.at++;
    while (span_begins(rest, dash)) {
        rest.at += strlen(dash);
        word = (struct span){rest.at, rest.at};
        while (word.end < rest.end && (is_word(*word.end) || *word.end == '-'))
            word.end++;
        anonymiser_learn_word(a, KIND_HOST, word);
        rest.at = word.end;
    }
}

/* docker inspect web db */
static void learn_commands(struct anonymiser *a, struct span line)
{
    static const char *const tools[] = {"docker ", "podman ", "nerdctl "};
    static const char *const verbs[] = {"inspect", "logs", "stats", "top", "restart",
                                        "start",   "stop", "kill",  "rm",  "exec",
                                        "update",  "port", "attach"};

    for (unsigned i = 0; i < ARRAY_SIZE(tools); i++) {
        struct span rest = {find(line, tools[i]).end, line.end}, verb, word;

        if (!rest.at || !span_take_word(&rest, &verb) || !IS_ONE_OF(verb, verbs))
            continue;
        while (span_take_word(&rest, &word) && is_name(*word.at)) {
            if (*word.at == '-')
                continue;
            anonymiser_learn_word(a, KIND_CONTAINER, word);
            if (span_is(verb, "exec"))
                break;
        }
    }
}

/* --- programs: their names stay --------------------------------------------------------------- */

static void learn_program(struct anonymiser *a, struct span word)
{
    u64 hash = NAME_HASH_START;

    for (const char *at = word.at; at < word.end; at++)
        hash = name_hash_add(hash, *at);
    if (!span_empty(word))
        u64map_put(&a->programs, hash, 1);
}

static void learn_programs(struct anonymiser *a, struct span line)
{
    static const char *const before[] = {"Comm: ", "comm: ", "task=", "comm=\"",
                                         "victim process: "};
    struct span at;

    for (unsigned i = 0; i < ARRAY_SIZE(before); i++)
        if ((at = find(line, before[i])).at)
            learn_program(a, anonymiser_value((struct span){at.end, line.end}, false));
    if ((at = find(line, "ill")).at && (at = find(line, " process ")).at &&
        (at = find((struct span){at.end, line.end}, "(")).at)
        learn_program(a, anonymiser_value((struct span){at.end, line.end}, false));
    if ((at = find(line, " invoked oom-killer")).at) {
        struct span word = {at.at, at.at};

        while (word.at > line.at && !is_blank(word.at[-1]))
            word.at--;
        learn_program(a, word);
    }
}

/* --- what a shell says ------------------------------------------------------------------------ */

/* "user@host:~$ ", "[user@host dir]# ", "host:~ # ". The command, if it is one. */
static bool learn_prompt(struct anonymiser *a, struct span line, struct span *ret_command)
{
    struct span user, host, rest;

    while (!span_empty(line) && !is_word(*line.at))
        line.at++;
    user = anonymiser_value(line, false);
    if (span_empty(user) || user.end == line.end)
        return false;
    rest = (struct span){user.end, line.end};
    host = user;
    if (*user.end == '@') {
        host = anonymiser_value((struct span){user.end + 1, line.end}, false);
        rest.at = host.end;
        if (span_empty(host) || rest.at == line.end || !strchr(": ]~", *rest.at))
            return false;
    } else if (!span_begins(rest, ":~") && !span_begins(rest, ":/")) {
        return false;
    }
    /* The sign that ends a prompt stands before a blank or the end of the line. */
    for (unsigned n = 0; rest.at < line.end && n < 200; rest.at++, n++) {
        if (!strchr("$#%>", *rest.at) || (rest.at + 1 < line.end && !is_blank(rest.at[1])))
            continue;
        if (*user.end == '@')
            anonymiser_learn_word(a, KIND_USER, user);
        anonymiser_learn_word(a, KIND_HOST, host);
        *ret_command = span_trim((struct span){rest.at + 1, line.end});
        return true;
    }
    return false;
}

/* uname -a, sar's head, what hostname printed, df and mount of NFS, docker compose */
static void learn_lines(struct anonymiser *a, struct span line)
{
    struct span words = span_trim(line), word, rest = words, at;

    if (a->host_next)
        anonymiser_learn_word(a, KIND_HOST, anonymiser_value(words, false));
    a->host_next = false;
    if (span_take(&rest, "Linux ") && span_take_word(&rest, &word)) {
        span_skip_blanks(&rest);
        if (has_digit(word) && !span_empty(rest) && *rest.at == '(')
            anonymiser_learn_word(a, KIND_HOST,
                                  anonymiser_value((struct span){rest.at + 1, rest.end}, false));
        else if (!span_empty(rest) && is_digit(*rest.at))
            anonymiser_learn_word(a, KIND_HOST, word);
    }
    word = anonymiser_value(words, false);
    rest = (struct span){word.end, words.end};
    if (span_begins(rest, ":/") && !span_begins(rest, "://") && has(rest, " "))
        anonymiser_learn_word(a, KIND_HOST, word);
    if ((at = find(rest, " | ")).at && span_empty(span_trim((struct span){rest.at, at.at})) &&
        has_digit(word)) {
        struct span name = word;

        /* The number of the copy stays: it makes the word one that compose writes. */
        while (!span_empty(name) && is_digit(name.end[-1]))
            name.end--;
        anonymiser_learn_word(a, KIND_CONTAINER,
                              !span_empty(name) && strchr("-_", name.end[-1]) ? name : word);
    }
}

/* "web1.corp.example" anywhere */
static void learn_domains(struct anonymiser *a, struct span line)
{
    while (!span_empty(line)) {
        struct span word = anonymiser_value(line, false);

        line.at = span_empty(word) ? line.at + 1 : word.end;
        while (!span_empty(word) && !is_word(word.end[-1]))
            word.end--;
        if (has_letter(word) && !is_unit_name(word) && is_domain(word))
            anonymiser_learn_word(a, KIND_HOST, word);
    }
}

/* A prefix of a logger says the host; a word before "kernel:" alone is one as well. */
static void learn_prefix(struct anonymiser *a, struct span line)
{
    struct prefix prefix;
    const char *before;

    while (!span_empty(line) && strchr("> |`*", *line.at) && *line.at)
        line.at++;
    prefix_take(line, &a->dates, &prefix);
    /* Behind a time and a colon, or a file of a program, the message begins: "21:40:10: mem avail",
     * "helpers.go:826] eviction manager". */
    for (before = prefix.host.at; before > line.at && is_blank(before[-1]);)
        before--;
    if (before > line.at && (before[-1] == ':' || (before[-1] == ']' && *line.at != '[')))
        return;
    /* "java.lang.OutOfMemoryError:" is none. */
    if (prefix.is_log && !a->nr_columns && !span_empty(prefix.host) &&
        !(prefix.host.end < line.end && *prefix.host.end == ':') &&
        span_len(anonymiser_value(prefix.host, false)) == span_len(prefix.host))
        anonymiser_learn_word(a, KIND_HOST, prefix.host);
}

/* --- people ----------------------------------------------------------------------------------- */

#define PERSON_WORDS 4u /* of a name, at most */

static bool is_capital(struct span word)
{
    return span_len(word) >= 2 && ((*word.at >= 'A' && *word.at <= 'Z') || *word.at & 0x80);
}

/* The words with a capital that end here: "Jane A. Doe" of "Jane A. Doe <jane@corp.example>". */
static void learn_person(struct anonymiser *a, struct span before)
{
    for (unsigned n = 0; n < PERSON_WORDS; n++) {
        struct span word;

        while (!span_empty(before) && strchr(" \t\"'.", before.end[-1]) && before.end[-1])
            before.end--;
        word = (struct span){before.end, before.end};
        while (word.at > before.at &&
               (is_word(word.at[-1]) || word.at[-1] & 0x80 || word.at[-1] == '-'))
            word.at--;
        if (!is_capital(word) && span_len(word) != 1)
            return;
        anonymiser_learn_word(a, KIND_USER, word);
        before.end = word.at;
        if (span_empty(before) || !is_blank(before.end[-1]))
            return;
    }
}

/* "Jane Doe <jane@corp.example>", "On Monday, Jane Doe wrote:" */
static void learn_people(struct anonymiser *a, struct span line)
{
    struct span at = {line.at, line.at}, rest = line;

    while ((at = find(rest, " <")).at) {
        struct span mail = anonymiser_value((struct span){at.end, line.end}, false);

        if (mail.end < line.end && *mail.end == '@')
            learn_person(a, (struct span){line.at, at.at});
        rest.at = at.end;
    }
    line = span_trim(line);
    if (span_ends(line, " wrote:") && !has(line, "<"))
        learn_person(a, (struct span){line.at, line.end - 7});
}

/* "jane@db7" as a word of its own, as ssh and scp take it; "getty@tty1.service" is a unit,
 * "lib@1.2" a version. */
static void learn_logins(struct anonymiser *a, struct span line)
{
    for (const char *at = line.at; (at = memchr(at, '@', (size_t)(line.end - at))); at++) {
        struct span user = {at, at},
                    host = anonymiser_value((struct span){at + 1, line.end}, false);

        while (user.at > line.at && is_name(user.at[-1]))
            user.at--;
        if (span_empty(user) || span_empty(host) || is_digit(*host.at) ||
            memchr(host.at, '.', span_len(host)) ||
            (user.at > line.at && !is_blank(user.at[-1]) && !strchr("\"'([", user.at[-1])) ||
            (host.end < line.end && !is_blank(*host.end) && !strchr(":/\"')],", *host.end)))
            continue;
        anonymiser_learn_word(a, KIND_USER, user);
        anonymiser_learn_word(a, KIND_HOST, host);
    }
}

/* "db7 login: [  812.000001] Out of memory": a serial console. */
static void learn_console(struct anonymiser *a, struct span line)
{
    struct span words = line, word;

    while (!span_empty(words) && strchr("> |", *words.at) && *words.at)
        words.at++;
    word = anonymiser_value(words, false);
    if (span_begins((struct span){word.end, words.end}, " login:"))
        anonymiser_learn_word(a, KIND_HOST, word);
}

void anonymiser_learn_line(struct anonymiser *a, struct span line, struct span rest)
{
    struct span command;

    a->said.count = 0;
    if (learn_prompt(a, line, &command)) {
        a->nr_columns = 0;
        a->containers = 0;
        a->host_next = span_is(command, "hostname") || span_begins(command, "hostname -");
    } else {
        learn_lines(a, line);
        anonymiser_learn_description(a, line, rest);
        anonymiser_learn_table(a, line);
        learn_prefix(a, line);
    }
    learn_keys(a, line);
    learn_pod_of_prose(a, line);
    learn_arn(a, line);
    learn_gathered(a, line);
    learn_guest(a, line);
    anonymiser_learn_pairs(a, line);
    learn_people(a, line);
    learn_logins(a, line);
    learn_console(a, line);
    learn_commands(a, line);
    learn_programs(a, line);
    learn_domains(a, line);
}
