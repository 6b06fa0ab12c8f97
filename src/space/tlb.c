/* tlb.c - set up and flush. Flushes are rare beside hits, so they search; a hit pays for no
 * generation numbers. */
#include "space/tlb.h"

#include "base/alloc.h"

void tlb_init(struct tlb *t, unsigned entries)
{
    u64 sets = 1;

    assert(entries > 0);
    while (sets * TLB_SLOTS < entries)
        sets *= 2;
    t->huge = NULL;
    t->sets_mask = sets - 1;
    t->ways = (u32)DIV_ROUND_UP(entries, sets);
    t->tags = xcalloc(sets * TLB_SLOTS, sizeof(u64));
    t->hand = xcalloc(sets, sizeof(u8));
    for (u32 way = 0; way < TLB_SLOTS; way++) {
        t->next_hand[false][way] = (u8)way;
        t->next_hand[true][way] = (u8)((way + 1) % t->ways);
    }
    tlb_flush_all(t);
}

void tlb_init_both(struct tlb *t, unsigned entries)
{
    tlb_init(t, entries);
    t->huge = xcalloc(1, sizeof(*t->huge));
    tlb_init(&t->huge->t, entries);
}

void tlb_done(struct tlb *t)
{
    if (t->huge)
        tlb_done(&t->huge->t);
    free(t->huge);
    free(t->tags);
    free(t->hand);
    *t = (struct tlb){0};
}

void tlb_flush_range(struct tlb *t, u32 mm_id, u64 start, u64 end)
{
    if (end - start > TLB_FLUSH_CEILING) {
        tlb_flush_mm(t, mm_id);
        return;
    }
    for (u64 vpn = start; vpn < end; vpn++)
        tlb_flush_page(t, mm_id, vpn);
}

void tlb_flush_huge(struct tlb *t, u32 mm_id, u64 vpn)
{
    u64 start = vpn >> TLB_HUGE_SHIFT << TLB_HUGE_SHIFT;

    for (u64 i = 0; i < 1u << TLB_HUGE_SHIFT; i++)
        tlb_flush_page(t, mm_id, start + i);
}

void tlb_flush_mm(struct tlb *t, u32 mm_id)
{
    u64 mask = tlb_tag(~0u >> 4, 0), tag = tlb_tag(mm_id, 0);

    for (u64 i = 0; i < (t->sets_mask + 1) * TLB_SLOTS; i++) {
        if ((t->tags[i] & mask) == tag)
            t->tags[i] = 0;
    }
    if (t->huge && t->huge->loaded)
        tlb_flush_mm(&t->huge->t, mm_id);
}

void tlb_flush_all(struct tlb *t)
{
    for (u64 i = 0; i < (t->sets_mask + 1) * TLB_SLOTS; i++)
        t->tags[i] = i % TLB_SLOTS < t->ways ? 0 : TLB_NO_WAY;
    if (!t->huge || !t->huge->loaded)
        return;
    tlb_flush_all(&t->huge->t);
    t->huge->loaded = false;
}
