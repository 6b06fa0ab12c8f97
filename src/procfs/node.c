/* node.c - /sys/devices/system/node: the memory nodes, as numactl and lsmem look at them; and the
 * switches of /sys/kernel/mm.
 *
 * What the machine has no part of (MGLRU) is off there, as on the guest the fixtures come from.
 */
#include "base/masklist.h"
#include "procfs/procfs.h"

#include <inttypes.h>

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

static void line(struct strbuf *out, unsigned nid, const char *key, s64 kib)
{
    strbuf_printf(out, "Node %u %-15s %8" PRIu64 " kB\n", nid, key, kib < 0 ? 0 : (u64)kib);
}

void procfs_node_counters(const struct system *s, unsigned nid, struct counters *ret)
{
    *ret = (struct counters){0};
    for (unsigned id = 0; id < NR_COUNTERS; id++)
        if (counter_info[id].scopes & SCOPE_NODE)
            ret->v[id] = node_counter(&s->frames, nid, (enum counter)id);
}

static u64 managed_pages(const struct pgdat *pgdat)
{
    u64 pages = 0;

    for (unsigned type = 0; type < NR_ZONES; type++)
        pages += pgdat->zones[type].managed;
    return pages;
}

static s64 kib_of(const struct counters *c, enum counter id)
{
    s64 bytes = counter_memory_stat(id, c->v[id]);

    return counter_info[id].stored == UNIT_BYTES ? bytes / (s64)PAGE_SIZE * KIB_PER_PAGE
                                                 : bytes / 1024;
}

void render_node_meminfo(const struct system *s, unsigned nid, struct strbuf *out)
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
    s64 total = (s64)managed_pages(&s->frames.nodes[nid]) * KIB_PER_PAGE, free_kib;

    procfs_node_counters(s, nid, &c);
    free_kib = c.v[NR_FREE_PAGES] * KIB_PER_PAGE;
    line(out, nid, "MemTotal:", total);
    line(out, nid, "MemFree:", free_kib);
    line(out, nid, "MemUsed:", total - free_kib);
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
        s64 kib = kib_of(&c, lines[i].id);

        line(out, nid, lines[i].key,
             lines[i].plus == NR_COUNTERS ? kib : kib + kib_of(&c, lines[i].plus));
    }
    if (kernel_has(&s->kernel, KERNEL_UNACCEPTED_MEMORY))
        line(out, nid, "Unaccepted:", kib_of(&c, NR_UNACCEPTED));
    strbuf_printf(out,
                  "Node %u HugePages_Total: %5" PRIu64 "\nNode %u HugePages_Free:  %5" PRIu64 "\n"
                  "Node %u HugePages_Surp:  %5" PRIu64 "\n",
                  nid, hugetlb_node_total(&s->hugetlb, nid), nid, s->hugetlb.nodes[nid].free.count,
                  nid, s->hugetlb.nodes[nid].surplus);
}

