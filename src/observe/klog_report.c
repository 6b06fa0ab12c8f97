/* klog_report.c - Mem-Info, nodes, zones, free lists, swap, slabs, limits, statistics and tasks of
 * one report.
 *
 *   Mem-Info:                                              figures in pages, several a line, lines
 *   that begin with a blank
 *   active_anon:1490 inactive_anon:46292 isolated_anon:0
 *   Node 0 active_anon:5960kB ... all_unreclaimable? no    a node: in kB
 *   Node 0 DMA32 free:2180kB boost:0kB min:2228kB ...      a zone; without "Node 0" on a kernel
 *   without NUMA
 *   lowmem_reserve[]: 0 329 329 329 329                    pages, of the zone before
 *   Node 0 DMA32: 3*4kB (UE) 9*8kB (UME) ... = 2180kB      its free list: the first size is the
 *   page
 *   Node 0 hugepages_total=0 ... hugepages_size=2048kB
 *   871 total pagecache pages
 *   Free swap  = 0kB
 *   98174 pages RAM
 *   Unreclaimable slab info:  and a table of NAME 32KB 32KB
 *   memory: usage 16384kB, limit 16384kB, failcnt 268
 *   Memory cgroup stats for /a: cache:0KB rss:524288KB     v1 in one line, v2 as lines of "anon
 *   16678912"
 *   [  pid  ]   uid  tgid total_vm ...                     the columns differ by kernel; the head
 *      names them
 *
 * Lines of others may stand between; what is cut is left out. A number that cannot be is no number.
 */
#include "observe/klog_report_int.h"

#include "observe/reading_int.h"

#define BLOCKS_MAX ((u64)1 << 40)

void oom_note(struct oom_report *r, enum oom_part part, struct klog_place place)
{
    if (!(r->parts >> part & 1))
        r->place[part] = place;
    r->parts |= (u64)1 << part;
}

void oom_body_begin(struct oom_body *b, struct oom_report *report)
{
    *b = (struct oom_body){.report = report, .zone = UINT32_MAX, .free_list_kib = UNKNOWN};
    for (unsigned i = 0; i < NR_OOM_COLUMNS; i++)
        b->column[i] = UINT32_MAX;
}

/* --- figures of the machine, a node, a zone --------------------------------------------------- */

static enum oom_figure figure_of(struct span name)
{
    unsigned i = 0;

    /* "isolated(anon)" of a node is "isolated_anon" of Mem-Info. */
    if (span_is(name, "isolated(anon)"))
        return OOM_ISOLATED_ANON;
    if (span_is(name, "isolated(file)"))
        return OOM_ISOLATED_FILE;
    /* Mem-Info of 2.6.28 to 2.6.31 */
    if (span_is(name, "Active_anon"))
        return OOM_ACTIVE_ANON;
    if (span_is(name, "slab"))
        return OOM_SLAB_UNRECLAIMABLE;
    while (i < NR_OOM_FIGURES && !span_is(name, oom_figure_names[i]))
        i++;
    return (enum oom_figure)i;
}

/* "name:123kB" or "name: 123kB", one after the other; pages or KiB as they stand. True when one was
 * known. A figure in KiB that the text's end or a bad cut left without its unit may have lost
 * digits too, and is none. */
static bool take_figures(struct span line, bool in_kib, u64 figures[NR_OOM_FIGURES])
{
    bool any = false;
    struct span name;
    u64 number;

    while (span_take_until(&line, ':', &name)) {
        enum oom_figure figure;
        const char *blank;

        name = span_trim(name);
        /* What stands before the name is the unit of the figure before it: "0kB min". */
        blank = span_empty(name) ? NULL : memrchr(name.at, ' ', span_len(name));
        if (blank)
            name.at = blank + 1;
        figure = figure_of(name);
        if (!span_take_u64(&line, &number) || figure == NR_OOM_FIGURES || number > OOM_PAGES_MAX)
            continue;
        if (in_kib && !span_take(&line, "kB") && !span_take(&line, "KB"))
            continue;
        figures[figure] = number;
        /* It does not say how much of the slab can be reclaimed: what stands there at a kill could
         * not. */
        if (span_is(name, "slab"))
            figures[OOM_SLAB_RECLAIMABLE] = 0;
        any = true;
    }
    return any;
}

static void scale(u64 *figure, u64 unit)
{
    if (known(*figure))
        *figure *= unit;
}

