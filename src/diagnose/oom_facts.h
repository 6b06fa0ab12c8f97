/* oom_facts.h - one kill in figures: what held memory at that moment, for whom the rest was of no
 * use, who was there.
 *
 * Units:   bytes; UNKNOWN for what the text does not say. `total` is the machine's managed memory,
 *          or the usage of the group.
 * Never:   takes an absent line for 0: `uncounted` is known only when all lines are there that it
 *          needs.
 */
#ifndef DIAGNOSE_OOM_FACTS_H
#define DIAGNOSE_OOM_FACTS_H

#include "diagnose/diagnose.h"
#include "observe/snapshot.h"

/* Processes of one name. */
struct oom_program {
    char name[COMM_BYTES];
    u64 processes;
    u64 bytes;  /* anonymous and shared, or resident where the table does not split; with swap */
    u64 shared; /* of it, in the process that maps the most; 0 where the table does not split */
    u64 swap;   /* of it in swap */
};

/* Why free blocks of the size, or larger ones, are none for this allocation. */
enum oom_kept {
    KEPT_NOT,
    KEPT_CMA,        /* only what can move may borrow them */
    KEPT_HIGHATOMIC, /* held back for atomic allocations */
    KEPT_ISOLATED,   /* being taken away */
    KEPT_RESERVE,    /* their zone is at the reserve that it keeps from this allocation */
};

struct oom_facts {
    const struct log_event *e;
    const struct oom_report *r; /* NULL: the line of the kill alone */
    bool of_group;              /* a group's limit failed */
    bool of_machine;            /* the machine had nothing left; neither: the text does not say */
    bool movable;               /* the allocation may use CMA and movable zones */
    bool atomic;                /* it may not wait */
    bool may_wait;              /* it may; neither: the text does not say */

    u64 total;
    u64 locked_within; /* of a group: locked, and counted in what it is as well */
    u64 anon, file, dirty, shmem, locked, slab_r, slab_u, page_tables, stacks, hugetlb,
        hugetlb_free;
    u64 percpu, sock, vmalloc, zswap, kernel_other, balloon;
    u64 free;
    u64 free_usable;     /* of free: this allocation could have had */
    u64 free_reserve;    /* below the reserves of zones it may use, as far as these hold for it */
    u64 free_highatomic; /* of free_reserve: kept for atomic allocations */
    u64 free_cma;        /* contiguous memory it may not use */
    u64 free_zones;      /* in zones it may not use */
    u64 free_nodes;      /* on nodes it may not use */
    bool only_cpuset; /* no constraint is told, and a cpuset that is named allows some nodes only */
    /* bits of the nodes it may use, where the report names none: those that were full beside
     * others; 0 */
    u64 only_nodes;
    u64 free_cut;   /* in zones that the text does not have, some of which it may be able to use */
    bool zones_cut; /* more is free than the zones in the text have */
    u64 free_low;   /* sum of the zones' min that it may use */
    u64 free_high;  /* sum of the zones' high that it may use */
    /* the largest free block of zones above their reserves, else of all that it may use; 0: none */
    u64 largest_block;
    /* the largest free one of the size asked for, or above, that it may not have; 0 */
    u64 kept_block;
    enum oom_kept kept_by;
    const char *kept_zone; /* where that lies; NULL */
    /* a free block of the order is there, but the watermark of an old kernel wants more of them */
    bool order_refuses;
    u64 uncounted;       /* in no counter */
    u64 untold;          /* neither counted nor known to be in no counter: lines are missing */
    const char *missing; /* which lines */
    u64 swap_total, swap_free;
    u64 arc, zram;                /* the ARC of ZFS, pools of zram: from elsewhere in the text */
    const struct heap_view *heap; /* how large the victim's may grow; NULL */
    bool usable_zone_told;        /* one of the zones that this allocation may use is in the text */
    bool only_movable_zones;      /* the nodes it may use have no other, and it may not use those */

    struct oom_program programs[8]; /* by bytes */
    unsigned nr_programs;
    u64 programs_bytes;     /* of all in the table */
    u64 processes;          /* rows of the table */
    bool programs_resident; /* bytes count shared pages in each process */
    const struct oom_candidate *victim, *second, *spared, *largest;
    const struct oom_candidate *thread_of; /* the kernel names a thread of this process; NULL */
    const struct log_event
        *told; /* who else tells of it: of which container it was, and its limit; NULL */
    /* the machine's memory, from elsewhere in the text: of a kill that does not tell */
    u64 machine;
    bool adj_common; /* all candidates that could be chosen have the victim's oom_score_adj */
};

void oom_facts_take(struct oom_facts *f, const struct log_event *e);

/* The size of memory and what was free, from elsewhere: for a report that does not tell. */
void oom_facts_add_total(struct oom_facts *f, u64 total, u64 free_bytes);

/* What a group's memory.stat elsewhere in the text tells of the one whose limit failed, where the
 * report does not. */
void oom_facts_add_group(struct oom_facts *f, const struct cgroup_view *g);

/* May the allocation use some nodes only, by a policy or a cpuset? */
bool oom_is_bound(const struct log_event *e);

/* Does a memory policy say so, as far as is told? Else it is a cpuset. */
bool oom_is_policy(const struct oom_facts *f);

/* The nodes that it may use, "0-1", where it may not use all that are told of; "" otherwise.
 * Returns buf. */
char *oom_nodes_only(char buf[64], const struct oom_facts *f);

/* May the allocation use this node? */
bool oom_node_allowed(const struct oom_facts *f, u32 node);

/* What a process held as the killer counts it: resident and in swap. */
u64 oom_held(const struct oom_candidate *t);

/* The accounting of that moment; no lines when the total is not known. Adds up
 * (accounting_check). */
void oom_account(const struct oom_facts *f, struct accounting *a);

/* "0-1,4" has this node? An empty or unreadable list has all. */
bool oom_list_has(const char *list, u32 node);

#endif
