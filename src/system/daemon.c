/* daemon.c - time passes: I/O completes, kswapd, the flusher and khugepaged do their work.
 *
 * Daemons run at points of virtual time like everybody else. A round of kswapd is done at once when
 * its time comes; the CPU time it took moves its next round on by as much, and a pause that it asks
 * for by more, so that however much there is to do, time passes and the loop below ends. Flushers
 * know when they run next (balance/flusher.c). zswap's worker runs when a full pool asks for it. */
#include "balance/kcompactd.h"
#include "balance/kswapd.h"
#include "balance/writeback.h"
#include "system/system_int.h"

#define KSWAPD_ROUND_NS_MIN (1 * NS_PER_US)
#define KCOMPACTD_NS_MIN    (1 * NS_PER_US)
#define ZSWAP_ROUND_NS_MIN  (1 * NS_PER_US)
#define STATS_FLUSH_NS      (2 * NS_PER_S) /* FLUSH_TIME of mm/memcontrol.c */

/* Run a daemon's step with the CPU account of its own. */
static u64 take_ns(struct mem *mem)
{
    u64 ns = mem->cpu_ns;

    mem->cpu_ns = 0;
    mem->step_start = mem->clock->now;
    return ns;
}

/* It runs on the CPUs of its node: on the one of the moment if that is there, else on the first. */
static unsigned kswapd_cpu(const struct system *s, unsigned nid)
{
    u64 cpus = s->frames.topology.cpus[nid];

    if (!cpus || cpus >> s->mem.cpu & 1)
        return s->mem.cpu;
    return (unsigned)__builtin_ctzll(cpus);
}

static void kswapd_round(struct system *s, struct pgdat *pgdat)
{
    struct mem *mem = &s->mem;
    struct task *kswapd = s->kswapds[pgdat->nid];
    u64 kept = take_ns(mem), ns;
    ns_t start = s->clock.now;
    unsigned cpu = mem->cpu;
    struct wait wait;

    mem->cpu = kswapd_cpu(s, pgdat->nid);
    kswapd_step(mem, pgdat, &wait);
    if (unlikely(mem->aging.oom_wanted)) {
        const struct oom_control oc = {.nodes = NODES_ALL, .purpose = PURPOSE_KERNEL_PAGE};

        mem->aging.oom_wanted = false;
        oom_kill(s, kswapd, &oc);
    }
    mem->cpu = cpu;
    ns = take_ns(mem);
    mem->cpu_ns = kept;
    s->daemon_ns += ns;
    s->kswapds_ns += ns;
    kswapd->cpu_sys_ns += ns;
    pgdat->kswapd.at = MAX(start + MAX(ns, KSWAPD_ROUND_NS_MIN), s->clock.now);
    if (wait.cause != WAIT_NOTHING && wait.until > pgdat->kswapd.at) {
        kswapd->wait_ns[wait.cause] += wait.until - pgdat->kswapd.at;
        pgdat->kswapd.at = wait.until;
    }
}

/* One that is woken meanwhile adds itself to kswapds_at. */
static void kswapd_rounds(struct system *s)
{
    if (s->mem.kswapds_at > s->clock.now)
        return;
    s->mem.kswapds_at = NS_NEVER;
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        struct pgdat *pgdat = &s->frames.nodes[nid];

        if (pgdat->kswapd.awake && pgdat->kswapd.at <= s->clock.now)
            kswapd_round(s, pgdat);
        if (pgdat->kswapd.awake)
            s->mem.kswapds_at = MIN(s->mem.kswapds_at, pgdat->kswapd.at);
    }
}

/* What the step cost is the daemon's; it goes on when that time has passed. */
static ns_t kcompactd_run(struct system *s, struct pgdat *pgdat,
                          void (*step)(struct mem *mem, struct pgdat *pgdat))
{
    struct mem *mem = &s->mem;
    u64 kept = take_ns(mem), ns;

    step(mem, pgdat);
    ns = take_ns(mem);
    mem->cpu_ns = kept;
    s->daemon_ns += ns;
    return s->clock.now + ns;
}

static ns_t kcompactd_due(const struct kcompactd *k)
{
    return unlikely(k->awake) ? MIN(k->at, k->look_at) : k->look_at;
}

static void kcompactd_rounds(struct system *s)
{
    if (s->mem.kcompactds_at > s->clock.now)
        return;
    s->mem.kcompactds_at = NS_NEVER;
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        struct pgdat *pgdat = &s->frames.nodes[nid];
        struct kcompactd *k = &pgdat->kcompactd;
        ns_t end = s->clock.now;

        if (kcompactd_due(k) <= s->clock.now) {
            if (k->awake && k->at <= s->clock.now)
                end = kcompactd_run(s, pgdat, kcompactd_step);
            else
                end = kcompactd_run(s, pgdat, kcompactd_look);
            k->at = MAX(k->at, end); /* one thread does both */
            k->look_at = MAX(k->look_at, end + KCOMPACTD_NS_MIN);
        }
        s->mem.kcompactds_at = MIN(s->mem.kcompactds_at, kcompactd_due(k));
    }
}

