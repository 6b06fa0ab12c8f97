/* access.h - one load or store: from address to frame, with whatever that takes.
 *
 * Mirrors: mm/memory.c (handle_mm_fault and below), mm/filemap.c (filemap_fault,
 *          filemap_map_pages), mm/swap_state.c (swapin_readahead), arch/x86/mm/fault.c, Linux 6.1.
 *
 *   access_page -> TLB -> walk -> [fault] -> anonymous | file read | file copy-on-write | file
 *   shared | swap | write-protect
 *
 * Waiting: ACCESS_WAIT means nothing was lost and the same access must be made again at wait.until.
 */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include "balance/balance.h"
#include "reclaim/mem.h"

struct task_numa;
enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC };
enum access_result {
    ACCESS_OK,
    ACCESS_WAIT,
    ACCESS_OOM, /* ctx->attempt->oom_group: choose a victim, then retry */
    ACCESS_SIGSEGV,
    ACCESS_SIGBUS,
};

/* Accesses of a task that missed in the TLB, by the node that the page was on. Kept on machines of
 * several nodes alone. */
struct node_accesses {
    u64 by_node[MAX_NUMNODES];
    u64 remote;       /* on other nodes than the CPU's */
    u64 remote_walks; /* page walks whose last table was on another node, wherever the page was */
    u64 remote_ns;    /* what both cost */
};

struct access_ctx { /* who is accessing; lives as long as the task */
    struct mem *mem;
    struct mm *mm;
    struct group *group;
    struct attempt *attempt;
    struct wait *wait;
    u64 *minflt, *majflt;
    bool *fault_retried;
    /* a clean file page on it was dirtied by a store: balance_dirty_pages() is due */
    struct bdi *dirtied;
    bool admin; /* CAP_SYS_ADMIN */
    /* -ENOSPC, of ACCESS_SIGBUS: shared memory is full (0: a read failed, or it lies behind the
     * end) */
    int error;
    bool refault;                /* the page being waited for was evicted lately */
    struct node_accesses *nodes; /* NULL: one node */
    struct task_numa *numa;      /* NULL: one node, or on nobody's behalf */
    bool thrashing; /* and it was part of the working set then: waiting for it is a memory stall */
};

/* The slow path, after a TLB miss: walk, set accessed and dirty bits, fault if needed, fill the
 * TLB. */
enum access_result access_page(struct access_ctx *ac, vpn_t vpn, enum access_kind kind);
/* Give the frame of an emptied page table back: for pagetable_free_range(); ctx is the struct
 * mem. */
void access_release_table(void *ctx, pfn_t pfn);
/* Install missing page tables down to vpn, or down to the PMD table (mremap). */
enum access_result access_tables(struct access_ctx *ac, struct mm *mm, vpn_t vpn);
enum access_result access_pmd_tables(struct access_ctx *ac, struct mm *mm, vpn_t vpn);
/* Present, but no access is allowed (mprotect(PROT_NONE)): the global bit, as Linux uses it. */
#define PTE_PROTNONE (1ull << 8)

/* What the page walk after a miss in the TLB came to. */
enum walk {
    WALK_FAULT, /* the entry does not allow the access */
    WALK_SMALL, /* down to a page table */
    WALK_HUGE,  /* down to a huge leaf */
    WALK_SAVED, /* there was none: the TLB has the huge page around it */
    NR_WALKS
};

/* The same where no page table leads to vpn. */
enum walk access_walk_huge(struct tlb *tlb, struct mm *mm, vpn_t vpn, bool write);

/* The hardware's page walk: if the entry allows the access, set its accessed and dirty bits and
 * load the TLB. */
