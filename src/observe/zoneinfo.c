/* zoneinfo.c - /proc/zoneinfo, buddyinfo and pagetypeinfo, and extfrag/ of debugfs: the zones of
 * all nodes.
 *
 *   Node 0, zone   Normal
 *     per-node stats                     since 4.8, before the first zone of a node: not a zone's
 *         nr_inactive_anon 2824
 *     pages free     3840
 *           boost    0                   since 5.14
 *           min      49
 *           low      61
 *           high     73
 *           promo    85                  since 6.3
 *           spanned  4095
 *           present  3998
 *           managed  3840                since 3.9
 *
 * The names after "managed" are counters and may be spelt like the ones above, so a zone's lines
 * end with its "protection".
 */
#include "observe/reading_int.h"

#define ZONES_MAX (NODES_MAX * 6)

struct zone_view *zone_get(struct snapshot *s, u32 node, struct span name)
{
    vec_for_each (&s->zones, zone)
        if (zone->node == node && span_is(name, zone->name))
            return zone;
    if (s->zones.count >= ZONES_MAX || node >= NODES_MAX)
        return NULL;

    struct zone_view fresh;

    memset(&fresh, 0xff, sizeof(fresh)); /* every figure UNKNOWN */
    fresh.node = node;
    fresh.nr_orders = 0;
    memset(fresh.name, 0, sizeof(fresh.name));
    span_copy(name, fresh.name, sizeof(fresh.name));
    vec_push(&s->zones, fresh);
    return &vec_last(&s->zones);
}

/* "Node 0, zone   Normal" and what follows. */
static struct zone_view *take_zone(struct snapshot *s, struct span *line)
{
    u64 node;
    struct span name;

    if (!span_take(line, "Node") || !span_take_u64(line, &node) || node >= NODES_MAX ||
        !span_take(line, ",") || !span_take(line, "zone") || !span_take_word(line, &name))
        return NULL;
    return zone_get(s, (u32)node, name);
}

static u64 *zone_field(struct zone_view *zone, struct span name)
{
    const struct {
        const char *name;
        u64 *field;
    } fields[] = {
        {"free", &zone->free},       {"min", &zone->min},         {"low", &zone->low},
        {"high", &zone->high},       {"spanned", &zone->spanned}, {"present", &zone->present},
        {"managed", &zone->managed},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++)
        if (span_is(name, fields[i].name))
            return fields[i].field;
    return NULL;
}

unsigned parse_zoneinfo(struct span text, struct snapshot *s)
{
    struct zone_view *zone = NULL;
    struct span line, name;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        u64 value;

        if (span_begins(line, "Node")) {
            zone = take_zone(s, &line);
            found += zone != NULL;
            continue;
        }
        if (!zone || !span_take_word(&line, &name))
            continue;
        if (span_is(name, "protection:")) {
            zone = NULL;
            continue;
        }
        if (span_is(name, "pages") && !span_take_word(&line, &name))
            continue;

        u64 *field = zone_field(zone, name);

        if (field && span_take_u64(&line, &value))
            *field = value;
    }
    return found;
}

/* --- nodes of their zones --------------------------------------------------------------------- */

static struct node_view *node_get(struct snapshot *s, u32 id)
{
    struct node_view fresh;

    vec_for_each (&s->nodes, node)
        if (node->id == id)
            return node;
    memset(&fresh, 0xff, sizeof(fresh)); /* every figure UNKNOWN */
    fresh.id = id;
    fresh.has_cpus = true;
    fresh.cpulist[0] = '\0';
    vec_push(&s->nodes, fresh);
    return &vec_last(&s->nodes);
}

static void add_figure(u64 *sum, u64 value, u64 unit)
{
    if (value < ((u64)1 << 50) / unit)
        *sum = MIN(figure_or(*sum, 0) + value * unit, (u64)1 << 50);
}

/* Lines below a zone that are the node's: since 4.8 of all its zones, before the first one's pages;
 * until then, of each zone. */