static void kib_figures(u64 figures[NR_OOM_FIGURES])
{
    for (unsigned i = 0; i < NR_OOM_FIGURES; i++)
        scale(&figures[i], KIB);
}

static struct oom_node *node_get(struct oom_report *r, u64 id)
{
    struct oom_node fresh = {.id = (u32)id, .huge_bytes = UNKNOWN, .huge_free_bytes = UNKNOWN};

    vec_for_each (&r->nodes, node)
        if (node->id == id)
            return node;
    if (r->nodes.count >= OOM_NODES_MAX || id >= NODES_MAX)
        return NULL;
    memset(fresh.figures, 0xff, sizeof(fresh.figures));
    vec_push(&r->nodes, fresh);
    return &vec_last(&r->nodes);
}

static struct oom_zone *oom_zone_get(struct oom_report *r, u64 node, struct span name)
{
    struct oom_zone fresh = {.node = (u32)node};

    vec_for_each (&r->zones, zone)
        if (zone->node == node && span_is(name, zone->name))
            return zone;
    if (r->zones.count >= OOM_ZONES_MAX || node >= NODES_MAX)
        return NULL;
    memset(fresh.figures, 0xff, sizeof(fresh.figures));
    memset(fresh.reserve, 0xff, sizeof(fresh.reserve));
    memset(fresh.blocks, 0xff, sizeof(fresh.blocks));
    span_copy(name, fresh.name, sizeof(fresh.name));
    vec_push(&r->zones, fresh);
    return &vec_last(&r->zones);
}

