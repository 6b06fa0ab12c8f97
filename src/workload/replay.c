/* replay.c - running the events of a stream.
 *
 * The hot loop walks decoded events for as long as the TLB or the page table answers. All else
 * leaves it: a fault, an operation, the end of the slice, the end of the batch.
 *
 * A fault goes through system_access(). When that must wait, the stream keeps its place (`at`, with
 * `paid` set, so that the instructions before the event are charged once) and the same access is
 * made again when the scheduler comes back. User time is instructions times the cost model's
 * figure; it is brought to the clock before each call into the machine.
 */
#include "workload/replay_int.h"

#include "base/alloc.h"
#include "space/tlb.h"
#include "system/access.h"

/* As far below a stack as Linux lets it grow by default (ulimit -s). */
#define STACK_GROWTH_PAGES (8 * MIB / PAGE_SIZE)

const char *replay_outcome_name(enum replay_outcome outcome)
{
    switch (outcome) {
    case REPLAY_COMPLETED:
        return "completed";
    case REPLAY_OOM:
        return "oom";
    case REPLAY_REFUSED:
        return "refused";
    case REPLAY_PANIC:
        return "panic";
    case REPLAY_THRASH:
        return "thrash";
    case REPLAY_STOPPED:
        return "stopped";
    case REPLAY_FAILED:
        return "failed";
    }
    hw_unreachable();
}

/* One of config.only. */
static bool is_judged(const struct replay_stream *rs)
{
    const bool *only = rs->replay->config.only;

    return only && only[rs - rs->replay->streams];
}

static bool counts(const struct replay_stream *rs)
{
    return !rs->replay->config.only || is_judged(rs);
}

/* Busy time of the judged part up to `now`. */
static ns_t busy_ns(struct replay *r, ns_t now)
{
    ns_t idle = sched_idle_ns(replay_sched(r), now) - r->window.begun_idle_ns;
    ns_t all = now - MIN(r->window.begun_ns, now);

    return all - MIN(idle, all);
}

void replay_stream_waits(struct replay_stream *rs, ns_t now)
{
    struct replay *r = rs->replay;

    if (counts(rs) && r->window.begun)
        service_wait(&r->service, (u32)(rs - r->streams), now, busy_ns(r, now));
}

void replay_stream_wakes(struct replay_stream *rs, ns_t now)
{
    struct replay *r = rs->replay;

    if (counts(rs) && r->window.begun)
        service_wake(&r->service, (u32)(rs - r->streams), now);
}

/* The stream has passed an operation: is it the first behind a mark? */
static void note_marks(struct replay_stream *rs, const struct trace_op *op, ns_t now)
{
    struct replay *r = rs->replay;
    const struct trace *t = r->config.trace;

    if (!counts(rs))
        return;
    for (; r->next_mark < r->service.nr_marks && op->stamp > t->marks[r->next_mark].stamp;
         r->next_mark++)
        if (r->window.begun && !r->window.ended)
            r->service.marks[r->next_mark] = busy_ns(r, now);
}

void replay_init(struct replay *r, const struct replay_config *config)
{
    u32 n = config->trace->nr_streams;

    *r = (struct replay){.config = *config};
    service_init(&r->service, n, (u32)config->trace->nr_marks);
    if (!config->sched)
        sched_init(&r->sched, config->system);
    r->streams = xcalloc(n, sizeof(*r->streams));
    for (u32 i = 0; i < n; i++) {
        struct replay_stream *rs = &r->streams[i];

        rs->replay = r;
        rs->trace = &config->trace->streams[i];
        rs->st.run = replay_stream_run;
        rs->places_passed =
            config->from.kind == TRACE_PLACE_STAMP || config->to.kind == TRACE_PLACE_STAMP
                ? 0
                : NR_PLACES;
        rs->st.owner = rs;
        rs->st.unjudged = !counts(rs);
        trace_cursor_init(&rs->cursor, config->trace, i);
        r->only_left += is_judged(rs);
    }
    u64map_init(&r->instances);
    order_init(r);
}

