/* mglru_test.c - multi-generational LRU on small machines: where pages stand, what moves them, what
 * goes, and what depends on each part.
 */
#include "base/prng.h"
#include "base/test.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/control.h"
#include "system/file.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define BASE (TEST_BASE >> PAGE_SHIFT)

struct fixture {
    struct system *s;
    struct group *g;
    struct task *t;
    u64 next_file;
};

/* A group with so many pages of memory, and swap for as many again. */
static struct fixture machine(u64 limit, u64 swap)
{
    struct fixture f = {0};
    struct system_config c;

    system_config_init(&c);
    c.ram_bytes = TEST_RAM;
    c.nr_cpus = 1;
    c.thp = "never";
    c.lru = "mglru";
    c.tunables.x_tlb_entries = 48; /* accessed bits are soon set again */
    c.disk = "ram";
    if (swap) {
        c.nr_swaps = 1;
        c.swaps[0] = (struct swap_spec){
            .name = "/dev/swap0", .bytes = (swap + 1) * PAGE_SIZE, .priority = -1, .device = "ram"};
    }
    f.s = test_system_new(&c);
    f.g = system_group(f.s, "/g");
    group_set_limit(f.g, LIMIT_MAX, limit);
    f.t = system_task_new(f.s, f.g, 10, 1, "work");
    return f;
}

static void done(struct fixture *f)
{
    system_check(f->s);
    test_system_free(f->s);
}

