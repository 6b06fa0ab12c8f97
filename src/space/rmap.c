/* rmap.c - walk from a frame to its entries, and the vmas of each file.
 *
 * A walk visits the vmas linked to the frame's anon_vma or file that cover its index, and looks
 * whether the entry there maps this frame: an anonymous page need not be in every vma that could
 * have it. It stops when it has seen mapcount entries; a page that one process has, and it forked a
 * thousand others, costs one step.
 */
#include "space/rmap.h"

#include "base/alloc.h"
#include "space/pagetable.h"
#include "space/space_int.h"

/* --- vmas of a file --------------------------------------------------------------------------- */

static struct vma_set *file_vmas(const struct space *s, u32 inode)
{
    return inode < s->cap_file_vmas ? s->file_vmas[inode] : NULL;
}

void rmap_link_file(struct vma *vma)
{
    struct space *s = vma->mm->space;

    if (!vma->inode)
        return;
    if (vma->inode >= s->cap_file_vmas) {
        u32 cap = MAX(vma->inode + 1, MAX(64u, s->cap_file_vmas * 2));

        s->file_vmas = xrealloc_array(s->file_vmas, cap, sizeof(struct vma_set *));
        for (u32 i = s->cap_file_vmas; i < cap; i++)
            s->file_vmas[i] = NULL;
        s->cap_file_vmas = cap;
    }
    if (!s->file_vmas[vma->inode]) {
        s->file_vmas[vma->inode] = xmalloc(sizeof(struct vma_set));
        vma_set_init(s->file_vmas[vma->inode]);
    }
    vma_set_add(s->file_vmas[vma->inode], vma, vma->pgoff, vma->pgoff + vma_pages(vma) - 1,
                &vma->file_slot);
    if (s->file_mapped)
        s->file_mapped(s->file_mapped_ctx, vma->inode, vma->file, 1);
}

void rmap_unlink_file(struct vma *vma)
{
    struct space *s = vma->mm->space;
    struct vma_set *set = file_vmas(s, vma->inode);

    if (!vma->inode)
        return;
    vma_set_del(set, vma->file_slot);
    if (set->live == 0) {
        vma_set_done(set);
        free(set);
        s->file_vmas[vma->inode] = NULL;
    }
    if (s->file_mapped)
        s->file_mapped(s->file_mapped_ctx, vma->inode, vma->file, -1);
}

void rmap_update_range(struct vma *vma)
{
    u64 first = vma->pgoff, last = vma->pgoff + vma_pages(vma) - 1;
    struct avc *avc;

    if (vma->inode)
        vma_set_change_range(file_vmas(vma->mm->space, vma->inode), vma->file_slot, first, last);
    list_for_each_entry (avc, &vma->avc_list, same_vma)
        vma_set_change_range(&avc->anon_vma->vmas, avc->position, first, last);
}

static void check_link(const struct vma *vma, const struct vma_set *set, u32 position)
{
    const struct vma_set_entry *entry = &set->entries[position];

    assert(position < set->count && entry->vma == vma);
    assert(entry->first == vma->pgoff);
    assert(entry->last == vma->pgoff + vma_pages(vma) - 1);
}

void rmap_check_links(const struct vma *vma)
{
    const struct avc *avc;
    bool own = false;

    if (vma->inode)
        check_link(vma, file_vmas(vma->mm->space, vma->inode), vma->file_slot);
    list_for_each_entry (avc, &vma->avc_list, same_vma) {
        assert(avc->vma == vma);
        check_link(vma, &avc->anon_vma->vmas, avc->position);
        own |= avc->anon_vma->id == vma->anon_vma;
    }
    assert(own == (vma->anon_vma != 0));
    assert(vma->anon_vma || list_empty(&vma->avc_list));
}

/* --- mappings --------------------------------------------------------------------------------- */

static void set_anon(struct frame *f, u32 anon_vma, const struct vma *vma, vpn_t vpn)
{
    f->mapping = anon_vma;
    frame_set_index(f, vma_index(vma, vpn));
    frame_set(f, PG_ANON);
}

void rmap_add_new_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn)
{
    struct frame *f = frames_get(s->frames, pfn);

    assert(vma->anon_vma && f->mapcount == 0);
    assert(vma->start <= vpn && vpn < vma->end);
    set_anon(f, vma->anon_vma, vma, vpn);
    frame_set(f, PG_SWAPBACKED | PG_EXCLUSIVE);
    f->mapcount = 1;
}

