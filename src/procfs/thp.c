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
    THP_FILE("khugepaged/max_ptes_none", render_khugepaged_max_ptes_none),
    THP_FILE("khugepaged/max_ptes_shared", render_khugepaged_max_ptes_shared),
    THP_FILE("khugepaged/max_ptes_swap", render_khugepaged_max_ptes_swap),
    THP_FILE("khugepaged/pages_to_scan", render_khugepaged_pages_to_scan),
    THP_FILE("khugepaged/scan_sleep_millisecs", render_khugepaged_scan_sleep_millisecs),
    THP_FILE("shmem_enabled", render_shmem_enabled),
    THP_FILE("use_zero_page", render_thp_use_zero_page),
};
const unsigned nr_thp_files = ARRAY_SIZE(thp_files);
