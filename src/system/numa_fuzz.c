/* numa_fuzz.c - random programs on machines of several nodes, beside a table of what each process
 * must see.
 *
 * Two to four nodes, the last one mostly without processors. Processes store, load, fork, end,
 * change processors, use CPU time (so that balancing looks at their memory), set policies, and move
 * pages of theirs and of others; cpusets and modes change, memory runs short.
 *
 *   bytes       a load gives what was stored last, 0 before; hint entries give nobody a right that
 *               mprotect took away
 *   places      a new page is on a node of the cpuset, and of the policy that binds; after a call
 *               that moves pages, those that could
 *               move are where it said
 *   accounts    system_check(), which counts the pages of each group on each node
 *
 * Three canaries: a page that balancing moved stays counted on its old node; its bytes stay behind;
 * an allocation forgets what binds. */
#include <signal.h>
#include <string.h>

#include "base/hash.h"
#include "base/prng.h"
#include "base/test.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/cpuset.h"
#include "system/machine_testing.h"
#include "system/mempolicy.h"
#include "system/mmap.h"
#include "system/move.h"

#ifdef HW_CHECKS
#define SMOKE 8000u
#else
#define SMOKE 45000u
#endif
#define EPOCH        2000u
#define CHECK_STRIDE 200u
#define PROCS        8u
#define CHUNK        512u /* pages that are mapped and moved together */
#define CHUNKS       6u
#define PAGES        (CHUNK * CHUNKS)
#define SHARED_PAGES 256u
#define NR_SHARED    64u
#define AWAY         (256 * MIB) /* where a chunk goes by mremap, and comes back from */
#define SHARED_AT    (TEST_BASE + 512 * MIB)
#define BOTH         (ABI_PROT_READ | ABI_PROT_WRITE)

enum canary { CANARY_NONE, CANARY_COUNT, CANARY_BYTES, CANARY_BIND, NR_CANARIES };

struct page {
    u64 value;
    u8 prot;
    bool fresh; /* never touched: it has no page */
};

struct proc {
    struct task *t; /* NULL: none */
    struct page page[PAGES];
    bool away[CHUNKS];
    unsigned shared; /* whose values count in the shared mapping */
};

/* What must have happened for the run's silence to mean something. */
enum event { HINTS, BALANCED, PROMOTED, DEMOTED, MOVED, BOUND, REBOUND, FRESH, FATAL, NR_EVENTS };
static const char *const event_names[NR_EVENTS] = {
    "hint faults",     "pages moved by balancing",      "pages promoted",
    "pages demoted",   "pages moved by calls",          "pages bound by mbind",
    "cpusets changed", "new pages of a binding policy", "accesses that had to be fatal"};

static struct system *s;
static struct prng rng;
static struct proc procs[PROCS];
static u64 shared_value[NR_SHARED][SHARED_PAGES];
static unsigned nr_shared;
static u32 next_pid;
static struct group *leaf[2];
static enum canary canary;
static u64 seed, operation, events[NR_EVENTS], deaths;

static u32 below(u32 n)
{
    return (u32)prng_below(&rng, n);
}

static bool chance(u32 percent)
{
    return below(100) < percent;
}

static void expect(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "numa_fuzz: seed %llu, operation %llu: %s\n", (unsigned long long)seed,
            (unsigned long long)operation, what);
    abort();
}

static u64 memory_nodes(void)
{
    return topology_memory_nodes(&s->frames.topology);
}

/* Some nodes of the mask, at least one. */
static u64 some_of(u64 mask)
{
    u64 some = mask & prng_next(&rng);

    return some ? some : mask;
}

static unsigned some_bit(u64 mask)
{
    unsigned bit;

    do
        bit = below(64);
    while (!(mask >> bit & 1));
    return bit;
}

static vaddr_t address(const struct proc *p, unsigned page)
{
    return TEST_BASE + page * PAGE_SIZE + (p->away[page / CHUNK] ? AWAY : 0);
}

static bool is_alive(struct proc *p)
{
    if (p->t && p->t->state >= TASK_ZOMBIE) {
        deaths++;
        p->t = NULL;
    }
    return p->t != NULL;
}

static void bury_all(void)
{
    for (unsigned i = 0; i < PROCS; i++)
        is_alive(&procs[i]);
}

