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
};

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
        p.mode = modes[i].mode;
        if (!modes[i].nodes && list)
            return err_set(e, -EINVAL, "%s has no nodes: not '%s'", modes[i].name, text);
        if (modes[i].nodes && (!list || !*list))
            return err_set(e, -EINVAL, "%s wants nodes: %s:0 or %s:all", modes[i].name,
                           modes[i].name, modes[i].name);
        if (list && strcmp(list, "all") == 0)
            p.nodes = NODES_ALL_GIVEN;
        else if (list && parse_masklist(list, "node", &p.nodes, &why))
            return err_set(e, -EINVAL, "%s: %s", modes[i].name, why.text);
        *ret = p;
        return 0;
    }
    return err_set(e, -EINVAL,
                   "want a memory policy: default, local, bind:LIST, interleave:LIST or "
                   "preferred:NODE, not '%s'",
                   text);
}

int mempolicy_fit(struct mempolicy *p, const struct topology *t, struct err *e)
{
    u64 all = topology_all_nodes(t), memory = 0;

    if (p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL)
        return 0;
    for (unsigned nid = 0; nid < t->nr_nodes; nid++)
        if (t->ram_bytes[nid])
            memory |= BIT_ULL(nid);
    if (p->nodes != NODES_ALL_GIVEN && p->nodes & ~all)
        return err_set(e, -EINVAL, "there is no node %u: the machine has %u",
                       (unsigned)__builtin_ctzll(p->nodes & ~all), t->nr_nodes);
    if (!(p->nodes & memory))
        return err_set(e, -EINVAL, "no node of the memory policy has memory");
    p->nodes &= memory;
    return 0;
}

void mempolicy_render(const struct mempolicy *p, struct strbuf *out)
{
    for (unsigned i = 0; i < ARRAY_SIZE(modes); i++)
        if (modes[i].mode == p->mode)
            strbuf_append(out, modes[i].shown);
    if (p->nodes) {
        strbuf_appendc(out, ':');
        strbuf_masklist(out, p->nodes);
    }
}

unsigned mempolicy_interleave_at(u64 nodes, u64 index)
{
    u64 n = index % (unsigned)__builtin_popcountll(nodes);

    while (n--)
        nodes &= nodes - 1;
    return (unsigned)__builtin_ctzll(nodes);
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