static bool is_zone_name(struct span name)
{
    static const char *const names[] = {"DMA",     "DMA32",  "Normal", "HighMem",
                                        "Movable", "Device", "CMA"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (span_is(name, names[i]))
            return true;
    return false;
}

/* "3*4kB (UE) 9*8kB (UME) 0*16kB ... = 2180kB": blocks by order. */
static void take_free_list(struct oom_body *b, struct oom_zone *zone, struct span line)
{
    u64 blocks, kib;

    for (unsigned order = 0; order < OOM_ORDERS_MAX; order++) {
        struct span types;

        if (!span_take_u64(&line, &blocks) || !span_take(&line, "*") ||
            !span_take_u64(&line, &kib) || !span_take(&line, "kB") || blocks > BLOCKS_MAX)
            return;
        if (order == 0)
            b->free_list_kib = kib;
        zone->blocks[order] = blocks;
        if (span_take(&line, "(") && span_take_until(&line, ')', &types))
            span_copy(types, zone->types[order], sizeof(zone->types[order]));
    }
}

/* "hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB": one line a size. */
static bool take_huge(struct oom_report *r, u64 id, struct span line, struct klog_place place)
{
    struct oom_node *node;
    struct span rest;
    u64 total, free_pages, size;

    if (!span_begins(line, "hugepages_total="))
        return false;
    node = node_get(r, id);
    if (!node || !klog_after(line, "total=", &rest) || !span_take_u64(&rest, &total) ||
        !klog_after(line, "free=", &rest) || !span_take_u64(&rest, &free_pages))
        return true;
    size = klog_kib_after(line, "size=");
    if (!known(size) || size > TIB || total > BLOCKS_MAX / 1024 || free_pages > total ||
        total * (size / KIB) > OOM_PAGES_MAX)
        return true;
    /* An empty pool of 1 GiB pages says nothing about the pool of usual ones, which has a line of
     * its own. */
    if (total == 0 && size >= GIB)
        return true;
    node->huge_bytes = figure_or(node->huge_bytes, 0) + total * size;
    node->huge_free_bytes = figure_or(node->huge_free_bytes, 0) + free_pages * size;
    oom_note(r, OOM_PART_HUGE, place);
    return true;
}

/* A zone's line, or its free list. `line` begins with the zone's name. */
static bool take_zone(struct oom_body *b, u64 node, struct span line, struct klog_place place)
{
    struct oom_report *r = b->report;
    struct span name, rest = line;
    struct oom_zone *zone;
    bool list;

    if (!span_take_word(&rest, &name))
        return false;
    list = span_len(name) > 1 && name.end[-1] == ':';
    name.end -= list;
    if (!is_zone_name(name))
        return false;
    span_skip_blanks(&rest);
    if (!list && !span_begins(rest, "free:"))
        return false;
    zone = oom_zone_get(r, node, name);
    if (!zone)
        return true;
    if (list) {
        take_free_list(b, zone, rest);
        oom_note(r, OOM_PART_FREE_LISTS, place);
        return true;
    }
    take_figures(rest, true, zone->figures);
    kib_figures(zone->figures);
    b->zone = (u32)(zone - r->zones.items);
    b->in_mem_info = false;
    oom_note(r, OOM_PART_ZONES, place);
    return true;
}

static bool take_node(struct oom_body *b, struct span line, struct klog_place place)
{
    struct oom_report *r = b->report;
    struct oom_node *node;
    struct span answer;
    u64 id;

    if (!span_take(&line, "Node ") || !span_take_u64(&line, &id))
        return false;
    span_skip_blanks(&line);
    if (take_huge(r, id, line, place) || take_zone(b, id, line, place))
        return true;
    if (!span_begins(line, "active_anon:"))
        return false;
    node = node_get(r, id);
    if (!node)
        return true;
    take_figures(line, true, node->figures);
    kib_figures(node->figures);
    node->unreclaimable =
        klog_after(line, "all_unreclaimable? ", &answer) && span_begins(answer, "yes");
    b->in_mem_info = false;
    oom_note(r, OOM_PART_NODES, place);
    return true;
}

/* lowmem_reserve[]: of the zone before, in pages. */
static bool take_reserve(struct oom_body *b, struct span line)
{
    struct oom_report *r = b->report;
    u64 pages;

    if (!span_take(&line, "lowmem_reserve[]:"))
        return false;
    for (unsigned i = 0; b->zone < r->zones.count && i < ARRAY_SIZE(r->zones.items[0].reserve);
         i++) {
        if (!span_take_u64(&line, &pages) || pages > OOM_PAGES_MAX)
            break;
        r->zones.items[b->zone].reserve[i] = pages;
    }
    b->zone = UINT32_MAX;
    return true;
}

static bool take_mem_info(struct oom_body *b, struct span line, struct klog_place place)
{
    if (span_begins(line, "Mem-Info:")) {
        b->in_mem_info = true;
        oom_note(b->report, OOM_PART_MEM_INFO, place);
        return true;
    }
    /* The first line may be lost, or hidden behind another prefix. */
    if (!b->in_mem_info && !span_begins(line, "active_anon:"))
        return false;
    if (!take_figures(line, false, b->report->figures))
        return false;
    b->in_mem_info = true;
    oom_note(b->report, OOM_PART_MEM_INFO, place);
    return true;
}

/* --- totals ----------------------------------------------------------------------------------- */

static bool take_total(struct oom_body *b, struct span line, struct klog_place place)
{
    struct oom_report *r = b->report;
    /* NUMBER WORDS: where it goes. Pages. */
    const struct {
        const char *words;
        u64 *figure;
        enum oom_part part;
    } lines[] = {
        {"total pagecache pages", &r->page_cache, OOM_PART_CACHE},
        {"pages in swap cache", &r->swap_cache, OOM_PART_SWAP},
        {"pages RAM", &r->ram, OOM_PART_RAM},
        {"pages of RAM", &r->ram, OOM_PART_RAM},
        {"pages HighMem", &r->highmem, OOM_PART_RAM},
        {"pages of HIGHMEM", &r->highmem, OOM_PART_RAM},
        {"pages reserved", &r->reserved, OOM_PART_RAM},
        {"reserved pages", &r->reserved, OOM_PART_RAM},
        {"pages cma reserved", &r->cma_reserved, OOM_PART_RAM},
        {"pages hwpoisoned", &r->poisoned, OOM_PART_RAM},
    };
    struct span rest = line;
    u64 number;

    if (!is_digit(*line.at) || !span_take_u64(&rest, &number) || number > OOM_PAGES_MAX)
        return false;
    span_skip_blanks(&rest);
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
        if (!span_begins(rest, lines[i].words))
            continue;
        *lines[i].figure = number;
        oom_note(r, lines[i].part, place);
        b->in_mem_info = false;
        return true;
    }
    return false;
}

static bool take_swap(struct oom_body *b, struct span line, struct klog_place place)
{
    struct oom_report *r = b->report;
    bool total = span_begins(line, "Total swap");
    struct span rest;
    u64 kib;

    if ((!total && !span_begins(line, "Free swap")) || !klog_after(line, "=", &rest) ||
        !span_take_u64(&rest, &kib))
        return false;
    *(total ? &r->swap_total : &r->swap_free) = kib_to_bytes(kib);
    oom_note(r, OOM_PART_SWAP, place);
    return true;
}

/* --- the slab table --------------------------------------------------------------------------- */

