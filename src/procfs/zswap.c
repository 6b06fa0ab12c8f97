/* zswap.c - /sys/module/zswap/parameters and /sys/kernel/debug/zswap, on a kernel that has it. */
#include "procfs/procfs.h"

#include <inttypes.h>

static void render_yes_no(struct strbuf *out, u64 value)
{
    strbuf_append(out, value ? "Y\n" : "N\n");
}

static void render_number(struct strbuf *out, u64 value)
{
    strbuf_printf(out, "%" PRIu64 "\n", value);
}

#define PARAMETER(name, render)                                           \
    static void render_##name(const struct system *s, struct strbuf *out) \
    {                                                                     \
        render(out, s->tunables.zswap_##name);                            \
    }
#define STATISTIC(name)                                                   \
    static void render_##name(const struct system *s, struct strbuf *out) \
    {                                                                     \
        render_number(out, s->zswap.stats.name);                          \
    }

PARAMETER(enabled, render_yes_no)
PARAMETER(max_pool_percent, render_number)
PARAMETER(accept_threshold_percent, render_number)
PARAMETER(same_filled_pages_enabled, render_yes_no)
PARAMETER(non_same_filled_pages_enabled, render_yes_no)
STATISTIC(pool_limit_hit)
STATISTIC(reject_reclaim_fail)
STATISTIC(reject_alloc_fail)
STATISTIC(reject_compress_poor)
STATISTIC(written_back_pages)
STATISTIC(duplicate_entry)
STATISTIC(stored_pages)
STATISTIC(same_filled_pages)

static void render_compressor(const struct system *s, struct strbuf *out)
{
    strbuf_printf(out, "%s\n", compressor_info[s->tunables.zswap_compressor].name);
}

static void render_zpool(const struct system *s, struct strbuf *out)
{
    strbuf_append(out, s->tunables.zswap_zpool == ZSWAP_ZBUD ? "zbud\n" : "zsmalloc\n");
}

static void render_pool_total_size(const struct system *s, struct strbuf *out)
{
    render_number(out, zswap_pool_pages(&s->zswap) * PAGE_SIZE);
}

static void render_reject_kmemcache_fail(const struct system *s HW_UNUSED, struct strbuf *out)
{
    render_number(out, 0);
}

#define PARAMETER_FILE(name)                                \
    {                                                       \
        "sys/module/zswap/parameters/" #name, render_##name \
    }
#define DEBUG_FILE(name)                               \
    {                                                  \
        "sys/kernel/debug/zswap/" #name, render_##name \
    }

const struct machine_file zswap_files[] = {
    PARAMETER_FILE(accept_threshold_percent),
    PARAMETER_FILE(compressor),
    PARAMETER_FILE(enabled),
    PARAMETER_FILE(max_pool_percent),
    PARAMETER_FILE(non_same_filled_pages_enabled),
    PARAMETER_FILE(same_filled_pages_enabled),
    PARAMETER_FILE(zpool),
    DEBUG_FILE(duplicate_entry),
    DEBUG_FILE(pool_limit_hit),
    DEBUG_FILE(pool_total_size),
    DEBUG_FILE(reject_alloc_fail),
    DEBUG_FILE(reject_compress_poor),
    DEBUG_FILE(reject_kmemcache_fail),
    DEBUG_FILE(reject_reclaim_fail),
    DEBUG_FILE(same_filled_pages),
    DEBUG_FILE(stored_pages),
    DEBUG_FILE(written_back_pages),
};
const unsigned nr_zswap_files = ARRAY_SIZE(zswap_files);
