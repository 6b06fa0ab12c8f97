/* oom_facts.c - the lines of a report, made disjoint.
 *
 * Anonymous lists hold tmpfs and shared memory too, which is taken out. Dirty pages are on the file
 * lists. Free memory is divided by what this allocation could do with it: zones above the one that
 * it asked for, nodes outside of its mask, CMA for what does not move, and the reserves (min and
 * lowmem_reserve) of the zones that it may use.
 *
 * Whether something is "in no counter" needs the size of memory and every counter that can be
 * large: the lists, slab, free, page tables. Kernel stacks and huge pages have lines of their own
 * that some kernels leave out where they are 0.
 */
#include "diagnose/oom_facts.h"
#include "diagnose/oom_zone.h"

#include "base/masklist.h"

#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* oom_score_adj from -900 down protects in practice: the rest of the score would have to be nine
 * tenths of memory. */
#define ADJ_PROTECTED (-900)

static u64 sum2(u64 a, u64 b)
{
    return known(a) || known(b) ? figure_or(a, 0) + figure_or(b, 0) : UNKNOWN;
}

static u64 less(u64 a, u64 b)
{
    b = figure_or(b, 0);
    return !known(a) ? UNKNOWN : a > b ? a - b : 0;
}

bool oom_list_has(const char *list, u32 node)
{
    const char *at = list;

    if (!list || !(*list >= '0' && *list <= '9'))
        return true;
    while (*at >= '0' && *at <= '9') {
        char *end;
        unsigned long first = strtoul(at, &end, 10), last = first;

        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (node >= first && node <= last)
            return true;
        at = *end == ',' ? end + 1 : end;
        if (at == end && *end != '\0')
            break;
    }
    return false;
}

/* Its flags say so: it may reclaim, compact and wait for both. Without their names nobody can
 * tell. */
static bool may_wait(const struct oom_report *r)
{
    static const char *const waits[] = {"GFP_KERNEL",    "GFP_USER",       "GFP_HIGHUSER",
                                        "GFP_NOFS",      "GFP_NOIO",       "__GFP_DIRECT_RECLAIM",
                                        "__GFP_RECLAIM", "GFP_TRANSHUGE|", "__GFP_WAIT"};

    if (oom_is_atomic(r))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(waits); i++)
        if (strstr(r->gfp, waits[i]))
            return true;
    return false;
}

bool oom_is_bound(const struct log_event *e)
{
    return strcmp(e->constraint, "CONSTRAINT_CPUSET") == 0 ||
           strcmp(e->constraint, "CONSTRAINT_MEMORY_POLICY") == 0;
}

/* Is there a mask of nodes, of a memory policy? */
static bool is_masked(const struct oom_report *r)
{
    return r->nodemask && *r->nodemask >= '0' && *r->nodemask <= '9';
}

bool oom_is_policy(const struct oom_facts *f)
{
    return f->only_nodes || strcmp(f->e->constraint, "CONSTRAINT_MEMORY_POLICY") == 0 ||
           (f->r && is_masked(f->r));
}

bool oom_node_allowed(const struct oom_facts *f, u32 node)
{
    return f->r && oom_list_has(f->r->mems_allowed, node) && oom_list_has(f->r->nodemask, node) &&
           (!f->only_nodes || (node < 64 && f->only_nodes >> node & 1));
}

char *oom_nodes_only(char buf[64], const struct oom_facts *f)
{
    const struct oom_report *r = f->r;
    bool bound = f->only_nodes || f->only_cpuset || oom_is_bound(f->e);
    struct strbuf text;

    buf[0] = '\0';
    if (!r)
        return buf;
    bound |= is_masked(r);
    vec_for_each (&r->zones, z)
        bound |= !oom_node_allowed(f, z->node);
    vec_for_each (&r->nodes, n)
        bound |= !oom_node_allowed(f, n->id);
    if (!bound)
        return buf;
    if (f->only_nodes) {
        strbuf_init(&text);
        strbuf_masklist(&text, f->only_nodes);
        snprintf(buf, 64, "%s", text.text);
        strbuf_done(&text);
    } else if (is_masked(r)) {
        snprintf(buf, 64, "%s", r->nodemask);
    } else if (r->mems_allowed) {
        snprintf(buf, 64, "%s", r->mems_allowed);
    }
    return buf;
}

