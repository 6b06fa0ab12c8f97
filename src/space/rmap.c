/* rmap.c - walk from a frame to its entries, and the vmas of each file.
 *
 * A walk visits the vmas linked to the frame's anon_vma or file that cover its index, and looks whether the entry there
 * maps this frame: an anonymous page need not be in every vma that could have it. It stops when it has seen
 * mapcount entries; a page that one process has, and it forked a thousand others, costs one step.
 */
#include "space/rmap.h"

#include "base/alloc.h"
#include "space/pagetable.h"
#include "space/space_int.h"

/* --- vmas of a file ------------------------------------------------------------------------------ */

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

u64 rmap_count_file_vmas(const struct space *s, u32 inode)
{
    const struct vma_set *set = file_vmas(s, inode);

    return set ? set->live : 0;
}

/* --- mappings ------------------------------------------------------------------------------------ */

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

bool rmap_add_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn, bool exclusive)
{
    struct frame *f = frames_get(s->frames, pfn);

    assert(vma->anon_vma);
    assert(vma->start <= vpn && vpn < vma->end);
    if (!frame_test(f, PG_ANON)) {
        /* Others may swap it in as well: only the oldest anon_vma is one that all of them are linked to. */
        u32 id = exclusive ? vma->anon_vma : anon_vma_get(s, vma->anon_vma)->root;

        set_anon(f, id, vma, vpn);
    }
    assert(frame_index(f) == vma_index(vma, vpn));
    if (exclusive)
        frame_set(f, PG_EXCLUSIVE);
    return rmap_add(f);
}

void rmap_move_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn)
{
    struct frame *f = frames_get(s->frames, pfn);

    assert(vma->anon_vma && frame_test(f, PG_ANON) && f->mapcount == 1);
    assert(frame_index(f) == vma_index(vma, vpn));
    (void)vpn;
    f->mapping = vma->anon_vma;
    frame_set(f, PG_EXCLUSIVE);
}

/* --- walks --------------------------------------------------------------------------------------- */

/* The set of vmas that may map the frame, or NULL. */
static inline const struct vma_set *frame_vmas(const struct space *s, const struct frame *f)
{
    if (frame_test(f, PG_ANON))
        return &anon_vma_get(s, f->mapping)->vmas;
    return file_vmas(s, f->mapping);
}

void rmap_for_each(struct space *s, pfn_t pfn, rmap_fn fn, void *ctx)
{
    const struct frame *f = frames_get(s->frames, pfn);
    u32 left = f->mapcount;
    const struct vma_set *set;
    u64 index;

    if (!left) /* its mapping may be gone already */
        return;
    set = frame_vmas(s, f);
    if (!set)
        return;
    index = frame_index(f);
    vma_set_for_each (entry, set, index, index) {
        struct vma *vma = entry->vma;
        struct rmap_walk walk = {vma, vma->start + (index - vma->pgoff), NULL};

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

    if (f->mapcount != 1)
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
        *ret_walk = (struct rmap_walk){vma, vpn, slot};
        return true;
    }
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

void rmap_for_each_file(struct space *s, u32 inode, u64 index, rmap_fn fn, void *ctx)
{
    const struct vma_set *set = file_vmas(s, inode);

    if (!set)
        return;
    vma_set_for_each (entry, set, index, index) {
        struct vma *vma = entry->vma;
        struct rmap_walk walk = {vma, vma->start + (index - vma->pgoff), NULL};

        walk.slot = pagetable_find(vma->mm, walk.vpn);
        if (!fn(ctx, &walk))
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
    (*count)++;
    return true;
}

void rmap_check(struct space *s, pfn_t pfn)
{
    u32 found = 0;

    rmap_for_each(s, pfn, count_entry, &found);
    assert(found == frames_get(s->frames, pfn)->mapcount);
}
