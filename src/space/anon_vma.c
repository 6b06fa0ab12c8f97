/* anon_vma.c - which vmas may map an anonymous page.
 *
 * A vma gets an anon_vma at its first anonymous fault. From then on the two are linked (struct
 * avc), and so are all vmas that come from this one by split, move or fork, since they may map the
 * same pages. A child of fork has links to all its parent's anon_vmas (for the pages they share)
 * and an anon_vma of its own (for those it makes), so that a walk for its own pages does not visit
 * parent and siblings.
 *
 *     grandparent vma   links: A                    pages: A
 *     parent vma        links: B A                  pages: B, and A's until copied
 *     child vma         links: C B A                pages: C, and B's and A's until copied
 *
 * Invariant behind the order of removal: a vma linked to an anon_vma is linked to its parent too.
 * Every way to get links copies all of them, and anon_vma_prepare() only reuses an anon_vma that is
 * a vma's single one, hence a root. So the last vma to leave a parent also leaves its children, and
 * each anon_vma can go when its last vma does.
 *
 * A task that forks, exits, and whose child forks, exits, ... would pile up links for ever. Hence
 * an anon_vma that no living vma puts pages into, and with at most one child, is taken over by the
 * next child instead of making a new one.
 */
#include "base/alloc.h"
#include "space/rmap.h"
#include "space/space_int.h"

/* Dead ones are kept for the next: `parent` links them, the id stays. */
static struct anon_vma *anon_vma_new(struct space *s)
{
    struct anon_vma *av;
    u32 id = s->free_anon_vma;

    if (id) {
        av = s->anon_vmas[id];
        s->free_anon_vma = av->parent;
    } else {
        if (s->nr_anon_vmas == s->cap_anon_vmas) {
            s->cap_anon_vmas = MAX(64u, s->cap_anon_vmas * 2);
            s->anon_vmas =
                xrealloc_array(s->anon_vmas, s->cap_anon_vmas, sizeof(struct anon_vma *));
        }
        id = s->nr_anon_vmas++;
        av = xcalloc(1, sizeof(*av));
        vma_set_init(&av->vmas);
        s->anon_vmas[id] = av;
    }
    av->id = id;
    av->root = id;
    av->parent = id;
    av->nr_children = 0;
    av->nr_active = 0;
    return av;
}

static void anon_vma_free(struct space *s, struct anon_vma *av)
{
    u32 id = av->id;

    anon_vma_get(s, av->parent)->nr_children--;
    assert(av->nr_children == 0 && av->nr_active == 0);
    vma_set_done(&av->vmas);
    av->id = 0;
    av->parent = s->free_anon_vma;
    s->free_anon_vma = id;
}

static void avc_link(struct vma *vma, struct anon_vma *av)
{
    struct avc *avc = xmalloc(sizeof(*avc));

    avc->vma = vma;
    avc->anon_vma = av;
    list_add(&avc->same_vma, &vma->avc_list);
    vma_set_add(&av->vmas, vma, vma->pgoff, vma->pgoff + vma_pages(vma) - 1, &avc->position);
    vma->mm->space->nr_avcs++;
    vma->mm->nr_avcs++;
}

static bool only_access_differs(const struct vma *low, const struct vma *high)
{
    return low->end == high->start && low->inode == high->inode && low->file == high->file &&
           mempolicy_equal(&low->policy, &high->policy) &&
           !((low->flags ^ high->flags) & ~VM_ACCESS_FLAGS) &&
           high->pgoff == vma_index(low, low->end);
}

/* The anon_vma of a neighbour that an mprotect() might make one vma with this one; 0 when there is
 * none. */
static u32 neighbours_anon_vma(const struct vma *vma)
{
    const struct vma *next = vma_next(vma), *prev = vma_prev(vma);

    if (next && next->anon_vma && only_access_differs(vma, next) &&
        list_is_last(next->avc_list.next, &next->avc_list))
        return next->anon_vma;
    if (prev && prev->anon_vma && only_access_differs(prev, vma) &&
        list_is_last(prev->avc_list.next, &prev->avc_list))
        return prev->anon_vma;
    return 0;
}