/* Does the node have a zone in the text that a request is served from before this one? */
static bool has_zone_above(const struct oom_report *r, const struct oom_zone *z, enum zone_rank top)
{
    vec_for_each (&r->zones, at)
        if (at->node == z->node && oom_zone_rank(at->name) > oom_zone_rank(z->name) &&
            oom_zone_rank(at->name) <= top)
            return true;
    return false;
}

/* Kernels before 5.0 do not say which nodes a policy allows. Nobody is killed for a single page
 * while a node that it may use has more than the watermarks: where some nodes are at min and
 * another has plenty, it could use the full ones alone. 0: it is not so. */
static u64 infer_nodes(const struct oom_facts *f, enum zone_rank top)
{
    const struct oom_report *r = f->r;
    u64 full = 0;
    bool roomy = false;

    if (f->e->kind != LOG_OOM_KILL || *f->e->constraint || !r->has_mask || r->order ||
        is_masked(r) || (!r->gfp_mask && !*r->gfp))
        return 0;
    vec_for_each (&r->zones, z) {
        u64 free_bytes = z->figures[OOM_FREE], min = z->figures[OOM_MIN],
            high = z->figures[OOM_HIGH];

        if (!known(free_bytes) || !known(min) || !known(high) || z->node >= 64 ||
            oom_zone_rank(z->name) > top || strcmp(z->name, "CMA") == 0 ||
            has_zone_above(r, z, top) || !oom_list_has(r->mems_allowed, z->node))
            continue;
        if (free_bytes <= min)
            full |= BIT_ULL(z->node);
        else
            roomy |= free_bytes > 2 * high;
    }
    return roomy ? full : 0;
}

/* Zones are counted one after the other; what is free beside them by more than this is in zones
 * that the text does not have. */
#define HIDDEN_SHARE 0.1

/* lowmem_reserve[] of a zone grows with each zone of its node above it that has memory: is one of
 * those not in the text? */
static bool zone_above_is_cut(const struct oom_report *r, const struct oom_zone *z)
{
    unsigned told = 0, grows = 0;

    for (unsigned i = 1; i < ARRAY_SIZE(z->reserve); i++)
        grows +=
            known(z->reserve[i]) && known(z->reserve[i - 1]) && z->reserve[i] > z->reserve[i - 1];
    vec_for_each (&r->zones, at)
        told += at->node == z->node && oom_zone_rank(at->name) > oom_zone_rank(z->name);
    return grows > told;
}

static u64 figure_of(const struct oom_report *r, enum oom_figure id);

/* Kernels before 5.0 do not say what bound an allocation, but name its cpuset and show the zones of
 * its nodes alone: are those of each of them in the text, up to the highest, and none of
 * another's? */
static bool cpuset_binds(const struct oom_facts *f)
{
    const struct oom_report *r = f->r;
    u64 whole = 0;

    if (f->e->kind != LOG_OOM_KILL || *f->e->constraint || f->of_group || !r->mems_allowed ||
        !*r->mems_allowed || !r->cpuset || strcmp(r->cpuset, "/") == 0)
        return false;
    vec_for_each (&r->zones, z) {
        bool highest = true;

        if (z->node >= 64 || !oom_list_has(r->mems_allowed, z->node))
            return false;
        vec_for_each (&r->zones, at)
            highest &= at->node != z->node || oom_zone_rank(at->name) <= oom_zone_rank(z->name);
        if (highest && !zone_above_is_cut(r, z))
            whole |= BIT_ULL(z->node);
    }
    for (u32 node = 0; node < 64; node++)
        if (oom_list_has(r->mems_allowed, node) && !(whole >> node & 1))
            return false;
    return whole != 0;
}

