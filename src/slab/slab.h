/* slab.h - object caches: where the kernel's own objects live, who pays for them, and how they are
 * got rid of.
 *
 * Mirrors:    mm/slub.c (calculate_order, set_cpu_partial, ___slab_alloc, __slab_free,
 *             put_cpu_partial, unfreeze), mm/memcontrol.c (obj_cgroup_charge and its byte stock),
 *             mm/vmscan.c (do_shrink_slab), fs/super.c (super_cache_scan), Linux 6.1.
 * Differs:    objects have no names. A group's objects of one cache are a queue in the order they
 *             were made, and what is freed is the oldest of them. No debugging, no merging, one
 *             node.
 * Owns:       its frames: a slab is 2^order of them of kind FRAME_SLAB; the first one's descriptor
 *             is the slab's.
 * Never:      reclaims, unless the caller asks for that with slab_alloc_wait().
 * Invariants: (slab_check) every slab is on one CPU, on one CPU's partial list, on the node's
 *             partial list, or full; inuse of all slabs equals the objects in all queues; the
 *             machine's counters are whole slabs, a group's are bytes; what a group paid is what it
 *             uses and a remainder below the next page.
 * Counters:   NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE, SLABS_SCANNED, WORKINGSET_NODERECLAIM.
 * Cost:       O(1) per object; 8 bytes of the host's memory per slab, not per object.
 */
#ifndef SLAB_SLAB_H
#define SLAB_SLAB_H

#include "balance/balance.h"
#include "reclaim/mem.h"

enum slab_flag {
    SLAB_RECLAIM_ACCOUNT = 1, /* counts as reclaimable, lives in reclaimable pageblocks */
    SLAB_ACCOUNT = 2,         /* charged to the group of the task that makes it */
    SLAB_CTOR = 4,            /* has a constructor: the free pointer lies behind the object */
};

enum slab_id {
#define CACHE(id, name, object_size, flags, doc) SLAB_##id,
#include "slab/caches.def"
#undef CACHE
    NR_SLAB_CACHES
};

/* What a group pays beside each object: the pointer to its owner. */
#define OBJ_CGROUP_BYTES 8u

struct slab_cache_info { /* one row of caches.def */
    const char *name;
    u32 object_size;
    u32 flags;
    const char *doc;
};
extern const struct slab_cache_info slab_cache_info[NR_SLAB_CACHES];

struct slab_geometry { /* how a cache cuts pages into objects */
    u32 size;          /* of an object, with what the allocator adds */
    u32 objects;       /* per slab */
    u32 min_objects;   /* per slab of min_order */
    u8 order, min_order;
    u32 cpu_partial_slabs; /* kept by a CPU */
    u32 min_partial;       /* empty slabs below this many partial ones are kept */
};
/* calculate_sizes(), calculate_order(), set_cpu_partial(). Pure. */
void slab_geometry_init(struct slab_geometry *geo, const struct slab_cache_info *info,
                        unsigned nr_cpus);

struct slab_cpu {
    pfn_t slab;    /* objects are taken from here; PFN_NONE none */
    pfn_t partial; /* further ones, linked by frame.next */
    u32 nr_partial;
};

struct slab_cache {
    const struct slab_cache_info *info;
    struct slab_geometry geo;
    struct slab_cpu *cpus; /* by CPU; NULL before the first object */
    struct pfn_list partial;
    u64 nr_slabs, nr_objects, nr_pages; /* there is room for nr_objects */
    u64 nr_inuse;
};

/* Objects made one after the other in one slab; PFN_NONE: there was no memory for them */
struct slab_run {
    pfn_t pfn;
    u32 nr;
};

struct slab_queue { /* a group's objects of one cache, oldest first: a ring */
    struct slab_run *runs;
    u32 first, nr, capacity;
    u64 objects;
};

enum shrinker_id {
    SHRINK_SUPER,
    SHRINK_SHADOW,
    SHRINK_HUGE_ZERO,
    SHRINK_DEFERRED_SPLIT,
    NR_SHRINKERS
};

struct slab_group {                           /* what one group has */
    struct slab_queue *queue[NR_SLAB_CACHES]; /* NULL: none yet */
    u64 bytes;                                /* charged objects, with OBJ_CGROUP_BYTES each */
    u64 zswap_bytes;                          /* of its compressed pages */
    u32 spare_bytes;                          /* paid for, not used, in no CPU's stock */
    u16 forward;                              /* its objects belong to this group now */
    u64 nr_deferred[NR_SHRINKERS];
    /* Of walks of directories: names that nobody uses, with their inodes, and inodes whose names
     * are gone already. */
    u64 unused_dentries, unused_inodes;
};

struct slab_stock { /* per CPU: bytes paid for in advance for one group */
    u16 group;
    u32 bytes; /* less than a page */
};

struct slab {
    struct mem *mem;
    struct slab_cache caches[NR_SLAB_CACHES];
    struct slab_group **groups; /* by id; NULL: has nothing */
    u32 nr_groups;
    struct slab_stock *stock; /* by CPU */
    u64 pages_freed;          /* ever; reclaim looks at differences */
};

/* Hooks itself into mem->kmem.   pre: mem is complete. The struct must not move. */
void slab_init(struct slab *s, struct mem *mem);
/* Forgets everything; frames stay as they are. */
void slab_done(struct slab *s);

/* n more objects for g (NULL: nobody pays). Never waits: goes below the watermarks and above limits
 * where it must, as the kernel's allocations that may not fail do; without any free frame the
 * objects exist, but nowhere. */
void slab_alloc(struct slab *s, enum slab_id id, struct group *g, u64 n);
/* One object, with reclaim when memory or the group's limit is short. Not made unless
 * BALANCE_OK. */
enum balance_result slab_alloc_wait(struct slab *s, struct attempt *at, enum slab_id id,
                                    struct group *g, struct wait *ret_wait);
/* The n oldest of g's objects are freed.   pre: it has that many */
void slab_free(struct slab *s, enum slab_id id, struct group *g, u64 n);
/* zswap took (pages 1) or dropped (-1) a page of the group that is `length` bytes compressed. Group
 * 0: nobody pays. */
void slab_charge_zswap(void *slab, u16 memcg, u32 length, int pages);
/* slab_alloc() or slab_free(), so that `had` objects become `want`. */
void slab_adjust(struct slab *s, enum slab_id id, struct group *g, u64 had, u64 want);
u64 slab_count(const struct slab *s, enum slab_id id, const struct group *g);

/* The kmalloc cache for blocks of so many bytes.   pre: bytes <= 8192 */
enum slab_id slab_kmalloc(u32 bytes, bool account);

/* All objects of `from` belong to `to` from now on, and what is freed for `from` later as well
 *   (memcg_reparent_objcgs). pre: `from` is below `to` and is not given to another group while
 *   anybody remembers it */
void slab_reparent(struct slab *s, struct group *from, struct group *to);

/* A name was looked up and nobody uses it any more: shrinkers may take it.   pre: the group has
 * such a dentry and inode */
void slab_note_unused(struct slab *s, struct group *g, u64 n);
/* drop_slab(): all that can be shrunk goes. Returns how many objects went. */
u64 slab_drop(struct slab *s);

/* Objects in use as /proc/slabinfo has it: those of slabs that a CPU holds count whether used or
 * not. */
u64 slab_count_active(const struct slab *s, enum slab_id id);

void slab_check(const struct slab *s);

#endif
