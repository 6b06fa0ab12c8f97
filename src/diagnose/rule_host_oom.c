/* rule_host_oom.c - the kernel killed because the whole machine was out of memory, or said so. */
#include "diagnose/oom_tell.h"

#include <string.h>

/* For a day somebody may still be looking for what happened. */
#define WARNING_S 86400.0
/* So much of memory available is not the state of a machine that just had nothing left. */
#define PLENTY    0.5

/* Kills in cgroups that were seen, or (in all) of which the groups tell. A parent of cgroup v2
 * counts those of its children, one of v1 its own only. */
static u64 kills_in_groups(const struct rule_context *c, bool in_all)
{
    u64 kills = 0;

    vec_for_each (&c->s->cgroups, g) {
        u64 seen =
            in_all ? g->events[EV_OOM_KILL] : c->f->groups[g - c->s->cgroups.items].oom_kills_seen;

        /* The root has no memory.events: its children stand for it. */
        if (known(seen) &&
            (g->version == 1 || g->parent == GROUP_NONE || c->s->cgroups.items[g->parent].is_root))
            kills += seen;
    }
    return kills;
}

/* Kills by limits that the log tells. */
static bool log_has_group_kills(const struct rule_context *c)
{
    vec_for_each (&c->incidents->items, i)
        if (incident_of_group(i))
            return true;
    return false;
}

/* Kills that no log tells, and no cgroup that is there accounts for. A group that was removed took
 * its counters along: whether its limit killed or the machine, the counter of the machine cannot
 * say. */
static void from_counters(struct rule_context *c)
{
    u64 seen = c->f->oom_kills_seen, all = c->s->vmstat[OOM_KILL];

    if (known(seen) && seen > kills_in_groups(c, false)) {
        bool plenty = known(c->f->available) && known(c->f->total) &&
                      (double)c->f->available > PLENTY * (double)c->f->total;

        finding_add(c, SEV_WARNING, CONF_LOW, "host", 0.9,
                    "The kernel killed %s just now; by which limit, is not known",
                    seen == 1 ? "a process" : "processes");
        if (plenty)
            finding_detail(c,
                           "%s of %s is available, so it was almost surely the limit of a "
                           "cgroup that is gone, not the machine.",
                           LEFT_SIZE(c->f), SIZE(c->f->total));
        else
            finding_detail(c, "No cgroup that is there counted it: the machine ran out, or the "
                              "cgroup is gone.");
        evidence(c, "oom_kill", (double)seen, IN_COUNT, "/proc/vmstat", "over 0, all samples");
        evidence(c, "MemAvailable", number_of(c->f->available), IN_BYTES, "/proc/meminfo", "%s",
                 "");
        evidence(c, "MemTotal", number_of(c->f->total), IN_BYTES, "/proc/meminfo", "%s", "");
    } else if (known(all) && all > kills_in_groups(c, true) && !log_has_group_kills(c)) {
        finding_add(c, SEV_INFO, CONF_LOW, "host", 0.3,
                    "The OOM killer has killed since boot; when, is not known here");
        evidence(c, "oom_kill", (double)all, IN_COUNT, "/proc/vmstat", "over 0");
    }
}

/* The text has a report that says more than who was killed. */
static bool tells_cause(const struct incident *i)
{
    return i->ruling.cause != CAUSE_UNTOLD && i->ruling.cause != CAUSE_LIMIT;
}

/* A cause is more than who was killed, and that more than that somebody was to be. */
static int tells_much(const struct incident *i)
{
    return tells_cause(i) ? 2 : *i->e->comm || i->e->pid;
}

/* Which incident stands for all: one that tells more before one that tells less, the last of
 * those. */
static const struct incident *choose(const struct rule_context *c)
{
    const struct incident *best = NULL;
    bool timed = true;

    vec_for_each (&c->incidents->items, i)
        timed &= !incident_of_machine(i) || incident_is_timed(i);
    vec_for_each (&c->incidents->items, i) {
        if (!incident_of_machine(i))
            continue;
        if (!best || (tells_much(i) != tells_much(best) ? tells_much(i) > tells_much(best)
                                                        : incident_comes_before(i, best, timed)))
            best = i;
    }
    return best;
}

/* A report that lost all that says of what it is, in a log that has limits: another look at one of
 * those. */
static bool adds_nothing(const struct rule_context *c, const struct incident *i)
{
    return !i->facts.of_machine && tells_much(i) == 0 && log_has_group_kills(c);
}

static const char *service_of(const struct incident *i)
{
    return i->e->task_memcg ? i->e->task_memcg : i->e->comm;
}

/* Kills in different services, none of which the text makes a cause: the machine is too small for
 * all of them. */