void replay_done(struct replay *r)
{
    for (u32 i = 0; i < r->config.trace->nr_streams; i++) {
        trace_cursor_done(&r->streams[i].cursor);
        if (r->streams[i].proc)
            replay_proc_put(r, r->streams[i].proc);
    }
    order_done(r);
    service_done(&r->service);
    u64map_done(&r->instances);
    free(r->streams);
    if (!r->config.sched)
        sched_done(&r->sched);
}

struct group *replay_group(const struct replay_stream *rs)
{
    const struct replay_config *c = &rs->replay->config;

    return !c->only || is_judged(rs) ? c->group : c->others;
}

void replay_stream_start(struct replay_stream *rs, struct task *task, struct replay_proc *proc,
                         ns_t now)
{
    assert(rs->state == STREAM_UNSTARTED);
    rs->state = STREAM_LIVE;
    rs->replay->only_started |= is_judged(rs);
    rs->st.task = task;
    rs->proc = proc;
    task->owner = rs;
    order_add_live(rs);
    rs->st.weight = rs->replay->config.weight;
    sched_add(replay_sched(rs->replay), &rs->st, now);
}

void replay_stream_end(struct replay_stream *rs, enum stream_state state, ns_t now)
{
    struct replay *r = rs->replay;

    if (state == STREAM_DROPPED)
        r->stats.dropped_streams++;
    r->only_left -= is_judged(rs);
    for (size_t i = 0; i < r->live.count; i++) {
        if (r->live.items[i] == rs) {
            r->live.items[i] = vec_last(&r->live);
            r->live.count--;
            break;
        }
    }
    rs->state = state;
    trace_cursor_done(&rs->cursor);
    if (rs->proc)
        replay_proc_put(r, rs->proc);
    rs->proc = NULL;
    r->stats.virtual_ns = MAX(r->stats.virtual_ns, now);
    order_advance(rs, now);
}

/* --- accesses --- */

bool replay_access_allowed(struct replay_stream *rs, vpn_t vpn, enum access_kind kind)
{
    const struct system *s = rs->replay->config.system;
    const struct vma *vma = vma_find_after(rs->st.task->mm, vpn);
    u32 want = kind == ACCESS_WRITE ? VM_WRITE : kind == ACCESS_EXEC ? VM_EXEC : VM_ACCESS_FLAGS;

    if (!vma || !(vma->flags & want))
        return false;
    if (vpn < vma->start)
        return vma_may_grow_down(vma, vpn) && vma->start - vpn <= STACK_GROWTH_PAGES;
    if (vma->inode) {
        const struct inode *inode = inode_get(&s->backing, vma->inode);

        return inode && vma_index(vma, vpn) < DIV_ROUND_UP(inode->size, PAGE_SIZE);
    }
    return true;
}

enum step replay_access(struct replay_stream *rs, struct sched_slice *slice, vpn_t vpn,
                        enum access_kind kind)
{
    struct system *s = rs->replay->config.system;
    struct task *t = rs->st.task;
    enum step step;

    sched_enter(slice, t);
    step = system_access(s, t, vpn, kind);
    sched_leave(slice, t);
    return step;
}

/* --- the run function --- */

static void charge_instructions(struct replay_stream *rs, struct sched_slice *slice, u64 icount)
{
    u64 hundredths = rs->frac + icount * rs->replay->config.system->cost.instruction_x100;

    slice->now += hundredths / 100;
    system_count_user(rs->replay->config.system, rs->st.task, hundredths / 100);
    rs->frac = hundredths % 100;
}

/* How far ahead page-table entries are fetched into the host's cache. */
#define PREFETCH_EVENTS 8u
/* So many tables stay in the host's second-level cache anyway (256 KiB). */
#define PREFETCH_TABLES 64u

/* May a walk of the page table be done without a call into the machine? Only when nothing is due at
 * the next call. */
static bool may_walk(const struct task *t)
{
    return !t->over_high && !t->mm->locked_vm && !t->mm->locked_by;
}

