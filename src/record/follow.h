/* follow.h - how long a recording goes on: until the program and all that it left behind have
 * ended, or until it is stopped.
 *
 * This process becomes the reaper of orphans while it records, so a daemon is waited for like a
 * child, and the CPU time of all counts. A recording ends early at a time, with the first program,
 * or, once that has ended, by SIGINT, SIGTERM or SIGHUP. Whoever still runs then goes on
 * unrecorded, except a first program in the foreground of a terminal, which is asked to end
 * (SIGTERM) and recorded until it does.
 *
 * Owns:       the dispositions of SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGXFSZ and SIGUSR2 between
 *             follow_begin and follow_end.
 */
#ifndef RECORD_FOLLOW_H
#define RECORD_FOLLOW_H

#include "base/types.h"

#include <signal.h>
#include <sys/types.h>

#define FOLLOW_SIGNALS   6
#define FOLLOW_WHOM_SIZE 256

struct follow {
    pid_t leader;
    bool leader_only;
    ns_t stop_at_ns; /* 0: never */
    bool leader_ended;
    int leader_status;           /* as from wait(2) */
    ns_t starved_ns;             /* in which main threads of ended children waited for a CPU */
    unsigned nr_left;            /* descendants that run now, as of the last look */
    ns_t left_cpu_ns;            /* CPU time of these, and of those that they have reaped */
    char whom[FOLLOW_WHOM_SIZE]; /* some of them: "nginx (41), nginx (42)" */
    ns_t asked_ns;               /* when the first program was asked to end */
    bool timed_out;              /* stop_at_ns ended the recording, before any signal did */
    struct sigaction saved[FOLLOW_SIGNALS];
};

/* Take the signals. `ret_default` is what the program must have back. */
void follow_begin(struct follow *f, sigset_t *ret_default);
void follow_end(struct follow *f);

/* The first program runs. */
void follow_leader(struct follow *f, pid_t leader);

enum follow_state {
    FOLLOW_RUNNING,
    FOLLOW_ALL_ENDED,
    FOLLOW_LEADER_ENDED, /* with leader_only */
    FOLLOW_STOPPED,
};

/* Reap whoever has ended, and tell about each. */
enum follow_state follow_look(struct follow *f, ns_t now,
                              void (*ended)(pid_t pid, int wait_status, void *data), void *data);

/* Refresh nr_left, left_cpu_ns and whom. */
void follow_count(struct follow *f);

/* SIGUSR2 since the last call. */
unsigned follow_marks(void);

#endif
