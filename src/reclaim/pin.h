/* pin.h - pages of programs that a device or the kernel uses for long: they stay where they are
 * until they are let go.
 *
 *     page --- pinned ---> not evicted, not migrated, its huge page not split, not shared by fork; unmapped, it stays in memory
 *
 * Mirrors:    mm/gup.c (try_grab_folio and gup_put_folio with FOLL_PIN), include/linux/mm.h
 *             (folio_maybe_dma_pinned), Linux 6.1.
 *             Differs: Linux keeps pins in the reference count, and takes 1,024 other references for one.
 * Owns:       mem.pins: how often the pages of a folio are pinned, by its head.
 * Invariants: (system_check) what is pinned is anonymous memory in use; the counts are those of the
 *             tasks' pins.
 * Counters:   nr_foll_pin_acquired, nr_foll_pin_released.
 */
#ifndef RECLAIM_PIN_H
#define RECLAIM_PIN_H

#include "reclaim/mem.h"

/* Is any page of the folio pinned?   pre: not a tail */
static inline bool folio_is_pinned(const struct mem *mem, pfn_t head)
{
    return unlikely(mem->pins.count != 0) && u64map_get(&mem->pins, head, NULL);
}

/* One more pin on each of nr pages of the folio; the folio's pages lose so many, and it is freed
 * when nothing else needs it. */
void folio_pin(struct mem *mem, pfn_t head, u32 nr);
void folio_unpin(struct mem *mem, pfn_t head, u32 nr);

#endif
