/* pin.c - see pin.h. */
#include "reclaim/pin.h"

#include "reclaim/page.h"

void folio_pin(struct mem *mem, pfn_t head, u32 nr)
{
    assert(frame_test(frames_get(mem->frames, head), PG_ANON));
    u64map_add(&mem->pins, head, nr);
    frames_count(mem->frames, head, NR_FOLL_PIN_ACQUIRED, nr);
}

void folio_unpin(struct mem *mem, pfn_t head, u32 nr)
{
    u64 pins = 0;

    u64map_get(&mem->pins, head, &pins);
    assert(pins >= nr);
    frames_count(mem->frames, head, NR_FOLL_PIN_RELEASED, nr);
    if (pins > nr) {
        u64map_put(&mem->pins, head, pins - nr);
        return;
    }
    u64map_del(&mem->pins, head, NULL);
    if (!frames_get(mem->frames, head)->mapcount)
        page_free_if_unused(mem, head);
}
