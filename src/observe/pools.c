/* pools.c - settings and pools below /sys: transparent huge pages, hugetlb pools of each size,
 * zswap, zram. */
#include "observe/reading_int.h"

#include <stdio.h>

#define POOLS_MAX 64

/* Of "always [madvise] never" what is chosen. */
static void take_chosen(struct span text, char *buf, size_t size)
{
    struct span before, chosen;

    if (span_take_until(&text, '[', &before) && span_take_until(&text, ']', &chosen))
        span_copy(chosen, buf, size);
}

void read_thp(struct reading *r)
{
    struct snapshot *s = r->s;
    struct span text;
    int rc = reading_file(r, "sys/kernel/mm/transparent_hugepage/enabled", FILE_MAX_SMALL, &text);

    if (rc == 0)
        take_chosen(text, s->thp_enabled, sizeof(s->thp_enabled));
    reading_mark(r, PART_THP, rc);
    if (reading_file(r, "sys/kernel/mm/transparent_hugepage/defrag", FILE_MAX_SMALL, &text) == 0)
        take_chosen(text, s->thp_defrag, sizeof(s->thp_defrag));
    /* "0x0007": the kernel may have it built and turned off. */
    if (reading_file(r, "sys/kernel/mm/lru_gen/enabled", FILE_MAX_SMALL, &text) == 0)
        s->lru_gen = text.end - text.at >= 6 && text.at[0] == '0' && text.at[1] == 'x' &&
                     strchr("13579bdf", text.at[5]) != NULL;
}

/* --- names of a directory that begin with a prefix -------------------------------------------- */
struct matches {
    const char *prefix;
    VEC(char *) names;
};

static bool note_match(void *ctx, const char *name, bool is_directory)
{
    struct matches *m = ctx;

    if (is_directory && strncmp(name, m->prefix, strlen(m->prefix)) == 0 &&
        strlen(name) < NAME_BYTES && m->names.count < POOLS_MAX)
        vec_push(&m->names, xstrdup(name));
    return true;
}

static void matches_done(struct matches *m)
{
    vec_for_each (&m->names, name)
        free(*name);
    vec_done(&m->names);
}

void read_hugepages(struct reading *r)
{
    static const char base[] = "sys/kernel/mm/hugepages";
    struct matches pools = {.prefix = "hugepages-"};
    int rc = source_list(r->src, base, note_match, &pools);

    vec_for_each (&pools.names, name) {
        struct huge_view pool = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN};
        const struct {
            const char *file;
            u64 *figure;
        } files[] = {
            {"nr_hugepages", &pool.total},
            {"free_hugepages", &pool.free},
            {"resv_hugepages", &pool.reserved},
            {"surplus_hugepages", &pool.surplus},
            {"nr_overcommit_hugepages", &pool.overcommit_max},
        };
        struct span size = span_of(*name, strlen(*name));
        char path[256];

        span_take(&size, "hugepages-");
        if (!span_take_u64(&size, &pool.page_bytes) || !span_take(&size, "kB"))
            continue;
        pool.page_bytes = kib_to_bytes(pool.page_bytes);
        for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
            snprintf(path, sizeof(path), "%s/%s/%s", base, *name, files[i].file);
            reading_u64(r, path, files[i].figure);
        }
        vec_push(&r->s->huge, pool);
    }
    matches_done(&pools);
    reading_mark(r, PART_HUGEPAGES, rc ? rc : r->s->huge.count > 0 ? 0 : -ENOENT);
}

void read_zswap(struct reading *r)
{
    struct span text;
    int rc = reading_file(r, "sys/module/zswap/parameters/enabled", FILE_MAX_SMALL, &text);

    if (rc == 0)
        r->s->zswap_enabled = span_take(&text, "Y") || span_take(&text, "1");
    reading_mark(r, PART_ZSWAP, rc);
    reading_u64(r, "sys/module/zswap/parameters/max_pool_percent", &r->s->zswap_max_pool_percent);
}