struct blocks_seen {
    /* A block of the size is there: to be had, or refused for its order
     * (oom_zone_order_refuses). */
    bool to_be_had, by_order;
};

/* The largest free block of a zone that is of a use; what is not is noted. */
static u64 take_block(struct oom_facts *f, const struct oom_zone *z, bool at_reserve,
                      struct blocks_seen *seen)
{
    u64 kept, size = f->r->page_bytes << MIN(f->e->order, 20u);
    enum oom_kept by;
    u64 block = oom_zone_block(f, z, &kept, &by);

    if (block >= size && at_reserve) {
        kept = block;
        by = KEPT_RESERVE;
    } else if (block >= size && oom_zone_order_refuses(f, z)) {
        seen->by_order = true;
    } else {
        seen->to_be_had |= block >= size;
    }
    if (kept >= size && kept > f->kept_block) {
        f->kept_block = kept;
        f->kept_by = by;
        f->kept_zone = z->name;
    }
    return block;
}

/* What is free, by what this allocation could do with it. A block of a zone that is below its
 * reserve is not to be had, whatever its size. long: one pass over the zones, with a sum for each
 * use that is forbidden */
static void divide_free(struct oom_facts *f)
{
    const struct oom_report *r = f->r;
    enum zone_rank top = oom_highest_zone(r);
    bool any_zone = false, any_block = false, above_cut = false, any_cma_zone = false;
    u64 shown = 0, hidden, pcp = figure_or(figure_of(r, OOM_FREE_PCP), 0);
    u64 largest = 0, all = 0, block;
    struct blocks_seen blocks = {false, false};

    f->free_usable = f->free_reserve = f->free_highatomic = f->free_cma = f->free_zones =
        f->free_nodes = 0;
    f->free_low = f->free_high = f->largest_block = f->free_cut = 0;
    f->only_nodes = infer_nodes(f, top);
    vec_for_each (&r->zones, z) {
        u64 free_bytes = z->figures[OOM_FREE], held, cma;
        bool allowed = oom_node_allowed(f, z->node);

        if (!known(free_bytes))
            continue;
        shown += free_bytes;
        if (!allowed) {
            f->free_nodes += free_bytes;
            continue;
        }
        /* Kernels of some vendors have a zone for it. */
        if (strcmp(z->name, "CMA") == 0 && !f->movable) {
            any_cma_zone = true;
            f->free_cma += free_bytes;
            continue;
        }
        if (oom_zone_rank(z->name) > top && strcmp(z->name, "CMA") != 0) {
            f->free_zones += free_bytes;
            f->only_movable_zones |= oom_zone_rank(z->name) == RANK_MOVABLE;
            continue;
        }
        any_zone = true;
        above_cut |= zone_above_is_cut(r, z);
        cma = f->movable ? 0 : MIN(figure_or(z->figures[OOM_FREE_CMA], 0), free_bytes);
        held = MIN(oom_held_back(f, z, top), free_bytes - cma);
        f->free_cma += cma;
        f->free_reserve += held;
        f->free_highatomic += MIN(oom_highatomic(f, z), held);
        f->free_usable += free_bytes - cma - held;
        f->free_low += figure_or(z->figures[OOM_MIN], 0);
        f->free_high += figure_or(z->figures[OOM_HIGH], 0);
        any_block |= known(z->blocks[0]);
        block = take_block(f, z, free_bytes - cma <= held, &blocks);
        all = MAX(all, block);
        if (free_bytes - cma > oom_lowmem_reserve(r, z, top))
            largest = MAX(largest, block);
        if (free_bytes - cma > held)
            f->largest_block = MAX(f->largest_block, block);
    }
    hidden = known(f->free) && f->free > shown + pcp ? f->free - shown - pcp : 0;
    /* Of an allocation that may use some nodes only, the report shows the zones of these alone. */
    f->only_cpuset =
        (double)hidden > HIDDEN_SHARE * (double)figure_or(f->free, 0) && cpuset_binds(f);
    if (oom_is_bound(f->e) || f->only_cpuset || (any_zone && is_masked(r))) {
        f->free_nodes += hidden;
    } else if ((double)hidden > HIDDEN_SHARE * (double)f->free) {
        f->zones_cut = true;
        /* Zones above those in the text are there, and this allocation may use none of them. */
        if (above_cut && r->has_mask && top <= RANK_NORMAL)
            f->free_zones += hidden;
        else
            f->free_cut = hidden;
    }
    if (f->free_usable == 0)
        f->largest_block = largest ? largest : all;
    f->order_refuses = blocks.by_order && !blocks.to_be_had;
    f->usable_zone_told = any_zone || any_cma_zone;
    f->only_movable_zones &= !any_zone;
    if (!any_block)
        f->largest_block = UNKNOWN;
}

