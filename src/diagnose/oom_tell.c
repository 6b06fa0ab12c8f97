/* oom_tell.c - what is said of a kill below its title (oom_title.c): who died and why, which
 * limits, what the text does not have.
 *
 * A sentence takes each figure through oom_figure(), which makes it evidence: nothing is said that
 * is not shown. Figures are taken before the sentence that has them, one by one, because C does not
 * order arguments.
 */
#include "diagnose/oom_tell_int.h"

#include "base/masklist.h"
#include "diagnose/sizing.h"

#include <stdio.h>
#include <string.h>

/* Younger than this, whoever looks has probably been called because of it. */
#define OOM_NOW_S    600.0
/* A victim with this share of what the largest holds stands for it. */
#define VICTIM_SMALL 0.5

enum severity oom_severity(double age_s, double warning_s)
{
    if (age_s <= OOM_NOW_S)
        return SEV_CRITICAL;
    /* Of unknown age: it is in the log that is kept, so it is worth a look. */
    return isnan(age_s) || age_s <= warning_s ? SEV_WARNING : SEV_INFO;
}

char *oom_where(char buf[160], const struct snapshot *s, const struct log_event *e,
                enum oom_part part)
{
    struct klog_place place = e->kill;

    if (part < NR_OOM_PARTS && oom_has(e->report, part))
        place = e->report->place[part];
    else if (part < NR_OOM_PARTS && part != OOM_PART_KILL && part != OOM_PART_CHOICE)
        place = e->stamp.place;
    if (place.line == 0)
        place = e->stamp.place;
    if (place.line == 0)
        snprintf(buf, 160, "%s", s->pasted ? "the text" : part_names[PART_KERNEL_LOG]);
    else if (place.file < s->log_files.count && *s->log_files.items[place.file])
        snprintf(buf, 160, "%.140s:%u", s->log_files.items[place.file], place.line);
    else
        snprintf(buf, 160, "%s, line %u", part_names[PART_KERNEL_LOG], place.line);
    return buf;
}

char *oom_figure(char buf[48], struct rule_context *c, const struct log_event *e,
                 enum oom_part part, const char *name, double number, enum evidence_unit unit)
{
    const struct finding *f = &vec_last(&c->out->items);
    char where[160];

    format_evidence(buf, number, unit);
    vec_for_each (&f->evidence, known_one)
        if (strcmp(known_one->name, name) == 0 && known_one->number == number)
            return buf;
    evidence(c, name, number, unit, oom_where(where, c->s, e, part), "%s", "");
    return buf;
}

/* --- sentences -------------------------------------------------------------------------------- */

static void detail(const struct telling *t, struct strbuf *text)
{
    if (text->len) {
        *text->text = (char)(*text->text >= 'a' && *text->text <= 'z' ? *text->text - 'a' + 'A'
                                                                      : *text->text);
        finding_detail(t->c, "%s", text->text);
    }
    strbuf_reset(text);
}

static bool in_table(const struct oom_report *r, u32 pid)
{
    vec_for_each (&r->tasks, task)
        if (task->pid == pid)
            return true;
    return false;
}

/* The kernel names two: of one process with threads, or of a parent and its child. Only the table
 * of tasks tells which, by its rows. */
static void tell_chosen(const struct telling *t, struct strbuf *text)
{
    const struct log_event *e = t->e;
    const struct oom_report *r = e->report;
    bool killed_row = in_table(r, e->pid), chosen_row = in_table(r, r->chosen_pid);

    if (killed_row && chosen_row)
        strbuf_printf(text, "%s (pid %u) was chosen, and a child of it died in its place.",
                      r->chosen, r->chosen_pid);
    else if (killed_row && strcmp(r->chosen, e->comm) == 0)
        strbuf_printf(text, "Pid %u, the one that was chosen, is a thread of it.", r->chosen_pid);
    else if (t->f->thread_of)
        strbuf_printf(text, "Pid %u, which the kernel names as killed, is a thread of %s (pid %u).",
                      e->pid, t->f->thread_of->comm, r->chosen_pid);
    else
        strbuf_printf(
            text,
            "The kernel had chosen %s (pid %u): pid %u is a thread of it, or a child that "
            "died in its place.",
            r->chosen, r->chosen_pid, e->pid);
    (void)oom_figure((char[48]){0}, t->c, e, OOM_PART_CHOICE, "pid of the chosen", r->chosen_pid,
                     IN_ID);
    (void)oom_figure((char[48]){0}, t->c, e, OOM_PART_KILL, "pid", e->pid, IN_ID);
    finding_detail(t->c, "%s", text->text);
    strbuf_reset(text);
}

