/* pagetable.h - page tables: 4 levels of 512 entries, each table backed by a frame of the machine.
 *
 *     level 3  PGD   vpn bits 27..35     an entry is the address of a PUD table
 *     level 2  PUD   vpn bits 18..26     an entry is the address of a PMD table
 *     level 1  PMD   vpn bits  9..17     an entry is the address of a leaf table, with PTE_ACCESSED while a walk went
 *                                        through it lately; or a huge leaf: a pte_t with PTE_HUGE
 *     level 0  PTE   vpn bits  0..8      an entry is a pte_t
 *
 * Mirrors:    mm/memory.c (__pte_alloc, free_pgtables, free_pgd_range), mm/mremap.c
 *             (move_page_tables), Linux 6.1.
 *             Differs: the root is a table like the others and goes when nothing is left, not with the mm.
 * Owns:       the frames with FRAME_TABLE: mapping (mm id), index (first vpn served >> 9), mapcount
 *             (entries in use), private (table number).
 * Never:      allocates a frame: the caller brings one per missing table (pagetable_missing,
 *             pagetable_install) and counts NR_PAGETABLE.
 * Invariants: (pagetable_check) use counts and mm->nr_ptes, nr_pmds, nr_puds, nr_pgds equal a
 *             recount; free tables are all zero.
 * Huge leaf:  it keeps the table that it would need when split (pgtable_trans_huge_deposit). (One
 *             of hugetlb has none: PTE_HUGETLB.) Deposited tables hang in the frame of the PMD
 *             table: next is the first one's frame, whose next is the second's. They count as
 *             nr_ptes.
 * Pointers:   tables stay where they are: a pte_t * is good until pagetable_free_range() frees its
 *             table. Others may change bits of an entry in place; only a change between none and
 *             not none must use pagetable_set().
 * Use:        while (pagetable_missing(mm, vpn)) pagetable_install(mm, vpn, frame_for_table);
 *             pagetable_set(mm, vpn, pagetable_find(mm, vpn), pte_make(pfn, bits));
 */
#ifndef SPACE_PAGETABLE_H
#define SPACE_PAGETABLE_H

#include "space/mm.h"

#define TABLE_SHIFT   9u
#define TABLE_ENTRIES 512u
#define TABLE_LEVELS  4u

/* Tables are made in chunks, so that what is reserved of the host follows the work. A chunk lies at
 * a multiple of its size; what would be its first table holds the frame behind each of the others.
 * So the frame of an entry is found by its address alone. */
#define TABLES_PER_CHUNK 1024u
#define CHUNK_BYTES      ((size_t)TABLES_PER_CHUNK * PAGE_SIZE)

struct table_chunk {
    u32 index; /* of the chunk */
    u32 pfn[TABLES_PER_CHUNK -
            1]; /* frame behind table i + 1; of a free table, the number of the next free one */
    u64 entries[TABLES_PER_CHUNK - 1][TABLE_ENTRIES]; /* table i + 1 */
};

static inline u32 *table_pfn(const u64 *entry)
{
    uintptr_t at = (uintptr_t)entry, start = at & ~(CHUNK_BYTES - 1);

    return &((struct table_chunk *)start)->pfn[(at - start) / PAGE_SIZE - 1];
}

/* What an entry above the leaves leads to; NULL: absent.   pre: not a huge leaf */
static inline u64 *table_of(u64 entry)
{
    return (u64 *)(uintptr_t)(entry & ~PTE_ACCESSED);
}

/* Tables lie at even addresses, a present entry is odd. */
static inline bool entry_is_table(u64 entry)
{
    return entry && !(entry & PTE_PRESENT);
}

/* pagetable_find() when the PMD table is not the last one used. */
pte_t *pagetable_walk(struct mm *mm, vpn_t vpn);

/* The entry of vpn in a leaf table, or NULL while a table on the way is missing or when a huge leaf
 * maps it. cost: 3 loads and two compares while the PMD table (1 GiB) is one of the last few
 * used. */
static inline pte_t *pagetable_find(struct mm *mm, vpn_t vpn)
{
    vpn_t base = vpn >> (2 * TABLE_SHIFT);
    const struct walk_cache *walk = &mm->walk[base % WALK_CACHE];

    if (likely(walk->base == base)) {
        u64 entry = walk->pmd[vpn >> TABLE_SHIFT & (TABLE_ENTRIES - 1)];

        return unlikely(!entry_is_table(entry)) ? NULL
                                                : table_of(entry) + (vpn & (TABLE_ENTRIES - 1));
    }
    return pagetable_walk(mm, vpn);
}

/* A walk of the hardware ends at an entry of the leaf table that serves vpn: it marks the entry
 *   that leads there as well. pre: pagetable_find(mm, vpn) was the last find in mm, and is not
 *   NULL */
static inline void pagetable_mark_pmd(struct mm *mm, vpn_t vpn)
{
    u64 *pmd = &mm->walk[(vpn >> (2 * TABLE_SHIFT)) % WALK_CACHE]
                    .pmd[vpn >> TABLE_SHIFT & (TABLE_ENTRIES - 1)];

    if (unlikely(!(*pmd & PTE_ACCESSED)))
        *pmd |= PTE_ACCESSED;
}

/* The entry of the PMD table that serves vpn: none, a table or a huge leaf. NULL while a table
 * above is missing. */
u64 *pagetable_pmd(struct mm *mm, vpn_t vpn);

/* The huge leaf that maps vpn, or NULL. */
static inline pte_t *pagetable_find_huge(struct mm *mm, vpn_t vpn)
{
    u64 *pmd = pagetable_pmd(mm, vpn);

    return pmd && pte_is_huge(*pmd) ? pmd : NULL;
}