static void no_division(struct oom_facts *f)
{
    f->free_usable = f->free_reserve = f->free_highatomic = f->free_cma = f->free_zones =
        f->free_nodes = UNKNOWN;
    f->free_low = f->free_high = f->largest_block = f->free_cut = UNKNOWN;
}

/* Zones of which this part of memory is in the text have the figures of all. */
#define ZONES_COVER 0.9

/* Zones have less than their nodes or the machine: some are not in the text. */
static bool zones_have_less(const struct oom_report *r)
{
    static const enum oom_figure lists[] = {OOM_FREE, OOM_ACTIVE_ANON, OOM_INACTIVE_ANON,
                                            OOM_ACTIVE_FILE, OOM_INACTIVE_FILE};
    u64 all = 0, in_zones = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
        u64 sum = UNKNOWN, zones = UNKNOWN;

        vec_for_each (&r->nodes, n)
            sum = sum2(sum, n->figures[lists[i]]);
        vec_for_each (&r->zones, z)
            zones = sum2(zones, z->figures[lists[i]]);
        if (known(r->figures[lists[i]]))
            sum = r->figures[lists[i]];
        if (known(sum) && known(zones)) {
            all += sum;
            in_zones += zones;
        }
    }
    return (double)in_zones < ZONES_COVER * (double)all;
}

/* Are the zones in the text all of the machine's, as far as its size tells, or else what is above
 * them and in them? */
static bool zones_cover(const struct oom_report *r)
{
    u64 sum = 0;

    if (!known(r->ram)) {
        vec_for_each (&r->zones, z)
            if (zone_above_is_cut(r, z))
                return false;
        return !zones_have_less(r);
    }
    vec_for_each (&r->zones, z)
        sum += known(z->figures[OOM_MANAGED])   ? z->figures[OOM_MANAGED]
               : known(z->figures[OOM_PRESENT]) ? z->figures[OOM_PRESENT]
                                                : r->ram;
    return (double)sum >= ZONES_COVER * (double)(r->ram - MIN(figure_or(r->reserved, 0), r->ram));
}

/* A figure of the machine: of Mem-Info, or the sum over nodes or zones that have it. */
static u64 figure_of(const struct oom_report *r, enum oom_figure id)
{
    u64 sum = UNKNOWN;

    if (known(r->figures[id]))
        return r->figures[id];
    vec_for_each (&r->nodes, n)
        sum = sum2(sum, n->figures[id]);
    if (known(sum) || !zones_cover(r))
        return sum;
    vec_for_each (&r->zones, z)
        sum = sum2(sum, z->figures[id]);
    return sum;
}