/* The entry of an event ahead, and the swap slot of one whose entry has come meanwhile. */
static inline void prefetch(const struct system *s, struct mm *mm, const u64 *at, bool swapped)
{
    const pte_t *slot;

    pagetable_prefetch(mm, event_page(at[PREFETCH_EVENTS]));
    if (!swapped)
        return;
    slot = pagetable_find(mm, event_page(at[PREFETCH_EVENTS / 2]));
    if (slot && pte_is_swap(*slot))
        swap_prefetch(&s->swap, pte_swp(*slot));
}

/* Accesses from rs->at on that the TLB or the page table answers, until a fault, an operation, the
 * end of the batch or of the slice. A miss in the TLB fetches the page-table entry of an event
 * ahead: misses come in swarms, and waiting for the host's memory is most of what they cost. */
static void run_hits(struct replay_stream *rs, struct sched_slice *slice)
{
    struct system *s = rs->replay->config.system;
    struct task *t = rs->st.task;
    struct tlb tlb =
        s->space.tlbs[t->cpu]; /* the same entries, by pointers that stay in registers */
    struct mm *mm = t->mm;
    const u64 *at = rs->cursor.events + rs->at, *began = at;
    const u64 *end = rs->cursor.events + rs->cursor.nr_events;
    const u64 *last_prefetch =
        mm->nr_ptes > PREFETCH_TABLES ? end - MIN(PREFETCH_EVENTS, (size_t)(end - at)) : at;
    u64 left = slice->end > slice->now ? slice->end - slice->now : 0;
    u64 budget, spent = rs->frac; /* hundredths of ns */
    u64 small = 0, huge = 0, per_instruction = s->cost.instruction_x100;
    u64 per_walk = (u64)s->cost.tlb_miss * 100;
    u32 mm_id = mm->id;
    bool walk = may_walk(t), swapped = mm->swapents != 0;

    if (s->mem.kswapds_awake) /* it should not be kept from its work for a whole slice */
        left = MIN(left, SCHED_QUANTUM);
    budget = left * 100;
    while (at < end && spent <= budget) {
        u64 event = *at;
        bool write = event_kind(event) == HWT_WRITE;

        if (event_kind(event) == HWT_OP)
            break;
        if (!tlb_hit(&tlb, mm_id, event_page(event), write)) {
            if (at < last_prefetch)
                prefetch(s, mm, at, swapped);
            enum walk came_to = walk ? access_walk(&tlb, mm, event_page(event), write) : WALK_FAULT;

            if (came_to == WALK_FAULT)
                break;
            if (likely(came_to == WALK_SMALL)) {
                small++;
                spent += per_walk;
            } else {
                s->space.walks[came_to]++;
                huge += came_to == WALK_HUGE;
                spent += walk_cost(&s->cost, came_to) * 100ull;
            }
            if (unlikely(t->nodes))
                spent +=
                    100ull * access_count_node(&s->mem, mm, event_page(event), came_to, t->nodes);
        }
        spent += event_icount(event) * per_instruction;
        at++;
    }
    rs->at += (size_t)(at - began);
    rs->replay->stats.events += (u64)(at - began);
    rs->replay->stats.hits += (u64)(at - began) - small - huge;
    s->space.walks[WALK_SMALL] += small;
    slice->now += spent / 100;
    system_count_user(rs->replay->config.system, t, spent / 100);
    rs->frac = spent % 100;
}

enum event_result { EVENT_NEXT, EVENT_WAIT, EVENT_BLOCK, EVENT_DEAD, EVENT_END, EVENT_YIELD };

static enum event_result run_miss(struct replay_stream *rs, u64 event, struct sched_slice *slice)
{
    enum access_kind kind = (enum access_kind)event_kind(event);
    vpn_t vpn = event_page(event);

    if (unlikely(!replay_access_allowed(rs, vpn, kind))) {
        rs->replay->stats.skipped++;
        return EVENT_NEXT;
    }
    switch (replay_access(rs, slice, vpn, kind)) {
    case STEP_DONE:
        return EVENT_NEXT;
    case STEP_WAIT:
        return EVENT_WAIT;
    case STEP_DEAD:
        return EVENT_DEAD;
    }
    hw_unreachable();
}

