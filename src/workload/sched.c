/* sched.c - run queues and virtual time.
 *
 * A step:
 *   1. of the busy CPUs take the one whose clock is furthest behind; but first wake every sleeper
 *      that is due by then, in order of time, because a woken task may land on an idle CPU that is
 *      further behind still;
 *   2. give its current task (or the least served one in its queue) a slice that ends with its 3
 *      ms, with the next wake-up, or one quantum past the slowest other busy CPU, whichever is
 *      first;
 *   3. let it run, move the CPU's clock on, and put the task where its answer says.
 *
 * A CPU left idle takes the longest-waiting task from another queue. Kernel daemons (kswapd, the
 * flusher) run inside system_run_until(): on an idle CPU when there is one, else their CPU time
 * delays the task that is running.
 */
#include "workload/sched.h"

#include "base/alloc.h"
#include "system/pressure.h"

void sched_init(struct sched *s, struct system *system)
{
    *s = (struct sched){.system = system, .nr_cpus = system->config.nr_cpus};
    s->cpus = xcalloc(s->nr_cpus, sizeof(*s->cpus));
    s->oom_kills_seen = system->oom_kills;
    s->memstall_ns_seen = system->mem.memstall_ns;
    s->kswapd_ns_seen = system->kswapds_ns;
    heap_init(&s->wakeups);
}

void sched_done(struct sched *s)
{
    for (unsigned i = 0; i < s->nr_cpus; i++)
        vec_done(&s->cpus[i].queue);
    free(s->cpus);
    heap_done(&s->wakeups);
    vec_done(&s->tasks);
}

u32 sched_weight(int nice)
{
    static const u32 weights[] = {
        88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
        9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,
        1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,
        110,   87,    70,    56,    45,    36,    29,    23,    18,    15,
    };

    assert(nice >= SCHED_NICE_MIN && nice <= SCHED_NICE_MAX);
    return weights[nice - SCHED_NICE_MIN];
}

/* For the pressure figures: what st does from now on. */
static void account(struct sched_task *st, unsigned cpu, u32 flags, ns_t now)
{
    if (st->task)
        pressure_set(st->task, cpu, flags, now);
}

/* CPUs have clocks of their own: idle time begins when the last one is done. */
static void set_busy(struct sched *s, struct sched_task *st, bool busy, ns_t now)
{
    if (st->unjudged || st->busy == busy)
        return;
    st->busy = busy;
    if (busy && s->nr_busy++ == 0)
        s->idle_ns += now > s->busy_until ? now - s->busy_until : 0;
    else if (!busy)
        s->nr_busy--;
    s->busy_until = MAX(s->busy_until, now);
}

ns_t sched_idle_ns(const struct sched *s, ns_t now)
{
    return s->idle_ns + (s->nr_busy == 0 && now > s->busy_until ? now - s->busy_until : 0);
}

static bool cpu_idle(const struct sched_cpu *c)
{
    return !c->current && c->queue.count == 0;
}

static bool may_run(const struct sched_task *st, unsigned cpu)
{
    return !st->task || st->task->cpus_allowed >> cpu & 1;
}

/* Where it ran last if that CPU is idle; else an idle one, of that CPU's node first; else the
 * shortest queue. */
static unsigned choose_cpu(const struct sched *s, const struct sched_task *st)
{
    const u8 *nid = s->system->frames.cpu_nid;
    unsigned best = s->nr_cpus, idle = s->nr_cpus;

    if (cpu_idle(&s->cpus[st->cpu]) && may_run(st, st->cpu))
        return st->cpu;
    if (may_run(st, st->cpu))
        best = st->cpu;
    for (unsigned i = 0; i < s->nr_cpus; i++) {
        if (!may_run(st, i))
            continue;
        if (cpu_idle(&s->cpus[i]) &&
            (idle == s->nr_cpus || (nid[i] == nid[st->cpu] && nid[idle] != nid[st->cpu])))
            idle = i;
        if (best == s->nr_cpus || s->cpus[i].queue.count < s->cpus[best].queue.count)
            best = i;
    }
    return idle < s->nr_cpus ? idle : best;
}