/* Who died, where the title does not say it. */
static void tell_victim(const struct telling *t, struct strbuf *text)
{
    const struct log_event *e = t->e;
    char label[96];

    if (e->kind == LOG_KILLED_BY || (!*e->comm && !e->pid))
        return;
    if (t->ruling->cause != CAUSE_UNTOLD && t->ruling->cause != CAUSE_LIMIT &&
        t->ruling->cause != CAUSE_LEVEL_ABOVE && t->ruling->cause != CAUSE_KMEM_LIMIT &&
        t->ruling->cause != CAUSE_MEMSW_LIMIT && t->ruling->cause != CAUSE_NODE &&
        e->kind != LOG_OOM_NO_VICTIM) {
        strbuf_append(text, "the kernel killed ");
        oom_say_victim(t, text);
        if (text->text[text->len - 1] == ',')
            text->text[--text->len] = '\0';
        if (e->task_memcg && strcmp(e->task_memcg, "/") != 0)
            strbuf_printf(text, " in %s", group_label(label, e->task_memcg));
        strbuf_appendc(text, '.');
        detail(t, text);
    } else if (e->task_memcg && strcmp(e->task_memcg, "/") != 0 &&
               t->ruling->cause != CAUSE_LEVEL_ABOVE &&
               !(e->oom_memcg && strcmp(e->oom_memcg, e->task_memcg) == 0)) {
        strbuf_printf(text, "It ran in %s.", group_label(label, e->task_memcg));
        detail(t, text);
    }
    if (e->group_kill || e->more.count) {
        u64 more = e->more.count;

        strbuf_append(text, "With memory.oom.group set the whole group was killed");
        if (more)
            strbuf_printf(text, ", %s processes in all", COUNT(KILL, "processes killed", more + 1));
        strbuf_appendc(text, '.');
        detail(t, text);
    }
    if (*e->invoker && strcmp(e->invoker, e->comm) != 0) {
        strbuf_printf(text, "%s asked for the memory that was not there.", e->invoker);
        finding_detail(t->c, "%s", text->text);
        strbuf_reset(text);
    }
    if (e->report && *e->report->chosen && e->report->chosen_pid != e->pid)
        tell_chosen(t, text);
}

/* What a candidate held, under its name and pid. Returns buf. */
static char *candidate_held(char buf[48], const struct telling *t, const struct oom_candidate *at)
{
    char name[64];

    snprintf(name, sizeof(name), "held by %s (pid %u)", at->comm, at->pid);
    return oom_figure(buf, t->c, t->e, OOM_PART_TASKS, name, number_of(oom_held(at)), IN_BYTES);
}

static void add_adj(const struct telling *t, const struct oom_candidate *at)
{
    char name[64], text[48];

    snprintf(name, sizeof(name), "oom_score_adj of %s (pid %u)", at->comm, at->pid);
    oom_figure(text, t->c, t->e, OOM_PART_TASKS, name, (double)at->oom_score_adj, IN_ID);
}

/* Why this one: against those that could have been chosen. */
static void tell_choice(const struct telling *t, struct strbuf *text)
{
    const struct oom_facts *f = t->f;
    const struct oom_candidate *v = f->victim;
    char held[48];

    if (!v || f->processes < 2)
        return;
    if (f->second && oom_held(v) >= oom_held(f->second)) {
        /* Without the rest of the report rows may be missing, too. */
        strbuf_printf(text, "It was chosen because it held the most of %s processes%s",
                      COUNT(TASKS, "processes", f->processes),
                      known(f->anon) || known(f->total) ? "" : " that are listed here");
        strbuf_printf(text, "; next was %s (pid %u) with %s.", f->second->comm, f->second->pid,
                      candidate_held(held, t, f->second));
    } else if (f->second && !f->adj_common && v->oom_score_adj > f->second->oom_score_adj) {
        strbuf_printf(text,
                      "It was chosen for its oom_score_adj of %lld; %s (pid %u), with %lld, held "
                      "more: %s.",
                      (long long)v->oom_score_adj, f->second->comm, f->second->pid,
                      (long long)f->second->oom_score_adj, candidate_held(held, t, f->second));
        add_adj(t, v);
        add_adj(t, f->second);
    }
    detail(t, text);
    if (f->spared) {
        strbuf_printf(text, "%s (pid %u) held more, %s, and is protected by oom_score_adj %lld.",
                      f->spared->comm, f->spared->pid, candidate_held(held, t, f->spared),
                      (long long)f->spared->oom_score_adj);
        finding_detail(t->c, "%s", text->text);
        strbuf_reset(text);
    }
}

