/* totals_fuzz.c - the parsers of files of the whole machine against mutated texts of real
 * kernels. */
#include "base/test.h"

#include "observe/mountinfo.h"
#include "observe/text_testing.h"

#define F    "tests/observe/fixtures/"
#define G    "tests/diff/fixtures-6.1/384M/"
#define MISC F "misc/node_exporter-"

static void check(struct span text, parse_fn *parse)
{
    struct snapshot s;

    snapshot_init(&s);
    parse(text, &s);
    /* Twice, as after a file that was read again: bounds hold for both together. */
    parse(text, &s);
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++)
        assert(!known(s.meminfo[i]) || s.meminfo[i] < 1ull << 63);
    assert(!known(s.uptime_us) || s.uptime_us < 1ull << 63);
    vec_for_each (&s.swaps, swap)
        assert(memchr(swap->name, '\0', sizeof(swap->name)));
    vec_for_each (&s.disks, disk)
        assert(memchr(disk->name, '\0', sizeof(disk->name)));
    vec_for_each (&s.slabs, slab)
        assert(memchr(slab->name, '\0', sizeof(slab->name)));
    estimate_available(&s);
    snapshot_check(&s);
    snapshot_done(&s);
}

#define RUN(file)                            \
    static void run_##file(struct span text) \
    {                                        \
        check(text, parse_##file);           \
    }
RUN(meminfo)
RUN(vmstat)
RUN(stat)
RUN(loadavg)
RUN(uptime)
RUN(zoneinfo)
RUN(buddyinfo)
RUN(pagetypeinfo)
RUN(extfrag_index)
RUN(unusable_index)
RUN(slabinfo)
RUN(swaps)
RUN(diskstats)

static void run_pressure(struct span text)
{
    struct psi_view psi = {{UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
                           {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}};

    parse_pressure(text, &psi);
    assert(!known(psi.some.total_us) || psi.some.total_us < 1ull << 63);
}

static void run_nodes(struct span text)
{
    struct node_view node = {0};

    parse_node_meminfo(text, 2 * MIB, &node);
    parse_numastat(text, &node);
}

static void run_numa_maps(struct span text)
{
    struct snapshot s;

    snapshot_init(&s);
    snapshot_add_numa_maps(&s, text, 7);
    snapshot_add_numa_maps(&s, text, 8);
    for (size_t i = 0; i < s.process_nodes.count; i++) {
        const struct process_node_view *row = &s.process_nodes.items[i];

        assert(row->interleaved <= row->bytes && row->bound <= row->bytes);
        assert(i == 0 || row[-1].pid < row->pid || row[-1].node < row->node);
    }
    snapshot_done(&s);
}

static void run_zram(struct span text)
{
    struct zram_view zram = {0};

    parse_zram_mm_stat(text, &zram);
}

static void run_mountinfo(struct span text)
{
    char path[256];
    struct span root;

    mountinfo_has_lxcfs(text, "/proc/meminfo");
    if (mountinfo_cgroup_root(text, &root)) {
        span_copy_unescaped(root, path, sizeof(path));
        assert(memchr(path, '\0', sizeof(path)));
    }
}

/* long: one row for each parser. */
int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 40000);
    static const struct fuzz_parser parsers[] = {
        {"meminfo",
         run_meminfo,
         {F "3.4/proc/meminfo", F "3.10/proc/meminfo", F "4.18/proc/meminfo",
          F "6.18/proc/meminfo"},
         NULL},
        {"vmstat",
         run_vmstat,
         {F "3.10/proc/vmstat", MISC "vmstat", F "4.18/proc/vmstat", F "5.10/proc/vmstat",
          F "6.18/proc/vmstat"},
         NULL},
        {"stat", run_stat, {F "4.18/proc/stat", F "6.18/proc/stat"}, NULL},
        {"loadavg", run_loadavg, {F "6.18/proc/loadavg"}, NULL},
        {"uptime", run_uptime, {F "6.18/proc/uptime"}, NULL},
        {"zoneinfo",
         run_zoneinfo,
         {F "3.4/proc/zoneinfo", MISC "zoneinfo", F "5.10/proc/zoneinfo", F "6.18/proc/zoneinfo"},
         NULL},
        {"buddyinfo",
         run_buddyinfo,
         {MISC "buddyinfo", F "4.18/proc/buddyinfo", F "6.18/proc/buddyinfo"},
         NULL},
        {"pagetypeinfo",
         run_pagetypeinfo,
         {NULL},
         "Page block order: 9\nPages per block:  512\n\n"
         "Free pages count per migrate type at order       0      1      2 \n"
         "Node    0, zone   Normal, type    Unmovable      1      0     83 \n"
         "Node    0, zone   Normal, type      Movable >100000   10762    27 \n"
         "Node    0, zone   Normal, type          CMA      0      0      0 \n\n"
         "Number of blocks type     Unmovable      Movable  Reclaimable          CMA \n"
         "Node 0, zone   Normal          188         1762          162            0 \n"},
        {"extfrag_index",
         run_extfrag_index,
         {NULL},
         "Node 0, zone      DMA -1.000 -1.000 -1.000 0.000 \n"
         "Node 0, zone   Normal -1.000 -1.000  0.983 0.992 1.000 \n"},
        {"unusable_index",
         run_unusable_index,
         {NULL},
         "Node 0, zone      DMA 0.000 0.000 0.000 \nNode 0, zone   Normal 0.000 0.017 1.000 \n"},
        {"slabinfo",
         run_slabinfo,
         {MISC "slabinfo", F "4.18/proc/slabinfo", G "proc/slabinfo"},
         NULL},
        {"swaps",
         run_swaps,
         {MISC "swaps", G "proc/swaps"},
         "Filename\n/a\\040b\\377 file 8 4 -2\n"},
        {"diskstats", run_diskstats, {F "4.18/proc/diskstats", F "6.18/proc/diskstats"}, NULL},
        {"pressure", run_pressure, {MISC "pressure-cpu", F "6.18/proc/pressure/io"}, NULL},
        {"nodes",
         run_nodes,
         {F "6.18/sys/devices/system/node/node0/meminfo",
          F "6.18/sys/devices/system/node/node0/numastat"},
         NULL},
        {"numa_maps",
         run_numa_maps,
         {NULL},
         "7f2c40000000 interleave:0-1 anon=2048 dirty=2048 active=0 N0=1024 N1=1024 "
         "kernelpagesize_kB=4\n"
         "7f2c50000000 bind:1 file=/anon_hugepage\\040(deleted) huge dirty=2 N1=2 "
         "kernelpagesize_kB=2048\n"},
        {"zram", run_zram, {NULL}, "1024 512 4096 0 8192 1 2 3 4\n"},
        {"mountinfo",
         run_mountinfo,
         {NULL},
         "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
         "36 35 0:32 /docker/a\\040b /sys/fs/cgroup/memory ro,nosuid master:17 - cgroup cgroup "
         "rw,memory\n"
         "40 35 0:33 /../.. /sys/fs/cgroup ro shared:1 - cgroup2 cgroup rw,nsdelegate\n"
         "90 22 0:50 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n"},
    };

    return fuzz_parsers(parsers, ARRAY_SIZE(parsers), args.operations, args.seed);
}