static void take_node_line(struct node_view *node, struct span name, u64 value, u64 page)
{
    const struct {
        const char *name;
        u64 *figure;
        u64 unit;
    } fields[] = {
        {"nr_anon_pages", &node->anon, page},
        {"nr_file_pages", &node->file, page},
        {"nr_shmem", &node->shmem, page},
        {"nr_dirty", &node->dirty, page},
        {"nr_active_file", &node->active_file, page},
        {"nr_inactive_file", &node->inactive_file, page},
        {"nr_slab_reclaimable", &node->slab, page},
        {"nr_slab_unreclaimable", &node->slab, page},
        {"numa_hit", &node->numa_hit, 1},
        {"numa_miss", &node->numa_miss, 1},
        {"numa_foreign", &node->numa_foreign, 1},
        {"numa_interleave", &node->interleave_hit, 1},
        {"numa_local", &node->local_node, 1},
        {"numa_other", &node->other_node, 1},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++)
        if (span_is(name, fields[i].name))
            add_figure(fields[i].figure, value, fields[i].unit);
}

unsigned nodes_of_zoneinfo(struct span text, struct snapshot *s)
{
    struct node_view *node = NULL;
    struct span line, name;

    vec_for_each (&s->zones, zone) {
        u64 pages = known(zone->managed) ? zone->managed : zone->present;

        if (!known(pages) || !known(zone->free))
            continue;
        node = node_get(s, zone->node);
        add_figure(&node->total, pages, s->page_bytes);
        add_figure(&node->free, zone->free, s->page_bytes);
    }
    node = NULL;
    while (span_take_line(&text, &line)) {
        u64 id, value;

        if (span_take(&line, "Node") && span_take_u64(&line, &id)) {
            node = NULL;
            vec_for_each (&s->nodes, at)
                node = at->id == id ? at : node;
        } else if (node && span_take_word(&line, &name) && span_take_u64(&line, &value)) {
            take_node_line(node, name, value, s->page_bytes);
        }
    }
    return (unsigned)s->nodes.count;
}

unsigned parse_buddyinfo(struct span text, struct snapshot *s)
{
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        struct zone_view *zone = take_zone(s, &line);
        u64 blocks;

        if (!zone)
            continue;
        zone->nr_orders = 0;
        while (zone->nr_orders < ORDERS_MAX && span_take_u64(&line, &blocks))
            zone->blocks[zone->nr_orders++] = blocks;
        found++;
    }
    return found;
}

/* --- pagetypeinfo ----------------------------------------------------------------------------- */

static enum block_type block_type_of(struct span name)
{
    static const char *const names[NR_BLOCK_TYPES] = {
        [BLOCK_UNMOVABLE] = "Unmovable",
        [BLOCK_MOVABLE] = "Movable",
        [BLOCK_RECLAIMABLE] = "Reclaimable",
    };

    for (unsigned i = 0; i < NR_BLOCK_TYPES; i++)
        if (names[i] && span_is(name, names[i]))
            return (enum block_type)i;
    return BLOCK_OTHER;
}

/* "Number of blocks type     Unmovable      Movable ..." */
static unsigned take_types(struct span line, enum block_type types[ORDERS_MAX])
{
    unsigned count = 0;
    struct span word;

    while (count < ORDERS_MAX && span_take_word(&line, &word))
        types[count++] = block_type_of(word);
    return count;
}

/* "Node 0, zone DMA, type Unmovable": the zone, and the counts by order are left of the line. */
static struct zone_view *take_typed_zone(struct snapshot *s, struct span *line)
{
    struct span rest = *line, zone, type;
    u64 node;

    if (!span_take(&rest, "Node") || !span_take_u64(&rest, &node) || node >= NODES_MAX ||
        !span_take(&rest, ",") || !span_take(&rest, "zone") ||
        !span_take_until(&rest, ',', &zone) || !span_take(&rest, "type") ||
        !span_take_word(&rest, &type))
        return NULL;
    *line = rest;
    return zone_get(s, (u32)node, span_trim(zone));
}

/* Free blocks of one migrate type. Above 100,000 the kernel stops to count and prints ">100000". */
static void add_blocks(struct zone_view *zone, struct span line)
{
    u64 blocks;

    for (unsigned order = 0; order < ORDERS_MAX; order++) {
        span_take(&line, ">");
        if (!span_take_u64(&line, &blocks))
            return;
        if (order >= zone->nr_orders)
            zone->blocks[zone->nr_orders++] = 0;
        zone->blocks[order] += MIN(blocks, (u64)1 << 40);
    }
}