/* Victim against culprit. */
static void tell_culprit(const struct telling *t, struct strbuf *text)
{
    const struct oom_program *p = t->ruling->program;
    u64 bytes = oom_victim_bytes(t);

    if (!p || !*t->e->comm || strcmp(p->name, t->e->comm) == 0 || !known(bytes) ||
        (double)bytes > VICTIM_SMALL * (double)p->bytes || t->ruling->cause != CAUSE_ANON)
        return;
    strbuf_printf(text, "The victim is not the culprit: %s held far more.", p->name);
    detail(t, text);
}

static void tell_limits(const struct telling *t, struct strbuf *text)
{
    const struct log_event *e = t->e;
    const struct oom_facts *f = t->f;

    if (!f->of_group || e->kind == LOG_KILLED_BY)
        return;
    if (t->ruling->cause == CAUSE_GUEST && known(e->limit) && e->limit < NO_LIMIT) {
        u64 rest = e->limit > t->ruling->program->bytes ? e->limit - t->ruling->program->bytes : 0;

        strbuf_printf(text, "That leaves %s for all else in it",
                      BYTES(LIMIT, "left beside the largest program", rest));
        if (known(f->r->limits[OOM_LEVEL_KMEM].usage))
            strbuf_printf(text, ", of which kernel memory takes %s",
                          BYTES(LIMIT, "kernel memory", f->r->limits[OOM_LEVEL_KMEM].usage));
        strbuf_appendc(text, '.');
        detail(t, text);
    }
    if (known(t->c->f->available) && known(t->c->f->total) && !isnan(t->i->age_s) &&
        t->i->age_s < OOM_NOW_S) {
        finding_detail(t->c, "The node has %s of %s available: it is this limit, not the machine.",
                       LEFT_SIZE(t->c->f), SIZE(t->c->f->total));
        evidence(t->c, "MemAvailable now", number_of(t->c->f->available), IN_BYTES, "/proc/meminfo",
                 "%s", "");
        evidence(t->c, "MemTotal", number_of(t->c->f->total), IN_BYTES, "/proc/meminfo", "%s", "");
    } else {
        finding_detail(t->c, "It is this limit, not the machine.");
    }
    if (t->ruling->other_limit && !t->ruling->gone)
        finding_detail(t->c, "Usage was below it when the kernel reported: the limit on memory and "
                             "swap together, or on kernel memory, may be the one that was met; "
                             "its line is missing.");
    if (known(e->failcnt) && e->failcnt > 0) {
        strbuf_printf(text, "The group had met its limit %s times.",
                      COUNT(LIMIT, "failcnt", e->failcnt));
        detail(t, text);
    }
}

/* Percent of memory: so much that is pinned explains that the rest did not do. */
#define PINNED_MUCH 20.0
/* Less is what a busy swap area has left at any moment. */
#define SWAP_ROOM   (64 * MIB)

/* Killed beside free swap: programs' own memory was there, and could not go. */
static void tell_swap_free(const struct telling *t)
{
    const struct oom_facts *f = t->f;
    const struct snapshot *s = t->c->s;
    u64 left = f->swap_free, pinned = t->c->f->pinned, ever = s->vmstat[NR_FOLL_PIN_ACQUIRED];

    if (f->of_group) /* its report has its own use and limit alone */
        left = MIN(f->swap_total ? figure_or(left, NO_LIMIT) : 0,
                   figure_or(s->meminfo[MI_SWAP_FREE], 0));
    if (t->ruling->cause != CAUSE_ANON || f->atomic || !known(f->anon) || !known(left) ||
        left < SWAP_ROOM || f->anon < figure_or(f->total, UNKNOWN) / 2)
        return;
    if (known(pinned) && share_of(pinned, t->c->f->total) >= PINNED_MUCH) {
        finding_detail(t->c,
                       "Swap was free, but %s are pinned (RDMA, VFIO, io_uring): they cannot "
                       "go there.",
                       SIZE(pinned));
        evidence_shown(t->c, "pinned now", number_of(pinned), IN_BYTES, "/proc/vmstat");
        return;
    }
    finding_detail(t->c, "Swap was free, and the kernel found nothing to move there: look for "
                         "pinned memory (RDMA, VFIO, io_uring), a memory.swap.max, or a swap "
                         "device that was too slow.");
    if (known(ever) && ever > 0)
        evidence_shown(t->c, "pages pinned since boot", number_of(ever), IN_COUNT, "/proc/vmstat");
}

