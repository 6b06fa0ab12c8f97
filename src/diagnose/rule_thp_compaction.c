/* rule_thp_compaction.c - faults compact memory themselves to get huge pages. */
#include "diagnose/pain.h"

/* A direct compaction takes from 1 to some 10 ms: fewer than 10 in a second cannot add up to a
 * tenth of the time. */
#define STALLS 10.0

/* ... on average since boot, which has quiet times too. */
#define STALLS_MEAN 1.0
/* Percent of them in vain. */
#define IN_VAIN     25.0

/* Of counts since a start that nobody dates: one a second for a day. */
#define STALLS_UNDATED 86400.0

/* Time lost to memory since boot, as two looks would measure it over that time. False: no pressure
 * is told. */
static bool lost_since_boot(const struct snapshot *s, double seconds, struct pressure *ret)
{
    const struct psi_view *v = &s->psi[PSI_MEM];

    *ret = (struct pressure){.some = NAN, .full = NAN};
    if (!known(v->some.total_us) || !(seconds > 0))
        return false;
    ret->some = 100 * (double)v->some.total_us / 1e6 / seconds;
    ret->full = known(v->full.total_us) ? 100 * (double)v->full.total_us / 1e6 / seconds : NAN;
    return true;
}

/* Grepped counters say neither since when they count nor what they cost: so many stalls, most of
 * them in vain, are worth a second look. */
static void undated(struct rule_context *c, double stalls, double fails)
{
    const u64 *v = c->s->vmstat;
    double vain = 100 * fails / MAX(stalls, 1.0);
    double fallback = number_of(v[THP_FAULT_FALLBACK]), good = number_of(v[THP_FAULT_ALLOC]);
    double faults = sum_known(fallback, good);
    bool huge = faults > 0;

    if (!(stalls >= STALLS_UNDATED) || !(vain >= IN_VAIN))
        return;
    finding_add(c, SEV_WARNING, CONF_MEDIUM, "host", 0.5,
                "Programs have stopped %s since boot to compact memory for %s, %s of them in vain",
                TIMES(v[COMPACT_STALL]), huge ? "huge pages" : "large blocks",
                AMOUNT(vain, IN_PERCENT));
    if (!huge)
        vec_last(&c->out->items).cause = CAUSE_ORDER;
    finding_detail(c, "When that was, the text does not say: the same counters twice, some "
                      "seconds apart, tell how many there are now (grep -E "
                      "'compact_|thp_fault|allocstall' /proc/vmstat, sleep, and once more).");
    if (fallback > 0 && good >= 0)
        finding_detail(c, "%s of the faults that wanted a huge page got small ones.",
                       AMOUNT(100 * fallback / faults, IN_PERCENT));
    if (huge && *c->s->thp_defrag)
        finding_detail(c, "transparent_hugepage/defrag is %s.", c->s->thp_defrag);
    evidence(c, "compact_stall since boot", stalls, IN_COUNT, "/proc/vmstat", "over %.0f",
             STALLS_UNDATED);
    evidence_shown(c, "compact_fail since boot", fails, IN_COUNT, "/proc/vmstat");
    evidence(c, "compactions in vain", vain, IN_PERCENT, "/proc/vmstat", "warning from %.0f %%",
             IN_VAIN);
    evidence_shown(c, "thp_fault_fallback since boot", fallback, IN_COUNT, "/proc/vmstat");
    evidence_shown(c, "thp_fault_alloc since boot", good, IN_COUNT, "/proc/vmstat");
    if (fallback > 0 && good >= 0)
        evidence_shown(c, "faults that fell back", 100 * fallback / faults, IN_PERCENT,
                       "/proc/vmstat");
    evidence_shown(c, "allocstall since boot", number_of(c->s->allocstall), IN_COUNT,
                   "/proc/vmstat");
}

/* One look has the totals since boot alone: so many stalls, of which so many in vain, were no
 * accident. What they cost, the pressure since boot tells, with the measure of two looks; where
 * none is told, that they are in vain has to do. */
