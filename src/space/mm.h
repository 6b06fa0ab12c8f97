/* mm.h - one address space, and what all address spaces of a machine share.
 *
 * Mirrors: include/linux/mm_types.h (struct mm_struct), kernel/fork.c (mm_init, __mmdrop), Linux
 * 6.1. Who keeps which field of struct mm:
 *     vma*.c        vmas .. last_vma, gap_*, total_vm locked_vm data_vm exec_vm stack_vm account_vm hiwater_vm
 *     pagetable.c   pgd, nr_ptes nr_pmds nr_puds nr_pgds, walk
 *     the rooms above   users, rss_*, swapents, hugetlb_pages, hiwater_rss, hiwater_hugetlb, brk and stack, memcg, def_flags, huge_zero, thp_disabled, objects,
 *                       locked_by, numa, lru, pins pinned_vm
 */
#ifndef SPACE_MM_H
#define SPACE_MM_H

#include "base/list.h"
#include "base/vec.h"
#include "frames/frames.h"
#include "space/pte.h"
#include "space/touched.h"

struct anon_vma;
struct tlb;
struct vma;
struct vma_set;

/* The last PMD tables used, by the address they serve: a find then needs one more load. */
#define WALK_CACHE 8u
struct walk_cache {
    vpn_t base; /* vpn >> 18 of what the table serves, WALK_NONE when empty */
    u64 *pmd;   /* its 512 entries */
};
#define WALK_NONE (~(vpn_t)0)

/* What a TLB entry has room for. */
#define MM_ID_BITS 28u

struct mm_numa { /* how far NUMA balancing has come with it */
    ns_t next_scan;
    vpn_t offset;
    u32 seq; /* passes over all of it */
};

struct mm_pin { /* nr pages of the folio are pinned (system/pin.h) */
    pfn_t head;
    u32 nr;
};

struct mm_lru {            /* for page-table walks of multi-generational LRU (reclaim/mglru.h) */
    struct list_head link; /* in the address spaces of its group */
    u16 memcg;             /* that group */
    u64 used;              /* bit per node: a task ran in it since that node's last walk */
    u64 fresh;             /* bit per node: it joined the group since then */
    ns_t walked_at;        /* when the last walk looked at it */
};

struct mm {
    u32 id; /* unique in the machine, from 1, never used again; also the TLB's address-space tag */
    u32 users; /* tasks that share it */
    struct space *space;
    struct vma **vmas; /* sorted by start */
    u32 nr_vmas, cap_vmas;
    u32 last_vma; /* position of the last one found */
    u64 *pgd;     /* the root table, NULL before the first one */
    /* No gap of gap_pages pages ends above gap_floor (and below MMAP_BASE): where the next search
     * may start. */
    vpn_t gap_floor;
    u64 gap_pages;
    u64 total_vm, locked_vm, data_vm, exec_vm, stack_vm; /* pages */
    VEC(struct mm_pin) pins;                             /* oldest first */
    u64 pinned_vm;                                       /* pages of them */
    u64 account_vm;                                      /* of vmas with VM_ACCOUNT */
    u64 rss_file, rss_anon, rss_shmem, swapents;         /* pages */
    u64 hugetlb_pages; /* in huge pages of the pool: no part of the RSS */
    u64 hiwater_rss, hiwater_vm, hiwater_hugetlb;
    u64 nr_ptes, nr_pmds, nr_puds, nr_pgds; /* tables by level */
    vaddr_t start_brk, brk, start_stack;
    u16 memcg;         /* group that new charges go to */
    u32 def_flags;     /* of new mappings: VM_LOCKED, VM_LOCKONFAULT (mlockall) */
    bool khugepaged;   /* khugepaged looks at it (MMF_VM_HUGEPAGE) */
    bool huge_zero;    /* it uses the huge zero page (MMF_HUGE_ZERO_PAGE) */
    bool thp_disabled; /* prctl(PR_SET_THP_DISABLE) (MMF_DISABLE_THP) */
    u32 nr_avcs;       /* links of its vmas into anon_vmas */
    struct {
        u16 memcg; /* the group that pays */
        u32 vmas, avcs, anon_vmas, maple_nodes;
    } objects; /* the kernel's own, made for it and its vmas (system/) */
    /* the task whose fork is under way: others of the process wait (mmap_lock) */
    const void *locked_by;
    struct mm_numa numa;
    struct mm_lru lru;
    struct walk_cache walk[WALK_CACHE];
};

struct space {
    struct frames *frames;
    struct tlb *tlbs; /* of each CPU (mmu.h) */
    unsigned nr_tlbs;
    u64 walks[4];           /* misses in the TLB by outcome (enum walk, access/access.h) */
    struct touched touched; /* of huge folios */
    /* private to pagetable.c */
    struct table_chunk **table_chunks;
    u32 nr_table_chunks, cap_table_chunks;
    u32 nr_tables;  /* made so far, free ones included, and 1 */
    u32 free_table; /* list of free tables by number, 0 ends it */
    u32 used_tables;
    u32 next_mm_id;
    struct anon_vma **anon_vmas; /* by id; private to anon_vma.c */
    u32 nr_anon_vmas, cap_anon_vmas, free_anon_vma;
    struct vma_set **file_vmas; /* by inode id; private to rmap.c */
    u32 cap_file_vmas;
    struct mm **mms; /* by id; NULL when gone */
    u32 cap_mms;
    u64 nr_vmas;   /* in the machine */
    u64 committed; /* pages of vmas with VM_ACCOUNT, in the machine */
    u64 nr_avcs;   /* links between vmas and anon_vmas */
    /* A vma with this file came (+1) or went (-1), by splits and merges too: who keeps open files
     * counts its references here. May be NULL. Must not change vmas. */
    void (*file_mapped)(void *ctx, u32 inode, u32 file, int change);
    void *file_mapped_ctx;
    /* A vma is about to be cut at a page inside a huge leaf, which must be split first
     * (vma_adjust_trans_huge). May be NULL. */
    void (*cut_huge)(void *ctx, struct vma *vma, vpn_t at);
    void *cut_huge_ctx;
};

struct mm *mm_new(struct space *s, u16 memcg);

/* pre: every vma is unmapped and every table is gone. */
void mm_free(struct mm *mm);

/* By id, or NULL when it is gone. */
struct mm *mm_get(const struct space *s, u32 id);

/* A task runs in it. */
static inline void mm_used(struct mm *mm)
{
    mm->lru.used = ~0ull;
}

/* Resident pages, as /proc/PID/status counts them. */
static inline u64 mm_rss(const struct mm *mm)
{
    return mm->rss_file + mm->rss_anon + mm->rss_shmem;
}

#endif
