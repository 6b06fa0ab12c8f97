/* placement.c - on which nodes processes have their memory and on which processors they may run, as
 * texts tell: numa_maps, numastat -p, taskset, /proc/PID/status. Of a process that two texts tell
 * of, the later one counts.
 */
#include "paste/state_int.h"

#include <stdio.h>
#include <stdlib.h>

/* Processes and nodes that anybody pastes. */
#define PLACES_MAX 65536

static void note_owner(struct paste_state *st, u32 pid, struct span comm)
{
    struct place_owner fresh = {.pid = pid, .text = st->place_texts};

    if (st->owners.count && vec_last(&st->owners).pid == pid &&
        vec_last(&st->owners).text == st->place_texts)
        return;
    span_copy(comm, fresh.comm, sizeof(fresh.comm));
    if (st->owners.count < PLACES_MAX)
        vec_push(&st->owners, fresh);
}

static void push_place(struct paste_state *st, const struct process_node_view *view)
{
    if (st->places.count < PLACES_MAX)
        vec_push(&st->places, ((struct place){*view, st->place_texts}));
}

u32 block_made_up_pid(const struct block *b)
{
    const struct paste_state *st = b->p->state;

    /* Rows of tables have those that end higher. */
    return UINT32_MAX - ROWS_NO_PID / 2 - (u32)MIN(st->owners.count, (size_t)ROWS_NO_PID / 4);
}

void block_process_node(struct block *b, struct span comm, struct process_node_view view)
{
    note_owner(b->p->state, view.pid, comm);
    push_place(b->p->state, &view);
}

unsigned block_numa_maps(struct block *b, u32 pid, struct span comm, struct span text)
{
    struct snapshot tmp;

    if (span_empty(text))
        return 0;
    pid = pid ? pid : block_made_up_pid(b);
    snapshot_init(&tmp);
    snapshot_add_numa_maps(&tmp, text, pid);
    if (tmp.process_nodes.count)
        note_owner(b->p->state, pid, comm);
    vec_for_each (&tmp.process_nodes, view)
        push_place(b->p->state, view);
    placement_text_ends(b->p->state);
    snapshot_done(&tmp);
    return 1;
}

void block_affinity(struct block *b, u32 pid, struct span cpus, struct span mems)
{
    struct paste_state *st = b->p->state;
    struct affinity fresh = {.pid = pid};

    /* A list that does not fit says nothing. */
    if (span_len(cpus) < sizeof(fresh.cpus))
        span_copy(cpus, fresh.cpus, sizeof(fresh.cpus));
    if (span_len(mems) < sizeof(fresh.mems))
        span_copy(mems, fresh.mems, sizeof(fresh.mems));
    if (st->affinities.count < PLACES_MAX)
        vec_push(&st->affinities, fresh);
}

void placement_text_ends(struct paste_state *st)
{
    st->place_texts++;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->view.pid != y->view.pid)
        return x->view.pid < y->view.pid ? -1 : 1;
    if (x->text != y->text)
        return x->text > y->text ? -1 : 1;
    return x->view.node < y->view.node ? -1 : x->view.node > y->view.node;
}

static int compare_pids(const void *a, const void *b)
{
    const struct process_view *x = a, *y = b;

    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void add_owner(struct snapshot *s, const struct place_owner *owner)
{
    struct process_view fresh;

    if (snapshot_process(s, owner->pid))
        return;
    memset(&fresh, 0xff, sizeof(fresh)); /* every figure UNKNOWN */
    fresh.pid = owner->pid;
    fresh.group = GROUP_NONE;
    fresh.state = '?';
    fresh.oom_score_adj = 0;
    fresh.start_ticks = 0;
    fresh.nr_threads = 1;
    fresh.cpus_allowed[0] = fresh.mems_allowed[0] = '\0';
    snprintf(fresh.comm, sizeof(fresh.comm), "%s", owner->comm);
    vec_push(&s->processes, fresh);
    /* Texts tell of few. */
    qsort(s->processes.items, s->processes.count, sizeof(s->processes.items[0]), compare_pids);
}

static void take_places(struct paste *p)
{
    struct paste_state *st = p->state;
    struct snapshot *s = &p->s;
    u32 last_pid = 0, last_text = 0;
    bool any = false;

    if (s->process_nodes.count || st->places.count == 0)
        return;
    qsort(st->places.items, st->places.count, sizeof(st->places.items[0]), compare_places);
    vec_for_each (&st->places, place) {
        if (any && place->view.pid == last_pid && place->text != last_text)
            continue;
        last_pid = place->view.pid;
        last_text = place->text;
        any = true;
        vec_push(&s->process_nodes, place->view);
    }
    s->parts[PART_NUMA_MAPS] = (struct part_status){.state = PART_OK};
    /* From the last one on: a later text knows the name as well. */
    for (size_t i = st->owners.count; i > 0; i--)
        add_owner(s, &st->owners.items[i - 1]);
    s->parts[PART_PROCESSES] = s->parts[PART_NUMA_MAPS];
}

void placement_finish(struct paste *p)
{
    take_places(p);
    vec_for_each (&p->state->affinities, a) {
        struct process_view *process =
            (struct process_view *)snapshot_process(&p->s, a->pid); /* of our own snapshot */

        if (!process)
            continue;
        if (a->cpus[0])
            snprintf(process->cpus_allowed, sizeof(process->cpus_allowed), "%s", a->cpus);
        if (a->mems[0])
            snprintf(process->mems_allowed, sizeof(process->mems_allowed), "%s", a->mems);
    }
}

void placement_done(struct paste_state *st)
{
    vec_done(&st->owners);
    vec_done(&st->places);
    vec_done(&st->affinities);
}
