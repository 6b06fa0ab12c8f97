/* tlb.h - what one CPU's TLB would hold: translations by (address space, page).
 *
 * Why it is here: Linux clears accessed bits without flushing, so a page whose translation stays in
 * the TLB is not marked again; TLB reach is part of fidelity (docs/not-modelled.md). PCID: a
 * context switch does not flush.
 *
 * Shape:   sets of up to 4 ways, as many sets as make 3 or 4 ways of a power of two: the default of
 *          1,536 entries (second level of recent x86) is 512 sets of 3. The set is vpn ^ vpn >> 9,
 *          moved by the address space. A free way is taken first, then round robin. A hit changes
 *          nothing.
 * Entry:   vpn (35 bits) | mm id (28 bits) | write. A write through a translation that a read
 *          loaded (entry not writable or not dirty) misses, so that the walk can set the dirty bit,
 *          as the hardware does.
 * Cost:    a set is half a cache line, and a look-up is four compares without a branch between
 *          them.
 * Huge:    a second array holds translations of 2 MiB, as many as there are small ones (x86 shares
 *          its second level between both). The first array then holds pages that were used lately,
 *          whatever translated them: a page that is there is a hit, since the translation behind it
 *          was used as lately. What misses there may still hit in the second array; that is a walk
 *          saved. Differs: huge translations leave no more room to small ones than small ones
 *          would.
 */
#ifndef SPACE_TLB_H
#define SPACE_TLB_H

#include "base/types.h"

#define TLB_SLOTS           4u
#define TLB_ENTRIES_DEFAULT 1536u
#define TLB_WRITE           1ull
#define TLB_NO_WAY          (~0ull) /* no page: mm ids stay below their maximum */
/* tlb_single_page_flush_ceiling: a longer range flushes the whole address space. */
#define TLB_FLUSH_CEILING   33u

struct tlb {
    u64 *tags; /* sets x TLB_SLOTS; 0 free, TLB_NO_WAY where the geometry has no entry */
    u64 sets_mask;
    u32 ways;
    u8 *hand;                   /* by set: the way to replace next */
    struct tlb_huge *huge;      /* NULL: it has no room for translations of huge pages */
    u8 next_hand[2][TLB_SLOTS]; /* the hand after a load, by whether it took the hand's way */
};

/* entries is rounded up to what the shape can have. */
void tlb_init(struct tlb *t, unsigned entries);
void tlb_done(struct tlb *t);

/* The same with room for translations of huge pages. */
void tlb_init_both(struct tlb *t, unsigned entries);

static inline u64 tlb_tag(u32 mm_id, u64 vpn)
{
    return vpn << 29 | (u64)mm_id << 1;
}

static inline u64 tlb_set(const struct tlb *t, u32 mm_id, u64 vpn)
{
    return (vpn ^ vpn >> 9 ^ mm_id * 97ull) & t->sets_mask;
}

/* Is the translation present (for a write: loaded or used by a write)? The hot path of the whole
 * machine. */
static inline bool tlb_hit(const struct tlb *t, u32 mm_id, u64 vpn, bool write)
{
    const u64 *tags = &t->tags[tlb_set(t, mm_id, vpn) * TLB_SLOTS];
    u64 tag = tlb_tag(mm_id, vpn) | TLB_WRITE;
    u64 any = write ? 0 : TLB_WRITE; /* a read takes both kinds */
    u32 found = (u32)((tags[0] | any) == tag) | (u32)((tags[1] | any) == tag) |
                (u32)((tags[2] | any) == tag) | (u32)((tags[3] | any) == tag);

    /* Keeps compilers from turning the four compares into four branches, of which one is hard to
     * predict. */
    __asm__("" : "+r"(found));
    return found;
}

/* Load a translation; write: the entry is writable and dirty. Replaces one of the same page. */
static inline void tlb_insert(struct tlb *t, u32 mm_id, u64 vpn, bool write)
{
    u64 set = tlb_set(t, mm_id, vpn);
    u64 *tags = &t->tags[set * TLB_SLOTS];
    u64 tag = tlb_tag(mm_id, vpn) | TLB_WRITE;
    u32 hand = t->hand[set], slot = hand;

    /* The same page, else a free slot, else the hand's. Free ones are few; the rest as conditional
     * moves, since no branch there is predictable. */
    if (unlikely(!tags[0] || !tags[1] || !tags[2] || !tags[3]))
        slot = !tags[0] ? 0 : !tags[1] ? 1 : !tags[2] ? 2 : 3;
    slot = (tags[3] | TLB_WRITE) == tag ? 3 : slot;
    slot = (tags[2] | TLB_WRITE) == tag ? 2 : slot;
    slot = (tags[1] | TLB_WRITE) == tag ? 1 : slot;
    slot = (tags[0] | TLB_WRITE) == tag ? 0 : slot;
    t->hand[set] = t->next_hand[slot == hand][hand];
    tags[slot] = write ? tag : tag & ~TLB_WRITE;
}

#define TLB_HUGE_SHIFT 9u
struct tlb_huge {
    struct tlb t; /* by huge page: vpn >> TLB_HUGE_SHIFT */
    bool loaded;  /* something was loaded since it was empty */
};

/* Is the huge page around vpn translated as a whole? */
static inline bool tlb_hit_huge(const struct tlb *t, u32 mm_id, u64 vpn, bool write)
{
    return t->huge && tlb_hit(&t->huge->t, mm_id, vpn >> TLB_HUGE_SHIFT, write);
}

static inline void tlb_insert_huge(struct tlb *t, u32 mm_id, u64 vpn, bool write)
{
    if (!t->huge)
        return;
    tlb_insert(&t->huge->t, mm_id, vpn >> TLB_HUGE_SHIFT, write);
    t->huge->loaded = true;
}

/* The page, and a huge one around it. */
static inline void tlb_flush_page(struct tlb *t, u32 mm_id, u64 vpn)
{
    u64 *tags = &t->tags[tlb_set(t, mm_id, vpn) * TLB_SLOTS];
    u64 tag = tlb_tag(mm_id, vpn);

    for (u32 i = 0; i < TLB_SLOTS; i++) {
        if ((tags[i] & ~TLB_WRITE) == tag)
            tags[i] = 0;
    }
    if (unlikely(t->huge && t->huge->loaded))
        tlb_flush_page(&t->huge->t, mm_id, vpn >> TLB_HUGE_SHIFT);
}

/* Pages [start, end), as flush_tlb_mm_range(): one by one up to TLB_FLUSH_CEILING, else the whole
 * address space. */
void tlb_flush_range(struct tlb *t, u32 mm_id, u64 start, u64 end);

/* The huge page around vpn, by what translation ever: one flush on x86. */
void tlb_flush_huge(struct tlb *t, u32 mm_id, u64 vpn);

/* cost: a pass over all entries, some 1 us. */
void tlb_flush_mm(struct tlb *t, u32 mm_id);
void tlb_flush_all(struct tlb *t);

#endif
