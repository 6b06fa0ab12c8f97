/* swapoff.c - an area is turned off while the machine runs, and on again.
 *
 *   no new slots; then, until no slot is used:
 *     1. every file of shared memory: its entries in the area are read back into the page cache
 *     2. every address space: its entries are read back and mapped
 *     3. the swap cache: pages that nobody refers to there lose their slot
 *   what appears behind the cursor meanwhile (a fork copies entries, a mapped page keeps its slot)
 *   is found in the next round
 *
 * Each page is charged to the group that had it in swap, which may have to reclaim for it, or be
 * killed. How far it has come is kept in the area; the caller's task has only to make the call
 * again. Mirrors swapoff(), try_to_unuse(), unuse_mm() of mm/swapfile.c, shmem_unuse() of
 * mm/shmem.c, Linux 6.1. Differs: address spaces are visited in the order they were made. */
#include <errno.h>
#include <string.h>

#include "balance/overcommit.h"
#include "system/swap.h"
#include "system/system_int.h"

#define PAGES_AT_ONCE 32u    /* then others have a turn */
#define SLOTS_AT_ONCE 16384u /* looked at in the third pass */
#define FORK_POLL_NS  (20 * NS_PER_US)
#define PHASE_SHMEM   0u
#define PHASE_MM      1u
#define PHASE_CACHE   2u

struct unuse {
    struct system *s;
    struct task *t;
    struct swap_area *area;
    u32 number;
    u32 budget; /* pages, until it is somebody else's turn */
    struct access_ctx *ac;
};

static bool in_area(const struct unuse *u, swp_t e)
{
    return swp_area(e) == u->number;
}

static void next_phase(struct unuse *u)
{
    u->area->unuse.phase = (u->area->unuse.phase + 1) % 3;
    u->area->unuse.id = 1;
    u->area->unuse.at = 0;
}

static void next_id(struct unuse *u)
{
    u->area->unuse.id++;
    u->area->unuse.at = 0;
}

/* --- 1. shared memory ------------------------------------------------------------------------- */
/* The next page of the inode from *at on that is in the area. */
static bool find_shmem(const struct unuse *u, const struct inode *inode, u64 *at)
{
    u64 index, entry;

    xa_for_each_range (&inode->pages, index, entry, *at, UINT64_MAX) {
        if (entry_is_shadow(entry) && in_area(u, entry_swap(entry))) {
            *at = index;
            return true;
        }
    }
    return false;
}

static enum access_result unuse_shmem(struct unuse *u)
{
    const struct backing *b = &u->s->backing;
    u32 id = u->area->unuse.id;
    struct inode *inode = id < b->nr_inodes ? inode_get(b, id) : NULL;

    if (id >= b->nr_inodes) {
        next_phase(u);
        return ACCESS_OK;
    }
    if (!inode || inode->kind != INODE_SHMEM || !inode->nr_shadows ||
        !find_shmem(u, inode, &u->area->unuse.at)) {
        next_id(u);
        return ACCESS_OK;
    }
    u->budget--;
    return access_unuse_shmem(u->ac, inode, u->area->unuse.at);
}

/* --- 2. address spaces ------------------------------------------------------------------------ */
static pte_t *find_entry(const struct unuse *u, struct mm *mm, vpn_t *at)
{
    struct pte_ref ref;

    pagetable_for_each (mm, v, ref, *at, VPN_END) {
        if (pte_is_swap(*ref.slot) && in_area(u, pte_swp(*ref.slot))) {
            *at = v;
            return ref.slot;
        }
    }
    return NULL;
}

/* Pages whose group is gone are the owner's of the address space. */
static enum access_result unuse_entry(struct unuse *u, struct mm *mm, vpn_t vpn, pte_t *slot)
{
    struct group *own = u->ac->group, *g = group_get(&u->s->groups, mm->memcg);
    enum access_result r;

    u->ac->group = g && g->online ? g : own;
    r = access_unuse(u->ac, vma_find(mm, vpn), vpn, slot);
    u->ac->group = own;
    if (r == ACCESS_OK && mm->locked_vm)
        mlock_new_page(u->s, mm, vpn);
    return r;
}

static enum access_result unuse_mm(struct unuse *u)
{
    struct system *s = u->s;
    u32 id = u->area->unuse.id;
    struct mm *mm = id < s->space.next_mm_id ? mm_get(&s->space, id) : NULL;
    pte_t *slot;