/* "9p-fcall-cache            32KB         32KB"; a name may hold blanks and brackets. */
static bool take_slab(struct oom_body *b, struct span line, struct klog_place place)
{
    struct oom_report *r = b->report;
    struct oom_slab slab = {.name = ""};
    struct span word[2];
    u64 kib[2];

    if (span_begins(line, "Unreclaimable slab info:")) {
        b->in_slabs = true;
        oom_note(r, OOM_PART_SLABS, place);
        return true;
    }
    if (!span_ends(line, "KB"))
        return false;
    for (unsigned i = 2; i-- > 0;) {
        const char *blank = span_empty(line) ? NULL : memrchr(line.at, ' ', span_len(line));

        if (!blank)
            return false;
        word[i] = (struct span){blank + 1, line.end};
        line = span_trim((struct span){line.at, blank});
        if (!span_take_u64(&word[i], &kib[i]) || !span_is(word[i], "KB"))
            return false;
    }
    if (span_empty(line) || (!b->in_slabs && !(r->parts >> OOM_PART_SLABS & 1)))
        return false;
    span_copy(line, slab.name, sizeof(slab.name));
    slab.used = kib_to_bytes(kib[0]);
    slab.total = kib_to_bytes(kib[1]);
    if (r->slabs.count < OOM_SLABS_MAX)
        vec_push(&r->slabs, slab);
    return true;
}

/* --- the group -------------------------------------------------------------------------------- */

static u64 limit_after(struct span line, const char *literal)
{
    struct span rest;
    u64 kib;

    if (!klog_after(line, literal, &rest) || !span_take_u64(&rest, &kib))
        return UNKNOWN;
    /* No limit is 2^53 KiB, less what rounding takes. */
    return kib >= (u64)1 << 50 ? NO_LIMIT : kib_to_bytes(kib);
}

static bool take_limit(struct oom_body *b, struct span line, struct klog_place place)
{
    static const char *const names[NR_OOM_LEVELS] = {
        [OOM_LEVEL_MEMORY] = "memory: usage ", [OOM_LEVEL_MEMSW] = "memory+swap: usage ",
        [OOM_LEVEL_SWAP] = "swap: usage ",     [OOM_LEVEL_KMEM] = "kmem: usage ",
        [OOM_LEVEL_TCP] = "kmem.tcp: usage ",
    };

    for (unsigned i = 0; i < NR_OOM_LEVELS; i++) {
        struct oom_limit *l = &b->report->limits[i];
        struct span rest;

        if (!span_begins(line, names[i]))
            continue;
        l->usage = klog_kib_after(line, "usage ");
        l->limit = limit_after(line, "limit ");
        if (klog_after(line, "failcnt ", &rest))
            span_take_u64(&rest, &l->failcnt);
        oom_note(b->report, OOM_PART_LIMIT, place);
        return true;
    }
    return false;
}

static enum oom_group_figure group_figure_of(struct span name)
{
    static const struct {
        const char *v1;
        enum oom_group_figure figure;
    } renamed[] = {
        {"cache", OOM_G_FILE},        {"rss", OOM_G_ANON},
        {"rss_huge", OOM_G_ANON_THP}, {"mapped_file", OOM_G_FILE_MAPPED},
        {"dirty", OOM_G_FILE_DIRTY},  {"writeback", OOM_G_FILE_WRITEBACK},
    };
    unsigned i = 0;

    for (unsigned j = 0; j < ARRAY_SIZE(renamed); j++)
        if (span_is(name, renamed[j].v1))
            return renamed[j].figure;
    while (i < NR_OOM_GROUP_FIGURES && !span_is(name, oom_group_figure_names[i]))
        i++;
    return (enum oom_group_figure)i;
}

/* v1 prints the group itself and then each group below it: the figures of all of them add up.
 * Kernels since 6.3 print them all for the group alone, and then "total_" of it and all below. */
static void add_group_figure(struct oom_report *r, struct span name, u64 bytes)
{
    bool total = span_take(&name, "total_");
    enum oom_group_figure figure = group_figure_of(name);

    if (figure == NR_OOM_GROUP_FIGURES || !known(bytes) || bytes > OOM_PAGES_MAX * KIB)
        return;
    r->group[figure] = total ? bytes : figure_or(r->group[figure], 0) + bytes;
}

