/* locality.c - see locality.h. */
#include "diagnose/locality.h"

#include "base/masklist.h"
#include "observe/span.h"

#define NODES_LOOKED_AT 64u

static size_t nr_nodes(const struct snapshot *s)
{
    return MIN(s->nodes.count, (size_t)NODES_LOOKED_AT);
}

/* The next run of "0-3,8,10-11". False at the end, or where it is no list. */
static bool take_run(struct span *list, u64 *ret_first, u64 *ret_last)
{
    if (!span_take_u64(list, ret_first))
        return false;
    *ret_last = *ret_first;
    if (span_take(list, "-") && !span_take_u64(list, ret_last))
        return false;
    span_take(list, ",");
    return true;
}

static bool list_overlaps(const char *text, u64 first, u64 last)
{
    struct span list = span_of(text, strlen(text));
    u64 a, b;

    while (take_run(&list, &a, &b))
        if (a <= last && b >= first)
            return true;
    return false;
}

u64 nodes_of_cpus(const struct snapshot *s, const char *cpus)
{
    struct span list = span_of(cpus, strlen(cpus));
    u64 nodes = 0, first, last;

    while (take_run(&list, &first, &last))
        for (size_t i = 0; i < nr_nodes(s); i++)
            if (list_overlaps(s->nodes.items[i].cpulist, first, last))
                nodes |= BIT_ULL(i);
    return nodes;
}

u64 nodes_of_list(const struct snapshot *s, const char *list)
{
    u64 nodes = 0;

    for (size_t i = 0; i < nr_nodes(s); i++)
        if (list_overlaps(list, s->nodes.items[i].id, s->nodes.items[i].id))
            nodes |= BIT_ULL(i);
    return nodes;
}

u64 nodes_free(const struct snapshot *s, u64 nodes)
{
    u64 sum = 0;

    for (size_t i = 0; i < nr_nodes(s); i++)
        if (nodes >> i & 1)
            sum = figure_add(sum, s->nodes.items[i].free);
    return sum;
}

static u64 nodes_with_cpus(const struct snapshot *s)
{
    u64 nodes = 0;

    for (size_t i = 0; i < nr_nodes(s); i++)
        if (s->nodes.items[i].cpulist[0])
            nodes |= BIT_ULL(i);
    return nodes;
}

static size_t place_of(const struct snapshot *s, u32 node)
{
    size_t i = 0;

    while (i < nr_nodes(s) && s->nodes.items[i].id != node)
        i++;
    return i;
}

bool locality_of(const struct snapshot *s, const struct process_view *p, struct locality *ret)
{
    u64 with_cpus = nodes_with_cpus(s), most = 0;

    *ret = (struct locality){.home = nodes_of_cpus(s, p->cpus_allowed)};
    ret->confined = (with_cpus & ~ret->home) != 0;
    vec_for_each (&s->process_nodes, row) {
        size_t at = place_of(s, row->node);

        if (row->pid != p->pid)
            continue;
        ret->partial |= row->partial || row->guessed;
        ret->total += row->bytes;
        ret->own_policy |= row->bytes > row->bound + row->preferred + row->interleaved;
        if (at == nr_nodes(s) || ret->home >> at & 1)
            continue;
        ret->away += row->bytes;
        ret->away_at |= row->bytes ? BIT_ULL(at) : 0;
        if (!(with_cpus >> at & 1))
            continue;
        ret->remote += row->bytes;
        ret->interleaved_away += row->interleaved;
        ret->told_away += row->bound + row->preferred;
        ret->pool_away += row->pool;
        ret->pool_page = MAX(ret->pool_page, row->pool_page);
        if (row->bytes > most) {
            most = ret->most = row->bytes;
            ret->most_at = at;
        }
    }
    /* Of a table that is cut nobody knows where the rest lies. */
    return ret->home && ret->total && !ret->partial;
}

bool node_is_slow(const struct node_view *n)
{
    return !n->has_cpus && known(n->total) && n->total > 0;
}

