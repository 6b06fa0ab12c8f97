/* klog_kill.c - who was chosen, by which limit, and who died.
 *
 * All names come from whoever could set them: a name in brackets ends at the last bracket before
 * what must follow.
 */
#include "observe/klog_int.h"

#include "observe/reading_int.h"

#include <stdio.h>

#define VICTIMS_MAX 1024 /* of one report */

/* What is open, if somebody may still be chosen in it; else a report that lost its beginning. */
static void open_for_choice(struct klog *k, const struct klog_stamp *stamp, bool of_group)
{
    bool other = of_group ? k->of_machine : k->of_group;

    if (klog_is_past(k, stamp) || k->killed || other || k->open.kind != LOG_OOM_KILL)
        klog_begin(k, LOG_OOM_KILL, stamp);
    k->invoked = true;
    k->of_group |= of_group;
    k->of_machine |= !of_group;
}

bool klog_parse_killed_as_a_result(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    static const char middle[] = " killed as a result of limit of ";
    struct span task, group;

    if (!span_begins(text, "Task in ") || !klog_between(text, "Task in ", middle, &task))
        return false;
    group = (struct span){task.end + strlen(middle), text.end};
    open_for_choice(k, stamp, true);
    klog_set_path(&k->open.task_memcg, task);
    klog_set_path(&k->open.oom_memcg, group);
    return true;
}

bool klog_parse_constraint(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct log_event *open = &k->open;
    struct span whole = text, piece, rest;
    u64 pid;

    if (!span_take(&text, "oom-kill:constraint="))
        return false;
    open_for_choice(k, stamp, !span_find(text, ",global_oom") && span_find(text, "oom_memcg="));
    k->body.nr_columns = 0;
    if (span_take_until(&text, ',', &piece))
        span_copy(piece, open->constraint, sizeof(open->constraint));
    klog_take_allowed(k, whole);
    if (klog_between(text, ",oom_memcg=", ",task_memcg=", &piece) ||
        klog_between(text, "oom_memcg=", ",task_memcg=", &piece) ||
        (klog_after(text, "oom_memcg=", &rest) && span_take_until(&rest, ',', &piece)))
        klog_set_path(&open->oom_memcg, piece);
    if (klog_between(text, "task_memcg=", ",task=", &piece))
        klog_set_path(&open->task_memcg, piece);
    if (klog_between(text, ",task=", ",pid=", &piece) && !open->comm[0])
        span_copy(piece, open->comm, sizeof(open->comm));
    if (klog_after(text, ",pid=", &piece) && span_take_u64(&piece, &pid) && open->pid == 0)
        open->pid = (u32)pid;
    open->kill = stamp->place;
    oom_note(open->report, OOM_PART_CHOICE, stamp->place);
    return true;
}

/* "(pattern) total-vm" and the like: the name ends at the last bracket before `until`. */
static bool take_name(struct span text, const char *until, struct span *ret)
{
    struct span rest;
    const char *close;

    if (!klog_after(text, "(", &rest))
        return false;
    if (until && until > rest.at)
        rest.end = until;
    close = span_empty(rest) ? NULL : memrchr(rest.at, ')', span_len(rest));
    if (!close)
        return false;
    *ret = (struct span){rest.at, close};
    return true;
}

/* Before 5.1 a line of its own says who is chosen; a child of it may die in its place. */
bool klog_parse_choice(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest, name;
    const char *score;
    u64 pid, points;

    if (!(span_find(text, "ut of memory") || span_find(text, "ut of Memory")) ||
        !(klog_after(text, ": Kill process ", &rest) ||
          klog_after(text, ": kill process ", &rest)) ||
        !span_take_u64(&rest, &pid))
        return false;
    score = klog_find_last(rest, " score ");
    if (!score && !span_ends(rest, ")"))
        return false;
    open_for_choice(k, stamp, span_begins(text, "Memory cgroup"));
    k->body.nr_columns = 0;
    k->open.report->chosen_pid = (u32)pid;
    if (take_name(rest, score, &name))
        span_copy(name, k->open.report->chosen, sizeof(k->open.report->chosen));
    rest.at = score ? score + strlen(" score ") : rest.end;
    if (span_take_u64(&rest, &points))
        k->open.report->score = points;
    if (k->open.pid == 0) {
        k->open.pid = (u32)pid;
        snprintf(k->open.comm, sizeof(k->open.comm), "%s", k->open.report->chosen);
    }
    k->open.kill = stamp->place;
    oom_note(k->open.report, OOM_PART_CHOICE, stamp->place);
    return true;
}

/* "Tasks in /a/b are going to be killed due to memory.oom.group set" */
bool klog_parse_group_kill(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span group;

    if (!span_begins(text, "Tasks in ") ||
        !klog_between(text, "Tasks in ", " are going to be killed due to memory.oom.group", &group))
        return false;
    if (klog_is_past(k, stamp) || k->open.kind != LOG_OOM_KILL)
        klog_begin(k, LOG_OOM_KILL, stamp);
    k->invoked = k->of_group = true;
    k->open.group_kill = true;
    if (!k->open.task_memcg)
        klog_set_path(&k->open.task_memcg, group);
    return true;
}

