/* klog_killers.c - messages of systemd-oomd, earlyoom, kubelet, Talos, Android's killers and
 * others, one row each.
 *
 * A row tells a message by two texts that stand in it, and where the name and the pid of what was
 * killed stand between others. The message itself is kept as evidence: it has the figures that the
 * killer decided by.
 */
#include "observe/klog_killers.h"

#include "observe/klog_report_int.h"
#include "observe/reading_int.h"

#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 400

struct killer_line {
    const char *killer;
    enum log_event_kind kind;
    const char *has, *also; /* both stand in the message; also: NULL for nothing */
    const char *name_after,
        *name_until;       /* of a process, or a unit or pod when it begins with a path; NULL */
    const char *pid_after; /* NULL */
    bool is_group;         /* the name is that of a group, unit or pod */
    bool of_machine;       /* the machine had nothing left, it says */
};

static const struct killer_line lines[] = {
    {"systemd-oomd", LOG_KILLED_BY, "Killed ", " due to memory ", "Killed ", " due to memory", NULL,
     true, false},
    {"systemd-oomd", LOG_KILLED_BY, "Killed ", " due to swap ", "Killed ", " due to", NULL, true,
     false},
    {"systemd-oomd", LOG_KILLED_BY, "Marked ", " for killing due to memory", "Marked ",
     " for killing", NULL, true, false},
    {"systemd-oomd", LOG_KILLED_BY, "Killed /", ".slice/", "Killed ", " ", NULL, true, false},
    {"earlyoom", LOG_KILLED_BY, "sending SIG", " to process ", "\"", "\"", " to process ", false,
     false},
    {"earlyoom", LOG_KILLED_BY, "illing process ", "\" with signal ", "\"", "\"", "illing process ",
     false, false},
    {"earlyoom", LOG_KILLED_BY, "Killing process: ", "badness", "Killing process: ", ",",
     "pid: ", false, false},
    {"earlyoom", LOG_KILLED_BY, "Invoking oom killer: done", NULL, NULL, NULL, NULL, false, false},
    {"earlyoom", LOG_OOMD_LOOKED, "ould not find a process to kill", NULL, NULL, NULL, NULL, false,
     false},
    {"earlyoom", LOG_OOMD_LOOKED, "process ", "did not exit", NULL, NULL, "process ", false, false},
    {"earlyoom", LOG_OOMD_LOOKED, "kill failed: ", NULL, NULL, NULL, NULL, false, false},
    {"nohang", LOG_KILLED_BY, "Sending SIG", " to the victim", NULL, NULL, NULL, false, false},
    {"kubelet", LOG_KILLED_BY, "The node was low on resource: ", NULL, "Container ", " was using",
     NULL, true, false},
    {"kubelet", LOG_KILLED_BY, "eviction manager", "evict pod", "pod=\"", "\"", NULL, true, false},
    {"kubelet", LOG_KILLED_BY, "is evicted successfully", "pod=\"", "pod=\"", "\"", NULL, true,
     false},
    {"kubelet", LOG_KILLED_BY, "is evicted successfully", "manager: pod ", "manager: pod ", "_",
     NULL, true, false},
    {"kubelet", LOG_KILLED_BY, "attempting to reclaim", NULL, NULL, NULL, NULL, true, false},
    {"kubelet", LOG_KILLED_BY, "reclaim not satisfied: threshold", "signal=memory", NULL, NULL,
     NULL, true, false},
    {"kubelet", LOG_KILLED_BY, "evict pod(s) to reclaim", NULL, NULL, NULL, NULL, true, false},
    {"kubelet", LOG_NODE_TOLD, "status is now: NodeHasInsufficientMemory", NULL, "Node ", " ", NULL,
     true, false},
    {"kubelet", LOG_NODE_TOLD, "EvictionThresholdMet", "to reclaim memory", "node/", " ", NULL,
     true, false},
    {"kubelet", LOG_OOM_TOLD, "Created an OOM event", NULL, "container \"", "\"", NULL, true,
     false},
    {"kubelet", LOG_OOM_TOLD, "Cgroup OOM encountered, victim process: ", NULL,
     "victim process: ", ",", "pid: ", false, false},
    {"kubelet", LOG_OOM_TOLD, "System OOM encountered, victim process: ", NULL,
     "victim process: ", ",", "pid: ", false, true},
    {"kubelet", LOG_OOM_TOLD, "System OOM encountered", NULL, NULL, NULL, NULL, false, true},
    {"docker", LOG_OOM_TOLD, "OOMKilled=true", NULL, "docker inspect ", "`", NULL, true, false},
    {"docker", LOG_OOM_TOLD, "container oom ", "image=", " name=", ")", NULL, true, false},
    {"docker", LOG_OOM_TOLD, "container oom ", NULL, "container oom ", " ", NULL, true, false},
    {"Talos", LOG_KILLED_BY, "OOM controller triggered", "cgroup\": \"", "cgroup\": \"", "\"", NULL,
     true, false},
    {"Talos", LOG_OOMD_LOOKED, "OOM controller triggered", NULL, NULL, NULL, NULL, true, false},
    {"Talos", LOG_KILLED_BY, "Sending SIGKILL to cgroup", NULL, "cgroup\": \"", "\"", NULL, true,
     false},
    {"lmkd", LOG_KILLED_BY, "Kill '", "oom_score_adj", "Kill '", "'", "' (", false, false},
    {"lowmemorykiller", LOG_KILLED_BY, "Killing '", " adj ", "Killing '", "'", "' (", false, false},
    {"lowmemorykiller", LOG_KILLED_BY, "Killing '", " to free ", "Killing '", "'", "' (", false,
     false},
    {"lowmemorykiller", LOG_KILLED_BY, "send sigkill to ", "adj", "send sigkill to ", " (", " (",
     false, false},
    {"oomd", LOG_KILLED_BY, "oomd kill: ", NULL, NULL, NULL, NULL, true, false},
    {"oomd", LOG_OOMD_LOOKED, "Picked \"", " based on ", "Picked \"", "\"", NULL, true, false},
    {"oomd", LOG_OOMD_LOOKED, "Trying to kill /", "cgroup", "Trying to kill ", " ", NULL, true,
     false},
    {"oomd", LOG_OOMD_LOOKED, "pressure ", "is over the threshold of", "cgroup \"", "\"", NULL,
     true, false},
    {"oomd", LOG_OOMD_LOOKED, "memory usage=", "hit threshold=", "cgroup \"", "\"", NULL, true,
     false},
    {"oomd", LOG_OOMD_LOOKED, "SwapFree ", "smaller than the threshold of", NULL, NULL, NULL, true,
     false},
    {"lmkd", LOG_KILLED_BY, " to free ", "oom_score_adj", "Kill ", " (", " (", false, false},
    {"slurm", LOG_OOM_TOLD, "oom-kill event", "StepId=", "StepId=", " ", NULL, true, false},
    {"slurm", LOG_OOM_TOLD, "oom_kill event", "StepId=", "StepId=", " ", NULL, true, false},
    {"slurm", LOG_OOM_TOLD, "oom-kill event", " in step ", " in step ", " ", NULL, true, false},
    {"slurm", LOG_OOM_TOLD, "oom_kill event", " in step ", " in step ", " ", NULL, true, false},
    {"slurm", LOG_OOM_TOLD, "etected ", "oom-kill event", NULL, NULL, NULL, true, false},
    {"slurm", LOG_OOM_TOLD, "etected ", "oom_kill event", NULL, NULL, NULL, true, false},
    {"slurm", LOG_KILLED_BY, "xceeded memory limit (", "being killed", "ob ", " ", NULL, false,
     false},
    {"PBS", LOG_KILLED_BY, "PBS: job killed: ", "exceeded limit", NULL, NULL, NULL, false, false},
    {"YARN", LOG_KILLED_BY, "killed by YARN for exceeding", NULL, NULL, NULL, NULL, true, false},
    {"YARN", LOG_KILLED_BY, "is running beyond ", " memory limits", "ontainerID=", "]", NULL, true,
     false},
    {"YARN", LOG_KILLED_BY, "B beyond the '", "' memory limit", "ontainerID=", "]", NULL, true,
     false},
    {"Ray", LOG_KILLED_BY, "was killed due to the node running low on memory", NULL, NULL, NULL,
     NULL, true, false},
    {"Ray", LOG_KILLED_BY, "killed due to memory pressure (OOM)", "raylet", NULL, NULL, NULL, true,
     false},
    {"kernel-monitor", LOG_OOM_TOLD, "pod was OOM killed. ", " pod:", " pod:", " ", NULL, true,
     false},
    {"systemd", LOG_OOM_TOLD, "process of this unit has been killed by the OOM killer", NULL, NULL,
     NULL, NULL, true, false},
    {"systemd", LOG_OOM_TOLD, "Failed with result 'oom-kill'", NULL, NULL, NULL, NULL, true, false},
    {"containerd", LOG_OOM_TOLD, "TaskOOM", "ontainerID:", "ontainerID:", ",", NULL, true, false},
    {"containerd", LOG_OOM_TOLD, "TaskOOM", "container_id:\\\"", "container_id:\\\"", "\\\"", NULL,
     true, false},
    {"containerd", LOG_OOM_TOLD, "TaskOOM", "container_id:\"", "container_id:\"", "\"", NULL, true,
     false},
    {"containerd", LOG_OOM_TOLD, "TaskOOM", "ontainerID", NULL, NULL, NULL, true, false},
    /* Whoever runs containers says so beside the exit code: Nomad, Argo, runners of CI. */
    {"nomad", LOG_OOM_TOLD, "Exit Message: \"OOM Killed\"", NULL, NULL, NULL, NULL, true, false},
    {"this text", LOG_OOM_TOLD, "OOMKilled", "137", NULL, NULL, NULL, true, false},
    {"this text", LOG_OOM_TOLD, "OOM Killed", "137", NULL, NULL, NULL, true, false},
    {"this text", LOG_OOM_TOLD, "OOM killed", "137", NULL, NULL, NULL, true, false},
};