/* "/a/b" of a task in "/a/b/c" whose cpuset is called b: the kernel prints the last name alone.
 * Returns buf. */
static char *cpuset_path(char buf[256], const struct log_event *e)
{
    const char *name = oom_cpuset(e->report), *path = e->task_memcg ? e->task_memcg : "",
               *at = path;
    size_t len = name ? strlen(name) : 0;

    snprintf(buf, 256, "/.../%s", name ? name : "GROUP");
    if (name && *name == '/')
        snprintf(buf, 256, "%s", name);
    while (len && (at = strstr(at, name))) {
        bool whole = at > path && at[-1] == '/' && (at[len] == '/' || !at[len]);

        at += len;
        if (whole && at - path < 256) {
            snprintf(buf, 256, "%.*s", (int)(at - path), path);
            break;
        }
    }
    return buf;
}

/* Nodes with memory, as far as is told: bits. */
static u64 nodes_told(const struct telling *t)
{
    u64 nodes = 0;

    vec_for_each (&t->f->r->zones, z)
        nodes |= z->node < 64 ? BIT_ULL(z->node) : 0;
    /* The lists of a line alone. */
    for (u32 node = 0; node < 64; node++)
        if ((t->f->r->nodemask && oom_is_policy(t->f) && !t->f->only_nodes &&
             oom_list_has(t->f->r->nodemask, node)) ||
            (t->f->r->mems_allowed && *t->f->r->mems_allowed &&
             oom_list_has(t->f->r->mems_allowed, node)))
            nodes |= BIT_ULL(node);
    vec_for_each (&t->f->r->nodes, n)
        nodes |= n->id < 64 ? BIT_ULL(n->id) : 0;
    vec_for_each (&t->c->s->nodes, n)
        nodes |= n->id < 64 && known(n->total) && n->total ? BIT_ULL(n->id) : 0;
    return nodes;
}

/* What would have let it have memory of another node. */
static void tell_nodes(const struct telling *t, struct strbuf *text)
{
    char path[256];
    u64 all, beyond = 0;
    u32 first = 64;

    if (t->ruling->cause != CAUSE_NODE || !t->f->r || t->f->only_movable_zones)
        return;
    all = nodes_told(t);
    for (u32 node = 0; node < 64; node++) {
        if (!(all >> node & 1))
            continue;
        if (!oom_node_allowed(t->f, node))
            beyond |= BIT_ULL(node);
        else
            first = MIN(first, node);
    }
    if (oom_idle_pool(t->f) && first < 64)
        finding_detail(t->c,
                       "The huge pages that nobody uses go back by a smaller number in "
                       "/sys/devices/system/node/node%u/hugepages/hugepages-SIZE/nr_hugepages.",
                       first);
    else if (oom_node_shmem(t->f))
        finding_detail(t->c, "A kill does not free what is in tmpfs: \"df -ht tmpfs\" and \"ipcs "
                             "-m\" say where it is; mount -o remount,mpol=interleave spreads what "
                             "is written there from now on.");
    if (oom_is_policy(t->f)) {
        strbuf_append(text, "Start it with \"numactl --preferred=");
        if (first < 64)
            strbuf_printf(text, "%u", first);
        else
            strbuf_append(text, "NODE");
        strbuf_append(text, "\" or \"--interleave=all\" in place of \"--membind\": another node "
                            "gives what a full one has not.");
    } else {
        strbuf_append(text, "\"echo ");
        if (beyond)
            strbuf_masklist(text, all);
        else
            strbuf_append(text, "NODES");
        strbuf_printf(text, " >/sys/fs/cgroup%s/cpuset.mems\" gives its cpuset more nodes.",
                      cpuset_path(path, t->e));
    }
    finding_detail(t->c, "%s", text->text);
    strbuf_reset(text);
}

/* What filled memory: not there, or there and not understood. */
static void tell_untold(const struct telling *t)
{
    const struct oom_report *r = t->e->report;

    if (r && r->unread)
        finding_detail(t->c,
                       "What filled memory was not understood: %u line%s within the report could "
                       "not be read.",
                       r->unread, r->unread == 1 ? "" : "s");
    else
        finding_detail(t->c, "What filled memory is not in this text: %s.",
                       r && (oom_has(r, OOM_PART_INVOKED) || t->e->kind == LOG_MEM_INFO)
                           ? "lines of the report are missing"
                           : "it has the line of the kill and not the report before it");
}

