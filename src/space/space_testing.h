/* space_testing.h - a few frames and one struct space, for the tests of this room: no zones, no
 * buddy allocator.
 *
 * Never: included by anything but *_test.c and *_fuzz.c.
 */
#ifndef SPACE_SPACE_TESTING_H
#define SPACE_SPACE_TESTING_H

#include "base/alloc.h"
#include "space/space.h"

struct test_machine {
    struct frames frames;
    struct space space;
    pfn_t free; /* list by frame.next */
    u32 nr_used;
    pfn_t next_folio; /* behind the others, aligned; to end_pfn */
};
#define TEST_FOLIOS 8u

static inline void test_machine_init(struct test_machine *m, u32 nr_frames)
{
    *m = (struct test_machine){0};
    m->next_folio = ROUND_UP(nr_frames + 1, HPAGE_PMD_NR);
    m->frames.end_pfn = m->next_folio + TEST_FOLIOS * HPAGE_PMD_NR;
    m->frames.frame = xcalloc(m->frames.end_pfn, sizeof(struct frame));
    for (pfn_t pfn = nr_frames; pfn > 0; pfn--) {
        m->frames.frame[pfn].next = m->free;
        m->free = pfn;
    }
    space_init(&m->space, &m->frames);
}

static inline void test_machine_done(struct test_machine *m)
{
    space_done(&m->space);
    free(m->frames.frame);
}

static inline struct frame *test_frame(const struct test_machine *m, pfn_t pfn)
{
    return frames_get(&m->frames, pfn);
}

static inline pfn_t test_frame_alloc(struct test_machine *m)
{
    pfn_t pfn = m->free;

    assert(pfn);
    m->free = test_frame(m, pfn)->next;
    *test_frame(m, pfn) = (struct frame){0};
    m->nr_used++;
    return pfn;
}

static inline void test_frame_free(struct test_machine *m, pfn_t pfn)
{
    assert(test_frame(m, pfn)->mapcount == 0);
    test_frame(m, pfn)->flags = 0;
    test_frame(m, pfn)->next = m->free;
    m->free = pfn;
    m->nr_used--;
}

/* A new folio for a huge leaf; there are TEST_FOLIOS of them. */
static inline pfn_t test_folio_alloc(struct test_machine *m)
{
    pfn_t head = m->next_folio;

    assert(head < m->frames.end_pfn);
    m->next_folio += HPAGE_PMD_NR;
    folio_make(&m->frames, head, HPAGE_PMD_ORDER);
    return head;
}

/* For pagetable_free_range(). */
static inline void test_release_table(void *machine, pfn_t pfn)
{
    test_frame_free(machine, pfn);
}

/* The entry of vpn, with the tables it needs. */
static inline pte_t *test_entry(struct test_machine *m, struct mm *mm, vpn_t vpn)
{
    while (pagetable_missing(mm, vpn))
        pagetable_install(mm, vpn, test_frame_alloc(m));
    return pagetable_find(mm, vpn);
}

/* A new anonymous page at vpn, which has no entry yet. */
static inline pfn_t test_map_anon(struct test_machine *m, struct mm *mm, vpn_t vpn)
{
    struct vma *vma = vma_find(mm, vpn);
    pfn_t pfn = test_frame_alloc(m);

    anon_vma_prepare(vma);
    rmap_add_new_anon(&m->space, vma, vpn, pfn);
    pagetable_set(mm, vpn, test_entry(m, mm, vpn),
                  pte_make(pfn, PTE_PRESENT | PTE_WRITE | PTE_DIRTY));
    mm->rss_anon++;
    return pfn;
}

/* A huge leaf at vpn, which is aligned and has no entry yet, for a new folio. */
static inline pfn_t test_map_huge(struct test_machine *m, struct mm *mm, vpn_t vpn)
{
    struct vma *vma = vma_find(mm, vpn);
    pfn_t head = test_folio_alloc(m);

    anon_vma_prepare(vma);
    while (pagetable_missing(mm, vpn) > 1)
        pagetable_install(mm, vpn, test_frame_alloc(m));
    rmap_add_new_anon_huge(&m->space, vma, vpn, head);
    pagetable_deposit(mm, vpn, test_frame_alloc(m));
    pagetable_set_huge(mm, vpn, pte_make(head, PTE_PRESENT | PTE_WRITE | PTE_DIRTY | PTE_HUGE));
    mm->rss_anon += HPAGE_PMD_NR;
    return head;
}

/* Drop all anonymous pages of [start, end), the mappings, and the tables nobody needs any more. */
static inline void test_unmap(struct test_machine *m, struct mm *mm, vpn_t start, vpn_t end)
{
    const struct vma *above, *below;
    struct pte_ref ref;

    pagetable_for_each (mm, vpn, ref, start, end) {
        pfn_t pfn = pte_pfn(*ref.slot);

        pagetable_set(mm, vpn, ref.slot, 0);
        mm->rss_anon--;
        if (rmap_del(test_frame(m, pfn)))
            test_frame_free(m, pfn);
    }
    vma_remove(mm, start, end);
    above = vma_find_after(mm, start);
    below = above ? vma_prev(above) : mm->nr_vmas ? mm->vmas[mm->nr_vmas - 1] : NULL;
    pagetable_free_range(mm, below ? below->end : 0, above ? above->start : VPN_END,
                         test_release_table, m);
}

static inline void test_exit(struct test_machine *m, struct mm *mm)
{
    test_unmap(m, mm, 0, VPN_END);
    mm_free(mm);
}

#endif