/* What was refused did not happen when it was recorded, so what the program would do is not known:
 * most print a message and exit. A parent goes on without the child. */
static bool survives_refusal(struct replay_stream *rs, const struct trace_op *op)
{
    rs->replay->stats.refused++;
    if (op->opcode == HWT_OP_FORK)
        return true;
    system_give_up(rs->replay->config.system, rs->st.task);
    return false;
}

/* Does the stream come to place i of the window with this operation? A fork does not, because what
 * it starts may have to come first; a wait that had begun before does when it is over. */
static bool comes_to(const struct replay_stream *rs, const struct trace_op *op, unsigned i)
{
    const struct replay_config *c = &rs->replay->config;
    const struct trace_place *place = i ? &c->to : &c->from;

    return place->kind == TRACE_PLACE_STAMP && op->stamp > place->at &&
           op->opcode != TRACE_OP_ADVANCE && op->opcode != HWT_OP_FORK &&
           (op->opcode != HWT_OP_WAIT || rs->stage ||
            op->stamp - MIN(op->field[2], op->stamp) > place->at);
}

/* A stamp is one moment of all streams: nobody goes on behind it before all others have passed the
 * operations before it. Whoever comes to it when they have leaves the CPU all the same, so that the
 * moment is noticed. */
static enum event_result stop_at_place(struct replay_stream *rs, const struct trace_op *op)
{
    const struct replay_config *c = &rs->replay->config;

    for (u8 i = rs->places_passed; i < NR_PLACES; i++) {
        u64 at = i ? c->to.at : c->from.at;

        if (!comes_to(rs, op, i))
            continue;
        if (!rs->at_place && !order_passed(rs, at + 1, false)) {
            rs->at_place = true; /* it waits once: it may be let go by force */
            rs->st.task->state = TASK_WAITING;
            rs->st.task->wait = (struct wait){.cause = WAIT_SLEEP};
            return EVENT_BLOCK;
        }
        rs->at_place = false;
        rs->places_passed = i + 1;
        rs->replay->came_to[i] = true;
        return EVENT_YIELD;
    }
    return EVENT_NEXT;
}

static enum event_result run_op(struct replay_stream *rs, u64 event, struct sched_slice *slice)
{
    const struct trace_op *op = &rs->cursor.ops[event_page(event)];
    enum event_result stop = rs->places_passed < NR_PLACES ? stop_at_place(rs, op) : EVENT_NEXT;

    if (unlikely(stop != EVENT_NEXT))
        return stop;
    sched_enter(slice, rs->st.task);
    rs->st.task->error = 0;
    switch (replay_op(rs, op, slice)) {
    case OP_DONE:
        sched_leave(slice, rs->st.task);
        if (unlikely(rs->st.task->error) && !survives_refusal(rs, op))
            return EVENT_DEAD;
        if (op->opcode == HWT_OP_WAIT && !rs->stage && rs->places_passed < NR_PLACES) {
            rs->stage = 1; /* it is over */
            stop = stop_at_place(rs, op);
            if (stop != EVENT_NEXT)
                return stop;
        }
        break;
    case OP_WAIT:
        sched_leave(slice, rs->st.task);
        return EVENT_WAIT;
    case OP_BLOCK:
        sched_leave(slice, rs->st.task);
        return EVENT_BLOCK;
    case OP_DEAD:
        sched_leave(slice, rs->st.task);
        return EVENT_DEAD;
    case OP_END:
        sched_leave(slice, rs->st.task);
        rs->replay->stats.events++;
        return EVENT_END;
    }
    rs->stage = 0;
    rs->part = 0;
    rs->in_turn = false;
    rs->done_pages = 0;
    rs->next_op = event_page(event) + 1;
    if (op->opcode != TRACE_OP_ADVANCE)
        order_advance(rs, slice->now);
    if (unlikely(rs->replay->next_mark < rs->replay->service.nr_marks))
        note_marks(rs, op, slice->now);
    return EVENT_NEXT;
}

