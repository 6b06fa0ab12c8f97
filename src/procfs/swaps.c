/* swaps.c - /proc/swaps: one line per swap area, in KiB; tabs as the kernel sets them for short
 * numbers. */
#include "procfs/procfs.h"

#include <string.h>

#define NAME_COLUMNS 40

static const char *tab_after(u64 kib)
{
    return kib < 10000000 ? "\t" : "";
}

void render_swaps(const struct system *s, struct strbuf *out)
{
    strbuf_append(out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    for (u32 i = 0; i < s->swap.nr_areas; i++) {
        const struct swap_area *a = &s->swap.areas[i];
        u64 size = (u64)a->nr_slots * (PAGE_SIZE / 1024);
        u64 used = (u64)a->used * (PAGE_SIZE / 1024);
        size_t len = strlen(a->name);

        if (!a->in_use)
            continue;
        strbuf_append(out, a->name);
        strbuf_fill(out, ' ', len < NAME_COLUMNS ? NAME_COLUMNS - len : 1);
        strbuf_printf(out, "%s\t%llu\t%s%llu\t%s%d\n", a->file ? "file\t" : "partition",
                      (unsigned long long)size, tab_after(size), (unsigned long long)used,
                      tab_after(used), a->priority);
    }
}
