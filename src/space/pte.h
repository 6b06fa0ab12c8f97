/* pte.h - page numbers, page-table entries and swap entries, with the bits of x86-64.
 *
 * An entry is one of
 *     none       0
 *     present    PTE_PRESENT; a frame number in bits 12.., unless PTE_ZERO. In a PMD table with
 *                PTE_HUGE: the head's
 *     swap       not 0 and not present: PTE_SWAP and a swp_t in bits 12..43
 * Mirrors: arch/x86/include/asm/pgtable_types.h. Differs: the dirty bit and PTE_SWAP are at places
 * of our own.
 */
#ifndef SPACE_PTE_H
#define SPACE_PTE_H

#include "base/types.h"
#include "frames/frame.h"

typedef u64 vaddr_t; /* bytes */
typedef u64 vpn_t;   /* vaddr >> PAGE_SHIFT */

/* User space ends at 2^47 bytes. */
#define VPN_END (1ull << 35)

typedef u64 pte_t;
#define PTE_PRESENT  (1ull << 0)
#define PTE_WRITE    (1ull << 1)
#define PTE_USER     (1ull << 2)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY    (1ull << 6)
#define PTE_HUGE \
    (1ull << 7) /* in a PMD table: maps HPAGE_PMD_NR pages, no table follows (_PAGE_PSE) */
#define PTE_HUGETLB \
    (1ull << 10) /* a huge leaf of a pool: no table is kept for it, and it is never split */
/* maps the zero page: special, no frame, not counted in RSS */
#define PTE_ZERO           (1ull << 9)
#define PTE_PFN_SHIFT      12u
/* Bits that x86 leaves to software: a walk came to the entry since it was made, and another one
 * later (backing/file_use.h). Linux has nothing like it, and nothing but reports may depend on
 * them. */
#define PTE_TOUCHED        (1ull << 52)
#define PTE_TOUCHED_AGAIN  (1ull << 53)
/* What of a present entry is not its frame. */
#define PTE_BITS           (((1ull << PTE_PFN_SHIFT) - 1) | PTE_TOUCHED | PTE_TOUCHED_AGAIN)
/* In an entry that is not present: */
#define PTE_SWAP           (1ull << 1)
#define PTE_SWAP_EXCLUSIVE (1ull << 2)

/* How often a walk is known to have come to a present entry: 0, 1, or 2 for more than once. */
static inline unsigned pte_uses(pte_t p)
{
    return p & PTE_TOUCHED_AGAIN ? 2 : (p & PTE_TOUCHED) != 0;
}

/* An entry of a page table (order 0), or one of a PMD table that maps 2^order pages. */
struct pte_ref {
    pte_t *slot; /* NULL: there is no table that would hold it */
    unsigned order;
};

static inline bool pte_is_huge(pte_t p)
{
    return (p & (PTE_PRESENT | PTE_HUGE)) == (PTE_PRESENT | PTE_HUGE);
}

typedef u32 swp_t; /* bits 27..31 area, 0..26 slot; slot 0 of an area is its header */
#define SWP_NONE  ((swp_t)0)
/* What was in swap could not be read when its area was turned off: whoever touches it gets SIGBUS
 * (SWP_SWAPIN_ERROR). Area 31 exists on no machine. */
#define SWP_ERROR ((swp_t)(31u << 27 | 1))

static inline bool pte_none(pte_t p)
{
    return p == 0;
}

static inline bool pte_present(pte_t p)
{
    return (p & PTE_PRESENT) != 0;
}

static inline bool pte_is_swap(pte_t p)
{
    return p != 0 && !(p & PTE_PRESENT);
}

static inline bool pte_is_zero_page(pte_t p)
{
    return (p & (PTE_PRESENT | PTE_ZERO)) == (PTE_PRESENT | PTE_ZERO);
}

/* Present, with a frame behind it. */
static inline bool pte_has_frame(pte_t p)
{
    return (p & (PTE_PRESENT | PTE_ZERO)) == PTE_PRESENT;
}

static inline pfn_t pte_pfn(pte_t p)
{
    return (pfn_t)(p >> PTE_PFN_SHIFT);
}

static inline pte_t pte_make(pfn_t pfn, u64 bits)
{
    return (u64)pfn << PTE_PFN_SHIFT | bits;
}

static inline swp_t pte_swp(pte_t p)
{
    return (swp_t)(p >> PTE_PFN_SHIFT);
}

static inline pte_t pte_make_swap(swp_t e, u64 bits)
{
    return (u64)e << PTE_PFN_SHIFT | PTE_SWAP | bits;
}

#endif