static bool next_batch(struct replay_stream *rs, ns_t now)
{
    const struct replay_config *config = &rs->replay->config;

    rs->at = 0;
    rs->next_op = 0;
    if (config->fill)
        return config->fill(config->fill_ctx, (u32)(rs - rs->replay->streams), now, &rs->cursor);
    if (trace_cursor_next(&rs->cursor))
        return true;
    if (rs->cursor.error && !rs->replay->error)
        rs->replay->error = rs->cursor.error;
    return false;
}

/* The task was killed: its threads find out by themselves. */
static enum sched_result died(struct replay_stream *rs, struct sched_slice *slice)
{
    struct replay *r = rs->replay;

    r->any_killed = true;
    if (rs->st.task->outcome == OUTCOME_SIGBUS && rs->st.task->access.error)
        r->stats.starved++;
    replay_stream_end(rs, STREAM_ENDED, slice->now);
    order_drop_children(r, rs->trace->pid, slice->now);
    sched_wake_killed(replay_sched(r), slice->now);
    return SCHED_DONE;
}

enum sched_result replay_stream_run(struct sched_task *st, struct sched_slice *slice)
{
    struct replay_stream *rs = st->owner;
    struct system *s = rs->replay->config.system;
    struct task *t = st->task;

    do {
        enum event_result result;
        u64 event;

        if (unlikely(t->state >= TASK_ZOMBIE)) { /* another thread ended the process */
            replay_stream_end(rs, STREAM_ENDED, slice->now);
            return SCHED_DONE;
        }
        if (unlikely(rs->at == rs->cursor.nr_events)) {
            if (!next_batch(rs, slice->now)) {
                rs->replay->stats.unfinished_streams++;
                replay_stream_end(rs, STREAM_ENDED, slice->now);
                return SCHED_DONE;
            }
            continue;
        }
        if (unlikely(t->killed)) { /* while it slept; any step of a killed task is its last */
            replay_access(rs, slice, 0, ACCESS_READ);
            return died(rs, slice);
        }
        event = rs->cursor.events[rs->at];
        if (!rs->paid) {
            if (event_kind(event) != HWT_OP) {
                run_hits(rs, slice);
                if (s->mem.kswapds_awake) {
                    sched_enter(slice, t);
                    sched_leave(slice, t);
                }
                if (rs->at == rs->cursor.nr_events || slice->now >= slice->end)
                    continue;
                event = rs->cursor.events[rs->at];
            }
            charge_instructions(rs, slice, event_icount(event));
            rs->paid = true;
        }
        result =
            event_kind(event) == HWT_OP ? run_op(rs, event, slice) : run_miss(rs, event, slice);
        switch (result) {
        case EVENT_NEXT:
            rs->at++;
            rs->paid = false;
            rs->replay->stats.events++;
            break;
        case EVENT_WAIT:
            return SCHED_WAIT;
        case EVENT_BLOCK:
            return SCHED_BLOCK;
        case EVENT_YIELD:
            return SCHED_GO_ON;
        case EVENT_DEAD:
            return died(rs, slice);
        case EVENT_END:
            return SCHED_DONE;
        }
    } while (slice->now < slice->end);
    return SCHED_GO_ON;
}

/* --- the whole --- */

static void show_progress(void *ctx)
{
    const struct replay *r = ctx;

    if (r->config.progress)
        r->config.progress(r->config.progress_ctx, r->stats.events);
}

static bool should_end(struct replay *r)
{
    ns_t max_ns;

    if (r->error) {
        r->outcome = REPLAY_FAILED;
        return true;
    }
    if (r->config.stop && *r->config.stop) {
        r->outcome = REPLAY_STOPPED;
        return true;
    }
    if (r->config.system->panicked) {
        r->outcome = REPLAY_PANIC;
        return true;
    }
    max_ns = r->window.begun ? r->config.max_ns : r->config.max_lead_ns;
    if (max_ns && busy_ns(r, sched_now(replay_sched(r))) > max_ns) {
        r->outcome = REPLAY_THRASH;
        return true;
    }
    return r->window.ended || (r->config.only && r->only_left == 0);
}

