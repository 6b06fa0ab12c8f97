/* klog_message.c - messages that are an event by themselves: a task that hangs, memory that could
 * not be added, what other killers say. */
#include "observe/klog_int.h"

#include "observe/klog_killers.h"
#include "observe/reading_int.h"

#include <stdio.h>

static bool told_kill(const struct klog *k, u64 pid)
{
    if (k->is_open && !klog_is_stuck(k) &&
        (k->open.pid == pid || klog_is_known_victim(k, (u32)pid)))
        return true;
    for (size_t i = k->s->log.count; i-- > 0;) {
        const struct log_event *event = &k->s->log.items[i];

        if (event->pid == pid && event->kind == LOG_OOM_KILL)
            return true;
        vec_for_each (&event->more, v)
            if (v->pid == pid)
                return true;
    }
    return false;
}

bool klog_parse_reaped(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct log_event event;
    struct span rest, name;
    u64 pid;

    if (!klog_after(text, "oom_reaper: reaped process ", &rest) || !span_take_u64(&rest, &pid) ||
        !klog_between(rest, "(", "), now anon-rss", &name))
        return false;
    if (told_kill(k, pid))
        return true;
    event = klog_one_line(LOG_OOM_REAPED, stamp);
    event.pid = (u32)pid;
    span_copy(name, event.comm, sizeof(event.comm));
    snprintf(event.killer, sizeof(event.killer), "%s", "oom_reaper");
    event.words = span_dup(span_trim(text));
    klog_push(k, event);
    return true;
}

/* "INFO: task NAME:234 blocked for more than 120 seconds.", "BUG: soft lockup - CPU#3 stuck for
 * 23s! [kswapd0:57]" */
bool klog_parse_stuck(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    bool lockup = span_find(text, "soft lockup - CPU#"), within;
    enum log_event_kind kind = lockup ? LOG_SOFT_LOCKUP : LOG_HUNG_TASK;
    struct log_event event, *at;
    struct span name;
    const char *colon;
    u64 pid = 0;

    if (!(lockup ? klog_between(text, "[", "]", &name)
                 : klog_between(text, "INFO: task ", " blocked for more than ", &name)))
        return false;
    colon = span_empty(name) ? NULL : memrchr(name.at, ':', span_len(name));
    if (!colon)
        return false;
    span_take_u64(&(struct span){colon + 1, name.end}, &pid);
    name.end = colon;
    /* Its trace follows, unless another report is not yet at its end. */
    within = !klog_is_past(k, stamp) && k->invoked && !k->killed;
    if (within)
        event = klog_one_line(kind, stamp);
    else
        klog_begin(k, kind, stamp);
    at = within ? &event : &k->open;
    at->kill = stamp->place;
    at->pid = (u32)pid;
    span_copy(span_trim(name), at->comm, sizeof(at->comm));
    if (within)
        klog_push(k, event);
    return true;
}

bool klog_parse_hotplug(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    static const struct {
        const char *has;
        enum log_event_kind kind;
    } marks[] = {
        {"hot_add memory failed", LOG_HOTPLUG_FAILED},
        {"Memory hot-add failed", LOG_HOTPLUG_FAILED},
        {"memory hotplug failed", LOG_HOTPLUG_FAILED},
        {"hot-add memory failed", LOG_HOTPLUG_FAILED},
        {"add_memory failed", LOG_HOTPLUG_FAILED},
        {"Out of puff! Can't get", LOG_BALLOON_FAILED},
        {"balloon: can't allocate", LOG_BALLOON_FAILED},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        struct log_event event;

        if (!span_find(text, marks[i].has))
            continue;
        event = klog_one_line(marks[i].kind, stamp);
        event.words = span_dup(span_trim(text));
        klog_push(k, event);
        return true;
    }
    return false;
}

/* "43.3G", "55.5M", "0B": as systemd prints sizes. */
static bool take_systemd_bytes(struct span text, u64 *ret)
{
    static const char units[] = "BKMGT";
    struct span rest = text;
    u64 whole, tenths = 0;
    const char *unit;

    if (!span_take_u64(&rest, &whole) || whole > 1 << 20)
        return false;
    if (span_take(&rest, ".") && (!span_take_u64(&rest, &tenths) || tenths > 9))
        return false;
    unit = span_empty(rest) ? NULL : strchr(units, *rest.at);
    if (!unit || !*unit)
        return false;
    *ret = (whole * 10 + tenths) * ((u64)1 << 10 * (unit - units)) / 10;
    return true;
}

bool klog_parse_killer(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct log_event event = klog_one_line(LOG_KILLED_BY, stamp);

    if (k->s->log.count && klog_killer_goes_on(text, &vec_last(&k->s->log)))
        return true;
    if (!klog_killer_take(text, &event))
        return false;
    if (strcmp(event.killer, "nohang") == 0 && *k->nohang_name) {
        memcpy(event.comm, k->nohang_name, sizeof(event.comm));
        event.pid = k->nohang_pid;
    }
    if (k->reading &&
        (strcmp(event.killer, "earlyoom") == 0 || strcmp(event.killer, "nohang") == 0)) {
        struct strbuf words;

        strbuf_init(&words);
        strbuf_printf(&words, "%s; %s", k->reading, event.words);
        free(event.words);
        event.words = strbuf_steal(&words);
    }
    if (k->has_looked && strcmp(event.killer, "systemd-oomd") == 0) {
        log_event_done(&k->looked);
        k->has_looked = false;
    }
    if (k->largest && strcmp(event.killer, "systemd-oomd") == 0) {
        event.oom_memcg = span_dup(span_of(k->largest, strlen(k->largest)));
        event.usage = k->largest_bytes;
    }
    klog_push(k, event);
    return true;
}