static void enqueue(struct sched *s, struct sched_task *st, ns_t now)
{
    struct sched_cpu *c;

    st->cpu = choose_cpu(s, st);
    c = &s->cpus[st->cpu];
    if (cpu_idle(c))
        c->now = MAX(c->now, now);
    else if (c->current && c->current->vruntime > st->vruntime + SCHED_WAKEUP_GRAIN)
        c->resched = true;
    st->state = SCHED_QUEUED;
    st->waiting_since = now;
    vec_push(&c->queue, st);
    account(st, st->cpu, PSI_TSK_RUNNING, now);
    set_busy(s, st, true, now);
}

/* Newcomers go round the CPUs that they may run on. */
static unsigned nth_allowed_cpu(const struct sched *s, const struct sched_task *st, size_t n)
{
    u64 allowed = UINT64_MAX >> (64 - s->nr_cpus);

    if (st->task)
        allowed &= st->task->cpus_allowed;
    assert(allowed);
    return mempolicy_interleave_at(allowed, n);
}

void sched_add(struct sched *s, struct sched_task *st, ns_t now)
{
    assert(st->state == SCHED_NEW && st->run);
    st->vruntime = s->floor;
    st->cpu = nth_allowed_cpu(s, st, s->tasks.count);
    vec_push(&s->tasks, st);
    enqueue(s, st, now);
}

void sched_wake(struct sched *s, struct sched_task *st, ns_t now)
{
    ns_t credit = MIN(s->floor, (ns_t)SCHED_SLICE);

    if (st->state != SCHED_WAITING && st->state != SCHED_BLOCKED)
        return;
    if (st->task) {
        st->task->wait_ns[st->task->wait.cause] +=
            now > st->waiting_since ? now - st->waiting_since : 0;
        if (st->task->state == TASK_WAITING)
            st->task->state = TASK_RUNNING;
    }
    st->turn++;
    st->vruntime = MAX(st->vruntime, s->floor - credit);
    enqueue(s, st, now);
}

static bool take_from_queue(struct sched_cpu *c, const struct sched_task *st)
{
    for (size_t i = 0; i < c->queue.count; i++) {
        if (c->queue.items[i] != st)
            continue;
        c->queue.count--;
        for (; i < c->queue.count; i++)
            c->queue.items[i] = c->queue.items[i + 1];
        return true;
    }
    return false;
}

void sched_affinity_changed(struct sched *s, struct sched_task *st, ns_t now)
{
    struct sched_cpu *c = &s->cpus[st->cpu];

    if (may_run(st, st->cpu) || c == s->running)
        return;
    if (c->current == st)
        c->current = NULL;
    else if (!take_from_queue(c, st))
        return; /* it sleeps: it wakes where it may */
    enqueue(s, st, MAX(now, c->now));
}

void sched_affinities_changed(struct sched *s)
{
    vec_for_each (&s->tasks, at)
        if ((*at)->state == SCHED_QUEUED || (*at)->state == SCHED_ON_CPU)
            sched_affinity_changed(s, *at, 0);
}

void sched_wake_killed(struct sched *s, ns_t now)
{
    vec_for_each (&s->tasks, at) {
        const struct task *t = (*at)->task;

        if (t && (t->killed || t->state >= TASK_ZOMBIE))
            sched_wake(s, *at, now);
    }
}

/* The busy CPU that is furthest behind; nr_cpus when all are idle. */
static unsigned slowest_cpu(const struct sched *s, unsigned except)
{
    unsigned best = s->nr_cpus;

    for (unsigned i = 0; i < s->nr_cpus; i++)
        if (i != except && !cpu_idle(&s->cpus[i]) &&
            (best == s->nr_cpus || s->cpus[i].now < s->cpus[best].now))
            best = i;
    return best;
}

