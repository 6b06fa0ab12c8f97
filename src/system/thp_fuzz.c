/* thp_fuzz.c - random programs on a machine with huge pages that holds bytes, against a plain
 * shadow of what they should see.
 *
 * Processes in small groups map, store, load, fork, exit, move, protect and advise ranges, of whole
 * huge pages and of parts of them, while memory runs short, pages go to other nodes, khugepaged
 * runs and processes are killed for memory. Every word that a process loads must be the one that it
 * stored last, or had from its parent.
 *
 * Shadow:   a word for each page, at a place of its own in the page.
 * Epochs:   each EPOCH operations a new machine, whose settings, limits and devices come from the
 *           seed.
 * Counted:  main() sees to it that huge faults, splits, collapses, copies-on-write and migrations
 *           of huge pages happened often enough.
 * Canaries: the same run with one rule of the machine broken must fail; main() sees to it first. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "balance/balance.h"
#include "base/test.h"
#include "reclaim/lru.h"
#include "stats/thp.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/file.h"
#include "system/machine_testing.h"
#include "system/mmap.h"
#include "system/pin.h"

#ifdef HW_CHECKS
#define SMOKE 30000u
#else
#define SMOKE 500000u
#endif
#define EPOCH        4000u
#define CHECK_STRIDE 500u

#define PROCS    5
#define HUGES    4
#define ARENA    (HUGES * HPAGE_PMD_NR)
#define BASE_VPN 0x10000ull

enum canary { CANARY_NONE, CANARY_RMAP, CANARY_CHARGE, NR_CANARIES };

struct spage {
    u64 value;
    u8 prot;   /* 1 + what may be done with it; 0 not mapped */
    u16 at;    /* place of the word in the page */
    bool lazy; /* MADV_FREE: may become zeros at any time */
};

static struct proc {
    struct task *task; /* NULL: free */
    struct spage p[ARENA];
} procs[PROCS];

static struct system *sys;
static struct prng rng;
static struct group *leaf[2];
static u64 operation, seed, next_value;
static u32 next_pid;
static enum canary canary;
static u64 faults, splits, collapses, copies, migrations; /* of all machines */

static void wrong(const char *what)
{
    fprintf(stderr, "thp_fuzz: seed %llu operation %llu: %s\n", (unsigned long long)seed,
            (unsigned long long)operation, what);
    exit(1);
}

static void on_abort(int sig)
{
    (void)sig;
    fprintf(stderr, "thp_fuzz: seed %llu operation %llu\n", (unsigned long long)seed,
            (unsigned long long)operation);
    _exit(3);
}

static u32 below(u32 n)
{
    return (u32)prng_below(&rng, n);
}

static bool chance(u32 percent)
{
    return below(100) < percent;
}

static vaddr_t addr_of(u32 page)
{
    return (BASE_VPN + page) << PAGE_SHIFT;
}

struct range {
    u32 start, nr;
};

/* Whole huge pages, or anything. */
static struct range some_range(void)
{
    struct range r;

    if (chance(60)) {
        r.start = below(HUGES) * HPAGE_PMD_NR;
        r.nr = HPAGE_PMD_NR * (1 + below(HUGES));
    } else {
        r.start = below(ARENA);
        r.nr = 1 + below(chance(50) ? 16 : 700);
    }
    r.nr = MIN(r.nr, ARENA - r.start);
    return r;
}

static bool is_alive(const struct proc *pr)
{
    return pr->task && pr->task->state < TASK_ZOMBIE;
}

static void bury_all(void)
{
    for (u32 i = 0; i < PROCS; i++)
        if (procs[i].task && !is_alive(&procs[i]))
            memset(&procs[i], 0, sizeof(procs[i]));
}

#define RUN(pr, call) test_run(sys, (pr)->task, call)

