/* rule_daemon_kill.c - a program killed or evicted for memory, or says that the kernel did. */
#include "diagnose/left.h"
#include "diagnose/oom_tell_int.h"
#include "diagnose/sizing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNING_S     86400.0
/* Of kills by Android's killers so many are told one by one. */
#define ANDROID_SHOWN 8
#define TOLD_WEIGHT   0.6
/* A program needs about a quarter beside its heap: threads, code, buffers. */
#define HEAP_FILLS    0.75

/* Does the kernel's own report stand in the log too? Then what others say of it adds nothing: of a
 * group's kill, of any where no limit is said, and of the machine's at the same moment. */
#define SAME_MOMENT_US 10000000u
static bool kernel_tells(const struct rule_context *c, const struct log_event *told)
{
    u64 at = told->stamp.wall_us;

    vec_for_each (&c->incidents->items, i) {
        u64 then = i->e->stamp.wall_us;

        if (incident_of_group(i))
            return true;
        /* The agent of a node passes the kernel's process ids on: another one is another kill. */
        if (told->of_machine && told->pid && i->e->pid && told->pid != i->e->pid)
            continue;
        if (incident_of_machine(i) && (!known(told->limit) || !known(at) || !known(then) ||
                                       (at > then ? at - then : then - at) <= SAME_MOMENT_US))
            return true;
    }
    return false;
}

/* A heap that may fill the limit by itself is why. */
static void tell_told_heap(struct rule_context *c, const struct log_event *e, u64 limit)
{
    const struct heap_view *heap = sizing_heap(c->s, e->comm, e->pid);
    u64 bytes = sizing_heap_bytes(heap, limit);
    char label[96];

    if (!known(bytes))
        return;
    if (e->task_memcg && (double)bytes >= HEAP_FILLS * (double)limit) {
        vec_last(&c->out->items).cause = CAUSE_JVM;
        finding_title(c,
                      "%s reached its limit of %s: the heap of %s alone may grow to %s (%s), and "
                      "the kernel killed it, says %s",
                      group_label(label, e->task_memcg), SIZE(limit), heap->program, SIZE(bytes),
                      heap->option, e->killer);
    }
    sizing_tell_heap(c, heap, limit);
}

/* The limit that the teller says, else the one that another block of the text has of that unit or
 * container. */
static u64 told_limit(const struct rule_context *c, const struct log_event *e)
{
    if (known(e->limit) || !e->task_memcg)
        return e->limit;
    vec_for_each (&c->s->cgroups, g) {
        const char *slash = strrchr(g->path, '/');

        if (known(g->max) && g->max < NO_LIMIT &&
            (strcmp(g->path, e->task_memcg) == 0 ||
             (slash && strcmp(slash + 1, e->task_memcg) == 0)))
            return g->max;
    }
    vec_for_each (&c->s->sizings, z)
        if (known(z->limit) && strcmp(z->scope + (*z->scope == '/'), e->task_memcg) == 0)
            return z->limit;
    return UNKNOWN;
}

static bool runs_containers(const char *killer)
{
    static const char *const all[] = {"kubernetes", "AWS", "nomad", "this text"};

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
        if (strcmp(killer, all[i]) == 0)
            return true;
    return false;
}

/* A table of pods has the word OOMKilled: the limit stands elsewhere, and so does whether it was
 * that or the node. */
static void tell_pod_row(struct rule_context *c, const struct log_event *e)
{
    const char *pod = e->task_memcg;

    if (!pod || strcmp(e->killer, "kubernetes") != 0 || known(told_limit(c, e)) || !e->words ||
        !strstr(e->words, "OOMKilled"))
        return;
    pod = strrchr(pod, '/') ? strrchr(pod, '/') + 1 : pod;
    vec_for_each (&c->s->restarts, r) {
        if (strcmp(r->scope, e->task_memcg) != 0)
            continue;
        finding_detail(c, "Its containers were started again %s.", TIMES(r->count));
        evidence_shown(c, "restarts", number_of(r->count), IN_COUNT, "the table");
    }
    finding_detail(c,
                   "The limit of its containers, or that there is none, stands below Limits of "
                   "\"kubectl describe pod %.63s\". Where the node itself ran out, its kernel log "
                   "says CONSTRAINT_NONE or global_oom.",
                   pod);
}

