/* source_test.c - trees that try to lead a reader astray, block it, or drown it. */
#include "base/test.h"

#include "observe/reading_int.h"
#include "observe/source_dir_int.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct tree {
    char path[64];
    int fd;
};

static void write_file(const struct tree *t, const char *name, const char *text)
{
    int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void tree_init(struct tree *t)
{
    snprintf(t->path, sizeof(t->path), "/tmp/source_test-XXXXXX");
    assert_non_null(mkdtemp(t->path));
    assert_int_equal(chmod(t->path, 0755), 0);
    t->fd = open(t->path, O_RDONLY | O_DIRECTORY);
    assert_true(t->fd >= 0);
    assert_int_equal(mkdirat(t->fd, "proc", 0755), 0);
    write_file(t, "proc/meminfo", "MemTotal: 1000 kB\n");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void tree_done(struct tree *t)
{
    close(t->fd);
    nftw(t->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct source *open_tree(const struct tree *t)
{
    struct source *src;
    struct err e = {0};

    assert_int_equal(source_dir_open(t->path, &src, &e), 0);
    return src;
}

static int read_of(struct source *src, const char *path, size_t max, struct strbuf *text)
{
    strbuf_reset(text);
    return source_read(src, path, max, text);
}

TEST(links_do_not_lead_out_of_an_archive)
{
    struct tree t;
    struct strbuf text;

    strbuf_init(&text);
    tree_init(&t);
    assert_int_equal(symlinkat("/proc/version", t.fd, "proc/version"), 0);
    assert_int_equal(symlinkat("../../../../../../etc/passwd", t.fd, "proc/vmstat"), 0);
    assert_int_equal(symlinkat("/", t.fd, "proc/pressure"), 0);
    assert_int_equal(symlinkat("loop", t.fd, "proc/loop"), 0);
    assert_int_equal(symlinkat("/proc/meminfo", t.fd, "proc/inside"), 0);

    struct source *src = open_tree(&t);

    assert_int_equal(src->kind, SOURCE_ARCHIVE);
    assert_false(src->live);
    /* "/proc/version" is the link itself inside the root: a loop. */
    assert_int_equal(read_of(src, "proc/version", 4096, &text), -ELOOP);
    assert_int_equal(read_of(src, "proc/vmstat", 4096, &text), -ENOENT);
    assert_int_equal(read_of(src, "proc/pressure/etc/passwd", 4096, &text), -ENOENT);
    assert_int_equal(read_of(src, "proc/loop", 4096, &text), -ELOOP);
    assert_int_equal(read_of(src, "../../../../../../etc/passwd", 4096, &text), -ENOENT);
    assert_int_equal(text.len, 0);
    /* One that stays inside is followed. */
    assert_int_equal(read_of(src, "proc/inside", 4096, &text), 0);
    assert_string_equal(text.text, "MemTotal: 1000 kB\n");
    assert_int_equal(read_of(src, "proc/pressure/proc/meminfo", 4096, &text), 0);
    source_free(src);
    tree_done(&t);
    strbuf_done(&text);
}

struct listed {
    char text[256];
};

static bool note_entry(void *ctx, const char *name, bool is_directory)
{
    struct listed *l = ctx;
    size_t len = strlen(l->text);

    snprintf(l->text + len, sizeof(l->text) - len, "%s%s ", name, is_directory ? "/" : "");
    return true;
}

/* Of all that is listed, only devices are links in the kernel's own trees. */
TEST(a_link_is_a_directory_among_devices_only)
{
    struct listed groups = {""}, devices = {""};
    struct tree t;

    tree_init(&t);
    assert_int_equal(mkdirat(t.fd, "sys", 0755), 0);
    assert_int_equal(mkdirat(t.fd, "sys/block", 0755), 0);
    assert_int_equal(mkdirat(t.fd, "sys/fs", 0755), 0);
    assert_int_equal(mkdirat(t.fd, "sys/fs/cgroup", 0755), 0);
    assert_int_equal(mkdirat(t.fd, "sys/fs/cgroup/web", 0755), 0);
    assert_int_equal(symlinkat(".", t.fd, "sys/fs/cgroup/again"), 0);
    assert_int_equal(symlinkat("../fs", t.fd, "sys/block/zram0"), 0);

    struct source *src = open_tree(&t);

    assert_int_equal(source_list(src, "sys/fs/cgroup", note_entry, &groups), 0);
    assert_string_equal(groups.text, "again web/ ");
    assert_int_equal(source_list(src, "sys/block", note_entry, &devices), 0);
    assert_string_equal(devices.text, "zram0/ ");
    source_free(src);
    tree_done(&t);
}

/* Where openat2 is missing or forbidden, the walk by hand comes to the same. */
TEST(walk_by_hand_stays_inside_as_well)
{
    static const struct {
        const char *path;
        int code; /* 0: it is there */
    } cases[] = {
        {"proc/meminfo", 0},
        {"./proc//meminfo", 0},
        {"proc/../proc/meminfo", 0},
        {"../../../proc/meminfo", 0},
        {"proc/up/meminfo", 0},
        {"proc/inside", 0},
        {"proc/top/proc/meminfo", 0},
        {"proc/top/etc/passwd", -ENOENT},
        {"proc/out", -ENOENT},
        {"proc/loop", -ELOOP},
        {"proc/meminfo/x", -ENOTDIR},
        {"../../../../../../etc/passwd", -ENOENT},
        {"", 0},
    };
    struct tree t;
    struct root r;

    tree_init(&t);
    assert_int_equal(symlinkat("/proc/meminfo", t.fd, "proc/inside"), 0);
    assert_int_equal(symlinkat("../../../../../../etc/passwd", t.fd, "proc/out"), 0);
    assert_int_equal(symlinkat("../proc", t.fd, "proc/up"), 0);
    assert_int_equal(symlinkat("/", t.fd, "proc/top"), 0);
    assert_int_equal(symlinkat("loop", t.fd, "proc/loop"), 0);
    assert_int_equal(root_init(&r, t.path), 0);
    assert_true(r.confined);
    for (int openat2 = 0; openat2 < 2; openat2++) {
        if (openat2 && !r.openat2)
            continue;
        for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
            struct root as = r;

            as.openat2 = openat2;
            if (openat2 && !cases[i].path[0])
                continue;

            int fd = root_open_path(&as, cases[i].path);

            if (cases[i].code == 0 ? fd < 0 : fd != cases[i].code)
                fail_msg("%s: %d with openat2=%d", cases[i].path, fd, openat2);
            if (fd >= 0)
                close(fd);
        }
    }
    root_done(&r);
    tree_done(&t);
}

TEST(what_is_no_file_is_refused_without_waiting)
{
    struct tree t;
    struct strbuf text;

    strbuf_init(&text);
    tree_init(&t);
    assert_int_equal(mkfifoat(t.fd, "proc/vmstat", 0644), 0);
    assert_int_equal(mkdirat(t.fd, "proc/stat", 0755), 0);
    assert_int_equal(mkdirat(t.fd, "dev", 0755), 0);
    assert_int_equal(mkfifoat(t.fd, "dev/kmsg", 0644), 0);

    struct source *src = open_tree(&t);
    struct snapshot s;

    alarm(60);
    assert_int_equal(read_of(src, "proc/vmstat", 4096, &text), -EINVAL);
    assert_int_equal(read_of(src, "proc/stat", 4096, &text), -EISDIR);
    assert_int_equal(read_of(src, "dev/kmsg", 4096, &text), -EINVAL);
    snapshot_init(&s);
    assert_int_equal(snapshot_read(&s, src, SNAPSHOT_ALL, NULL), 0);
    alarm(0);
    snapshot_check(&s);
    assert_int_equal(s.parts[PART_VMSTAT].state, PART_BAD);
    assert_string_equal(s.parts[PART_VMSTAT].why, "not a regular file");
    assert_int_equal(s.parts[PART_STAT].state, PART_BAD);
    assert_int_equal(s.meminfo[MI_MEM_TOTAL], 1000 * KIB);
    snapshot_done(&s);
    source_free(src);
    tree_done(&t);
    strbuf_done(&text);
}

TEST(huge_file_costs_what_is_read_of_it)
{
    struct tree t;
    struct strbuf text;
    struct snapshot s;

    strbuf_init(&text);
    tree_init(&t);
    write_file(&t, "proc/vmstat", "pgfault 7\n");

    int fd = openat(t.fd, "proc/vmstat", O_WRONLY);

    assert_int_equal(ftruncate(fd, 100 << 20), 0);
    close(fd);
    write_file(&t, "proc/eight", "12345678");

    struct source *src = open_tree(&t);

    assert_int_equal(read_of(src, "proc/vmstat", 65536, &text), -EFBIG);
    assert_int_equal(text.len, 65536);
    assert_int_equal(read_of(src, "proc/eight", 7, &text), -EFBIG);
    assert_string_equal(text.text, "1234567");
    assert_int_equal(read_of(src, "proc/eight", 8, &text), 0);
    snapshot_init(&s);
    assert_int_equal(snapshot_read(&s, src, SNAPSHOT_ALL, NULL), 0);
    assert_int_equal(s.parts[PART_VMSTAT].state, PART_CUT);
    assert_int_equal(s.vmstat[PGFAULT], 7);
    snapshot_done(&s);
    source_free(src);
    tree_done(&t);
    strbuf_done(&text);
}

static bool remove_listed(void *ctx, const char *name, bool is_directory)
{
    const struct tree *t = ctx;
    char path[64];

    (void)is_directory;
    snprintf(path, sizeof(path), "proc/%s/stat", name);
    if (is_digit(name[0]))
        unlinkat(t->fd, path, 0);
    return true;
}

TEST(process_that_ends_after_the_listing_is_left_out)
{
    struct tree t;
    struct strbuf text;

    strbuf_init(&text);
    tree_init(&t);
    for (int pid = 1; pid <= 3; pid++) {
        char path[64], stat[160];

        snprintf(path, sizeof(path), "proc/%d", pid);
        assert_int_equal(mkdirat(t.fd, path, 0755), 0);
        snprintf(path, sizeof(path), "proc/%d/stat", pid);
        snprintf(stat, sizeof(stat), "%d (p%d) S 0 0 0 0 -1 0 1 0 2 0 3 4 0 0 20 0 1 0 5 0 6\n",
                 pid, pid);
        write_file(&t, path, stat);
    }

    struct source *src = open_tree(&t);
    struct snapshot s;

    assert_int_equal(unlinkat(t.fd, "proc/2/stat", 0), 0);
    snapshot_init(&s);
    assert_int_equal(snapshot_read(&s, src, SNAPSHOT_ALL, NULL), 0);
    assert_int_equal(s.processes.count, 2);
    assert_non_null(snapshot_process(&s, 3));
    assert_int_equal(s.parts[PART_PROCESSES].state, PART_OK);
    snapshot_done(&s);
    assert_int_equal(source_list(src, "proc", remove_listed, &t), 0);
    assert_int_equal(read_of(src, "proc/3/stat", 4096, &text), -ENOENT);
    source_free(src);
    tree_done(&t);
    strbuf_done(&text);
}

/* In a child without root's rights. Returns through the exit code. */
static int read_as_nobody(const struct tree *t)
{
    struct source *src;
    struct snapshot s;

    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
        return TEST_SKIPPED;
    if (source_dir_open(t->path, &src, NULL) != 0)
        return 1;
    snapshot_init(&s);
    if (snapshot_read(&s, src, SNAPSHOT_ALL, NULL) != 0)
        return 2;
    if (s.parts[PART_SLABINFO].state != PART_DENIED ||
        strcmp(s.parts[PART_SLABINFO].why, "needs root") != 0 || s.slabs.count != 0)
        return 3;
    if (s.parts[PART_MEMINFO].state != PART_OK || s.meminfo[MI_MEM_TOTAL] != 1000 * KIB)
        return 4;
    snapshot_done(&s);
    source_free(src);
    return 0;
}

TEST(denied_file_costs_its_own_figures_only)
{
    struct tree t;
    int status;

    if (geteuid() != 0)
        skip();
    tree_init(&t);
    write_file(&t, "proc/slabinfo", "slabinfo - version: 2.1\n");
    assert_int_equal(fchmodat(t.fd, "proc/slabinfo", 0400, 0), 0);

    pid_t child = fork();

    if (child == 0)
        _exit(read_as_nobody(&t));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    tree_done(&t);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == TEST_SKIPPED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* A kernel with PSI compiled in and switched off, and one without figures of its own for
 * cgroups. */
static int psi_off_read(struct source *src, const char *path, size_t max, struct strbuf *out)
{
    (void)src;
    (void)max;
    if (strncmp(path, "proc/pressure/", strlen("proc/pressure/")) == 0)
        return -EOPNOTSUPP;
    if (strcmp(path, "proc/meminfo") == 0) {
        strbuf_append(out, "MemTotal: 1 kB\nMemFree:");
        return 0;
    }
    return strcmp(path, "proc/vmstat") == 0 ? -EIO : -ENOENT;
}

static int no_list(struct source *src, const char *path, source_each_fn *each, void *ctx)
{
    (void)src;
    (void)path;
    (void)each;
    (void)ctx;
    return -ENOENT;
}

static void nothing_free(struct source *src)
{
    (void)src;
}

TEST(parts_say_why_they_are_not_there)
{
    static const struct source_ops ops = {psi_off_read, no_list, nothing_free};
    struct source src = {.ops = &ops, .kind = SOURCE_CONTAINER, .name = "x", .live = true};
    struct snapshot s;

    snapshot_init(&s);
    assert_int_equal(snapshot_read(&s, &src, SNAPSHOT_ALL, NULL), 0);
    snapshot_check(&s);
    assert_int_equal(s.parts[PART_PRESSURE_MEMORY].state, PART_UNSUPPORTED);
    assert_string_equal(s.parts[PART_PRESSURE_MEMORY].why, "PSI is switched off: boot with psi=1");
    assert_false(known(s.psi[PSI_MEM].some.total_us));
    assert_int_equal(s.parts[PART_VMSTAT].state, PART_BAD);
    assert_string_equal(s.parts[PART_CGROUPS].why, "no memory controller in this container");
    assert_string_equal(s.parts[PART_ZONEINFO].why, "not visible in this container");
    assert_int_equal(s.meminfo[MI_MEM_TOTAL], KIB);
    assert_false(known(s.meminfo[MI_MEM_FREE]));
    snapshot_done(&s);
}

TEST(copy_of_proc_alone_is_enough)
{
    struct tree t;
    char path[96];
    struct source *src;
    struct snapshot s;

    tree_init(&t);
    snprintf(path, sizeof(path), "%s/proc", t.path);
    assert_int_equal(source_dir_open(path, &src, NULL), 0);
    snapshot_init(&s);
    assert_int_equal(snapshot_read(&s, src, SNAPSHOT_ALL, NULL), 0);
    assert_int_equal(s.meminfo[MI_MEM_TOTAL], 1000 * KIB);
    snapshot_done(&s);
    source_free(src);
    tree_done(&t);
}

TEST(live_files_stay_open_and_give_new_figures)
{
    struct source *src;
    struct strbuf text;
    char first[64];

    strbuf_init(&text);
    assert_int_equal(source_dir_open("/", &src, NULL), 0);
    assert_true(src->live);
    for (int i = 0; i < 3; i++)
        assert_int_equal(read_of(src, "proc/uptime", 4096, &text), 0);
    snprintf(first, sizeof(first), "%s", text.text);
    usleep(30000);
    assert_int_equal(read_of(src, "proc/uptime", 4096, &text), 0);
    assert_string_not_equal(text.text, first);
    source_free(src);
    strbuf_done(&text);
}

TEST_MAIN()