/* --- operations ------------------------------------------------------------------------------- */
static void map(struct proc *pr)
{
    struct range r = some_range();
    struct mmap_args a = {.addr = addr_of(r.start),
                          .len = (u64)r.nr * PAGE_SIZE,
                          .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    a.mflags = chance(3) ? HWT_MAP_POPULATE : 0;
    if (RUN(pr, system_mmap(sys, pr->task, &a)) != STEP_DONE)
        return;
    for (u32 i = r.start; i < r.start + r.nr; i++)
        pr->p[i] = (struct spage){.prot = 1 + 3, .at = (u16)(8 * below(PAGE_SIZE / 8))};
}

static void unmap(struct proc *pr)
{
    struct range r = some_range();

    if (RUN(pr, system_munmap(sys, pr->task, addr_of(r.start), (u64)r.nr * PAGE_SIZE)) == STEP_DONE)
        memset(&pr->p[r.start], 0, r.nr * sizeof(struct spage));
}

static void protect(struct proc *pr)
{
    struct range r = some_range();
    u32 prot = chance(70) ? 3 : chance(80) ? 1 : 0;

    if (RUN(pr, system_mprotect(sys, pr->task, addr_of(r.start), (u64)r.nr * PAGE_SIZE, prot)) !=
        STEP_DONE)
        return;
    for (u32 i = r.start; i < r.start + r.nr; i++)
        if (pr->p[i].prot)
            pr->p[i].prot = (u8)(1 + prot);
}

static void move(struct proc *pr)
{
    struct range r = some_range();
    u32 to = chance(60) ? below(HUGES) * HPAGE_PMD_NR : below(ARENA);
    const struct vma *vma = vma_find(pr->task->mm, BASE_VPN + r.start);

    if (!vma || (vma->flags & VM_LOCKED))
        return;
    r.nr = MIN(r.nr, (u32)(vma->end - BASE_VPN - r.start));
    if (to + r.nr > ARENA || (to < r.start + r.nr && r.start < to + r.nr))
        return;
    if (RUN(pr, system_mremap(sys, pr->task, addr_of(r.start), (u64)r.nr * PAGE_SIZE, addr_of(to),
                              (u64)r.nr * PAGE_SIZE)) != STEP_DONE)
        return;
    memcpy(&pr->p[to], &pr->p[r.start], r.nr * sizeof(struct spage));
    memset(&pr->p[r.start], 0, r.nr * sizeof(struct spage));
}

static void advise(struct proc *pr)
{
    static const u32 advices[] = {ABI_MADV_DONTNEED, ABI_MADV_FREE,     ABI_MADV_COLD,
                                  ABI_MADV_PAGEOUT,  ABI_MADV_HUGEPAGE, ABI_MADV_NOHUGEPAGE,
                                  ABI_MADV_COLLAPSE, ABI_MADV_COLLAPSE, ABI_MADV_COLLAPSE,
                                  ABI_MADV_PAGEOUT,  ABI_MADV_DONTNEED, ABI_MADV_HUGEPAGE};
    struct range r = some_range();
    u32 advice = advices[below(ARRAY_SIZE(advices))];

    if (RUN(pr, system_madvise(sys, pr->task, addr_of(r.start), (u64)r.nr * PAGE_SIZE, advice)) !=
        STEP_DONE)
        return;
    for (u32 i = r.start; i < r.start + r.nr; i++) {
        const struct vma *vma = vma_find(pr->task->mm, BASE_VPN + i);

        if (!vma || (vma->flags & VM_LOCKED))
            continue;
        if (advice == ABI_MADV_DONTNEED) {
            pr->p[i].value = 0;
            pr->p[i].lazy = false;
        } else if (advice == ABI_MADV_FREE) {
            pr->p[i].lazy = true;
        }
    }
}

static void lock(struct proc *pr)
{
    struct range r = some_range();

    r.nr = MIN(r.nr, HPAGE_PMD_NR);
    if (chance(40))
        RUN(pr, system_mlock(sys, pr->task, addr_of(r.start), (u64)r.nr * PAGE_SIZE, chance(50)));
    else
        RUN(pr, system_munlock(sys, pr->task, addr_of(r.start), (u64)ARENA * PAGE_SIZE));
}

static void store(struct proc *pr, u32 page);

/* Small pages of whole ranges, some untouched, become huge ones: all at once, which ends at the
 * first that cannot, or one by one. */
static void collapse(struct proc *pr)
{
    u32 step = chance(20) ? ARENA : HPAGE_PMD_NR;

    for (u32 page = below(HPAGE_PMD_NR); page < ARENA && is_alive(pr); page += HPAGE_PMD_NR)
        store(pr, page);
    for (u32 page = 0; page < ARENA && is_alive(pr); page += step)
        RUN(pr,
            system_madvise(sys, pr->task, addr_of(page), (u64)step * PAGE_SIZE, ABI_MADV_COLLAPSE));
}

/* One of them writes first, to a page of each huge one. */
static void fork_off(struct proc *pr)
{
    struct task *child = NULL;
    u32 i = 0;

    while (i < PROCS && procs[i].task)
        i++;
    if (i < PROCS)
        collapse(pr);
    if (i == PROCS || !is_alive(pr) ||
        RUN(pr, system_fork(sys, pr->task, next_pid++, false, &child)) != STEP_DONE || !child)
        return;
    procs[i] = *pr;
    procs[i].task = child;
    if (chance(50))
        pr = &procs[i];
    for (u32 page = below(HPAGE_PMD_NR); page < ARENA && is_alive(pr); page += HPAGE_PMD_NR)
        store(pr, page);
    if (chance(80) && is_alive(&procs[i]))
        system_exit(sys, child, 0, true);
}

static void exit_now(struct proc *pr)
{
    if (chance(20))
        RUN(pr, system_exec(sys, pr->task, "again"));
    else
        system_exit(sys, pr->task, 0, true);
    if (is_alive(pr))
        memset(pr->p, 0, sizeof(pr->p));
}

static void load(struct proc *pr, u32 page)
{
    struct spage *p = &pr->p[page];
    u64 got;

    if (p->prot <= 1 ||
        RUN(pr, system_load(sys, pr->task, addr_of(page) + p->at, &got, 8)) != STEP_DONE)
        return;
    if (got == p->value)
        return;
    if (!p->lazy || got)
        wrong("a word is not what was stored");
    p->value = 0;
}

static void store(struct proc *pr, u32 page)
{
    struct spage *p = &pr->p[page];
    const pte_t *huge = pagetable_find_huge(pr->task->mm, BASE_VPN + page);
    bool shared =
        huge && !pte_is_zero_page(*huge) && frames_get(&sys->frames, pte_pfn(*huge))->mapcount > 1;
    u64 value = ++next_value;

    if (p->prot != 1 + 3 ||
        RUN(pr, system_store(sys, pr->task, addr_of(page) + p->at, &value, 8)) != STEP_DONE)
        return;
    p->value = value;
    p->lazy = false;
    copies += shared;
}

static void touch(struct proc *pr)
{
    u32 page = below(ARENA), nr = 1 + below(20);
    u32 stride = chance(50) ? 1 : HPAGE_PMD_NR - 1;

    for (u32 i = 0; i < nr && is_alive(pr); i++, page = (page + stride) % ARENA) {
        if (chance(50))
            load(pr, page);
        else
            store(pr, page);
    }
}

/* What is mapped there goes to another node, with reclaim there or without. */
static void migrate_at(struct proc *pr, u32 page, bool reclaim)
{
    const pte_t *slot = pagetable_lookup(pr->task->mm, BASE_VPN + page).slot;
    struct attempt at = {0};
    struct wait wait;
    unsigned nid;
    int err;

    if (!slot || !pte_has_frame(*slot))
        return;
    nid = (frame_nid(&sys->frames, pte_pfn(*slot)) + 1) % sys->frames.nr_nodes;
    if (reclaim)
        balance_migrate(&sys->mem, &at, pte_pfn(*slot),
                        &(struct alloc_place){.nodes = {BIT_ULL(nid), nid}}, MR_SYSCALL, &err,
                        &wait);
    else
        migrate_folio_to(&sys->mem, pte_pfn(*slot), nid,
                         chance(50) ? MR_SYSCALL : MR_NUMA_MISPLACED);
}

static void migrate(struct proc *pr)
{
    bool reclaim = chance(30);

    lru_add_drain_all(&sys->mem);
    sys->mem.cpu = pr->task->cpu;
    for (u32 page = below(HPAGE_PMD_NR); page < ARENA; page += HPAGE_PMD_NR / 2)
        migrate_at(pr, page, reclaim);
}

/* Some of it is given to a device, until the process ends. */
static void pin(struct proc *pr)
{
    struct range r = {below(ARENA), 1 + below(40)};

    if (pr->task->mm->pinned_vm < HPAGE_PMD_NR / 2)
        RUN(pr, system_pin(sys, pr->task, addr_of(r.start),
                           (u64)MIN(r.nr, ARENA - r.start) * PAGE_SIZE));
}

static void change_machine(void)
{
    struct group *g = leaf[below(2)];

    switch (below(6)) {
    case 0:
        group_set_limit(g, LIMIT_MAX, 600 + below(5000));
        break;
    case 1:
        group_set_limit(g, LIMIT_SWAP_MAX, chance(50) ? PAGE_COUNTER_MAX : below(2000));
        break;
    case 2:
        system_drop_caches(sys, 2);
        break;
    case 3:
        sys->tunables.thp_enabled = chance(85) ? THP_ALWAYS : THP_MADVISE;
        sys->tunables.thp_defrag = below(NR_THP_DEFRAG);
        break;
    case 4:
        sys->tunables.khugepaged_max_ptes_none = chance(50) ? 511 : below(512);
        sys->tunables.khugepaged_max_ptes_shared = chance(50) ? 256 : below(512);
        sys->tunables.khugepaged_max_ptes_swap = chance(50) ? 64 : below(512);
        sys->tunables.thp_use_zero_page = chance(60);
        break;
    default:
        test_sleep(sys, sys->clock.now + 11 * NS_PER_S);
    }
}

/* --- the canaries ----------------------------------------------------------------------------- */
/* A small page of a process that was a tail once. */
static struct frame *some_former_tail(struct proc *pr)
{
    struct pte_ref ref;

    if (!is_alive(pr))
        return NULL;
    pagetable_for_each (pr->task->mm, v, ref, BASE_VPN, BASE_VPN + ARENA) {
        struct frame *f;

        if (ref.order || !pte_has_frame(*ref.slot) || pte_pfn(*ref.slot) % HPAGE_PMD_NR == 0)
            continue;
        f = frames_get(&sys->frames, pte_pfn(*ref.slot));
        if (frame_is(f, FRAME_PAGE) && f->memcg && frame_test(f, PG_ANON))
            return f;
    }
    return NULL;
}

/* CANARY_RMAP: a split forgot an entry. CANARY_CHARGE: it forgot to charge a tail. Looked at before
 * such a list makes reclaim go round for ever. */
static void canary_after(struct proc *pr, s64 splits_before)
{
    struct frame *f;

    if (!canary || sys->counters.v[THP_SPLIT_PAGE] == splits_before)
        return;
    f = some_former_tail(pr);
    if (!f)
        return;
    if (canary == CANARY_RMAP)
        f->mapcount++;
    else
        f->memcg = 0;
    system_check(sys);
}

/* --- running ---------------------------------------------------------------------------------- */
static void one_operation(void)
{
    static const struct {
        u32 weight;
        void (*run)(struct proc *pr);
    } ops[] = {{34, touch},   {14, map},     {1, unmap},    {2, protect},
               {4, move},     {30, advise},  {1, lock},     {32, fork_off},
               {6, exit_now}, {4, collapse}, {12, migrate}, {2, pin}};
    struct proc *pr = &procs[below(PROCS)];
    s64 splits_before = sys->counters.v[THP_SPLIT_PAGE];
    u32 at = below(142), i = 0;

    if (chance(4)) {
        change_machine();
        bury_all();
        return;
    }
    if (!pr->task) {
        pr->task = system_task_new(sys, leaf[below(2)], next_pid++, 1, "fuzz");
        return;
    }
    pr->task->cpu = below(sys->config.nr_cpus);
    while (at >= ops[i].weight)
        at -= ops[i++].weight;
    ops[i].run(pr);
    canary_after(pr, splits_before);
    test_pass(sys);
    bury_all();
}

static void verify_all(void)
{
    system_check(sys);
    for (u32 i = 0; i < PROCS; i++)
        for (u32 page = below(7); page < ARENA && is_alive(&procs[i]); page += 7)
            load(&procs[i], page);
    bury_all();
    system_check(sys);
}

static void epoch_begin(u64 n)
{
    static const char *const devices[] = {"nvme", "ssd", "hdd", "ram", "zram"};
    struct system_config c;

    prng_seed(&rng, hash_u64_pair(seed, n));
    system_config_init(&c);
    c.thp = "always";
    c.ram_bytes = chance(50) ? 64 * MIB : 128 * MIB;
    c.nr_cpus = 1 + below(3);
    c.disk = "nvme";
    c.bytes = true;
    c.seed = seed;
    c.tunables.x_tlb_entries = chance(50) ? 1536 : 48;
    c.tunables.zswap_enabled = chance(15);
    c.nr_swaps = chance(80);
    c.swaps[0] = (struct swap_spec){.name = "/dev/swap0",
                                    .bytes = (chance(50) ? 8 : 48) * MIB,
                                    .priority = -1,
                                    .compressor = "lzo-rle",
                                    .device = devices[below(5)]};
    if (chance(50)) {
        c.nr_nodes = 2;
        c.nr_cpus = MAX(c.nr_cpus, 2u);
        c.ram_bytes = 128 * MIB;
    }
    sys = test_system_new(&c);
    leaf[0] = system_group(sys, "/a");
    leaf[1] = system_group(sys, "/b");
    group_set_limit(leaf[0], LIMIT_MAX, 1500 + below(3000));
    group_set_limit(leaf[1], LIMIT_MAX, chance(50) ? PAGE_COUNTER_MAX : 1500 + below(3000));
    memset(procs, 0, sizeof(procs));
    next_pid = 100;
}

static void epoch_end(void)
{
    for (u32 i = 0; i < PROCS; i++)
        if (is_alive(&procs[i]))
            system_exit(sys, procs[i].task, 0, true);
    system_check(sys);
    faults += (u64)sys->counters.v[THP_FAULT_ALLOC];
    splits += (u64)(sys->counters.v[THP_SPLIT_PAGE] + sys->counters.v[THP_SPLIT_PMD]);
    collapses += (u64)sys->counters.v[THP_COLLAPSE_ALLOC];
    migrations += (u64)sys->counters.v[THP_MIGRATION_SUCCESS];
    test_system_free(sys);
}

static void run(u64 operations)
{
    u64 end = operation + operations;

    for (u64 n = operation / EPOCH; operation < end; n++) {
        u64 stop = MIN(end, (n + 1) * EPOCH);

        epoch_begin(n);
        for (; operation < stop; operation++) {
            one_operation();
            if (operation % CHECK_STRIDE == 0)
                verify_all();
        }
        epoch_end();
    }
}

/* True when the run with a broken rule failed. */
static bool is_caught(enum canary which)
{
    bool caught;

    canary = which;
    caught = fuzz_fails(run, EPOCH * 2);
    canary = CANARY_NONE;
    return caught;
}

/* 10,000 of each in as many operations as a plain build does. */
static bool is_often_enough(const char *what, u64 times, u64 operations)
{
    if (times >= operations / 50)
        return true;
    fprintf(stderr, "thp_fuzz: seed %llu: %llu times %s in %llu operations\n",
            (unsigned long long)seed, (unsigned long long)times, what,
            (unsigned long long)operations);
    return false;
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, SMOKE);

    seed = args.seed;
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    if (getenv("HW_FUZZ_FROM")) /* to look at a failure: the first operation of its epoch */
        operation = strtoull(getenv("HW_FUZZ_FROM"), NULL, 10);
    for (unsigned c = CANARY_NONE + 1; c < NR_CANARIES && !getenv("HW_NO_CANARY"); c++)
        if (!is_caught((enum canary)c)) {
            fprintf(stderr, "thp_fuzz: seed %llu: canary %u was not caught\n",
                    (unsigned long long)seed, c);
            return 1;
        }
    run(args.operations);
    if (getenv("HW_FUZZ_STATS"))
        fprintf(
            stderr, "huge faults %llu, splits %llu, collapses %llu, copies %llu, migrations %llu\n",
            (unsigned long long)faults, (unsigned long long)splits, (unsigned long long)collapses,
            (unsigned long long)copies, (unsigned long long)migrations);
    return is_often_enough("a huge fault", faults, args.operations) &&
                   is_often_enough("a split", splits, args.operations) &&
                   is_often_enough("a collapse", collapses, args.operations) &&
                   is_often_enough("a copy of a huge page", copies, args.operations) &&
                   is_often_enough("a huge page moved", migrations, args.operations)
               ? 0
               : 1;
}
