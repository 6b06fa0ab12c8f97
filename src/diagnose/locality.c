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
        ret->total += row->bytes;
        if (at == nr_nodes(s) || !(with_cpus >> at & 1) || ret->home >> at & 1)
            continue;
        ret->remote += row->bytes;
        ret->interleaved_away += row->interleaved;
        ret->told_away += row->bound + row->preferred;
        if (row->bytes > most) {
            most = ret->most = row->bytes;
            ret->most_at = at;
        }
    }
    return ret->home && ret->total;
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

u64 process_bytes_on(const struct snapshot *s, u32 pid, u32 node)
{
    u64 bytes = UNKNOWN;

    vec_for_each (&s->process_nodes, row)
        if (row->pid == pid)
            bytes = figure_or(bytes, 0) + (row->node == node ? row->bytes : 0);
    return bytes;
}

double node_left(const struct node_view *n)
{
    return known(n->free) ? share_of(n->free + figure_or(n->inactive_file, 0), n->total) : NAN;
}

static double free_share(const struct node_view *n)
{
    return share_of(n->free, n->total);
}

/* Of a node, at least: a smaller zone (DMA) may be kept free by lowmem_reserve, whatever is asked of the node. */
#define ZONE_PART 16

/* Is what is free of the node about what kswapd keeps free? It stops at the high watermark, and free memory swings by about the distance
 * from low to high. */
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

struct spare spare_find(const struct snapshot *s)
{
    const struct node_view *full = NULL, *roomy = NULL, *freest = NULL;
    bool plenty;

    vec_for_each (&s->nodes, n) {
        if (!known(n->total) || n->total == 0 || isnan(node_left(n)))
            continue;
        if (!full || free_share(n) < free_share(full))
            full = n;
        if (!roomy || node_left(n) > node_left(roomy))
            roomy = n;
        if (!freest || free_share(n) > free_share(freest))
            freest = n;
    }
    /* A full node of cache has much left; what is free elsewhere was to be had for nothing. */
    plenty = freest && free_share(freest) >= NODE_PLENTY;
    if (plenty)
        roomy = freest;
    if (!full || full == roomy || node_left(roomy) < NODE_PLENTY ||
        !(node_left(full) <= NODE_EXHAUSTED || (plenty && at_watermarks(s, full))))
        return (struct spare){NULL, NULL, false};
    return (struct spare){full, roomy, plenty};
}
