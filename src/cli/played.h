/* played.h - a capture as a view: its samples follow each other as they once did, and nothing can
 * be written.
 *
 * Each sample's texts stand until the next one's time. After the last one time stands still. The
 * control folder has time, speed, step and marker.
 */
#ifndef CLI_PLAYED_H
#define CLI_PLAYED_H

#include "base/vec.h"
#include "mount/pace.h"
#include "mount/view.h"
#include "observe/capture.h"

struct played_file {
    char *name, *text;
    size_t len;
};

struct played {
    struct view view;
    struct capture *capture;
    size_t sample;
    VEC(struct played_file) files; /* of the sample, by name */
    struct pace pace;
    ns_t now, end;  /* since the first sample; until the last */
    void *stepping; /* who waits for a step to end; NULL: nobody */
};

/* 0, or -Exxx with the reason in e. The capture is the view's from then on. */
int played_open(struct played *p, const char *path, double speed, bool paused, ns_t skip,
                u64 (*wall_ns)(void), struct err *e);
void played_close(struct played *p);

#endif
