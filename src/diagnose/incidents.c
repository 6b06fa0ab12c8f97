/* incidents.c - events of the log, put together and named. */
#include "diagnose/incidents.h"

#include "base/units.h"
#include "diagnose/sizing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Kills of which only the line is there belong to one moment when they are no further apart. */
#define ONE_MOMENT_US 2000000ull

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Nothing but who was killed. */
static bool is_line_alone(const struct log_event *e)
{
    u64 told = 1ull << OOM_PART_CHOICE | 1ull << OOM_PART_KILL;

    return e->kind == LOG_OOM_REAPED ||
           (e->kind == LOG_OOM_KILL && (!e->report || !(e->report->parts & ~told)));
}

static bool is_group(const struct log_event *e)
{
    return e->oom_memcg || strcmp(e->constraint, "CONSTRAINT_MEMCG") == 0;
}

static u64 apart(const struct log_event *a, const struct log_event *b)
{
    if (a->stamp.boot != b->stamp.boot)
        return UNKNOWN;
    if (known(a->at_us) && known(b->at_us))
        return a->at_us > b->at_us ? a->at_us - b->at_us : b->at_us - a->at_us;
    if (known(a->stamp.wall_us) && known(b->stamp.wall_us))
        return a->stamp.wall_us > b->stamp.wall_us ? a->stamp.wall_us - b->stamp.wall_us
                                                   : b->stamp.wall_us - a->stamp.wall_us;
    return UNKNOWN;
}

/* dmesg -T drifts by seconds or minutes, and two logs may be of two time zones, which are quarters
 * of an hour apart. */
#define DRIFT_US   600000000ull
#define QUARTER_US 900000000ull
#define ZONES_US   (26 * 3600 * 1000000ull)

static bool same_moment(u64 between)
{
    u64 beyond = known(between) ? between % QUARTER_US : 0;

    return !known(between) || between < DRIFT_US ||
           (between < ZONES_US && MIN(beyond, QUARTER_US - beyond) < 10 * ONE_MOMENT_US);
}

/* One kill, told by two logs: the same process with the same figures, at no other time as far as
 * clocks can be trusted. */
static bool is_same(const struct log_event *a, const struct log_event *b)
{
    u64 between = apart(a, b);

    return a->kind == b->kind && is_group(a) == is_group(b) && a->pid == b->pid &&
           strcmp(a->comm, b->comm) == 0 && a->pid != 0 && a->total_vm == b->total_vm &&
           a->anon_rss == b->anon_rss && known(a->anon_rss) &&
           (!known(between) || between < ONE_MOMENT_US ||
            (known(a->stamp.wall_us) && known(b->stamp.wall_us) && same_moment(between)));
}

bool incident_same_moment(const struct log_event *a, const struct log_event *b)
{
    return same_moment(apart(a, b));
}

/* "/batch/etl-6b8f9-7hk2d" of one command is "/etl-6b8f9-7hk2d" of another: pods are known by their
 * last name. */
static const char *pod_name(const struct log_event *e)
{
    const char *slash = e->task_memcg ? strrchr(e->task_memcg, '/') : NULL;

    return slash ? slash + 1 : e->task_memcg;
}

/* One eviction as several lines have it: what ran low, which pods are to go, that one is gone, an
 * event, a row of a table. */
static bool is_same_eviction(const struct log_event *a, const struct log_event *b)
{
    const char *x = pod_name(a), *y = pod_name(b);

    return a->kind == LOG_KILLED_BY && b->kind == LOG_KILLED_BY &&
           strcmp(a->killer, "kubelet") == 0 && strcmp(b->killer, "kubelet") == 0 &&
           (!x || !y || strcmp(x, y) == 0) && same_moment(apart(a, b));
}

/* Which of two lines of one eviction says more: what the pod used, then which pod it was. */
static unsigned eviction_tells(const struct log_event *e)
{
    return (e->words && strstr(e->words, " was using ") ? 4u : 0) + (e->task_memcg ? 2u : 0) +
           (e->words && strstr(e->words, "resource") ? 1u : 0);
}

static u64 parts_told(const struct log_event *e)
{
    return e->report ? (u64)__builtin_popcountll(e->report->parts) : 0;
}

static u64 kills_of(const struct log_event *e)
{
    if (e->kind != LOG_OOM_KILL && e->kind != LOG_OOM_REAPED)
        return 0;
    return (e->pid || *e->comm) + e->more.count;
}

