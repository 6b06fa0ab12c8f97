/* psi.h - pressure stall information: how much of the time work was held up for want of memory, I/O
 * or CPU.
 *
 * Mirrors:    kernel/sched/psi.c, include/linux/psi_types.h, Linux 6.1 (HZ=250), without interrupt
 *             pressure.
 * Owns:       one struct psi_group per cgroup; the root's is the machine's.
 * Never:      reads a clock: every call says what time it is. Nothing ticks: what a worker would
 *             have done since is made up for at the next change or look, at the times at which it
 *             would have been done.
 * Invariants: (psi_check) a CPU's state mask follows from its task counts; memstall_running <=
 *             memstall, running.
 * Cost:       a change is O(states that were on); a look O(CPUs).
 * Use:        psi_group_change(g, cpu, clear, set, current_stalls, now) at each change of a task,
 *             for its group and all above; psi_show(g, PSI_MEM, true, now, &f).
 */
#ifndef STATS_PSI_H
#define STATS_PSI_H

#include "base/strbuf.h"
#include "base/types.h"

enum psi_res {
#define PSI_RESOURCE(id, name) PSI_##id,
#include "stats/psi_resources.def"
#undef PSI_RESOURCE
    NR_PSI_RESOURCES
};
extern const char *const psi_res_name[NR_PSI_RESOURCES];
/* As reports list them: what this program is about first. */
extern const enum psi_res psi_res_by_worth[NR_PSI_RESOURCES];
/* The resource of this name, or NR_PSI_RESOURCES. */
enum psi_res psi_res_find(const char *name);

enum psi_state { /* of one CPU in one group: psi_res * 2, + 1 for full */
#define PSI_RESOURCE(id, name) PSI_##id##_SOME, PSI_##id##_FULL,
#include "stats/psi_resources.def"
#undef PSI_RESOURCE
                 PSI_NONIDLE,
                 NR_PSI_STATES
};

/* What a task is: any of these. */
enum psi_task {
    PSI_TSK_IOWAIT = 1,
    PSI_TSK_MEMSTALL = 2,
    PSI_TSK_RUNNING = 4, /* runnable, on a CPU or not */
    PSI_TSK_MEMSTALL_RUNNING = 8,
    PSI_TSK_ONCPU = 16,
};
enum { PSI_NR_IOWAIT, PSI_NR_MEMSTALL, PSI_NR_RUNNING, PSI_NR_MEMSTALL_RUNNING, NR_PSI_COUNTS };

/* Two readers look at their own pace, each with its own memory of what it saw. */
enum psi_aggregator { PSI_AVGS, PSI_POLL, NR_PSI_AGGREGATORS };

struct psi_cpu {
    u32 tasks[NR_PSI_COUNTS];
    bool oncpu;     /* one of them is on the CPU */
    u32 state_mask; /* bits of enum psi_state */
    ns_t state_start;
    u64 times[NR_PSI_STATES]; /* ns, up to state_start */
    u64 times_prev[NR_PSI_AGGREGATORS][NR_PSI_STATES];
};

/* "some 150000 1000000": an event when the growth within the window reaches the threshold, one per
 * window at most. */
struct psi_trigger {
    struct psi_trigger *next;
    enum psi_state state;
    u64 threshold_ns, window_ns;
    ns_t window_start;
    u64 window_value, window_growth; /* total at its start; growth in the window before */
    bool pending;
    ns_t first_event, last_event; /* 0: none */
    u64 nr_events;
};

struct psi_group {
    unsigned nr_cpus;
    bool disabled;        /* cgroup.pressure is 0: tasks are counted, times are not */
    struct psi_cpu *cpus; /* NULL before the first change */
    u64 total[NR_PSI_AGGREGATORS][NR_PSI_STATES - 1];
    u64 avg_total[NR_PSI_STATES - 1];
    u64 avg[NR_PSI_STATES - 1][3]; /* percent, 11 bits of fraction */
    ns_t avg_last_update, avg_next_update;
    ns_t avgs_at; /* when the averaging worker runs; all ones while the group is idle */

    struct psi_trigger *triggers;
    u32 poll_states;
    u64 poll_total[NR_PSI_STATES - 1];
    ns_t poll_period; /* least window / 10 */
    ns_t poll_until, poll_next_update;
    ns_t poll_at; /* when the polling worker runs */
};

struct psi_figures { /* one line of a pressure file */
    u64 avg[3];      /* over 10, 60 and 300 s: percent, 11 bits of fraction */
    u64 total_us;
};

void psi_group_init(struct psi_group *g, unsigned nr_cpus);
void psi_group_done(struct psi_group *g);

/* A task of the group on `cpu` loses the psi_task bits `clear` and gains `set`. current_stalls:
 * whoever is on that CPU is stalled for memory itself (the CPU is reclaiming). Times before the
 * last change of that CPU count as that. */
void psi_group_change(struct psi_group *g, unsigned cpu, u32 clear, u32 set, bool current_stalls,
                      ns_t now);
/* How long this CPU has been in that state, up to now. */
u64 psi_cpu_time(const struct psi_group *g, unsigned cpu, enum psi_state state, ns_t now);
/* Write to cgroup.pressure. */
void psi_group_switch(struct psi_group *g, bool on, ns_t now);
/* What the workers would have done up to now; only needed to see events of triggers between
 * changes. */
void psi_group_run(struct psi_group *g, ns_t now);

/* What the pressure file of `res` says at `now`, its some or its full line. */
void psi_show(const struct psi_group *g, enum psi_res res, bool full, ns_t now,
              struct psi_figures *ret);
/* The file. cpu full is not defined for a machine: zeros. */
void psi_render(const struct psi_group *g, enum psi_res res, bool machine, ns_t now,
                struct strbuf *out);

/* What a program writes to a pressure file, e.g. "some 150000 1000000" (us of stall, us of window).
 * NULL: not valid. The group owns it. */
struct psi_trigger *psi_trigger_new(struct psi_group *g, enum psi_res res, const char *text,
                                    ns_t now);
bool psi_trigger_valid(const char *text);
/* Its window.   pre: it is valid */
unsigned psi_trigger_window_us(const char *text);
/* Windows are multiples of this where anybody may set them. */
#define PSI_WINDOW_UNPRIVILEGED_US 2000000u
/* Who asked for it is not interested any more.   pre: it is one of g->triggers */
void psi_trigger_free(struct psi_group *g, struct psi_trigger *t);

/* The kernel's fixed-point averages (kernel/sched/loadavg.c). */
#define PSI_FIXED_BITS 11u
u64 psi_calc_load(u64 load, u64 exp, u64 active);
u64 psi_calc_load_n(u64 load, u64 exp, u64 active, u64 n);

void psi_check(const struct psi_group *g);

#endif