/* Who has a CPU now. */
static void settle(struct proc *p)
{
    if (chance(10) || !(p->t->cpus_allowed >> p->t->cpu & 1))
        p->t->cpu = some_bit(p->t->cpus_allowed);
    p->t->error = 0;
}

/* --- loads and stores ------------------------------------------------------------------------- */
struct place_rule {
    u64 nodes; /* where a new page may be; 0: it is none */
    bool binds;
};

static struct place_rule rule_of(const struct proc *p, unsigned page)
{
    struct mempolicy policy = system_get_mempolicy(s, p->t, address(p, page));
    struct place_rule rule = {.nodes = cpuset_mems_allowed(s, p->t)};
    struct pte_ref ref = pagetable_lookup(p->t->mm, address(p, page) >> PAGE_SHIFT);

    if (!p->page[page].fresh ||
        (ref.slot && *ref.slot)) /* part of a huge one, which may be in swap */
        return (struct place_rule){0};
    if (policy.mode == MPOL_BIND) {
        expect(!(policy.nodes & ~rule.nodes), "a policy has nodes that its cpuset has not");
        rule.nodes &= policy.nodes;
        rule.binds = true;
    }
    return rule;
}

/* CANARY_BIND: the mapping's and the task's policies are gone until the page is there. */
static enum step store_unbound(struct proc *p, vaddr_t at, const u64 *word)
{
    struct vma *vma = vma_find(p->t->mm, at >> PAGE_SHIFT);
    struct mempolicy was[2] = {vma->policy, p->t->mempolicy.policy};
    enum step step;

    vma->policy = p->t->mempolicy.policy = (struct mempolicy){0};
    step = system_store(s, p->t, at, word, sizeof(*word));
    if (p->t->state < TASK_ZOMBIE) {
        vma_find(p->t->mm, at >> PAGE_SHIFT)->policy = was[0];
        p->t->mempolicy.policy = was[1];
    }
    return step;
}

/* Balancing has moved a page of p: what two of the canaries forget. */
static void forget_move(const struct proc *p, vaddr_t at, int from)
{
    struct pte_ref ref = pagetable_lookup(p->t->mm, at >> PAGE_SHIFT);
    pfn_t pfn = pte_ref_pfn(ref, at >> PAGE_SHIFT);
    unsigned to = frame_nid(&s->frames, pfn);

    if (canary == CANARY_COUNT) {
        node_count(&s->frames, (unsigned)from, NR_ANON_PAGES, 1);
        node_count(&s->frames, to, NR_ANON_PAGES, -1);
    }
    if (canary == CANARY_BYTES)
        memset(frames_bytes(&s->frames, pfn), 0, PAGE_SIZE);
}

/* One word. False when the process is dead. */
static bool use_word(struct proc *p, vaddr_t at, bool write, u64 *word, struct place_rule rule)
{
    int from = system_page_node(s, p->t, at);
    s64 balanced = s->counters.v[NUMA_PAGES_MIGRATED];
    enum step step;

    do {
        if (!write)
            step = system_load(s, p->t, at, word, sizeof(*word));
        else if (canary == CANARY_BIND && rule.binds)
            step = store_unbound(p, at, word);
        else
            step = system_store(s, p->t, at, word, sizeof(*word));
        if (step == STEP_DONE && p->t->state < TASK_ZOMBIE && write && rule.nodes) {
            int nid = system_page_node(s, p->t, at);

            expect(nid >= 0 && rule.nodes >> nid & 1, "a new page is where it may not be");
            events[FRESH] += rule.binds;
        }
        if (step == STEP_DONE && p->t->state < TASK_ZOMBIE && from >= 0 &&
            s->counters.v[NUMA_PAGES_MIGRATED] != balanced) {
            expect(cpuset_mems_allowed(s, p->t) >> system_page_node(s, p->t, at) & 1,
                   "balancing left the cpuset");
            if (canary && s->counters.v[NUMA_PAGES_MIGRATED] == balanced + 1)
                forget_move(p, at, from);
        }
    } while (test_again(s, p->t, step));
    return is_alive(p);
}

static void touch(struct proc *p, unsigned page, bool write)
{
    struct page *w = &p->page[page];
    u64 word = write ? prng_next(&rng) : 0;
    vaddr_t at = address(p, page) + 8 * (page % 500);

    if (write ? !(w->prot & ABI_PROT_WRITE) : !w->prot)
        return;
    if (!use_word(p, at, write, &word, write ? rule_of(p, page) : (struct place_rule){0}))
        return;
    w->fresh = false;
    if (write)
        w->value = word;
    else
        expect(word == w->value, "a load saw another value than was stored last");
}