static struct oom_victim victim_of(struct span figures, u64 pid, struct span name)
{
    struct oom_victim v = {.pid = (u32)pid};
    struct span rest;

    span_copy(name, v.comm, sizeof(v.comm));
    v.total_vm = klog_kib_after(figures, "total-vm:");
    if (!known(v.total_vm))
        v.total_vm = klog_kib_after(figures, "vsz:");
    v.anon_rss = klog_kib_after(figures, "anon-rss:");
    v.file_rss = klog_kib_after(figures, "file-rss:");
    v.shmem_rss = klog_kib_after(figures, "shmem-rss:");
    v.page_tables = klog_kib_after(figures, "pgtables:");
    /* Kernels 5.3 to 5.7 print bytes and call them kB. */
    if (known(v.page_tables) && known(v.total_vm) && v.page_tables > v.total_vm)
        v.page_tables /= KIB;
    if (klog_after(figures, "oom_score_adj:", &rest))
        span_take_s64(&rest, &v.oom_score_adj);
    return v;
}

bool klog_is_known_victim(const struct klog *k, u32 pid)
{
    if (k->killed && k->open.pid == pid)
        return true;
    vec_for_each (&k->open.more, v)
        if (v->pid == pid)
            return true;
    return false;
}

static void set_victim(struct log_event *open, const struct oom_victim *v, bool has_adj)
{
    open->pid = v->pid;
    memcpy(open->comm, v->comm, sizeof(open->comm));
    open->total_vm = v->total_vm;
    open->anon_rss = v->anon_rss;
    open->file_rss = v->file_rss;
    open->shmem_rss = v->shmem_rss;
    open->page_tables = v->page_tables;
    open->oom_score_adj = v->oom_score_adj;
    open->has_adj = has_adj;
}

/* Where the figures begin; "vsz:" in kernels 2.6.32 to 2.6.35. NULL. */
static const char *figures_of(struct span text)
{
    const char *at = klog_find_last(text, "total-vm:");

    return at ? at : klog_find_last(text, "vsz:");
}

/* "Killed process 715 (pattern) total-vm:...", with "(pattern), UID 0, total-vm" of RHEL 7 and ",
 * UID 0, (pattern)" before. */
bool klog_parse_kill(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest, name;
    struct oom_victim victim;
    const char *figures;
    bool of_group, of_machine, another;
    u64 pid;

    if (!klog_after(text, "Killed process ", &rest) || !span_take_u64(&rest, &pid) ||
        !(figures = figures_of(rest)) || !take_name(rest, figures, &name))
        return false;
    of_group = span_find(text, "emory cgroup out of memory");
    of_machine = !of_group && span_find(text, "ut of memory");
    rest.at = figures;
    victim = victim_of(rest, pid, name);
    another = (of_group && k->of_machine) || (of_machine && k->of_group) ||
              (k->killed && !k->open.group_kill && !klog_is_known_victim(k, victim.pid));
    if (klog_is_past(k, stamp) || another || k->open.kind != LOG_OOM_KILL)
        klog_begin(k, LOG_OOM_KILL, stamp);
    else if (klog_is_known_victim(k, victim.pid))
        return true;
    k->of_group |= of_group;
    k->of_machine |= of_machine;
    k->body.nr_columns = 0;
    if (!k->killed) {
        set_victim(&k->open, &victim, span_find(rest, "oom_score_adj:"));
        k->open.at_us = stamp->at_us;
        if (known(stamp->wall_us))
            k->open.stamp.wall_us = stamp->wall_us;
        k->open.kill = stamp->place;
        oom_note(k->open.report, OOM_PART_KILL, stamp->place);
    } else if (k->open.more.count < VICTIMS_MAX) {
        vec_push(&k->open.more, victim);
    }
    k->killed = true;
    return true;
}

bool klog_parse_no_victim(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    bool none = span_find(text, "no killable processes");
    /* Newer kernels say that nothing can be killed in a line of its own, and stop with the other
     * words. */
    bool panic = span_begins(text, "Kernel panic") &&
                 (span_find(text, "ut of memory") || span_find(text, "deadlocked on memory"));

    if (!panic && (!none || !span_find(text, "ut of memory")))
        return false;
    if (klog_is_past(k, stamp) || k->killed || k->open.kind == LOG_ALLOC_FAILURE ||
        klog_is_stuck(k))
        klog_begin(k, LOG_OOM_NO_VICTIM, stamp);
    k->open.kind = LOG_OOM_NO_VICTIM;
    k->open.panic |= panic;
    k->open.panic_on_oom |= panic && span_find(text, "panic_on_oom is enabled");
    k->of_group |= span_begins(text, "Memory cgroup");
    k->open.kill = stamp->place;
    return true;
}
