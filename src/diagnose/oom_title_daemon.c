/* oom_title_daemon.c - the first line of what a daemon did: systemd-oomd, earlyoom, the node agent, Android's killer. */
#include "diagnose/oom_tell_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A node with so much available, in percent, is not low on memory. */
#define PLENTY 25.0

/* The number before `mark` in a daemon's message: "51.07%". NAN when there is none. */
static double percent_after(const char *words, const char *mark)
{
    const char *at = strstr(words, mark);
    double number;

    return at && sscanf(at + strlen(mark), "%lf", &number) == 1 && number >= 0 && number < 1e6
               ? number
               : NAN;
}

/* "memory", "ephemeral-storage": what kubelet says was short; NULL where it does not say. */
static const char *resource_of(char buf[40], const char *words)
{
    static const char *const marks[] = {"low on resource: ", "resourceName=\"",
                                        "[signal=", "to reclaim "};
    static const struct {
        const char *has, *resource;
    } conditions[] = {{"MemoryPressure", "memory"},
                      {"DiskPressure", "ephemeral-storage"},
                      {"PIDPressure", "pids"},
                      {"phemeral local storage", "ephemeral-storage"},
                      {"ocal ephemeral storage", "ephemeral-storage"},
                      {"EmptyDir volume", "ephemeral-storage"}};

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        const char *at = strstr(words, marks[i]);
        size_t len;

        if (!at)
            continue;
        at += strlen(marks[i]);
        len = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
        if (len == 0)
            continue;
        snprintf(buf, 40, "%.*s", (int)MIN(len, (size_t)39), at);
        return buf;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(conditions); i++)
        if (strstr(words, conditions[i].has))
            return conditions[i].resource;
    return NULL;
}

/* Its own limit of disk, not what the node has left. */
static bool is_over_own_disk(const char *words)
{
    return strstr(words, "phemeral local storage") || strstr(words, "ocal ephemeral storage") ||
           strstr(words, "EmptyDir volume");
}

bool oom_eviction_says(const char *words)
{
    char buf[40];

    return strstr(words, "observed -") || resource_of(buf, words);
}

/* kubelet may have evicted for another resource, or for a reading that cannot be. */
static void title_eviction(const struct telling *t, const char *words, struct strbuf *out)
{
    char label[96], buf[40];
    const char *name = resource_of(buf, words),
               *pod = t->e->task_memcg ? group_label(label, t->e->task_memcg) : "pods";

    pod += *pod == '/';
    if (strstr(words, "observed -")) {
        strbuf_append(out, "kubelet misread the memory of the node: it is below zero in what it "
                           "says it observed, so that this pressure need not be real");
        return;
    }
    if (!name) {
        strbuf_printf(out,
                      "kubelet evicted %s: what its node ran low on (memory, disk or process ids) "
                      "is not in this text",
                      pod);
        return;
    }
    if (is_over_own_disk(words)) {
        strbuf_printf(out,
                      "kubelet evicted %s because it used more disk (ephemeral storage) than its "
                      "limit allows: that is not memory",
                      pod);
        return;
    }
    strbuf_printf(out, "kubelet evicted %s because the node ran low on %s", pod, name);
    if (strncmp(name, "memory", 6) != 0)
        strbuf_append(out, ", not on memory");
    else if (t->c->f->available_share > PLENTY && known(t->c->f->available)) {
        strbuf_printf(out, ", it says; but %s (%s) are available in the same text",
                      SIZE(t->c->f->available), AMOUNT(t->c->f->available_share, IN_PERCENT));
        evidence_shown(t->c, "MemAvailable", number_of(t->c->f->available), IN_BYTES,
                       "/proc/meminfo");
        evidence_shown(t->c, "available", t->c->f->available_share, IN_PERCENT, "/proc/meminfo");
    }
}

/* What earlyoom saw left: "mem avail: 19 of 950 MiB ( 2.10%), swap free: 153 of 1023 MiB (14.96%)". */
static bool say_left(const struct telling *t, const char *words, struct strbuf *out)
{
    const char *mem = words, *swap = strstr(words, "swap free:"), *total;
    double mem_left, swap_left;
    unsigned avail, min;

    /* As earlyoom wrote until 1.0. */
    if (sscanf(words, "Out of memory! avail: %9u MiB < min: %9u MiB", &avail, &min) == 2) {
        strbuf_printf(out, ": %s were available", BYTES(KILL, "available", avail * MIB));
        strbuf_printf(out, ", under its minimum of %s", BYTES(KILL, "minimum", min * MIB));
        return true;
    }

    /* From 1.6 on only its limits. */
    if (sscanf(words, "low memory! at or below SIG%*4s limits: mem %lf%%, swap %lf%%", &mem_left,
               &swap_left) == 2 &&
        mem_left >= 0 && mem_left <= 100 && swap_left >= 0 && swap_left <= 100) {
        strbuf_printf(out, ": no more than %s of memory was available",
                      PERCENT(KILL, "limit of memory", mem_left));
        strbuf_printf(out, ", and no more than %s of swap free",
                      PERCENT(KILL, "limit of swap", swap_left));
        return true;
    }

    if (!swap || !(mem = strchr(mem, '(')) || mem > swap || !(total = strstr(swap, "of ")) ||
        !(swap = strchr(swap, '(')) || sscanf(mem + 1, "%lf", &mem_left) != 1 ||
        sscanf(swap + 1, "%lf", &swap_left) != 1 || mem_left < 0 || mem_left > 100 ||
        swap_left < 0 || swap_left > 100)
        return false;
    strbuf_printf(out, ": %s of memory was left", PERCENT(KILL, "memory left", mem_left));
    if (strtoull(total + 3, NULL, 10) == 0)
        strbuf_append(out, ", and there is no swap");
    else
        strbuf_printf(out, ", and %s of swap", PERCENT(KILL, "swap left", swap_left));
    return true;
}