/* The entry that maps vpn, or would map it as a page of its own. */
static inline struct pte_ref pagetable_lookup(struct mm *mm, vpn_t vpn)
{
    pte_t *slot = pagetable_find(mm, vpn);

    if (likely(slot))
        return (struct pte_ref){slot, 0};
    slot = pagetable_find_huge(mm, vpn);
    return (struct pte_ref){slot, slot ? TABLE_SHIFT : 0};
}

/* The frame behind vpn, or PFN_NONE: the page of it where the entry maps many. */
static inline pfn_t pte_ref_pfn(struct pte_ref ref, vpn_t vpn)
{
    if (!ref.slot || !pte_has_frame(*ref.slot))
        return PFN_NONE;
    return pte_pfn(*ref.slot) + (u32)(vpn & ((1u << ref.order) - 1));
}

/* The first page behind what the entry maps. */
static inline vpn_t pte_ref_end(struct pte_ref ref, vpn_t vpn)
{
    return (vpn | ((1u << ref.order) - 1)) + 1;
}

/* Tell the host that the entry of vpn will be looked at soon. Scattered accesses wait for memory of
 * the host here: a replay that prefetches some 8 accesses ahead runs 3 times as fast. */
static inline void pagetable_prefetch(struct mm *mm, vpn_t vpn)
{
    __builtin_prefetch(pagetable_find(mm, vpn));
}

/* How many tables are missing on the way to vpn, 0..4; none where a huge leaf maps it. */
unsigned pagetable_missing(struct mm *mm, vpn_t vpn);

/* Hang one missing table (the highest) into the tree; pfn becomes FRAME_TABLE. Zeroed.
 *   pre: pagetable_missing(mm, vpn) > 0; the frame is not in use */
void pagetable_install(struct mm *mm, vpn_t vpn, pfn_t pfn);

/* The frame of the table that holds this entry. */
static inline struct frame *pagetable_frame(const struct space *s, const pte_t *slot)
{
    return frames_get(s->frames, *table_pfn(slot));
}

/* Set a leaf entry. All changes between none and not-none go through here, so that the table's use
 *   count is right. pre: slot == pagetable_find(mm, vpn) */
static inline void pagetable_set(struct mm *mm, vpn_t vpn, pte_t *slot, pte_t value)
{
    pte_t old = *slot;

    (void)vpn;
    *slot = value;
    if ((old == 0) != (value == 0))
        pagetable_frame(mm->space, slot)->mapcount += old == 0 ? 1u : ~0u;
}

/* The next vpn >= from and < end whose entry is not none, or VPN_END; *ret is the entry (NULL at
 * the end). A huge leaf is found at the first page >= from that it maps, so it may begin before and
 * end behind the range. Skips absent tables. Entries may change between calls: look up again what
 * may have been split. */
vpn_t pagetable_next(struct mm *mm, vpn_t from, vpn_t end, struct pte_ref *ret);

/* Each entry of [start, stop) that is not none: at vpn, ref. */
#define pagetable_for_each(mm, vpn, ref, start, stop)                             \
    for (vpn_t vpn = pagetable_next((mm), (start), (stop), &(ref)); vpn < (stop); \
         vpn = pagetable_next((mm), pte_ref_end((ref), vpn), (stop), &(ref)))

/* --- huge leaves ------------------------------------------------------------------------------ */
/* Give a table to the PMD table that serves vpn, for the huge leaf that comes next; pfn becomes
 *   FRAME_TABLE. pre: pagetable_pmd(mm, vpn) is there; the frame is not in use */
void pagetable_deposit(struct mm *mm, vpn_t vpn, pfn_t pfn);
/* Set the entry of the PMD table, which is none.   pre: a table was deposited for it, unless it is
 * PTE_HUGETLB */
void pagetable_set_huge(struct mm *mm, vpn_t vpn, pte_t value);
/* The huge leaf becomes none; its table comes back, as of pagetable_free_range(): the caller frees
 * it. PFN_NONE: one of PTE_HUGETLB has none. */
pfn_t pagetable_clear_huge(struct mm *mm, vpn_t vpn);
/* A table of 512 entries, all none, takes the place of the huge leaf: its first entry. */
pte_t *pagetable_split_huge(struct mm *mm, vpn_t vpn);
/* And back: a leaf table of nothing but none is deposited, and its entry is none. */
void pagetable_deposit_leaf(struct mm *mm, vpn_t vpn);
/* Huge leaves move as pagetable_move() moves entries.   pre: the entry of `to` is none and its PMD
 * table is there; both are aligned */
void pagetable_move_huge(struct mm *mm, vpn_t from, vpn_t to);

/* Move the entries of [from, end) so that from lands on `to` (mremap). Stops where a table of the
 * destination is missing. Returns the first vpn not moved (`end` when all are): the caller installs
 * tables for to + (returned - from) and goes on from there. TLB flush is the caller's.
 *   pre: the destination has no entries; the ranges do not overlap; huge leaves lie in the range
 *   and can be moved whole */
vpn_t pagetable_move(struct mm *mm, vpn_t from, vpn_t end, vpn_t to);

/* Free the tables that only serve [floor, ceiling), where no vma is left (free_pgtables): floor is
 * the end of the vma below, ceiling the start of the vma above, or 0 and VPN_END. The frames of
 * freed tables are passed to release(ctx, pfn), without FRAME_TABLE.
 *   pre: no entry in the range is in use */
void pagetable_free_range(struct mm *mm, vpn_t floor, vpn_t ceiling,
                          void (*release)(void *ctx, pfn_t pfn), void *ctx);

/* Give back all tables of all address spaces. */
void pagetable_done(struct space *s);

void pagetable_check(const struct mm *mm);

#endif
