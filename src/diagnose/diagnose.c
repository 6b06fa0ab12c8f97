/* diagnose.c - figures, then every rule, then one verdict.
 *
 * The verdict is that of the worst finding. Without a warning it is healthy only when somebody
 * could have told otherwise: pressure must be known, or two samples without a sign of pain; of a
 * pasted table plenty of available memory does, and no finding besides. Else it is unknown, and the
 * gaps say what is missing.
 */
#include "diagnose/diagnose.h"
#include "diagnose/containers.h"

#include "base/units.h"
#include "diagnose/accounting.h"
#include "diagnose/needed.h"
#include "diagnose/pain.h"
#include "diagnose/post_mortem.h"
#include "diagnose/reconcile.h"
#include "diagnose/rule.h"

#include <stdio.h>
#include <string.h>

void diagnosis_init(struct diagnosis *d, const struct diagnose_options *options)
{
    *d = (struct diagnosis){.verdict = VERDICT_UNKNOWN, .interval_s = NAN};
    if (options)
        d->options = *options;
    d->history = xmalloc(sizeof(*d->history));
    history_init(d->history);
    d->incidents = xcalloc(1, sizeof(*d->incidents));
    d->post_mortem = xcalloc(1, sizeof(*d->post_mortem));
}

static void drop_results(struct diagnosis *d)
{
    findings_done(&d->findings);
    vec_for_each (&d->reconciliations, r)
        reconciliation_done(r);
    vec_reset(&d->reconciliations);
    vec_reset(&d->accounting.lines);
    vec_reset(&d->needs);
}

void diagnosis_done(struct diagnosis *d)
{
    drop_results(d);
    vec_done(&d->reconciliations);
    vec_done(&d->accounting.lines);
    vec_done(&d->needs);
    history_done(d->history);
    free(d->history);
    incidents_done(d->incidents);
    free(d->incidents);
    post_mortem_done(d->post_mortem);
    free(d->post_mortem);
    *d = (struct diagnosis){0};
}

void diagnosis_add(struct diagnosis *d, const struct snapshot *s)
{
    history_add(d->history, s);
    d->last = s;
}

/* Is the rule, by name or family, among those asked for? */
static bool is_wanted(const char *only, const struct rule_info *rule)
{
    if (!only)
        return true;
    while (*only) {
        size_t len = strcspn(only, ",");

        if ((len == strlen(rule->name) && strncmp(only, rule->name, len) == 0) ||
            (len == strlen(rule->family) && strncmp(only, rule->family, len) == 0))
            return true;
        only += len + (only[len] == ',');
    }
    return false;
}

/* All rules run, because some ask what others said; what was not asked for is dropped
 * afterwards. */
/* Text of another system than Linux, and nothing of Linux beside it that rules could judge. */
static bool is_foreign(const struct snapshot *s)
{
    return s->foreign && !s->log.count && !s->refusals.count && !known(s->meminfo[MI_MEM_TOTAL]);
}

static void run_rules(struct diagnosis *d, struct rule_context *c)
{
    size_t kept = 0;

    if (is_foreign(d->last))
        return;
    for (unsigned i = 0; i < NR_RULES; i++) {
        c->rule = (enum rule)i;
        rule_functions[i](c);
    }
    vec_for_each (&d->findings.items, f) {
        if (is_wanted(d->options.only, &rule_info[f->rule])) {
            d->findings.items.items[kept++] = *f;
            continue;
        }
        finding_done(f);
    }
    d->findings.items.count = kept;
    kept = 0;
    vec_for_each (&d->findings.gaps, g) {
        if (is_wanted(d->options.only, &rule_info[g->rule]))
            d->findings.gaps.items[kept++] = *g;
    }
    d->findings.gaps.count = kept;
}

/* Inside a container the group that it is, if that has a limit: the machine around it is somebody
 * else's. */
static const struct cgroup_view *own_container(const struct snapshot *s)
{
    const struct cgroup_view *g = s->cgroups.count ? &s->cgroups.items[0] : NULL;

    return s->kind == SOURCE_CONTAINER && g && !g->is_root && known(g->max) && g->max < NO_LIMIT
               ? g
               : NULL;
}

