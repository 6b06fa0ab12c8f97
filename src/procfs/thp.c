/* thp.c - /sys/kernel/mm/transparent_hugepage. */
#include "procfs/procfs.h"

#include <inttypes.h>

/* "always [madvise] never" */
static void render_choice(struct strbuf *out, const char *const *names, unsigned nr, u64 chosen)
{
    for (unsigned i = 0; i < nr; i++)
        strbuf_printf(out, "%s%s%s%s", i ? " " : "", i == chosen ? "[" : "", names[i],
                      i == chosen ? "]" : "");
    strbuf_appendc(out, '\n');
}

static void render_number(struct strbuf *out, u64 value)
{
    strbuf_printf(out, "%" PRIu64 "\n", value);
}

#define NUMBER(field)                                                      \
    static void render_##field(const struct system *s, struct strbuf *out) \
    {                                                                      \
        render_number(out, s->tunables.field);                             \
    }

NUMBER(thp_use_zero_page)
NUMBER(khugepaged_defrag)
NUMBER(khugepaged_pages_to_scan)
NUMBER(khugepaged_scan_sleep_millisecs)
NUMBER(khugepaged_alloc_sleep_millisecs)
NUMBER(khugepaged_max_ptes_none)
NUMBER(khugepaged_max_ptes_swap)
NUMBER(khugepaged_max_ptes_shared)

static void render_enabled(const struct system *s, struct strbuf *out)
{
    render_choice(out, thp_enabled_name, NR_THP_ENABLED, s->tunables.thp_enabled);
}

static void render_defrag(const struct system *s, struct strbuf *out)
{
    render_choice(out, thp_defrag_name, NR_THP_DEFRAG, s->tunables.thp_defrag);
}

static void render_shmem_enabled(const struct system *s, struct strbuf *out)
{
    render_choice(out, thp_shmem_name, NR_THP_SHMEM, s->tunables.thp_shmem_enabled);
}

static void render_hpage_pmd_size(const struct system *s HW_UNUSED, struct strbuf *out)
{
    render_number(out, HPAGE_PMD_SIZE);
}

static void render_pages_collapsed(const struct system *s, struct strbuf *out)
{
    render_number(out, s->khugepaged.pages_collapsed);
}

static void render_full_scans(const struct system *s, struct strbuf *out)
{
    render_number(out, s->khugepaged.full_scans);
}

#define THP_FILE(name, render)                             \
    {                                                      \
        "sys/kernel/mm/transparent_hugepage/" name, render \
    }

const struct machine_file thp_files[] = {
    THP_FILE("defrag", render_defrag),
    THP_FILE("enabled", render_enabled),
    THP_FILE("hpage_pmd_size", render_hpage_pmd_size),
    THP_FILE("khugepaged/alloc_sleep_millisecs", render_khugepaged_alloc_sleep_millisecs),
    THP_FILE("khugepaged/defrag", render_khugepaged_defrag),
    THP_FILE("khugepaged/full_scans", render_full_scans),
    THP_FILE("khugepaged/max_ptes_none", render_khugepaged_max_ptes_none),
    THP_FILE("khugepaged/max_ptes_shared", render_khugepaged_max_ptes_shared),
    THP_FILE("khugepaged/max_ptes_swap", render_khugepaged_max_ptes_swap),
    THP_FILE("khugepaged/pages_collapsed", render_pages_collapsed),
    THP_FILE("khugepaged/pages_to_scan", render_khugepaged_pages_to_scan),
    THP_FILE("khugepaged/scan_sleep_millisecs", render_khugepaged_scan_sleep_millisecs),
    THP_FILE("shmem_enabled", render_shmem_enabled),
    THP_FILE("use_zero_page", render_thp_use_zero_page),
};
const unsigned nr_thp_files = ARRAY_SIZE(thp_files);

/* --- by size: the kernels that make huge pages of several ------------------------------------- */
#define COUNT(name, counter)                                                     \
    static void render_##name(const struct system *s, struct strbuf *out)        \
    {                                                                            \
        render_number(out, (u64)counter_shown(counter, s->counters.v[counter])); \
    }

COUNT(fault_alloc, THP_FAULT_ALLOC)
COUNT(fault_fallback, THP_FAULT_FALLBACK)
COUNT(fallback_charge, THP_FAULT_FALLBACK_CHARGE)
COUNT(split, THP_SPLIT_PAGE)
COUNT(split_deferred, THP_DEFERRED_SPLIT_PAGE)
COUNT(split_failed, THP_SPLIT_PAGE_FAILED)
COUNT(swpout, THP_SWPOUT)
COUNT(swpout_fallback, THP_SWPOUT_FALLBACK)
/* Those that are mapped whole. */
COUNT(nr_anon, NR_ANON_TRANSPARENT_HUGEPAGES)

