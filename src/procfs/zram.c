/* zram.c - the files of /sys/block/zramN: what a zram device holds and takes. */
#include "procfs/procfs.h"

#include <inttypes.h>

static void render_mm_stat(const struct zram *z, struct strbuf *out)
{
    const struct zram_stats *st = &z->stats;

    strbuf_printf(out,
                  "%8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64
                  " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n",
                  st->pages_stored * PAGE_SIZE, st->compr_data_size, z->pool.pages * PAGE_SIZE,
                  z->limit_pages * PAGE_SIZE, st->max_used_pages * PAGE_SIZE, st->same_pages,
                  z->pool.pages_compacted, st->huge_pages, st->huge_pages_since);
}

static void render_io_stat(const struct zram *z, struct strbuf *out)
{
    strbuf_printf(out, "%8u %8" PRIu64 " %8u %8" PRIu64 "\n", 0u, z->stats.failed_writes, 0u,
                  z->stats.notify_free);
}

static void render_comp_algorithm(const struct zram *z, struct strbuf *out)
{
    for (unsigned id = 0; id < NR_COMPRESSORS; id++)
        strbuf_printf(out, id == z->comp.id ? "[%s] " : "%s ", compressor_info[id].name);
    strbuf_append(out, "\n");
}

static void render_disksize(const struct zram *z, struct strbuf *out)
{
    strbuf_printf(out, "%" PRIu64 "\n", z->nr_slots * PAGE_SIZE);
}

static void render_initstate(const struct zram *z HW_UNUSED, struct strbuf *out)
{
    strbuf_append(out, "1\n");
}

const struct zram_file zram_files[] = {
    {"comp_algorithm", render_comp_algorithm},
    {"disksize", render_disksize},
    {"initstate", render_initstate},
    {"io_stat", render_io_stat},
    {"mm_stat", render_mm_stat},
};
const unsigned nr_zram_files = ARRAY_SIZE(zram_files);