/* "original compressed used limit used_max same ...", in bytes; since 4.1. */
unsigned parse_zram_mm_stat(struct span text, struct zram_view *zram)
{
    u64 *const figures[] = {&zram->original, &zram->compressed, &zram->used_total,
                            &zram->limit,    &zram->used_peak,  &zram->same_pages};
    unsigned found = 0;

    while (found < ARRAY_SIZE(figures) && span_take_u64(&text, figures[found]))
        found++;
    return found;
}

static void read_zram_device(struct reading *r, const char *name)
{
    struct zram_view zram = {"", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN};
    char path[256];
    struct span text;

    span_copy(span_of(name, strlen(name)), zram.name, sizeof(zram.name));
    snprintf(path, sizeof(path), "sys/block/%s/mm_stat", name);
    if (reading_file(r, path, FILE_MAX_SMALL, &text) == 0) {
        parse_zram_mm_stat(text, &zram);
    } else {
        snprintf(path, sizeof(path), "sys/block/%s/orig_data_size", name);
        reading_u64(r, path, &zram.original);
        snprintf(path, sizeof(path), "sys/block/%s/compr_data_size", name);
        reading_u64(r, path, &zram.compressed);
        snprintf(path, sizeof(path), "sys/block/%s/mem_used_total", name);
        reading_u64(r, path, &zram.used_total);
    }
    if (known(zram.original) || known(zram.used_total))
        vec_push(&r->s->zrams, zram);
}

void read_zram(struct reading *r)
{
    struct matches devices = {.prefix = "zram"};
    int rc = source_list(r->src, "sys/block", note_match, &devices);

    vec_for_each (&devices.names, name)
        read_zram_device(r, *name);
    if (rc == 0 && devices.names.count == 0 && r->src->live)
        reading_mark_why(r, PART_ZRAM, PART_MISSING, "no zram device");
    else
        reading_mark(r, PART_ZRAM, rc ? rc : r->s->zrams.count > 0 ? 0 : -ENOENT);
    matches_done(&devices);
}

/* The larger of what meminfo says (Hugetlb has all sizes, since 4.15; the other lines the usual
 * one) and what the pools themselves say, of which a text may have one. */
u64 snapshot_pools(const struct snapshot *s, u64 *ret_free)
{
    const u64 *m = s->meminfo;
    u64 size = m[MI_HUGE_PAGE_SIZE], all = m[MI_HUGETLB], sum = 0, idle = 0, bytes;

    vec_for_each (&s->huge, h) {
        if (known(h->total) && !__builtin_mul_overflow(h->total, h->page_bytes, &bytes))
            sum = figure_add(sum, bytes);
        if (known(h->free) && !__builtin_mul_overflow(h->free, h->page_bytes, &bytes))
            idle = figure_add(idle, bytes);
    }
    if (!s->huge.count && known(size) && known(m[MI_HUGE_PAGES_FREE]) &&
        !__builtin_mul_overflow(size, m[MI_HUGE_PAGES_FREE], &bytes))
        idle = bytes;
    if (!known(all) && known(size) && known(m[MI_HUGE_PAGES_TOTAL]) &&
        !__builtin_mul_overflow(size, m[MI_HUGE_PAGES_TOTAL], &bytes))
        all = bytes;
    if (s->huge.count && known(sum))
        all = known(all) ? MAX(all, sum) : sum;
    if (ret_free)
        *ret_free = known(all) ? MIN(figure_or(idle, 0), all) : UNKNOWN;
    return all;
}

u64 snapshot_pools_promised(const struct snapshot *s)
{
    u64 size = s->meminfo[MI_HUGE_PAGE_SIZE], pages = s->meminfo[MI_HUGE_PAGES_RSVD], sum = 0,
        bytes, idle;

    vec_for_each (&s->huge, h)
        if (known(h->reserved) && !__builtin_mul_overflow(h->reserved, h->page_bytes, &bytes))
            sum = figure_add(sum, bytes);
    if (!s->huge.count && known(size) && known(pages) &&
        !__builtin_mul_overflow(size, pages, &bytes))
        sum = bytes;
    snapshot_pools(s, &idle);
    return MIN(figure_or(sum, 0), figure_or(idle, 0));
}