/* nohang says over many lines why it kills and whom:
 *
 *   Memory status that requires corrective actions:
 *     MemAvailable [160 MiB, 2.0 %] <= soft_threshold_min_mem [395 MiB, 5.0 %]
 *   Victim's status (found in 2ms; age: 312s):
 *     Name:      chrome
 *     PID:       4711, PPID: 4000
 *   Implementing a corrective action:
 *     Sending SIGTERM to the victim
 */
bool klog_parse_nohang(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text, word;
    u64 pid;

    (void)stamp;
    if (span_find(text, "requires corrective action")) {
        k->nohang = true;
        k->nohang_name[0] = '\0';
        k->nohang_pid = 0;
        free(k->reading);
        k->reading = NULL;
        return true;
    }
    if (!k->nohang)
        return false;
    if (span_find(text, "] <= ") && (span_begins(text, "MemAvailable [") || !k->reading)) {
        klog_set_path(&k->reading, text);
        return true;
    }
    if (span_take(&rest, "Name:") && span_take_word(&rest, &word))
        span_copy(span_trim((struct span){word.at, rest.end}), k->nohang_name,
                  sizeof(k->nohang_name));
    else if (span_take(&rest, "PID:") && span_take_u64(&rest, &pid))
        k->nohang_pid = (u32)MIN(pid, (u64)UINT32_MAX);
    else
        return false;
    return true;
}

void klog_end_choice(struct klog *k)
{
    if (!k->has_looked)
        return;
    k->has_looked = false;
    if (k->largest) {
        k->looked.oom_memcg = span_dup(span_of(k->largest, strlen(k->largest)));
        k->looked.usage = k->largest_bytes;
    }
    klog_push(k, k->looked);
}

/* systemd-oomd lists what it looks at before it kills: "Considered 50 cgroups ...", "Path: /a",
 * "Current Memory Usage: 43.3G", or "Swap Usage: 477.8M" when it goes by swap. */
bool klog_parse_candidate(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text;
    u64 bytes;

    if (span_begins(text, "Considered ") && span_find(text, "cgroups for killing")) {
        klog_end_choice(k);
        k->looked = klog_one_line(LOG_OOMD_LOOKED, stamp);
        k->looked.words = span_dup(span_trim(text));
        snprintf(k->looked.killer, sizeof(k->looked.killer), "systemd-oomd");
        k->has_looked = true;
        free(k->largest);
        k->largest = NULL;
        k->largest_bytes = 0;
    } else if (k->has_looked && span_begins(text, "Failed to kill any cgroup")) {
        free(k->looked.words);
        k->looked.words = span_dup(span_trim(text));
    } else if (span_take(&rest, "Path: /")) {
        rest.at--;
        klog_set_path(&k->candidate, rest);
    } else if (span_take(&rest, "Current Memory Usage: ") || span_take(&rest, "Swap Usage: ")) {
        k->looked.forced |= span_begins(text, "Swap");
        if (!k->candidate || !take_systemd_bytes(rest, &bytes) || bytes <= k->largest_bytes)
            return true;
        free(k->largest);
        k->largest = k->candidate;
        k->candidate = NULL;
        k->largest_bytes = bytes;
    } else {
        return false;
    }
    return true;
}

static const char below_min[] = "Out of memory! avail: ";
static const char below_limits[] = "at or below SIG";

/* What was left at that moment says more than the limits; what was read an hour before is not what
 * they speak of. */
static bool is_below_limits(const char *reading, struct span limits)
{
    const char *at = reading && strstr(reading, "swap free:") ? strchr(reading, '(') : NULL;
    const char *mem = span_find(limits, "mem ");
    double left, limit;
    char number[16];

    if (!at || !mem)
        return false;
    span_copy((struct span){mem + 4, limits.end}, number, sizeof(number));
    return sscanf(at + 1, "%lf", &left) == 1 && sscanf(number, "%lf", &limit) == 1 && left <= limit;
}

/* "low memory! at or below SIGTERM limits: mem 10.00%, swap 10.00%", "mem avail: 19 of 950 MiB (
 * 2.10%), swap free: 153 of 1023 MiB (14.96%)", "Out of memory! avail: 94 MiB < min: 95 MiB": why
 * earlyoom kills next. */
bool klog_parse_reading(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    (void)stamp;
    /* "mem avail:" may have been taken for the name of a program. */
    if ((!span_find(text, "swap free:") || !span_find(text, " MiB (")) &&
        !span_begins(text, below_min) && !span_find(text, below_limits))
        return false;
    if (span_len(text) > 200)
        return false;
    if (span_find(text, below_limits) && is_below_limits(k->reading, text))
        return true;
    free(k->reading);
    k->reading = span_dup(span_trim(text));
    return true;
}

/* "Killing process 2874 (firefox)", "Killed process 8230 sudo" behind such a reading: earlyoom
 * until 1.0. */
bool klog_parse_below_min(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct log_event event;
    struct span rest = text, name;
    u64 pid;

    if (!k->reading || strncmp(k->reading, below_min, strlen(below_min)) != 0 ||
        !(span_take(&rest, "Killing process ") || span_take(&rest, "Killed process ")) ||
        !span_take_u64(&rest, &pid) || pid > UINT32_MAX)
        return false;
    name = span_trim(rest);
    if (span_take(&name, "(") && span_ends(name, ")"))
        name.end--;
    event = klog_one_line(LOG_KILLED_BY, stamp);
    event.pid = (u32)pid;
    span_copy(name, event.comm, sizeof(event.comm));
    snprintf(event.killer, sizeof(event.killer), "earlyoom");
    event.words = k->reading;
    k->reading = NULL;
    klog_push(k, event);
    return true;
}
