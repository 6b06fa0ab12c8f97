/* procfs.h - a machine as the text of Linux's own files.
 *
 * Mirrors:  fs/proc/{meminfo,array,task_mmu,base}.c, drivers/block/zram/zram_drv.c, mm/vmstat.c,
 *           mm/swapfile.c, mm/memcontrol.c, kernel/cgroup/cgroup.c, kernel/sched/psi.c, Linux 6.1:
 *           same lines, order, units and padding (tests/diff/fixtures-6.1 holds what a real one
 *           printed).
 * Never:    changes anything. What the machine does not model is shown as the kernel shows it on a
 *           machine that does not use it (docs/not-modelled.md).
 */
#ifndef PROCFS_PROCFS_H
#define PROCFS_PROCFS_H

#include "base/strbuf.h"
#include "stats/kernel.h"
#include "system/system.h"

/* Every counter of the machine as it is now, those included that are kept elsewhere or derived. */
void procfs_counters(const struct system *s, struct counters *ret);

/* /proc */
void render_meminfo(const struct system *s, struct strbuf *out);
void render_vmstat(const struct system *s, struct strbuf *out);
void render_zoneinfo(const struct system *s, struct strbuf *out);
void render_buddyinfo(const struct system *s, struct strbuf *out);
void render_extfrag_index(const struct system *s, struct strbuf *out);
void render_unusable_index(const struct system *s, struct strbuf *out);
void render_swaps(const struct system *s, struct strbuf *out);
void render_slabinfo(const struct system *s, struct strbuf *out);
void render_stat(const struct system *s, struct strbuf *out);
void render_loadavg(const struct system *s, struct strbuf *out);
void render_uptime(const struct system *s, struct strbuf *out);
void render_diskstats(const struct system *s, struct strbuf *out);
/* "6.1.0-highwater": also the file by which a tree is known to be of a simulated machine. */
void render_version(const struct system *s, struct strbuf *out);
void render_kernel_cmdline(const struct system *s, struct strbuf *out);
void render_interrupts(const struct system *s, struct strbuf *out);
void render_softirqs(const struct system *s, struct strbuf *out);
void render_partitions(const struct system *s, struct strbuf *out);
void render_osrelease(const struct system *s, struct strbuf *out);
void render_pagetypeinfo(const struct system *s, struct strbuf *out);
void render_cpuinfo(const struct system *s, struct strbuf *out);
/* /sys/devices/system/node/{online,has_cpu,has_memory,has_normal_memory},
 * /sys/devices/system/cpu/online */
void render_tier_fast(const struct system *s, struct strbuf *out);
void render_tier_slow(const struct system *s, struct strbuf *out);
void render_demotion_enabled(const struct system *s, struct strbuf *out);
void render_vma_ra_enabled(const struct system *s, struct strbuf *out);
void render_nodes_online(const struct system *s, struct strbuf *out);
void render_nodes_has_cpu(const struct system *s, struct strbuf *out);
void render_nodes_has_memory(const struct system *s, struct strbuf *out);
void render_nodes_has_normal_memory(const struct system *s, struct strbuf *out);
void render_cpus_offline(const struct system *s, struct strbuf *out);
void render_cpus_kernel_max(const struct system *s, struct strbuf *out);
void render_cpus_online(const struct system *s, struct strbuf *out);
/* Files of /sys/devices/system/node/nodeN. */
struct node_file {
    const char *name;
    void (*render)(const struct system *s, unsigned nid, struct strbuf *out);
};
/* Below sys/kernel/mm and below a node's directory. */
#define HUGEPAGES_2M "hugepages/hugepages-2048kB/"
void render_node_nr_hugepages(const struct system *s, unsigned nid, struct strbuf *out);
void render_node_free_hugepages(const struct system *s, unsigned nid, struct strbuf *out);
void render_node_surplus_hugepages(const struct system *s, unsigned nid, struct strbuf *out);
extern const struct node_file node_files[];
extern const unsigned nr_node_files;
void render_node_meminfo(const struct system *s, unsigned nid, struct strbuf *out);
/* What is kept per node or per zone, as it is stored; 0 for the rest. */
void procfs_node_counters(const struct system *s, unsigned nid, struct counters *ret);
/* /proc/pressure/{cpu,io,memory} */
void render_pressure_cpu(const struct system *s, struct strbuf *out);
void render_pressure_io(const struct system *s, struct strbuf *out);
void render_pressure_memory(const struct system *s, struct strbuf *out);
/* /proc/sys/vm/NAME, where key is "vm.NAME" of tunables.def. */
void render_sysctl(const struct system *s, const struct tunable_info *info, struct strbuf *out);
void render_lowmem_reserve_ratio(const struct system *s, struct strbuf *out);