static void touch_shared(struct proc *p, unsigned page, bool write)
{
    u64 word = write ? prng_next(&rng) : 0, *value = &shared_value[p->shared][page];

    if (!use_word(p, SHARED_AT + page * PAGE_SIZE, write, &word, (struct place_rule){0}))
        return;
    if (write)
        *value = word;
    else
        expect(word == *value, "shared memory has another value than was stored last");
}

static void touch_many(struct proc *p)
{
    unsigned first = below(PAGES), nr = 1 + below(chance(20) ? 1024 : 64);
    bool write = chance(60);

    for (unsigned page = first; page < MIN(first + nr, PAGES) && p->t; page++)
        touch(p, page, write);
    if (chance(20))
        for (unsigned page = below(SHARED_PAGES), n = 0; n < 32 && p->t; n++)
            touch_shared(p, (page + n) % SHARED_PAGES, write);
}

/* What may not be done ends in a signal, hint entry or not. */
static void trespass(struct proc *p)
{
    unsigned page = below(PAGES), tries = 0;
    u8 prot;
    u64 word = 1;

    while (p->page[page].prot == BOTH && tries++ < 64)
        page = below(PAGES);
    prot = p->page[page].prot;
    if (prot == BOTH)
        return;
    use_word(p, address(p, page), prot != 0 || chance(50), &word, (struct place_rule){0});
    expect(!p->t, "an access that mprotect forbids was granted");
    events[FATAL]++;
}

/* --- calls ------------------------------------------------------------------------------------ */
struct range {
    unsigned first, nr;
};

static struct range some_range(void)
{
    unsigned in = chance(40) ? 0 : below(CHUNK), chunk = below(CHUNKS);

    return (struct range){chunk * CHUNK + in,
                          chance(30) ? CHUNK - in : 1 + below(MIN(CHUNK - in, 64u))};
}

static void map_chunk(struct proc *p, unsigned chunk)
{
    const struct mmap_args a = {
        .addr = address(p, chunk * CHUNK), .len = CHUNK * PAGE_SIZE, .prot = BOTH};

    test_run(s, p->t, system_mmap(s, p->t, &a));
    for (unsigned i = chunk * CHUNK; i < (chunk + 1) * CHUNK && is_alive(p); i++)
        p->page[i] = (struct page){.prot = BOTH, .fresh = true};
}

static void map_shared(struct proc *p)
{
    const struct mmap_args a = {
        .addr = SHARED_AT, .len = SHARED_PAGES * PAGE_SIZE, .prot = BOTH, .mflags = HWT_MAP_SHARED};

    p->shared = nr_shared++;
    memset(shared_value[p->shared], 0, sizeof(shared_value[0]));
    test_run(s, p->t, system_mmap(s, p->t, &a));
}

static void spawn(struct proc *p)
{
    if (nr_shared == NR_SHARED)
        return;
    memset(p, 0, sizeof(*p));
    p->t = system_task_new(s, leaf[below(2)], next_pid++, 1, "fuzz");
    settle(p);
    for (unsigned i = 0; i < CHUNKS && is_alive(p); i++)
        map_chunk(p, i);
    if (is_alive(p))
        map_shared(p);
}

static void fork_one(struct proc *p)
{
    struct proc *child = procs;
    struct task *t = NULL;

    while (child < procs + PROCS && child->t)
        child++;
    if (child == procs + PROCS)
        return;
    test_run(s, p->t, system_fork(s, p->t, next_pid++, false, &t));
    if (!t)
        return;
    *child = *p;
    child->t = t;
}

static struct mempolicy some_policy(void)
{
    struct mempolicy policy = {.mode = (u16)below(NR_MPOL_MODES)};

    if (policy.mode != MPOL_DEFAULT && policy.mode != MPOL_LOCAL)
        policy.nodes = some_of(memory_nodes());
    if (policy.nodes && chance(20))
        policy.flags = chance(50) ? ABI_MPOL_F_STATIC_NODES : ABI_MPOL_F_RELATIVE_NODES;
    return policy;
}