static u64 managed(const struct oom_report *r)
{
    u64 zones = UNKNOWN;

    if (known(r->ram) && known(r->reserved) && r->ram > r->reserved)
        return r->ram - r->reserved;
    vec_for_each (&r->zones, z) {
        /* Its free list is there, its size is not: the sum would be of some zones only. DMA is
         * small. */
        if (!known(z->figures[OOM_MANAGED]) && known(z->blocks[0]) && strcmp(z->name, "DMA") != 0)
            return UNKNOWN;
        zones = sum2(zones, z->figures[OOM_MANAGED]);
    }
    return zones_cover(r) ? zones : UNKNOWN;
}

static u64 lists(const struct oom_report *r, enum oom_figure active, enum oom_figure inactive,
                 enum oom_figure isolated)
{
    u64 a = figure_of(r, active), i = figure_of(r, inactive);

    return known(a) && known(i) ? a + i + figure_or(figure_of(r, isolated), 0) : UNKNOWN;
}

/* What none of the counters has, when all that matter are there. */
static void take_uncounted(struct oom_facts *f)
{
    const struct {
        u64 figure;
        const char *name;
    } needed[] = {
        {f->total, f->r && known(f->r->ram) ? "how much of RAM was reserved" : "the size of RAM"},
        {f->anon, "active_anon and inactive_anon"},
        {f->file, "active_file and inactive_file"},
        {f->shmem, "shmem"},
        {f->slab_u, "slab_unreclaimable"},
        {f->slab_r, "slab_reclaimable"},
        {f->page_tables, "pagetables"},
        {f->free, "free"},
    };
    u64 sum = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(needed); i++) {
        if (!known(needed[i].figure) && !f->missing)
            f->missing = needed[i].name;
        sum += i ? figure_or(needed[i].figure, 0) : 0;
    }
    sum += figure_or(f->locked, 0) + figure_or(f->stacks, 0) + figure_or(f->hugetlb, 0) +
           figure_or(f->kernel_other, 0) + figure_or(f->balloon, 0);
    if (!known(f->total))
        return;
    if (f->missing)
        f->untold = less(f->total, sum);
    else
        f->uncounted = less(f->total, sum);
}

void oom_facts_add_total(struct oom_facts *f, u64 total, u64 free_bytes)
{
    if (f->of_group || known(f->total) || !known(total) || total > (u64)1 << 56)
        return;
    f->total = total;
    if (!known(f->free) && free_bytes <= total)
        f->free = free_bytes;
    f->missing = NULL;
    take_uncounted(f);
}

static void take_machine(struct oom_facts *f)
{
    const struct oom_report *r = f->r;
    u64 anon = lists(r, OOM_ACTIVE_ANON, OOM_INACTIVE_ANON, OOM_ISOLATED_ANON);
    u64 free_pcp = figure_of(r, OOM_FREE_PCP), misc = figure_of(r, OOM_KERNEL_MISC_RECLAIMABLE);

    f->total = managed(r);
    f->shmem = figure_of(r, OOM_SHMEM);
    f->anon = less(anon, f->shmem);
    f->file = lists(r, OOM_ACTIVE_FILE, OOM_INACTIVE_FILE, OOM_ISOLATED_FILE);
    f->dirty = sum2(sum2(figure_of(r, OOM_DIRTY), figure_of(r, OOM_WRITEBACK)),
                    figure_of(r, OOM_UNSTABLE));
    f->locked = figure_of(r, OOM_UNEVICTABLE);
    /* Shared memory beyond the anonymous lists is locked. */
    if (known(anon) && known(f->shmem) && f->shmem > anon && known(f->locked))
        f->locked = less(f->locked, f->shmem - anon);
    f->slab_r = figure_of(r, OOM_SLAB_RECLAIMABLE);
    f->slab_u = figure_of(r, OOM_SLAB_UNRECLAIMABLE);
    f->page_tables = sum2(figure_of(r, OOM_PAGETABLES), figure_of(r, OOM_SEC_PAGETABLES));
    f->stacks = figure_of(r, OOM_KERNEL_STACK);
    f->balloon = figure_of(r, OOM_BALLOON);
    f->kernel_other = sum2(misc, figure_of(r, OOM_BOUNCE));
    f->free = figure_of(r, OOM_FREE);
    f->free = known(f->free) ? f->free + figure_or(free_pcp, 0) : UNKNOWN;
    vec_for_each (&r->nodes, n) {
        f->hugetlb = sum2(f->hugetlb, n->huge_bytes);
        f->hugetlb_free = sum2(f->hugetlb_free, n->huge_free_bytes);
    }
    if (r->zones.count)
        divide_free(f);
    take_uncounted(f);
}

