/* pid_test.c - the files of a process and of the memory node, of a machine that runs, against their
 * sums and the kernel's forms. */
#include "procfs/procfs.h"

#include "base/test.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#include <inttypes.h>
#include <string.h>

#define BASE_VPN (TEST_BASE >> PAGE_SHIFT)
#define RW       (ABI_PROT_READ | ABI_PROT_WRITE)

struct world {
    struct system *s;
    struct task *t, *thread;
    struct strbuf text;
};

static void map(struct world *w, u64 page, u64 nr, u32 prot, u32 mflags)
{
    const struct mmap_args a = {.addr = TEST_BASE + page * PAGE_SIZE,
                                .len = nr * PAGE_SIZE,
                                .prot = prot,
                                .mflags = mflags};

    test_run(w->s, w->t, system_mmap(w->s, w->t, &a));
    assert_int_equal(w->t->error, 0);
}

static void write_pages(struct world *w, u64 page, u64 nr)
{
    for (u64 i = 0; i < nr; i++)
        test_run(w->s, w->t, system_access(w->s, w->t, BASE_VPN + page + i, ACCESS_WRITE));
}

static void world_init(struct world *w)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    c.nr_swaps = 1;
    c.swaps[0] =
        (struct swap_spec){.name = "/dev/swap", .bytes = 32 * MIB, .priority = -1, .device = "ram"};
    *w = (struct world){.s = test_system_new(&c)};
    strbuf_init(&w->text);
    w->t = system_task_new(w->s, system_group(w->s, "/g"), 10, 1, "a (b) c");
    map(w, 0, 100, RW, 0);
    map(w, 200, 50, RW, HWT_MAP_SHARED);
    map(w, 300, 20, ABI_PROT_READ, HWT_MAP_NORESERVE);
    map(w, 400, 30, RW, HWT_MAP_LOCKED);
    write_pages(w, 0, 60);
    write_pages(w, 200, 40);
    w->thread = system_thread_new(w->s, w->t, 11);
}

static void world_done(struct world *w)
{
    strbuf_done(&w->text);
    test_system_free(w->s);
}

/* Sum of the numbers behind a key at the start of lines. */
static u64 sum_of(const char *text, const char *key)
{
    u64 sum = 0;

    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, strlen(key)) == 0)
            sum += strtoull(line + strlen(key), NULL, 10);
    }
    return sum;
}

TEST(smaps_add_up_to_the_rollup)
{
    static const char *const keys[] = {
        "Rss:",       "Pss:",  "Pss_Dirty:", "Private_Dirty:", "Referenced:",
        "Anonymous:", "Swap:", "Locked:",    "Shared_Clean:"};
    struct world w;
    struct strbuf rollup;

    world_init(&w);
    strbuf_init(&rollup);
    system_group_reclaim(w.s, w.t->group, 70, -1, NULL); /* some of both go to swap */
    render_pid_smaps(w.s, w.t, &w.text);
    render_pid_smaps_rollup(w.s, w.t, &rollup);
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        assert_int_equal(sum_of(w.text.text, keys[i]), sum_of(rollup.text, keys[i]));
    assert_int_equal(sum_of(w.text.text, "Rss:"), mm_rss(w.t->mm) * 4);
    assert_int_equal(sum_of(w.text.text, "Size:"), w.t->mm->total_vm * 4);
    assert_true(sum_of(w.text.text, "Swap:") > w.t->mm->swapents * 4); /* shared memory's too */
    assert_non_null(strstr(w.text.text, "VmFlags: rd wr mr mw me ac sd \n"));
    assert_non_null(strstr(w.text.text, "VmFlags: rd wr sh mr mw me ms sd \n"));
    assert_non_null(strstr(w.text.text, "VmFlags: rd mr mw me nr sd \n"));
    assert_non_null(strstr(w.text.text, "VmFlags: rd wr mr mw me lo ac sd \n"));
    strbuf_done(&rollup);
    world_done(&w);
}

TEST(stat_has_the_kernels_fields)
{
    struct world w;
    unsigned pid, ppid, pgrp, session, threads, fields = 0;
    unsigned long minflt, vsize, rss;
    int nice;

    world_init(&w);
    w.t->nice = -5;
    render_pid_stat(w.s, w.t, &w.text);
    assert_int_equal(
        sscanf(w.text.text,
               "%u (a (b) c) %*c %u %u %u 0 -1 0 %lu 0 %*u 0 %*u %*u 0 0 15 %d %u 0 %*u %lu %lu ",
               &pid, &ppid, &pgrp, &session, &minflt, &nice, &threads, &vsize, &rss),
        9);
    assert_int_equal(pid, 10);
    assert_int_equal(ppid, 1);
    assert_int_equal(nice, -5);
    assert_int_equal(threads, 2);
    assert_int_equal(minflt, w.t->minflt);
    assert_int_equal(vsize, w.t->mm->total_vm * PAGE_SIZE);
    assert_int_equal(rss, mm_rss(w.t->mm));
    for (const char *c = strrchr(w.text.text, ')') + 1; *c; c++)
        fields += *c == ' ';
    assert_int_equal(fields + 2, 52);
    world_done(&w);
}

