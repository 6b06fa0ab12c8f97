/* move.c - see move.h.
 *
 * A walk over a range moves the folio behind each entry; after a wait it goes on at the page that
 * it had come to (task->progress). What other processes map too stays, unless all is to be
 * moved. */
#include "system/move.h"

#include "reclaim/lru.h"
#include "system/cpuset.h"
#include "system/mempolicy.h"
#include "system/system_int.h"

#include <errno.h>

static bool is_wanted(const struct system *s, const struct page_move *m, pfn_t pfn)
{
    const struct frames *fr = &s->frames;

    return m->from >> frame_nid(fr, pfn) & 1 &&
           (m->all || page_mapcount(fr, frames_get(fr, pfn)) == 1);
}

/* Where the page of a mapping is to move to. */
static struct alloc_place target_of(struct system *s, const struct page_move *m,
                                    const struct vma *vma, vpn_t vpn, pfn_t pfn)
{
    if (m->to)
        return (struct alloc_place){.nodes = {m->to, (unsigned)__builtin_ctzll(m->to)}};
    if (folio_is_large(frames_get(&s->frames, pfn)))
        return place_huge_by_vma(&s->mem, vma, vpn);
    return place_by_vma(&s->mem, vma, vpn);
}

/* False: t->wait. */
static bool move_one(struct system *s, struct task *t, struct page_move *m,
                     struct alloc_place place, pfn_t pfn)
{
    struct wait wait;
    int err = 0;

    if (!t) {
        migrate_folio_to(&s->mem, pfn, place.nodes.nid, m->reason);
        return true;
    }
    if (balance_migrate(&s->mem, &t->attempt, pfn, &place, m->reason, &err, &wait) ==
        BALANCE_WAIT) {
        t->wait = wait;
        return false;
    }
    m->failed += err != 0;
    return true;
}

bool move_pages_of(struct system *s, struct task *t, struct page_move *m, vpn_t *at, vpn_t end)
{
    struct pte_ref ref;

    while ((*at = pagetable_next(m->mm, *at, end, &ref)) < end) {
        const struct vma *vma = vma_find(m->mm, *at);
        vpn_t next = pte_ref_end(ref, *at);

        if (pte_has_frame(*ref.slot) && vma && !(vma->flags & (VM_SPECIAL | VM_HUGETLB))) {
            pfn_t pfn = pte_pfn(*ref.slot);

            if (is_wanted(s, m, pfn) && !move_one(s, t, m, target_of(s, m, vma, *at, pfn), pfn))
                return false;
        }
        *at = next;
    }
    return true;
}

enum step system_move_pages(struct system *s, struct task *t, const struct task *owner,
                            vaddr_t addr, u64 len, unsigned nid, bool all)
{
    vpn_t at = t->progress ? t->progress - 1 : addr >> PAGE_SHIFT;
    struct page_move m = {.mm = owner->mm, .all = all, .reason = MR_SYSCALL};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (nid >= s->frames.nr_nodes || !s->frames.topology.ram_bytes[nid])
        return call_refuse(s, t, -ENODEV);
    if (!(cpuset_mems_allowed(s, owner) >> nid & 1))
        return call_refuse(s, t, -EACCES);
    if (!(cpuset_mems_allowed(s, t) >> nid & 1))
        return call_end(s, t); /* the caller allocates, and may not there: nothing moves */
    if (!t->progress) {
        mem_cost(&s->mem, s->cost.syscall);
        lru_add_drain_all(&s->mem);
    }
    m.to = BIT_ULL(nid);
    m.from = ~m.to;
    if (!move_pages_of(s, t, &m, &at, DIV_ROUND_UP(addr + len, PAGE_SIZE))) {
        t->progress = at + 1;
        return call_wait(t, t->wait);
    }
    return call_end(s, t);
}

/* The next node to empty, and where to: first one whose place is not to be emptied itself, so that
 * no page moves twice. False: none is left. */
static bool next_pair(u64 *left, u64 from, u64 to, unsigned *ret_source, unsigned *ret_dest)
{
    bool same = __builtin_popcountll(from) == __builtin_popcountll(to), found = false;

    for (u64 rest = *left; rest; rest &= rest - 1) {
        unsigned node = (unsigned)__builtin_ctzll(rest);
        unsigned dest = (unsigned)__builtin_ctzll(mempolicy_moved_nodes(BIT_ULL(node), from, to));

        if ((!same && to >> node & 1) || dest == node)
            continue;
        found = true;
        *ret_source = node;
        *ret_dest = dest;
        if (!(*left >> dest & 1))
            break;
    }
    if (found)
        *left &= ~BIT_ULL(*ret_source);
    return found;
}

/* progress: how many nodes it has come to, above the page at hand. */
#define ROUND_SHIFT 40u

static bool move_between_nodes(struct system *s, struct task *t, struct mm *mm, u64 from, u64 to,
                               bool all)
{
    u64 left = from, progress = t ? t->progress : 0;
    unsigned source, dest, round = 0, came_to = (unsigned)(progress >> ROUND_SHIFT);
    vpn_t at = progress & (BIT_ULL(ROUND_SHIFT) - 1);

    while (next_pair(&left, from, to, &source, &dest)) {
        struct page_move m = {.mm = mm,
                              .from = BIT_ULL(source),
                              .to = BIT_ULL(dest),
                              .all = all,
                              .reason = MR_SYSCALL};

        if (++round < came_to)
            continue;
        if (round > came_to)
            at = 0;
        if (!move_pages_of(s, t, &m, &at, VPN_END)) {
            t->progress = (u64)round << ROUND_SHIFT | at;
            return false;
        }
    }
    return true;
}

enum step system_migrate_pages(struct system *s, struct task *t, const struct task *owner, u64 from,
                               u64 to)
{
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (t->uid && to & ~cpuset_mems_allowed(s, owner))
        return call_refuse(s, t, -EPERM);
    to &= cpuset_mems_allowed(s, t);
    if (!to)
        return call_refuse(s, t, -EINVAL);
    if (!t->progress) {
        mem_cost(&s->mem, s->cost.syscall);
        lru_add_drain_all(&s->mem);
    }
    if (!move_between_nodes(s, t, owner->mm, from, to, t->uid == 0))
        return call_wait(t, t->wait);
    return call_end(s, t);
}

void move_with_cpuset(struct system *s, struct mm *mm, u64 from, u64 to)
{
    lru_add_drain_all(&s->mem);
    move_between_nodes(s, NULL, mm, from, to, true);
}
