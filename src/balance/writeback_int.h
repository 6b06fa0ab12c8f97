/* writeback_int.h - between the files of dirty throttling and the flusher. */
#ifndef BALANCE_WRITEBACK_INT_H
#define BALANCE_WRITEBACK_INT_H

#include "balance/dirty.h"
#include "balance/writeback.h"

/* The machine's domain and, when wb is a group's, the group's: *ret_mdc. avail, dirty and the
 * thresholds are filled in. `background`: dirty is without what is being written, as the background
 * threshold counts. False: there is no group's domain. */
bool dirty_controls(struct mem *mem, struct bdi_writeback *wb, bool background,
                    struct dirty_control *ret_gdc, struct dirty_control *ret_mdc);

static inline bool wb_in_progress(const struct bdi_writeback *wb)
{
    return wb->work != WB_WORK_NONE;
}

/* Let the flusher look for work at once. */
void wb_start_background(struct mem *mem, struct bdi_writeback *wb);

#endif