void rmap_add_new_anon_huge(struct space *s, struct vma *vma, vpn_t vpn, pfn_t head)
{
    struct frame *f = frames_get(s->frames, head);

    assert(folio_is_large(f) && !folio_has_tails(f) && vpn % (u64)frame_nr_pages(f) == 0);
    assert(vpn + (u64)frame_nr_pages(f) <= vma->end);
    rmap_add_new_anon(s, vma, vpn, head);
    f[1].index = 1;
}

bool rmap_add_subpage(struct frames *fr, pfn_t pfn)
{
    pfn_t head = folio_head_pfn(fr, pfn);

    folio_write_tails(fr, head);
    frames_get(fr, head)->mapcount++;
    ++*folio_pte_mapcount(frames_get(fr, pfn));
    return folio_page_mapcount(frames_get(fr, head), pfn - head) == 1;
}

bool rmap_del_subpage(struct frames *fr, pfn_t pfn)
{
    pfn_t head = folio_head_pfn(fr, pfn);
    u32 *count = folio_pte_mapcount(frames_get(fr, pfn));

    assert(*count > 0);
    --*count;
    frames_get(fr, head)->mapcount--;
    return folio_page_mapcount(frames_get(fr, head), pfn - head) == 0;
}

unsigned rmap_add_huge(struct frame *head)
{
    unsigned mapped = folio_count_mapped(head);

    head->mapcount++;
    head[1].index++;
    return (unsigned)frame_nr_pages(head) - mapped;
}

unsigned rmap_del_huge(struct frame *head)
{
    assert(head[1].index > 0 && head->mapcount > 0);
    head->mapcount--;
    head[1].index--;
    return (unsigned)frame_nr_pages(head) - folio_count_mapped(head);
}

void rmap_split_huge(struct frames *fr, pfn_t head)
{
    struct frame *f = frames_get(fr, head);
    u32 exclusive = f->flags & PG_EXCLUSIVE;
    u32 nr = (u32)frame_nr_pages(f);

    folio_write_tails(fr, head);
    f[1].index--;
    f[1].private ++;
    f->mapcount += nr - 1;
    for (u32 i = 1; i < nr; i++) {
        f[i].mapcount++;
        f[i].flags |= exclusive;
    }
}

bool rmap_add_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn, bool exclusive)
{
    pfn_t head = folio_head_pfn(s->frames, pfn);
    struct frame *f = frames_get(s->frames, head);

    assert(vma->anon_vma);
    assert(vma->start <= vpn && vpn < vma->end);
    if (!frame_test(f, PG_ANON)) {
        /* Others may swap it in as well: only the oldest anon_vma is one that all of them are
         * linked to. */
        u32 id = exclusive ? vma->anon_vma : anon_vma_get(s, vma->anon_vma)->root;

        assert(!folio_is_large(f));
        set_anon(f, id, vma, vpn);
    }
    assert(frame_index(f) + (pfn - head) == vma_index(vma, vpn));
    if (exclusive)
        frame_set(frames_get(s->frames, pfn), PG_EXCLUSIVE);
    return unlikely(folio_is_large(f)) ? rmap_add_subpage(s->frames, pfn) : rmap_add(f);
}

void rmap_move_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn)
{
    pfn_t head = folio_head_pfn(s->frames, pfn);
    struct frame *f = frames_get(s->frames, head);

    assert(vma->anon_vma && frame_test(f, PG_ANON) && f->mapcount == 1);
    assert(frame_index(f) + (pfn - head) == vma_index(vma, vpn));
    (void)vpn;
    f->mapping = vma->anon_vma;
    frame_set(frames_get(s->frames, pfn), PG_EXCLUSIVE);
}

/* --- walks ------------------------------------------------------------------------------------ */

/* The set of vmas that may map the frame, or NULL. */
static inline const struct vma_set *frame_vmas(const struct space *s, const struct frame *f)
{
    if (frame_test(f, PG_ANON))
        return &anon_vma_get(s, f->mapping)->vmas;
    return file_vmas(s, f->mapping);
}

/* The entries of one vma for the folio at head, which has the pages [index, last]. False: fn wants
 * no more, or no more are there. */
static bool folio_for_each_in(struct vma *vma, pfn_t head, u64 index, u64 last, rmap_fn fn,
                              void *ctx, u32 *left)
{
    vpn_t start = vma->start + (MAX(index, vma->pgoff) - vma->pgoff);
    vpn_t end = vma->start + (MIN(last, vma_index(vma, vma->end - 1)) - vma->pgoff) + 1;
    struct pte_ref ref;

    pagetable_for_each (vma->mm, vpn, ref, start, end) {
        struct rmap_walk walk = {vma, vpn, ref.slot, ref.order};

        /* A page of the folio, at the place that it has in the vma. */
        if (pte_ref_pfn(ref, vpn) != head + (u32)(vma_index(vma, vpn) - index))
            continue;
        if (!fn(ctx, &walk) || --*left == 0)
            return false;
    }
    return true;
}

