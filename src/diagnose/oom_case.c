/* oom_case.c - the choice of the OOM killer, from the table of tasks in its report.
 *
 * Points are resident pages, swapped pages and page-table pages, plus oom_score_adj thousandths of all memory that counts (the group's
 * limit, or the machine); the highest dies, -1000 never. The table gives enough of that to say who came second and who was spared.
 */
#include "diagnose/oom_case.h"

#include <string.h>

/* Younger than this, whoever looks has probably been called because of it. */
#define OOM_NOW_S     600.0
/* oom_score_adj from -900 down protects in practice: the rest of the score would have to be nine tenths of memory. */
#define ADJ_PROTECTED (-900)

double oom_age_s(const struct snapshot *s, const struct log_event *e)
{
    if (!known(e->at_us) || !known(s->uptime_us))
        return NAN;
    return s->uptime_us > e->at_us ? (double)(s->uptime_us - e->at_us) / 1e6 : 0;
}

enum severity oom_severity(double age_s, double warning_s)
{
    if (age_s <= OOM_NOW_S)
        return SEV_CRITICAL;
    /* Of unknown age: it is in the log that is kept, so it is worth a look. */
    return isnan(age_s) || age_s <= warning_s ? SEV_WARNING : SEV_INFO;
}

static u64 held(const struct oom_candidate *t)
{
    return figure_or(t->rss, 0) + figure_or(t->swap, 0);
}

static void tell_choice(struct rule_context *c, const struct log_event *e)
{
    const struct oom_candidate *victim = NULL, *second = NULL, *spared = NULL;

    vec_for_each (&e->tasks, t) {
        if (t->pid == e->pid)
            victim = t;
    }
    vec_for_each (&e->tasks, t) {
        if (t == victim)
            continue;
        if (t->oom_score_adj <= ADJ_PROTECTED) {
            if (victim && held(t) > held(victim) && (!spared || held(t) > held(spared)))
                spared = t;
        } else if (!second || held(t) > held(second)) {
            second = t;
        }
    }
    if (!victim)
        return;
    if (victim->oom_score_adj > 0)
        finding_detail(
            c,
            "It was chosen with the help of oom_score_adj %lld, which adds %.0f %% of all memory "
            "to its score.",
            (long long)victim->oom_score_adj, (double)victim->oom_score_adj / 10);
    else if (!second || held(victim) >= held(second))
        finding_detail(c, "It was chosen because it held the most of %zu candidates.",
                       e->tasks.count);
    if (second)
        finding_detail(c, "Next was %s (pid %u) with %s.", second->comm, second->pid,
                       SIZE(held(second)));
    if (spared)
        finding_detail(c, "%s (pid %u) held more, %s, and is protected by oom_score_adj %lld.",
                       spared->comm, spared->pid, SIZE(held(spared)),
                       (long long)spared->oom_score_adj);
}

void oom_tell(struct rule_context *c, const struct log_event *e)
{
    double age = oom_age_s(c->s, e);
    const char *where = part_names[PART_KERNEL_LOG];

    if (*e->invoker && strcmp(e->invoker, e->comm) != 0)
        finding_detail(c, "%s asked for the memory that was not there.", e->invoker);
    tell_choice(c, e);
    evidence(c, "age of the kill", age, IN_SECONDS, where, "%s", "");
    evidence(c, "anon-rss of the victim", number_of(e->anon_rss), IN_BYTES, where, "%s", "");
    evidence(c, "file-rss of the victim", number_of(e->file_rss), IN_BYTES, where, "%s", "");
    evidence(c, "shmem-rss of the victim", number_of(e->shmem_rss), IN_BYTES, where, "%s", "");
    evidence(c, "usage at the kill", number_of(e->usage), IN_BYTES, where, "%s", "");
    evidence(c, "limit", number_of(e->limit), IN_BYTES, where, "%s", "");
}