static void render_zero(const struct system *s HW_UNUSED, struct strbuf *out)
{
    render_number(out, 0);
}

static void render_one(const struct system *s HW_UNUSED, struct strbuf *out)
{
    render_number(out, 1);
}

/* "always inherit madvise [never]": a size that inherits goes by the switch above it. */
static void render_size_never(const struct system *s HW_UNUSED, struct strbuf *out)
{
    strbuf_append(out, "always inherit madvise [never]\n");
}

static void render_size_inherit(const struct system *s HW_UNUSED, struct strbuf *out)
{
    strbuf_append(out, "always [inherit] madvise never\n");
}

static void render_shmem_never(const struct system *s HW_UNUSED, struct strbuf *out)
{
    strbuf_append(out, "always inherit within_size advise [never]\n");
}

static void render_shmem_inherit(const struct system *s HW_UNUSED, struct strbuf *out)
{
    strbuf_append(out, "always [inherit] within_size advise never\n");
}

#define SHARED_FILES(size)                                                \
    THP_FILE("hugepages-" size "/shmem_enabled", render_shmem_never),     \
        THP_FILE("hugepages-" size "/stats/shmem_alloc", render_zero),    \
        THP_FILE("hugepages-" size "/stats/shmem_fallback", render_zero), \
        THP_FILE("hugepages-" size "/stats/shmem_fallback_charge", render_zero)

/* A size that is never made here: all its counters stay 0. */
#define UNUSED_SIZE(size)                                                             \
    THP_FILE("hugepages-" size "/enabled", render_size_never),                        \
        THP_FILE("hugepages-" size "/stats/anon_fault_alloc", render_zero),           \
        THP_FILE("hugepages-" size "/stats/anon_fault_fallback", render_zero),        \
        THP_FILE("hugepages-" size "/stats/anon_fault_fallback_charge", render_zero), \
        THP_FILE("hugepages-" size "/stats/nr_anon", render_zero),                    \
        THP_FILE("hugepages-" size "/stats/nr_anon_partially_mapped", render_zero),   \
        THP_FILE("hugepages-" size "/stats/split_deferred", render_zero), UNUSED_SHARED(size)

/* Of two pages are those of files alone. */
#define UNUSED_SHARED(size)                                                      \
    SHARED_FILES(size), THP_FILE("hugepages-" size "/stats/split", render_zero), \
        THP_FILE("hugepages-" size "/stats/split_failed", render_zero),          \
        THP_FILE("hugepages-" size "/stats/swpout", render_zero),                \
        THP_FILE("hugepages-" size "/stats/swpout_fallback", render_zero)

#define PMD "hugepages-2048kB/"
const struct machine_file mthp_files[] = {
    THP_FILE("shrink_underused", render_one),
    THP_FILE(PMD "enabled", render_size_inherit),
    THP_FILE(PMD "shmem_enabled", render_shmem_inherit),
    THP_FILE(PMD "stats/anon_fault_alloc", render_fault_alloc),
    THP_FILE(PMD "stats/anon_fault_fallback", render_fault_fallback),
    THP_FILE(PMD "stats/anon_fault_fallback_charge", render_fallback_charge),
    THP_FILE(PMD "stats/nr_anon", render_nr_anon),
    THP_FILE(PMD "stats/nr_anon_partially_mapped", render_zero),
    THP_FILE(PMD "stats/shmem_alloc", render_zero),
    THP_FILE(PMD "stats/shmem_fallback", render_zero),
    THP_FILE(PMD "stats/shmem_fallback_charge", render_zero),
    THP_FILE(PMD "stats/split", render_split),
    THP_FILE(PMD "stats/split_deferred", render_split_deferred),
    THP_FILE(PMD "stats/split_failed", render_split_failed),
    THP_FILE(PMD "stats/swpout", render_swpout),
    THP_FILE(PMD "stats/swpout_fallback", render_swpout_fallback),
    UNUSED_SHARED("8kB"),
    UNUSED_SIZE("16kB"),
    UNUSED_SIZE("32kB"),
    UNUSED_SIZE("64kB"),
    UNUSED_SIZE("128kB"),
    UNUSED_SIZE("256kB"),
    UNUSED_SIZE("512kB"),
    UNUSED_SIZE("1024kB"),
};
const unsigned nr_mthp_files = ARRAY_SIZE(mthp_files);
