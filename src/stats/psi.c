/* psi.c - pressure: from what tasks do, to times per CPU, to averages.
 *
 *   task counts of a CPU -> states            -> times          -> one time per group        ->
 *   averages, triggers
 *                           (choose_states)      (record_times)    (collect, by non-idle time)
 *                           (update_averages)
 *
 * A state is on while its condition holds on a CPU:
 *   some   a task is held up                              full   and nobody does work there
 *   io     waits for I/O                                         and none is runnable
 *   memory stalled for memory                                    and whoever is runnable is so too;
 *   or the CPU itself reclaims
 *   cpu    more runnable than running                            and none of the group is running
 *          (others have the CPU)
 *
 * A group's time is the mean of its CPUs', weighted by how many jiffies each was not idle; so a CPU
 * with less than a jiffy does not count, and the rest of a period is lost with it, as in the
 * kernel.
 *
 * The workers. Averages are taken every 2.004 s while there is something to see. A group that was
 * idle for a whole period has no worker; the first change starts it again a period later, and the
 * periods missed are averaged in as zeros. Here no worker runs: since a CPU's state is known to be
 * constant between changes, each change first does what a worker would have done until then. A
 * trigger is looked at ten times per window for as long as its state is seen. */
#include "stats/psi.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HZ                 250u
#define JIFFY_NS           (NS_PER_S / HZ)
#define PERIOD_NS          ((2 * HZ + 1) * JIFFY_NS)
#define UPDATES_PER_WINDOW 10u
#define WINDOW_US_MIN      500000u
#define WINDOW_US_MAX      10000000u
#define FIXED_1            ((u64)1 << PSI_FIXED_BITS)
#define NEVER              (~(ns_t)0)

static const u64 decay[3] = {1677, 1981, 2034}; /* FIXED_1 / exp(2 s / {10, 60, 300} s) */

const char *const psi_res_name[NR_PSI_RESOURCES] = {
#define PSI_RESOURCE(id, name) [PSI_##id] = name,
#include "stats/psi_resources.def"
#undef PSI_RESOURCE
};
const enum psi_res psi_res_by_worth[NR_PSI_RESOURCES] = {PSI_MEM, PSI_IO, PSI_CPU};

enum psi_res psi_res_find(const char *name)
{
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++) {
        if (strcmp(psi_res_name[i], name) == 0)
            return (enum psi_res)i;
    }
    return NR_PSI_RESOURCES;
}

void psi_group_init(struct psi_group *g, unsigned nr_cpus)
{
    *g = (struct psi_group){.nr_cpus = nr_cpus, .avgs_at = NEVER, .poll_at = NEVER};
}

void psi_group_done(struct psi_group *g)
{
    for (struct psi_trigger *t = g->triggers, *next; t; t = next) {
        next = t->next;
        free(t);
    }
    free(g->cpus);
    *g = (struct psi_group){.nr_cpus = g->nr_cpus, .avgs_at = NEVER, .poll_at = NEVER};
}

/* --- fixed point ------------------------------------------------------------------------------ */
u64 psi_calc_load(u64 load, u64 exp, u64 active)
{
    u64 sum = load * exp + active * (FIXED_1 - exp);

    if (active >= load) /* rising: round up, so that 100 % is reached */
        sum += FIXED_1 - 1;
    return sum / FIXED_1;
}

static u64 fixed_power(u64 x, u64 n)
{
    u64 result = FIXED_1;

    for (; n; n >>= 1) {
        if (n & 1)
            result = (result * x + FIXED_1 / 2) >> PSI_FIXED_BITS;
        x = (x * x + FIXED_1 / 2) >> PSI_FIXED_BITS;
    }
    return result;
}

u64 psi_calc_load_n(u64 load, u64 exp, u64 active, u64 n)
{
    return psi_calc_load(load, fixed_power(exp, n), active);
}

/* --- one CPU ---------------------------------------------------------------------------------- */
static u32 choose_states(const struct psi_cpu *c)
{
    const u32 *n = c->tasks;
    u32 mask = 0;

    if (n[PSI_NR_IOWAIT])
        mask |= 1u << PSI_IO_SOME | (n[PSI_NR_RUNNING] ? 0 : 1u << PSI_IO_FULL);
    if (n[PSI_NR_MEMSTALL])
        mask |= 1u << PSI_MEM_SOME |
                (n[PSI_NR_RUNNING] == n[PSI_NR_MEMSTALL_RUNNING] ? 1u << PSI_MEM_FULL : 0);
    if (n[PSI_NR_RUNNING] > c->oncpu)
        mask |= 1u << PSI_CPU_SOME;
    if (n[PSI_NR_RUNNING] && !c->oncpu)
        mask |= 1u << PSI_CPU_FULL;
    if (n[PSI_NR_IOWAIT] || n[PSI_NR_MEMSTALL] || n[PSI_NR_RUNNING])
        mask |= 1u << PSI_NONIDLE;
    return mask;
}