static void flusher_round(struct system *s)
{
    struct mem *mem = &s->mem;
    u64 kept = take_ns(mem);

    flusher_step(mem);
    s->daemon_ns += take_ns(mem);
    mem->cpu_ns = kept;
}

/* One page of the pool; a pool that is full again wakes the worker again. */
static void zswap_round(struct system *s)
{
    struct mem *mem = &s->mem;
    u64 kept = take_ns(mem), ns;

    mem->policy = NULL; /* it is nobody's task */
    zswap_shrink_step(mem);
    ns = take_ns(mem);
    mem->cpu_ns = kept;
    s->daemon_ns += ns;
    s->zswap_at = s->clock.now + MAX(ns, ZSWAP_ROUND_NS_MIN);
    if (io_write_queue_full(mem)) /* it sleeps for a free request */
        s->zswap_at = MAX(s->zswap_at, io_next_write(mem));
}

/* One range of memory. */
static void khugepaged_round(struct system *s)
{
    struct mem *mem = &s->mem;
    u64 kept = take_ns(mem), ns;
    u32 *over_high = mem->over_high;

    mem->over_high = NULL; /* not the running task's charges */
    khugepaged_step(&s->khugepaged);
    mem->over_high = over_high;
    ns = take_ns(mem);
    mem->cpu_ns = kept;
    s->daemon_ns += ns;
    s->khugepaged.at += ns;
}

static ns_t zswap_due(const struct system *s)
{
    if (likely(!s->swap.zswap) || !s->swap.zswap->shrink_wanted)
        return NS_NEVER;
    return s->zswap_at;
}

/* Statistics of groups become up to date for reclaim: by the kernel's own round, or because
 * somebody reads them. */
static void stats_flush(struct system *s)
{
    u64 reader_ns = s->tunables.x_stat_reader_us * NS_PER_US;

    groups_flush_stats(&s->groups);
    s->stats_at = s->clock.now + (reader_ns ? MIN(reader_ns, STATS_FLUSH_NS) : STATS_FLUSH_NS);
}

/* The loop below asks before every slice of a task: nothing is called unless something may be
 * due. */
static ns_t daemons_due(struct system *s)
{
    const struct heap_item *flusher;
    ns_t due = MIN(s->mem.kswapds_at, s->load_at), at;

    due = MIN(due, s->mem.kcompactds_at);
    due = MIN(due, s->stats_at);
    if (unlikely(s->mem.flusher_wanted))
        flushers_start_all(&s->mem);
    flusher = heap_peek(&s->backing.flushers);
    if (flusher && flusher->key < due) { /* or it was put off meanwhile */
        at = flusher_due(&s->mem);
        due = MIN(due, at);
    }
    at = zswap_due(s);
    due = MIN(due, at);
    at = khugepaged_due(&s->khugepaged);
    return MIN(due, at);
}

void system_run_until(struct system *s, ns_t until, u64 *ret_daemon_ns)
{
    for (;;) {
        ns_t due = daemons_due(s);

        if (unlikely(s->watch && s->watch_at <= MIN(due, until))) {
            clock_run_until(&s->clock, MAX(s->watch_at, s->clock.now));
            s->watch(s->watch_ctx);
            continue;
        }
        if (likely(due > until))
            break;
        clock_run_until(&s->clock, MAX(due, s->clock.now));
        s->mem.policy = NULL; /* daemons have neither */
        s->mem.mems_allowed = NODES_ALL;
        if (s->load_at <= s->clock.now)
            loadavg_update(s);
        if (unlikely(s->stats_at <= s->clock.now))
            stats_flush(s);
        kswapd_rounds(s);
        kcompactd_rounds(s);
        if (flusher_due(&s->mem) <= s->clock.now)
            flusher_round(s);
        if (zswap_due(s) <= s->clock.now)
            zswap_round(s);
        if (khugepaged_due(&s->khugepaged) <= s->clock.now)
            khugepaged_round(s);
    }
    if (unlikely(clock_next(&s->clock) <= until))
        clock_run_until(&s->clock, until);
    s->clock.now = MAX(s->clock.now, until);
    s->mem.step_start = s->clock.now;
    *ret_daemon_ns = s->daemon_ns;
    s->daemon_ns = 0;
}

u64 system_take_cpu_ns(struct system *s)
{
    return take_ns(&s->mem);
}
