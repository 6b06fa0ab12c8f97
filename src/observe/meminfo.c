/* meminfo.c - /proc/meminfo, and MemAvailable for kernels that do not print it.
 *
 * Lines are matched with meminfo_keys in order: each kernel prints a subset in nearly the order of
 * the table, so the next key is nearly always the one after the last.
 */
#include "observe/reading_int.h"

#include "stats/tunables.h"

#include <stdio.h>
#include <string.h>

static const bool in_bytes[NR_MEMINFO_FIELDS] = {
#define BYTES                        1
#define COUNT                        0
#define MEMINFO_FIELD(id, key, unit) [MI_##id] = unit,
#include "observe/meminfo_fields.def"
#undef MEMINFO_FIELD
#undef BYTES
#undef COUNT
};

static unsigned find_key(struct span key, unsigned from)
{
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++) {
        unsigned field = (from + i) % NR_MEMINFO_FIELDS;

        if (span_is(key, meminfo_keys[field]))
            return field;
    }
    return NR_MEMINFO_FIELDS;
}

unsigned parse_meminfo(struct span text, struct snapshot *s)
{
    struct span line, key;
    unsigned field = 0, found = 0;

    while (span_take_line(&text, &line)) {
        u64 value;

        if (!span_take_until(&line, ':', &key))
            continue;

        unsigned match = find_key(span_trim(key), field);

        if (match == NR_MEMINFO_FIELDS || !span_take_u64(&line, &value))
            continue;
        /* A line cut before its unit may be cut within its number. */
        if (in_bytes[match] && !span_take(&line, "kB"))
            continue;
        s->meminfo[match] = in_bytes[match] ? kib_to_bytes(value) : value;
        field = match + 1;
        found++;
    }
    return found;
}

/* Sum of the low watermarks in bytes: what the kernel keeps free for itself. */
static u64 low_watermarks(const struct snapshot *s)
{
    u64 pages = 0;
    bool any = false;

    vec_for_each (&s->zones, zone) {
        if (!known(zone->low))
            continue;
        pages += zone->low;
        any = true;
    }
    if (any)
        return pages < (u64)1 << 50 ? pages * s->page_bytes : UNKNOWN;

    /* Without zoneinfo: low is min and a quarter. */
    const struct tunable_info *min_free = tunable_find("vm.min_free_kbytes");
    u64 kib = min_free && s->sysctl ? s->sysctl[min_free - tunable_info] : UNKNOWN;

    return known(kib) ? kib_to_bytes(kib + kib / 4) : UNKNOWN;
}

/* Free pages above the low watermarks, and of page cache and of reclaimable slab what is over half
 * of each, or over the watermarks where that is less: si_mem_available() of 3.14 to 4.5. */
void estimate_available(struct snapshot *s)
{
    u64 *mi = s->meminfo;
    u64 low = low_watermarks(s);

    if (known(mi[MI_MEM_AVAILABLE]) || !known(mi[MI_MEM_FREE]) || !known(low))
        return;

    u64 cache = figure_add(mi[MI_ACTIVE_FILE], mi[MI_INACTIVE_FILE]);
    u64 slab = mi[MI_SRECLAIMABLE];

    if (!known(cache) || !known(slab))
        return;

    s64 available = (s64)mi[MI_MEM_FREE] - (s64)low;

    available += (s64)(cache - MIN(cache / 2, low));
    available += (s64)(slab - MIN(slab / 2, low));
    mi[MI_MEM_AVAILABLE] = (u64)MAX(available, 0);
    s->available_estimated = true;
}

/* Percent by which a figure of a table that rounds may be above another. */
#define ROUNDING 5

static bool is_above(const struct snapshot *s, u64 value, u64 bound)
{
    return known(value) && known(bound) && bound < UNKNOWN / 2 &&
           value > bound + bound / 100 * ROUNDING + s->free_step;
}

static bool contradicts(struct snapshot *s, enum meminfo_field field, u64 value,
                        enum meminfo_field than)
{
    u64 bound = s->meminfo[than];

    if (!is_above(s, value, bound))
        return false;
    s->contradiction = (struct meminfo_contradiction){
        .found = true, .field = field, .than = than, .value = value, .bound = bound};
    return true;
}

/* lxcfs hands these lines of the host through: they are no part of the container's MemTotal. The
 * pool of huge pages is, where it fits. */
static void forget_host(u64 *m)
{
    u64 bytes;

    m[MI_PAGE_TABLES] = m[MI_KERNEL_STACK] = UNKNOWN;
    if (known(m[MI_HUGE_PAGES_TOTAL]) && known(m[MI_HUGE_PAGE_SIZE]) && known(m[MI_MEM_TOTAL]) &&
        (__builtin_mul_overflow(m[MI_HUGE_PAGES_TOTAL], m[MI_HUGE_PAGE_SIZE], &bytes) ||
         bytes > m[MI_MEM_TOTAL]))
        m[MI_HUGE_PAGES_TOTAL] = m[MI_HUGE_PAGES_FREE] = m[MI_HUGE_PAGES_RSVD] = UNKNOWN;
}

/* Parts of memory are no more than all of it, and what is free of something no more than that. Sums
 * of promises and of address space (Committed_AS, VmallocTotal, DirectMap) are none of its
 * parts. */
void meminfo_check(struct snapshot *s)
{
    static const enum meminfo_field parts[] = {
        MI_MEM_FREE, MI_MEM_AVAILABLE, MI_BUFFERS,     MI_CACHED,       MI_ANON_PAGES,
        MI_SHMEM,    MI_SLAB,          MI_PAGE_TABLES, MI_KERNEL_STACK, MI_UNEVICTABLE};
    u64 *m = s->meminfo, bytes;
    bool found = false;

    /* lxcfs shows a limit as MemTotal, and lines of the host beside it. Its Slab may be 0, which no
     * machine has. */
    s->lxcfs = s->lxcfs || (m[MI_SLAB] == 0 && m[MI_SRECLAIMABLE] == 0 && m[MI_SUNRECLAIM] == 0 &&
                            known(m[MI_MEM_TOTAL]));
    if (s->lxcfs) {
        forget_host(m);
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(parts) && !found; i++)
        found = contradicts(s, parts[i], m[parts[i]], MI_MEM_TOTAL);
    if (!found && known(m[MI_HUGE_PAGES_TOTAL]) && known(m[MI_HUGE_PAGE_SIZE]) &&
        !__builtin_mul_overflow(m[MI_HUGE_PAGES_TOTAL], m[MI_HUGE_PAGE_SIZE], &bytes)) {
        found = contradicts(s, MI_HUGE_PAGES_TOTAL, bytes, MI_MEM_TOTAL);
        s->contradiction.of_pool = found;
    }
    found = found ||
            contradicts(s, MI_HUGE_PAGES_FREE, m[MI_HUGE_PAGES_FREE], MI_HUGE_PAGES_TOTAL) ||
            contradicts(s, MI_SWAP_FREE, m[MI_SWAP_FREE], MI_SWAP_TOTAL);
    if (!found)
        return;
    memset(m, 0xff, sizeof(s->meminfo));
    s->parts[PART_MEMINFO].state = PART_BAD;
    snprintf(s->parts[PART_MEMINFO].why, sizeof(s->parts[PART_MEMINFO].why),
             "contradicts itself (%.24s)", meminfo_keys[s->contradiction.field]);
}