static void record_times(struct psi_cpu *c, ns_t now)
{
    ns_t delta;

    if (now <= c->state_start)
        return;
    delta = now - c->state_start;
    c->state_start = now;
    for (u32 mask = c->state_mask; mask; mask &= mask - 1)
        c->times[__builtin_ctz(mask)] += delta;
}

static u64 time_of(const struct psi_cpu *c, unsigned state, ns_t now)
{
    bool on = c->state_mask & 1u << state;

    return c->times[state] + (on && now > c->state_start ? now - c->state_start : 0);
}

u64 psi_cpu_time(const struct psi_group *g, unsigned cpu, enum psi_state state, ns_t now)
{
    return g->cpus ? time_of(&g->cpus[cpu], state, now) : 0;
}

/* --- the group: aggregation ------------------------------------------------------------------- */
/* Add what happened since this aggregator last looked to its totals. Returns the states that were
 * seen. */
static u32 collect(struct psi_group *g, enum psi_aggregator who, ns_t now)
{
    u64 deltas[NR_PSI_STATES - 1] = {0}, nonidle_total = 0;
    u32 changed = 0;

    for (unsigned cpu = 0; cpu < g->nr_cpus; cpu++) {
        struct psi_cpu *c = &g->cpus[cpu];
        u64 times[NR_PSI_STATES], nonidle;

        for (unsigned s = 0; s < NR_PSI_STATES; s++) {
            u64 value = time_of(c, s, now);

            times[s] = value > c->times_prev[who][s] ? value - c->times_prev[who][s] : 0;
            if (times[s]) {
                changed |= 1u << s;
                c->times_prev[who][s] = value;
            }
        }
        nonidle = times[PSI_NONIDLE] / JIFFY_NS;
        nonidle_total += nonidle;
        for (unsigned s = 0; s < NR_PSI_STATES - 1; s++)
            deltas[s] += times[s] * nonidle;
    }
    for (unsigned s = 0; s < NR_PSI_STATES - 1; s++)
        g->total[who][s] += deltas[s] / MAX(nonidle_total, (u64)1);
    return changed;
}

static void update_averages(struct psi_group *g, ns_t now)
{
    ns_t expires = g->avg_next_update, period;
    u64 missed = now - expires >= PERIOD_NS ? (now - expires) / PERIOD_NS : 0;

    g->avg_next_update = expires + (1 + missed) * PERIOD_NS;
    period = now - (g->avg_last_update + missed * PERIOD_NS);
    g->avg_last_update = now;
    for (unsigned s = 0; s < NR_PSI_STATES - 1; s++) {
        /* What came in after the look that ended the last period, at most a whole one. */
        u64 sample = MIN(g->total[PSI_AVGS][s] - g->avg_total[s], period);
        u64 percent = sample * 100 / period * FIXED_1;

        g->avg_total[s] += sample;
        for (unsigned i = 0; i < ARRAY_SIZE(decay); i++) {
            if (missed)
                g->avg[s][i] = psi_calc_load_n(g->avg[s][i], decay[i], 0, missed);
            g->avg[s][i] = psi_calc_load(g->avg[s][i], decay[i], percent);
        }
    }
}

static ns_t jiffies_after(ns_t now, ns_t due)
{
    return now + ((due - now) / JIFFY_NS + 1) * JIFFY_NS;
}

static void averages_work(struct psi_group *g, ns_t now)
{
    u32 changed = collect(g, PSI_AVGS, now);

    if (now >= g->avg_next_update)
        update_averages(g, now);
    g->avgs_at = changed & 1u << PSI_NONIDLE ? jiffies_after(now, g->avg_next_update) : NEVER;
}

/* --- triggers --------------------------------------------------------------------------------- */
static void window_reset(struct psi_trigger *t, ns_t now, u64 value, u64 growth)
{
    t->window_start = now;
    t->window_value = value;
    t->window_growth = growth;
}

/* Growth within the last window: what this one has seen, and of the one before the share that is
 * still inside. */
static u64 window_update(struct psi_trigger *t, ns_t now, u64 value)
{
    ns_t elapsed = now - t->window_start;
    u64 growth = value - t->window_value;

    if (elapsed > t->window_ns)
        window_reset(t, now, value, growth);
    else
        growth +=
            t->window_growth / NS_PER_US * (t->window_ns - elapsed) / (t->window_ns / NS_PER_US);
    return growth;
}

