/* oom_title_daemon.c - the first line of what a daemon did: systemd-oomd, earlyoom, the node agent, Android's killer. */
#include "diagnose/oom_tell_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number before `mark` in a daemon's message: "51.07%". NAN when there is none. */
static double percent_after(const char *words, const char *mark)
{
    const char *at = strstr(words, mark);
    double number;

    return at && sscanf(at + strlen(mark), "%lf", &number) == 1 && number >= 0 && number < 1e6
               ? number
               : NAN;
}

/* "memory", "ephemeral-storage": what kubelet says was short. Memory, where it does not say. */
static char *resource_of(char buf[40], const char *words)
{
    static const char *const marks[] = {"low on resource: ", "resourceName=\"",
                                        "[signal=", "to reclaim "};

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
    snprintf(buf, 40, "memory");
    return buf;
}

/* kubelet may have evicted for another resource, or for a reading that cannot be. */
static void title_eviction(const struct telling *t, const char *words, struct strbuf *out)
{
    char label[96], name[40];

    if (strstr(words, "observed -")) {
        strbuf_append(out, "kubelet misread the memory of the node: it is below zero in what it "
                           "says it observed, so that this pressure need not be real");
        return;
    }
    resource_of(name, words);
    strbuf_printf(out, "kubelet evicted %s because the node ran low on %s",
                  t->e->task_memcg ? group_label(label, t->e->task_memcg) : "pods", name);
    if (strncmp(name, "memory", 6) != 0)
        strbuf_append(out, ", not on memory");
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

void oom_title_daemon(const struct telling *t, struct strbuf *out)
{
    const char *words = t->e->words ? t->e->words : "";
    double is = percent_after(words, " being "), over = percent_after(words, "% > ");
    char label[96];

    if (t->ruling->cause == CAUSE_EVICTION) {
        title_eviction(t, words, out);
        return;
    }
    strbuf_printf(out, "%s killed %s", t->e->killer,
                  t->e->task_memcg ? group_label(label, t->e->task_memcg)
                  : *t->e->comm    ? t->e->comm
                                   : "to free memory");
    if (strstr(words, "memory pressure") && !isnan(is) && !isnan(over)) {
        strbuf_printf(out, " for memory pressure: %s", PERCENT(KILL, "memory pressure", is));
        strbuf_printf(out, " over its limit of %s", PERCENT(KILL, "pressure limit", over));
        if (t->e->oom_memcg && t->e->task_memcg && known(t->e->usage) &&
            strcmp(t->e->oom_memcg, t->e->task_memcg) != 0)
            strbuf_printf(out, "; the largest that it looked at was %s with %s",
                          group_label(label, t->e->oom_memcg),
                          BYTES(KILL, "largest candidate", t->e->usage));
        else
            strbuf_append(out, "; memory itself need not have been full");
    } else if (!say_left(t, words, out)) {
        strbuf_append(out, ", by a rule of its own");
    }
}
