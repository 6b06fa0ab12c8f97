/* meminfo.c - /proc/meminfo, and MemAvailable for kernels that do not print it.
 *
 * Lines are matched with meminfo_keys in order: each kernel prints a subset in nearly the order of the table, so the next key is nearly
 * always the one after the last.
 */
#include "observe/reading_int.h"

#include "stats/tunables.h"

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

/* Free pages above the low watermarks, and of page cache and of reclaimable slab what is over half of each, or over the
 * watermarks where that is less: si_mem_available() of 3.14 to 4.5. */
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