static void triggers_start(struct psi_group *g, ns_t now)
{
    for (struct psi_trigger *t = g->triggers; t; t = t->next)
        window_reset(t, now, g->total[PSI_POLL][t->state], 0);
    memcpy(g->poll_total, g->total[PSI_POLL], sizeof(g->poll_total));
    g->poll_next_update = now + g->poll_period;
}

static void triggers_update(struct psi_group *g, ns_t now)
{
    const u64 *total = g->total[PSI_POLL];

    for (struct psi_trigger *t = g->triggers; t; t = t->next) {
        bool stalled = g->poll_total[t->state] != total[t->state];

        if (!stalled && !t->pending)
            continue;
        if (stalled && window_update(t, now, total[t->state]) >= t->threshold_ns)
            t->pending = true;
        if (!t->pending || now < t->last_event + t->window_ns)
            continue; /* what comes too soon after an event is told later, not dropped */
        t->pending = false;
        t->last_event = now;
        if (!t->nr_events++)
            t->first_event = now;
    }
    memcpy(g->poll_total, total, sizeof(g->poll_total));
    g->poll_next_update = now + g->poll_period;
}

static void poll_work(struct psi_group *g, ns_t now)
{
    if (collect(g, PSI_POLL, now) & g->poll_states) {
        if (now > g->poll_until)
            triggers_start(g, now);
        g->poll_until = now + g->poll_period * UPDATES_PER_WINDOW;
    }
    if (now > g->poll_until) {
        g->poll_next_update = g->poll_at = NEVER;
        return;
    }
    if (now >= g->poll_next_update)
        triggers_update(g, now);
    g->poll_at = jiffies_after(now, g->poll_next_update);
}

static bool parse_trigger(const char *text, bool *ret_full, unsigned *ret_threshold_us,
                          unsigned *ret_window_us)
{
    if (sscanf(text, "some %u %u", ret_threshold_us, ret_window_us) == 2)
        *ret_full = false;
    else if (sscanf(text, "full %u %u", ret_threshold_us, ret_window_us) == 2)
        *ret_full = true;
    else
        return false;
    return *ret_window_us >= WINDOW_US_MIN && *ret_window_us <= WINDOW_US_MAX &&
           *ret_threshold_us && *ret_threshold_us <= *ret_window_us;
}

bool psi_trigger_valid(const char *text)
{
    unsigned threshold_us, window_us;
    bool full;

    return parse_trigger(text, &full, &threshold_us, &window_us);
}

unsigned psi_trigger_window_us(const char *text)
{
    unsigned threshold_us, window_us = 0;
    bool full;

    parse_trigger(text, &full, &threshold_us, &window_us);
    return window_us;
}

struct psi_trigger *psi_trigger_new(struct psi_group *g, enum psi_res res, const char *text,
                                    ns_t now)
{
    unsigned threshold_us, window_us;
    struct psi_trigger *t;
    bool full;

    if (!parse_trigger(text, &full, &threshold_us, &window_us))
        return NULL;
    if (g->cpus)
        collect(g, PSI_POLL, now); /* nobody has looked so far */
    t = xcalloc(1, sizeof(*t));
    t->state = (enum psi_state)((unsigned)res * 2 + full);
    t->threshold_ns = threshold_us * NS_PER_US;
    t->window_ns = window_us * NS_PER_US;
    window_reset(t, now, g->total[PSI_POLL][t->state], 0);
    t->next = g->triggers;
    g->triggers = t;
    g->poll_states |= 1u << t->state;
    if (!g->poll_period || t->window_ns / UPDATES_PER_WINDOW < g->poll_period)
        g->poll_period = t->window_ns / UPDATES_PER_WINDOW;
    return t;
}

void psi_trigger_free(struct psi_group *g, struct psi_trigger *t)
{
    struct psi_trigger **at = &g->triggers;

    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    free(t);
    g->poll_states = 0;
    g->poll_period = 0;
    for (t = g->triggers; t; t = t->next) {
        g->poll_states |= 1u << t->state;
        if (!g->poll_period || t->window_ns / UPDATES_PER_WINDOW < g->poll_period)
            g->poll_period = t->window_ns / UPDATES_PER_WINDOW;
    }
    if (!g->triggers)
        g->poll_at = NEVER;
}

/* --- the group: changes ----------------------------------------------------------------------- */
void psi_group_run(struct psi_group *g, ns_t now)
{
    while (MIN(g->avgs_at, g->poll_at) <= now) {
        if (g->avgs_at <= g->poll_at)
            averages_work(g, g->avgs_at);
        else
            poll_work(g, g->poll_at);
    }
}