static bool has_plenty(u64 nodes)
{
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        if (nodes >> nid & 1 && node_counter(&s->frames, nid, NR_FREE_PAGES) < 3000)
            return false;
    return true;
}

/* Every page that nothing holds where it was is on one of the nodes, which had room. Of a call that
 * did not wait: daemons move pages meanwhile. */
static void expect_moved(const struct proc *p, struct range r, u64 nodes, enum event event)
{
    for (unsigned page = r.first; page < r.first + r.nr; page++) {
        vpn_t vpn = address(p, page) >> PAGE_SHIFT;
        struct pte_ref ref = pagetable_lookup(p->t->mm, vpn);
        pfn_t pfn = ref.slot && pte_has_frame(*ref.slot) ? pte_pfn(*ref.slot) : PFN_NONE;
        const struct frame *f = pfn == PFN_NONE ? NULL : frames_get(&s->frames, pfn);

        if (!f || !frame_is(f, FRAME_PAGE) || !frame_test(f, PG_ANON) ||
            page_mapcount(&s->frames, f) != 1 || frame_test(f, PG_WRITEBACK | PG_LOCKED))
            continue;
        expect(nodes >> frame_nid(&s->frames, pfn) & 1, "a page did not move");
        events[event]++;
    }
}

static void bind_range(struct proc *p)
{
    static const u32 flags[] = {0, ABI_MPOL_MF_MOVE, ABI_MPOL_MF_MOVE,
                                ABI_MPOL_MF_MOVE | ABI_MPOL_MF_MOVE_ALL, ABI_MPOL_MF_STRICT};
    struct mempolicy policy = some_policy();
    struct range r = some_range();
    u32 how = flags[below(ARRAY_SIZE(flags))];
    u64 nodes = policy.nodes & cpuset_mems_allowed(s, p->t);
    bool moves = how & ABI_MPOL_MF_MOVE && policy.mode == MPOL_BIND && !policy.flags && nodes &&
                 has_plenty(nodes);
    enum step step;

    if (chance(20)) {
        test_run(s, p->t,
                 system_mbind(s, p->t, SHARED_AT, SHARED_PAGES / 2 * PAGE_SIZE, policy, how));
        return;
    }
    do {
        step = system_mbind(s, p->t, address(p, r.first), r.nr * PAGE_SIZE, policy, how);
        moves = moves && step == STEP_DONE;
        if (moves && !p->t->error && p->t->state < TASK_ZOMBIE)
            expect_moved(p, r, policy.nodes,
                         BOUND); /* one that the cpuset has not is no reason to leave */
    } while (test_again(s, p->t, step));
}

static void move_range(struct proc *p)
{
    struct proc *owner = &procs[below(PROCS)];
    struct range r = some_range();
    unsigned nid = some_bit(memory_nodes());
    bool all = chance(30);
    bool moves = cpuset_mems_allowed(s, p->t) >> nid & 1 && has_plenty(BIT_ULL(nid));
    enum step step;

    if (!is_alive(owner))
        return;
    do {
        step = system_move_pages(s, p->t, owner->t, address(owner, r.first), r.nr * PAGE_SIZE, nid,
                                 all);
        moves = moves && step == STEP_DONE;
        if (moves && !p->t->error && p->t->state < TASK_ZOMBIE)
            expect_moved(owner, r, BIT_ULL(nid), MOVED);
    } while (test_again(s, p->t, step) && is_alive(owner));
}

static void migrate_one(struct proc *p)
{
    struct proc *owner = &procs[below(PROCS)];
    u64 from = some_of(memory_nodes()), to = some_of(memory_nodes());
    enum step step;

    if (!is_alive(owner))
        return;
    do
        step = system_migrate_pages(s, p->t, owner->t, from, to);
    while (test_again(s, p->t, step) && is_alive(owner));
}

static void protect(struct proc *p)
{
    static const u8 prots[] = {BOTH, BOTH, BOTH, ABI_PROT_READ, 0};
    struct range r = some_range();
    u8 prot = prots[below(ARRAY_SIZE(prots))];

    test_run(s, p->t, system_mprotect(s, p->t, address(p, r.first), r.nr * PAGE_SIZE, prot));
    for (unsigned i = 0; i < r.nr && is_alive(p) && !p->t->error; i++)
        p->page[r.first + i].prot = prot;
}