static const struct cgroup_view *wanted_group(const struct diagnosis *d)
{
    const struct process_view *p;

    if (d->options.cgroup)
        return snapshot_cgroup(d->last, d->options.cgroup);
    if (!d->options.pid)
        return NULL;
    p = snapshot_process(d->last, d->options.pid);
    return p && p->group < d->last->cgroups.count ? &d->last->cgroups.items[p->group] : NULL;
}

/* Somebody was killed, and one sample without a log cannot say whether that was now or a year
 * ago. */
static bool killed_unknown_when(const struct diagnosis *d)
{
    vec_for_each (&d->findings.items, f) {
        if ((f->rule == RULE_HOST_OOM || f->rule == RULE_CGROUP_OOM) && f->confidence == CONF_LOW)
            return true;
    }
    return false;
}

/* The finding that says most where nobody can tell whether it hurts; NULL when none says
 * anything. */
static const struct finding *strongest(const struct diagnosis *d)
{
    const struct finding *first = d->findings.items.count ? d->findings.items.items : NULL;

    return first && first->severity >= SEV_INFO ? first : NULL;
}

/* The good news that a paste has; NULL without. */
static const struct finding *good_news(const struct diagnosis *d, enum rule rule)
{
    vec_for_each (&d->findings.items, f)
        if (f->rule == rule && f->severity == SEV_GOOD)
            return f;
    return NULL;
}

/* Percent of memory. A machine with that much to take at once is not short of it, whatever else one
 * look leaves open. */
#define PLENTY 20.0

/* "kubectl top nodes": each node leaves that much of what its pods may have, by a count that takes
 * some cache for used. */
static bool nodes_have_room(const struct snapshot *s)
{
    bool any = false;

    vec_for_each (&s->cgroups, g) {
        if (!cgroup_is_node(g) || !known(g->current) || !known(g->max))
            continue;
        if (!(share_of(g->current, g->max) <= 100 - PLENTY))
            return false;
        any = true;
    }
    return any;
}

/* Nothing speaks against a pasted machine or group, and its own figures, or kubelet's, speak for
 * it. */
static bool looks_well(const struct diagnosis *d, const struct figures *f)
{
    if (!d->last->pasted || d->options.cgroup || d->options.pid)
        return false;
    /* The largest process is always somebody. */
    vec_for_each (&d->findings.items, at)
        if (at->severity >= SEV_INFO && at->rule != RULE_TOP_HOLDERS)
            return false;
    if (known(f->available))
        return f->available_share >= PLENTY && isnan(f->psi[PSI_IO].some);
    if (good_news(d, RULE_NODE_PRESSURE) || nodes_have_room(d->last))
        return true;
    return !known(f->total) && good_news(d, RULE_CGROUP_NEAR_MAX_CACHE);
}

/* Of ten seconds at a rate that no rule minds. The averages of io.pressure are of the last ten
 * seconds. */
#define REFAULTS_FEW (10 * 100)

/* Hardly a page was read again or came back from swap since boot: waits for I/O, now or ever, are
 * not for evicted pages. */
static bool never_wanted_again(const struct snapshot *s)
{
    static const unsigned counters[] = {WORKINGSET_REFAULT_FILE, WORKINGSET_REFAULT_ANON, PSWPIN};
    u64 all = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(counters); i++) {
        u64 times = s->vmstat[counters[i]];

        if (!known(times) || times > REFAULTS_FEW)
            return false;
        all += times;
    }
    return all <= REFAULTS_FEW;
}

/* Could a state that hurts have been seen? */
static bool could_tell(const struct diagnosis *d, const struct figures *f)
{
    const struct cgroup_view *g = wanted_group(d);

    if (d->options.cgroup && !g)
        return false;
    if (d->options.pid && !snapshot_process(d->last, d->options.pid))
        return false;
    if (isnan(f->interval_s) && killed_unknown_when(d))
        return false;
    if (g && pain_known(&f->groups[g - d->last->cgroups.items].psi[PSI_MEM]))
        return true;
    if (looks_well(d, f))
        return true;
    if (!known(f->total))
        return false;
    /* Programs wait for I/O, and whether for evicted pages is not known. */
    if (f->psi[PSI_IO].some >= PAIN_WARNING_SOME && isnan(f->rate[PSWPIN]) &&
        !never_wanted_again(d->last))
        return false;
    return pain_known(&f->psi[PSI_MEM]) || !isnan(f->rate[PGSTEAL_DIRECT]);
}

