/* format_atop.c - the head of a screen of atop: memory and swap as sizes, paging as counts of the
 * interval that its first line tells.
 *
 *   ATOP - db4      2025/05/11  10:10:10     ---------------      10s elapsed
 *   MEM | tot    15.5G | free  312.4M | cache   1.1G | buff  100.1M | slab  812.0M | shmem ...
 *   SWP | tot     4.0G | free    1.1G |              | vmcom  22.1G | vmlim  11.7G |
 *   PAG | scan 1120440 | steal 412040 | stall   1204 | swin   81204 | swout  91204 |
 *
 * Bars may be left out. The first screen counts since boot: a mean of so long an interval tells
 * nothing of now, and gives no rates.
 */
#include "paste/block.h"

/* atop samples every ten minutes in the background; an hour is more than anybody has it wait. */
#define ELAPSED_MAX_S 3600.0

static bool is_head(struct span line)
{
    return span_begins(span_trim(line), "ATOP - ") && span_find(line, " elapsed");
}

/* "MEM | ...", "MEM  tot ..." */
static bool is_row(struct span line, const char *name)
{
    struct span rest = span_trim(line);

    return span_take(&rest, name) && span_begins(span_trim(rest), "|");
}

bool atop_begins(const struct block *b, struct span line)
{
    (void)b;
    return is_head(line) ||
           ((is_row(line, "MEM") || is_row(line, "SWP")) && span_find(line, "tot"));
}

bool atop_goes_on(const struct block *b, struct span line)
{
    static const char *const rows[] = {"PRC", "CPU", "cpu", "CPL", "GPU", "PAG", "PSI", "MEM",
                                       "SWP", "LVM", "MDD", "DSK", "NET", "NUM", "NUC", "LLC"};

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        if (is_row(line, rows[i]))
            return true;
    return atop_begins(b, line);
}

/* "10s elapsed", "10m0s elapsed", "12d3h elapsed": seconds, 0 where it cannot be read. */
static double elapsed_s(struct span line)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    const char *end = span_find(line, " elapsed"), *at = end;
    struct span rest;
    double sum = 0;

    while (at && at > line.at && !is_blank(at[-1]))
        at--;
    rest = (struct span){at, end};
    while (at && !span_empty(rest)) {
        double seconds = 0;
        u64 number;

        if (!span_take_u64(&rest, &number) || span_empty(rest))
            return 0;
        for (unsigned i = 0; i < ARRAY_SIZE(units); i++)
            if (*rest.at == units[i].unit)
                seconds = units[i].seconds;
        if (seconds <= 0)
            return 0;
        sum += (double)number * seconds;
        rest.at++;
    }
    return sum;
}

/* Pages of the interval that the line of the head tells. */
static unsigned take_paging(struct block *b, struct span line, double elapsed)
{
    static const struct {
        const char *name;
        enum counter counter;
    } columns[] = {{"swin ", PSWPIN}, {"swout ", PSWPOUT}};
    unsigned found = 0;

    if (!(elapsed > 0) || elapsed > ELAPSED_MAX_S)
        return 1;
    for (unsigned i = 0; i < ARRAY_SIZE(columns); i++) {
        const char *at = span_find(line, columns[i].name);
        struct span rest = {at ? at + strlen(columns[i].name) : line.end, line.end}, word;
        u64 count;

        /* A count that is too wide is written with an exponent or a unit, to one digit. */
        if (!at || !span_take_word(&rest, &word) || !span_take_u64(&word, &count) ||
            !span_empty(word))
            continue;
        block_rate(b, columns[i].counter, (double)count / elapsed);
        found++;
    }
    if (found)
        block_interval(b, elapsed);
    return MAX(found, 1u);
}

unsigned atop_parse(struct block *b, struct span text)
{
    static const struct {
        const char *name;
        enum meminfo_field memory, swap;
    } columns[] = {
        {"tot ", MI_MEM_TOTAL, MI_SWAP_TOTAL},    {"free ", MI_MEM_FREE, MI_SWAP_FREE},
        {"cache ", MI_CACHED, NR_MEMINFO_FIELDS}, {"buff ", MI_BUFFERS, NR_MEMINFO_FIELDS},
        {"slab ", MI_SLAB, NR_MEMINFO_FIELDS},    {"slrec ", MI_SRECLAIMABLE, NR_MEMINFO_FIELDS},
        {"shmem ", MI_SHMEM, NR_MEMINFO_FIELDS},  {"avail ", MI_MEM_AVAILABLE, NR_MEMINFO_FIELDS},
        {"dirty ", MI_DIRTY, NR_MEMINFO_FIELDS},  {"pgtab ", MI_PAGE_TABLES, NR_MEMINFO_FIELDS}};
    struct span line;
    double elapsed = 0;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        bool swap = span_begins(span_trim(line), "SWP");

        if (is_head(line))
            elapsed = elapsed_s(line);
        if (is_row(line, "PAG"))
            found += take_paging(b, line, elapsed);
        if (!swap && !is_row(line, "MEM"))
            continue;
        for (unsigned i = 0; i < ARRAY_SIZE(columns); i++) {
            const char *at = span_find(line, columns[i].name);
            struct span rest = {at ? at + strlen(columns[i].name) : line.end, line.end};
            enum meminfo_field field = swap ? columns[i].swap : columns[i].memory;
            u64 value;

            if (!at || field == NR_MEMINFO_FIELDS || !amount_take(&rest, 1, &value))
                continue;
            block_meminfo(b, field, value, RANK_ROUNDED);
            found++;
        }
    }
    return found;
}