/* Others say that the kernel killed, or nothing but the line of its reaper is there. */
static bool is_told_kill(const struct log_event *e)
{
    return e->kind == LOG_OOM_TOLD || (e->kind == LOG_OOM_REAPED && e->words);
}

/* Names of a title beyond these are counted. */
#define VICTIMS_SHOWN 3

/* The same teller says of this process, too, that the machine ran out. */
static bool is_of_machine_too(const struct incident *i, const struct incident *than)
{
    return is_told_kill(i->e) && i->e->of_machine && *i->e->comm &&
           strcmp(i->e->killer, than->e->killer) == 0;
}

/* "java and node": whom the machine's kills took, each once, as far as the same teller says. */
static void say_machine_victims(const struct rule_context *c, const struct incident *last,
                                struct strbuf *out)
{
    const struct incident *shown[VICTIMS_SHOWN];
    unsigned count = 0, more = 0;

    vec_for_each (&c->incidents->items, i) {
        bool again = !is_of_machine_too(i, last) || kernel_tells(c, i->e);

        for (unsigned s = 0; s < count && !again; s++)
            again = incident_same_victim(i->e, shown[s]->e);
        if (!again && count < VICTIMS_SHOWN)
            shown[count++] = i;
        else if (!again)
            more++;
    }
    for (unsigned s = 0; s < count; s++)
        strbuf_printf(out, "%s%s",
                      s == 0                    ? ""
                      : s + 1 == count && !more ? " and "
                                                : ", ",
                      shown[s]->e->comm);
    if (more)
        strbuf_append(out, " and more");
    if (!count)
        strbuf_append(out, *last->e->comm ? last->e->comm : "a process");
}

/* Of several the latest leads.
 * long: a title for each way in which it is told */
