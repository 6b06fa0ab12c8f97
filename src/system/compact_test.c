/* compact_test.c - pages that move are the same pages, and memory in pieces becomes large
 * blocks. */
#include <string.h>

#include "balance/balance.h"
#include "balance/kcompactd.h"
#include "base/test.h"
#include "frames/fragmentation.h"
#include "system/access.h"
#include "system/block.h"
#include "system/cgroup.h"
#include "system/compact.h"
#include "system/control.h"
#include "system/file.h"
#include "system/kobject.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define BASE_VPN (TEST_BASE >> PAGE_SHIFT)
#define PAGES    12000u

static struct system *machine(void)
{
    struct system_config c;

    system_config_init(&c);
    c.ram_bytes = 2 * TEST_RAM;
    c.bytes = true;
    c.thp = "never"; /* so that every page moves by itself */
    c.tunables.compaction_proactiveness = 0;
    return test_system_new(&c);
}

static void store(struct system *s, struct task *t, u64 page, u64 value)
{
    vaddr_t at = TEST_BASE + page * PAGE_SIZE + 8 * (page % 500);

    test_run(s, t, system_store(s, t, at, &value, sizeof(value)));
}

static u64 load(struct system *s, struct task *t, u64 page)
{
    vaddr_t at = TEST_BASE + page * PAGE_SIZE + 8 * (page % 500);
    u64 value = 0;

    test_run(s, t, system_load(s, t, at, &value, sizeof(value)));
    return value;
}

/* A process with so many pages, of which it gives every second back: memory in the smallest
 * pieces. */
static struct task *fragment(struct system *s, u64 pages)
{
    struct task *t = system_task_new(s, system_group(s, "/g"), 10, 1, "work");
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = pages * PAGE_SIZE, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(s, t, system_mmap(s, t, &map));
    for (u64 i = 0; i < pages; i++)
        store(s, t, i, i * 7 + 1);
    for (u64 i = 1; i < pages; i += 2)
        test_run(s, t,
                 system_madvise(s, t, TEST_BASE + i * PAGE_SIZE, PAGE_SIZE, ABI_MADV_DONTNEED));
    return t;
}

static pfn_t frame_behind(const struct task *t, u64 page)
{
    return pte_pfn(*pagetable_find(t->mm, BASE_VPN + page));
}

static void put(struct system *s, const char *file, u64 value)
{
    struct control_state st = {0};
    struct control c;
    struct err e = {0};
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    assert_int_equal(control_parse(file, text, &c, &e), 0);
    assert_int_equal(control_write(s, &c, &st), 0);
}

static s64 counter(const struct system *s, enum counter id)
{
    return s->counters.v[id];
}

TEST(moved_pages_keep_their_bytes_and_their_group)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    u64 usage = t->group->memory.usage, moved = 0;
    static pfn_t before[PAGES];

    for (u64 i = 0; i < PAGES; i += 2)
        before[i] = frame_behind(t, i);
    system_compact(s, MAX_NUMNODES);
    for (u64 i = 0; i < PAGES; i += 2) {
        moved += frame_behind(t, i) != before[i];
        assert_int_equal(load(s, t, i), i * 7 + 1);
    }
    assert_true(moved > 500);
    assert_int_equal(counter(s, PGMIGRATE_SUCCESS), moved);
    assert_int_equal(t->group->memory.usage, usage);
    system_check(s);
    test_system_free(s);
}

TEST(compaction_leaves_large_blocks)
{
    struct system *s = machine();
    const struct zone *z = &s->frames.zones[ZONE_DMA32];
    u32 before;

    fragment(s, PAGES);
    frames_drain_pcp(&s->frames);
    before = zone_unusable_index(z, 9);
    system_compact(s, MAX_NUMNODES);
    frames_drain_pcp(&s->frames);
    assert_true(before > 2 * zone_unusable_index(z, 9));
    test_system_free(s);
}

/* A shared mapping of a file, a locked page, one shared by fork: every entry follows, and marks
 * stay. */
TEST(all_entries_of_a_page_follow_it)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES), *child = NULL;
    pfn_t before, after;

    test_run(s, t, system_mlock(s, t, TEST_BASE, 2 * PAGE_SIZE, 0));
    test_run(s, t, system_fork(s, t, 11, false, &child));
    before = frame_behind(t, 0);
    assert_int_equal(frame_behind(child, 0), before);
    system_compact(s, MAX_NUMNODES);
    after = frame_behind(t, 0);
    assert_int_not_equal(after, before);
    assert_int_equal(frame_behind(child, 0), after);
    assert_true(frame_test(frames_get(&s->frames, after), PG_MLOCKED));
    assert_true(frame_test(frames_get(&s->frames, after), PG_UNEVICTABLE));
    assert_int_equal(frames_get(&s->frames, after)->mapcount, 2);
    system_check(s);
    test_system_free(s);
}

TEST(locked_pages_stay_when_told_to)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    pfn_t before;

    s->tunables.compact_unevictable_allowed = 0;
    test_run(s, t, system_mlock(s, t, TEST_BASE, PAGE_SIZE, 0));
    before = frame_behind(t, 0);
    system_compact(s, MAX_NUMNODES);
    assert_int_equal(frame_behind(t, 0), before);
    test_system_free(s);
}