char *placement_source(char buf[64], const struct snapshot *s, const struct process_view *p)
{
    bool policies = !s->pasted;
    char pid[16];

    vec_for_each (&s->process_nodes, row)
        policies |= row->pid == p->pid && row->policies;
    snprintf(buf, 64, policies ? "/proc/%s/numa_maps" : "numastat -p %s", process_number(pid, p));
    return buf;
}

void evidence_placed(struct rule_context *c, const struct process_view *p, double bytes)
{
    evidence_shown(c, process_label((char[64]){0}, p), bytes, IN_BYTES,
                   placement_source((char[64]){0}, c->s, p));
}

char *nodes_text(char *buf, size_t size, const struct snapshot *s, u64 nodes)
{
    u64 numbers = 0;
    struct strbuf text;

    for (size_t i = 0; i < nr_nodes(s); i++)
        if (nodes >> i & 1 && s->nodes.items[i].id < 64)
            numbers |= BIT_ULL(s->nodes.items[i].id);
    strbuf_init(&text);
    strbuf_masklist(&text, numbers);
    snprintf(buf, size, "%s", text.len ? text.text : "");
    strbuf_done(&text);
    return buf;
}

double node_left(const struct node_view *n)
{
    return known(n->free) ? share_of(n->free + figure_or(n->inactive_file, 0), n->total) : NAN;
}

static double free_share(const struct node_view *n)
{
    return share_of(n->free, n->total);
}

/* Of a node, at least: a smaller zone (DMA) may be kept free by lowmem_reserve, whatever is asked
 * of the node. */
#define ZONE_PART 16

/* Is what is free of the node about what kswapd keeps free? It stops at the high watermark, and
 * free memory swings by about the distance from low to high. */
static bool at_watermarks(const struct snapshot *s, const struct node_view *n)
{
    u64 keeps = 0, aside = 0, page = s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096;

    vec_for_each (&s->zones, z) {
        if (z->node != n->id || !known(z->high) || !known(z->low) || z->high < z->low)
            continue;
        if (known(z->managed) && known(z->free) && z->managed &&
            z->managed < n->total / page / ZONE_PART)
            aside += z->free;
        else
            keeps += 2 * z->high - z->low;
    }
    return known(n->free) && keeps > 0 && n->free <= (keeps + aside) * page;
}

/* The node with the largest share, of those with processors or of the slow ones; NULL. */
static const struct node_view *largest(const struct snapshot *s,
                                       double (*share)(const struct node_view *), bool slow)
{
    const struct node_view *best = NULL;

    vec_for_each (&s->nodes, n)
        if (known(n->total) && n->total && !isnan(node_left(n)) && node_is_slow(n) == slow &&
            (!best || share(n) > share(best)))
            best = n;
    return best;
}

/* ... a slow one only where no other has plenty. */
static const struct node_view *roomiest(const struct snapshot *s,
                                        double (*share)(const struct node_view *))
{
    const struct node_view *near = largest(s, share, false), *slow = largest(s, share, true);

    return near && (!slow || share(near) >= NODE_PLENTY || share(slow) < NODE_PLENTY) ? near : slow;
}

static double used_share(const struct node_view *n)
{
    return -free_share(n);
}

bool node_is_exhausted(const struct snapshot *s, const struct node_view *n, bool plenty)
{
    return node_left(n) <= NODE_EXHAUSTED || (plenty && at_watermarks(s, n));
}

struct spare spare_find(const struct snapshot *s)
{
    const struct node_view *full = largest(s, used_share, false),
                           *slow = largest(s, used_share, true), *roomy = roomiest(s, node_left),
                           *freest = roomiest(s, free_share);
    /* A full node of cache has much left; what is free elsewhere was to be had for nothing. */
    bool plenty = freest && free_share(freest) >= NODE_PLENTY;

    if (plenty)
        roomy = freest;
    /* A slow tier is there to be filled: it is looked at where no other node is full. */
    if (slow && (!full || full == roomy || !node_is_exhausted(s, full, plenty)))
        full = slow;
    if (!full || full == roomy || node_left(roomy) < NODE_PLENTY ||
        !node_is_exhausted(s, full, plenty))
        return (struct spare){NULL, NULL, false};
    return (struct spare){full, roomy, plenty};
}