/* True when the event is part of an incident that is there already. */
static bool joins(struct incidents *in, const struct log_event *e)
{
    vec_for_each (&in->items, i) {
        if (is_same_eviction(i->e, e)) {
            if (eviction_tells(e) > eviction_tells(i->e))
                i->e = i->first = i->until = e;
            return true;
        }
        if (!is_same(i->e, e))
            continue;
        if (parts_told(e) > parts_told(i->e))
            i->e = i->first = i->until = e;
        return true;
    }
    if (in->items.count && is_line_alone(e)) {
        struct incident *last = &vec_last(&in->items);

        if (is_line_alone(last->e) && last->e->kind == e->kind &&
            is_group(last->e) == is_group(e) && same_text(last->e->oom_memcg, e->oom_memcg) &&
            apart(last->until, e) <= ONE_MOMENT_US) {
            last->until = e;
            last->mixed |= strcmp(last->first->comm, e->comm) != 0;
            if (known(e->anon_rss) &&
                (!known(last->e->anon_rss) || e->anon_rss > last->e->anon_rss))
                last->e = e;
            last->kills += kills_of(e);
            last->reports++;
            return true;
        }
    }
    return false;
}

static double age_of(const struct snapshot *s, const struct log_event *e)
{
    if (known(e->stamp.wall_us) && known(s->wall_us))
        return s->wall_us > e->stamp.wall_us ? (double)(s->wall_us - e->stamp.wall_us) / 1e6 : 0;
    if (!known(e->at_us) || !known(s->uptime_us))
        return NAN;
    return s->uptime_us > e->at_us ? (double)(s->uptime_us - e->at_us) / 1e6 : 0;
}

/* What zram holds of memory, where the text says so beside the report. */
static u64 zram_bytes(const struct snapshot *s)
{
    u64 sum = 0;

    vec_for_each (&s->zrams, z)
        if (known(z->used_total) && z->used_total < (u64)1 << 56)
            sum += z->used_total;
    return sum && s->zrams.count < 1024 ? sum : UNKNOWN;
}

/* The log names no group; one container of this text was killed at its limit, as somebody else
 * says, and it fits. */
static const struct log_event *told_of(const struct snapshot *s, const struct log_event *e)
{
    const struct log_event *one = NULL;

    vec_for_each (&s->log, told) {
        if (told->kind != LOG_OOM_TOLD || !told->task_memcg || !known(told->limit))
            continue;
        if (one && strcmp(one->task_memcg, told->task_memcg) != 0)
            return NULL;
        one = told;
    }
    if (!one || (known(e->anon_rss) && e->anon_rss > one->limit) ||
        (known(e->stamp.wall_us) && known(one->stamp.wall_us) &&
         !same_moment(e->stamp.wall_us > one->stamp.wall_us
                          ? e->stamp.wall_us - one->stamp.wall_us
                          : one->stamp.wall_us - e->stamp.wall_us)))
        return NULL;
    return one;
}

void incidents_take(struct incidents *in, const struct snapshot *s)
{
    vec_reset(&in->items);
    vec_for_each (&s->log, e) {
        if (!joins(in, e))
            vec_push(&in->items,
                     ((struct incident){
                         .e = e, .first = e, .until = e, .kills = kills_of(e), .reports = 1}));
    }
    vec_for_each (&in->items, i) {
        i->age_s = age_of(s, i->e);
        oom_facts_take(&i->facts, i->e);
        if (i->e->kind == LOG_MEM_INFO)
            oom_facts_add_total(&i->facts, s->meminfo[MI_MEM_TOTAL], s->meminfo[MI_MEM_FREE]);
        vec_for_each (&s->cgroups, g)
            if (s->pasted)
                oom_facts_add_group(&i->facts, g);
        if (!i->facts.of_group)
            i->facts.arc = s->arc_size;
        if (s->pasted && !i->facts.of_group)
            i->facts.machine = s->meminfo[MI_MEM_TOTAL];
        if (!i->facts.of_group)
            i->facts.zram = zram_bytes(s);
        if (i->facts.of_group && !i->e->oom_memcg && !known(i->e->limit) &&
            i->e->kind == LOG_OOM_KILL)
            i->facts.told = told_of(s, i->e);
        i->facts.heap = *i->e->comm ? sizing_heap(s, i->e->comm, i->e->pid) : NULL;
        i->ruling = oom_rule(&i->facts);
    }
}

double incident_lasted_s(const struct incident *i)
{
    u64 us = apart(i->first, i->until);

    return known(us) ? (double)us / 1e6 : NAN;
}

void incidents_done(struct incidents *in)
{
    vec_done(&in->items);
}

static bool is_kill(const struct log_event *e)
{
    return e->kind == LOG_OOM_KILL || e->kind == LOG_OOM_NO_VICTIM;
}

unsigned incidents_hosts(const struct incidents *in)
{
    unsigned hosts = 0;

    vec_for_each (&in->items, i) {
        bool told = !*i->e->host;

        for (const struct incident *b = in->items.items; b < i && !told; b++)
            told = strcmp(b->e->host, i->e->host) == 0;
        hosts += !told;
    }
    return hosts;
}