/* Forget wake-ups whose task was woken otherwise. */
static const struct heap_item *next_wakeup(struct sched *s)
{
    const struct heap_item *h;

    while ((h = heap_peek(&s->wakeups))) {
        const struct sched_task *st = h->ptr;

        if (st->state == SCHED_WAITING && st->turn == h->num)
            return h;
        heap_pop(&s->wakeups);
    }
    return NULL;
}

static struct sched_task *take_least_served(struct sched_cpu *c)
{
    size_t best = 0;
    struct sched_task *st;

    for (size_t i = 1; i < c->queue.count; i++)
        if (c->queue.items[i]->vruntime < c->queue.items[best]->vruntime)
            best = i;
    st = c->queue.items[best];
    c->queue.count--;
    for (size_t i = best; i < c->queue.count; i++)
        c->queue.items[i] = c->queue.items[i + 1];
    return st;
}

static void put_current(struct sched_cpu *c)
{
    if (c->current->task)
        c->current->task->nivcsw++;
    c->current->state = SCHED_QUEUED;
    c->current->waiting_since = c->now;
    vec_push(&c->queue, c->current);
    account(c->current, c->current->cpu, PSI_TSK_RUNNING, c->now);
    c->current = NULL;
}

static void pick(struct sched *s, struct sched_cpu *c)
{
    if (c->current && c->queue.count && (c->resched || c->now >= c->slice_end))
        put_current(c);
    c->resched = false;
    if (c->current)
        return;
    c->current = take_least_served(c);
    c->current->state = SCHED_ON_CPU;
    c->current->cpu = (unsigned)(c - s->cpus);
    account(c->current, c->current->cpu, PSI_TSK_RUNNING | PSI_TSK_ONCPU, c->now);
    c->slice_end = c->now + SCHED_SLICE;
    if (c->last && c->last != c->current) {
        c->now += s->system->cost.context_switch;
        s->system->cpu_times[c - s->cpus].system_ns += s->system->cost.context_switch;
    }
    /* The idle task is one to switch from and to, which costs nobody anything. */
    s->system->nr_switches += c->idled || (c->last && c->last != c->current);
    c->idled = false;
    c->last = c->current;
    if (c->current->task && c->current->task->mm)
        mm_used(c->current->task->mm);
}

/* An idle CPU takes the task that has waited longest elsewhere. */
static void take_work(struct sched *s, struct sched_cpu *idle)
{
    struct sched_cpu *from = NULL;
    size_t at = 0;

    for (unsigned i = 0; i < s->nr_cpus; i++) {
        struct sched_cpu *c = &s->cpus[i];

        for (size_t q = 0; q < c->queue.count; q++) {
            if (!may_run(c->queue.items[q], (unsigned)(idle - s->cpus)))
                continue;
            if (!from || c->queue.items[q]->waiting_since < from->queue.items[at]->waiting_since) {
                from = c;
                at = q;
            }
        }
    }
    /* A queue whose CPU runs nothing will be served by that CPU. */
    if (!from || (!from->current && from->queue.count == 1))
        return;
    idle->now = MAX(idle->now, from->queue.items[at]->waiting_since);
    vec_push(&idle->queue, from->queue.items[at]);
    from->queue.count--;
    for (size_t q = at; q < from->queue.count; q++)
        from->queue.items[q] = from->queue.items[q + 1];
}

static void raise_floor(struct sched *s)
{
    ns_t least = ~(ns_t)0;

    for (unsigned i = 0; i < s->nr_cpus; i++)
        if (s->cpus[i].current)
            least = MIN(least, s->cpus[i].current->vruntime);
    if (least != ~(ns_t)0)
        s->floor = MAX(s->floor, least);
}