static void tell_told(struct rule_context *c, const struct incident *i, double weight)
{
    const struct log_event *e = i->e;
    bool row = e->words && strcmp(e->killer, "kubernetes") == 0 && strstr(e->words, "OOMKilled") &&
               !strchr(e->words, ':');
    u64 limit = told_limit(c, e);
    char label[96], where[160];
    const char *who;

    if (e->task_memcg && strcmp(e->task_memcg, "/") == 0) {
        finding_add(c, oom_severity(i->age_s, WARNING_S), CONF_MEDIUM, "host", weight,
                    "The machine ran out of memory and the kernel killed a process, says %s: the "
                    "kill was of the root cgroup, not of a container's limit",
                    e->killer);
        vec_last(&c->out->items).cause = CAUSE_UNTOLD;
        vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
        finding_detail(c, "\"%s\" (%s)", e->words, oom_where(where, c->s, e, NR_OOM_PARTS));
        return;
    }
    if (e->of_machine) {
        struct strbuf victims;

        strbuf_init(&victims);
        say_machine_victims(c, i, &victims);
        finding_add(c, oom_severity(i->age_s, WARNING_S), CONF_MEDIUM, "host", weight,
                    "The machine ran out of memory and the kernel killed %s, says %s; what filled "
                    "memory is not in this text",
                    victims.text, e->killer);
        strbuf_done(&victims);
        vec_last(&c->out->items).cause = CAUSE_UNTOLD;
        vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
        finding_detail(c, "\"%s\" (%s)", e->words, oom_where(where, c->s, e, NR_OOM_PARTS));
        return;
    }
    who = e->task_memcg                ? group_label(label, e->task_memcg)
          : *e->comm                   ? e->comm
          : runs_containers(e->killer) ? "a container"
                                       : "a process";
    /* Those have no paths, only names. */
    who += *who == '/' && runs_containers(e->killer) && !strchr(who + 1, '/');
    finding_add(c, oom_severity(i->age_s, WARNING_S), CONF_MEDIUM,
                e->task_memcg ? e->task_memcg : "host", weight,
                row ? "The kernel killed %s for memory (OOMKilled), says %s; whether at its own "
                      "limit or because the node ran out, is not in this text"
                    : "The kernel killed %s for memory, says %s; by which limit, is not in this "
                      "text",
                who, e->killer);
    vec_last(&c->out->items).cause = CAUSE_UNTOLD;
    if (e->task_memcg && *e->comm && e->words && strstr(e->words, "Cgroup OOM")) {
        vec_last(&c->out->items).cause = CAUSE_LIMIT;
        finding_title(c, "A limit of %s was reached and the kernel killed %s (pid %u), says %s",
                      group_label(label, e->task_memcg), e->comm, e->pid, e->killer);
        evidence_shown(c, "pid", e->pid, IN_ID, e->killer);
    }
    if (!e->task_memcg && *e->comm && e->words && strstr(e->words, "Cgroup OOM")) {
        vec_last(&c->out->items).cause = CAUSE_LIMIT;
        finding_title(c,
                      "A limit of a cgroup was reached and the kernel killed %s (pid %u), says %s: "
                      "of which container, the message does not say",
                      e->comm, e->pid, e->killer);
    }
    /* Slurm counts the kills at the limit of the step's own cgroup. */
    if (strcmp(e->killer, "slurm") == 0) {
        vec_last(&c->out->items).cause = CAUSE_LIMIT;
        finding_title(c,
                      "The memory limit of job step %s was reached (what the job asked for by "
                      "--mem), and the kernel killed in it, says slurm",
                      e->task_memcg ? group_label(label, e->task_memcg) : "that is not named");
    }
    if (known(limit) && strcmp(e->killer, "slurm") == 0) {
        finding_title(c,
                      "The memory limit of job step %s was reached (--mem, %s), and the kernel "
                      "killed in it, says slurm",
                      e->task_memcg ? group_label(label, e->task_memcg) : "that is not named",
                      SIZE(limit));
        evidence(c, "--mem", number_of(limit), IN_BYTES, "the text", "%s", "");
    } else if (known(limit)) {
        vec_last(&c->out->items).cause = CAUSE_LIMIT;
        finding_title(c, "%s reached its limit of %s, and the kernel killed it, says %s",
                      e->task_memcg ? who : "A container", SIZE(limit), e->killer);
        evidence(c, "limit", number_of(limit), IN_BYTES, known(e->limit) ? e->killer : "the text",
                 "%s", "");
        tell_told_heap(c, e, limit);
    }
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    finding_detail(c, "\"%s\" (%s)", e->words, oom_where(where, c->s, e, NR_OOM_PARTS));
    if (row)
        tell_pod_row(c, e);
}

/* A pod without a request, or far over it, is evicted first: that is the choice, and the request
 * what to change. */
static void tell_request(struct rule_context *c, const struct log_event *e)
{
    struct eviction_use use = oom_eviction_use(e->words);
    u64 used = use.used, request = use.request;
    char where[160];

    if (!known(used) || !known(request))
        return;
    oom_where(where, c->s, e, NR_OOM_PARTS);
    if (request == 0)
        finding_detail(c, "It used %s and had requested nothing: such pods are evicted first.",
                       SIZE(used));
    else if (used > request)
        finding_detail(c,
                       "It used %s, %s times its request of %s: what is furthest over its request "
                       "is evicted first.",
                       SIZE(used), AMOUNT((double)used / (double)request, IN_COUNT), SIZE(request));
    else
        finding_detail(c, "It used %s and had requested %s: others had taken the rest.", SIZE(used),
                       SIZE(request));
    evidence(c, "used by the container", number_of(used), IN_BYTES, where, "%s", "");
    evidence(c, "request", number_of(request), IN_BYTES, where, "%s", "");
    if (request)
        evidence(c, "used of the request", (double)used / (double)request, IN_COUNT, where, "%s",
                 "");
}