/* systemd says which unit in front: "web.service: A process of this unit ...". */
static struct span unit_before(struct span message, const char *has)
{
    const char *at = span_find(message, has);
    struct span head = {message.at, at ? at : message.at};
    const char *colon = span_empty(head) ? NULL : memrchr(head.at, ':', span_len(head));
    const char *blank;

    if (!colon)
        return (struct span){message.at, message.at};
    head.end = colon;
    blank = span_empty(head) ? NULL : memrchr(head.at, ' ', span_len(head));
    if (blank)
        head.at = blank + 1;
    return head;
}

static struct span name_of(const struct killer_line *l, struct span message)
{
    struct span name, rest;
    const char *end;

    if (!l->name_after)
        return strcmp(l->killer, "systemd") == 0 ? unit_before(message, l->has)
                                                 : (struct span){message.at, message.at};
    if (!klog_after(message, l->name_after, &rest))
        return (struct span){message.at, message.at};
    end = span_find(rest, l->name_until);
    name = (struct span){rest.at, end ? end : rest.end};
    /* "name=web, org.label=x)" */
    if (strcmp(l->killer, "docker") == 0 && !span_empty(name) &&
        (end = memchr(name.at, ',', span_len(name))))
        name.end = end;
    /* Talos has the directory of the group. */
    if (strcmp(l->killer, "Talos") == 0)
        span_take(&name, "/sys/fs/cgroup");
    /* "StepId=11300781.0." ends a sentence. */
    if (strcmp(l->killer, "slurm") == 0 && !span_empty(name) && name.end[-1] == '.')
        name.end--;
    return name;
}

