/* rule_top_holders.c - who holds anonymous memory. */
#include "diagnose/cause.h"
#include "diagnose/top_processes.h"

#include <stdio.h>
#include <string.h>

/* Percent of memory, so that a list of trifles is not shown. */
#define FROM_PERCENT 1.0
/* On a live machine, what processes have grown by since /proc/meminfo was read. */
#define READ_APART   1.02
/* More rows are no paste that anybody compares by hand. */
#define NAMES_MAX    20000

static double held(const struct rule_context *c, const struct process_view *p)
{
    (void)c;
    /* Before 4.5 only the whole RSS is known. */
    return number_of(known(p->rss_anon) ? p->rss_anon : p->rss);
}

/* Of one process alone: what smem calls USS is nobody else's, as far as anonymous memory is not
 * told. */
static double held_alone(const struct rule_context *c, const struct process_view *p)
{
    return !known(p->rss_anon) && known(p->uss) ? number_of(p->uss) : held(c, p);
}

/* Percent of memory from which on a program is what memory went to. */
#define MOST_PERCENT 30.0

/* All processes of one name: their memory together, and how many. By PSS, which divides what they
 * share, where all tell it. */
static double held_by_name(const struct rule_context *c, const char *comm, unsigned *ret_count,
                           bool *ret_divided)
{
    double sum = 0, divided = 0;

    *ret_count = 0;
    vec_for_each (&c->s->processes, p) {
        if (strcmp(p->comm, comm) != 0 || isnan(held(c, p)))
            continue;
        sum += held(c, p);
        divided += number_of(p->pss);
        (*ret_count)++;
    }
    *ret_divided = *ret_count > 1 && !isnan(divided);
    return *ret_divided ? MIN(divided, sum) : sum;
}

/* The name whose processes hold most. */
static const char *largest_name(const struct rule_context *c, double *ret_sum, unsigned *ret_count,
                                bool *ret_divided)
{
    const char *best = NULL;

    *ret_sum = 0;
    vec_for_each (&c->s->processes, p) {
        unsigned count;
        bool divided;
        double sum;

        /* A table has a name many times; once is enough. */
        if (best && strcmp(best, p->comm) == 0)
            continue;
        sum = held_by_name(c, p->comm, &count, &divided);
        if (sum > *ret_sum) {
            *ret_sum = sum;
            *ret_count = count;
            *ret_divided = divided;
            best = p->comm;
        }
    }
    return best;
}

/* Whoever pastes a table of processes asks which of them it is. */
static bool tell_cause(struct rule_context *c)
{
    double sum, share;
    unsigned count = 0;
    bool divided = false, more;
    const char *name =
        c->s->processes.count <= NAMES_MAX ? largest_name(c, &sum, &count, &divided) : NULL;
    u64 swap = 0;

    if (!name)
        return false;
    share = share_of((u64)sum, c->f->total);
    if (!(share >= MOST_PERCENT))
        return false;
    if (count == 1)
        finding_add(c, cause_severity(c, SEV_INFO), CONF_HIGH, "host", cause_weight(c, 0.4, share),
                    "%s holds %s of %s (%s)", name, SIZE((u64)sum), SIZE(c->f->total),
                    AMOUNT(share, IN_PERCENT));
    else
        finding_add(c, cause_severity(c, SEV_INFO), CONF_MEDIUM, "host",
                    cause_weight(c, 0.4, share), "%u processes of %s hold %s together, of %s (%s)",
                    count, name, SIZE((u64)sum), SIZE(c->f->total), AMOUNT(share, IN_PERCENT));
    vec_last(&c->out->items).cause = CAUSE_ANON;
    more = count > 1 && known(c->f->total) && sum > (double)c->f->total;
    if (more) /* a share of more than all is none */
        finding_title(c, "%u processes of %s have an RSS of %s together, more than the %s there is",
                      count, name, SIZE((u64)sum), SIZE(c->f->total));
    if (divided)
        finding_detail(c, "By PSS, which divides what they share among them.");
    else if (count > 1)
        finding_detail(c, "What they share is counted in each of them%s",
                       more ? ": PSS of /proc/PID/smaps_rollup tells what they hold." : ".");
    vec_for_each (&c->s->processes, p)
        swap += strcmp(p->comm, name) == 0 ? figure_or(p->swap, 0) : 0;
    if (swap)
        finding_detail(c, "%s more of it is in swap.", SIZE(swap));
    evidence_shown(c, name, sum, IN_BYTES, "the table of processes");
    evidence_shown(c, "processes of that name", count, IN_COUNT, "the table of processes");
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "the table of processes");
    evidence_shown(c, "MemTotal", number_of(c->f->total), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "of it in swap", number_of(swap), IN_BYTES, "the table of processes");
    return true;
}

/* A table that has sizes of address space alone, as busybox's top: what is resident nobody said. */
static void tell_address_space(struct rule_context *c)
{
    const struct process_view *most = NULL;
    char row[80];

    vec_for_each (&c->s->processes, p) {
        if (known(p->rss) || known(p->rss_anon) || known(p->pss))
            return;
        if (known(p->vm_size) && p->vm_size && (!most || p->vm_size > most->vm_size))
            most = p;
    }
    if (!most || !c->s->pasted)
        return;
    finding_add(c, SEV_INFO, CONF_LOW, "host", 0.02,
                "%s has the largest address space, %s, which is virtual: how much of it is in "
                "memory this table does not show",
                process_label((char[64]){0}, most), SIZE(most->vm_size));
    finding_detail(c, "VSZ counts what a program may touch, not what it holds: VmRSS in "
                      "/proc/PID/status does.");
    snprintf(row, sizeof(row), "VSZ of %s", process_label((char[64]){0}, most));
    evidence_shown(c, row, number_of(most->vm_size), IN_BYTES, "the table of processes");
}

void rule_top_holders(struct rule_context *c)
{
    u32 top[TOP_PROCESSES];
    double from = number_of(c->f->total) * FROM_PERCENT / 100, sum = 0;
    unsigned count = top_processes(c, held_alone, isnan(from) || c->options->pid ? 0 : from, top);

    gap_cut(c, "whether other processes hold more", PART_PROCESSES);
    if (count == 0) {
        if (c->s->processes.count == 0)
            gap_part(c, "who holds memory", PART_PROCESSES);
        tell_address_space(c);
        return;
    }
    /* One row for all of them says nothing of who. */
    if (c->s->processes.count == 1 && known(c->s->kernel_used))
        return;
    if (c->s->pasted && tell_cause(c))
        return;
    finding_add(c, SEV_INFO, CONF_HIGH, top_processes_scope(c), 0.02,
                "Most anonymous memory: %s, %s",
                process_label((char[64]){0}, &c->s->processes.items[top[0]]),
                AMOUNT(held_alone(c, &c->s->processes.items[top[0]]), IN_BYTES));
    top_processes_tell(c, held_alone, IN_BYTES, top, count, "status");
    for (unsigned i = 0; i < count; i++)
        sum += held_alone(c, &c->s->processes.items[top[i]]);
    if (count > 1 && sum > number_of(c->s->meminfo[MI_ANON_PAGES]) * READ_APART) {
        finding_detail(c,
                       "They share pages (fork), which each of them counts: all programs "
                       "together have %s.",
                       SIZE(c->s->meminfo[MI_ANON_PAGES]));
        evidence_shown(c, "AnonPages", number_of(c->s->meminfo[MI_ANON_PAGES]), IN_BYTES,
                       "/proc/meminfo");
    }
}