static void folio_for_each(struct space *s, pfn_t head, rmap_fn fn, void *ctx)
{
    const struct frame *f = frames_get(s->frames, head);
    const struct vma_set *set = frame_vmas(s, f);
    u64 index = frame_index(f), nr = (u64)frame_nr_pages(f);
    u32 left = f->mapcount;

    if (!set)
        return;
    vma_set_for_each (entry, set, index, index + nr - 1)
        if (!folio_for_each_in(entry->vma, head, index, index + nr - 1, fn, ctx, &left))
            return;
}

void rmap_for_each(struct space *s, pfn_t pfn, rmap_fn fn, void *ctx)
{
    const struct frame *f = frames_get(s->frames, pfn);
    u32 left = f->mapcount;
    const struct vma_set *set;
    u64 index;

    if (!left) /* its mapping may be gone already */
        return;
    if (unlikely(folio_is_large(f))) {
        folio_for_each(s, pfn, fn, ctx);
        return;
    }
    set = frame_vmas(s, f);
    if (!set)
        return;
    index = frame_index(f);
    vma_set_for_each (entry, set, index, index) {
        struct vma *vma = entry->vma;
        struct rmap_walk walk = {vma, vma->start + (index - vma->pgoff), NULL, 0};

        walk.slot = pagetable_find(vma->mm, walk.vpn);
        if (!walk.slot || !pte_has_frame(*walk.slot) || pte_pfn(*walk.slot) != pfn)
            continue;
        if (!fn(ctx, &walk) || --left == 0)
            return;
    }
}

bool rmap_find_only(struct space *s, pfn_t pfn, struct rmap_walk *ret_walk)
{
    const struct frame *f = frames_get(s->frames, pfn);
    u64 index = frame_index(f);
    const struct vma_set *set;

    if (f->mapcount != 1 || folio_is_large(f))
        return false;
    set = frame_vmas(s, f);
    if (!set)
        return false;
    vma_set_for_each (entry, set, index, index) {
        struct vma *vma = entry->vma;
        vpn_t vpn = vma->start + (index - entry->first);
        pte_t *slot = pagetable_find(vma->mm, vpn);

        if (!slot || !pte_has_frame(*slot) || pte_pfn(*slot) != pfn)
            continue;
        *ret_walk = (struct rmap_walk){vma, vpn, slot, 0};
        return true;
    }
    return false;
}

bool rmap_may_be_locked(const struct space *s, pfn_t head)
{
    const struct frame *f = frames_get(s->frames, head);
    const struct vma_set *set = frame_vmas(s, f);
    u64 index = frame_index(f);

    if (!set)
        return false;
    vma_set_for_each (entry, set, index, index + (u64)frame_nr_pages(f) - 1)
        if (entry->vma->flags & VM_LOCKED)
            return true;
    return false;
}

void rmap_prefetch(const struct space *s, pfn_t pfn)
{
    const struct frame *f = frames_get(s->frames, pfn);
    const struct vma_set *set = f->mapcount ? frame_vmas(s, f) : NULL;
    u64 index = frame_index(f);

    if (!set)
        return;
    vma_set_for_each (entry, set, index, index) {
        pagetable_prefetch(entry->vma->mm, entry->vma->start + (index - entry->first));
        return;
    }
}

void rmap_for_each_file_vma(struct space *s, u32 inode, u64 first, u64 last, rmap_vma_fn fn,
                            void *ctx)
{
    const struct vma_set *set = file_vmas(s, inode);

    if (!set)
        return;
    vma_set_for_each (entry, set, first, last) {
        struct vma *vma = entry->vma;
        vpn_t start = vma->start + (MAX(first, entry->first) - entry->first);
        vpn_t end = vma->start + (MIN(last, entry->last) - entry->first) + 1;

        fn(ctx, vma, start, end);
    }
}

static bool count_entry(void *ctx, const struct rmap_walk *walk)
{
    u32 *count = ctx;

    assert(walk->vpn >= walk->vma->start && walk->vpn < walk->vma->end);
    assert(!walk->order ||
           (walk->vpn % HPAGE_PMD_NR == 0 && walk->vpn + HPAGE_PMD_NR <= walk->vma->end));
    (*count)++;
    return true;
}

void rmap_check(struct space *s, pfn_t pfn)
{
    u32 found = 0;

    rmap_for_each(s, pfn, count_entry, &found);
    assert(found == frames_get(s->frames, pfn)->mapcount);
}