bool incident_of_group(const struct incident *i)
{
    return is_kill(i->e) && is_group(i->e);
}

bool incident_of_machine(const struct incident *i)
{
    return is_kill(i->e) && !is_group(i->e);
}

bool incident_is_timed(const struct incident *i)
{
    return known(i->e->at_us) || known(i->e->stamp.wall_us);
}

bool incident_comes_before(const struct incident *a, const struct incident *b, bool timed)
{
    u64 of_a = figure_or(a->e->anon_rss, 0), of_b = figure_or(b->e->anon_rss, 0);

    return timed || of_a == of_b ? a > b : of_a > of_b;
}

#define HISTORY_US (86400 * 1000000ull)

bool incident_is_history(const struct incidents *in, const struct incident *i)
{
    vec_for_each (&in->items, at)
        if (is_kill(at->e) && known(at->e->stamp.wall_us) && known(i->e->stamp.wall_us) &&
            at->e->stamp.wall_us > i->e->stamp.wall_us + HISTORY_US)
            return true;
    return false;
}

bool incident_same_victim(const struct log_event *a, const struct log_event *b)
{
    char x[96] = "", y[96] = "";

    if (a->task_memcg)
        group_label(x, a->task_memcg);
    if (b->task_memcg)
        group_label(y, b->task_memcg);
    return strcmp(x, y) == 0 && strcmp(a->comm, b->comm) == 0 && a->of_machine == b->of_machine;
}

bool incident_is_repeated(const struct incidents *in, const struct incident *i)
{
    for (const struct incident *b = in->items.items; b < i; b++)
        if (b->e->kind == LOG_KILLED_BY && strcmp(b->e->killer, i->e->killer) == 0 &&
            incident_same_victim(b->e, i->e) && b->e->pid == i->e->pid &&
            (i->e->pid || !incident_is_timed(i) || !incident_is_timed(b)))
            return true;
    return false;
}

/* --- names ------------------------------------------------------------------------------------ */

static bool is_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    return len >= 8;
}

/* The id of a container: "docker-<id>.scope", "cri-containerd-<id>.scope", "crio-<id>.scope",
 * "<id>" below a pod or docker. */
static bool container_id(const char *path, const char *name, char buf[16])
{
    const char *dash = strrchr(name, '-'), *id = dash ? dash + 1 : name;
    size_t len = strcspn(id, ".");
    bool scope = strcmp(id + len, ".scope") == 0 && dash &&
                 (strncmp(name, "docker-", 7) == 0 || strncmp(name, "crio-", 5) == 0 ||
                  strncmp(name, "libpod-", 7) == 0 || strstr(name, "containerd-"));

    if (!is_hex(id, len) || !(scope || strstr(path, "kubepods") || strstr(path, "docker")))
        return false;
    snprintf(buf, 16, "%.*s", (int)MIN(len, (size_t)12), id);
    return true;
}

/* A service or scope is known by its last name; a slice by its path. */
static bool is_unit(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && dot > name &&
           (strcmp(dot, ".service") == 0 || strcmp(dot, ".scope") == 0 ||
            strcmp(dot, ".socket") == 0 || strcmp(dot, ".mount") == 0);
}

char *group_label(char buf[96], const char *path)
{
    const char *name = strrchr(path, '/');
    char id[16];

    name = name && name[1] ? name + 1 : path;
    if (oom_is_pod(path)) {
        const char *pod = strstr(name, "pod"), *next;

        while ((next = strstr(pod + 3, "pod")))
            pod = next;
        pod += 3 + (pod[3] == '_' || pod[3] == '-');
        snprintf(buf, 96, "pod %.*s", (int)MIN(strcspn(pod, "."), (size_t)60), pod);
    } else if (container_id(path, name, id)) {
        snprintf(buf, 96, "container %s", id);
    } else if (is_unit(name)) {
        snprintf(buf, 96, "%.80s", name);
    } else if (strlen(path) <= 60) {
        snprintf(buf, 96, "%s", path);
    } else {
        snprintf(buf, 96, "%.80s", name);
    }
    return buf;
}

char *incident_when(char buf[48], const struct log_event *e)
{
    time_t seconds = (time_t)(e->stamp.wall_us / 1000000);
    char text[UNITS_TEXT_MAX];
    struct tm tm;

    *buf = '\0';
    if (known(e->stamp.wall_us) && gmtime_r(&seconds, &tm))
        strftime(buf, 48, e->stamp.year_guessed ? "%b %e %H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
    else if (known(e->at_us))
        snprintf(buf, 48, "%s s after boot", format_count(text, e->at_us / 1000000));
    return buf;
}
