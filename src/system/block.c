/* block.c - see block.h.
 *
 *     packet:  buffer from the atomic reserves, or dropped     array:  reclaims and compacts, and fails when that is in vain
 */
#include "system/block.h"

#include "system/system_int.h"

/* What a driver adds to the bytes of a packet: room before them, and what the stack keeps behind
 * them. */
#define PACKET_OVERHEAD (64u + 320u)

/* After a pause as long as this, whoever reads the packets has read them all. */
#define CATCH_UP_NS (100 * NS_PER_MS)

static unsigned order_of(u64 bytes)
{
    unsigned order = 0;

    while (order < ORDER_MAX - 1 && (u64)PAGE_SIZE << order < bytes)
        order++;
    return order;
}

static void block_put(struct system *s, struct kernel_blocks *b)
{
    pfn_t pfn = b->list.tail;

    pfn_list_del(&s->frames, &b->list, pfn);
    for (pfn_t at = pfn; at < pfn + (1u << b->order); at++)
        frame_set_kind(frames_get(&s->frames, at), FRAME_PAGE);
    frames_free(&s->frames, pfn, b->order, s->mem.cpu);
    mem_cost(&s->mem, s->cost.page_free);
}

/* One more block in front. What was made to wait for it is counted as the task's. */
static enum balance_result block_get(struct system *s, struct task *t, struct kernel_blocks *b,
                                     u32 flags, struct wait *ret_wait)
{
    struct effort_mark effort = effort_begin(s, t);
    pfn_t pfn;
    enum balance_result r = balance_alloc(&s->mem, &t->attempt, b->order, flags, &pfn, ret_wait);

    effort_end(s, t, &effort);
    if (r != BALANCE_OK)
        return r;
    for (pfn_t at = pfn; at < pfn + (1u << b->order); at++)
        frame_set_kind(frames_get(&s->frames, at), FRAME_KERNEL);
    pfn_list_add(&s->frames, &b->list, pfn);
    return BALANCE_OK;
}

/* The size of blocks is that of the task's life. */
static void set_order(struct kernel_blocks *b, u64 bytes)
{
    assert(!b->list.count || b->order == order_of(bytes));
    b->order = order_of(bytes);
}

enum step system_receive(struct system *s, struct task *t, u64 nr, u64 bytes, u64 ring)
{
    struct kernel_blocks *b = &t->packets;
    struct wait wait;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    set_order(b, bytes + PACKET_OVERHEAD);
    t->attempt.purpose = PURPOSE_PACKET;
    if (s->clock.now - b->last > CATCH_UP_NS)
        while (b->list.count)
            block_put(s, b);
    b->last = s->clock.now;
    for (; nr; nr--) {
        b->asked++;
        if (block_get(s, t, b, ALLOC_ATOMIC, &wait) != BALANCE_OK) {
            b->failed++;
            alloc_failure_report(s, t, b->order, PURPOSE_PACKET);
        } else if (b->list.count > ring) {
            block_put(s, b);
        }
        mem_cost(&s->mem, s->cost.copy_page);
    }
    return call_end(s, t);
}

enum step system_make_array(struct system *s, struct task *t, u64 bytes)
{
    struct kernel_blocks *b = &t->array;
    struct wait wait = {0};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    set_order(b, bytes);
    t->attempt.purpose = PURPOSE_ARRAY;
    for (;;) {
        switch (block_get(s, t, b, ALLOC_NOFS, &wait)) {
        case BALANCE_OK:
            b->asked++;
            if (b->list.count > 1)
                block_put(s, b);
            return call_end(s, t);
        case BALANCE_FAIL:
            b->asked++;
            b->failed++;
            alloc_failure_report(s, t, b->order, PURPOSE_ARRAY);
            return call_end(s, t);
        case BALANCE_WAIT:
            return call_wait(t, wait);
        case BALANCE_OOM:
            step = access_step(s, t, ACCESS_OOM);
            if (step != STEP_DONE)
                return step;
            break;
        }
    }
}

void system_free_blocks(struct system *s, struct task *t)
{
    while (t->packets.list.count)
        block_put(s, &t->packets);
    while (t->array.list.count)
        block_put(s, &t->array);
}
