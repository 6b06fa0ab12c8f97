/* space.h - all address spaces of a machine: page-table storage, anon_vmas, the vmas of each file.
 *
 * Mirrors:  mm/mmap.c, mm/memory.c (tables), mm/rmap.c, Linux 6.1.
 * Never:    allocates a frame (the caller brings the frame of a new page table), waits, or does I/O.
 */
#ifndef SPACE_SPACE_H
#define SPACE_SPACE_H

#include "base/list.h"
#include "base/types.h"
#include "frames/frames.h"

typedef u64 vaddr_t; /* bytes */
typedef u64 vpn_t;   /* vaddr >> PAGE_SHIFT */
#define VPN_END (1ull << 35)

/* --- page-table entries: x86-64 bits ------------------------------------------------------------------ */
typedef u64 pte_t;
#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY (1ull << 6)
#define PTE_ZERO (1ull << 9)        /* maps the zero page: special, no frame, not counted in RSS */
#define PTE_PFN_SHIFT 12u
/* not present and not 0: a swap entry in bits 12..43 */
#define PTE_SWAP (1ull << 1)
#define PTE_SWAP_EXCLUSIVE (1ull << 2)

typedef u32 swp_t; /* bits 27..31 area, 0..26 slot; 0 is none (slot 0 of an area is its header) */
#define SWP_NONE ((swp_t)0)

static inline bool pte_none(pte_t p) { return p == 0; }
static inline bool pte_present(pte_t p) { return (p & PTE_PRESENT) != 0; }
static inline bool pte_is_swap(pte_t p) { return p != 0 && !(p & PTE_PRESENT); }
static inline bool pte_is_zero_page(pte_t p) { return (p & (PTE_PRESENT | PTE_ZERO)) == (PTE_PRESENT | PTE_ZERO); }
static inline pfn_t pte_pfn(pte_t p) { return (pfn_t)(p >> PTE_PFN_SHIFT); }
static inline pte_t pte_make(pfn_t pfn, u64 bits) { return (u64)pfn << PTE_PFN_SHIFT | bits; }
static inline swp_t pte_swp(pte_t p) { return (swp_t)(p >> PTE_PFN_SHIFT); }
static inline pte_t pte_make_swap(swp_t e, u64 bits) { return (u64)e << PTE_PFN_SHIFT | PTE_SWAP | bits; }

/* --- vmas ------------------------------------------------------------------------------------------------- */
enum vma_flag {
    VM_READ = 1u << 0,
    VM_WRITE = 1u << 1,
    VM_EXEC = 1u << 2,
    VM_SHARED = 1u << 3,
    VM_GROWSDOWN = 1u << 4,
    VM_LOCKED = 1u << 5,
    VM_LOCKONFAULT = 1u << 6,
    VM_SEQ_READ = 1u << 7,
    VM_RAND_READ = 1u << 8,
    VM_NORESERVE = 1u << 9,
    VM_HEAP = 1u << 10,
    VM_STACK = 1u << 11,
    VM_DONTFORK = 1u << 12,
    VM_WIPEONFORK = 1u << 13,
    VM_ACCOUNT = 1u << 14,
    VM_HUGETLB = 1u << 15,
    VM_SPECIAL = 1u << 16, /* vdso and the like: always present, never counted */
    VM_MAYWRITE = 1u << 17,
};

struct anon_vma;
struct mm;

struct vma {
    vpn_t start, end; /* pages, [start, end) */
    u32 flags;
    u32 inode; /* id of the file, 0 anonymous */
    u64 pgoff; /* page of the file at start; for anonymous memory the vpn at which it was first mapped */
    u32 file;  /* id of the open file whose readahead state it uses, 0 none */
    u32 anon_vma; /* id, 0 before the first anonymous fault */
    struct mm *mm;
    struct list_head avc_list;  /* its links into anon_vmas */
    struct list_head file_node; /* in the list of its file's vmas */
    u64 swap_ra;                /* for vma-based swap readahead */
};

struct mm {
    u32 id; /* unique in the machine, from 1; also the TLB's address-space tag */
    struct space *space;
    struct vma **vmas; /* sorted by start */
    u32 nr_vmas, cap_vmas;
    u32 last_vma; /* index of the last one found */
    u32 pgd;      /* table number of the root, 0 before the first table */
    u32 users;    /* tasks that share it */
    u64 total_vm, locked_vm, data_vm, exec_vm, stack_vm; /* pages */
    u64 rss_file, rss_anon, rss_shmem, swapents;         /* pages */
    u64 hiwater_rss, hiwater_vm;
    u64 nr_ptes, nr_pmds, nr_puds, nr_pgds; /* tables by level */
    vaddr_t start_brk, brk, start_stack;
    u16 memcg; /* group that new charges go to */
    bool mlock_future;
    /* one-entry cache of the last leaf table found; private to pagetable.c */
    vpn_t leaf_base;
    pte_t *leaf;
};

struct space {
    struct frames *frames;
    u8 *tables;      /* table n is 4 KiB at tables + n * PAGE_SIZE; region_reserve()d */
    u32 nr_tables, max_tables;
    u32 *table_pfn;  /* frame behind each table */
    u32 free_table;  /* list of free table numbers */
    u32 next_mm_id;
    /* anon_vmas by id, lists of vmas by inode id: private to rmap.c */
    struct anon_vma **anon_vmas;
    u32 nr_anon_vmas, cap_anon_vmas, free_anon_vma;
    struct list_head **file_vmas;
    u32 cap_file_vmas;
    struct mm **mms; /* by id; NULL when gone */
    u32 cap_mms;
    u64 nr_vmas;     /* in the machine */
};