static enum verdict verdict_of(const struct diagnosis *d, const struct figures *f)
{
    const struct finding *worst = d->findings.items.count ? d->findings.items.items : NULL;

    if (worst && worst->severity == SEV_CRITICAL)
        return VERDICT_CRITICAL;
    if (worst && worst->severity == SEV_WARNING)
        return VERDICT_WARNING;
    return !d->last->contradiction.found && could_tell(d, f) ? VERDICT_HEALTHY : VERDICT_UNKNOWN;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_HEALTHY] = "healthy",
        [VERDICT_WARNING] = "warning",
        [VERDICT_CRITICAL] = "critical",
        [VERDICT_UNKNOWN] = "unknown",
    };

    return names[verdict];
}

static void describe_group(struct diagnosis *d, const struct cgroup_view *g,
                           const struct pressure *p)
{
    char current[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX], pressure[48];
    bool limited = known(g->max) && g->max < NO_LIMIT;

    snprintf(d->headline, sizeof(d->headline), "%.120s uses %s%s%s%s%s",
             strcmp(g->path, "/") == 0 ? "this container" : g->path,
             known(g->current) ? format_bytes(current, g->current) : "an unknown amount",
             limited ? " of " : "", limited ? format_bytes(max, g->max) : "",
             pain_known(p) ? ", memory pressure " : "",
             pain_known(p) ? format_evidence(pressure, p->some, IN_PERCENT) : "");
}

/* One child has more than half of it: then that is what the group is. */
static bool is_mostly_child(const struct snapshot *s, const struct cgroup_view *g)
{
    u32 index = (u32)(g - s->cgroups.items);

    vec_for_each (&s->cgroups, child)
        if (child->parent == index && known(child->current) && child->current > g->current / 2)
            return true;
    return false;
}

/* Of containers without a limit the largest, beside the machine. */
static bool describe_largest(struct diagnosis *d, const struct figures *f)
{
    const struct cgroup_view *most = NULL;
    char current[UNITS_TEXT_MAX], total[UNITS_TEXT_MAX];

    vec_for_each (&d->last->cgroups, g)
        if (known(g->current) && !g->is_root && !is_mostly_child(d->last, g) &&
            (!most || g->current > most->current))
            most = g;
    if (!most)
        return false;
    if (!known(f->total)) {
        snprintf(d->headline, sizeof(d->headline),
                 "the largest group in this text is %.120s with %s; neither limits nor the size of "
                 "memory are told",
                 most->path + 1, format_bytes(current, most->current));
        return true;
    }
    snprintf(d->headline, sizeof(d->headline),
             "no group in this text has a limit; the largest is %.120s, %s of the machine's %s",
             most->path + 1, format_bytes(current, most->current), format_bytes(total, f->total));
    return true;
}

/* Tables of containers: how far the fullest is from its limit. False when no group has both
 * figures. */
static bool describe_fullest(struct diagnosis *d, const struct figures *f)
{
    const struct cgroup_view *most = NULL;
    char current[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX], share[48];

    vec_for_each (&d->last->cgroups, g) {
        if (!known(g->current) || !known(g->max) || g->max >= NO_LIMIT || g->max == 0)
            continue;
        if (!most || share_of(g->current, g->max) > share_of(most->current, most->max))
            most = g;
    }
    if (!most)
        return describe_largest(d, f);
    snprintf(d->headline, sizeof(d->headline),
             cgroup_is_node(most)
                 ? "no node in this text is near the end of its memory: at most %.120s, %s of %s "
                   "(%s)"
                 : "no group in this text is near its limit: at most %.120s, %s of %s (%s)",
             most->path + (most->path[0] == '/' && most->path[1]),
             format_bytes(current, most->current), format_bytes(max, most->max),
             format_evidence(share, share_of(most->current, most->max), IN_PERCENT));
    return true;
}