/* "memory used (X) / total (Y) and swap used (X) / total (Y) being more than 90.00%": what systemd-oomd saw. */
static bool say_used(const struct telling *t, const char *words, struct strbuf *out)
{
    static const char *const marks[] = {"memory used (", "swap used ("};
    static const char *const names[] = {"of memory", "of swap"};
    double limit = percent_after(words, "more than ");
    bool any = false;

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        const char *at = strstr(words, marks[i]);
        unsigned long long used, total;

        if (!at || isnan(limit) ||
            sscanf(at + strlen(marks[i]), "%19llu) / total (%19llu)", &used, &total) != 2 ||
            total == 0 || used > total)
            continue;
        strbuf_printf(
            out, "%s%s %s", any ? " and " : ": ",
            PERCENT(KILL, i ? "swap used" : "memory used", 100 * (double)used / (double)total),
            names[i]);
        any = true;
    }
    if (any)
        strbuf_printf(out, " were used, and its limit is %s", PERCENT(KILL, "limit", limit));
    return any;
}

/* "reason: min watermark is breached and swap is low (91200kB < 291276kB)" */
static bool say_reason(const char *words, struct strbuf *out)
{
    const char *at = strstr(words, "reason: ");
    size_t len = at ? strcspn(at + 8, "(\"\n;") : 0;

    while (len && at[8 + len - 1] == ' ')
        len--;
    if (len == 0 || len > 120)
        return false;
    strbuf_printf(out, "; its reason: %.*s", (int)len, at + 8);
    return true;
}

/* A name that the kernel would have cut stands whole in the message. */
static const char *whole_name(char buf[128], const struct log_event *e, const char *words)
{
    size_t cut = strlen(e->comm), len;
    const char *at = cut ? strstr(words, e->comm) : NULL;

    if (at && at > words && at[-1] == ' ' && strcmp(e->killer, "lmkd") == 0) {
        snprintf(buf, 128, "%.*s", (int)MIN(strcspn(at, " "), (size_t)127), at);
        return buf;
    }
    if (!at || at == words || at[-1] != '\'')
        return e->comm;
    len = strcspn(at, "'");
    snprintf(buf, 128, "%.*s", (int)MIN(len, (size_t)127), at);
    return len >= cut && at[len] == '\'' ? buf : e->comm;
}

/* Who runs jobs ends those that use more than they asked for, by a count of its own. */
static bool is_batch(const char *killer)
{
    return strcmp(killer, "slurm") == 0 || strcmp(killer, "PBS") == 0 ||
           strcmp(killer, "YARN") == 0;
}

void oom_title_daemon(const struct telling *t, struct strbuf *out)
{
    const char *words = t->e->words ? t->e->words : "";
    double is = percent_after(words, " being "), over = percent_after(words, "% > ");
    char label[96], name[128];

    if (t->ruling->cause == CAUSE_EVICTION) {
        title_eviction(t, words, out);
        return;
    }
    if (is_batch(t->e->killer)) {
        char *end;
        double number = (double)strtoull(t->e->comm, &end, 10);

        strbuf_printf(out, "%s killed %s%s: it used more memory than it was given", t->e->killer,
                      *t->e->comm ? "job " : "",
                      *t->e->comm        ? t->e->comm
                      : t->e->task_memcg ? group_label(label, t->e->task_memcg)
                                         : "a job");
        if (number > 0 && !*end)
            (void)oom_figure((char[48]){0}, t->c, t->e, OOM_PART_KILL, "job", number, IN_ID);
        return;
    }
    if (strcmp(t->e->killer, "Ray") == 0) {
        strbuf_append(out, "Ray killed a task because its node ran low on memory: what the node "
                           "used was over the threshold that Ray keeps");
        return;
    }
    strbuf_printf(out, "%s killed %s", t->e->killer,
                  t->e->task_memcg ? group_label(label, t->e->task_memcg)
                  : *t->e->comm    ? whole_name(name, t->e, words)
                                   : "to free memory");
    if (strstr(words, "memory pressure") && !isnan(is) && !isnan(over)) {
        strbuf_printf(out, " for memory pressure: %s", PERCENT(KILL, "memory pressure", is));
        strbuf_printf(out, ", and its limit is %s", PERCENT(KILL, "pressure limit", over));
        if (t->e->oom_memcg && t->e->task_memcg && known(t->e->usage) &&
            strcmp(t->e->oom_memcg, t->e->task_memcg) != 0)
            strbuf_printf(out, "; the largest that it looked at was %s with %s",
                          group_label(label, t->e->oom_memcg),
                          BYTES(KILL, "largest candidate", t->e->usage));
        else
            strbuf_append(out, "; memory itself need not have been full");
    } else if (!say_left(t, words, out) && !say_used(t, words, out) && !say_reason(words, out)) {
        strbuf_append(out, ", by a rule of its own");
    }
}