void anon_vma_prepare_slow(struct vma *vma)
{
    struct space *s = vma->mm->space;
    u32 id = neighbours_anon_vma(vma);
    struct anon_vma *av;

    assert(!vma->anon_vma && list_empty(&vma->avc_list));
    if (id) {
        av = anon_vma_get(s, id);
    } else {
        av = anon_vma_new(s);
        av->nr_children = 1; /* its own parent */
    }
    vma->anon_vma = av->id;
    av->nr_active++;
    avc_link(vma, av);
}

void anon_vma_clone(struct vma *dst, const struct vma *src)
{
    struct avc *avc;

    assert(list_empty(&dst->avc_list));
    list_for_each_entry_reverse (avc, &src->avc_list, same_vma) {
        struct anon_vma *av = avc->anon_vma;

        avc_link(dst, av);
        if (!dst->anon_vma && src->anon_vma && av->nr_children < 2 && av->nr_active == 0)
            dst->anon_vma = av->id;
    }
    if (dst->anon_vma)
        anon_vma_get(dst->mm->space, dst->anon_vma)->nr_active++;
}

void anon_vma_fork(struct vma *child, const struct vma *parent)
{
    struct space *s = child->mm->space;
    struct anon_vma *av;

    child->anon_vma = 0;
    if (!parent->anon_vma)
        return;
    anon_vma_clone(child, parent);
    if (child->anon_vma)
        return;
    av = anon_vma_new(s);
    av->root = anon_vma_get(s, parent->anon_vma)->root;
    av->parent = parent->anon_vma;
    av->nr_active = 1;
    anon_vma_get(s, av->parent)->nr_children++;
    child->anon_vma = av->id;
    avc_link(child, av);
}

void anon_vma_unlink(struct vma *vma)
{
    struct space *s = vma->mm->space;
    struct avc *avc, *after;

    if (vma->anon_vma)
        anon_vma_get(s, vma->anon_vma)->nr_active--;
    vma->anon_vma = 0;
    list_for_each_entry_safe (avc, after, &vma->avc_list, same_vma) {
        struct anon_vma *av = avc->anon_vma;

        vma_set_del(&av->vmas, avc->position);
        if (av->vmas.live == 0)
            anon_vma_free(s, av);
        list_del(&avc->same_vma);
        free(avc);
        s->nr_avcs--;
        vma->mm->nr_avcs--;
    }
}

static bool vma_has_link(const struct vma *vma, u32 id)
{
    const struct avc *avc;

    list_for_each_entry (avc, &vma->avc_list, same_vma) {
        if (avc->anon_vma->id == id)
            return true;
    }
    return false;
}

void anon_vma_check(const struct space *s)
{
    u32 *nr_children = xcalloc(s->nr_anon_vmas + 1, sizeof(u32));
    u64 nr_avcs = 0;

    for (u32 id = 1; id < s->nr_anon_vmas; id++) {
        const struct anon_vma *av = s->anon_vmas[id];
        u32 nr_active = 0;

        vma_set_check(&av->vmas);
        if (av->id == 0) { /* dead */
            assert(av->vmas.live == 0);
            continue;
        }
        assert(av->id == id && av->vmas.live > 0);
        assert(anon_vma_get(s, av->parent)->root == av->root);
        nr_children[av->parent]++;
        nr_avcs += av->vmas.live;
        for (u32 i = 0; i < av->vmas.count; i++) {
            const struct vma_set_entry *entry = &av->vmas.entries[i];

            if (!entry->vma)
                continue;
            nr_active += entry->vma->anon_vma == id;
            assert(vma_has_link(entry->vma, id));
            assert(vma_has_link(entry->vma, av->parent));
        }
        assert(nr_active == av->nr_active);
    }
    for (u32 id = 1; id < s->nr_anon_vmas; id++)
        assert(nr_children[id] == (s->anon_vmas[id]->id ? s->anon_vmas[id]->nr_children : 0));
    assert(nr_avcs == s->nr_avcs);
    free(nr_children);
}
