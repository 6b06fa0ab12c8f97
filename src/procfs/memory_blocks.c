/* memory_blocks.c - /sys/devices/system/memory: the blocks of RAM that could be plugged in and out,
 * as lsmem looks at them.
 *
 * A block has 128 MiB; from 64 GiB of RAM on, as on any virtual machine, the largest size up to 2
 * GiB that the end of RAM is a multiple of (arch/x86/mm/init_64.c, probe_memory_block_size). There
 * is a block wherever there is RAM. Nothing can be plugged: they are all online.
 */
#include "procfs/procfs.h"

#include <inttypes.h>

#define BLOCK_BYTES_MIN (128 * MIB)
#define BLOCK_BYTES_MAX (2 * GIB)
#define LARGE_MACHINE   (64 * GIB)

static u64 block_bytes(const struct system *s)
{
    u64 end = (u64)s->frames.map.end_pfn * PAGE_SIZE, bytes = BLOCK_BYTES_MAX;

    if (end < LARGE_MACHINE)
        return BLOCK_BYTES_MIN;
    while (bytes > BLOCK_BYTES_MIN && end % bytes)
        bytes /= 2;
    return bytes;
}

static struct pfn_run frames_of(const struct system *s, unsigned block)
{
    u64 pages = block_bytes(s) / PAGE_SIZE, start = block * pages;

    return (struct pfn_run){(u32)start, (u32)MIN(start + pages, (u64)UINT32_MAX)};
}

unsigned procfs_memory_blocks(const struct system *s)
{
    u64 pages = block_bytes(s) / PAGE_SIZE;

    return (unsigned)((s->frames.map.end_pfn + pages - 1) / pages);
}

bool procfs_has_memory_block(const struct system *s, unsigned block)
{
    return ram_map_count_present(&s->frames.map, frames_of(s, block)) > 0;
}

static bool overlap(struct pfn_run a, struct pfn_run b)
{
    return MAX(a.start, b.start) < MIN(a.end, b.end);
}

bool procfs_memory_block_on(const struct system *s, unsigned block, unsigned nid)
{
    return overlap(s->frames.map.node[nid], frames_of(s, block));
}

void render_memory_block_size(const struct system *s, struct strbuf *out)
{
    strbuf_printf(out, "%" PRIx64 "\n", block_bytes(s));
}

static void render_one(const struct system *s HW_UNUSED, unsigned block HW_UNUSED,
                       struct strbuf *out)
{
    strbuf_append(out, "1\n");
}

static void render_phys_device(const struct system *s HW_UNUSED, unsigned block HW_UNUSED,
                               struct strbuf *out)
{
    strbuf_append(out, "0\n");
}

static void render_phys_index(const struct system *s HW_UNUSED, unsigned block, struct strbuf *out)
{
    strbuf_printf(out, "%08x\n", block);
}

static void render_state(const struct system *s HW_UNUSED, unsigned block HW_UNUSED,
                         struct strbuf *out)
{
    strbuf_append(out, "online\n");
}

/* The zone of all of the block, on one node. */
static void render_valid_zones(const struct system *s, unsigned block, struct strbuf *out)
{
    struct pfn_run frames = frames_of(s, block);
    const char *name = NULL;
    unsigned nr = 0;

    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        for (unsigned type = 0; type < NR_ZONES; type++)
            if (overlap(ram_map_zone(&s->frames.map, nid, type), frames)) {
                name = s->frames.nodes[nid].zones[type].name;
                nr++;
            }
    strbuf_printf(out, "%s\n", nr == 1 ? name : "none");
}

const struct node_file memory_block_files[] = {
    {"online", render_one},
    {"phys_device", render_phys_device},
    {"phys_index", render_phys_index},
    {"removable", render_one},
    {"state", render_state},
    {"valid_zones", render_valid_zones},
};
const unsigned nr_memory_block_files = ARRAY_SIZE(memory_block_files);
