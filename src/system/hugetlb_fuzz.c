/* hugetlb_fuzz.c - random mappings, stores, loads, forks and ends of processes on a pool that is
 * always too small and changes its size, beside a table of what each process must see.
 *
 *   bytes       a load gives what was stored last, 0 before; a process that cannot be given it gets
 *               SIGBUS, never something else
 *   promises    who mapped with a reservation never gets SIGBUS for a page that it has not dropped,
 *               but by a limit of its group
 *   accounts    system_check() after every operation; when all is over, the pool is free, nothing
 *               is reserved, nobody is charged
 *
 * Two canaries: a page shared after fork that can be written, and a reservation that is given back
 * twice. */
#include <errno.h>
#include <string.h>

#include "base/prng.h"
#include "base/test.h"
#include "hugetlb/reserve.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/control.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#ifdef HW_CHECKS
#define SMOKE 1500u
#else
#define SMOKE 9000u
#endif
#define EPOCH     300u
#define NR_PROCS  4u
#define NR_AREAS  3u
#define PAGES     6u /* of an area */
#define HUGE      HPAGE_PMD_SIZE
#define POOL_MAX  20u
#define NR_SHARED 64u /* shared mappings in an epoch's life */

enum kind { NONE, PRIVATE, NORESERVE, SHARED };

struct area {
    enum kind kind;
    bool mapped[PAGES];
    bool promised[PAGES], touched[PAGES];
    u64 value[PAGES]; /* of a private page */
    unsigned shared;  /* whose values count when it is shared */
};

struct proc {
    struct task *t; /* NULL: none */
    struct area area[NR_AREAS];
};

enum canary { CANARY_NONE, CANARY_COPY, CANARY_RESERVATION, NR_CANARIES };

static struct system *s;
static struct prng prng;
static struct proc procs[NR_PROCS];
static u64 shared_value[NR_SHARED][PAGES];
static unsigned nr_shared;
static u32 next_pid;
static bool limited; /* by hugetlb.2MB.max: promises do not hold */
static enum canary canary;
static u64 seed, operation, faults, sigbus, refusals, forks;

static u32 below(u32 n)
{
    return (u32)prng_below(&prng, n);
}

static void expect(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "hugetlb_fuzz: seed %llu, operation %llu: %s\n", (unsigned long long)seed,
            (unsigned long long)operation, what);
    abort();
}

static vaddr_t address(unsigned area, unsigned page)
{
    return TEST_BASE + area * 64 * MIB + page * HUGE;
}

static u64 *value_of(struct area *a, unsigned page)
{
    return a->kind == SHARED ? &shared_value[a->shared][page] : &a->value[page];
}

static void is_gone(struct proc *p)
{
    *p = (struct proc){0};
}

static void control(const char *file, u64 value)
{
    struct control_state st = {0};
    struct control c;
    struct err e = {0};
    char text[24];
    int rc;

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    expect(control_parse(file, text, &c, &e) == 0, "a file cannot be written");
    while ((rc = control_write(s, &c, &st)) == -EINPROGRESS)
        test_sleep(s, st.until);
    expect(rc == 0, "a write failed");
    test_pass(s);
}

/* --- operations ------------------------------------------------------------------------------- */
static void map(struct proc *p, unsigned i)
{
    struct area *a = &p->area[i];
    unsigned nr = 1 + below(PAGES);
    const struct hugetlb *h = &s->hugetlb;
    bool enough = h->free - h->resv >= nr;
    enum kind kind = (enum kind)(PRIVATE + below(3));
    const struct mmap_args args = {.addr = address(i, 0),
                                   .len = nr * HUGE,
                                   .prot = ABI_PROT_READ | ABI_PROT_WRITE,
                                   .mflags = HWT_MAP_HUGETLB |
                                             (kind == NORESERVE ? HWT_MAP_NORESERVE : 0) |
                                             (kind == SHARED ? HWT_MAP_SHARED : 0)};

    if (kind == SHARED && nr_shared == NR_SHARED)
        return;
    p->t->error = 0;
    test_run(s, p->t, system_mmap(s, p->t, &args));
    if (p->t->error) {
        expect(p->t->error == -ENOMEM && kind != NORESERVE && !enough, "a mapping was refused");
        refusals++;
        return;
    }
    *a = (struct area){.kind = kind};
    for (unsigned page = 0; page < nr; page++) {
        a->mapped[page] = true;
        a->promised[page] = kind != NORESERVE;
    }
    if (kind != SHARED)
        return;
    a->shared = nr_shared++;
    for (unsigned page = 0; page < PAGES; page++)
        shared_value[a->shared][page] = 0;
}