static void advise(struct proc *p)
{
    static const u32 advices[] = {ABI_MADV_DONTNEED, ABI_MADV_PAGEOUT, ABI_MADV_COLD};
    struct range r = some_range();
    u32 advice = advices[below(ARRAY_SIZE(advices))];

    test_run(s, p->t, system_madvise(s, p->t, address(p, r.first), r.nr * PAGE_SIZE, advice));
    for (unsigned i = 0; i < r.nr && is_alive(p) && advice == ABI_MADV_DONTNEED; i++) {
        p->page[r.first + i].value = 0;
        p->page[r.first + i].fresh = true;
    }
}

static void remap(struct proc *p)
{
    unsigned chunk = below(CHUNKS), at = chunk * CHUNK;
    vaddr_t to = address(p, at) + (p->away[chunk] ? -AWAY : AWAY);

    for (unsigned i = at; i < at + CHUNK; i++) /* one mapping only */
        if (vma_find(p->t->mm, address(p, i) >> PAGE_SHIFT) !=
            vma_find(p->t->mm, address(p, at) >> PAGE_SHIFT))
            return;
    test_run(s, p->t,
             system_mremap(s, p->t, address(p, at), CHUNK * PAGE_SIZE, to, CHUNK * PAGE_SIZE));
    if (is_alive(p) && !p->t->error)
        p->away[chunk] = !p->away[chunk];
}

/* It computes, and balancing looks at its memory when that is due. */
static void compute(struct proc *p)
{
    for (unsigned n = 1 + below(4); n && is_alive(p); n--) {
        test_sleep(s, s->clock.now + 20 * NS_PER_MS);
        system_count_user(s, p->t, 20 * NS_PER_MS);
        s->mem.cpu = p->t->cpu;
        if (numa_balancing_on(&s->mem))
            system_balance_task(s, p->t, s->clock.now);
        test_pass(s);
    }
}

static void change_cpuset(void)
{
    struct group *g = leaf[below(2)];

    if (chance(30)) {
        expect(!cpuset_set_cpus(s, g, some_of(UINT64_MAX >> (64 - s->frames.nr_cpus))),
               "CPUs were refused");
        return;
    }
    expect(!cpuset_set_mems(s, g, some_of(memory_nodes())), "nodes were refused");
    events[REBOUND]++;
}

static void change_mode(void)
{
    s->tunables.numa_balancing = chance(80) ? 1 + below(3) : 0;
    s->tunables.demotion_enabled = chance(70);
    s->tunables.zone_reclaim_mode = chance(70) ? 0 : below(8);
    numa_mode_changed(s);
}

static void one_operation(void)
{
    struct proc *p = &procs[below(PROCS)];
    u32 what = below(1000);

    if (!is_alive(p)) {
        if (chance(10))
            spawn(p);
        return;
    }
    settle(p);
    if (what < 500)
        touch_many(p);
    else if (what < 700)
        compute(p);
    else if (what < 750)
        bind_range(p);
    else if (what < 780)
        test_run(s, p->t,
                 system_set_mempolicy(s, p->t, chance(60) ? (struct mempolicy){0} : some_policy()));
    else if (what < 830)
        move_range(p);
    else if (what < 850)
        migrate_one(p);
    else if (what < 880)
        protect(p);
    else if (what < 930)
        advise(p);
    else if (what < 950)
        remap(p);
    else if (what < 960)
        map_chunk(p, below(CHUNKS));
    else if (what < 970)
        fork_one(p);
    else if (what < 978)
        change_cpuset();
    else if (what < 986)
        change_mode();
    else if (what < 992)
        system_task_move(s, p->t, leaf[below(2)]);
    else if (what < 996)
        trespass(p);
    else
        system_exit(s, p->t, 0, true);
    test_pass(s);
    bury_all();
}

/* --- machines --------------------------------------------------------------------------------- */
static void choose_machine(struct system_config *c)
{
    unsigned nr = 2 + below(3), slow = chance(80) ? nr - 1 : nr, cpu = 0;

    c->nr_nodes = nr;
    c->nr_cpus = slow * 2;
    c->ram_bytes = 0;
    for (unsigned nid = 0; nid < nr; nid++) {
        struct node_spec *node = &c->topology.node[nid];

        topology_spec_name(&c->topology, nid);
        node->has_ram = node->has_cpus = true;
        node->ram_bytes = (1 + (nid == 0 || chance(50))) * NODE_RAM_UNIT;
        node->cpus = nid < slow ? 3ull << cpu : 0;
        cpu += nid < slow ? 2 : 0;
        c->ram_bytes += node->ram_bytes;
    }
}

