/* config.h - the machine that is wanted: what a user may choose, and what callers of system_init()
 * lay out.
 *
 * The options of a machine (ram, cpus, disk, ...) are rows of machine.def: field, key, kind,
 * bounds, default, text. The command line, scenarios, --compare, JSON and the documentation all
 * come from there. Beside them stand the tunables (vm.*, queue.*, x.*) and the costs (cost.*), each
 * with a table of its own, and the nodes (node.N.*); system_config_set() takes a key of any of
 * them.
 *
 * Use:  struct system_config c; system_config_init(&c); rc = system_config_set(&c, "vm.swappiness",
 *       "10", &e);
 */
#ifndef SYSTEM_CONFIG_H
#define SYSTEM_CONFIG_H

#include "base/err.h"
#include "base/types.h"
#include "machine/cost.h"
#include "machine/topology.h"
#include "space/mempolicy.h"
#include "stats/kernel.h"
#include "stats/tunables.h"
#include "system/pool_spec.h"

/* How the value of a machine option is written and kept. */
enum machine_kind {
    MACHINE_SIZE,   /* bytes; u64 */
    MACHINE_COUNT,  /* u32 */
    MACHINE_NUMBER, /* u64 */
    MACHINE_SWAP,   /* bytes, or a kind of swap with its size (system_config_settle_swap); u64 */
    MACHINE_BOOL,   /* yes or no; bool */
    MACHINE_DISK,   /* a device profile that files can be on; its name, as all that follow */
    MACHINE_DEVICE, /* any device profile */
    MACHINE_COMPRESSOR, /* of pages */
    MACHINE_KERNEL,     /* a release */
    MACHINE_LRU,        /* a reclaim policy */
    MACHINE_POLICY,     /* a memory policy; struct mempolicy */
    MACHINE_NODES,      /* a list of nodes; u64, 0: not given */
    MACHINE_THP,        /* a mode of transparent huge pages */
    MACHINE_POOL,       /* huge pages, of any node or of each; struct pool_spec */
};

#define MACHINE_TYPE_SIZE       u64
#define MACHINE_TYPE_COUNT      u32
#define MACHINE_TYPE_NUMBER     u64
#define MACHINE_TYPE_BOOL       bool
#define MACHINE_TYPE_DISK       const char *
#define MACHINE_TYPE_DEVICE     const char *
#define MACHINE_TYPE_COMPRESSOR const char *
#define MACHINE_TYPE_KERNEL     const char *
#define MACHINE_TYPE_LRU        const char *
#define MACHINE_TYPE_POLICY     struct mempolicy
#define MACHINE_TYPE_NODES      u64
#define MACHINE_TYPE_THP        const char *
#define MACHINE_TYPE_SWAP       u64
#define MACHINE_TYPE_POOL       struct pool_spec

enum machine_option {
#define MACHINE(field, name, kind, low, high, initial, default_text, replay_default, doc) \
    MACHINE_OPTION_##field,
#include "system/machine.def"
#undef MACHINE
    NR_MACHINE_OPTIONS
};

struct machine_option_info {
    const char *name;
    enum machine_kind kind;
    size_t offset; /* of the field in struct system_config */
    u64 low, high; /* of kinds with a range */
    const char *default_text, *replay_default, *doc;
};
extern const struct machine_option_info machine_option_info[NR_MACHINE_OPTIONS];

/* What `swap` says besides a size. */
enum swap_choice {
    SWAP_SIZE_ALONE, /* device and zswap are said elsewhere */
    SWAP_NONE,
    SWAP_DISK,  /* on swap_device, or the disk of files; not compressed */
    SWAP_ZRAM,  /* on zram */
    SWAP_ZSWAP, /* as on a disk, with zswap before it */
    NR_SWAP_CHOICES
};

struct swap_spec {
    const char *name; /* NULL: as its device, /dev/sda */
    u64 bytes;
    s32 priority;       /* -1: by order */
    bool later;         /* not on at boot: system_swapon() */
    const char *device; /* profile */
    /* on zram */
    const char *compressor; /* NULL: lzo-rle */
    u32 ratio_percent;      /* of pages without bytes; 0: x.compress_ratio, or the compressor's */
    u64 mem_limit;          /* bytes its pool may take; 0: any */
};