/* Where all is told that programs and files can hold, the rest of the usage was charged by the
 * kernel. */
static void take_group_rest(struct oom_facts *f)
{
    if (f->missing || known(f->kernel_other) || !known(f->untold))
        return;
    f->kernel_other = f->untold;
    f->untold = 0;
}

/* "/this-cgroup" is that of files which nobody said the path of. */
static bool group_is(const char *path, const char *wanted)
{
    return strcmp(path, wanted) == 0 || strcmp(path, "/this-cgroup") == 0;
}

static void take_group(struct oom_facts *f)
{
    const struct oom_report *r = f->r;
    const u64 *g = r->group;
    u64 slab = sum2(g[OOM_G_SLAB_RECLAIMABLE], g[OOM_G_SLAB_UNRECLAIMABLE]), sum;
    u64 kernel = known(g[OOM_G_KERNEL]) ? g[OOM_G_KERNEL] : r->limits[OOM_LEVEL_KMEM].usage;

    f->total = f->e->usage;
    /* The statistics of v1 count shared memory among the cache and not among rss, as v2 does. */
    f->anon = g[OOM_G_ANON];
    f->shmem = g[OOM_G_SHMEM];
    /* Before 4.20 v1 does not print it: it is what the anonymous lists hold beyond rss. */
    if (!known(f->shmem) && known(g[OOM_G_INACTIVE_ANON]) && known(g[OOM_G_ACTIVE_ANON]))
        f->shmem = MIN(less(g[OOM_G_INACTIVE_ANON] + g[OOM_G_ACTIVE_ANON], f->anon),
                       figure_or(g[OOM_G_FILE], 0));
    f->file = less(g[OOM_G_FILE], f->shmem);
    f->dirty = sum2(g[OOM_G_FILE_DIRTY], g[OOM_G_FILE_WRITEBACK]);
    f->locked_within = g[OOM_G_UNEVICTABLE];
    f->slab_r = g[OOM_G_SLAB_RECLAIMABLE];
    f->slab_u = known(g[OOM_G_SLAB_UNRECLAIMABLE]) ? g[OOM_G_SLAB_UNRECLAIMABLE] : UNKNOWN;
    f->page_tables = sum2(g[OOM_G_PAGETABLES], g[OOM_G_SEC_PAGETABLES]);
    f->stacks = g[OOM_G_KERNEL_STACK];
    f->percpu = g[OOM_G_PERCPU];
    f->vmalloc = g[OOM_G_VMALLOC];
    f->sock = g[OOM_G_SOCK];
    f->zswap = g[OOM_G_ZSWAP];
    sum = figure_or(slab, 0) + figure_or(f->page_tables, 0) + figure_or(f->stacks, 0) +
          figure_or(f->percpu, 0) + figure_or(f->vmalloc, 0) + figure_or(f->zswap, 0);
    f->kernel_other = known(kernel) ? less(kernel, sum) : UNKNOWN;
    f->swap_total = f->e->swap_limit;
    f->swap_free = known(f->e->swap_limit) && f->e->swap_limit < NO_LIMIT
                       ? less(f->e->swap_limit, f->e->swap_usage)
                       : UNKNOWN;
    if (!known(f->total))
        return;
    if (!known(f->anon) || !known(f->file))
        f->missing = "the statistics of the group";
    else if (!known(f->shmem))
        f->missing = "shmem";
    f->untold =
        less(f->total, figure_or(f->anon, 0) + figure_or(f->file, 0) + figure_or(f->shmem, 0) +
                           figure_or(f->sock, 0) + sum + figure_or(f->kernel_other, 0));
    take_group_rest(f);
}

