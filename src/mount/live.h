/* live.h - a machine whose virtual time follows a clock, as a view: Linux's files, the control
 * folder, writes.
 *
 * Owner:    one thread owns the machine. It advances from tick to tick (PACE_TICK of virtual time),
 *           and is written to between two ticks only. It is looked at there and, through
 *           view.attend, before a call of a task: a read shows one moment, and takes no time of the
 *           machine's.
 * Repeats:  a write happens at the tick the machine has come to, and is noted with that time. A
 *           machine that is given the notes as its script does the same, however fast the clock
 *           went: its files are the same, byte for byte.
 * Reads:    change nothing, but for statistics of groups on kernels that bring them up to date for
 *           reclaim when somebody reads them (KERNEL_STATS_LATE): that happens at the next tick,
 *           and is noted as a write is.
 * Folder:   highwater/, also as proc/highwater/:
 *             time      virtual time and date, state, speed, how far behind the clock
 *             speed     10x; pause
 *             step      1s: so much time at once, then paused; the write returns when it has passed
 *             kill      PID: SIGKILL to a process
 *             swapon, swapoff    the name of a swap area, as in /proc/swaps
 *             writes    what was written so far, as a script
 *             dmesg     the kernel's log, as in var/log/dmesg
 *             marker    by this file a mount is known to be one (observe/)
 */
#ifndef MOUNT_LIVE_H
#define MOUNT_LIVE_H

#include "mount/pace.h"
#include "mount/view.h"
#include "procfs/registry.h"
#include "workload/scenario_run.h"

struct live_line { /* of the script */
    ns_t at;
    char *memory; /* of its words */
    const char *what, *name, *text;
};

struct live_write { /* in progress */
    ns_t at;        /* when it is tried next */
    char *name;     /* of the file */
    char *text;
    void *cookie; /* NULL: nobody waits for the answer */
    struct control control;
    struct control_state state;
    struct task *task; /* of swapoff */
    bool stepping;     /* to highwater/step: done when the time has come */
};

struct live_trigger {
    int number;
    u16 group; /* its id */
    struct psi_trigger *trigger;
};

struct live {
    struct view view;
    struct scenario_run *run;
    struct system *s;
    struct procfs_registry registry;
    struct pace pace;
    ns_t now;          /* the tick: all before it has happened */
    ns_t end;          /* [machine] runtime; NS_NEVER: none, or it has been passed */
    bool ended;        /* it has been paused there */
    bool stopped;      /* nothing moves any more */
    bool said_waiting; /* in this pause: that a writer waits */
    bool moves_groups; /* the script makes or removes some */
    bool wanted;       /* somebody waits for the end of an advance */
    u64 said_slow;     /* when the user was last told, on the wall */
    struct strbuf log; /* of writes */
    VEC(struct live_line) script;
    size_t script_next;
    VEC(struct live_write) pending;
    VEC(struct live_trigger) triggers;
    int last_trigger;
    VEC(char *) looked; /* files that were read whose statistics come up to date at the next tick */
};

struct live_config {
    struct scenario_run *run; /* not begun */
    double speed;
    bool paused;
    u64 (*wall_ns)(void);
    void (*say)(void *ctx, const char *line);
    void *say_ctx;
};

void live_init(struct live *l, const struct live_config *config);
void live_done(struct live *l);

/* Lines "TIME read NAME" (of statistics that Linux brings up to date for who reads them), "TIME
 * write NAME VALUE", "TIME mkdir NAME", "TIME rmdir NAME" and "TIME interrupt NAME N" (of the N-th
 * write to it that waits), of which those of highwater/writes are an example. */
int live_read_script(struct live *l, const char *path, const char *text, struct err *e);

/* Do what the script wants at the start, and run so far before anybody looks. */
void live_skip(struct live *l, ns_t until);

#endif
