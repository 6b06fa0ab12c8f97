/* oom_title_eviction.c - the first line of an eviction: which pod, for what its node ran low on,
 * and what it used against its request. */
#include "diagnose/oom_tell_int.h"

#include <stdio.h>
#include <string.h>

/* A node with so much available, in percent, is not low on memory. */
#define PLENTY 25.0

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

/* Memory, also where the message was cut in that word. */
static bool is_memory(const char *name)
{
    return strncmp(name, "memory", MIN(strlen(name), (size_t)6)) == 0;
}

bool oom_eviction_is_of_other(const char *words)
{
    char buf[40];
    const char *name = resource_of(buf, words);

    return is_over_own_disk(words) || (name && !is_memory(name));
}

/* The amount behind `mark`, as Kubernetes writes it: "3145728Ki", "512Mi"; UNKNOWN. */
static u64 size_after(const char *words, const char *mark)
{
    const char *at = strstr(words, mark);
    struct err e = {0};
    char text[24];
    u64 bytes;

    if (!at)
        return UNKNOWN;
    at += strlen(mark);
    /* Kubernetes writes "Ki" where parse_size() has "K". */
    snprintf(text, sizeof(text), "%.*s", (int)MIN(strspn(at, "0123456789.KMGT"), sizeof(text) - 1),
             at);
    return parse_size(text, &bytes, &e) == 0 ? bytes : UNKNOWN;
}

struct eviction_use oom_eviction_use(const char *words)
{
    struct eviction_use use = {.used = size_after(words, "was using "),
                               .request = size_after(words, "request is ")};
    const char *name = strstr(words, "ontainer "), *end = name ? strstr(name, " was using") : NULL;

    /* As kubelet wrote until 1.21: "which exceeds its request of 1Gi". */
    if (!known(use.request))
        use.request = size_after(words, "its request of ");
    if (end) {
        name += strlen("ontainer ");
        if (end > name && end - name < (ptrdiff_t)sizeof(use.container) &&
            !memchr(name, ' ', (size_t)(end - name)))
            snprintf(use.container, sizeof(use.container), "%.*s", (int)(end - name), name);
    }
    return use;
}

/* "; its container etl used 5.5 GiB and had requested 1.0 GiB" */
static void say_use(const struct telling *t, const char *words, struct strbuf *out)
{
    struct eviction_use use = oom_eviction_use(words);

    if (!known(use.used) || !known(use.request))
        return;
    strbuf_append(out, "; ");
    if (*use.container)
        strbuf_printf(out, "its container %s", use.container);
    else
        strbuf_append(out, "it");
    strbuf_printf(out, " used %s", BYTES(KILL, "used by the container", use.used));
    if (use.request == 0)
        strbuf_append(out, " and had requested nothing");
    else
        strbuf_printf(out, " and had requested %s", BYTES(KILL, "request", use.request));
}

/* What ran low may stand in another line of the same agent: the one with the pod's name need not
 * have it. */
static const char *resource_nearby(char buf[40], const struct telling *t)
{
    vec_for_each (&t->c->s->log, e)
        if (e->kind == LOG_KILLED_BY && strcmp(e->killer, t->e->killer) == 0 && e->words &&
            incident_same_moment(e, t->e) && resource_of(buf, e->words))
            return resource_of(buf, e->words);
    return NULL;
}

/* "etl-7hk2d", "3 pods (a, b and c)", "a pod", "pods" */
static void say_pods(const struct telling *t, struct strbuf *out)
{
    if (oom_say_victims(t, out) == 0)
        strbuf_append(out, "pods");
}

void oom_title_eviction(const struct telling *t, const char *words, struct strbuf *out)
{
    char buf[40] = "";
    const char *name = resource_of(buf, words);

    if (strstr(words, "observed -")) {
        strbuf_append(out, "kubelet misread the memory of the node: it is below zero in what it "
                           "says it observed, so that this pressure need not be real");
        return;
    }
    if (!name)
        name = resource_nearby(buf, t);
    strbuf_append(out, "kubelet evicted ");
    say_pods(t, out);
    if (!name) {
        strbuf_append(out, ": what its node ran low on (memory, disk or process ids) is not in "
                           "this text");
        return;
    }
    if (is_over_own_disk(words)) {
        strbuf_append(out, " because it used more disk (ephemeral storage) than its limit allows: "
                           "that is not memory");
        return;
    }
    strbuf_printf(out, " because the node ran low on %s", name);
    if (!is_memory(name)) {
        strbuf_append(out, ", not on memory");
    } else if (t->c->f->available_share > PLENTY && known(t->c->f->available)) {
        strbuf_printf(out, ", it says; but %s (%s) are available in the same text",
                      SIZE(t->c->f->available), AMOUNT(t->c->f->available_share, IN_PERCENT));
        evidence_shown(t->c, "MemAvailable", number_of(t->c->f->available), IN_BYTES,
                       "/proc/meminfo");
        evidence_shown(t->c, "available", t->c->f->available_share, IN_PERCENT, "/proc/meminfo");
    } else {
        say_use(t, words, out);
    }
}