/* A daemon found nothing that it may kill: what holds memory is elsewhere. */
static void tell_nothing_found(struct rule_context *c, const struct incident *i)
{
    const struct figures *f = c->f;
    bool told = known(f->available) && known(f->total);

    finding_title(c, "%s found no process to kill", i->e->killer);
    if (told) {
        finding_title(c, "%s found no process to kill with %s of %s available", i->e->killer,
                      LEFT_SIZE(f), SIZE(f->total));
        evidence_shown(c, "MemAvailable", number_of(f->available), IN_BYTES, "/proc/meminfo");
        evidence_shown(c, "MemTotal", number_of(f->total), IN_BYTES, "/proc/meminfo");
    }
    if (left_is_nothing(f))
        vec_last(&c->out->items).severity = SEV_CRITICAL;
    finding_detail(c, "What fills memory is in no process that it may kill: tmpfs, huge pages, the "
                      "kernel (Slab and what is in no counter of /proc/meminfo), or processes that "
                      "it avoids (--avoid, oom_score_adj -1000).");
}

/* "process 9313 did not exit", "kill failed: Timer expired": whoever was to die is there. */
static bool is_in_vain(const struct log_event *e)
{
    return e->words && (strstr(e->words, "did not exit") || strstr(e->words, "kill failed"));
}

static void tell_failed(struct rule_context *c, const struct log_event *e)
{
    const char *why = strstr(e->words, "kill failed: ");

    if (why)
        finding_title(c,
                      "%s could not kill the process that it chose (%.80s): its memory is held "
                      "as before",
                      e->killer, why + strlen("kill failed: "));
    else if (e->pid)
        finding_title(c, "%s had process %u end, and it did not: its memory is held as before",
                      e->killer, e->pid);
    else
        finding_title(c, "%s had a process end, and it did not: its memory is held as before",
                      e->killer);
    if (e->pid && !why)
        evidence_shown(c, "pid", e->pid, IN_ID, "the text");
    finding_detail(c,
                   "A process in the D state ends when what it waits for comes (a disk, a network "
                   "file system); one of another user may not be killed without the right to.");
}

/* Facebook's oomd says what it chose, and by what; that it killed it says in the kernel log. */
static void tell_oomd_choice(struct rule_context *c, const struct log_event *e)
{
    bool chose = strstr(e->words, "Picked ") || strstr(e->words, "Trying to kill ");
    char label[96];

    if (!e->task_memcg)
        finding_title(c, "oomd says that swap ran low, and no line says that it killed");
    else if (chose)
        finding_title(c, "oomd chose %s to kill, and no line says that it died",
                      group_label(label, e->task_memcg));
    else
        finding_title(c, "oomd found %s over its threshold of %s, and no line says that it killed",
                      group_label(label, e->task_memcg),
                      strstr(e->words, "pressure") ? "memory pressure" : "memory");
}

/* A daemon chose, as systemd-oomd does among groups; whether it killed one is not told, or it could
 * not. */
static void tell_choice(struct rule_context *c, const struct incident *i)
{
    const struct log_event *e = i->e;
    bool failed = e->words && strncmp(e->words, "Failed", 6) == 0;
    char label[96], where[160], size[48];

    finding_add(c, oom_severity(i->age_s, WARNING_S), CONF_MEDIUM, "host", 0.7, "%s", "");
    vec_last(&c->out->items).cause = CAUSE_DAEMON;
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    if (is_in_vain(e)) {
        tell_failed(c, e);
        failed = true;
    } else if (strcmp(e->killer, "Talos") == 0) {
        finding_title(c, "Talos' OOM controller acted, because time lost waiting for memory "
                         "(pressure) rose; which group it killed, is not in this text");
        failed = true;
    } else if (strcmp(e->killer, "earlyoom") == 0) {
        tell_nothing_found(c, i);
        failed = true;
    } else if (strcmp(e->killer, "oomd") == 0) {
        tell_oomd_choice(c, e);
        failed = true;
    } else if (e->oom_memcg && known(e->usage)) {
        oom_figure(size, c, e, OOM_PART_KILL, e->forced ? "swap of it" : "memory of it",
                   number_of(e->usage), IN_BYTES);
        finding_title(c, "systemd-oomd %s for %s: the largest that it looked at was %s with %s%s",
                      failed ? "could kill nothing" : "looked for a group to kill",
                      e->forced ? "use of swap" : "memory pressure",
                      group_label(label, e->oom_memcg), size, e->forced ? " in swap" : "");
    } else {
        finding_title(c, "systemd-oomd %s",
                      failed ? "could kill nothing" : "looked for a group to kill");
    }
    if (!failed)
        finding_detail(c, "Which one it killed is not in this text.");
    if (e->words)
        finding_detail(c, "\"%s\" (%s)", e->words, oom_where(where, c->s, e, NR_OOM_PARTS));
}

