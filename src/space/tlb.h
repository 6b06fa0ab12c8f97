/* tlb.h - what one CPU's TLB would hold: translations by (address space, page).
 *
 * Why it is here: Linux clears accessed bits without flushing, so a page whose translation stays in the TLB is not marked
 * again; TLB reach is part of fidelity (docs/not-modelled.md). PCID: a context switch does not flush.
 * Default geometry: 1,536 entries (parameter), 4-way, round robin. Entries carry a write permission bit: a write through a
 * translation loaded by a read (PTE not dirty) walks again.
 */
#ifndef SPACE_TLB_H
#define SPACE_TLB_H

#include "base/types.h"

struct tlb {
    u64 *tag; /* sets x ways: (vpn << 20 | asid hash..) | write bit; 0 empty */
    u32 sets_mask;
    u8 *hand;
    u64 generation;
};

void tlb_init(struct tlb *t, unsigned entries);
void tlb_done(struct tlb *t);
/* Inline in the hot path; see tlb.h's implementer. true: translation present (for a write: with write and dirty). */
static inline bool tlb_hit(const struct tlb *t, u32 mm_id, u64 vpn, bool write);
void tlb_insert(struct tlb *t, u32 mm_id, u64 vpn, bool write);
void tlb_flush_page(struct tlb *t, u32 mm_id, u64 vpn);
void tlb_flush_mm(struct tlb *t, u32 mm_id);
void tlb_flush_all(struct tlb *t);

#endif