static void render_numastat(const struct system *s, unsigned nid, struct strbuf *out)
{
    static const struct {
        const char *key;
        enum counter id;
    } lines[] = {
        {"numa_hit", NUMA_HIT},         {"numa_miss", NUMA_MISS},
        {"numa_foreign", NUMA_FOREIGN}, {"interleave_hit", NUMA_INTERLEAVE},
        {"local_node", NUMA_LOCAL},     {"other_node", NUMA_OTHER},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
        strbuf_printf(out, "%s %" PRId64 "\n", lines[i].key,
                      node_counter(&s->frames, nid, lines[i].id));
}

/* What is kept per zone or per node. */
static void render_vmstat_of(const struct system *s, unsigned nid, struct strbuf *out)
{
    const struct kernel *kernel = &s->kernel;
    struct counters c;

    procfs_node_counters(s, nid, &c);
    for (unsigned i = 0; i < kernel->nr_vmstat; i++) {
        enum counter id = kernel->vmstat[i];

        if (id == NR_DIRTY_THRESHOLD)
            break; /* what follows is the machine's */
        if (counter_info[id].scopes & (SCOPE_NODE | SCOPE_ZONE))
            strbuf_printf(out, "%s %" PRId64 "\n", counter_info[id].name,
                          counter_shown(id, c.v[id]));
    }
}

static void render_distance(const struct system *s, unsigned nid, struct strbuf *out)
{
    const struct topology *t = &s->frames.topology;

    for (unsigned to = 0; to < t->nr_nodes; to++)
        strbuf_printf(out, "%s%u", to ? " " : "", t->distance[nid][to]);
    strbuf_appendc(out, '\n');
}

static void render_cpulist(const struct system *s, unsigned nid, struct strbuf *out)
{
    strbuf_masklist(out, s->frames.topology.cpus[nid]);
    strbuf_appendc(out, '\n');
}

static void render_cpumap(const struct system *s, unsigned nid, struct strbuf *out)
{
    strbuf_maskhex(out, s->frames.topology.cpus[nid], s->frames.nr_cpus);
    strbuf_appendc(out, '\n');
}

const struct node_file node_files[] = {
    {"meminfo", render_node_meminfo},
    {"numastat", render_numastat},
    {"vmstat", render_vmstat_of},
    {"distance", render_distance},
    {"cpulist", render_cpulist},
    {"cpumap", render_cpumap},
    {HUGEPAGES_2M "nr_hugepages", render_node_nr_hugepages},
    {HUGEPAGES_2M "free_hugepages", render_node_free_hugepages},
    {HUGEPAGES_2M "surplus_hugepages", render_node_surplus_hugepages},
};
const unsigned nr_node_files = ARRAY_SIZE(node_files);

/* --- sets of nodes, as node_states[] has them ------------------------------------------------- */
static void masklist_line(struct strbuf *out, u64 set)
{
    strbuf_masklist(out, set);
    strbuf_appendc(out, '\n');
}

void render_cpus_online(const struct system *s, struct strbuf *out)
{
    masklist_line(out, UINT64_MAX >> (64 - s->frames.nr_cpus));
}

void render_cpus_offline(const struct system *s HW_UNUSED, struct strbuf *out)
{
    masklist_line(out, 0);
}

void render_cpus_kernel_max(const struct system *s HW_UNUSED, struct strbuf *out)
{
    strbuf_printf(out, "%u\n", CPUS_MAX - 1);
}

void render_nodes_online(const struct system *s, struct strbuf *out)
{
    masklist_line(out, topology_all_nodes(&s->frames.topology));
}

static u64 nodes_with(const struct system *s, bool (*has)(const struct system *s, unsigned nid))
{
    u64 set = 0;

    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        if (has(s, nid))
            set |= BIT_ULL(nid);
    return set;
}

static bool has_cpu(const struct system *s, unsigned nid)
{
    return topology_has_cpus(&s->frames.topology, nid);
}

static bool has_memory(const struct system *s, unsigned nid)
{
    return managed_pages(&s->frames.nodes[nid]) != 0;
}

static bool has_normal_memory(const struct system *s, unsigned nid)
{
    const struct zone *zones = s->frames.nodes[nid].zones;

    return zones[ZONE_DMA].managed || zones[ZONE_DMA32].managed || zones[ZONE_NORMAL].managed;
}

void render_nodes_has_cpu(const struct system *s, struct strbuf *out)
{
    masklist_line(out, nodes_with(s, has_cpu));
}

void render_nodes_has_memory(const struct system *s, struct strbuf *out)
{
    masklist_line(out, nodes_with(s, has_memory));
}

void render_nodes_has_normal_memory(const struct system *s, struct strbuf *out)
{
    masklist_line(out, nodes_with(s, has_normal_memory));
}

/* --- memory tiers: by abstract distance, of ordinary memory 4 and of what a device driver brings
 * 22 */
static bool is_fast(const struct system *s, unsigned nid)
{
    return has_memory(s, nid) && !node_is_slow(&s->frames.topology, nid);
}

static bool is_slow(const struct system *s, unsigned nid)
{
    return node_is_slow(&s->frames.topology, nid);
}

void render_tier_fast(const struct system *s, struct strbuf *out)
{
    masklist_line(out, nodes_with(s, is_fast));
}

void render_tier_slow(const struct system *s, struct strbuf *out)
{
    masklist_line(out, nodes_with(s, is_slow));
}

void render_demotion_enabled(const struct system *s, struct strbuf *out)
{
    strbuf_append(out, s->tunables.demotion_enabled ? "true\n" : "false\n");
}

void render_vma_ra_enabled(const struct system *s, struct strbuf *out)
{
    strbuf_append(out, s->swap.vma_ra_enabled ? "true\n" : "false\n");
}