static void settle(struct sched *s, struct sched_cpu *c, enum sched_result result)
{
    struct sched_task *st = c->current;

    raise_floor(s);
    switch (result) {
    case SCHED_GO_ON:
        if (likely(may_run(st, st->cpu)))
            return;
        c->current = NULL;
        enqueue(s, st, c->now);
        if (c->queue.count == 0)
            take_work(s, c);
        return;
    case SCHED_WAIT:
        st->state = SCHED_WAITING;
        st->waiting_since = c->now;
        heap_push(&s->wakeups, st->task->wait.until, st, st->turn);
        account(st, st->cpu, pressure_wait_flags(st->task), c->now);
        set_busy(s, st, st->task->wait.cause != WAIT_SLEEP, c->now);
        break;
    case SCHED_BLOCK:
        st->state = SCHED_BLOCKED;
        st->waiting_since = c->now;
        account(st, st->cpu, 0, c->now);
        set_busy(s, st, st->task && st->task->wait.cause != WAIT_SLEEP, c->now);
        break;
    case SCHED_DONE:
        st->state = SCHED_ENDED;
        account(st, st->cpu, 0, c->now);
        set_busy(s, st, false, c->now);
        break;
    }
    c->current = NULL;
    if (st->task && result != SCHED_DONE)
        st->task->nvcsw++;
    if (c->queue.count == 0)
        take_work(s, c);
    if (c->queue.count == 0) {
        c->idled = true;
        s->system->nr_switches++;
    }
}

/* CPU time as it counts for its turn: less for one of more weight. */
static ns_t weighted(const struct sched_task *st, ns_t ns)
{
    return st->weight && st->weight != SCHED_WEIGHT_0 ? ns * SCHED_WEIGHT_0 / st->weight : ns;
}

ns_t sched_next(struct sched *s)
{
    unsigned cpu = slowest_cpu(s, s->nr_cpus);
    const struct heap_item *wakeup = next_wakeup(s);
    ns_t next = wakeup ? wakeup->key : NS_NEVER;

    return cpu < s->nr_cpus ? MIN(next, s->cpus[cpu].now) : next;
}

/* The task of a CPU goes to an idle one of the node that has most of its memory
 * (numa_migrate_preferred). */
static bool move_to_memory(struct sched *s, struct sched_cpu *c)
{
    struct sched_task *st = c->current;
    struct task_numa *tn = &st->task->numa;

    tn->wants_move = false;
    for (unsigned i = 0; i < s->nr_cpus; i++) {
        if (s->system->frames.cpu_nid[i] != tn->preferred_nid || !cpu_idle(&s->cpus[i]) ||
            !may_run(st, i))
            continue;
        c->current = NULL;
        account(st, st->cpu, 0, c->now);
        st->cpu = i;
        enqueue(s, st, c->now);
        if (c->queue.count == 0)
            take_work(s, c);
        return true;
    }
    return false;
}

/* Before a task runs. True: it has gone to another CPU. */
static bool balance(struct sched *s, struct sched_cpu *c)
{
    struct task *t = c->current->task;
    u64 ns;

    system_balance_task(s->system, t, c->now);
    ns = system_take_cpu_ns(s->system);
    t->cpu_sys_ns += ns;
    c->now += ns;
    s->system->cpu_times[t->cpu].system_ns += ns;
    return t->numa.wants_move && move_to_memory(s, c);
}