/* Fill what the fragmented process leaves, so that no large block is free. */
static void use_up_large_blocks(struct system *s, unsigned order)
{
    for (unsigned o = ORDER_MAX; o-- > order;)
        for (;;) {
            pfn_t pfn = frames_try_alloc(&s->frames, nodes_near(0), o, MT_MOVABLE,
                                         ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, 0);

            if (pfn == PFN_NONE)
                break;
            for (pfn_t at = pfn; at < pfn + (1u << o); at++)
                frame_set_kind(frames_get(&s->frames, at), FRAME_KERNEL);
        }
}

static enum balance_result ask(struct system *s, struct task *t, unsigned order, u32 flags,
                               pfn_t *ret_pfn)
{
    struct wait wait;
    enum balance_result r;

    while ((r = balance_alloc(&s->mem, &t->attempt, order, flags, ret_pfn, &wait)) == BALANCE_WAIT)
        test_sleep(s, wait.until);
    return r;
}

TEST(a_large_request_compacts_and_its_time_is_a_stall)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    u64 stall;
    pfn_t pfn;

    frames_drain_pcp(&s->frames);
    use_up_large_blocks(s, 4);
    stall = s->mem.memstall_ns;
    assert_int_equal(ask(s, t, 5, ALLOC_MOVABLE, &pfn), BALANCE_OK);
    assert_int_equal(counter(s, COMPACT_STALL), 1);
    assert_int_equal(counter(s, COMPACT_SUCCESS), 1);
    assert_int_equal(counter(s, COMPACT_FAIL), 0);
    assert_true(counter(s, PGMIGRATE_SUCCESS) > 0);
    assert_true(s->mem.memstall_ns > stall);
    assert_int_equal(s->mem.compact_ns, s->mem.memstall_ns - stall);
    frames_free(&s->frames, pfn, 5, 0);
    for (u64 i = 0; i < PAGES; i += 2)
        assert_int_equal(load(s, t, i), i * 7 + 1);
    system_check(s);
    test_system_free(s);
}

TEST(an_atomic_request_does_not_compact_but_wakes_who_does)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    pfn_t pfn;

    frames_drain_pcp(&s->frames);
    use_up_large_blocks(s, 4);
    assert_int_equal(ask(s, t, 5, ALLOC_ATOMIC, &pfn), BALANCE_FAIL);
    assert_int_equal(counter(s, COMPACT_STALL), 0);
    test_sleep(s, s->clock.now + 4 * NS_PER_S); /* kswapd gives up, and wakes kcompactd */
    assert_int_equal(counter(s, COMPACT_DAEMON_WAKE), 1);
    assert_true(counter(s, COMPACT_DAEMON_MIGRATE_SCANNED) > 0);
    assert_int_equal(ask(s, t, 5, ALLOC_ATOMIC, &pfn), BALANCE_OK);
    frames_free(&s->frames, pfn, 5, 0);
    system_check(s);
    test_system_free(s);
}

/* Kernel pages everywhere: nothing can be made, and a costly request fails without anybody
 * killed. */
TEST(costly_requests_fail_and_are_put_off)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    const struct zone_compaction *zc = &s->frames.zones[ZONE_DMA32].compaction;
    pfn_t pfn;

    frames_drain_pcp(&s->frames);
    use_up_large_blocks(s, 2);
    for (u64 i = 0; i < PAGES; i += 2) /* no page of the process can move */
        frame_set(frames_get(&s->frames, frame_behind(t, i)), PG_LOCKED);
    assert_int_equal(ask(s, t, 5, ALLOC_MOVABLE | ALLOC_NORETRY, &pfn), BALANCE_FAIL);
    assert_true(counter(s, COMPACT_FAIL) > 0);
    assert_int_equal(ask(s, t, 5, 0, &pfn), BALANCE_FAIL);
    assert_true(zc->defer_shift > 0);
    assert_true(zc->order_failed <= 5);
    assert_int_equal(s->oom_kills, 0);
    for (u64 i = 0; i < PAGES; i += 2)
        frame_clear(frames_get(&s->frames, frame_behind(t, i)), PG_LOCKED);
    system_check(s);
    test_system_free(s);
}

TEST(kcompactd_keeps_the_score_below_its_mark)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    s64 wakes;

    frames_drain_pcp(&s->frames);
    use_up_large_blocks(s, 9);
    s->tunables.compaction_proactiveness = 60;
    test_sleep(s, s->clock.now + NS_PER_S);
    assert_true(counter(s, COMPACT_DAEMON_MIGRATE_SCANNED) > 0);
    assert_true(counter(s, PGMIGRATE_SUCCESS) > 0);
    wakes = counter(s, COMPACT_DAEMON_WAKE);
    assert_int_equal(wakes, 0); /* nobody asked */
    for (u64 i = 0; i < PAGES; i += 2)
        assert_int_equal(load(s, t, i), i * 7 + 1);
    system_check(s);
    test_system_free(s);
}

