/* space_int.h - what the files of this room share and no other room sees. */
#ifndef SPACE_SPACE_INT_H
#define SPACE_SPACE_INT_H

#include "space/mm.h"
#include "space/vma.h"
#include "space/vma_set.h"

/* --- anon_vma.c ------------------------------------------------------------------------------- */

struct anon_vma {
    u32 id;
    u32 root;            /* the oldest ancestor, itself for a root */
    u32 parent;          /* itself for a root */
    u32 nr_children;     /* a root counts itself */
    u32 nr_active;       /* vmas whose anon_vma this is: they put new pages here */
    struct vma_set vmas; /* all that are linked */
};

/* One link between a vma and an anon_vma (Linux's anon_vma_chain). */
struct avc {
    struct vma *vma;
    struct anon_vma *anon_vma;
    struct list_head same_vma; /* in vma->avc_list */
    u32 position;              /* in anon_vma->vmas */
};

static inline struct anon_vma *anon_vma_get(const struct space *s, u32 id)
{
    assert(id > 0 && id < s->nr_anon_vmas && s->anon_vmas[id]);
    return s->anon_vmas[id];
}

/* dst gets links to all anon_vmas of src. pre: dst has none; dst->anon_vma is src's, or 0 to let it
 * take over one that only a dead parent used. */
void anon_vma_clone(struct vma *dst, const struct vma *src);

/* The child's vma: clones of the parent's links, and an anon_vma of its own. */
void anon_vma_fork(struct vma *child, const struct vma *parent);

/* Drop all links; anon_vmas nobody is linked to any more go. */
void anon_vma_unlink(struct vma *vma);

/* --- rmap.c ----------------------------------------------------------------------------------- */

void rmap_link_file(struct vma *vma);
void rmap_unlink_file(struct vma *vma);

/* start, end or pgoff changed: tell the file and the anon_vmas. */
void rmap_update_range(struct vma *vma);

/* Its entries among the vmas of its file and of its anon_vmas show its range. */
void rmap_check_links(const struct vma *vma);

/* --- vma.c ------------------------------------------------------------------------------------ */

/* Position of the first vma with end > vpn; nr_vmas when there is none. */
u32 vma_position(struct mm *mm, vpn_t vpn);
struct vma *vma_at(const struct mm *mm, u32 position); /* NULL past either end */

struct vma *vma_new(struct mm *mm, vpn_t start, vpn_t end);
/* Link to its file and put into the array. pre: its links to anon_vmas are made */
void vma_insert(struct vma *vma);
/* Unlink everywhere, close the array, free. */
void vma_delete_at(struct mm *mm, u32 position, u32 count);
/* Move the ends, and pgoff with the start. The array's order must not change. */
void vma_set_bounds(struct vma *vma, vpn_t start, vpn_t end);
/* vm_stat_account: `pages` may be negative. */
void vma_account(struct mm *mm, u32 flags, s64 pages);

/* --- vma_merge.c ------------------------------------------------------------------------------ */

/* Linux's vma_merge: let prev or next (either may be NULL; they touch the range) take over the
 * range of spec, whose pages belong to anon_vma. Vmas inside the range go or shrink. NULL when
 * neither can. */
struct vma *vma_merge(struct vma *prev, struct vma *next, const struct vma_spec *spec,
                      u32 anon_vma);

/* --- vma_gap.c -------------------------------------------------------------------------------- */

/* Pages below `end` became free. */
void vma_gap_grew(struct mm *mm, vpn_t end);

#endif
