/* pin.c - see pin.h. */
#include "system/pin.h"

#include <errno.h>

#include "balance/balance.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"
#include "reclaim/pin.h"
#include "system/system_int.h"

/* A page under I/O that is to leave ZONE_MOVABLE is looked at again so often, when it is not known
 * how long that takes. */
#define POLL_NS NS_PER_MS

static int check_range(struct system *s, struct task *t, struct span r)
{
    for (vpn_t at = r.start; at < r.end;) {
        const struct vma *vma = vma_find(t->mm, at);

        if (!vma || !(vma->flags & VM_WRITE))
            return -EFAULT;
        if (vma->inode || (vma->flags & VM_SHARED))
            return -EOPNOTSUPP;
        at = vma->end;
    }
    return mlock_allowed(s, t, t->mm->pinned_vm + (r.end - r.start)) ? 0 : -ENOMEM;
}

/* Let go of the newest pins until so many are left. */
static void release_to(struct system *s, struct mm *mm, u64 left)
{
    while (mm->pins.count > left) {
        struct mm_pin pin = vec_pop(&mm->pins);

        mm->pinned_vm -= pin.nr;
        folio_unpin(&s->mem, pin.head, pin.nr);
    }
}

static enum step give_up(struct system *s, struct task *t, int error)
{
    release_to(s, t->mm, t->pins_before);
    return call_refuse(s, t, error);
}

/* Out of the zone that is to stay movable. *ret_error: it cannot. */
static enum step move_out(struct system *s, struct task *t, pfn_t head, int *ret_error)
{
    struct wait wait;
    ns_t done;

    lru_add_drain_all(&s->mem);
    switch (balance_migrate_unmovable(&s->mem, &t->attempt, head, ret_error, &wait)) {
    case BALANCE_WAIT:
        return call_wait(t, wait);
    case BALANCE_OOM:
        return access_step(s, t, ACCESS_OOM);
    case BALANCE_OK:
    case BALANCE_FAIL:
        break;
    }
    if (*ret_error != -EAGAIN)
        return STEP_DONE;
    done = io_done_at(&s->mem, head);
    *ret_error = 0;
    return call_wait(t, (struct wait){WAIT_RECLAIM, done > s->clock.now && done != NS_NEVER
                                                        ? done
                                                        : s->clock.now + POLL_NS});
}

/* Pin what the entry at vpn maps, up to the end. *ret_next: the page after it, or vpn when it
 * moved. */
static enum step pin_at(struct system *s, struct task *t, vpn_t vpn, vpn_t end, vpn_t *ret_next,
                        int *ret_error)
{
    struct pte_ref ref = pagetable_lookup(t->mm, vpn);
    pfn_t head = folio_head_pfn(&s->frames, pte_pfn(*ref.slot));
    struct mm_pin pin = {head, 1};

    *ret_next = vpn;
    *ret_error = 0;
    if (frame_zone(frames_get(&s->frames, head)) == ZONE_MOVABLE)
        return move_out(s, t, head, ret_error);
    *ret_next = MIN(pte_ref_end(ref, vpn), end);
    pin.nr = (u32)(*ret_next - vpn);
    folio_pin(&s->mem, pin.head, pin.nr);
    vec_push(&t->mm->pins, pin);
    t->mm->pinned_vm += pin.nr;
    mem_cost(&s->mem, s->cost.referenced);
    return STEP_DONE;
}

enum step system_pin(struct system *s, struct task *t, vaddr_t addr, u64 len)
{
    struct span r = {addr >> PAGE_SHIFT, (addr + len + PAGE_SIZE - 1) >> PAGE_SHIFT};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (!t->progress) {
        int error = check_range(s, t, r);

        if (error)
            return call_refuse(s, t, error);
        t->pins_before = t->mm->pins.count;
    }
    for (vpn_t vpn = r.start + (t->progress ? t->progress - 1 : 0), next; vpn < r.end; vpn = next) {
        bool bad;
        int error = 0;

        t->progress = vpn - r.start + 1;
        step = user_access(s, t, vpn, ACCESS_WRITE, &bad);
        if (step != STEP_DONE)
            return step;
        if (bad)
            return give_up(s, t, -EFAULT);
        step = pin_at(s, t, vpn, r.end, &next, &error);
        if (step != STEP_DONE)
            return step;
        if (error)
            return give_up(s, t, -ENOMEM);
    }
    return call_end(s, t);
}

void pins_release(struct system *s, struct mm *mm)
{
    release_to(s, mm, 0);
}

void pins_check(const struct system *s)
{
    struct u64map pins;
    u64 cursor, head, nr, held = 0;

    u64map_init(&pins);
    for (u32 id = 1; id < s->space.next_mm_id; id++) {
        const struct mm *mm = mm_get(&s->space, id);
        u64 sum = 0;

        if (!mm)
            continue;
        vec_for_each (&mm->pins, pin) {
            u64map_add(&pins, pin->head, pin->nr);
            sum += pin->nr;
        }
        assert(sum == mm->pinned_vm);
        held += sum;
    }
    assert(pins.count == s->mem.pins.count);
    u64map_for_each (&pins, cursor, head, nr) {
        u64 counted = 0;

        assert(u64map_get(&s->mem.pins, head, &counted) && counted == nr);
        assert(frame_test(frames_get(&s->frames, (pfn_t)head), PG_ANON));
    }
    u64map_done(&pins);
    assert((u64)(s->counters.v[NR_FOLL_PIN_ACQUIRED] - s->counters.v[NR_FOLL_PIN_RELEASED]) ==
           held);
}