#define SWAPS_MAX 8u
#define DISKS_MAX 16 /* devices with file systems */
struct disk_spec {
    const char *device; /* profile */
    u64 dev;            /* files with this device number are there */
};

struct device_profile;
struct system_config { /* system_config_init() fills in the defaults */
#define MACHINE(field, name, kind, low, high, initial, default_text, replay_default, doc) \
    MACHINE_TYPE_##kind field;
#include "system/machine.def"
#undef MACHINE
    struct tunables tunables;
    struct cost_model cost;
    struct topology_spec topology; /* node.N.ram, ... */
    /* What messages call `numa` and `cpunodebind`: the key, or the option as given
     * ("--membind"). */
    const char *numa_label, *cpunodebind_label;
    u32 given;            /* bit per enum machine_option: set by machine_option_set() */
    u32 given_as_tunable; /* the same: set by the other name of the option */

    struct disk_spec disks[DISKS_MAX - 1]; /* others; what is on none of them is on `disk` */
    unsigned nr_disks;
    const struct device_profile *profiles; /* the user's own, looked at before the shipped ones */
    unsigned nr_profiles;
    struct swap_spec swaps[SWAPS_MAX]; /* with the one of swap_bytes, which callers add */
    unsigned nr_swaps;
    bool bytes;                   /* frames hold bytes */
    enum swap_choice swap_choice; /* of `swap`, until system_config_settle_swap() */
    u32 swap_percent;             /* of RAM; 0: swap_bytes, or all that goes with the choice */
};

void system_config_init(struct system_config *c);

/* Turn what `swap` says (zram:50%) into swap_bytes, swap_device and zswap. ram_bytes: what a share
 * is of. */
void system_config_settle_swap(struct system_config *c, u64 ram_bytes);

/* The mode of huge pages: that of the option, else that of its tunable.   pre: c->thp is a mode or
 * NULL */
enum thp_enabled system_config_thp(const struct system_config *c);

/* The option of this name ('-' and '_' are alike), or NR_MACHINE_OPTIONS. */
enum machine_option machine_option_find(const char *name);

/* The other name of what `key` sets, where an option is another way to say a tunable (thp,
 * transparent_hugepage/enabled); else NULL. Setting one forgets the other. */
const char *system_config_twin(const char *key);

/* The reclaim policy of the machine at its start: what was asked for, as option or tunable, else
 *   that of its kernel. pre: the kernel is one that kernel_find() knows */
enum lru_policy system_config_lru(const struct system_config *c);

/* What says here what this word of Linux's boot command line says there (kernelcore), as the end of
 * a message; "": no such word. */
const char *system_config_boot_hint(const char *key);

/* Set a machine option. `label` names it in messages ("--ram"). 0; -EINVAL or -ERANGE with what
 * would be right. */
int machine_option_set(struct system_config *c, enum machine_option option, const char *label,
                       const char *value, struct err *e);

/* The nodes of the machine. 0, or -EINVAL; then *ret_nid is the node to blame, or MAX_NUMNODES. */
int system_config_topology(const struct system_config *c, struct topology *ret, unsigned *ret_nid,
                           struct err *e);

/* The CPUs that programs run on unless they say otherwise: all, or those of `cpunodebind`. */
u64 system_config_cpus(const struct system_config *c, const struct topology *t);

/* A name that is none of ours, such as that of a scenario's [device]: it must live as long as c.
 * pre: a DISK or DEVICE */
void machine_option_set_name(struct system_config *c, enum machine_option option, const char *name);

/* What a value may be: "nvme|ssd|hdd", "yes|no"; "SIZE" or "N" for amounts. Returns buf. */
char *machine_option_values(enum machine_option option, char *buf, size_t size);

/* Set a machine option, a tunable ("vm." may be left out), a cost or a node's share (node.0.ram,
 * node.0.cpus, node.0.distance) by its key. 0; -ENOENT for an unknown key, with the nearest ones;
 * -EINVAL or -ERANGE for the value. */
int system_config_set(struct system_config *c, const char *key, const char *value, struct err *e);

#endif
