/* nodes.c - /sys/devices/system/node: what each NUMA node has, and what went to the wrong one.
 *
 * Lines of a node's meminfo are "Node 0 MemTotal:  24684084 kB"; numastat counts pages.
 */
#include "observe/reading_int.h"

#include <stdio.h>

static const char base[] = "sys/devices/system/node";

/* Where no file tells it. */
#define HUGE_PAGE_USUAL (2 * MIB)

unsigned parse_node_meminfo(struct span text, u64 huge_page_bytes, struct node_view *node)
{
    const struct {
        const char *key;
        u64 *figure;
        bool in_bytes;
    } fields[] = {
        {"MemTotal", &node->total, true},
        {"MemFree", &node->free, true},
        {"AnonPages", &node->anon, true},
        {"FilePages", &node->file, true},
        {"Shmem", &node->shmem, true},
        {"Slab", &node->slab, true},
        {"Dirty", &node->dirty, true},
        {"Active(file)", &node->active_file, true},
        {"Inactive(file)", &node->inactive_file, true},
        {"HugePages_Total", &node->huge_bytes, false},
        {"HugePages_Free", &node->huge_free_bytes, false},
    };
    struct span line, key;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        u64 value;

        if (!span_take(&line, "Node") || !span_take_u64(&line, &value) ||
            !span_take_until(&line, ':', &key) || !span_take_u64(&line, &value))
            continue;
        for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
            if (!span_is(span_trim(key), fields[i].key))
                continue;
            /* The file has a number of pages, numastat -m their size. */
            *fields[i].figure = fields[i].in_bytes || span_begins(span_trim(line), "kB")
                                    ? kib_to_bytes(value)
                                    : MIN(value, (u64)1 << 24) * huge_page_bytes;
            found++;
        }
    }
    return found;
}

unsigned parse_numastat(struct span text, struct node_view *node)
{
    const struct {
        const char *key;
        u64 *figure;
    } fields[] = {
        {"numa_hit", &node->numa_hit},         {"numa_miss", &node->numa_miss},
        {"numa_foreign", &node->numa_foreign}, {"interleave_hit", &node->interleave_hit},
        {"local_node", &node->local_node},     {"other_node", &node->other_node},
    };
    struct span line, name;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        if (!span_take_word(&line, &name))
            continue;
        for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
            u64 *first = fields[i].figure == &node->numa_hit       ? &node->hit_before
                         : fields[i].figure == &node->numa_foreign ? &node->foreign_before
                                                                   : NULL;

            if (!span_is(name, fields[i].key))
                continue;
            /* A file has each once: more are what a text has of two moments. */
            if (first && !known(*first))
                *first = *fields[i].figure;
            found += span_take_u64(&line, fields[i].figure);
        }
    }
    return found;
}

struct node_ids {
    VEC(u32) list;
};

static bool note_node(void *ctx, const char *name, bool is_directory)
{
    struct node_ids *ids = ctx;
    struct span text = span_of(name, strlen(name));
    u64 id;

    if (is_directory && span_take(&text, "node") && span_take_u64(&text, &id) && span_empty(text) &&
        id < NODES_MAX)
        vec_push(&ids->list, (u32)id);
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    u32 x = *(const u32 *)a, y = *(const u32 *)b;

    return x < y ? -1 : x > y;
}

/* Where the node's meminfo does not tell of its pool, files of the pool may. */
static void read_node_pool(struct reading *r, u64 page, struct node_view *node)
{
    const struct {
        const char *file;
        u64 *bytes;
    } files[] = {{"nr_hugepages", &node->huge_bytes}, {"free_hugepages", &node->huge_free_bytes}};
    char path[160];
    u64 pages;

    for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(path, sizeof(path), "%s/node%u/hugepages/hugepages-%llukB/%s", base, node->id,
                 (unsigned long long)(page / KIB), files[i].file);
        if (!known(*files[i].bytes) && reading_u64(r, path, &pages) == 0)
            *files[i].bytes = MIN(pages, (u64)1 << 24) * page;
    }
}

static int read_node(struct reading *r, u32 id, struct node_view *node)
{
    char path[128];
    struct span text, line;

    memset(node, 0xff, sizeof(*node)); /* every figure UNKNOWN */
    node->id = id;
    node->cpulist[0] = '\0';
    snprintf(path, sizeof(path), "%s/node%u/cpulist", base, id);
    /* Without the file nobody said that the node has none. */
    node->has_cpus = reading_file(r, path, FILE_MAX_SMALL, &text) != 0;
    if (!node->has_cpus && span_take_line(&text, &line))
        span_copy(span_trim(line), node->cpulist, sizeof(node->cpulist));
    node->has_cpus |= is_digit(node->cpulist[0]);
    snprintf(path, sizeof(path), "%s/node%u/numastat", base, id);
    if (reading_file(r, path, FILE_MAX_SMALL, &text) == 0)
        parse_numastat(text, node);
    snprintf(path, sizeof(path), "%s/node%u/meminfo", base, id);

    int rc = reading_file(r, path, FILE_MAX_SMALL, &text);

    u64 page = figure_or(r->s->meminfo[MI_HUGE_PAGE_SIZE], HUGE_PAGE_USUAL);

    if (rc == 0)
        parse_node_meminfo(text, page, node);
    if (!known(node->huge_bytes) || !known(node->huge_free_bytes))
        read_node_pool(r, page, node);
    return rc;
}

/* Text without these files has the nodes' zones: all of a node's memory, and what stands in
 * per-node stats or, before 4.8, in the zones. */
static void nodes_of_zones(struct reading *r)
{
    u32 last = NODES_MAX;
    unsigned nodes = 0;
    struct span text;

    vec_for_each (&r->s->zones, zone) {
        nodes += zone->node != last;
        last = zone->node;
    }
    if (nodes < 2 || reading_file(r, "proc/zoneinfo", FILE_MAX_LARGE, &text) != 0)
        return;
    r->s->nodes_of_zones = nodes_of_zoneinfo(text, r->s) > 0;
}

void read_nodes(struct reading *r)
{
    struct node_ids ids = {0};
    int rc = source_list(r->src, base, note_node, &ids);
    int result = rc ? rc : -ENOENT;

    if (ids.list.count > 0)
        qsort(ids.list.items, ids.list.count, sizeof(ids.list.items[0]), compare_ids);
    vec_for_each (&ids.list, id) {
        struct node_view node;

        if (id > ids.list.items && id[-1] == *id)
            continue;
        rc = read_node(r, *id, &node);
        if (rc == 0 || result != 0)
            result = rc;
        vec_push(&r->s->nodes, node);
    }
    vec_done(&ids.list);
    if (r->s->nodes.count == 0 && !r->src->live)
        nodes_of_zones(r);
    reading_mark(r, PART_NODES, r->s->nodes_of_zones ? 0 : result);
}