/* A table of whole GiB says of a small machine only that what is left is less than one of them. */
static bool say_cut_off(struct diagnosis *d, const struct figures *f)
{
    char below[UNITS_TEXT_MAX], total[UNITS_TEXT_MAX];
    const struct finding *first = d->findings.items.count ? d->findings.items.items : NULL;

    if (!d->last->available_below || !known(f->total) ||
        (first && (first->severity >= SEV_WARNING || first->rule == RULE_SWAP_FULL)))
        return false;
    format_bytes(below, d->last->available_below + KIB);
    format_bytes(total, f->total);
    snprintf(d->headline, sizeof(d->headline),
             "less than %s of %s is available, and this table cuts off how much less: free -m "
             "tells%s%.160s",
             below, total, first ? "; " : "", first ? first->title : "");
    return true;
}

/* What is left is not known: what else the text says, or what it would take. */
static const char *say_unmeasured(const struct diagnosis *d, const struct figures *f)
{
    const struct finding *first = d->findings.items.count ? d->findings.items.items : NULL;

    if (!d->last->pasted)
        return "memory use is not measurable here";
    if (first)
        return first->title;
    if (d->last->parts[PART_KERNEL_LOG].state == PART_OK)
        return "nothing in these logs tells of memory that ran out";
    if (f->rate[PSWPIN] < 1 && f->rate[PSWPOUT] < 1)
        return "nothing is swapped in or out; how much memory is left is not told here";
    return "how much memory is left is not told here: it takes MemAvailable (free -m, "
           "/proc/meminfo)";
}

static void describe_host(struct diagnosis *d, const struct figures *f)
{
    const struct pressure *p = &f->psi[PSI_MEM];
    char available[48], total[UNITS_TEXT_MAX], pressure[48];

    if (is_foreign(d->last) && *d->last->foreign_words) {
        snprintf(
            d->headline, sizeof(d->headline),
            "this is text of %s, which says: %s; what it counts is not read here, only text of "
            "Linux is",
            d->last->foreign, d->last->foreign_words);
        return;
    }
    if (is_foreign(d->last)) {
        snprintf(d->headline, sizeof(d->headline),
                 "this is text of %s, which counts memory by other rules: only that of Linux is "
                 "read here",
                 d->last->foreign);
        return;
    }
    if (!known(f->total) || !known(f->available)) {
        if (d->last->pasted && !d->findings.items.count && d->last->share_percent > 0)
            snprintf(d->headline, sizeof(d->headline),
                     "%s has the most of this table, %.1f %% of memory; neither sizes nor what is "
                     "left are told",
                     d->last->share_name, d->last->share_percent);
        else if (!say_cut_off(d, f) &&
                 (!d->last->pasted || d->findings.items.count ||
                  (!describe_fullest(d, f) &&
                   !containers_headline(d->last, d->headline, sizeof(d->headline)))))
            snprintf(d->headline, sizeof(d->headline), "%.280s", say_unmeasured(d, f));
        return;
    }
    if (d->verdict == VERDICT_HEALTHY && good_news(d, RULE_TOOLS_DISAGREE)) {
        snprintf(d->headline, sizeof(d->headline), "%.280s",
                 good_news(d, RULE_TOOLS_DISAGREE)->title);
        return;
    }
    snprintf(d->headline, sizeof(d->headline), "%s of %s available%s%s%s",
             format_available(available, f), format_bytes(total, f->total),
             f->available_estimated ? " (estimated)" : "",
             pain_known(p)                      ? ", memory pressure "
             : d->verdict != VERDICT_HEALTHY    ? ", pressure not known"
             : good_news(d, RULE_HEALTHY_CACHE) ? ": what looks used is cache"
                                                : "",
             pain_known(p) ? format_evidence(pressure, p->some, IN_PERCENT) : "");
}

/* Memory is well and something hurts all the same: who reads no further than the first line must
 * know. */