static void group_start(struct psi_group *g, ns_t now)
{
    g->cpus = xcalloc(g->nr_cpus, sizeof(*g->cpus));
    g->avg_last_update = now;
    g->avg_next_update = now + PERIOD_NS;
}

static void change_counts(struct psi_cpu *c, u32 clear, u32 set)
{
    if ((clear | set) & PSI_TSK_ONCPU)
        c->oncpu = (set & PSI_TSK_ONCPU) != 0;
    for (unsigned i = 0; i < NR_PSI_COUNTS; i++) {
        assert(!(clear & 1u << i) || c->tasks[i]);
        c->tasks[i] += (set >> i & 1) - (clear >> i & 1);
    }
}

void psi_group_change(struct psi_group *g, unsigned cpu, u32 clear, u32 set, bool current_stalls,
                      ns_t now)
{
    struct psi_cpu *c;

    assert(cpu < g->nr_cpus);
    if (unlikely(!g->cpus))
        group_start(g, now);
    if (unlikely(MIN(g->avgs_at, g->poll_at) <= now))
        psi_group_run(g, now);
    c = &g->cpus[cpu];
    record_times(c, now);
    change_counts(c, clear, set);
    if (unlikely(g->disabled)) {
        c->state_mask = 0;
        return;
    }
    c->state_mask = choose_states(c);
    if (c->oncpu && current_stalls)
        c->state_mask |= 1u << PSI_MEM_FULL;
    if (unlikely(g->avgs_at == NEVER))
        g->avgs_at = now + PERIOD_NS;
    if (unlikely((c->state_mask & g->poll_states) && g->poll_at == NEVER))
        g->poll_at = now + JIFFY_NS;
}

void psi_group_switch(struct psi_group *g, bool on, ns_t now)
{
    if (g->disabled == !on)
        return;
    g->disabled = !on;
    for (unsigned cpu = 0; g->cpus && cpu < g->nr_cpus; cpu++)
        psi_group_change(g, cpu, 0, 0, false, now); /* what was on ends now, or what is begins */
}

/* --- looking ---------------------------------------------------------------------------------- */
void psi_show(const struct psi_group *g, enum psi_res res, bool full, ns_t now,
              struct psi_figures *ret)
{
    unsigned state = (unsigned)res * 2 + full;
    struct psi_group copy = *g;

    *ret = (struct psi_figures){0};
    if (!g->cpus)
        return;
    copy.triggers = NULL; /* to look is to change nothing */
    copy.poll_at = NEVER;
    copy.cpus = xmalloc(g->nr_cpus * sizeof(*copy.cpus));
    memcpy(copy.cpus, g->cpus, g->nr_cpus * sizeof(*copy.cpus));
    psi_group_run(&copy, now);
    collect(&copy, PSI_AVGS, now);
    if (now >= copy.avg_next_update)
        update_averages(&copy, now);
    memcpy(ret->avg, copy.avg[state], sizeof(ret->avg));
    ret->total_us = copy.total[PSI_AVGS][state] / NS_PER_US;
    free(copy.cpus);
}

static void render_average(struct strbuf *out, const char *name, u64 avg)
{
    strbuf_printf(out, " %s=%" PRIu64 ".%02" PRIu64, name, avg >> PSI_FIXED_BITS,
                  avg % FIXED_1 * 100 >> PSI_FIXED_BITS);
}

void psi_render(const struct psi_group *g, enum psi_res res, bool machine, ns_t now,
                struct strbuf *out)
{
    for (unsigned full = 0; full < 2; full++) {
        struct psi_figures f = {0};

        if (!(machine && res == PSI_CPU && full))
            psi_show(g, res, full, now, &f);
        strbuf_append(out, full ? "full" : "some");
        render_average(out, "avg10", f.avg[0]);
        render_average(out, "avg60", f.avg[1]);
        render_average(out, "avg300", f.avg[2]);
        strbuf_printf(out, " total=%" PRIu64 "\n", f.total_us);
    }
}

void psi_check(const struct psi_group *g)
{
    for (unsigned cpu = 0; g->cpus && cpu < g->nr_cpus; cpu++) {
        const struct psi_cpu *c = &g->cpus[cpu];

        assert((c->state_mask & ~(1u << PSI_MEM_FULL)) ==
               (g->disabled ? 0 : choose_states(c) & ~(1u << PSI_MEM_FULL)));
        assert(c->tasks[PSI_NR_MEMSTALL_RUNNING] <= c->tasks[PSI_NR_MEMSTALL]);
        assert(c->tasks[PSI_NR_MEMSTALL_RUNNING] <= c->tasks[PSI_NR_RUNNING]);
        for (unsigned s = 0; s < NR_PSI_STATES; s++)
            assert(c->times[s] <= c->times[PSI_NONIDLE]);
    }
}
