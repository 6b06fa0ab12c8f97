/* format_sar.c - sar: what a day's samples say of memory, paging and swap. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <math.h>

/*
 * 12:00:01 AM kbmemfree   kbavail kbmemused  %memused kbbuffers  kbcached  kbcommit ...
 * 12:10:01 AM    312400    982100  15012340     92.31 ...
 *
 * Of a day the worst row counts: with the least available or the most pages scanned.
 */
static bool is_sar_column(struct span name)
{
    static const char *const names[] = {
        "kbmemfree", "kbavail",  "kbmemused", "kbswpfree", "kbswpused", "pgpgin/s", "pgscank/s",
        "pgscand/s", "pswpin/s", "majflt/s",  "%swpused",  "%memused",  "%commit",  "kbhugfree"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (span_is(name, names[i]))
            return true;
    return false;
}

bool sar_begins(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    for (unsigned i = 0; i < MIN(f.count, 5u); i++)
        if (is_sar_column(f.at[i]))
            return true;
    return false;
}

bool sar_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    fields_split(line, &f);
    if (f.count == 0)
        return true;
    /* The CPUs' table of sar -A is another one. */
    if (span_find(line, "%iowait"))
        return false;
    return sar_begins(b, line) || (f.count >= 3 && memchr(f.at[0].at, ':', span_len(f.at[0])));
}

struct sar_column {
    const char *name;
    enum meminfo_field field; /* NR_MEMINFO_FIELDS: a rate */
    enum counter counter;
};

static const struct sar_column sar_columns[] = {
    {"kbmemfree", MI_MEM_FREE, 0},
    {"kbavail", MI_MEM_AVAILABLE, 0},
    {"kbbuffers", MI_BUFFERS, 0},
    {"kbcached", MI_CACHED, 0},
    {"kbactive", MI_ACTIVE, 0},
    {"kbinact", MI_INACTIVE, 0},
    {"kbdirty", MI_DIRTY, 0},
    {"kbanonpg", MI_ANON_PAGES, 0},
    {"kbslab", MI_SLAB, 0},
    {"kbkstack", MI_KERNEL_STACK, 0},
    {"kbpgtbl", MI_PAGE_TABLES, 0},
    {"kbcommit", MI_COMMITTED_AS, 0},
    {"kbswpfree", MI_SWAP_FREE, 0},
    {"pgpgin/s", NR_MEMINFO_FIELDS, PGPGIN},
    {"pgpgout/s", NR_MEMINFO_FIELDS, PGPGOUT},
    {"pgscank/s", NR_MEMINFO_FIELDS, PGSCAN_KSWAPD},
    {"pgscand/s", NR_MEMINFO_FIELDS, PGSCAN_DIRECT},
    {"pgsteal/s", NR_MEMINFO_FIELDS, PGSTEAL_KSWAPD},
    {"majflt/s", NR_MEMINFO_FIELDS, PGMAJFAULT},
    {"pswpin/s", NR_MEMINFO_FIELDS, PSWPIN},
    {"pswpout/s", NR_MEMINFO_FIELDS, PSWPOUT},
};

static double cell(const struct fields *head, const struct fields *row, unsigned shift,
                   const char *name)
{
    unsigned column = fields_find(head, name);
    struct span word;
    double value;

    if (column == FIELDS_MAX || column + shift >= row->count)
        return NAN;
    word = row->at[column + shift];
    return decimal_take(&word, &value) ? value : NAN;
}

/* sar -H: what /proc/meminfo has of the pool in pages of the usual size, here in KiB. */
static void take_huge(struct block *b, const struct fields *head, const struct fields *row,
                      unsigned shift)
{
    double left = cell(head, row, shift, "kbhugfree"), used = cell(head, row, shift, "kbhugused"),
           promised = cell(head, row, shift, "kbhugrsvd");
    u64 page = 2 * MIB;

    if (!(left >= 0 && used >= 0 && left + used < 1e14))
        return;
    block_meminfo(b, MI_HUGE_PAGE_SIZE, page, RANK_ROUNDED);
    block_meminfo(b, MI_HUGE_PAGES_TOTAL, (u64)(left + used) * KIB / page, RANK_ROUNDED);
    block_meminfo(b, MI_HUGE_PAGES_FREE, (u64)left * KIB / page, RANK_ROUNDED);
    if (promised >= 0 && promised < 1e14)
        block_meminfo(b, MI_HUGE_PAGES_RSVD, (u64)promised * KIB / page, RANK_ROUNDED);
}