static bool is_later(const struct incident *i, const struct incident *than)
{
    u64 a = i->e->stamp.wall_us, b = than->e->stamp.wall_us;

    return known(a) && known(b) && a != b ? a > b : i > than;
}

static bool says_whom(const struct log_event *e)
{
    return e->task_memcg || *e->comm;
}

/* A process that is asked to end twice, at two times, did not end at the first: an attempt is no
 * kill. */
static bool was_in_vain(const struct rule_context *c, const struct incident *last)
{
    if (!last->e->pid || !last->e->words || !strstr(last->e->words, "SIGTERM"))
        return false;
    for (const struct incident *b = c->incidents->items.items; b < last; b++)
        if (b->e->kind == LOG_KILLED_BY && b->e->pid == last->e->pid &&
            incident_same_victim(b->e, last->e) && known(b->e->stamp.wall_us) &&
            known(last->e->stamp.wall_us) && b->e->stamp.wall_us != last->e->stamp.wall_us)
            return true;
    return false;
}

static void tell_in_vain(struct rule_context *c, const struct incident *last,
                         const struct incident *looked)
{
    const struct log_event *e = last->e;
    const char *how = looked && looked > last ? "" : ": it was asked again";
    const char *at = strstr(e->words, "VmRSS ");
    unsigned long long mib = at ? strtoull(at + 6, NULL, 10) : 0;
    char size[48] = "";

    if (mib && mib < (1u << 30))
        oom_figure(size, c, e, OOM_PART_KILL, "resident memory of it", (double)(mib * MIB),
                   IN_BYTES);
    finding_title(c, "%s asked %s (pid %u) to end, and it did not%s%s%s", e->killer,
                  *e->comm ? e->comm : "a process", e->pid, how, *size ? "; it holds " : "", size);
    oom_figure(size, c, e, OOM_PART_KILL, "pid", e->pid, IN_ID);
}

/* What a daemon did is said by others as well; that the machine ran out, and that another one met
 * its limit, is news. */
static bool is_news(const struct rule_context *c, const struct log_event *e,
                    const struct incident *daemon)
{
    if (kernel_tells(c, e))
        return false;
    return !daemon || e->of_machine || (known(e->limit) && !incident_same_victim(e, daemon->e));
}

static void tell_all_told(struct rule_context *c, const struct incident *daemon)
{
    const struct incident *latest = NULL;

    /* One that says whom tells more than a later one that does not: it may be of the same kill. */
    vec_for_each (&c->incidents->items, i)
        if (is_told_kill(i->e) && is_news(c, i->e, daemon) &&
            (!latest ||
             (says_whom(i->e) != says_whom(latest->e) ? says_whom(i->e) : is_later(i, latest))))
            latest = i;
    if (!latest)
        return;
    tell_told(c, latest, TOLD_WEIGHT);
    vec_for_each (&c->incidents->items, i) {
        bool again = !is_told_kill(i->e) || !is_news(c, i->e, daemon) ||
                     (!i->e->task_memcg && !*i->e->comm) || incident_same_victim(i->e, latest->e) ||
                     (latest->e->of_machine && is_of_machine_too(i, latest));

        vec_for_each (&c->incidents->items, other)
            again |= is_told_kill(other->e) && other != i && incident_same_victim(i->e, other->e) &&
                     is_later(other, i);
        if (!again)
            tell_told(c, i, TOLD_WEIGHT - 0.01);
    }
}