void space_init(struct space *s, struct frames *frames);
void space_done(struct space *s);

struct mm *mm_new(struct space *s, u16 memcg);
/* pre: every vma is unmapped and every table is gone. */
void mm_free(struct mm *mm);

/* --- vma.c: who maps what. Pure bookkeeping: no page tables, no frames ---------------------------------- */
/* The vma that holds vpn, or NULL. Amortised O(1) for repeated look-ups, else O(log n). */
struct vma *vma_find(struct mm *mm, vpn_t vpn);
/* The first vma with end > vpn (Linux's find_vma), or NULL. */
struct vma *vma_find_after(struct mm *mm, vpn_t vpn);
struct vma_spec { vpn_t start, end; u32 flags, inode, file; u64 pgoff; };
/* Add a mapping where nothing is mapped (caller unmapped it); merges with neighbours as vma_merge() would.
 * Returns the vma that now holds it. Anonymous: pgoff is set to start unless shared with a neighbour. */
struct vma *vma_add(struct mm *mm, const struct vma_spec *spec);
/* Split so that no vma crosses `at`. */
void vma_split_at(struct mm *mm, vpn_t at);
/* Remove the mappings in [start, end); the caller has zapped the pages. Splits at the ends. */
void vma_remove(struct mm *mm, vpn_t start, vpn_t end);
/* flags = (flags & ~clear) | set on [start, end), splitting and merging as Linux does. */
void vma_change_flags(struct mm *mm, vpn_t start, vpn_t end, u32 clear, u32 set);
/* Move a mapping (mremap): vma [start, end) continues at new_start with the same pgoff identity; page tables are moved by
 * pagetable_move(). grow_to > old length extends it. Returns the new vma. */
struct vma *vma_move(struct mm *mm, vpn_t start, vpn_t end, vpn_t new_start, u64 new_pages);
/* Change the end of a vma in place (brk, mremap grow or shrink, stack growth at `start`). */
void vma_resize(struct mm *mm, struct vma *vma, vpn_t start, vpn_t end);
/* The lowest gap of nr pages, searching down from the top like mmap_region's top-down layout. */
vpn_t vma_find_gap(struct mm *mm, u64 nr_pages);
/* Copy all vmas of src into the empty dst (fork), with anon_vma links; VM_DONTFORK skipped, VM_LOCKED cleared. */
void vma_fork(struct mm *dst, struct mm *src);
void vma_check(const struct mm *mm);

/* Page of the file (or anonymous identity) behind vpn. */
static inline u64 vma_index(const struct vma *v, vpn_t vpn) { return v->pgoff + (vpn - v->start); }
static inline bool vma_is_anon(const struct vma *v) { return v->inode == 0; }

/* --- pagetable.c: 4 levels, 512 entries each -------------------------------------------------------------- */
/* The leaf entry of vpn, or NULL while a table on the way is missing. cost: one compare when the leaf is that of the
 * last call. Leaf tables stay where they are: the pointer is good until pagetable_free_range(). */
pte_t *pagetable_find(struct mm *mm, vpn_t vpn);
/* How many tables are missing on the way to vpn, 0..4. */
unsigned pagetable_missing(struct mm *mm, vpn_t vpn);
/* Hang one missing table (the highest) into the tree; pfn becomes PG_TABLE. Zeroed. */
void pagetable_install(struct mm *mm, vpn_t vpn, pfn_t pfn);
/* Set a leaf entry. All changes between none and not-none go through here, so that the table's use count is right. */
void pagetable_set(struct mm *mm, vpn_t vpn, pte_t *slot, pte_t value);
/* The next vpn >= from and < end whose entry is not none, or VPN_END; *ret_slot is the entry. Skips absent tables. */
vpn_t pagetable_next(struct mm *mm, vpn_t from, vpn_t end, pte_t **ret_slot);
/* Free the tables that only serve [floor, ceiling) where no vma is left (free_pgtables); pfns of freed tables are passed to
 * release(ctx, pfn). pre: no entry in the range is in use. */
void pagetable_free_range(struct mm *mm, vpn_t floor, vpn_t ceiling, void (*release)(void *ctx, pfn_t pfn), void *ctx);
void pagetable_check(const struct mm *mm);

/* --- rmap.c: from a frame to the entries that map it ------------------------------------------------------- */
/* Make sure the vma has an anon_vma (anon_vma_prepare): reuses a mergeable neighbour's. */
void anon_vma_prepare(struct vma *vma);
/* Record one more / one fewer mapping. Anonymous: a new page gets mapping/index/PG_ANON from rmap_add_new_anon;
 * counters (NR_ANON_MAPPED, NR_FILE_MAPPED, rss) are the caller's. */
void rmap_add_new_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn);
/* First write by a process that has it alone: the page moves to this vma's anon_vma (page_move_anon_rmap). */
void rmap_move_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn);
struct rmap_walk { /* one entry that maps the frame */
    struct vma *vma;
    vpn_t vpn;
    pte_t *slot;
};
/* Call fn for each entry that maps the frame, until fn returns false. fn may clear that entry. Order: oldest link first. */
typedef bool (*rmap_fn)(void *ctx, const struct rmap_walk *w);
void rmap_for_each(struct space *s, pfn_t pfn, rmap_fn fn, void *ctx);
/* The same for every entry that *could* map page `index` of file `inode` (truncate, present or not). */
void rmap_for_each_file(struct space *s, u32 inode, u64 index, rmap_fn fn, void *ctx);
/* mapcount of the frame equals the number of entries found. Expensive. */
void rmap_check(struct space *s, pfn_t pfn);

#endif