static void take_sar_row(struct block *b, const struct fields *head, const struct fields *row,
                         unsigned shift)
{
    double used = cell(head, row, shift, "kbmemused"),
           free_kib = cell(head, row, shift, "kbmemfree");
    double swap_used = cell(head, row, shift, "kbswpused"),
           swap_free = cell(head, row, shift, "kbswpfree");

    for (unsigned i = 0; i < ARRAY_SIZE(sar_columns); i++) {
        double value = cell(head, row, shift, sar_columns[i].name);

        if (!(value >= 0 && value < 1e14))
            continue;
        if (sar_columns[i].field < NR_MEMINFO_FIELDS)
            block_meminfo(b, sar_columns[i].field, (u64)value * KIB, RANK_TABLE);
        else
            block_rate(b, sar_columns[i].counter, value);
    }
    /* Since sysstat 12 what is used is without cache: then the two do not add up to all. */
    if (used >= 0 && free_kib >= 0) {
        double cached = cell(head, row, shift, "kbcached"),
               buffers = cell(head, row, shift, "kbbuffers");
        double slab = cell(head, row, shift, "kbslab");
        bool whole = fields_find(head, "kbavail") == FIELDS_MAX;
        double rest =
            (cached >= 0 ? cached : 0) + (buffers >= 0 ? buffers : 0) + (slab >= 0 ? slab : 0);
        double percent = cell(head, row, shift, "%memused");

        if (percent > 0 && percent <= 100)
            block_meminfo(b, MI_MEM_TOTAL, (u64)(used * 100 / percent) * KIB, RANK_ROUNDED);
        else
            block_meminfo(b, MI_MEM_TOTAL, (u64)(used + free_kib + (whole ? 0 : rest)) * KIB,
                          RANK_ROUNDED);
    }
    take_huge(b, head, row, shift);
    if (swap_used >= 0 && swap_free >= 0)
        block_meminfo(b, MI_SWAP_TOTAL, (u64)(swap_used + swap_free) * KIB, RANK_TABLE);
}

/* "03:02:01" in seconds, "03:02:01 PM" alike; NAN. */
static double time_of(const struct fields *row)
{
    struct span word = row->count ? row->at[0] : span_of("", 0);
    u64 h, m, s;

    if (!span_take_u64(&word, &h) || !span_take(&word, ":") || !span_take_u64(&word, &m) ||
        !span_take(&word, ":") || !span_take_u64(&word, &s) || h > 23 || m > 59 || s > 60)
        return NAN;
    return (double)(h * 3600 + m * 60 + s);
}

static double badness(const struct fields *head, const struct fields *row, unsigned shift)
{
    double available = cell(head, row, shift, "kbavail"),
           scanned = cell(head, row, shift, "pgscand/s");
    double swapped = cell(head, row, shift, "pswpin/s"),
           swap_free = cell(head, row, shift, "kbswpfree");

    if (!isnan(available))
        return -available;
    if (!isnan(scanned))
        return scanned + cell(head, row, shift, "pgscank/s");
    if (!isnan(swapped))
        return swapped;
    if (!isnan(swap_free))
        return -swap_free;
    return 0; /* the last row */
}

unsigned sar_parse(struct block *b, struct span text)
{
    struct fields head = {.count = 0}, row, worst = {.count = 0};
    unsigned rows = 0, worst_shift = 0;
    double most = -INFINITY, before = NAN, interval = NAN;
    struct span line;
    bool more = true;

    while (more) {
        unsigned shift;
        double bad;

        more = span_take_line(&text, &line);
        fields_split(more ? line : span_of("", 0), &row);
        if (!more || sar_begins(b, line)) {
            if (worst.count)
                take_sar_row(b, &head, &worst, worst_shift);
            worst.count = 0;
            most = -INFINITY;
            head = row;
            /* The head has the time at which the first interval began. */
            before = time_of(&row);
            continue;
        }
        if (row.count < 3 || head.count == 0)
            continue;
        rows++;
        /* "Average:" in any language. */
        if (!is_digit(*row.at[0].at))
            continue;
        if (time_of(&row) > before && !(interval < time_of(&row) - before))
            interval = time_of(&row) - before;
        before = time_of(&row);
        /* A head with "12:00:01 AM" and rows without, or the other way. */
        shift = 0;
        if (row.count + 1 == head.count)
            continue;
        bad = badness(&head, &row, shift);
        if (bad >= most) {
            most = bad;
            worst = row;
            worst_shift = shift;
        }
    }
    if (interval > 0)
        block_interval(b, interval);
    else if (rows && !(b->p->state->rates.interval_s > 0))
        block_interval(b, 600);
    return rows;
}
