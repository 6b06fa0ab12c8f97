/* space.c - address spaces come and go; the check of all of them together. */
#include "space/space.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "space/space_int.h"

void space_init(struct space *s, struct frames *frames)
{
    *s = (struct space){.frames = frames};
    touched_init(&s->touched);
    s->nr_tables = 1;
    s->next_mm_id = 1;
    s->nr_anon_vmas = 1;
    s->cap_anon_vmas = 64;
    s->anon_vmas = xcalloc(s->cap_anon_vmas, sizeof(struct anon_vma *));
}

static void mm_release(struct mm *mm)
{
    free(mm->vmas);
    vec_done(&mm->pins);
    free(mm);
}

void space_done(struct space *s)
{
    for (u32 id = 1; id < s->next_mm_id; id++) {
        struct mm *mm = s->mms[id];

        if (!mm)
            continue;
        vma_delete_at(mm, 0, mm->nr_vmas);
        mm_release(mm);
    }
    for (u32 id = 1; id < s->nr_anon_vmas; id++)
        free(s->anon_vmas[id]);
    free(s->anon_vmas);
    free(s->file_vmas);
    free(s->mms);
    touched_done(&s->touched);
    pagetable_done(s);
    mmu_done(s);
    *s = (struct space){0};
}

struct mm *mm_new(struct space *s, u16 memcg)
{
    struct mm *mm = xcalloc(1, sizeof(*mm));

    if (s->next_mm_id >= s->cap_mms) {
        s->cap_mms = MAX(64u, s->cap_mms * 2);
        s->mms = xrealloc_array(s->mms, s->cap_mms, sizeof(struct mm *));
    }
    assert(s->next_mm_id < (1u << MM_ID_BITS) - 1);
    mm->id = s->next_mm_id++;
    mm->space = s;
    mm->users = 1;
    mm->memcg = memcg;
    list_init(&mm->lru.link);
    mm->gap_pages = UINT64_MAX;
    for (unsigned i = 0; i < WALK_CACHE; i++)
        mm->walk[i].base = WALK_NONE;
    s->mms[mm->id] = mm;
    return mm;
}

void mm_free(struct mm *mm)
{
    struct space *s = mm->space;

    assert(mm->nr_vmas == 0 && !mm->pgd);
    assert(s->mms[mm->id] == mm);
    s->mms[mm->id] = NULL;
    mm_release(mm);
}

struct mm *mm_get(const struct space *s, u32 id)
{
    return id > 0 && id < s->next_mm_id ? s->mms[id] : NULL;
}

/* Do rss_*, swapents and hugetlb_pages equal a recount of the entries, and do all entries lie in
 * vmas? Adds the entries of each folio to `mapped`, by the number of its first frame. */
static void mm_recount(struct mm *mm, struct u64map *mapped)
{
    u64 file = 0, anon = 0, shmem = 0, swapents = 0, hugetlb = 0;
    struct pte_ref ref;

    pagetable_for_each (mm, vpn, ref, 0, VPN_END) {
        u64 pages = 1u << ref.order;
        const struct frame *f;

        assert(vma_find(mm, vpn) && vma_find(mm, vpn)->end >= vpn + pages);
        assert(vpn % pages == 0);
        swapents += pte_is_swap(*ref.slot);
        if (!pte_has_frame(*ref.slot))
            continue;
        f = folio_head(mm->space->frames, pte_pfn(*ref.slot));
        assert(((*ref.slot & PTE_HUGETLB) != 0) == frame_test(f, PG_HUGETLB));
        if (frame_test(f, PG_HUGETLB))
            hugetlb += pages;
        else if (frame_test(f, PG_ANON))
            anon += pages;
        else if (frame_test(f, PG_SWAPBACKED))
            shmem += pages;
        else
            file += pages;
        u64map_add(mapped, folio_head_pfn(mm->space->frames, pte_pfn(*ref.slot)), 1);
    }
    assert(mm->rss_file == file && mm->rss_anon == anon && mm->rss_shmem == shmem);
    assert(mm->swapents == swapents && mm->hugetlb_pages == hugetlb);
}

void space_check(struct space *s)
{
    struct u64map mapped;
    u64 tables = 0, nr_vmas = 0, committed = 0, cursor, pfn, count;

    u64map_init(&mapped);
    for (u32 id = 1; id < s->next_mm_id; id++) {
        struct mm *mm = s->mms[id];

        if (!mm)
            continue;
        assert(mm->id == id && mm->space == s);
        vma_check(mm);
        pagetable_check(mm);
        mm_recount(mm, &mapped);
        tables += mm->nr_ptes + mm->nr_pmds + mm->nr_puds + mm->nr_pgds;
        nr_vmas += mm->nr_vmas;
        committed += mm->account_vm;
    }
    assert(tables == s->used_tables && nr_vmas == s->nr_vmas && committed == s->committed);
    anon_vma_check(s);
    u64map_for_each (&mapped, cursor, pfn, count) {
        assert(frames_get(s->frames, (pfn_t)pfn)->mapcount == count);
        if (!frame_test(frames_get(s->frames, (pfn_t)pfn), PG_HUGETLB))
            rmap_check(s, (pfn_t)pfn);
        if (folio_is_large(frames_get(s->frames, (pfn_t)pfn)))
            folio_check(s->frames, (pfn_t)pfn);
    }
    u64map_done(&mapped);
}