bool klog_killer_take(struct span message, struct log_event *event)
{
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
        const struct killer_line *l = &lines[i];
        struct span name, rest, words = message;
        u64 pid;

        if (!span_find(message, l->has) || (l->also && !span_find(message, l->also)))
            continue;
        name = span_trim(name_of(l, message));
        event->kind = l->kind;
        /* A node of which it says no more than that is under pressure. */
        event->forced |= l->kind == LOG_NODE_TOLD;
        event->of_machine = l->of_machine;
        snprintf(event->killer, sizeof(event->killer), "%s", l->killer);
        if (l->is_group) {
            if (!span_empty(name))
                event->task_memcg = span_dup(name);
        } else {
            span_copy(name, event->comm, sizeof(event->comm));
        }
        if (l->pid_after && klog_after(message, l->pid_after, &rest) && span_take_u64(&rest, &pid))
            event->pid = (u32)pid;
        if (span_len(words) > WORDS_MAX)
            words.end = words.at + WORDS_MAX;
        event->words = span_dup(span_trim(words));
        return true;
    }
    return false;
}

bool klog_killer_goes_on(struct span message, struct log_event *last)
{
    static const char *const begins[] = {"to free ", "cache ", "Free memory is "};
    struct span text = span_trim(message);
    struct strbuf words;
    bool fits = false;

    if (last->kind != LOG_KILLED_BY || strcmp(last->killer, "lowmemorykiller") != 0 ||
        !last->words || strlen(last->words) > WORDS_MAX / 2)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(begins); i++)
        fits |= span_begins(text, begins[i]);
    if (!fits)
        return false;
    strbuf_init(&words);
    strbuf_printf(&words, "%s %.*s", last->words, (int)MIN(span_len(text), (size_t)(WORDS_MAX / 4)),
                  text.at);
    free(last->words);
    last->words = strbuf_steal(&words);
    return true;
}
