/* replay_order.c - what of a recording may happen when.
 *
 * Order stamps are total, so "stream A may go on when all others have passed stamp S" can never be
 * a circle: of all that wait, the one with the least S waits for nobody who waits.
 *
 * A stream that must wait hangs itself on *one* stream that is still behind S, and looks again when
 * that one has passed S. The one furthest behind is on top of a heap, whose keys are brought up to
 * date only when somebody looks. So a wait costs O(log streams) per look, and a stream that nobody
 * waits for pays one compare per operation. Streams that have not started stand in order of their
 * first stamp; only the first of them can be the one behind.
 */
#include "system/cpuset.h"
#include "system/mempolicy.h"
#include "workload/replay_int.h"

#include "base/alloc.h"

#include <stdlib.h>

static int cmp_u64(u64 a, u64 b)
{
    return (a > b) - (a < b);
}

static int cmp_stamp(const void *a, const void *b)
{
    const struct replay_stream *x = *(struct replay_stream *const *)a;
    const struct replay_stream *y = *(struct replay_stream *const *)b;
    int c = cmp_u64(x->trace->start_stamp, y->trace->start_stamp);

    return c ? c : cmp_u64(x->trace->id, y->trace->id);
}

static int cmp_pid(const void *a, const void *b)
{
    const struct replay_stream *x = *(struct replay_stream *const *)a;
    const struct replay_stream *y = *(struct replay_stream *const *)b;
    int c = cmp_u64(x->trace->pid, y->trace->pid);

    return c ? c : cmp_stamp(a, b);
}

void order_init(struct replay *r)
{
    u32 n = r->config.trace->nr_streams;

    heap_init(&r->by_next);
    r->by_pid = xcalloc(n, sizeof(struct replay_stream *));
    r->by_stamp = xcalloc(n, sizeof(struct replay_stream *));
    for (u32 i = 0; i < n; i++)
        r->by_pid[i] = r->by_stamp[i] = &r->streams[i];
    qsort(r->by_pid, n, sizeof(struct replay_stream *), cmp_pid);
    qsort(r->by_stamp, n, sizeof(struct replay_stream *), cmp_stamp);
}

void order_done(struct replay *r)
{
    free(r->by_pid);
    free(r->by_stamp);
    vec_done(&r->live);
    heap_done(&r->by_next);
}