/* What is not there to be told. */
static void tell_missing(const struct telling *t)
{
    const struct oom_report *r = t->e->report;

    if (t->e->kind == LOG_KILLED_BY)
        return;
    if (r && oom_has(r, OOM_PART_INVOKED) && !oom_has(r, OOM_PART_KILL) &&
        t->e->kind == LOG_OOM_KILL)
        finding_detail(t->c, "The report is cut: it ends before the kernel says whom it killed.");
    else if (r && !oom_has(r, OOM_PART_INVOKED) && r->parts & (1ull << OOM_PART_MEM_INFO))
        finding_detail(t->c, "The report is cut: its beginning is missing.");
    else if (t->ruling->gone ||
             (r && oom_has(r, OOM_PART_TASKS) && t->e->comm[0] && t->ruling->cause == CAUSE_UNTOLD))
        return;
    else if (t->ruling->cause == CAUSE_UNTOLD || t->ruling->cause == CAUSE_LIMIT ||
             (t->ruling->cause == CAUSE_LEVEL_ABOVE && !oom_has(r, OOM_PART_LIMIT)))
        tell_untold(t);
    if (oom_is_plain(t->f) && !known(t->f->machine) && !t->f->victim && !t->e->has_adj)
        finding_detail(t->c, "A score has oom_score_adj in it, which this text does not tell: the "
                             "share is right where that is zero.");
    if (t->f->missing && t->ruling->cause == CAUSE_ANON && !t->f->of_group && !oom_is_plain(t->f))
        finding_detail(t->c, "What is in no counter cannot be told: %s is missing.", t->f->missing);
}

static void add_evidence(const struct telling *t)
{
    const struct oom_facts *f = t->f;

    if (known(f->total) && !f->of_group)
        (void)BYTES(RAM, "managed memory", f->total);
    if (known(f->total) && f->of_group)
        (void)BYTES(LIMIT, "usage", f->total);
    if (known(f->anon))
        (void)(f->of_group ? BYTES(GROUP_STATS, "anonymous memory", f->anon)
                           : BYTES(MEM_INFO, "anonymous memory", f->anon));
    if (known(f->free) && !f->of_group)
        (void)BYTES(MEM_INFO, "free", f->free);
    if (known(t->e->anon_rss))
        (void)BYTES(KILL, "anon-rss of the victim", t->e->anon_rss);
    if (!isnan(t->i->age_s))
        evidence(t->c, "age of the kill", t->i->age_s, IN_SECONDS, part_names[PART_KERNEL_LOG],
                 "%s", "");
}

void oom_tell(struct rule_context *c, const struct incident *i, const char *scope,
              enum severity severity, double weight)
{
    struct telling t = {c, i, &i->facts, i->e, &i->ruling};
    struct strbuf text;

    finding_add(c, severity, i->ruling.confidence, scope, weight, "%s", "");
    vec_last(&c->out->items).cause = i->ruling.cause;
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    strbuf_init(&text);
    oom_title(&t, &text);
    if (*i->e->host && incidents_hosts(c->incidents) > 1)
        strbuf_printf(&text, " (on %s)", i->e->host);
    finding_title(c, "%s", text.text);
    strbuf_reset(&text);
    tell_victim(&t, &text);
    tell_choice(&t, &text);
    tell_culprit(&t, &text);
    tell_limits(&t, &text);
    tell_nodes(&t, &text);
    tell_swap_free(&t);
    if (t.f->heap)
        sizing_tell_heap(c, t.f->heap, i->e->limit);
    if (t.f->of_machine)
        sizing_tell_requests(c);
    tell_missing(&t);
    add_evidence(&t);
    strbuf_done(&text);
}

void oom_tell_dropped(struct rule_context *c)
{
    char text[48];

    if (c->s->log_dropped == 0)
        return;
    format_evidence(text, (double)c->s->log_dropped, IN_COUNT);
    finding_detail(c, "Only the last events of the log are counted: it has %s older ones.", text);
    evidence_shown(c, "older events", (double)c->s->log_dropped, IN_COUNT,
                   part_names[PART_KERNEL_LOG]);
}

void oom_tell_others(struct rule_context *c, const struct incident *i, u64 incidents, u64 kills)
{
    const struct log_event *e = i->e;
    char a[48], b[48];

    oom_tell_dropped(c);
    if (incidents < 2)
        return;
    oom_figure(a, c, e, OOM_PART_KILL, "kills in the log", (double)kills, IN_COUNT);
    oom_figure(b, c, e, OOM_PART_KILL, "incidents in the log", (double)incidents, IN_COUNT);
    if (kills > incidents)
        finding_detail(c, "The log has %s kills in %s incidents of this kind.", a, b);
    else
        finding_detail(c, "The log has %s incidents of this kind.", b);
}