/* A load or a store of one word. */
static void touch(struct proc *p, unsigned i, unsigned page)
{
    struct area *a = &p->area[i];
    bool write = below(2);
    u64 *value = value_of(a, page), word = write ? operation + 1 : 0;
    vaddr_t at = address(i, page) + 4096 * 7 + 16;
    enum step step;

    do
        step = write ? system_store(s, p->t, at, &word, sizeof(word))
                     : system_load(s, p->t, at, &word, sizeof(word));
    while (test_again(s, p->t, step));
    faults++;
    if (step != STEP_DONE) {
        expect(p->t->outcome == OUTCOME_SIGBUS, "a process died of something else");
        expect(limited || !a->promised[page], "a promise was broken");
        sigbus++;
        is_gone(p);
        return;
    }
    a->touched[page] = true;
    if (a->kind == SHARED && !limited)
        a->promised[page] = true; /* the file has it by now */
    if (write)
        *value = word;
    else
        expect(word == *value, "other bytes");
}

static void unmap(struct proc *p, unsigned i, unsigned page)
{
    struct area *a = &p->area[i];
    unsigned nr = 1 + below(PAGES - page);

    test_run(s, p->t, system_munmap(s, p->t, address(i, page), nr * HUGE));
    for (unsigned at = page; at < page + nr; at++)
        a->mapped[at] = a->promised[at] = a->touched[at] = false;
}

/* A private page is lost, and so is its reservation when it was there. A shared one is in the
 * file. */
static void drop(struct proc *p, unsigned i, unsigned page)
{
    struct area *a = &p->area[i];

    test_run(s, p->t, system_madvise(s, p->t, address(i, page), HUGE, ABI_MADV_DONTNEED));
    if (a->kind == SHARED)
        return;
    a->value[page] = 0;
    if (a->touched[page])
        a->promised[page] = false;
    a->touched[page] = false;
    if (canary == CANARY_RESERVATION && s->hugetlb.resv)
        s->hugetlb.resv--;
}

static void fork_one(struct proc *p)
{
    struct proc *child = procs;
    struct task *t = NULL;

    while (child < procs + NR_PROCS && child->t)
        child++;
    if (child == procs + NR_PROCS)
        return;
    test_run(s, p->t, system_fork(s, p->t, next_pid++, false, &t));
    if (!t)
        return;
    forks++;
    *child = *p;
    child->t = t;
    for (unsigned i = 0; i < NR_AREAS; i++)
        for (unsigned page = 0; page < PAGES && p->area[i].kind != SHARED; page++) {
            u64 *pmd = p->area[i].mapped[page]
                           ? pagetable_find_huge(p->t->mm, address(i, page) >> PAGE_SHIFT)
                           : NULL;

            child->area[i].promised[page] = false;
            if (canary == CANARY_COPY && pmd)
                *pmd |= PTE_WRITE;
        }
    for (unsigned n = 0; n < 2 * NR_AREAS * PAGES; n++) {
        struct proc *either = below(2) ? p : child;
        unsigned i = below(NR_AREAS), page = below(PAGES);

        if (either->t && either->area[i].mapped[page])
            touch(either, i, page);
    }
}