    if (id >= s->space.next_mm_id) {
        next_phase(u);
        return ACCESS_OK;
    }
    if (!mm || !mm->swapents) {
        next_id(u);
        return ACCESS_OK;
    }
    if (mm->locked_by) { /* it forks */
        *u->ac->wait = (struct wait){WAIT_RECLAIM, s->clock.now + FORK_POLL_NS};
        return ACCESS_WAIT;
    }
    slot = find_entry(u, mm, &u->area->unuse.at);
    if (!slot) {
        next_id(u);
        return ACCESS_OK;
    }
    u->budget--;
    mem_cost(&s->mem, s->cost.unmap_page);
    return unuse_entry(u, mm, u->area->unuse.at, slot);
}

/* --- 3. the swap cache ------------------------------------------------------------------------ */
static enum access_result unuse_cache(struct unuse *u)
{
    struct mem *mem = &u->s->mem;
    u64 end = MIN(u->area->unuse.at + SLOTS_AT_ONCE, (u64)u->area->nr_slots + 1);

    for (u64 slot = MAX(u->area->unuse.at, 1u); slot < end; slot++) {
        swp_t e = swp_make(u->number, (u32)slot);
        pfn_t pfn;

        u->area->unuse.at = slot;
        if (u->area->slots[slot].count != SWAP_HAS_CACHE)
            continue;
        pfn = swapcache_find(&u->s->swap, e);
        assert(pfn != PFN_NONE); /* nothing is taken ahead any more */
        if (frame_test(frames_get(mem->frames, pfn), PG_LOCKED | PG_WRITEBACK)) {
            *u->ac->wait =
                (struct wait){WAIT_SWAPIN, MAX(io_done_at(mem, pfn), u->s->clock.now + 1)};
            return ACCESS_WAIT;
        }
        if (!page_free_if_unused(mem, pfn))
            page_free_swap(mem, pfn);
    }
    u->area->unuse.at = end;
    u->budget -= MIN(u->budget, PAGES_AT_ONCE / 8);
    if (end > u->area->nr_slots)
        next_phase(u);
    return ACCESS_OK;
}

/* --- the calls -------------------------------------------------------------------------------- */
static enum access_result unuse_one(struct unuse *u)
{
    switch (u->area->unuse.phase) {
    case PHASE_SHMEM:
        return unuse_shmem(u);
    case PHASE_MM:
        return unuse_mm(u);
    default:
        return unuse_cache(u);
    }
}

/* 0: it has begun. */
static int begin(struct system *s, struct task *t, const char *name)
{
    u32 number = swap_find(&s->swap, name);
    struct swap_area *a;

    if (number == SWAP_AREAS_MAX)
        return -EINVAL;
    a = &s->swap.areas[number];
    if (!overcommit_allows(&s->mem, NULL, a->nr_slots, true))
        return -ENOMEM;
    swap_off_begin(&s->swap, number);
    a->unuser = t;
    a->unuse.phase = PHASE_SHMEM;
    a->unuse.id = 1;
    a->unuse.at = 0;
    t->progress = number + 1;
    return 0;
}

enum step system_swapoff(struct system *s, struct task *t, const char *name, int *ret_error)
{
    struct unuse u = {.s = s, .t = t, .budget = PAGES_AT_ONCE};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    *ret_error = 0;
    if (!t->progress) {
        mem_cost(&s->mem, s->cost.syscall);
        *ret_error = begin(s, t, name);
        if (*ret_error)
            return call_end(s, t);
    }
    u.number = (u32)t->progress - 1;
    u.area = &s->swap.areas[u.number];
    u.ac = task_access(s, t);
    while (u.area->used) {
        enum access_result r = unuse_one(&u);

        step = access_step(s, t, r);
        if (step != STEP_DONE)
            return step;
        if (!u.budget) {
            system_check_step(s);
            return call_wait(t, (struct wait){WAIT_NOTHING, s->clock.now});
        }
    }
    swap_off_end(&s->swap, u.number);
    return call_end(s, t);
}

void swapoff_abandon(struct system *s, const struct task *t)
{
    if (likely(!s->swap.slots_cache_held))
        return;
    for (u32 i = 0; i < s->swap.nr_areas; i++)
        if (s->swap.areas[i].unuser == t)
            swap_off_abort(&s->swap, i);
}

bool swapoff_is_under_way(const struct system *s, const struct task *t)
{
    for (u32 i = 0; s->swap.slots_cache_held && i < s->swap.nr_areas; i++)
        if (s->swap.areas[i].unuser == t)
            return true;
    return false;
}

int system_swapon(struct system *s, unsigned i)
{
    const char *name = s->config.swaps[i].name;

    for (u32 a = 0; a < s->swap.nr_areas; a++)
        if (s->swap.areas[a].in_use && strcmp(s->swap.areas[a].name, name) == 0)
            return -EBUSY;
    return swap_start(s, i, NULL) ? -EPERM : 0;
}
