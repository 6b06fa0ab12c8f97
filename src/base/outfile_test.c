/* outfile_test.c - a file or tree appears whole or not at all. */
#include "base/outfile.h"
#include "base/outfile_int.h"
#include "base/outtree.h"
#include "base/strbuf.h"
#include "base/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/outfile_test.XXXXXX";

static char *in_folder(const char *name)
{
    struct strbuf s;

    strbuf_init(&s);
    strbuf_printf(&s, "%s/%s", folder, name);
    return strbuf_steal(&s);
}

static unsigned count_files(void)
{
    DIR *dir = opendir(folder);
    unsigned n = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void assert_content(const char *path, const char *want)
{
    char text[64] = "";
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(text, want);
}

static int make_folder(void **state HW_UNUSED)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX"); /* lint: a constant of the same length */
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state HW_UNUSED)
{
    DIR *dir = opendir(folder);

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
    return rmdir(folder);
}

TEST_WITH(a_written_file_is_whole_and_readable, make_folder, remove_folder)
{
    char *path = in_folder("a");
    mode_t mask = umask(022);
    struct stat st;

    assert_int_equal(outfile_write(path, "hello", 5, NULL), 0);
    umask(mask);
    assert_content(path, "hello");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(count_files(), 1);
    free(path);
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    return st.st_mode & 07777;
}

TEST_WITH(the_old_content_stays_until_the_commit, make_folder, remove_folder)
{
    char *path = in_folder("a");
    struct outfile o;

    assert_int_equal(outfile_write(path, "old", 3, NULL), 0);
    assert_int_equal(outfile_open(&o, path, OUTFILE_ORDINARY, NULL), 0);
    assert_int_equal(outfile_put(&o, "new", 3), 0);
    assert_content(path, "old");
    assert_int_equal(outfile_commit(&o, NULL), 0);
    assert_content(path, "new");
    assert_int_equal(count_files(), 1);
    free(path);
}

TEST_WITH(bytes_that_were_put_can_be_replaced, make_folder, remove_folder)
{
    char *path = in_folder("a"), bytes[4] = "";
    struct outfile o;

    assert_int_equal(outfile_open(&o, path, OUTFILE_ORDINARY, NULL), 0);
    assert_int_equal(outfile_put(&o, "abcdef", 6), 0);
    assert_int_equal(outfile_get(&o, 2, bytes, 3), 0);
    assert_string_equal(bytes, "cde");
    assert_int_equal(outfile_replace(&o, 2, "XY", 2), 0);
    assert_int_equal(outfile_put(&o, "g", 1), 0);
    assert_int_equal(outfile_commit(&o, NULL), 0);
    assert_content(path, "abXYefg");
    free(path);
}

TEST_WITH(an_aborted_file_leaves_nothing_behind, make_folder, remove_folder)
{
    char *path = in_folder("a");
    struct outfile o;

    assert_int_equal(outfile_open(&o, path, OUTFILE_ORDINARY, NULL), 0);
    assert_int_equal(outfile_put(&o, "half", 4), 0);
    assert_int_equal(count_files(), 1);
    outfile_abort(&o);
    outfile_abort(&o);
    assert_int_equal(count_files(), 0);
    free(path);
}

TEST_WITH(a_planted_link_is_replaced_and_not_followed, make_folder, remove_folder)
{
    char *path = in_folder("a"), *victim = in_folder("victim");

    assert_int_equal(outfile_write(victim, "precious", 8, NULL), 0);
    assert_int_equal(symlink(victim, path), 0);
    assert_int_equal(outfile_write(path, "new", 3, NULL), 0);
    assert_content(path, "new");
    mode_of(path);
    assert_content(victim, "precious");
    /* Nor to a device: it is the name that is ours, not what it points to. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_int_equal(outfile_write(path, "new", 3, NULL), 0);
    assert_content(path, "new");
    free(path);
    free(victim);
}

TEST_WITH(permissions_are_what_was_asked_for, make_folder, remove_folder)
{
    static const mode_t masks[] = {0, 022, 077};
    char *path = in_folder("a");
    struct outfile o;

    for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
        mode_t mask = umask(masks[i]);

        assert_int_equal(outfile_open(&o, path, OUTFILE_PRIVATE, NULL), 0);
        assert_int_equal(outfile_commit(&o, NULL), 0);
        assert_int_equal(mode_of(path), 0600);
        assert_int_equal(outfile_open(&o, path, 0644, NULL), 0);
        assert_int_equal(outfile_commit(&o, NULL), 0);
        assert_int_equal(mode_of(path), 0644);
        /* A report that was made private stays it. */
        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(outfile_write(path, "x", 1, NULL), 0);
        assert_int_equal(mode_of(path), 0640);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(outfile_write(path, "x", 1, NULL), 0);
        assert_int_equal(mode_of(path), 0666 & ~masks[i]);
        assert_int_equal(unlink(path), 0);
        umask(mask);
    }
    free(path);
}