static bool tell_several(struct rule_context *c, const struct incident *last, u64 incidents)
{
    char label[96], from[48] = "", to[48] = "", count[48], services_text[48];
    u64 services = 0, hosts = incidents_hosts(c->incidents);
    struct strbuf names;
    bool enough, of_machine = true;

    strbuf_init(&names);
    vec_for_each (&c->incidents->items, i) {
        bool told = false;

        if (!incident_of_machine(i) || (tells_cause(i) && i->ruling.cause != CAUSE_ANON) ||
            !*i->e->comm)
            continue;
        of_machine &= i->facts.of_machine;
        for (const struct incident *b = c->incidents->items.items; b < i && !told; b++)
            told = incident_of_machine(b) && strcmp(service_of(b), service_of(i)) == 0;
        if (!*from)
            incident_when(from, i->e);
        incident_when(to, i->e);
        if (told)
            continue;
        if (services++ < 4)
            strbuf_printf(&names, "%s%s%s%s%s%s", services > 1 ? ", " : "", i->e->comm,
                          i->e->task_memcg ? " in " : "",
                          i->e->task_memcg ? group_label(label, i->e->task_memcg) : "",
                          hosts > 1 && *i->e->host ? " on " : "", hosts > 1 ? i->e->host : "");
    }
    enough = services > 1 && last->ruling.cause == CAUSE_UNTOLD;
    if (enough) {
        const struct log_event *e = last->e;

        finding_add(c, oom_severity(last->age_s, WARNING_S), CONF_MEDIUM, "host", 0.85, "%s", "");
        vec_last(&c->out->items).cause = CAUSE_SEVERAL;
        vec_last(&c->out->items).incident = (u32)(last - c->incidents->items.items);
        oom_figure(count, c, e, OOM_PART_KILL, "incidents in the log", (double)incidents, IN_COUNT);
        oom_figure(services_text, c, e, OOM_PART_KILL, "services", (double)services, IN_COUNT);
        finding_title(c,
                      hosts > 1 ? "Several machines ran out of memory, %s%s times together, and "
                                  "killed in %s services: %s"
                      : of_machine
                          ? "The machine ran out of memory %s%s times and killed in %s services: %s"
                          : "The kernel killed for lack of memory %s%s times, in %s services: %s",
                      c->s->log_dropped ? "at least " : "", count, services_text, names.text);
        oom_tell_dropped(c);
        if (*from && *to && strcmp(from, to) != 0)
            finding_detail(c, "From %s to %s.", from, to);
        finding_detail(c, hosts > 1 ? "The text has the lines of the kills and not what memory was "
                                      "full of."
                                    : "No one of them is the cause in all: together they are too "
                                      "large for the machine. The text has the lines of the kills "
                                      "and not what memory was full of.");
    }
    strbuf_done(&names);
    return enough;
}

/* A small victim is no cause; what the log showed of memory before may be. */
static void tell_before(struct rule_context *c, const struct incident *main)
{
    const struct incident *before = NULL;
    const struct oom_facts *f;
    char free_text[48], total[48], file[48], high[48];

    vec_for_each (&c->incidents->items, i)
        if (i < main && i->e->stamp.boot == main->e->stamp.boot && known(i->facts.free_usable) &&
            !i->facts.of_group)
            before = i;
    if (!before || main->ruling.cause != CAUSE_UNTOLD)
        return;
    f = &before->facts;
    if (!known(f->free_high) || f->free_usable + f->free_reserve <= f->free_high)
        return;
    vec_last(&c->out->items).cause = CAUSE_MEMORY_FREE;
    oom_figure(free_text, c, before->e, OOM_PART_ZONES, "free, as the log showed last",
               number_of(f->free_usable + f->free_reserve), IN_BYTES);
    oom_figure(total, c, before->e, OOM_PART_ZONES, "memory of those zones", number_of(f->total),
               IN_BYTES);
    oom_figure(high, c, before->e, OOM_PART_ZONES, "high watermark of those zones",
               number_of(f->free_high), IN_BYTES);
    oom_figure(file, c, before->e, OOM_PART_ZONES, "file cache of those zones", number_of(f->file),
               IN_BYTES);
    finding_title(c,
                  "Memory was free (%s of %s, file cache %s) when the machine killed %s: not "
                  "for lack of memory",
                  free_text, total, file, main->e->comm);
    finding_detail(c,
                   "The high watermark is %s. A kill by the machine with memory free comes from "
                   "an allocation that failed for another reason, as at a limit on kernel "
                   "memory (cgroup v1 kmem).",
                   high);
}

/* Figures of a report without its beginning and its end, in a log that tells no kill. Of a log that
 * tells failed allocations they are most likely one of those: the kernel shows memory for both. */
static const struct incident *part_of_report(const struct rule_context *c)
{
    const struct incident *part = NULL;

    vec_for_each (&c->incidents->items, i) {
        if (incident_of_group(i) || i->e->kind == LOG_ALLOC_FAILURE)
            return NULL;
        if (i->e->kind == LOG_MEM_INFO && (known(i->ruling.bytes) || i->facts.processes ||
                                           (i->facts.r && i->facts.r->zones.count)))
            part = i;
    }
    return part;
}

void rule_host_oom(struct rule_context *c)
{
    const struct incident *main;
    u64 incidents = 0, kills = 0;

    if (!wants_host(c))
        return;
    vec_for_each (&c->incidents->items, i) {
        if (incident_of_machine(i)) {
            incidents++;
            kills += i->kills;
        }
    }
    main = choose(c);
    if (main && adds_nothing(c, main))
        main = NULL;
    if (!main && (main = part_of_report(c))) {
        oom_tell(c, main, "host", SEV_WARNING, 0.7);
        return;
    }
    if (!main) {
        from_counters(c);
        if (c->s->log.count == 0 && c->s->parts[PART_KERNEL_LOG].state != PART_OK)
            gap_part(c, "whether and whom the OOM killer killed before", PART_KERNEL_LOG);
        return;
    }
    if (incidents > 1 && tell_several(c, main, incidents))
        return;
    oom_tell(c, main, "host", oom_severity(main->age_s, WARNING_S),
             main->age_s <= 60                         ? 1
             : incident_is_history(c->incidents, main) ? 0.6
                                                       : 0.85);
    tell_before(c, main);
    oom_tell_others(c, main, incidents, kills);
}