static void map(struct fixture *f, u64 page, u64 pages)
{
    const struct mmap_args args = {.addr = TEST_BASE + page * PAGE_SIZE,
                                   .len = pages * PAGE_SIZE,
                                   .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(f->s, f->t, system_mmap(f->s, f->t, &args));
}

static void touch(struct fixture *f, u64 page)
{
    mm_used(f->t->mm); /* as the scheduler has it */
    test_run(f->s, f->t, system_access(f->s, f->t, BASE + page, ACCESS_WRITE));
}

static void touch_all(struct fixture *f, u64 page, u64 pages)
{
    for (u64 i = 0; i < pages; i++)
        touch(f, page + i);
}

static struct file *open_file(struct fixture *f, u64 pages)
{
    struct inode *inode =
        system_inode(f->s, INODE_REGULAR, 1, ++f->next_file, "/data", pages * PAGE_SIZE);

    return system_open(f->s, inode, 0);
}

static void read_page(struct fixture *f, struct file *file, u64 page)
{
    test_run(f->s, f->t, system_read(f->s, f->t, file, page * PAGE_SIZE, PAGE_SIZE, 0));
}

static struct lru_gen *gens(const struct fixture *f)
{
    return lru_gen_get(&f->s->mem, f->g, 0);
}

static struct frame *frame_at(const struct fixture *f, u64 page)
{
    const pte_t *slot = pagetable_find(f->t->mm, BASE + page);

    return slot && pte_has_frame(*slot) ? frames_get(&f->s->frames, pte_pfn(*slot)) : NULL;
}

static struct frame *cached(const struct fixture *f, const struct file *file, u64 page)
{
    pfn_t pfn = pagecache_find(inode_get(&f->s->backing, file->inode), page);

    return pfn == PFN_NONE ? NULL : frames_get(&f->s->frames, pfn);
}

/* The sequence number of the generation that the page is in. */
static u64 seq_of(const struct fixture *f, const struct frame *fr)
{
    const struct lru_gen *lg = gens(f);

    for (u64 seq = lg->max_seq; seq + MAX_NR_GENS > lg->max_seq; seq--)
        if (frame_gen(fr) == (int)gen_of_seq(seq))
            return seq;
    fail_msg("the page is in no generation");
    return 0;
}

static bool age(struct fixture *f)
{
    bool aged = lru_gen_age(&f->s->mem, f->g, &f->s->frames.nodes[0], false, true, false);

    f->s->mem.aging.walks = false;
    return aged;
}

/* Nothing that the TLB still knows goes without a mark. */
static void forget_translations(struct fixture *f)
{
    mmu_flush_mm(f->t->mm);
}

/* --- where pages stand ------------------------------------------------------------------------ */
TEST(what_a_fault_brings_is_youngest_and_what_read_brings_is_old)
{
    struct fixture f = machine(4096, 64);
    struct file *file = open_file(&f, 64);

    map(&f, 0, 64);
    touch_all(&f, 0, 64);
    for (u64 i = 0; i < 64; i++)
        read_page(&f, file, i);
    lru_add_drain_all(&f.s->mem);
    assert_int_equal(gens(&f)->max_seq, 3);
    assert_int_equal(seq_of(&f, frame_at(&f, 5)), 3);
    assert_int_equal(seq_of(&f, cached(&f, file, 5)), 1);
    assert_int_equal(lru_gen_size(gens(&f), 3, LRU_GEN_ANON), 64);
    assert_int_equal(f.g->counters.v[NR_ACTIVE_ANON], 64);
    assert_int_equal(f.g->counters.v[NR_INACTIVE_FILE], 64);
    done(&f);
}

TEST(the_page_of_a_programs_arguments_is_older_than_other_faults)
{
    struct fixture f = machine(4096, 64);
    const struct mmap_args stack = {.addr = TEST_BASE,
                                    .len = 4 * PAGE_SIZE,
                                    .prot = ABI_PROT_READ | ABI_PROT_WRITE,
                                    .mflags = HWT_MAP_STACK};

    test_run(f.s, f.t, system_mmap(f.s, f.t, &stack));
    touch(&f, 2);
    touch(&f, 3);
    lru_add_drain_all(&f.s->mem);
    assert_int_equal(seq_of(&f, frame_at(&f, 2)), 3);
    assert_int_equal(seq_of(&f, frame_at(&f, 3)), 2);
    done(&f);
}

TEST(uses_by_read_make_tiers)
{
    static const unsigned tier[] = {0, 0, 1, 2, 2, 3, 3};
    struct fixture f = machine(4096, 64);
    struct file *file = open_file(&f, 100);

    for (unsigned uses = 1; uses < ARRAY_SIZE(tier); uses++) {
        read_page(&f, file, 0);
        read_page(&f, file, 50); /* the same page once more would be no second use */
        assert_int_equal(tier_of_uses(frame_uses(cached(&f, file, 0))), tier[uses]);
    }
    done(&f);
}

TEST(advice_and_the_end_of_writeback_make_pages_old)
{
    struct fixture f = machine(4096, 64);
    struct file *file = open_file(&f, 8);
    struct frame *fr;

    map(&f, 0, 8);
    touch_all(&f, 0, 8);
    lru_add_drain_all(&f.s->mem);
    test_run(f.s, f.t, system_madvise(f.s, f.t, TEST_BASE, PAGE_SIZE, ABI_MADV_COLD));
    assert_int_equal(seq_of(&f, frame_at(&f, 0)), 2);
    assert_int_equal(f.g->counters.v[PGDEACTIVATE], 1);
    test_run(f.s, f.t, system_madvise(f.s, f.t, TEST_BASE + PAGE_SIZE, PAGE_SIZE, ABI_MADV_FREE));
    assert_int_equal(frame_type(frame_at(&f, 1)), LRU_GEN_FILE);
    assert_int_equal(seq_of(&f, frame_at(&f, 1)), 1);
    read_page(&f, file, 0);
    lru_add_drain_all(&f.s->mem);
    fr = cached(&f, file, 0);
    lru_rotate_reclaimable(&f.s->mem, (pfn_t)(fr - f.s->frames.frame));
    assert_int_equal(seq_of(&f, fr), 0);
    done(&f);
}

/* --- aging ------------------------------------------------------------------------------------ */
TEST(a_walk_promotes_what_was_used_and_nothing_else)
{
    struct fixture f = machine(4096, 64);

    map(&f, 0, 1024);
    touch_all(&f, 0, 1024);
    lru_add_drain_all(&f.s->mem);
    assert_true(age(&f)); /* clears the bits of the faults; all stay in 3 */
    assert_int_equal(gens(&f)->max_seq, 4);
    forget_translations(&f);
    touch_all(&f, 0, 300);
    assert_true(age(&f));
    assert_int_equal(gens(&f)->max_seq, 5);
    for (u64 i = 0; i < 300; i++)
        assert_int_equal(seq_of(&f, frame_at(&f, i)), 4);
    for (u64 i = 300; i < 1024; i++)
        assert_int_equal(seq_of(&f, frame_at(&f, i)), 3);
    assert_int_equal(f.g->counters.v[NR_ACTIVE_ANON], 300);
    assert_int_equal(f.g->counters.v[NR_INACTIVE_ANON], 724);
    done(&f);
}

TEST(a_full_window_pushes_its_oldest_generation_out)
{
    struct fixture f = machine(4096, 64);

    map(&f, 0, 256);
    touch_all(&f, 0, 256);
    lru_add_drain_all(&f.s->mem);
    for (unsigned i = 0; i < 8; i++) { /* nothing is evicted, and nothing used again */
        assert_true(age(&f));
        system_check(f.s);
    }
    assert_int_equal(lru_gen_nr(gens(&f), LRU_GEN_ANON), MAX_NR_GENS);
    assert_int_equal(seq_of(&f, frame_at(&f, 0)), gens(&f)->max_seq - 3);
    done(&f);
}

TEST(the_filter_spares_page_tables_with_few_used_entries)
{
    struct fixture f = machine(4096, 64);
    u64 *stats, found;

    map(&f, 0, 2 * 512); /* two page tables at least */
    touch_all(&f, 0, 2 * 512);
    lru_add_drain_all(&f.s->mem);
    stats = gens(&f)->stats;
    assert_true(age(&f)); /* without filter: the address space is new */
    assert_int_equal(stats[MM_NONLEAF_ADDED], stats[MM_NONLEAF_FOUND]);
    forget_translations(&f);
    touch(&f, 3); /* one entry of the first table, all of the second */
    touch_all(&f, 512, 512);
    assert_true(age(&f));
    found = stats[MM_NONLEAF_FOUND];
    forget_translations(&f);
    touch(&f, 3);
    touch_all(&f, 512, 512);
    assert_true(age(&f));
    assert_int_equal(stats[MM_NONLEAF_FOUND] - found, 1); /* the second alone */
    assert_true(seq_of(&f, frame_at(&f, 3)) < gens(&f)->max_seq - 1);
    assert_int_equal(seq_of(&f, frame_at(&f, 600)), gens(&f)->max_seq - 1);
    done(&f);
}

TEST(page_tables_that_the_hardware_did_not_use_are_passed_over)
{
    struct fixture f = machine(4096, 64);
    u64 total;

    map(&f, 0, 2 * 512);
    touch_all(&f, 0, 2 * 512);
    lru_add_drain_all(&f.s->mem);
    assert_true(age(&f));
    forget_translations(&f);
    touch_all(&f, 512, 512);
    total = gens(&f)->stats[MM_LEAF_TOTAL];
    assert_true(age(&f));
    assert_int_equal(gens(&f)->stats[MM_LEAF_TOTAL] - total, 512);
    done(&f);
}

TEST(an_address_space_that_did_not_run_is_passed_over)
{
    struct fixture f = machine(4096, 64);
    u64 total;

    map(&f, 0, 128);
    touch_all(&f, 0, 128);
    lru_add_drain_all(&f.s->mem);
    assert_true(age(&f));
    total = gens(&f)->stats[MM_LEAF_TOTAL];
    f.t->mm->lru.used = 0;
    assert_true(age(&f));
    assert_int_equal(gens(&f)->stats[MM_LEAF_TOTAL], total);
    f.t->mm->lru.used = ~0ull;
    forget_translations(&f);
    touch_all(&f, 0, 128);
    assert_true(age(&f));
    assert_true(gens(&f)->stats[MM_LEAF_TOTAL] > total);
    done(&f);
}

TEST(a_walk_passes_over_an_address_space_until_tasks_are_switched)
{
    struct fixture f = machine(4096, 64);
    u64 total;

    f.s->tunables.x_lru_gen_switch_us = 50;
    map(&f, 0, 128);
    touch_all(&f, 0, 128);
    lru_add_drain_all(&f.s->mem);
    f.s->mem.cpu_ns = 0;
    f.s->mem.step_start = f.s->clock.now = 1000 * 50 * NS_PER_US;
    assert_true(age(&f));
    total = gens(&f)->stats[MM_LEAF_TOTAL];
    f.s->mem.cpu_ns = 49 * NS_PER_US; /* it made faults, and went on in its time slice */
    assert_true(age(&f));
    assert_int_equal(gens(&f)->stats[MM_LEAF_TOTAL], total);
    f.s->mem.cpu_ns = 50 * NS_PER_US;
    forget_translations(&f);
    touch_all(&f, 0, 128);
    assert_true(age(&f));
    assert_true(gens(&f)->stats[MM_LEAF_TOTAL] > total);
    done(&f);
}

TEST(an_address_space_follows_its_process_to_another_group)
{
    struct fixture f = machine(4096, 64);
    struct group *other = system_group(f.s, "/other");

    assert_ptr_equal(f.g->mms.next, &f.t->mm->lru.link);
    system_task_move(f.s, f.t, other);
    assert_true(list_empty(&f.g->mms));
    assert_ptr_equal(other->mms.next, &f.t->mm->lru.link);
    assert_true(f.t->mm->lru.fresh & 1);
    done(&f);
}

/* --- eviction --------------------------------------------------------------------------------- */
TEST(looking_around_spares_the_neighbours_of_a_used_page)
{
    struct fixture f = machine(1024, 4096);
    s64 activated;

    f.s->tunables.lru_gen_enabled =
        LRU_GEN_CORE; /* no walks: used pages are found by eviction alone */
    map(&f, 0, 900);
    touch_all(&f, 0, 900);
    activated = f.g->counters.v[PGACTIVATE];
    for (unsigned i = 0; i < 4; i++) {
        forget_translations(&f);
        touch_all(&f, 0, 900);
        system_group_reclaim(f.s, f.g, 64, -1, &(ns_t){0});
    }
    assert_true(f.g->counters.v[PGACTIVATE] > activated);
    assert_true(f.g->counters.v[PGMAJFAULT] < 300);
    done(&f);
}

TEST(a_tier_that_comes_back_is_spared)
{
    struct lru_gen lg = {.max_seq = 3};
    struct lru_gen_history *h = &lg.history[LRU_GEN_FILE];

    assert_int_equal(lru_gen_last_tier(&lg, LRU_GEN_FILE), 3); /* nothing is known */
    h->evicted[0] = 1000;
    h->refaulted[0] = 100;
    h->evicted[1] = 1000;
    h->refaulted[1] = 180; /* within twice the first tier's share */
    assert_int_equal(lru_gen_last_tier(&lg, LRU_GEN_FILE), 3);
    h->refaulted[1] = 300;
    assert_int_equal(lru_gen_last_tier(&lg, LRU_GEN_FILE), 0);
    h->refaulted[1] = 60; /* not a batch */
    h->evicted[1] = 60;
    assert_int_equal(lru_gen_last_tier(&lg, LRU_GEN_FILE), 3);
    lru_gen_carry_over(&lg, LRU_GEN_FILE);
    assert_int_equal(h->avg_total[0], 500);
    assert_int_equal(h->avg_refaulted[0], 50);
    assert_int_equal(h->evicted[0] + h->refaulted[0], 0);
}

TEST(the_kind_that_comes_back_less_goes_as_swappiness_weighs_it)
{
    struct lru_gen lg = {.max_seq = 3};
    unsigned tier;

    lg.history[LRU_GEN_ANON].evicted[0] = lg.history[LRU_GEN_FILE].evicted[0] = 1000;
    lg.history[LRU_GEN_ANON].refaulted[0] = 200;
    lg.history[LRU_GEN_FILE].refaulted[0] = 300;
    assert_int_equal(lru_gen_choose_type(&lg, 60, &tier), LRU_GEN_FILE);
    assert_int_equal(lru_gen_choose_type(&lg, 100, &tier), LRU_GEN_ANON);
    lg.history[LRU_GEN_FILE].refaulted[0] = 600;
    assert_int_equal(lru_gen_choose_type(&lg, 60, &tier), LRU_GEN_ANON);
}

TEST(a_refault_counts_while_its_generation_is_the_oldest)
{
    struct fixture f = machine(4096, 64);
    struct file *file = open_file(&f, 64);
    struct frame *fr;
    pfn_t pfn;
    u64 token;

    for (u64 i = 0; i < 3; i++)
        read_page(&f, file, i % 2 * 50);
    fr = cached(&f, file, 0);
    pfn = (pfn_t)(fr - f.s->frames.frame);
    token = mglru_eviction(&f.s->mem, pfn, f.g);
    assert_true(token & 1);
    assert_int_equal(gens(&f)->history[LRU_GEN_FILE].evicted[1], 1);
    mglru_refault(&f.s->mem, pfn, token);
    assert_int_equal(gens(&f)->history[LRU_GEN_FILE].refaulted[1], 1);
    assert_int_equal(f.g->counters.v[WORKINGSET_REFAULT_FILE], 1);
    assert_int_equal(f.g->counters.v[WORKINGSET_RESTORE_FILE], 0);
    gens(&f)->min_seq[LRU_GEN_FILE]++;
    mglru_refault(&f.s->mem, pfn, token);
    assert_int_equal(f.g->counters.v[WORKINGSET_REFAULT_FILE], 1);
    done(&f);
}

TEST(the_oldest_go_first)
{
    struct fixture f = machine(1024, 4096);
    u64 left = 0;

    map(&f, 0, 2048);
    touch_all(&f, 0, 400);
    touch_all(&f, 1024, 400);
    lru_add_drain_all(&f.s->mem);
    assert_true(age(&f));
    forget_translations(&f);
    touch_all(&f, 1024, 400);
    assert_true(age(&f));
    system_group_reclaim(f.s, f.g, 300, -1, &(ns_t){0});
    for (u64 i = 0; i < 400; i++) {
        assert_non_null(frame_at(&f, 1024 + i));
        left += frame_at(&f, i) != NULL;
    }
    assert_true(left <= 100);
    done(&f);
}

/* --- what each part is good for --------------------------------------------------------------- */
/* Major faults of a program under a limit, with parts left out. */
static s64 hot_and_scan(u32 without, u64 caps)
{
    struct fixture f = machine(2048, 8192);
    struct prng prng;

    f.s->mem.mglru_without = without;
    f.s->tunables.lru_gen_enabled = caps;
    map(&f, 0, 8192);
    prng_seed(&prng, 7);
    for (u64 i = 0, scan = 0; i < 60000; i++) {
        touch(&f, prng_below(&prng, 1200)); /* hot, side by side */
        if (i % 4 == 0)
            touch(&f, 1536 + scan++ % 6000);
    }
    s64 faults = f.g->counters.v[PGMAJFAULT];

    done(&f);
    return faults;
}

/* Reads again from files of which a part is read often. */
static s64 often_read(u32 without)
{
    struct fixture f = machine(1024, 0);
    struct file *file = open_file(&f, 8192);
    struct prng prng;

    f.s->mem.mglru_without = without;
    prng_seed(&prng, 3);
    f.s->tunables.read_ahead_kb = 0;
    for (u64 i = 0, scan = 0; i < 60000; i++) {
        read_page(&f, file, prng_below(&prng, 600));
        if (i % 2 == 0)
            read_page(&f, file, 1024 + scan++ % 7000);
    }
    s64 reads = (s64)f.s->counters.v[PGPGIN];

    done(&f);
    return reads;
}

TEST(each_part_changes_what_comes_back)
{
    s64 all = hot_and_scan(0, LRU_GEN_CAPS), reads = often_read(0);

    print_message("major faults: all %lld, no looking around %lld, no filter %lld, no walks %lld\n",
                  (long long)all, (long long)hot_and_scan(MGLRU_LOOK_AROUND, LRU_GEN_CAPS),
                  (long long)hot_and_scan(MGLRU_BLOOM, LRU_GEN_CAPS),
                  (long long)hot_and_scan(0, LRU_GEN_CORE));
    print_message("read: all %lld, no controller %lld\n", (long long)reads,
                  (long long)often_read(MGLRU_PID));
    assert_int_not_equal(hot_and_scan(MGLRU_LOOK_AROUND, LRU_GEN_CAPS), all);
    assert_int_not_equal(hot_and_scan(MGLRU_BLOOM, LRU_GEN_CAPS), all);
    assert_int_not_equal(hot_and_scan(0, LRU_GEN_CORE), all);
    assert_true(often_read(MGLRU_PID) > reads * 11 / 10);
}

/* --- settings --------------------------------------------------------------------------------- */
static void write_file(struct fixture *f, const char *path, const char *value)
{
    struct control_state st = {0};
    struct control c;

    assert_int_equal(control_parse(path, value, &c, NULL), 0);
    assert_int_equal(control_write(f->s, &c, &st), 0);
}

TEST(it_can_be_turned_off_and_on)
{
    struct fixture f = machine(4096, 64);
    struct file *file = open_file(&f, 64);

    map(&f, 0, 64);
    touch_all(&f, 0, 64);
    read_page(&f, file, 0);
    write_file(&f, "/sys/kernel/mm/lru_gen/enabled", "n");
    system_check(f.s);
    assert_int_equal(f.s->kernel.lru, LRU_POLICY_CLASSIC);
    assert_int_equal(f.g->counters.v[NR_ACTIVE_ANON], 64);
    assert_int_equal(frame_gen(frame_at(&f, 0)), -1);
    touch_all(&f, 0, 64);
    write_file(&f, "/sys/kernel/mm/lru_gen/enabled", "0x0005");
    system_check(f.s);
    assert_int_equal(f.s->kernel.lru, LRU_POLICY_MGLRU);
    assert_int_equal(f.s->tunables.lru_gen_enabled, 5);
    assert_int_equal(seq_of(&f, frame_at(&f, 0)), gens(&f)->max_seq);
    done(&f);
}

TEST(bad_settings_are_refused)
{
    static const char *const bad[] = {"", "7x", "0x", "0x1g", "-1", "maybe no", "99999999999"};
    struct control c;

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        if (i != 5) /* the kernel looks at the first letter alone */
            assert_int_not_equal(control_parse("/sys/kernel/mm/lru_gen/enabled", bad[i], &c, NULL),
                                 0);
    assert_int_not_equal(control_parse("/sys/kernel/mm/lru_gen/min_ttl_ms", "soon", &c, NULL), 0);
    assert_int_not_equal(control_parse("/sys/kernel/mm/lru_gen/none", "1", &c, NULL), 0);
}

/* A machine whose memory is all in use within the last second. */
static s64 kills_with_ttl(const char *ttl)
{
    struct fixture f = machine(PAGE_COUNTER_MAX, 4096);
    struct prng prng;
    u64 pages = f.s->frames.managed_pages + 2000;

    write_file(&f, "/sys/kernel/mm/lru_gen/min_ttl_ms", ttl);
    map(&f, 0, pages);
    prng_seed(&prng, 5);
    for (u64 i = 0; i < pages && f.t->state < TASK_ZOMBIE; i++)
        touch(&f, i);
    for (u64 i = 0; i < 3000 && f.t->state < TASK_ZOMBIE; i++) {
        touch(&f, prng_below(&prng, pages));
        test_sleep(f.s, f.s->clock.now + 20 * NS_PER_US);
    }
    s64 kills = f.s->counters.v[OOM_KILL];

    done(&f);
    return kills;
}

TEST(a_time_to_live_has_somebody_killed_rather_than_thrash)
{
    assert_int_equal(kills_with_ttl("0"), 0);
    assert_int_equal(kills_with_ttl("60000"), 1);
}

TEST_MAIN()
