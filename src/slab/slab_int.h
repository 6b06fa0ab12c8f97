/* slab_int.h - between the files of slab/. */
#ifndef SLAB_SLAB_INT_H
#define SLAB_SLAB_INT_H

#include "slab/slab.h"

/* --- the descriptor of a slab: its first frame ------------------------------------------------ */
/* Bits of frame.flags that mean something else while a frame is free. */

enum slab_place { SLAB_FULL, SLAB_ON_CPU, SLAB_CPU_PARTIAL, SLAB_NODE_PARTIAL };

static inline struct frame *slab_frame(const struct slab *s, pfn_t pfn)
{
    return frames_get(s->mem->frames, pfn);
}

static inline bool frame_is_slab(const struct frame *f)
{
    return frame_is(f, FRAME_SLAB) && frame_test(f, SLAB_HEAD);
}

static inline unsigned slab_order(const struct frame *f)
{
    return (f->flags & FRAME_ORDER_MASK) >> FRAME_ORDER_SHIFT;
}

/* Its cache is frame.mapping, its place frame.index, its objects in use frame.private. */
static inline u32 slab_room(const struct slab_cache *c, const struct frame *f)
{
    return slab_order(f) == c->geo.order ? c->geo.objects : c->geo.min_objects;
}

/* --- slub.c ----------------------------------------------------------------------------------- */
/* A slab with a free object, on this CPU; reserves are used where there is no other. PFN_NONE: no
 * memory. */
pfn_t slub_get(struct slab *s, struct slab_cache *c);
/* The same of the slabs there are, or in a new one of the cache's order, where that one takes no
 * more than a look at the free lists and is larger than the smallest. */
pfn_t slub_try_get(struct slab *s, struct slab_cache *c);
/* 2^min_order frames become the slab from which this CPU takes objects.   pre: slub_try_get() had
 * none. Returns pfn. */
pfn_t slub_add(struct slab *s, struct slab_cache *c, pfn_t pfn);
/* nr objects of the slab in use more, or fewer. */
void slub_use(struct slab *s, struct slab_cache *c, pfn_t pfn, u32 nr);
void slub_put(struct slab *s, struct slab_cache *c, pfn_t pfn, u32 nr);

/* --- charge.c --------------------------------------------------------------------------------- */
/* Does g pay for objects of this cache? */
static inline bool slab_pays(const struct slab_cache_info *info, const struct group *g)
{
    return g && g->parent && info->flags & SLAB_ACCOUNT;
}
/* Bytes out of the CPU's stock; false: it has not that many. */
bool stock_consume(struct slab *s, const struct group *g, u32 bytes);
/* Pages were charged for these bytes: the rest goes to the stock. */
void stock_paid(struct slab *s, struct group *g, u32 bytes);
/* Bytes are not used any more. */
void stock_return(struct slab *s, struct group *g, u32 bytes);
/* As consume and paid, whatever the group's limit. */
void stock_charge(struct slab *s, struct group *g, u32 bytes);
/* All that CPUs keep of this group goes back to it. */
void stock_drain(struct slab *s, struct group *g);

/* --- queue.c ---------------------------------------------------------------------------------- */
void queue_push(struct slab_queue *q, pfn_t pfn, u32 nr);
/* Take at most nr of the oldest; they are of one slab. */
struct slab_run queue_pop(struct slab_queue *q, u64 nr);

/* --- slab.c ----------------------------------------------------------------------------------- */
/* What g has; made at first sight. NULL is the root. */
struct slab_group *slab_group_of(struct slab *s, const struct group *g);
/* Who owns what was made for g. */
struct group *slab_owner(const struct slab *s, struct group *g);

/* --- shrinker.c ------------------------------------------------------------------------------- */
u64 slab_shrink(void *slab, struct group *g, unsigned nid, int priority);

#endif