/* Frames for jumbo packets: dropped where memory is in pieces, and the log says so once in a
 * while. */
TEST(packets_are_dropped_when_no_block_is_free)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    u64 before = frames_count_free(&s->frames);

    test_run(s, t, system_receive(s, t, 100, 1500, 50));
    assert_int_equal(t->packets.asked, 100);
    assert_int_equal(t->packets.failed, 0);
    assert_int_equal(t->packets.list.count, 50);
    system_free_blocks(s, t);
    frames_drain_pcp(&s->frames);
    assert_true(frames_count_free(&s->frames) >= before);
    assert_int_equal(s->log.len, 0);

    use_up_large_blocks(s, 2);
    test_run(s, t, system_receive(s, t, 100, 9000, 50));
    assert_int_equal(t->packets.asked, 200);
    assert_int_equal(t->packets.failed, 100);
    assert_non_null(strstr(s->log.text, "work: page allocation failure: order:2, "
                                        "mode:0x40a20(GFP_ATOMIC|__GFP_COMP), "
                                        "nodemask=(null),cpuset=/,mems_allowed=0\n"));
    assert_non_null(strstr(s->log.text, "Node 0 DMA32: "));
    assert_null(strstr(strstr(s->log.text, "allocation failure") + 1, "allocation failure"));
    system_check(s);
    test_system_free(s);
}

TEST(an_array_is_made_by_compaction)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);

    use_up_large_blocks(s, 4);
    test_run(s, t, system_make_array(s, t, 64 * KIB));
    assert_int_equal(t->array.asked, 1);
    assert_int_equal(t->array.failed, 0);
    assert_int_equal(counter(s, COMPACT_SUCCESS), 1);
    assert_true(t->wait_ns[WAIT_COMPACTION] > 0);
    system_exit(s, t, 0, true);
    assert_int_equal(t->array.list.count, 0);
    system_check(s);
    test_system_free(s);
}

/* A slab of the size a cache likes is worth no effort: memory in pieces makes it one of single
 * pages. */
TEST(slabs_do_with_single_pages_and_do_not_compact)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    const struct slab_cache *c = &s->slab.caches[SLAB_KMALLOC_1K];

    frames_drain_pcp(&s->frames);
    use_up_large_blocks(s, 1);
    assert_true(c->geo.order > 0);
    test_run(s, t, system_leak_objects(s, t, 400, 1024, false));
    assert_int_equal(slab_count(&s->slab, SLAB_KMALLOC_1K, t->group), 400);
    assert_int_equal(c->nr_pages, 100);
    assert_int_equal(c->nr_slabs, 100);
    assert_int_equal(counter(s, COMPACT_STALL), 0);
    assert_int_equal(counter(s, COMPACT_DAEMON_WAKE), 0);
    system_check(s);
    test_system_free(s);
}

/* An object that needs two pages in one piece is worth one. */
TEST(objects_of_two_pages_are_made_by_compaction)
{
    struct system *s = machine();
    struct task *t = fragment(s, PAGES);
    const struct slab_cache *c = &s->slab.caches[SLAB_KMALLOC_8K];

    frames_drain_pcp(&s->frames);
    use_up_large_blocks(s, 1);
    assert_int_equal(c->geo.min_order, 1);
    test_run(s, t, system_leak_objects(s, t, 100, 8192, false));
    assert_int_equal(slab_count(&s->slab, SLAB_KMALLOC_8K, t->group), 100);
    assert_true(c->nr_pages >= 200);
    assert_true(counter(s, COMPACT_SUCCESS) > 0);
    assert_true(counter(s, PGMIGRATE_SUCCESS) > 0);
    assert_int_equal(s->oom_kills, 0);
    for (u64 i = 0; i < PAGES; i += 2)
        assert_int_equal(load(s, t, i), i * 7 + 1);
    system_check(s);
    test_system_free(s);
}

/* Unmovable pages in blocks of movable ones: vm.watermark_boost_factor says how far that raises the
 * watermarks. */
TEST(a_stolen_block_boosts_the_watermarks_as_far_as_told)
{
    for (unsigned factor = 0; factor <= 30000; factor += 15000) {
        struct system *s = machine();
        const struct zone *z = &s->frames.zones[ZONE_DMA32];
        const u32 flags = ALLOC_WMARK_LOW | ALLOC_KSWAPD;
        pfn_t pfn;

        s->frames.watermark_boost_factor = 1; /* set by the write, not by the machine's beginning */
        put(s, "/proc/sys/vm/watermark_boost_factor", factor);
        fragment(s, PAGES);
        frames_drain_pcp(&s->frames);
        while ((pfn = frames_try_alloc(&s->frames, nodes_near(0), 0, MT_UNMOVABLE, flags, 0)) !=
               PFN_NONE)
            frame_set_kind(frames_get(&s->frames, pfn), FRAME_KERNEL);
        assert_true(factor ? z->watermark_boost >= PAGEBLOCK_PAGES : z->watermark_boost == 0);
        assert_int_equal(s->frames.watermark_boost_factor, factor);
        system_check(s);
        test_system_free(s);
    }
}

TEST_MAIN()