void oom_facts_add_group(struct oom_facts *f, const struct cgroup_view *g)
{
    u64 file = g->stat[NR_FILE_PAGES], shmem = figure_or(g->stat[NR_SHMEM], 0), sum;

    if (!f->of_group || known(f->anon) || !known(f->total) || !known(f->e->limit) ||
        f->e->limit >= NO_LIMIT || g->max != f->e->limit || !known(g->stat[NR_ANON_PAGES]) ||
        !known(file) || (f->e->oom_memcg && !group_is(g->path, f->e->oom_memcg)))
        return;
    f->anon = g->stat[NR_ANON_PAGES];
    f->shmem = MIN(shmem, file);
    f->file = file - f->shmem;
    sum = f->anon + file + figure_or(f->kernel_other, 0);
    f->untold = less(f->total, sum);
    f->missing = NULL;
    take_group_rest(f);
}

/* --- who was there ---------------------------------------------------------------------------- */

u64 oom_held(const struct oom_candidate *t)
{
    u64 split = figure_or(t->rss_anon, 0) + figure_or(t->rss_file, 0) + figure_or(t->rss_shmem, 0);

    return (known(t->rss) ? t->rss : split) + figure_or(t->swap, 0);
}

/* What a process adds to its program: memory of its own where the table splits, else all that is
 * resident. */
static u64 own(const struct oom_candidate *t)
{
    return known(t->rss_anon) ? t->rss_anon + figure_or(t->swap, 0) : oom_held(t);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct oom_program *)a)->name, ((const struct oom_program *)b)->name);
}

