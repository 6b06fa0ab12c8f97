/* rule_sigkill.c - something was ended by signal 9, and nothing in the text says who sent it. */
#include "diagnose/containers.h"
#include "diagnose/left.h"
#include "diagnose/oom_tell.h"

#include <stdio.h>
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

/* kubelet says that it stops a container whose probe fails: SIGTERM, and signal 9 when the grace
 * period is over. */
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

/* Whoever stops a program asks it first, and ends it by signal 9 when it has not ended in time. */
static const char *stopped_by(const struct log_event *e)
{
    if (!e->words)
        return NULL;
    if (strstr(e->words, "failed to exit within"))
        return "Docker";
    return strstr(e->words, "timed out. Killing") ? "systemd" : NULL;
}

static void tell_stop(struct rule_context *c, const struct incident *i)
{
    char label[96], where[160];

    finding_add(
        c, oom_severity(i->age_s, WARNING_S), CONF_HIGH, "host", 0.4,
        "%s ended %s by signal 9 because it did not stop in time when it was asked to: that "
        "is no sign of memory",
        stopped_by(i->e),
        i->e->task_memcg                          ? group_label(label, i->e->task_memcg)
        : strcmp(stopped_by(i->e), "Docker") == 0 ? "a container"
                                                  : "a unit");
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    finding_detail(c, "\"%s\" (%s)", i->e->words, oom_where(where, c->s, i->e, NR_OOM_PARTS));
    tell_memory(c);
}

/* PostgreSQL says which of its processes signal 9 ended, by its number. */
static bool tell_postgres(struct rule_context *c, const struct log_event *e)
{
    const char *at = e->words ? strstr(e->words, "(PID ") : NULL, *name;
    unsigned pid;

    if (!at || !strstr(e->words, "was terminated by signal 9") ||
        sscanf(at, "(PID %10u)", &pid) != 1)
        return false;
    name = strstr(e->words, ":  ");
    name = name && name < at ? name + 3 : e->words;
    finding_title(c,
                  "Signal 9 ended PostgreSQL's %.*s (PID %u), most likely sent by the OOM killer: "
                  "the kernel's log has \"Killed process %u\" if so",
                  (int)MIN(at > name ? (size_t)(at - name) - 1 : 0, (size_t)80), name, pid, pid);
    evidence_shown(c, "pid", pid, IN_ID, "the text");
    finding_detail(
        c,
        "dmesg -T | grep -i \"killed process %u\" or journalctl -k proves it; kill -9 by "
        "somebody is the other way. After it PostgreSQL restarts all its processes. "
        "vm.overcommit_memory=2 makes it get an error in place of the kill; less work_mem, "
        "maintenance_work_mem or connections makes it need less.",
        pid);
    return true;
}

/* Compilers say that a part of theirs was killed: of a build with many jobs that is memory, as good
 * as always. */
static bool tell_compiler(struct rule_context *c, const struct log_event *e)
{
    char label[96];

    if (!e->words || !(strstr(e->words, "Killed signal terminated program") ||
                       strstr(e->words, "internal compiler error: Killed")))
        return false;
    finding_title(c,
                  "Signal 9 ended the compiler%s%s, most likely sent by the OOM killer: the build "
                  "needed more memory than the machine or its container has",
                  e->task_memcg ? ", " : "",
                  e->task_memcg ? group_label(label, e->task_memcg) : "");
    finding_detail(c,
                   "dmesg -T | grep -i \"killed process\" proves it, on the host where it ran in a "
                   "container. Each job of a parallel build is one more compiler: fewer of them "
                   "(make -j2, ninja -j2), or swap. One that is killed alone needs less of "
                   "optimisation or debug information (-O1, -g0), or more memory.");
    return true;
}

/* Its runtime says that it was no kill at its own limit. */
static bool tell_not_oom(struct rule_context *c, const struct log_event *e)
{
    const struct container_view *v = container_find(c->s, e->task_memcg);
    bool kubernetes = strcmp(e->killer, "kubernetes") == 0;
    char label[96], limit[64] = "";
    const char *who;

    if (!v || !v->killed_told || v->killed || left_is_little(c->f))
        return false;
    who = e->task_memcg ? group_label(label, e->task_memcg) : "a container";
    who += *who == '/';
    if (known(v->limit) && v->limit < NO_LIMIT)
        snprintf(limit, sizeof(limit), " (%.40s)", SIZE(v->limit));
    if (kubernetes)
        finding_title(
            c,
            "Signal 9 (exit code 137) ended %s with the reason %s, not OOMKilled: not its "
            "memory limit%s but something else sent the signal (%s)",
            who, v->reason, limit,
            c->s->liveness_failed
                ? "its liveness probe failed in this text"
                : "a liveness probe, a grace period that ended, or the node's OOM killer");
    else
        finding_title(c,
                      "Signal 9 (exit code 137) ended %s with OOMKilled false: not its memory "
                      "limit%s but something else sent the signal (docker stop or kill, or the "
                      "OOM killer of the machine)",
                      who, limit);
    if (known(v->limit))
        evidence_shown(c, "limit", number_of(v->limit), IN_BYTES, "the text");
    if (known(v->restarts)) {
        finding_detail(c, "It was started again %s.", TIMES(v->restarts));
        evidence_shown(c, "restarts", number_of(v->restarts), IN_COUNT, "the text");
    }
    finding_detail(
        c, kubernetes ? "kubelet sends it when a liveness probe failed or a pod does not end in "
                        "its grace period (Events of kubectl describe pod: Unhealthy, Killing); "
                        "else look for the OOM killer of the node, in its kernel log, and for a "
                        "process of the container that was killed in place of its first."
                      : "Docker sends it after \"docker stop\" and its grace period, and on "
                        "\"docker kill\" (docker events, the daemon's log); else look for the "
                        "OOM killer of the machine in its kernel log.");
    if (v->probed && !c->s->liveness_failed)
        finding_detail(c, "It has a liveness probe: whether that failed, is not in this text.");
    return true;
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
        if (stopped_by(i->e)) {
            tell_stop(c, i);
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
    if (!tell_postgres(c, last->e) && !tell_compiler(c, last->e) && !tell_not_oom(c, last->e) &&
        strcmp(last->e->killer, "docker") == 0)
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
