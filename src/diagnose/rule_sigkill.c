/* rule_sigkill.c - something was ended by signal 9, and nothing in the text says who sent it. */
#include "diagnose/left.h"
#include "diagnose/oom_tell.h"

#include <string.h>

#define WARNING_S    86400.0
/* Beside little memory that is left it is what the reader asks about. */
#define WEIGHT_SHORT 0.65

/* Somebody says that it was for memory, or that it was not: then the bare signal adds nothing. */
static bool is_explained(const struct rule_context *c)
{
    vec_for_each (&c->incidents->items, i)
        if (incident_of_group(i) || incident_of_machine(i) || i->e->kind == LOG_KILLED_BY ||
            i->e->kind == LOG_OOM_TOLD)
            return true;
    return c->s->refusals.count > 0;
}

static void tell_memory(struct rule_context *c)
{
    if (!known(c->f->available) || !known(c->f->total))
        return;
    if (left_is_scarce(c->f))
        finding_detail(c, "Little memory is left (%s of %s), which makes the OOM killer likely.",
                       LEFT_SIZE(c->f), SIZE(c->f->total));
    else
        finding_detail(c,
                       "%s of %s is available in this text: the machine was not short of memory "
                       "then.",
                       LEFT_SIZE(c->f), SIZE(c->f->total));
}

/* kubelet says that it stops a container whose probe fails: SIGTERM, and signal 9 when the grace period is over. */
static bool is_of_probe(const struct log_event *e)
{
    return e->words && strstr(e->words, "failed liveness probe");
}

static void tell_probe(struct rule_context *c, const struct incident *i)
{
    char label[96], where[160];

    finding_add(c, oom_severity(i->age_s, WARNING_S), CONF_MEDIUM, "host", 0.4,
                "kubelet stopped %s because its liveness probe failed: signal 9 (exit code 137) is "
                "no sign of memory here",
                i->e->task_memcg ? group_label(label, i->e->task_memcg) : "a container");
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    finding_detail(c, "\"%s\" (%s)", i->e->words, oom_where(where, c->s, i->e, NR_OOM_PARTS));
    finding_detail(c, "A program that waits for memory answers late as well: memory.pressure and "
                      "refaults of its group would show that, cpu.stat that its CPU quota is too "
                      "small.");
    tell_memory(c);
}

/* gunicorn and its like end a worker that did not answer in time, and say so. */
static bool is_of_timeout(const struct log_event *e)
{
    return e->words && strstr(e->words, "WORKER TIMEOUT");
}

static void tell_timeout(struct rule_context *c, const struct incident *i)
{
    char where[160];

    finding_add(c, oom_severity(i->age_s, WARNING_S), CONF_MEDIUM, "host", 0.4,
                "The server ended a worker that did not answer in time: its signal 9 is no sign of "
                "memory here");
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    finding_detail(c, "\"%s\" (%s)", i->e->words, oom_where(where, c->s, i->e, NR_OOM_PARTS));
    finding_detail(c,
                   "\"Perhaps out of memory?\" is a guess of the server. A worker that waits for "
                   "memory answers late as well: dmesg and memory.events of its cgroup tell.");
    tell_memory(c);
}

/* The number stands for signal 9, and not every text has it. Docker's state does. */
static bool says_137(const struct log_event *e)
{
    return strcmp(e->killer, "docker") == 0 || (e->words && strstr(e->words, "137"));
}

void rule_sigkill(struct rule_context *c)
{
    const struct incident *last = NULL;
    char label[96], where[160];
    u64 count = 0;

    if (!wants_host(c) || is_explained(c))
        return;
    vec_for_each (&c->incidents->items, i) {
        if (i->e->kind != LOG_SIGKILLED)
            continue;
        if (is_of_timeout(i->e)) {
            tell_timeout(c, i);
            return;
        }
        if (is_of_probe(i->e)) {
            tell_probe(c, i);
            return;
        }
        /* Of several sentences about one death the one with a name. */
        if (!last || i->e->task_memcg || !last->e->task_memcg)
            last = i;
        count++;
    }
    if (!last)
        return;
    finding_add(c, oom_severity(last->age_s, WARNING_S), CONF_LOW, "host",
                left_is_little(c->f) ? WEIGHT_SHORT : 0.4,
                "Signal 9%s ended %s: the text does not say who sent it, or why",
                says_137(last->e) ? " (exit code 137)" : "",
                last->e->task_memcg ? group_label(label, last->e->task_memcg) : "a program");
    if (left_is_little(c->f))
        finding_title(c,
                      "Signal 9 ended %s, and only %s of %s is available: likely the OOM killer, "
                      "whose lines are not in this text",
                      last->e->task_memcg ? group_label(label, last->e->task_memcg) : "a program",
                      LEFT_SIZE(c->f), SIZE(c->f->total));
    vec_last(&c->out->items).incident = (u32)(last - c->incidents->items.items);
    finding_detail(c, "\"%s\" (%s)", last->e->words, oom_where(where, c->s, last->e, NR_OOM_PARTS));
    if (strcmp(last->e->killer, "docker") == 0)
        finding_detail(c, "Docker counts no OOM kill in that container: then the machine ran out, "
                          "or it was not for memory.");
    tell_memory(c);
    if (left_is_little(c->f)) {
        evidence_shown(c, "MemAvailable", number_of(c->f->available), IN_BYTES, "/proc/meminfo");
        evidence_shown(c, "MemTotal", number_of(c->f->total), IN_BYTES, "/proc/meminfo");
    }
    if (count > 1)
        evidence(c, "such lines", (double)count, IN_COUNT, "this text", "%s", "");
}