static void since_boot(struct rule_context *c)
{
    const u64 *v = c->s->vmstat;
    u64 up_us = known(c->s->uptime_us) ? c->s->uptime_us : 0; /* 0: not told */
    double seconds = (double)up_us / 1e6;
    double stalls = number_of(v[COMPACT_STALL]), fails = number_of(v[COMPACT_FAIL]);
    double mean = stalls / seconds, vain = 100 * fails / MAX(stalls, 1.0);
    bool huge = figure_or(v[THP_FAULT_ALLOC], 0) + figure_or(v[THP_FAULT_FALLBACK], 0) > 0;

    struct pressure lost;
    bool measured = lost_since_boot(c->s, seconds, &lost);
    enum severity severity = measured          ? pain_severity(&lost)
                             : vain >= IN_VAIN ? SEV_WARNING
                                               : SEV_INFO;

    if (!up_us) {
        undated(c, stalls, fails);
        return;
    }
    if (!(mean >= STALLS_MEAN))
        return;
    finding_add(
        c, MAX(MAX(severity, pain_severity(&c->f->pain)), SEV_INFO), CONF_MEDIUM, "host", 0.5,
        "Programs have stopped %s since boot to compact memory for %s, %s of them in vain",
        TIMES(v[COMPACT_STALL]), huge ? "huge pages" : "large blocks", AMOUNT(vain, IN_PERCENT));
    if (!huge)
        vec_last(&c->out->items).cause = CAUSE_ORDER;
    finding_detail(c,
                   measured ? "That is %s a second on average; how many there are now, a second "
                              "look tells."
                            : "That is %s a second on average; how many there are now, and what "
                              "they cost, a second look tells.",
                   AMOUNT(mean, IN_COUNT));
    if (measured && lost.some < PAIN_NONE_SOME)
        finding_detail(c, "They cost hardly any time: %s was lost to memory since boot.",
                       AMOUNT(lost.some, IN_PERCENT));
    if (huge && *c->s->thp_defrag)
        finding_detail(c, "transparent_hugepage/defrag is %s.", c->s->thp_defrag);
    evidence_shown(c, "compact_stall since boot", stalls, IN_COUNT, "/proc/vmstat");
    evidence(c, "compact_stall, mean since boot", mean, IN_EVENTS_PER_S, "/proc/vmstat",
             "over %.0f /s", STALLS_MEAN);
    evidence_shown(c, "compact_fail since boot", fails, IN_COUNT, "/proc/vmstat");
    if (measured) {
        evidence_shown(c, "compactions in vain", vain, IN_PERCENT, "/proc/vmstat");
        evidence_pressure(c, "lost to memory since boot", &lost, PRESSURE_FILE);
    } else {
        evidence(c, "compactions in vain", vain, IN_PERCENT, "/proc/vmstat", "warning from %.0f %%",
                 IN_VAIN);
    }
    evidence_shown(c, "thp_fault_fallback since boot", number_of(v[THP_FAULT_FALLBACK]), IN_COUNT,
                   "/proc/vmstat");
}

void rule_thp_compaction(struct rule_context *c)
{
    double stalls = rate(c, COMPACT_STALL), fails = rate(c, COMPACT_FAIL),
           good = rate(c, COMPACT_SUCCESS);
    const struct pressure *p = &c->f->pain;
    enum severity severity = pain_severity(p);

    if (!wants_host(c))
        return;
    if (isnan(stalls))
        since_boot(c);
    if (!(stalls >= STALLS))
        return;
    bool huge = sum_known(rate(c, THP_FAULT_ALLOC), rate(c, THP_FAULT_FALLBACK)) > 0;

    /* What they cost, nothing here says: that they are in vain has to do. */
    if (!pain_known(p) && 100 * fails / stalls >= IN_VAIN)
        severity = MAX(severity, SEV_WARNING);
    finding_add(c, MAX(severity, SEV_INFO), pain_known(p) ? CONF_HIGH : CONF_MEDIUM, "host",
                0.85 * pain_weight(p), "Programs stop %s times a second to compact memory for %s",
                AMOUNT(stalls, IN_COUNT), huge ? "huge pages" : "large blocks");
    if (!huge)
        vec_last(&c->out->items).cause = CAUSE_ORDER;
    if (fails > good)
        finding_detail(c, "Most of it is in vain: %s fail.",
                       AMOUNT(100 * fails / (fails + good), IN_PERCENT));
    if (fails > good)
        evidence_shown(c, "compactions that fail", 100 * fails / (fails + good), IN_PERCENT,
                       "/proc/vmstat");
    if (huge && *c->s->thp_defrag)
        finding_detail(c, "transparent_hugepage/defrag is %s.", c->s->thp_defrag);
    evidence(c, "compact_stall", stalls, IN_EVENTS_PER_S, "/proc/vmstat", "over %.0f /s", STALLS);
    evidence(c, "compact_fail", fails, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "compact_success", good, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "thp_fault_fallback", rate(c, THP_FAULT_FALLBACK), IN_EVENTS_PER_S, "/proc/vmstat",
             "%s", "");
    evidence_pressure(c, "lost to memory", p, PRESSURE_FILE);
}
