/* prefix.h - what loggers put before a message, taken apart: times, host, program.
 *
 * Reads:  every element that any logger writes, in any order and number (prefix.c lists them), so
 *         that a format is a sentence of known words and a new mixture of them needs nothing new.
 * Times:  since boot and of day are kept apart; a date without a year takes the one that keeps the
 *         log in order, the last at most `latest_year`; a local time without an offset is read as
 *         UTC.
 */
#ifndef PASTE_PREFIX_H
#define PASTE_PREFIX_H

#include "observe/span.h"

/* What earlier lines of the same log say about later ones. */
struct prefix_log {
    /* when the log was read or written; dates without a year are of it or before */
    int latest_year;
    int year; /* of the last such date; 0: none yet */
    int month;
};

struct prefix {
    struct span message;
    struct span
        untagged; /* the message with the name of the program, where a time alone stood before it */
    struct span host, program; /* empty where the line has none */
    u64 at_us, wall_us;        /* since boot, since 1970; UINT64_MAX */
    bool is_log;               /* something of a logger stood before the message */
    bool is_kernel; /* and it says that the kernel speaks: a time since boot, or the name */
    bool year_guessed;
};

void prefix_take(struct span line, struct prefix_log *log, struct prefix *ret);

/* The beginning of a line, at a look: is it one that a logger writes? Cheap, may err. */
bool prefix_likely(struct span line);

/* Does it begin with a date or a time since boot in one of the commonest forms? Cheap, and never
 * true of a table's row. */
bool prefix_certain(struct span line);

#endif