/* "kubectl get pods" shows that a pod was evicted, and not for what. */
static void tell_unnamed_eviction(struct rule_context *c, const struct log_event *e)
{
    const char *pod = e->task_memcg ? e->task_memcg : "";
    char name[64] = "POD";

    if (strcmp(e->killer, "kubelet") != 0 || !e->words || oom_eviction_says(e->words))
        return;
    vec_last(&c->out->items).confidence = CONF_LOW;
    pod = strrchr(pod, '/') ? strrchr(pod, '/') + 1 : pod;
    if (*pod && strcspn(pod, " ") == strlen(pod))
        snprintf(name, sizeof(name), "%.63s", pod);
    finding_detail(c,
                   "An eviction does not name what ran low here: the Message of \"kubectl describe "
                   "pod %s\" does (\"The node was low on resource: ...\"), and Conditions of "
                   "\"kubectl describe node\".",
                   name);
}

/* "oom_score_adj 905", "adj 705": how little the user would miss it, by Android; false where the
 * message has none. */
static bool android_adj(const struct log_event *e, int *ret)
{
    const char *at = e->words ? strstr(e->words, "adj ") : NULL;

    return at && (strcmp(e->killer, "lmkd") == 0 || strcmp(e->killer, "lowmemorykiller") == 0) &&
           sscanf(at + 4, "%5d", ret) == 1;
}

/* Who else, and how important Android held each to be. */
static void tell_android(struct rule_context *c, const struct incident *last)
{
    unsigned told = 0;
    char name[128];
    int adj;

    if (!android_adj(last->e, &adj))
        return;
    vec_for_each (&c->incidents->items, i) {
        if (i->e->kind != LOG_KILLED_BY || !android_adj(i->e, &adj) || told++ >= ANDROID_SHOWN)
            continue;
        finding_detail(c, "%s had oom_score_adj %d.", oom_whole_name(name, i->e), adj);
        oom_figure((char[48]){0}, c, i->e, OOM_PART_KILL, "oom_score_adj", adj, IN_ID);
    }
    if (told)
        finding_detail(c, "Android gives 0 to the app in front, a little to what the user sees or "
                          "hears, and most to apps that are only cached, which go first.");
}

void rule_daemon_kill(struct rule_context *c)
{
    const struct incident *last = NULL, *looked = NULL;
    u64 kills = 0;

    if (!wants_host(c))
        return;
    vec_for_each (&c->incidents->items, i) {
        if (i->e->kind == LOG_KILLED_BY) {
            /* The first message of a kind has the reason; later ones may only say that it is
             * done. */
            if (!last || i->e->task_memcg || *i->e->comm)
                last = i;
            kills += !incident_is_repeated(c->incidents, i);
        } else if (i->e->kind == LOG_OOMD_LOOKED) {
            looked = i;
        }
    }
    if (looked && !last)
        tell_choice(c, looked);
    if (last) {
        char where[160];

        oom_tell(c, last, last->e->task_memcg ? last->e->task_memcg : "host",
                 oom_severity(last->age_s, WARNING_S), 0.75);
        if (oom_killer_is_batch(last->e->killer))
            vec_last(&c->out->items).cause = CAUSE_PLATFORM_QUOTA;
        else if (strcmp(last->e->killer, "kubelet") == 0 && last->e->words &&
                 oom_eviction_is_of_other(last->e->words))
            vec_last(&c->out->items).cause = CAUSE_EVICTION_OTHER;
        if (was_in_vain(c, last) || (looked && looked > last && is_in_vain(looked->e) &&
                                     strcmp(looked->e->killer, last->e->killer) == 0))
            tell_in_vain(c, last, looked);
        if (last->e->words)
            finding_detail(c, "\"%s\" (%s)", last->e->words,
                           oom_where(where, c->s, last->e, NR_OOM_PARTS));
        if (last->e->words)
            tell_request(c, last->e);
        tell_android(c, last);
        tell_unnamed_eviction(c, last->e);
        oom_tell_others(c, last, kills, kills);
    }
    tell_all_told(c, last);
}
