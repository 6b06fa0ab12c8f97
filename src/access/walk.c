/* walk.c - the hardware's page walk where a huge leaf maps the page. */
#include "access/access.h"

static bool is_dirty(pte_t leaf)
{
    return (leaf & (PTE_WRITE | PTE_DIRTY)) == (PTE_WRITE | PTE_DIRTY);
}

/* A translation that the TLB holds needs no walk, and so marks nothing accessed. */
static bool load_huge(struct tlb *tlb, struct mm *mm, vpn_t vpn, bool write, pte_t *leaf)
{
    pte_t need = PTE_PRESENT | (write ? PTE_WRITE : 0);

    if ((*leaf & (need | PTE_PROTNONE)) != need)
        return false;
    *leaf |= PTE_ACCESSED | (write ? PTE_DIRTY : 0);
    tlb_insert_huge(tlb, mm->id, vpn, is_dirty(*leaf));
    return true;
}

/* The huge leaf that maps vpn, or NULL: by the PMD tables used last, as pagetable_find() does. */
static pte_t *find_leaf(struct mm *mm, vpn_t vpn)
{
    vpn_t base = vpn >> (2 * TABLE_SHIFT);
    const struct walk_cache *walk = &mm->walk[base % WALK_CACHE];
    pte_t *leaf;

    if (unlikely(walk->base != base))
        return pagetable_find_huge(mm, vpn);
    leaf = &walk->pmd[vpn >> TABLE_SHIFT & (TABLE_ENTRIES - 1)];
    return pte_is_huge(*leaf) ? leaf : NULL;
}

enum walk access_walk_huge(struct tlb *tlb, struct mm *mm, vpn_t vpn, bool write)
{
    pte_t *leaf = find_leaf(mm, vpn);
    enum walk walk = WALK_SAVED;

    if (unlikely(!leaf))
        return WALK_FAULT;
    if (unlikely(!tlb_hit_huge(tlb, mm->id, vpn, write))) {
        if (!load_huge(tlb, mm, vpn, write, leaf))
            return WALK_FAULT;
        walk = WALK_HUGE;
    }
    tlb_insert(tlb, mm->id, vpn, is_dirty(*leaf));
    if ((*leaf & (PTE_PRESENT | PTE_ZERO | PTE_HUGETLB)) == PTE_PRESENT)
        touched_mark(&mm->space->touched, pte_pfn(*leaf), (unsigned)(vpn % HPAGE_PMD_NR));
    return walk;
}
