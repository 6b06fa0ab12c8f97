/* simulated.h - a machine of our own as a source, and captures of it in virtual time.
 *
 * The observer meets the machine at text alone, here too: the source shows the files that `run
 * --proc` would write at this instant.
 * Never:  reads a clock of the host. The times in the capture are virtual: seconds since the
 *         machine started, which is 1970.
 */
#ifndef CLI_SIMULATED_H
#define CLI_SIMULATED_H

#include "observe/capture.h"
#include "observe/snapshot.h"
#include "system/system.h"

struct simulated_capture {
    struct system *system;
    struct capture_writer *writer;
    ns_t every;
    int error; /* the first one; nothing is written after it */
    struct err e;
    void (*also)(void *ctx); /* who watched the machine before; it moves watch_at on */
    void *also_ctx;
};

/* The machine's files as they are now; the machine must outlive it. Later changes do not show. */
struct source *simulated_source(const struct system *s);

/* A new capture. 0, or -Exxx: then there is none. */
int simulated_capture_open(struct simulated_capture *c, struct system *s, const char *path,
                           const char *what, unsigned mode, ns_t every, struct err *e);

/* Take a sample every so often from now on. Whoever watches the machine already goes on watching,
 * at the same times. Nothing when no capture is open. */
void simulated_capture_start(struct simulated_capture *c);

/* Take the last sample and give the file its name. 0, or the first error, and then no file is
 * left. */
int simulated_capture_finish(struct simulated_capture *c, struct err *e);

/* Leave no file, if it is not finished. */
void simulated_capture_abort(struct simulated_capture *c);

#endif
