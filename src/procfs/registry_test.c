/* registry_test.c - whatever is handed over as a file can be looked up, listed and rendered by its
 * name. */
#include "procfs/registry.h"

#include "base/test.h"

#include "system/cgroup.h"
#include "system/machine_testing.h"
#include <sys/stat.h>

#include <string.h>

struct each {
    struct procfs_registry r;
    unsigned files;
};

struct wanted {
    const char *name;
    bool found, is_directory;
};

static int note_name(void *ctx, const char *name, u32 type)
{
    struct wanted *w = ctx;

    if (strcmp(name, w->name))
        return 0;
    assert_false(w->found); /* once */
    w->found = true;
    w->is_directory = S_ISDIR(type);
    return 0;
}

/* Every part of its name is listed in the directory before it. */
static void check_listed(const struct procfs_registry *r, const char *name)
{
    char dir[4096], part[256];

    for (const char *at = name;; at++) {
        size_t n = strcspn(at, "/");
        struct wanted w = {.name = part};

        snprintf(dir, sizeof(dir), "%.*s", at == name ? 0 : (int)(at - name - 1), name);
        snprintf(part, sizeof(part), "%.*s", (int)n, at);
        assert_int_equal(procfs_list(r, dir, note_name, &w), 0);
        assert_true(w.found);
        assert_int_equal(w.is_directory, at[n] == '/');
        at += n;
        if (!*at)
            return;
    }
}

static int check_file(void *ctx, const char *name, const char *text, size_t len)
{
    struct each *e = ctx;
    struct procfs_node node;
    struct strbuf again;

    assert_int_equal(procfs_look_up(&e->r, name, &node), 0);
    assert_int_not_equal(node.kind, PROCFS_DIRECTORY);
    assert_true(node.mode & 0400);
    strbuf_init(&again);
    procfs_render(&e->r, &node, &again);
    assert_int_equal(again.len, len);
    assert_memory_equal(again.text, text, len);
    strbuf_done(&again);
    check_listed(&e->r, name);
    e->files++;
    return 0;
}

static struct system *machine(void)
{
    struct system_config c;

    system_config_init(&c);
    c.ram_bytes = TEST_RAM;
    c.nr_cpus = 2;
    return test_system_new(&c);
}

TEST(every_file_is_found_by_its_name)
{
    struct system *s = machine();
    struct each e = {.files = 0};
    struct task *t = system_task_new(s, system_group(s, "/a/b"), 1234, 1, "worker");

    system_thread_new(s, t, 1235);
    procfs_registry_init(&e.r, s);
    assert_int_equal(procfs_each_file(s, NULL, check_file, &e), 0);
    assert_true(e.files > 150);
    procfs_registry_done(&e.r);
    test_system_free(s);
}

TEST(what_is_not_there_is_not_found)
{
    static const char *const names[] = {
        "proc/meminf",
        "proc/meminfo/x",
        "proc/1",
        "proc/01234",
        "proc/1235",
        "proc/1234/nothing",
        "proc/1234/task/99",
        "proc/1234/task/x",
        "sys/fs/cgroup/no",
        "sys/fs/cgroup/a/no",
        "sys/fs/cgroupx",
        "pro",
        "/proc",
        "sys/fs/cgroup/memory.max",
    };
    struct system *s = machine();
    struct task *t = system_task_new(s, system_group(s, "/a"), 1234, 1, "worker");
    struct procfs_registry r;
    struct procfs_node node;

    system_thread_new(s, t, 1235);
    procfs_registry_init(&r, s);
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        assert_int_equal(procfs_look_up(&r, names[i], &node), -ENOENT);
    assert_int_equal(procfs_look_up(&r, "proc/1234/task/1235/stat", &node), 0);
    assert_int_equal(procfs_look_up(&r, "sys/fs/cgroup/a/memory.max", &node), 0);
    assert_int_equal(node.mode, 0644);
    assert_int_equal(procfs_look_up(&r, "sys/fs/cgroup/a/cgroup.kill", &node), 0);
    assert_int_equal(node.mode, 0200);
    assert_int_equal(procfs_look_up(&r, "proc/slabinfo", &node), 0);
    assert_int_equal(node.mode, 0400);
    procfs_registry_done(&r);
    test_system_free(s);
}

TEST_MAIN()