/* Everything before that time has happened. What a sleeper does when it wakes comes behind a time
 * it sleeps over. */
static bool time_reached(struct replay *r, ns_t at)
{
    ns_t next = sched_next(replay_sched(r));

    return (next == NS_NEVER ? sched_now(replay_sched(r)) : next) >= at;
}

static bool place_reached(struct replay *r, unsigned i)
{
    const struct trace_place *place = i ? &r->config.to : &r->config.from;

    switch (place->kind) {
    case TRACE_PLACE_NONE:
        return false;
    case TRACE_PLACE_STAMP:
        return r->came_to[i];
    case TRACE_PLACE_EVENTS:
        return r->stats.events >= place->at;
    case TRACE_PLACE_NS:
        return time_reached(r, place->at);
    }
    hw_unreachable();
}

static void begin_window(struct replay *r)
{
    struct replay_progress *w = &r->window;

    w->begun = true;
    w->begun_ns = sched_now(replay_sched(r));
    w->begun_idle_ns = sched_idle_ns(replay_sched(r), w->begun_ns);
    w->begun_events = r->stats.events;
    w->before = r->stats;
    service_begin(&r->service);
    if (r->config.begin)
        r->config.begin(r->config.begin_ctx);
}

/* Has it come to a place? */
static void note_places(struct replay *r)
{
    struct replay_progress *w = &r->window;

    if (!w->begun && (!r->config.only || r->only_started) &&
        (r->config.from.kind == TRACE_PLACE_NONE || place_reached(r, 0)))
        begin_window(r);
    if (w->begun && !w->ended && place_reached(r, 1)) {
        w->ended = true;
        w->ended_ns = sched_now(replay_sched(r));
        w->ended_events = r->stats.events;
    }
}

/* From counts of the whole replay to those of its judged part. */
static void judge_window(struct replay *r)
{
    const struct replay_stats *before = &r->window.before;
    struct replay_stats *st = &r->stats;

    st->events -= before->events;
    st->hits -= before->hits;
    st->idle_ns = sched_idle_ns(replay_sched(r), st->virtual_ns) - r->window.begun_idle_ns;
    st->virtual_ns -= MIN(st->virtual_ns, r->window.begun_ns);
    r->service.busy_ns = replay_busy_ns(st);
    st->skipped -= before->skipped;
    st->bad_ops -= before->bad_ops;
    st->dropped_streams -= before->dropped_streams;
    st->unfinished_streams -= before->unfinished_streams;
    st->refused -= before->refused;
    st->starved -= before->starved;
    st->forced -= before->forced;
}

static bool any_oom_killed(const struct system *s)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->outcome == OUTCOME_OOM_KILLED)
            return true;
    return false;
}

void replay_begin(struct replay *r, ns_t now)
{
    order_start_due(r, now);
}

bool replay_force(struct replay *r, ns_t now)
{
    return order_force(r, now);
}

enum replay_outcome replay_run(struct replay *r)
{
    r->config.system->busy = show_progress;
    r->config.system->busy_ctx = r;
    r->config.system->leaving = r->config.watch;
    r->config.system->leaving_ctx = r->config.watch_ctx;
    replay_begin(r, 0);
    r->window.begun = r->config.from.kind == TRACE_PLACE_NONE && !r->config.only;
    for (;;) {
        note_places(r);
        if (should_end(r))
            break;
        if (!sched_step(replay_sched(r)) && !order_force(r, sched_now(replay_sched(r))))
            break;
        if (r->config.watch)
            r->config.watch(r->config.watch_ctx);
        show_progress(r);
    }
    r->config.system->busy = NULL;
    r->config.system->leaving = NULL;
    r->stats.virtual_ns = MAX(r->stats.virtual_ns, sched_now(replay_sched(r)));
    if (r->outcome == REPLAY_COMPLETED && any_oom_killed(r->config.system))
        r->outcome = REPLAY_OOM;
    if (r->outcome == REPLAY_COMPLETED && (r->stats.refused || r->stats.starved))
        r->outcome = REPLAY_REFUSED;
    judge_window(r);
    return r->outcome;
}
