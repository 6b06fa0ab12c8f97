/* node.c - /sys/devices/system/node: the one memory node, as numactl and lsmem look at it; and the switches of /sys/kernel/mm.
 *
 * What the machine has no part of (huge pages, MGLRU) is off there, as on the guest the fixtures come from.
 */
#include "procfs/procfs.h"

#include <inttypes.h>

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

static void line(struct strbuf *out, const char *key, s64 kib)
{
    strbuf_printf(out, "Node 0 %-15s %8" PRIu64 " kB\n", key, kib < 0 ? 0 : (u64)kib);
}

static s64 kib_of(const struct counters *c, enum counter id)
{
    s64 bytes = counter_memory_stat(id, c->v[id]);

    return counter_info[id].stored == UNIT_BYTES ? bytes / (s64)PAGE_SIZE * KIB_PER_PAGE
                                                 : bytes / 1024;
}

void render_node_meminfo(const struct system *s, struct strbuf *out)
{
    static const struct {
        const char *key;
        enum counter id, plus;
    } lines[] = {
        {"SwapCached:", NR_SWAPCACHED, NR_COUNTERS},
        {"Active:", NR_ACTIVE_ANON, NR_ACTIVE_FILE},
        {"Inactive:", NR_INACTIVE_ANON, NR_INACTIVE_FILE},
        {"Active(anon):", NR_ACTIVE_ANON, NR_COUNTERS},
        {"Inactive(anon):", NR_INACTIVE_ANON, NR_COUNTERS},
        {"Active(file):", NR_ACTIVE_FILE, NR_COUNTERS},
        {"Inactive(file):", NR_INACTIVE_FILE, NR_COUNTERS},
        {"Unevictable:", NR_UNEVICTABLE, NR_COUNTERS},
        {"Mlocked:", NR_MLOCK, NR_COUNTERS},
        {"Dirty:", NR_DIRTY, NR_COUNTERS},
        {"Writeback:", NR_WRITEBACK, NR_COUNTERS},
        {"FilePages:", NR_FILE_PAGES, NR_COUNTERS},
        {"Mapped:", NR_MAPPED, NR_COUNTERS},
        {"AnonPages:", NR_ANON_PAGES, NR_COUNTERS},
        {"Shmem:", NR_SHMEM, NR_COUNTERS},
        {"KernelStack:", NR_KERNEL_STACK, NR_COUNTERS},
        {"PageTables:", NR_PAGE_TABLE_PAGES, NR_COUNTERS},
        {"SecPageTables:", NR_SEC_PAGE_TABLE_PAGES, NR_COUNTERS},
        {"NFS_Unstable:", NR_UNSTABLE, NR_COUNTERS},
        {"Bounce:", NR_BOUNCE, NR_COUNTERS},
        {"WritebackTmp:", NR_WRITEBACK_TEMP, NR_COUNTERS},
        {"KReclaimable:", NR_SLAB_RECLAIMABLE, NR_KERNEL_MISC_RECLAIMABLE},
        {"Slab:", NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE},
        {"SReclaimable:", NR_SLAB_RECLAIMABLE, NR_COUNTERS},
        {"SUnreclaim:", NR_SLAB_UNRECLAIMABLE, NR_COUNTERS},
        {"AnonHugePages:", NR_ANON_TRANSPARENT_HUGEPAGES, NR_COUNTERS},
        {"ShmemHugePages:", NR_SHMEM_HUGEPAGES, NR_COUNTERS},
        {"ShmemPmdMapped:", NR_SHMEM_PMDMAPPED, NR_COUNTERS},
        {"FileHugePages:", NR_FILE_HUGEPAGES, NR_COUNTERS},
        {"FilePmdMapped:", NR_FILE_PMDMAPPED, NR_COUNTERS},
    };
    struct counters c;
    s64 total = (s64)s->frames.managed_pages * KIB_PER_PAGE, free_kib;

    procfs_counters(s, &c);
    free_kib = c.v[NR_FREE_PAGES] * KIB_PER_PAGE;
    line(out, "MemTotal:", total);
    line(out, "MemFree:", free_kib);
    line(out, "MemUsed:", total - free_kib);
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
        s64 kib = kib_of(&c, lines[i].id);

        line(out, lines[i].key,
             lines[i].plus == NR_COUNTERS ? kib : kib + kib_of(&c, lines[i].plus));
    }
    strbuf_append(out, "Node 0 HugePages_Total:     0\nNode 0 HugePages_Free:      0\n"
                       "Node 0 HugePages_Surp:      0\n");
}

void render_node_numastat(const struct system *s, struct strbuf *out)
{
    static const struct {
        const char *key;
        enum counter id;
    } lines[] = {
        {"numa_hit", NUMA_HIT},         {"numa_miss", NUMA_MISS},
        {"numa_foreign", NUMA_FOREIGN}, {"interleave_hit", NUMA_INTERLEAVE},
        {"local_node", NUMA_LOCAL},     {"other_node", NUMA_OTHER},
    };
    struct counters c;

    procfs_counters(s, &c);
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
        strbuf_printf(out, "%s %" PRId64 "\n", lines[i].key, c.v[lines[i].id]);
}

/* What is kept per zone or per node. */
void render_node_vmstat(const struct system *s, struct strbuf *out)
{
    const struct kernel *kernel = &s->kernel;
    struct counters c;

    procfs_counters(s, &c);
    for (unsigned i = 0; i < kernel->nr_vmstat; i++) {
        enum counter id = kernel->vmstat[i];

        if (counter_info[id].scopes & (SCOPE_NODE | SCOPE_ZONE))
            strbuf_printf(out, "%s %" PRId64 "\n", counter_info[id].name,
                          counter_shown(id, c.v[id]));
    }
}

static void cpu_list(unsigned nr, struct strbuf *out)
{
    if (nr > 1)
        strbuf_printf(out, "0-%u\n", nr - 1);
    else
        strbuf_append(out, "0\n");
}

void render_node_cpulist(const struct system *s, struct strbuf *out)
{
    cpu_list(s->frames.nr_cpus, out);
}

const struct constant_file constant_files[] = {
    {"sys/devices/system/node/online", "0\n"},
    {"sys/devices/system/node/possible", "0\n"},
    {"sys/devices/system/node/has_memory", "0\n"},
    {"sys/devices/system/node/has_cpu", "0\n"},
    {"sys/devices/system/node/node0/distance", "10\n"},
    {"sys/kernel/mm/lru_gen/enabled", "0x0000\n"},
    {"sys/kernel/mm/numa/demotion_enabled", "false\n"},
    {"sys/kernel/mm/swap/vma_ra_enabled", "true\n"},
};
const unsigned nr_constant_files = ARRAY_SIZE(constant_files);