static void one_operation(void)
{
    struct proc *p = &procs[below(NR_PROCS)];
    unsigned i = below(NR_AREAS), page = below(PAGES), what = below(100);
    struct area *a = &p->area[i];
    bool is_there = p->t && a->mapped[page];

    if (what < 3)
        control("/proc/sys/vm/nr_hugepages", below(POOL_MAX));
    else if (what < 5)
        control("/proc/sys/vm/nr_overcommit_hugepages", below(4));
    else if (!p->t && what < 40) {
        p->t = system_task_new(s, system_group(s, below(2) ? "/a" : "/b"), next_pid++, 1, "fuzz");
    } else if (!p->t)
        return;
    else if (what < 8) {
        system_exit(s, p->t, 0, true);
        is_gone(p);
    } else if (what < 12)
        fork_one(p);
    else if (what < 17 && is_there)
        unmap(p, i, page);
    else if (what < 23 && is_there)
        drop(p, i, page);
    else if (is_there)
        for (unsigned n = 1 + below(2 * PAGES); n && p->t; n--) {
            if (a->mapped[page])
                touch(p, i, page);
            page = below(PAGES);
        }
    else if (!memchr(a->mapped, true, sizeof(a->mapped)))
        map(p, i);
}

/* --- the machine ------------------------------------------------------------------------------ */
static void epoch_begin(u64 n)
{
    struct system_config c;

    prng_seed(&prng, seed * 1000003 + n);
    system_config_init(&c);
    c.ram_bytes = 128 * MIB;
    c.bytes = true;
    c.thp = "never";
    c.tunables.nr_hugepages = below(POOL_MAX);
    c.tunables.nr_overcommit_hugepages = below(3);
    s = test_system_new(&c);
    limited = n % 3 == 2;
    if (limited)
        group_set_limit(system_group(s, "/a"), LIMIT_HUGETLB_MAX, (1 + below(8)) * HPAGE_PMD_NR);
    memset(procs, 0, sizeof(procs));
    nr_shared = 0;
    next_pid = 10;
}

static void epoch_end(void)
{
    for (unsigned i = 0; i < NR_PROCS; i++)
        if (procs[i].t)
            system_exit(s, procs[i].t, 0, true);
    inodes_reap(s);
    control("/proc/sys/vm/nr_overcommit_hugepages", 0);
    system_check(s);
    expect(!s->hugetlb.resv && s->hugetlb.free == s->hugetlb.nr && !s->hugetlb.surplus &&
               list_empty(&s->hugetlb.files),
           "the pool is not whole at the end");
    for (unsigned i = 0; i < 2; i++) {
        const struct group *g = system_group(s, i ? "/a" : "/b");

        expect(!g->hugetlb[HUGETLB_IN_USE].usage && !g->hugetlb[HUGETLB_RSVD].usage,
               "a group still pays");
    }
    test_system_free(s);
}

static void run(u64 operations)
{
    u64 end = operation + operations;

    for (u64 n = operation / EPOCH; operation < end; n++) {
        epoch_begin(n);
        for (; operation < MIN(end, (n + 1) * EPOCH); operation++) {
            one_operation();
            system_check(s);
        }
        epoch_end();
    }
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, SMOKE);

    seed = args.seed;
    for (canary = CANARY_NONE + 1; canary < NR_CANARIES; canary++)
        if (!fuzz_fails(run, EPOCH * 20)) {
            fprintf(stderr, "hugetlb_fuzz: seed %llu: canary %u was not caught\n",
                    (unsigned long long)seed, canary);
            return 1;
        }
    canary = CANARY_NONE;
    run(args.operations);
    if (getenv("HW_FUZZ_STATS"))
        fprintf(stderr, "accesses %llu, SIGBUS %llu, mappings refused %llu, forks %llu\n",
                (unsigned long long)faults, (unsigned long long)sigbus,
                (unsigned long long)refusals, (unsigned long long)forks);
    expect(args.operations < SMOKE || (faults > SMOKE / 3 && sigbus > SMOKE / 100 &&
                                       refusals > SMOKE / 100 && forks > SMOKE / 200),
           "too little happened");
    return 0;
}
