/* format_guest.c - what a guest's driver or its hypervisor says of the memory that a balloon took
 * from it.
 *
 *   # cat /sys/kernel/debug/vmmemctl             $ virsh dommemstat guest1
 *   target:              1572864 pages           actual 4194304
 *   current:             1570816 pages           unused 81231
 *   2m-lock:                3068 (   0 failed)   available 4026532
 *                                                usable 62312
 */
#include "paste/block.h"

#include <stdio.h>

#define PAGE 4096u /* VMware's guests are of x86 and of arm64 with pages of 4 KiB */

/* --- VMware's driver -------------------------------------------------------------------------- */

/* "current:   1570816 pages" */
static bool take_pages(struct span line, const char *key, u64 *ret)
{
    struct span rest = span_trim(line);

    if (!span_take(&rest, key))
        return false;
    span_skip_blanks(&rest);
    return span_take_u64(&rest, ret) && *ret < (u64)1 << 40 && span_is(span_trim(rest), "pages");
}

bool vmmemctl_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);
    u64 pages;

    (void)b;
    return span_begins(rest, "balloon capabilities:") || take_pages(line, "target:", &pages) ||
           take_pages(line, "current:", &pages);
}

bool vmmemctl_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line), key;

    (void)b;
    return span_take_until(&rest, ':', &key) && !span_empty(key) && span_len(key) < 24;
}

unsigned vmmemctl_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned found = 0;
    u64 pages;

    while (span_take_line(&text, &line)) {
        if (take_pages(line, "current:", &pages))
            block_meminfo(b, MI_BALLOON, pages * PAGE, RANK_TABLE);
        else if (!take_pages(line, "target:", &pages))
            continue;
        found++;
    }
    return found;
}

/* --- lxc info --------------------------------------------------------------------------------- */
/*
 * Name: web
 * Status: RUNNING
 * Resources:
 *   Memory usage:
 *     Memory (current): 980.12MiB
 *     Memory (peak): 1.00GiB
 */
#define LXC_NAME_MAX 64

static const char *const lxc_keys[] = {
    "Name",           "Description",  "Location", "Remote",     "Status",       "Type",
    "Architecture",   "PID",          "Pid",      "Created",    "Last Used",    "Started",
    "Resources",      "Processes",    "Root",     "Disk usage", "root",         "CPU usage",
    "CPU usage (in ", "Memory usage", "Memory (", "Swap (",     "Network usage"};

bool lxc_info_begins(const struct block *b, struct span line)
{
    /* Where no command says so: kubectl and others put more blanks behind the colon. */
    return span_begins(line, "Name: ") && span_len(line) > 6 && !is_blank(line.at[6]) &&
           (span_empty(b->command) || span_find(b->command, " info "));
}

bool lxc_info_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    (void)b;
    if (span_empty(rest))
        return true;
    for (unsigned i = 0; i < ARRAY_SIZE(lxc_keys); i++)
        if (span_begins(rest, lxc_keys[i]) && memchr(rest.at, ':', span_len(rest)))
            return true;
    return false;
}

unsigned lxc_info_parse(struct block *b, struct span text)
{
    struct span line, name = {NULL, NULL};
    u64 current = UNKNOWN;
    unsigned lines = 0;
    char path[LXC_NAME_MAX + 8];

    while (span_take_line(&text, &line)) {
        struct span rest = span_trim(line);

        if (span_take(&rest, "Name: ") && !name.at)
            name = span_trim(rest);
        else if (span_begins(rest, "Memory (current): "))
            current = amount_after(rest, "Memory (current): ");
        lines++;
    }
    if (!known(current) || span_empty(name) || span_len(name) > LXC_NAME_MAX ||
        memchr(name.at, '/', span_len(name)))
        return 0;
    snprintf(path, sizeof(path), "/lxc/%.*s", (int)span_len(name), name.at);
    block_group(b, path, current, UNKNOWN);
    return lines;
}

/* --- virsh dommemstat ------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum meminfo_field field; /* NR_MEMINFO_FIELDS: not used */
} domain_rows[] = {
    {"actual", NR_MEMINFO_FIELDS},
    {"swap_in", NR_MEMINFO_FIELDS},
    {"swap_out", NR_MEMINFO_FIELDS},
    {"major_fault", NR_MEMINFO_FIELDS},
    {"minor_fault", NR_MEMINFO_FIELDS},
    {"unused", MI_MEM_FREE},
    {"available", MI_MEM_TOTAL},
    {"usable", MI_MEM_AVAILABLE},
    {"last_update", NR_MEMINFO_FIELDS},
    {"disk_caches", MI_CACHED},
    {"hugetlb_pgalloc", NR_MEMINFO_FIELDS},
    {"hugetlb_pgfail", NR_MEMINFO_FIELDS},
    {"rss", NR_MEMINFO_FIELDS},
};

static unsigned domain_row(struct span line, u64 *ret)
{
    struct span name;

    if (named_number_take(line, &name, ret))
        for (unsigned i = 0; i < ARRAY_SIZE(domain_rows); i++)
            if (span_is(name, domain_rows[i].name))
                return i;
    return ARRAY_SIZE(domain_rows);
}

bool dommemstat_begins(const struct block *b, struct span line)
{
    u64 value;

    (void)b;
    return domain_row(line, &value) == 0;
}

bool dommemstat_goes_on(const struct block *b, struct span line)
{
    u64 value;

    (void)b;
    return domain_row(line, &value) < ARRAY_SIZE(domain_rows);
}

/* All are in KiB: of the guest, as its driver reports them; of the host is "rss" alone. */
unsigned dommemstat_parse(struct block *b, struct span text)
{
    struct span line;
    u64 value;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        unsigned row = domain_row(line, &value);

        if (row == ARRAY_SIZE(domain_rows) || value > (u64)1 << 50)
            continue;
        if (domain_rows[row].field != NR_MEMINFO_FIELDS)
            block_meminfo(b, domain_rows[row].field, value * KIB,
                          domain_rows[row].field == MI_CACHED ? RANK_ROUNDED : RANK_TABLE);
        found++;
    }
    return found > 1 ? found : 0;
}
