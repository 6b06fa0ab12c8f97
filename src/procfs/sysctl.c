/* sysctl.c - /proc/sys/vm and its like: the tunables as files. */
#include "procfs/procfs.h"

#include <inttypes.h>
#include <string.h>

void render_sysctl(const struct system *s, const struct tunable_info *info, struct strbuf *out)
{
    u64 value = tunables_get(&s->tunables, info);

    /* 0 asked for the kernel's formula: the file shows what it gave. */
    if (strcmp(info->key, "vm.min_free_kbytes") == 0)
        value = s->frames.min_free_kbytes;
    strbuf_printf(out, "%" PRIu64 "\n", value);
}

void render_lowmem_reserve_ratio(const struct system *s, struct strbuf *out)
{
    const struct tunables *t = &s->tunables;

    strbuf_printf(out, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t0\t0\n", t->lowmem_reserve_dma,
                  t->lowmem_reserve_dma32, t->lowmem_reserve_normal);
}