/* "cache:0KB rss:524288KB", one after the other. */
static void take_v1_stats(struct oom_report *r, struct span line)
{
    struct span word, name;
    u64 kib;

    while (span_take_word(&line, &word)) {
        if (span_take_until(&word, ':', &name) && span_take_u64(&word, &kib) && span_is(word, "KB"))
            add_group_figure(r, name, kib_to_bytes(kib));
    }
}

static bool take_stats(struct oom_body *b, struct span line, struct klog_place place)
{
    static const char head[] = "Memory cgroup stats for ";
    struct oom_report *r = b->report;
    struct span name;
    u64 number;

    if (span_begins(line, head)) {
        const char *colon = klog_find_last(line, ": ");
        struct span path = {line.at + strlen(head), colon ? colon : line.end};

        if (!colon && span_ends(path, ":"))
            path.end--;
        if (!r->stats_of && span_begins(path, "/"))
            r->stats_of = span_dup(span_trim(path));
        b->in_stats = true;
        oom_note(r, OOM_PART_GROUP_STATS, place);
        if (colon)
            take_v1_stats(r, (struct span){colon + 2, line.end});
        return true;
    }
    if (b->in_stats && span_find(line, "KB ") && span_find(line, "rss:")) {
        take_v1_stats(r, line);
        return true;
    }
    if (!b->in_stats || !span_take_word(&line, &name) || !span_take_u64(&line, &number) ||
        !span_empty(span_trim(line)))
        return false;
    add_group_figure(r, name, number);
    return true;
}

/* --- one line --------------------------------------------------------------------------------- */

bool oom_body_take(struct oom_body *b, struct span line, struct klog_place place)
{
    line = span_trim(line);
    if (span_empty(line))
        return false;
    if (*line.at == '[' && !span_begins(line, "[<"))
        return oom_take_row(b, line, place) || oom_take_table_head(b, line, place);
    return take_node(b, line, place) || take_zone(b, 0, line, place) || take_reserve(b, line) ||
           take_mem_info(b, line, place) || take_total(b, line, place) ||
           take_swap(b, line, place) || take_limit(b, line, place) || take_stats(b, line, place) ||
           take_slab(b, line, place) || oom_take_early(b, line, place) ||
           oom_take_kernel(b, line, place) || oom_take_frame(b, line, place);
}

/* The same figure in pages for the machine and in KiB for its nodes: the page size, where every
 * figure agrees. UNKNOWN. */
static u64 page_of_nodes(const struct oom_report *r)
{
    u64 page = UNKNOWN;
    unsigned agree = 0;

    for (unsigned i = 0; i < NR_OOM_FIGURES; i++) {
        u64 pages = r->figures[i], bytes = 0, ratio;

        vec_for_each (&r->nodes, n)
            bytes += known(n->figures[i]) ? MIN(n->figures[i], OOM_PAGES_MAX) : 0;
        if (!known(pages) || pages == 0 || bytes == 0)
            continue;
        ratio = bytes / pages;
        if (ratio * pages != bytes || (known(page) && ratio != page))
            return UNKNOWN;
        page = ratio;
        agree++;
    }
    return agree >= 2 && page >= 4 * KIB && page <= 256 * KIB && (page & (page - 1)) == 0 ? page
                                                                                          : UNKNOWN;
}

void oom_body_finish(struct oom_body *b, u64 page_bytes)
{
    struct oom_report *r = b->report;
    u64 *totals[] = {&r->page_cache, &r->swap_cache,   &r->ram,     &r->highmem,
                     &r->reserved,   &r->cma_reserved, &r->poisoned};
    u64 page = page_of_nodes(r);

    if (!known(page))
        page = page_bytes;
    if (known(b->free_list_kib) && b->free_list_kib >= 4 && b->free_list_kib <= 256)
        page = b->free_list_kib * KIB;
    r->page_bytes = page;
    for (unsigned i = 0; i < NR_OOM_FIGURES; i++)
        scale(&r->figures[i], page);
    for (unsigned i = 0; i < ARRAY_SIZE(totals); i++)
        scale(totals[i], page);
    vec_for_each (&r->zones, zone)
        for (unsigned i = 0; i < ARRAY_SIZE(zone->reserve); i++)
            scale(&zone->reserve[i], page);
    vec_for_each (&r->tasks, t) {
        u64 *pages[] = {&t->total_vm, &t->rss, &t->rss_anon, &t->rss_file, &t->rss_shmem, &t->swap};

        for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
            scale(pages[i], page);
        if (b->column[OOM_COLUMN_NR_PTES] != UINT32_MAX)
            scale(&t->page_tables, page);
    }
}