TEST(numa_maps_count_what_is_there)
{
    struct world w;

    world_init(&w);
    render_pid_numa_maps(w.s, w.t, &w.text);
    assert_string_equal(w.text.text,
                        "10000000 default anon=60 dirty=60 active=0 N0=60 kernelpagesize_kB=4\n"
                        "100c8000 default file=/dev/zero\\040(deleted) dirty=40 active=0 "
                        "N0=40 kernelpagesize_kB=4\n"
                        "1012c000 default\n"
                        "10190000 default anon=30 dirty=30 N0=30 kernelpagesize_kB=4\n");
    world_done(&w);
}

static u64 score(struct world *w)
{
    strbuf_reset(&w->text);
    render_pid_oom_score(w->s, w->t, &w->text);
    return strtoull(w->text.text, NULL, 10);
}

TEST(oom_score_follows_memory_and_adj)
{
    struct world w;
    u64 usable;

    world_init(&w);
    usable = w.s->frames.managed_pages + w.s->swap.total_pages;
    assert_int_equal(score(&w), (1000 + (mm_rss(w.t->mm) + w.t->mm->nr_ptes + w.t->mm->nr_pmds +
                                         w.t->mm->nr_puds) *
                                            1000 / usable) *
                                    2 / 3);
    system_set_oom_score_adj(w.s, w.t, 1000, false);
    assert_in_range(score(&w), 1300, 1344);
    system_set_oom_score_adj(w.s, w.t, -1000, false);
    assert_int_equal(score(&w), 0);
    world_done(&w);
}

TEST(the_node_has_what_the_machine_has)
{
    struct world w;

    world_init(&w);
    render_node_meminfo(w.s, 0, &w.text);
    assert_int_equal(sum_of(w.text.text, "Node 0 MemTotal:"), w.s->frames.managed_pages * 4);
    assert_int_equal(sum_of(w.text.text, "Node 0 MemUsed:"),
                     (w.s->frames.managed_pages - frames_count_free(&w.s->frames)) * 4);
    assert_int_equal(sum_of(w.text.text, "Node 0 Mlocked:"), 30 * 4);
    assert_int_equal(sum_of(w.text.text, "Node 0 Shmem:"), 40 * 4);
    assert_non_null(strstr(w.text.text, "Node 0 Active(anon):          0 kB\n"));
    strbuf_reset(&w.text);
    render_pagetypeinfo(w.s, &w.text);
    assert_non_null(strstr(w.text.text, "\nNumber of blocks type     Unmovable      Movable  "
                                        "Reclaimable   HighAtomic      Isolate \n"));
    world_done(&w);
}

TEST(advice_on_huge_pages_cuts_and_joins_mappings)
{
    struct world w;
    u32 before;

    world_init(&w);
    before = w.t->mm->nr_vmas;
    assert_int_equal(test_run(w.s, w.t,
                              system_madvise(w.s, w.t, TEST_BASE + 10 * PAGE_SIZE, 10 * PAGE_SIZE,
                                             ABI_MADV_HUGEPAGE)),
                     STEP_DONE);
    render_pid_smaps(w.s, w.t, &w.text);
    assert_non_null(strstr(w.text.text, "VmFlags: rd wr mr mw me ac sd hg \n"));
    assert_int_equal(w.t->mm->nr_vmas, before + 2);
    assert_int_equal(
        test_run(w.s, w.t,
                 system_madvise(w.s, w.t, TEST_BASE, 60 * PAGE_SIZE, ABI_MADV_NOHUGEPAGE)),
        STEP_DONE);
    strbuf_reset(&w.text);
    render_pid_smaps(w.s, w.t, &w.text);
    assert_null(strstr(w.text.text, " hg "));
    assert_non_null(strstr(w.text.text, "VmFlags: rd wr mr mw me ac sd nh \n"));
    assert_true(w.t->mm->nr_vmas <= before + 1);
    system_thp_disable(w.t, true);
    strbuf_reset(&w.text);
    render_pid_status(w.s, w.t, &w.text);
    assert_non_null(strstr(w.text.text, "THP_enabled:\t0\n"));
    world_done(&w);
}

TEST_MAIN()