TEST_WITH(a_descriptor_by_its_name_is_written_directly, make_folder, remove_folder)
{
    char *path = in_folder("a"), *name = in_folder("stdout"), number[32];
    FILE *f = fopen(path, "w");
    struct stat st;

    assert_non_null(f);
    snprintf(number, sizeof(number), "/dev/fd/%d", fileno(f));
    assert_int_equal(outfile_write(number, "one", 3, NULL), 0);
    /* /dev/stdout is such a link. It must not become the file. */
    snprintf(number, sizeof(number), "/proc/self/fd/%d", fileno(f));
    assert_int_equal(symlink(number, name), 0);
    assert_int_equal(outfile_write(name, "two", 3, NULL), 0);
    fclose(f);
    assert_content(path, "onetwo");
    assert_int_equal(lstat(name, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(count_files(), 2);
    assert_int_equal(outfile_write("/dev/fd/9999", "x", 1, NULL), -EBADF);
    free(path);
    free(name);
}

TEST_WITH(a_pipe_is_written_directly, make_folder, remove_folder)
{
    char *path = in_folder("a"), text[8] = "";
    int fd;

    assert_int_equal(mkfifo(path, 0600), 0);
    fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(outfile_write(path, "through", 7, NULL), 0);
    assert_int_equal(read(fd, text, 7), 7);
    assert_string_equal(text, "through");
    assert_int_equal(count_files(), 1);
    close(fd);
    free(path);
}

TEST_WITH(what_cannot_be_a_result_is_refused, make_folder, remove_folder)
{
    assert_int_equal(outfile_write(folder, "x", 1, NULL), -EISDIR);
    assert_int_equal(outfile_write("", "x", 1, NULL), -ENOENT);
    assert_int_equal(count_files(), 0);
}

/* A limit of the file's size stands for a full disk: write(2) takes a part, and then fails. */
TEST_WITH(a_put_that_fails_is_told_and_taken_back, make_folder, remove_folder)
{
    const struct rlimit small = {4096, RLIM_INFINITY};
    static char bytes[3000];
    char *path = in_folder("a");
    struct rlimit before;
    struct outfile o;
    struct err e = {0};

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(outfile_open(&o, path, OUTFILE_ORDINARY, NULL), 0);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(outfile_put(&o, bytes, sizeof(bytes)), 0);
    assert_int_equal(outfile_put(&o, bytes, sizeof(bytes)), -EFBIG);
    assert_int_equal(lseek(o.fd, 0, SEEK_END), sizeof(bytes));
    assert_int_equal(outfile_put(&o, bytes, 1), -EFBIG);
    assert_int_equal(outfile_commit(&o, &e), -EFBIG);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_string_equal(e.text, "cannot write: File too large");
    assert_int_equal(count_files(), 0);
    free(path);
}

TEST_WITH(a_kept_file_grows_under_its_name, make_folder, remove_folder)
{
    char *path = in_folder("a");
    struct outfile o;

    assert_int_equal(outfile_open(&o, path, OUTFILE_PRIVATE, NULL), 0);
    assert_int_equal(outfile_put(&o, "one", 3), 0);
    assert_int_equal(outfile_keep(&o, NULL), 0);
    assert_content(path, "one");
    assert_int_equal(outfile_put(&o, "two", 3), 0);
    outfile_abort(&o);
    assert_content(path, "onetwo");
    assert_int_equal(count_files(), 1);
    free(path);
}

TEST_WITH(a_file_of_ours_is_resumed, make_folder, remove_folder)
{
    char *path = in_folder("a"), *name = in_folder("link");
    struct outfile o;
    struct err e = {0};
    u64 size;

    assert_int_equal(outfile_resume(&o, path, OUTFILE_PRIVATE, &size, NULL), 0);
    outfile_abort(&o); /* nothing was worth keeping */
    assert_int_equal(count_files(), 0);
    assert_int_equal(outfile_resume(&o, path, OUTFILE_PRIVATE, &size, NULL), 0);
    assert_int_equal(size, 0);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(outfile_put(&o, "one", 3), 0);
    assert_int_equal(outfile_keep(&o, NULL), 0);
    outfile_abort(&o);
    assert_int_equal(outfile_resume(&o, path, OUTFILE_PRIVATE, &size, NULL), 0);
    assert_int_equal(size, 3);
    assert_int_equal(outfile_put(&o, "two", 3), 0);
    outfile_abort(&o);
    assert_content(path, "onetwo");
    assert_int_equal(symlink(path, name), 0);
    assert_int_equal(outfile_resume(&o, name, OUTFILE_PRIVATE, &size, &e), -ELOOP);
    assert_string_equal(e.text, "is a symbolic link; name the file itself");
    assert_int_equal(outfile_resume(&o, "/dev/null", OUTFILE_PRIVATE, &size, NULL), -EINVAL);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 1, 1), 0);
        assert_int_equal(outfile_resume(&o, path, OUTFILE_PRIVATE, &size, &e), -EACCES);
    }
    free(path);
    free(name);
}