bool sched_step(struct sched *s)
{
    struct sched_slice slice = {.sched = s};
    const struct heap_item *wakeup;
    enum sched_result result;
    struct sched_cpu *c;
    unsigned cpu, other;
    ns_t began;

    if (s->attend)
        s->attend(s->attend_ctx);
    for (;;) {
        cpu = slowest_cpu(s, s->nr_cpus);
        wakeup = next_wakeup(s);
        if (!wakeup || (cpu < s->nr_cpus && wakeup->key > s->cpus[cpu].now))
            break;
        sched_wake(s, wakeup->ptr, wakeup->key);
    }
    if (cpu == s->nr_cpus)
        return false;
    c = &s->cpus[cpu];
    began = c->now;
    pick(s, c);
    if (c->current->task)
        c->current->task->cpu = cpu;
    s->system->mem.cpu = cpu;
    if (unlikely(numa_balancing_on(&s->system->mem)) && c->current->task && balance(s, c))
        return true;
    slice.now = c->now;
    slice.end = c->queue.count ? c->slice_end : c->now + SCHED_SLICE;
    if (wakeup)
        slice.end = MIN(slice.end, wakeup->key);
    other = slowest_cpu(s, cpu);
    if (other < s->nr_cpus)
        slice.end = MIN(slice.end, s->cpus[other].now + SCHED_QUANTUM);
    s->running = c;
    result = c->current->run(c->current, &slice);
    s->running = NULL;
    assert(slice.now >= c->now);
    c->current->vruntime += weighted(c->current, slice.now - began);
    c->now = slice.now;
    settle(s, c, result);
    if (s->system->oom_kills != s->oom_kills_seen) {
        s->oom_kills_seen = s->system->oom_kills;
        sched_wake_killed(s, c->now);
    }
    return true;
}

ns_t sched_now(const struct sched *s)
{
    unsigned cpu = slowest_cpu(s, s->nr_cpus);
    ns_t latest = 0;

    if (cpu < s->nr_cpus)
        return s->cpus[cpu].now;
    for (unsigned i = 0; i < s->nr_cpus; i++)
        latest = MAX(latest, s->cpus[i].now);
    return latest;
}

static void account_kswapd(struct sched *s, unsigned cpu, bool idle, ns_t now)
{
    u64 ns = s->system->kswapds_ns - s->kswapd_ns_seen;

    s->kswapd_ns_seen += ns;
    pressure_kswapd(s->system, cpu, idle, now - MIN(ns, now), now);
}

void sched_enter(struct sched_slice *slice, struct task *task)
{
    struct sched *s = slice->sched;
    u64 daemon_ns = 0;

    if (s->attend)
        s->attend(s->attend_ctx);
    system_run_until(s->system, MAX(slice->now, s->system->clock.now), &daemon_ns);
    if (likely(daemon_ns == 0))
        return;
    s->daemon_ns += daemon_ns;
    for (unsigned i = 0; i < s->nr_cpus; i++) {
        if (!cpu_idle(&s->cpus[i]))
            continue;
        account_kswapd(s, i, true, slice->now); /* it ran there */
        s->system->cpu_times[i].system_ns += daemon_ns;
        return;
    }
    slice->now += daemon_ns;
    s->system->cpu_times[task->cpu].system_ns += daemon_ns;
    account_kswapd(s, task->cpu, false, slice->now);
}

void sched_leave(struct sched_slice *slice, struct task *task)
{
    struct sched *s = slice->sched;
    u64 memstall_ns = s->system->mem.memstall_ns - s->memstall_ns_seen;
    u64 ns = system_take_cpu_ns(s->system);

    slice->now += ns;
    task->cpu_sys_ns += ns;
    s->system->cpu_times[task->cpu].system_ns += ns;
    if (unlikely(memstall_ns)) {
        s->memstall_ns_seen += memstall_ns;
        pressure_reclaim(task, slice->now - MIN(memstall_ns, ns), slice->now);
    }
}

void sched_check(const struct sched *s)
{
    for (unsigned i = 0; i < s->nr_cpus; i++) {
        const struct sched_cpu *c = &s->cpus[i];

        assert(!c->current || c->current->state == SCHED_ON_CPU);
        for (size_t q = 0; q < c->queue.count; q++) {
            assert(c->queue.items[q]->state == SCHED_QUEUED);
            assert(c->queue.items[q] != c->current);
        }
    }
    heap_check(&s->wakeups);
}
