/* mempolicy.c - see mempolicy.h. */
#include "space/mempolicy.h"

#include "base/masklist.h"

#include <stdio.h>
#include <string.h>

#define NODES_ALL_GIVEN UINT64_MAX /* "all" */

static const struct {
    const char *name, *shown; /* as numactl has it, and as numa_maps has it */
    enum mpol_mode mode;
    bool nodes;
} modes[] = {
    {"default", "default", MPOL_DEFAULT, false},
    {"preferred", "prefer", MPOL_PREFERRED, true},
    {"bind", "bind", MPOL_BIND, true},
    {"interleave", "interleave", MPOL_INTERLEAVE, true},
    {"local", "local", MPOL_LOCAL, false},
    {"preferred-many", "prefer (many)", MPOL_PREFERRED_MANY, true},
};

static bool has_user_nodes(const struct mempolicy *p)
{
    return p->flags & (ABI_MPOL_F_STATIC_NODES | ABI_MPOL_F_RELATIVE_NODES);
}

bool mempolicy_equal(const struct mempolicy *a, const struct mempolicy *b)
{
    return a->mode == b->mode && a->nodes == b->nodes && a->flags == b->flags &&
           a->home == b->home && (!has_user_nodes(a) || a->user == b->user);
}

static bool is_mode(const char *text, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(text, name, len) == 0;
}

int mempolicy_parse(const char *text, struct mempolicy *ret, struct err *e)
{
    size_t len = strcspn(text, ":");
    const char *list = text[len] ? text + len + 1 : NULL;
    struct mempolicy p = {0};
    struct err why = {0};

    for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
        if (!is_mode(text, len, modes[i].name) && !is_mode(text, len, modes[i].shown))
            continue;
        p.mode = (u16)modes[i].mode;
        if (!modes[i].nodes && list)
            return err_set(e, -EINVAL, "%s has no nodes: not '%s'", modes[i].name, text);
        if (p.mode == MPOL_PREFERRED && (!list || !*list))
            return err_set(e, -EINVAL, "preferred wants a node, as in preferred:0");
        if (modes[i].nodes && (!list || !*list))
            return err_set(e, -EINVAL, "%s wants nodes: %s:0 or %s:all", modes[i].name,
                           modes[i].name, modes[i].name);
        if (list && strcmp(list, "all") == 0)
            p.nodes = NODES_ALL_GIVEN;
        else if (list && parse_masklist(list, "node", &p.nodes, &why))
            return err_set(e, -EINVAL, "%s: %s", modes[i].name, why.text);
        if (p.mode == MPOL_PREFERRED && p.nodes & (p.nodes - 1))
            return err_set(e, -EINVAL,
                           "preferred has one node, as in preferred:0; of several, "
                           "preferred-many:%s",
                           list);
        *ret = p;
        return 0;
    }
    return err_set(e, -EINVAL,
                   "want a memory policy: default, local, bind:LIST, interleave:LIST, "
                   "preferred:NODE or preferred-many:LIST, not '%s'",
                   text);
}

int mempolicy_fit(struct mempolicy *p, const struct topology *t, struct err *e)
{
    u64 all = topology_all_nodes(t);

    if (p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL)
        return 0;
    if (p->nodes != NODES_ALL_GIVEN && p->nodes & ~all)
        return err_set(e, -EINVAL, "there is no node %u: the machine has %s%.0u",
                       (unsigned)__builtin_ctzll(p->nodes & ~all),
                       t->nr_nodes > 1 ? "0-" : "node 0 alone", t->nr_nodes - 1);
    if (mempolicy_set(p, topology_memory_nodes(t)))
        return err_set(e, -EINVAL, "no node of the memory policy has memory");
    return 0;
}

/* --- nodes that may be used --- */

static unsigned weight(u64 set)
{
    return (unsigned)__builtin_popcountll(set);
}

/* The nth member of the set.   pre: n < weight(set) */
static unsigned nth(u64 set, unsigned n)
{
    while (n--)
        set &= set - 1;
    return (unsigned)__builtin_ctzll(set);
}