static inline enum walk access_walk(struct tlb *tlb, struct mm *mm, vpn_t vpn, bool write)
{
    pte_t *slot = pagetable_find(mm, vpn), pte, need;
    u64 w = write;

    if (!slot)
        return access_walk_huge(tlb, mm, vpn, write);
    /* Keeps compilers from making two ways of it: whether an access writes is hard to predict. */
    __asm__("" : "+r"(w));
    pte = *slot;
    need = PTE_PRESENT | w * PTE_WRITE;
    if ((pte & (need | PTE_PROTNONE)) != need)
        return WALK_FAULT;
    pte |= PTE_ACCESSED | PTE_TOUCHED | (pte & PTE_TOUCHED) << 1 | w * PTE_DIRTY;
    *slot = pte;
    pagetable_mark_pmd(mm, vpn);
    tlb_insert(tlb, mm->id, vpn, (pte & (PTE_WRITE | PTE_DIRTY)) == (PTE_WRITE | PTE_DIRTY));
    return WALK_SMALL;
}

/* CPU time of each outcome, ns. */
static inline u32 walk_cost(const struct cost_model *cost, enum walk walk)
{
    return walk == WALK_SMALL ? cost->tlb_miss : walk == WALK_HUGE ? cost->tlb_miss_huge : 0;
}

/* access_count_node() of the entry that the walk came to. */
u32 access_count_node_ref(const struct mem *mem, struct pte_ref ref, vpn_t vpn, enum walk walk,
                          struct node_accesses *n);

/* A walk found the page of vpn: count where page and table are. Returns what their distance costs,
 * in ns.   pre: several nodes; walk is not WALK_FAULT */
static inline u32 access_count_node(const struct mem *mem, struct mm *mm, vpn_t vpn, enum walk walk,
                                    struct node_accesses *n)
{
    struct pte_ref ref = pagetable_lookup(mm, vpn);
    unsigned here = mem_nid(mem);

    if (likely(walk == WALK_SMALL && pte_has_frame(*ref.slot) &&
               frame_nid(mem->frames, *table_pfn(ref.slot)) == here &&
               frame_nid(mem->frames, pte_pfn(*ref.slot)) == here)) {
        n->by_node[here]++;
        return 0;
    }
    return access_count_node_ref(mem, ref, vpn, walk, n);
}

/* Read the pages of the plan that are not cached; stops early when memory is short. */
void filemap_readahead(struct access_ctx *ac, struct inode *inode, const struct ra_plan *plan);
/* Drop all pages in the range: unmap, free or leave in the page cache, free swap slots
 * (zap_page_range). */
void access_zap(struct access_ctx *ac, vpn_t start, vpn_t end);
/* Copy the page tables of fork; may wait or run out of memory: resume at *progress (a vpn). */
enum access_result access_fork(struct access_ctx *ac, struct mm *child, u64 *progress);
/* The page of a file in the cache, read if needed: for read(2). PG_LOCKED waits. ret_pfn valid on
 * ACCESS_OK. */
enum access_result access_file_page(struct access_ctx *ac, struct file *file, u64 index,
                                    u32 req_count, pfn_t *ret_pfn);
/* The same for write(2): no read when the whole page is overwritten or lies beyond the end of the
 * file. */
enum access_result access_file_write_page(struct access_ctx *ac, struct file *file, u64 index,
                                          bool whole, pfn_t *ret_pfn);
/* swapoff: the page of a swap entry comes back and is mapped; or the entry becomes SWP_ERROR when
 * it cannot be read. OK without that: once more.   pre: *slot is a swap entry of vma's mm */
enum access_result access_unuse(struct access_ctx *ac, struct vma *vma, vpn_t vpn, pte_t *slot);
/* The same for a page of shared memory. */
enum access_result access_unuse_shmem(struct access_ctx *ac, struct inode *inode, u64 index);
/* madvise's page-wise advice on a range. */
void access_advise_free(struct access_ctx *ac, vpn_t start, vpn_t end);
void access_advise_cold(struct access_ctx *ac, vpn_t start, vpn_t end, bool pageout);
/* Drop the cached pages [from, to] of an inode, unmapping them everywhere (truncate_inode_pages,
 * even dirty ones). */
void access_truncate(struct mem *mem, struct inode *inode, u64 from, u64 to);

#endif
