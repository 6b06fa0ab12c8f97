/* zoneinfo.c - /proc/zoneinfo and /proc/buddyinfo: the zones of all nodes.
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
 * The names after "managed" are counters and may be spelt like the ones above, so a zone's lines end with its "protection".
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