TEST_WITH(a_tree_appears_whole, make_folder, remove_folder)
{
    char *path = in_folder("t"), *file = in_folder("t/proc/1/stat");
    mode_t mask = umask(022);
    struct outtree t;
    struct stat st;

    assert_int_equal(outtree_open(&t, path, NULL), 0);
    assert_int_equal(outtree_put(&t, "proc/1/stat", "1 (sh)", 6, NULL), 0);
    assert_int_equal(outtree_put(&t, "proc/1/comm", "sh", 2, NULL), 0);
    assert_int_equal(outtree_put(&t, "top", "", 0, NULL), 0);
    assert_int_equal(outtree_put(&t, "../escaped", "", 0, NULL), -EINVAL);
    assert_int_equal(outtree_put(&t, "proc//x", "", 0, NULL), -EINVAL);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(outtree_commit(&t, NULL), 0);
    umask(mask);
    assert_content(file, "1 (sh)");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(count_files(), 1);
    /* What is there and not empty stays, and nothing else is left. */
    assert_int_equal(outtree_open(&t, path, NULL), 0);
    assert_int_equal(outtree_put(&t, "a/b/c", "x", 1, NULL), 0);
    assert_int_equal(outtree_commit(&t, NULL), -ENOTEMPTY);
    assert_content(file, "1 (sh)");
    assert_int_equal(count_files(), 1);
    outfile_remove(AT_FDCWD, path);
    assert_int_equal(count_files(), 0);
    free(path);
    free(file);
}

TEST_WITH(removing_a_tree_does_not_follow_links, make_folder, remove_folder)
{
    char *outside = in_folder("outside"), *kept = in_folder("outside/kept"), *name = in_folder("t");
    struct outtree t;

    assert_int_equal(mkdir(outside, 0700), 0);
    assert_int_equal(outfile_write(kept, "x", 1, NULL), 0);
    assert_int_equal(outtree_open(&t, name, NULL), 0);
    assert_int_equal(symlinkat(outside, t.fd, "link"), 0);
    for (int i = 0; i < 500; i++) { /* more than one reading of a directory */
        char many[32];

        snprintf(many, sizeof(many), "a/b/number-%d", i);
        assert_int_equal(outtree_put(&t, many, "x", 1, NULL), 0);
    }
    outtree_abort(&t);
    assert_content(kept, "x");
    assert_int_equal(count_files(), 1);
    outfile_remove(AT_FDCWD, outside);
    free(outside);
    free(kept);
    free(name);
}

static void on_signal(int number)
{
    outfile_remove_all();
    signal(number, SIG_DFL);
    raise(number);
}

TEST_WITH(a_signal_leaves_nothing_behind, make_folder, remove_folder)
{
    char *path = in_folder("a"), *committed = in_folder("b"), *dir = in_folder("t");
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct outfile o, resumed;
        struct outtree t;
        u64 size;

        signal(SIGTERM, on_signal);
        outfile_open(&o, path, OUTFILE_ORDINARY, NULL);
        outfile_resume(&resumed, "", OUTFILE_ORDINARY, &size, NULL); /* fails, and is not listed */
        outtree_open(&t, dir, NULL);
        outtree_put(&t, "a/b/c", "x", 1, NULL);
        outfile_write(committed, "kept", 4, NULL);
        raise(SIGTERM);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_content(committed, "kept");
    assert_int_equal(count_files(), 1);
    free(path);
    free(committed);
    free(dir);
}

TEST_WITH(a_missing_folder_is_an_error_with_the_path, make_folder, remove_folder)
{
    char *path = in_folder("missing/a");
    struct err e = {0};

    assert_int_equal(outfile_write(path, "x", 1, &e), -ENOENT);
    assert_string_equal(e.file, path);
    free(path);
}

TEST(a_full_device_is_an_error)
{
    struct err e = {0};

    assert_int_equal(outfile_write("/dev/full", "x", 1, &e), -ENOSPC);
    assert_string_equal(e.text, "cannot write: No space left on device");
    assert_int_equal(outfile_write("/dev/null", "x", 1, NULL), 0);
}

TEST_MAIN()