static void add_hurts(struct diagnosis *d, const struct figures *f)
{
    const struct pressure *io = &f->psi[PSI_IO];
    size_t len = strlen(d->headline), room = sizeof(d->headline) - len;

    vec_for_each (&d->findings.items, at) {
        int words = (int)strcspn(at->title, ":");

        if (at->rule == RULE_IO_BOTTLENECK || at->rule == RULE_DIRTY_THROTTLING)
            snprintf(d->headline + len, room,
                     pain_known(io) ? "; but programs wait for I/O %s of the time"
                                    : "; but programs wait for I/O",
                     format_evidence((char[48]){0}, io->some, IN_PERCENT));
        else if (at->rule == RULE_THP_COMPACTION || at->rule == RULE_ALLOCATION_FAILURE ||
                 at->rule == RULE_HUGEPAGES_SHORT)
            snprintf(d->headline + len, room, "; but %c%.*s", *at->title | 0x20,
                     MIN(words, 160) - 1, at->title + 1);
        else
            continue;
        return;
    }
}

static void write_headline(struct diagnosis *d, const struct figures *f)
{
    const struct cgroup_view *g = wanted_group(d);
    size_t worse = 0;

    if (d->verdict == VERDICT_WARNING || d->verdict == VERDICT_CRITICAL) {
        const struct finding *worst = d->findings.items.items;

        vec_for_each (&d->findings.items, at)
            worse += at->severity >= SEV_WARNING;
        snprintf(d->headline, sizeof(d->headline), "%.280s", worst->title);
        if (worse > 1) {
            size_t len = strlen(d->headline);

            snprintf(d->headline + len, sizeof(d->headline) - len, " (and %zu more)", worse - 1);
        }
        return;
    }
    if (d->options.cgroup && !g)
        snprintf(d->headline, sizeof(d->headline), "there is no cgroup %.200s", d->options.cgroup);
    else if (d->options.pid && !snapshot_process(d->last, d->options.pid))
        snprintf(d->headline, sizeof(d->headline), "there is no process %u", d->options.pid);
    else if (g || (g = own_container(d->last)))
        describe_group(d, g, &f->groups[g - d->last->cgroups.items].psi[PSI_MEM]);
    else if (d->verdict == VERDICT_UNKNOWN && strongest(d))
        snprintf(d->headline, sizeof(d->headline), "%.280s", strongest(d)->title);
    else
        describe_host(d, f);
    if (d->verdict == VERDICT_HEALTHY)
        add_hurts(d, f);
}

/* "More than 0 B" is no answer. */
static bool tells_need(const struct need *n)
{
    return known(n->low) && (n->low > 0 || known(n->high));
}

/* One for the machine and for each group whose figures are there. */
static void take_needs(struct diagnosis *d, const struct figures *f)
{
    struct need n;

    need_of_host(&n, d->last, f, d->history);
    if (tells_need(&n))
        vec_push(&d->needs, n);
    for (u32 i = 0; i < d->last->cgroups.count; i++) {
        need_of_group(&n, d->last, f, d->history, i);
        if (tells_need(&n))
            vec_push(&d->needs, n);
    }
}

void diagnosis_conclude(struct diagnosis *d)
{
    const struct cgroup_view *g;
    struct figures f;
    struct rule_context c = {.s = d->last,
                             .f = &f,
                             .history = d->history,
                             .options = &d->options,
                             .incidents = d->incidents,
                             .out = &d->findings};

    assert(d->last);
    drop_results(d);
    figures_init(&f, d->last, d->history);
    accounting_host(&d->accounting, d->last);
    f.unaccounted = accounting_host_unaccounted(&d->accounting, d->last);
    incidents_take(d->incidents, d->last);
    run_rules(d, &c);
    findings_sort(&d->findings);
    d->interval_s = f.interval_s;
    d->stood_still =
        d->history->snapshots > 1 && d->history->last_at - d->history->first_at < NS_PER_MS;
    g = wanted_group(d);
    if (g)
        accounting_group(&d->accounting, g);
    accounting_check(&d->accounting);
    reconcile(d, &f);
    take_needs(d, &f);
    d->verdict = verdict_of(d, &f);
    write_headline(d, &f);
    findings_cut(&d->findings);
    post_mortem_take(d->post_mortem, d);
    figures_done(&f);
}