/* /proc/PID; pre: the task is the leader of a live process */
void render_pid_status(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_statm(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_maps(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_smaps_rollup(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_smaps(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_stat(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_numa_maps(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_oom_score(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_cmdline(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_comm(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_oom_score_adj(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_oom_adj(const struct system *s, const struct task *t, struct strbuf *out);
void render_pid_cgroup(const struct system *s, const struct task *t, struct strbuf *out);

/* Files of a cgroup directory: cgroup_files.def. */
struct cgroup_file {
    const char *name;
    bool in_root;
    u32 needs;   /* enum kernel_feature that the kernel must have, as bits */
    bool cpuset; /* only where the cpuset controller is enabled */
    void (*render)(const struct system *s, struct group *g, struct strbuf *out);
};
extern const struct cgroup_file cgroup_files[];
extern const unsigned nr_cgroup_files;
/* Those that a tree does without; more of them are in cgroup_usage.c. */
extern const struct cgroup_file live_cgroup_files[];
extern const unsigned nr_live_cgroup_files;
void render_group_cpu_stat(const struct system *s, struct group *g, struct strbuf *out);
void render_group_io_stat(const struct system *s, struct group *g, struct strbuf *out);
void render_group_pids_current(const struct system *s, struct group *g, struct strbuf *out);

/* A file of the machine by its path below the root. */
struct machine_file {
    const char *name;
    void (*render)(const struct system *s, struct strbuf *out);
};
/* pre: the kernel has zswap */
extern const struct machine_file zswap_files[];
extern const unsigned nr_zswap_files;

extern const struct machine_file hugetlb_files[];
extern const unsigned nr_hugetlb_files;
extern const struct machine_file lru_gen_files[];
extern const unsigned nr_lru_gen_files;
extern const struct machine_file thp_files[];
extern const unsigned nr_thp_files;
/* By size of huge page.   pre: the kernel has KERNEL_MTHP */
extern const struct machine_file mthp_files[];
extern const unsigned nr_mthp_files;

/* Files of /sys/block/DEVICE, of a running machine alone. */
struct device_file {
    const char *name;
    void (*render)(const struct system *s, const struct device *d, struct strbuf *out);
};
extern const struct device_file device_files[];
extern const unsigned nr_device_files;
/* The n-th block device, in the order of /proc/diskstats; NULL: there are not so many. */
const struct device *procfs_device(const struct system *s, unsigned n);
/* Files of /sys/devices/system/cpu/cpuN, of a running machine alone. */
extern const struct node_file cpu_files[];
extern const unsigned nr_cpu_files;
/* Blocks of RAM, of a running machine alone: how many places for them there are, which have RAM,
 * and on which nodes. */
unsigned procfs_memory_blocks(const struct system *s);
bool procfs_has_memory_block(const struct system *s, unsigned block);
bool procfs_memory_block_on(const struct system *s, unsigned block, unsigned nid);
void render_memory_block_size(const struct system *s, struct strbuf *out);
/* Files of /sys/devices/system/memory/memoryN. */
extern const struct node_file memory_block_files[];
extern const unsigned nr_memory_block_files;

/* Files of /sys/block/zramN. */
struct zram_file {
    const char *name;
    void (*render)(const struct zram *z, struct strbuf *out);
};
extern const struct zram_file zram_files[];
extern const unsigned nr_zram_files;

/* A counter of the group and all below, as memory.stat shows it; g is a struct group * (a
 * memory_stat_fn). */
s64 procfs_group_counter(void *g, enum counter id);

/* Every file, in no order that means anything: its name as in "proc/meminfo", and its text. What
 * `each` returns, if not 0, ends it and is returned. Files of processes that `wants` refuses are
 * left out and cost nothing: maps and smaps walk page tables. */
typedef int procfs_file_fn(void *ctx, const char *name, const char *text, size_t len);
typedef bool procfs_wants_fn(const char *name);
int procfs_each_file(const struct system *s, procfs_wants_fn *wants, procfs_file_fn *each,
                     void *ctx);

/* Write all of it below dir, as a file system would show it: dir/proc/..., dir/sys/fs/cgroup/...,
 * and the kernel's log as dir/var/log/dmesg. dir is made; when it exists it must be empty. It
 * appears whole or not at all. 0, or -Exxx with the place in *e. */
int procfs_write_tree(const struct system *s, const char *dir, struct err *e);

#endif