static int by_bytes(const void *a, const void *b)
{
    const struct oom_program *x = a, *y = b;

    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Kernels up to 5.0 name the task that was chosen and the one whose memory goes: of a process with
 * threads both are its own, and the table has but one row of it. A child has a row. */
static const struct oom_candidate *process_of_thread(const struct oom_facts *f)
{
    const struct oom_candidate *chosen = NULL;

    if (!f->r->chosen_pid || f->r->chosen_pid == f->e->pid || !known(f->e->total_vm))
        return NULL;
    vec_for_each (&f->r->tasks, t) {
        if (t->pid == f->e->pid)
            return NULL;
        if (t->pid == f->r->chosen_pid)
            chosen = t;
    }
    return chosen && chosen->total_vm == f->e->total_vm ? chosen : NULL;
}

/* Sum the table by name; the largest ones stay. */
static void take_programs(struct oom_facts *f)
{
    size_t count = f->r->tasks.count, n = 0;
    struct oom_program *all = xcalloc(count + 1, sizeof(*all));
    bool in_table = process_of_thread(f) != NULL;

    for (size_t i = 0; i < count; i++) {
        const struct oom_candidate *t = &f->r->tasks.items[i];

        memcpy(all[i].name, t->comm, sizeof(all[i].name));
        all[i].processes = 1;
        all[i].bytes = own(t);
        all[i].shared = figure_or(t->rss_shmem, 0);
        all[i].swap = figure_or(t->swap, 0);
        in_table |= t->pid == f->e->pid;
        f->programs_bytes += all[i].bytes;
    }
    f->processes = count;
    /* A victim whose row was lost was there all the same. */
    if (!in_table && known(f->e->anon_rss) && *f->e->comm && f->e->anon_rss < (u64)1 << 56) {
        memcpy(all[count].name, f->e->comm, sizeof(all[count].name));
        all[count].processes = 1;
        all[count].bytes = f->e->anon_rss;
        if (known(f->e->shmem_rss) && f->e->shmem_rss < (u64)1 << 56)
            all[count].shared = f->e->shmem_rss;
        f->programs_bytes += all[count].bytes;
        count++;
    }
    if (count)
        qsort(all, count, sizeof(*all), by_name);
    for (size_t i = 0; i < count; i++) {
        if (n > 0 && strcmp(all[n - 1].name, all[i].name) == 0) {
            all[n - 1].processes++;
            all[n - 1].bytes += all[i].bytes;
            all[n - 1].shared = MAX(all[n - 1].shared, all[i].shared);
            all[n - 1].swap += all[i].swap;
        } else {
            all[n++] = all[i];
        }
    }
    /* Shared memory is the same in all processes of a program. */
    for (size_t i = 0; i < n; i++) {
        all[i].bytes += all[i].shared;
        f->programs_bytes += all[i].shared;
    }
    if (n)
        qsort(all, n, sizeof(*all), by_bytes);
    f->nr_programs = (unsigned)MIN(n, ARRAY_SIZE(f->programs));
    memcpy(f->programs, all, f->nr_programs * sizeof(*all));
    f->programs_resident = !f->r->columns_anon;
    free(all);
}

static void take_candidates(struct oom_facts *f)
{
    f->adj_common = true;
    vec_for_each (&f->r->tasks, t) {
        if (t->pid == f->e->pid || t == f->thread_of)
            f->victim = t;
        if (!f->largest || oom_held(t) > oom_held(f->largest))
            f->largest = t;
    }
    vec_for_each (&f->r->tasks, t) {
        if (t == f->victim)
            continue;
        if (t->oom_score_adj <= ADJ_PROTECTED) {
            if (f->victim && oom_held(t) > oom_held(f->victim) &&
                t->oom_score_adj < f->victim->oom_score_adj &&
                (!f->spared || oom_held(t) > oom_held(f->spared)))
                f->spared = t;
            continue;
        }
        f->adj_common &= !f->victim || t->oom_score_adj == f->victim->oom_score_adj;
        if (!f->second || oom_held(t) > oom_held(f->second))
            f->second = t;
    }
}

void oom_facts_take(struct oom_facts *f, const struct log_event *e)
{
    u64 *figures[] = {&f->total,   &f->anon,         &f->file,      &f->dirty,       &f->shmem,
                      &f->locked,  &f->slab_r,       &f->slab_u,    &f->page_tables, &f->stacks,
                      &f->hugetlb, &f->hugetlb_free, &f->percpu,    &f->sock,        &f->vmalloc,
                      &f->zswap,   &f->kernel_other, &f->balloon,   &f->free,        &f->uncounted,
                      &f->untold,  &f->swap_total,   &f->swap_free, &f->arc,         &f->zram,
                      &f->machine};

    memset(f, 0, sizeof(*f));
    for (unsigned i = 0; i < ARRAY_SIZE(figures); i++)
        *figures[i] = UNKNOWN;
    no_division(f);
    f->e = e;
    f->r = e->report;
    f->of_group = e->oom_memcg || strcmp(e->constraint, "CONSTRAINT_MEMCG") == 0;
    f->of_machine =
        !f->of_group && (e->of_machine || *e->constraint || e->kind == LOG_OOM_NO_VICTIM);
    if (!f->r)
        return;
    /* Without its mask it is taken for one that may not: a kill with CMA free shows that. */
    f->movable = f->r->has_mask && (f->r->gfp_mask & GFP_BIT_MOVABLE);
    f->atomic = oom_is_atomic(f->r);
    f->may_wait = may_wait(f->r);
    if (f->of_group) {
        take_group(f);
    } else {
        f->swap_total = f->r->swap_total;
        f->swap_free = f->r->swap_free;
        take_machine(f);
    }
    f->thread_of = process_of_thread(f);
    take_programs(f);
    take_candidates(f);
}