/* First index of by_pid with this pid or a higher one. */
static u32 lower_bound(const struct replay *r, u32 pid)
{
    u32 low = 0, high = r->config.trace->nr_streams;

    while (low < high) {
        u32 mid = low + (high - low) / 2;

        if (r->by_pid[mid]->trace->pid < pid)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* By pid alone: a child may have got its first stamp before its parent's fork returned and got
 * one. */
struct replay_stream *order_find(const struct replay *r, u32 pid, u32 flag)
{
    for (u32 i = lower_bound(r, pid); i < r->config.trace->nr_streams; i++) {
        struct replay_stream *rs = r->by_pid[i];

        if (rs->trace->pid != pid)
            break;
        if (rs->state == STREAM_UNSTARTED && rs->trace->start == HWT_OP_PROC_START &&
            (rs->trace->start_flags & (HWT_PROC_EXEC | HWT_PROC_FORKED)) == flag)
            return rs;
    }
    return NULL;
}

u64 order_next_stamp(const struct replay_stream *rs)
{
    const struct trace_cursor *c = &rs->cursor;

    if (rs->state == STREAM_UNSTARTED)
        return rs->trace->start_stamp;
    if (rs->state != STREAM_LIVE)
        return STAMP_NEVER;
    for (size_t i = rs->next_op; i < c->nr_ops; i++)
        if (c->ops[i].opcode != TRACE_OP_ADVANCE)
            return c->ops[i].stamp;
    for (size_t i = c->next_chunk; i < rs->trace->nr_chunks; i++)
        if (rs->trace->chunks[i].first_stamp)
            return rs->trace->chunks[i].first_stamp;
    return STAMP_NEVER;
}

static struct replay_stream *first_unstarted(struct replay *r)
{
    while (r->first_unstarted < r->config.trace->nr_streams) {
        struct replay_stream *rs = r->by_stamp[r->first_unstarted];

        if (rs->state == STREAM_UNSTARTED)
            return rs;
        r->first_unstarted++;
    }
    return NULL;
}

/* The live stream with the least next stamp, NULL when there is none. Stamps of a recording only
 * grow, so a key of the heap that is out of date is too low, and only what comes to its top is
 * looked at. */
static struct replay_stream *least_live(struct replay *r)
{
    const struct heap_item *top;

    while ((top = heap_peek(&r->by_next))) {
        struct replay_stream *rs = top->ptr;
        u64 next = order_next_stamp(rs);

        if (next == top->key && next != STAMP_NEVER)
            return rs;
        heap_pop(&r->by_next);
        if (next != STAMP_NEVER)
            heap_push(&r->by_next, next, rs, 0);
    }
    return NULL;
}

void order_add_live(struct replay_stream *rs)
{
    struct replay *r = rs->replay;

    vec_push(&r->live, rs);
    if (!r->config.fill)
        heap_push(&r->by_next, rs->trace->start_stamp, rs, 0);
}

/* A generated stream may have stamps again after it had none. */
static struct replay_stream *find_behind_filled(struct replay *r, const struct replay_stream *self,
                                                u64 stamp)
{
    for (size_t i = 0; i < r->live.count; i++)
        if (r->live.items[i] != self && order_next_stamp(r->live.items[i]) < stamp)
            return r->live.items[i];
    return NULL;
}

/* Some stream other than `self` that has not passed all operations before `stamp`. One that waits
 * for `stamp` has not passed its own, and so is not in its own way. */
static struct replay_stream *find_behind(struct replay *r, const struct replay_stream *self,
                                         u64 stamp)
{
    struct replay_stream *rs = r->config.fill ? find_behind_filled(r, self, stamp) : least_live(r);

    if (rs && rs != self && order_next_stamp(rs) < stamp)
        return rs;
    rs = first_unstarted(r);
    return rs && rs != self && rs->trace->start_stamp < stamp ? rs : NULL;
}

/* The same among the streams of its own process. */
static struct replay_stream *find_own_behind(struct replay *r, const struct replay_stream *self,
                                             u64 stamp)
{
    u32 pid = self->trace->pid;

    for (u32 i = lower_bound(r, pid); i < r->config.trace->nr_streams; i++) {
        struct replay_stream *rs = r->by_pid[i];

        if (rs->trace->pid != pid || rs->trace->start_stamp >= stamp)
            break;
        if (rs != self && order_next_stamp(rs) < stamp)
            return rs;
    }
    return NULL;
}

bool order_passed(struct replay_stream *rs, u64 stamp, bool own)
{
    struct replay_stream *behind =
        own ? find_own_behind(rs->replay, rs, stamp) : find_behind(rs->replay, rs, stamp);

    if (!behind)
        return true;
    rs->wants = stamp;
    rs->own = own;
    rs->next_waiter = behind->waiters;
    if (!behind->waiters || stamp < behind->waiters_want)
        behind->waiters_want = stamp;
    behind->waiters = rs;
    return false;
}

static void start_thread(struct replay *r, struct replay_stream *rs, ns_t now)
{
    struct replay_stream *peer = NULL;
    struct task *task;

    for (size_t i = 0; i < r->live.count && !peer; i++)
        if (r->live.items[i]->trace->pid == rs->trace->pid &&
            r->live.items[i]->st.task->state < TASK_ZOMBIE)
            peer = r->live.items[i];
    if (!peer) {
        replay_stream_end(rs, STREAM_DROPPED, now);
        return;
    }
    task = system_thread_new(r->config.system, peer->st.task, rs->trace->tid + r->config.pid_base);
    peer->proc->users++;
    replay_stream_start(rs, task, peer->proc, now);
}

/* Where it runs and has its memory: as the workload says, or the machine (numactl). */
static void place_task(const struct replay_config *c, struct task *task)
{
    const struct system *s = c->system;
    struct mempolicy numa = c->numa ? *c->numa : s->config.numa;
    u64 cpus = c->cpus ? c->cpus : system_config_cpus(&s->config, &s->frames.topology);
    int rc = mempolicy_fit(&numa, &s->frames.topology, NULL);

    assert(rc == 0); /* whoever wished for it was told otherwise */
    if (mempolicy_set(&numa, cpuset_mems_allowed(s, task)) == 0)
        task_mempolicy_set(&task->mempolicy, numa);
    system_set_affinity(c->system, task, cpus); /* of a cpuset that has none of them, all */
}

static void start_process(struct replay *r, struct replay_stream *rs, ns_t now)
{
    const struct replay_config *c = &r->config;
    u32 ppid = rs->trace->ppid ? rs->trace->ppid + c->pid_base : 0;
    struct task *task =
        system_task_new(c->system, replay_group(rs), rs->trace->pid + c->pid_base, ppid, "");

    task->oom_score_adj = task->oom_score_adj_min = c->oom_score_adj;
    place_task(c, task);
    task->uid = c->uid;
    task->nice = c->nice;
    replay_stream_start(rs, task, replay_proc_new(), now);
}

static bool waits_for_stamp(const struct replay_stream *rs)
{
    return rs->trace->start == HWT_OP_THREAD_START || rs->trace->start_flags == 0;
}

void order_start_due(struct replay *r, ns_t now)
{
    struct replay_stream *rs;

    while ((rs = first_unstarted(r)) && waits_for_stamp(rs) &&
           !find_behind(r, rs, rs->trace->start_stamp)) {
        if (rs->trace->start == HWT_OP_THREAD_START)
            start_thread(r, rs, now);
        else
            start_process(r, rs, now);
    }
}

/* Those that waited for rs look again. A thread that is not started waits for all, so it is looked
 * at as well. */
static void wake_waiters(struct replay_stream *rs, u64 passed, ns_t now)
{
    struct replay_stream *w = rs->waiters;
    u64 least = STAMP_NEVER;

    rs->waiters = NULL;
    while (w) {
        struct replay_stream *next = w->next_waiter;

        w->next_waiter = NULL;
        if (passed < w->wants) {
            w->next_waiter = rs->waiters;
            rs->waiters = w;
            least = MIN(least, w->wants);
        } else if (w->state == STREAM_LIVE && order_passed(w, w->wants, w->own)) {
            sched_wake(replay_sched(rs->replay), &w->st, now);
        }
        w = next;
    }
    if (rs->waiters)
        rs->waiters_want = least;
}

void order_advance(struct replay_stream *rs, ns_t now)
{
    struct replay *r = rs->replay;
    struct replay_stream *unstarted;
    u64 next;

    if (!rs->waiters && r->first_unstarted >= r->config.trace->nr_streams)
        return;
    next = order_next_stamp(rs);
    if (rs->waiters && next >= rs->waiters_want)
        wake_waiters(rs, next, now);
    unstarted = first_unstarted(r);
    if (unstarted && next >= unstarted->trace->start_stamp)
        order_start_due(r, now);
}

/* The blocked stream that wants the least. */
static struct replay_stream *least_blocked(struct replay *r)
{
    struct replay_stream *best = NULL;

    for (size_t i = 0; i < r->live.count; i++) {
        struct replay_stream *rs = r->live.items[i];

        if (rs->st.state == SCHED_BLOCKED && (!best || rs->wants < best->wants))
            best = rs;
    }
    return best;
}

bool order_force(struct replay *r, ns_t now)
{
    struct replay_stream *rs = first_unstarted(r);
    struct replay_stream *blocked;

    if (rs) {
        r->stats.forced++;
        /* Its fork or exec is not in the recording, or never came to pass. */
        if (rs->trace->start == HWT_OP_THREAD_START)
            start_thread(r, rs, now);
        else if (rs->trace->start_flags == 0)
            start_process(r, rs, now);
        else
            replay_stream_end(rs, STREAM_DROPPED, now);
        return true;
    }
    blocked = least_blocked(r);
    if (!blocked)
        return false;
    r->stats.forced++;
    blocked->wants = 0;
    sched_wake(replay_sched(r), &blocked->st, now);
    return true;
}

void order_drop_children(struct replay *r, u32 pid, ns_t now)
{
    u32 n = r->config.trace->nr_streams;

    for (u32 i = r->first_unstarted; i < n; i++) {
        struct replay_stream *rs = r->by_stamp[i];
        bool child = rs->trace->start == HWT_OP_PROC_START &&
                     rs->trace->start_flags == HWT_PROC_FORKED && rs->trace->ppid == pid;

        if (rs->state != STREAM_UNSTARTED)
            continue;
        if (child || (rs->trace->pid == pid && !(rs->trace->start == HWT_OP_PROC_START &&
                                                 rs->trace->start_flags != HWT_PROC_EXEC))) {
            replay_stream_end(rs, STREAM_DROPPED, now);
            if (child)
                order_drop_children(r, rs->trace->pid, now);
        }
    }
}
