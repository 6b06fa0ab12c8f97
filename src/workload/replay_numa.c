/* replay_numa.c - memory policies, moves of pages to other nodes, and affinities of a recording, on
 * the nodes and CPUs of this machine.
 *
 * Of the nodes (CPUs) that a call names those count that the machine has; a call that names none of
 * them does nothing. Both is counted: the program then runs in another way than it was recorded. A
 * call that succeeded when it was recorded is never fatal here: what this machine refuses for
 * another reason counts as not explained.
 */
#include "workload/replay_int.h"

#include "system/mempolicy.h"
#include "system/move.h"

/* What of a set the machine has. False: nothing, though the set is not empty. */
static bool here(struct replay_stream *rs, u64 *set, u64 all)
{
    if (!(*set & ~all))
        return true;
    if (*set & all)
        rs->replay->stats.nodes_cut++;
    else
        rs->replay->stats.nodes_absent++;
    *set &= all;
    return *set != 0;
}

static u64 nodes_of(const struct replay_stream *rs)
{
    return topology_all_nodes(&rs->replay->config.system->frames.topology);
}

/* Relative nodes are numbers among those of the machine, whichever these are. */
static bool policy_here(struct replay_stream *rs, u64 mode, u64 nodes, struct mempolicy *ret)
{
    *ret = (struct mempolicy){.mode = (u16)(mode & ~(u64)ABI_MPOL_MODE_FLAGS),
                              .flags = (u16)(mode & ABI_MPOL_MODE_FLAGS)};
    if (ret->mode >= NR_MPOL_MODES || mode > UINT16_MAX) { /* of a later kernel */
        rs->replay->stats.bad_ops++;
        return false;
    }
    if (!(ret->flags & ABI_MPOL_F_RELATIVE_NODES) && !here(rs, &nodes, nodes_of(rs)))
        return false;
    ret->nodes = nodes;
    return true;
}

static enum op_result finish(struct replay_stream *rs, enum step step)
{
    struct task *t = rs->st.task;

    if (step == STEP_DONE && t->error) {
        rs->replay->stats.bad_ops +=
            t->error != -EIO; /* MPOL_MF_STRICT: pages lie otherwise here */
        t->error = 0;
    }
    return replay_result_of(step);
}

/* The process of that pid, 0 being the own one. NULL: it is not in the recording, or has ended. */
static const struct task *process_of(struct replay_stream *rs, u64 pid)
{
    const struct replay *r = rs->replay;

    if (!pid)
        return rs->st.task;
    for (size_t i = 0; i < r->live.count; i++)
        if (r->live.items[i]->trace->pid == pid && r->live.items[i]->st.task->state < TASK_ZOMBIE)
            return r->live.items[i]->st.task;
    rs->replay->stats.bad_ops++;
    return NULL;
}

static enum op_result op_affinity(struct replay_stream *rs, u64 tid, u64 cpus,
                                  struct sched_slice *slice)
{
    struct replay *r = rs->replay;
    struct system *s = r->config.system;

    if (!here(rs, &cpus, UINT64_MAX >> (64 - s->frames.nr_cpus)))
        return OP_DONE;
    for (size_t i = 0; i < r->live.count; i++) {
        struct replay_stream *other = r->live.items[i];

        if (other->trace->tid != tid || other->st.task->state >= TASK_ZOMBIE)
            continue;
        if (cpus && system_set_affinity(s, other->st.task, cpus) == 0)
            sched_affinity_changed(replay_sched(r), &other->st, slice->now);
        return OP_DONE;
    }
    r->stats.bad_ops++;
    return OP_DONE;
}

static bool names_range(const struct trace_op *op)
{
    return op->opcode == HWT_OP_MBIND || op->opcode == HWT_OP_HOME_NODE ||
           op->opcode == HWT_OP_MOVE_PAGES;
}

/* False: nothing, or no range at all. */
static bool range_is_there(struct replay_stream *rs, u64 addr, u64 len)
{
    bool sane = addr < VPN_END << PAGE_SHIFT && len <= (VPN_END << PAGE_SHIFT) - addr;

    rs->replay->stats.bad_ops += !sane;
    return sane && len;
}

enum op_result replay_op_numa(struct replay_stream *rs, const struct trace_op *op,
                              struct sched_slice *slice)
{
    struct system *s = rs->replay->config.system;
    struct task *t = rs->st.task;
    const u64 *f = op->field;
    const struct task *owner;
    struct mempolicy p;
    u64 node, nodes;

    if (names_range(op) && !range_is_there(rs, f[0], f[1]))
        return OP_DONE;
    switch ((enum hwt_op)op->opcode) {
    case HWT_OP_SET_MEMPOLICY:
        return policy_here(rs, f[0], f[1], &p) ? finish(rs, system_set_mempolicy(s, t, p))
                                               : OP_DONE;
    case HWT_OP_MBIND:
        return policy_here(rs, f[2], f[3], &p)
                   ? finish(rs, system_mbind(s, t, f[0], f[1], p, (u32)f[4]))
                   : OP_DONE;
    case HWT_OP_HOME_NODE:
        node = f[2] < MAX_NUMNODES ? BIT_ULL(f[2]) : 0;
        return node && here(rs, &node, nodes_of(rs))
                   ? finish(rs, system_set_home_node(s, t, f[0], f[1], (unsigned)f[2]))
                   : OP_DONE;
    case HWT_OP_AFFINITY:
        return op_affinity(rs, f[0], f[1], slice);
    case HWT_OP_MIGRATE_PAGES:
        owner = process_of(rs, f[0]);
        nodes = f[2];
        return owner && here(rs, &nodes, nodes_of(rs))
                   ? finish(rs, system_migrate_pages(s, t, owner, f[1], nodes))
                   : OP_DONE;
    case HWT_OP_MOVE_PAGES:
        owner = process_of(rs, f[3]);
        node = f[2] < MAX_NUMNODES ? BIT_ULL(f[2]) : 0;
        return owner && node && here(rs, &node, nodes_of(rs))
                   ? finish(rs, system_move_pages(s, t, owner, f[0], f[1], (unsigned)f[2],
                                                  f[4] & ABI_MPOL_MF_MOVE_ALL))
                   : OP_DONE;
    case HWT_OP_NUMA_REFUSED:
        rs->replay->stats.policies_refused++;
        return OP_DONE;
    default:
        hw_unreachable();
    }
}