static void epoch_begin(u64 n)
{
    static const char *const devices[] = {"nvme", "ssd", "ram", "zram"};
    struct system_config c;

    prng_seed(&rng, hash_u64_pair(seed, n));
    system_config_init(&c);
    choose_machine(&c);
    c.bytes = true;
    c.seed = seed;
    c.thp = chance(40) ? "always" : "never";
    c.tunables.overcommit_memory = 1;
    c.tunables.x_tlb_entries = chance(50) ? 1536 : 48;
    c.tunables.numa_scan_delay_ms = 20;
    c.tunables.numa_scan_period_min_ms = 20;
    c.tunables.numa_scan_period_max_ms = 200;
    c.nr_swaps = chance(80);
    c.swaps[0] = (struct swap_spec){.name = "/dev/swap0",
                                    .bytes = (chance(50) ? 16 : 64) * MIB,
                                    .priority = -1,
                                    .compressor = "lzo-rle",
                                    .device = devices[below(ARRAY_SIZE(devices))]};
    s = test_system_new(&c);
    leaf[0] = system_group(s, "/a");
    leaf[1] = system_group(s, "/b");
    if (chance(30))
        group_set_limit(leaf[1], LIMIT_MAX, 2000 + below(6000));
    memset(procs, 0, sizeof(procs));
    nr_shared = 0;
    next_pid = 10;
    change_mode();
}

static void count_events(void)
{
    const s64 *v = s->counters.v;

    events[HINTS] += (u64)v[NUMA_HINT_FAULTS];
    events[BALANCED] += (u64)v[NUMA_PAGES_MIGRATED];
    events[PROMOTED] += (u64)v[PGPROMOTE_SUCCESS];
    events[DEMOTED] += (u64)(v[PGDEMOTE_KSWAPD] + v[PGDEMOTE_DIRECT]);
}

static void verify_all(void)
{
    system_check(s);
    for (unsigned i = 0; i < PROCS; i++) {
        for (unsigned page = below(7); page < PAGES && is_alive(&procs[i]); page += 7)
            touch(&procs[i], page, false);
        for (unsigned page = below(7); page < SHARED_PAGES && is_alive(&procs[i]); page += 7)
            touch_shared(&procs[i], page, false);
    }
    bury_all();
    system_check(s);
}

static void epoch_end(void)
{
    for (unsigned i = 0; i < PROCS; i++)
        if (is_alive(&procs[i]))
            system_exit(s, procs[i].t, 0, true);
    system_check(s);
    count_events();
    test_system_free(s);
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

/* A thousand of each in as many operations as a plain build does; of cpusets and fatal accesses,
 * which cost an operation each, 50. */
static bool is_often_enough(u64 operations)
{
    bool good = true;

    for (unsigned i = 0; i < NR_EVENTS && operations >= SMOKE; i++) {
        u64 least = operations / (i == REBOUND || i == FATAL ? 1200 : 60);

        if (events[i] >= least)
            continue;
        fprintf(stderr, "numa_fuzz: seed %llu: %llu %s, where %llu were to be expected\n",
                (unsigned long long)seed, (unsigned long long)events[i], event_names[i],
                (unsigned long long)least);
        good = false;
    }
    return good;
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, SMOKE);

    seed = args.seed;
    if (getenv("HW_FUZZ_FROM")) /* to look at a failure: the first operation of its epoch */
        operation = strtoull(getenv("HW_FUZZ_FROM"), NULL, 10);
    for (canary = CANARY_NONE + 1; canary < NR_CANARIES && !getenv("HW_NO_CANARY"); canary++)
        if (!fuzz_fails(run, EPOCH * 3)) {
            fprintf(stderr, "numa_fuzz: seed %llu: canary %d was not caught\n",
                    (unsigned long long)seed, (int)canary);
            return 1;
        }
    canary = CANARY_NONE;
    run(args.operations);
    for (unsigned i = 0; i < NR_EVENTS && getenv("HW_FUZZ_STATS"); i++)
        fprintf(stderr, "%llu %s\n", (unsigned long long)events[i], event_names[i]);
    return is_often_enough(args.operations) ? 0 : 1;
}