/* User node n stands for the nth of those allowed, round and round. */
static u64 relative_nodes(u64 user, u64 allowed)
{
    u64 nodes = 0;

    for (; user; user &= user - 1)
        nodes |= BIT_ULL(nth(allowed, (unsigned)__builtin_ctzll(user) % weight(allowed)));
    return nodes;
}

u64 mempolicy_moved_nodes(u64 nodes, u64 old, u64 new)
{
    u64 moved = 0;

    for (; nodes; nodes &= nodes - 1) {
        u64 node = nodes & -nodes;

        moved |= node & old ? BIT_ULL(nth(new, weight(old & (node - 1)) % weight(new))) : node;
    }
    return moved;
}

int mempolicy_set(struct mempolicy *p, u64 allowed)
{
    u64 given = p->nodes;

    p->home = 0;
    if (p->mode == MPOL_PREFERRED && !given && !has_user_nodes(p))
        p->mode = MPOL_LOCAL;
    if (p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL) {
        p->user = 0;
        return given || has_user_nodes(p) ? -EINVAL : 0;
    }
    if (p->mode >= NR_MPOL_MODES || !given)
        return -EINVAL;
    p->nodes =
        p->flags & ABI_MPOL_F_RELATIVE_NODES ? relative_nodes(given, allowed) : given & allowed;
    if (!p->nodes)
        return -EINVAL;
    if (p->mode == MPOL_PREFERRED)
        p->nodes &= -p->nodes;
    p->user = has_user_nodes(p) ? given : allowed;
    return 0;
}

void mempolicy_rebind(struct mempolicy *p, u64 allowed)
{
    u64 nodes;

    if (p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL ||
        (!has_user_nodes(p) && p->user == allowed))
        return;
    /* Nodes that are preferred alone stay as they were (mpol_rebind_preferred). */
    if (p->mode == MPOL_PREFERRED || p->mode == MPOL_PREFERRED_MANY) {
        if (!has_user_nodes(p))
            p->user = allowed;
        return;
    }
    if (p->flags & ABI_MPOL_F_STATIC_NODES) {
        nodes = p->user & allowed;
    } else if (p->flags & ABI_MPOL_F_RELATIVE_NODES) {
        nodes = relative_nodes(p->user, allowed);
    } else {
        nodes = mempolicy_moved_nodes(p->nodes, p->user, allowed);
        p->user = allowed;
    }
    p->nodes = nodes ? nodes : allowed;
}

static void render(const struct mempolicy *p, bool shown, struct strbuf *out)
{
    for (unsigned i = 0; i < ARRAY_SIZE(modes); i++)
        if (modes[i].mode == p->mode)
            strbuf_append(out, shown ? modes[i].shown : modes[i].name);
    if (p->flags & ABI_MPOL_F_STATIC_NODES)
        strbuf_append(out, "=static");
    else if (p->flags & ABI_MPOL_F_RELATIVE_NODES)
        strbuf_append(out, "=relative");
    if (p->nodes) {
        strbuf_appendc(out, ':');
        strbuf_masklist(out, p->nodes);
    }
}

void mempolicy_render(const struct mempolicy *p, struct strbuf *out)
{
    render(p, true, out);
}

void mempolicy_render_key(const struct mempolicy *p, struct strbuf *out)
{
    render(p, false, out);
}

unsigned mempolicy_interleave_at(u64 nodes, u64 index)
{
    return nth(nodes, (unsigned)(index % weight(nodes)));
}

unsigned mempolicy_interleave_next(u64 nodes, u32 *prev)
{
    u64 after = *prev + 1 < MAX_NUMNODES ? nodes >> (*prev + 1) << (*prev + 1) : 0;

    *prev = (u32)__builtin_ctzll(after ? after : nodes);
    return *prev;
}

void task_mempolicy_set(struct task_mempolicy *t, struct mempolicy p)
{
    t->policy = p;
    if (p.mode == MPOL_INTERLEAVE)
        t->il_prev = MAX_NUMNODES - 1; /* the first node is next */
}