unsigned parse_pagetypeinfo(struct span text, struct snapshot *s)
{
    enum block_type types[ORDERS_MAX];
    struct zone_view *zone, *last = NULL;
    unsigned found = 0, nr_types = 0;
    struct span line;
    bool fill = false;

    while (span_take_line(&text, &line)) {
        if (span_take(&line, "Number of blocks type")) {
            nr_types = take_types(line, types);
            continue;
        }
        if (nr_types == 0) {
            zone = take_typed_zone(s, &line);
            if (!zone)
                continue;
            /* /proc/buddyinfo is exact, and has been read where it is there. */
            fill = zone == last ? fill : zone->nr_orders == 0;
            if (fill)
                add_blocks(zone, line);
            last = zone;
            found++;
            continue;
        }
        zone = take_zone(s, &line);
        if (!zone)
            continue;
        memset(zone->pageblocks, 0, sizeof(zone->pageblocks));
        for (unsigned i = 0; i < nr_types; i++) {
            u64 blocks;

            if (!span_take_u64(&line, &blocks))
                break;
            zone->pageblocks[types[i]] += MIN(blocks, (u64)1 << 40);
        }
        found++;
    }
    return found;
}

/* --- extfrag/ of debugfs ---------------------------------------------------------------------- */

/* "-1.000", "0.983": thousandths. */
static bool take_index(struct span *line, u64 *ret)
{
    struct span rest = *line;
    u64 whole, part;

    span_skip_blanks(&rest);
    if (span_take(&rest, "-")) {
        struct span word;

        if (!span_take_word(line, &word))
            return false;
        *ret = EXTFRAG_FREE;
        return true;
    }
    if (!span_take_u64(&rest, &whole) || !span_take(&rest, ".") || !span_take_u64(&rest, &part) ||
        whole > 1 || part > 999)
        return false;
    *ret = MIN(whole * 1000 + part, (u64)1000);
    *line = rest;
    return true;
}

static unsigned parse_indices(struct span text, struct snapshot *s, bool extfrag)
{
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        struct zone_view *zone = take_zone(s, &line);
        unsigned order = 0;
        u64 *figures;

        if (!zone)
            continue;
        figures = extfrag ? zone->extfrag : zone->unusable;
        while (order < ORDERS_MAX && take_index(&line, &figures[order]))
            order++;
        found += order > 0;
    }
    return found;
}

unsigned parse_extfrag_index(struct span text, struct snapshot *s)
{
    return parse_indices(text, s, true);
}

unsigned parse_unusable_index(struct span text, struct snapshot *s)
{
    return parse_indices(text, s, false);
}

void read_extfrag(struct reading *r)
{
    struct span text;

    reading_part(r, PART_EXTFRAG, "sys/kernel/debug/extfrag/extfrag_index", FILE_MAX_LARGE,
                 parse_extfrag_index);
    if (reading_file(r, "sys/kernel/debug/extfrag/unusable_index", FILE_MAX_LARGE, &text) == 0 &&
        parse_unusable_index(text, r->s) > 0 && r->s->parts[PART_EXTFRAG].state == PART_MISSING)
        reading_mark(r, PART_EXTFRAG, 0);
}

u64 zone_extfrag(const struct zone_view *zone, unsigned order)
{
    u64 free = 0, blocks = 0, below;
    bool enough = false;

    if (order >= ORDERS_MAX || known(zone->extfrag[order]))
        return order < ORDERS_MAX ? zone->extfrag[order] : UNKNOWN;
    if (zone->nr_orders <= order)
        return UNKNOWN;
    for (unsigned i = 0; i < zone->nr_orders; i++) {
        u64 count = MIN(figure_or(zone->blocks[i], 0), (u64)1 << 40);

        blocks += count;
        free += count << i;
        enough |= i >= order && count > 0;
    }
    if (enough)
        return EXTFRAG_FREE;
    if (blocks == 0)
        return 0;
    /* As many blocks as the request would need of this size, against those that there are
     * (fragmentation_index() of mm/vmstat.c). */
    below = (1000 + free * 1000 / ((u64)1 << order)) / blocks;
    return 1000 - MIN(below, (u64)1000);
}
