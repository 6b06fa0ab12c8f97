/* live_write.c - what is written to a running machine, and what becomes of it.
 *
 * What waits (memory.max while reclaim waits for writeback, swapoff) is tried again at the first
 * tick after the time it named. */
#include "mount/live_int.h"

#include "base/units.h"
#include "mount/names.h"
#include "system/cgroup.h"
#include "system/swap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX (16u << 20)

void live_note(struct live *l, const char *what, const char *name, const char *text)
{
    if (l->log.len > LOG_MAX)
        return;
    strbuf_printf(&l->log, "%" PRIu64 ".%03us %s ", l->now / NS_PER_S,
                  (unsigned)(l->now % NS_PER_S / NS_PER_MS), what);
    names_escape(&l->log, name);
    if (text)
        strbuf_printf(&l->log, " %s", text);
    strbuf_appendc(&l->log, '\n');
    if (l->log.len > LOG_MAX)
        strbuf_append(&l->log, "# what was written later is not noted: too much\n");
}

/* The line above stays: what the machine refused may have changed it (memory.reclaim). */
static void note_refused(struct live *l, int rc)
{
    if (l->log.len <= LOG_MAX)
        strbuf_printf(&l->log, "# refused: %s\n", strerror(-rc));
}

/* Once in a pause. */
static void say_waiting(struct live *l, const char *name)
{
    char line[256];

    if (!l->pace.paused || l->pace.step_until > l->now || l->said_waiting)
        return;
    l->said_waiting = true;
    snprintf(line, sizeof(line),
             "who writes to %.120s waits for the machine, whose time stands still: write a speed "
             "to " LIVE_FOLDER "/speed, or a time to " LIVE_FOLDER "/step",
             name);
    live_say(l, line);
}

static int kill_process(struct live *l, const char *text)
{
    u64 pid;

    if (parse_u64(text, &pid, NULL))
        return -EINVAL;
    for (u32 i = 0; i < l->s->nr_tasks; i++) {
        struct task *t = l->s->tasks[i];

        if (t->tgid != pid || t->state >= TASK_ZOMBIE)
            continue;
        if (t->kthread)
            return -EPERM;
        system_kill(l->s, t);
        return 0;
    }
    return -ESRCH;
}

/* "/dev/sda", or "sda" alone. */
static int area_called(const struct system *s, const char *name)
{
    for (unsigned i = 0; i < s->config.nr_swaps; i++) {
        const char *area = s->config.swaps[i].name, *last = strrchr(area, '/');

        if (strcmp(area, name) == 0 || (last && strcmp(last + 1, name) == 0))
            return (int)i;
    }
    return -ENOENT;
}

struct operation {
    struct live *live;
    struct live_write *write;
};

static int operate(struct scenario_run *run, void *ctx)
{
    const struct operation *o = ctx;
    struct live_write *w = o->write;
    const char *folder = live_folder(w->name);
    struct live *l = o->live;
    int area;

    if (!folder)
        return control_write(l->s, &w->control, &w->state);
    if (strcmp(folder, "kill") == 0)
        return kill_process(l, w->text);
    area = area_called(l->s, w->text);
    if (area < 0)
        return area;
    if (strcmp(folder, "swapon") == 0)
        return system_swapon(l->s, (unsigned)area);
    return scenario_swapoff(run, (unsigned)area, &w->task, &w->state.until);
}

/* What write(2) says. */
static int answer(struct live *l, struct live_write *w)
{
    struct operation o = {l, w};
    int rc = scenario_operate(l->run, operate, &o);

    w->at = w->state.until;
    if (rc == 0 && w->state.trigger)
        return live_new_trigger(l, w);
    if (rc == -ENOENT && *w->control.group && !group_find(&l->s->groups, w->control.group))
        return -ENODEV; /* it went while the file was open */
    return rc;
}

void live_free_write(struct live_write *w)
{
    free(w->name);
    free(w->text);
}

/* w is taken. */
static int begin_write(struct live *l, struct live_write w)
{
    int rc = answer(l, &w);

    if (rc == -EINPROGRESS) {
        vec_push(&l->pending, w);
        say_waiting(l, w.name);
        return rc;
    }
    if (rc < 0)
        note_refused(l, rc);
    live_free_write(&w);
    return rc;
}

static bool is_of_process(const char *name)
{
    return strncmp(name, "proc/", 5) == 0 && name[5] >= '1' && name[5] <= '9';
}

static int prepare(struct live_write *w)
{
    const char *folder = live_folder(w->name);
    char path[LIVE_PATH_BYTES];
    int rc;

    if (strchr(w->text, '\n'))
        return -EINVAL;
    if (folder)
        return live_folder_takes(folder);
    snprintf(path, sizeof(path), "/%s", w->name);
    rc = control_parse(path, w->text, &w->control, NULL);
    if (rc ==
        -ENOENT) /* a file that cannot be written, of which root can do no more than open it */
        return live_group_of_name(w->name) || is_of_process(w->name) ? -EINVAL : -EIO;
    return rc;
}

/* A process that moves leaves one group for another: who moves it must have been given the group
 * that is above both. */
int live_also_written(struct view *v, const char *name, const char *text, struct strbuf *ret)
{
    struct live *l = live_of(v);
    const struct group *above;
    struct control c;
    char path[LIVE_PATH_BYTES];

    snprintf(path, sizeof(path), "/%s", name);
    if (live_folder(name) || control_parse(path, text, &c, NULL) || !control_is_procs(&c))
        return -ENOENT;
    above = control_common_group(l->s, &c);
    if (!above)
        return -ENOENT;
    strbuf_append(ret, LIVE_CGROUP_DIR);
    group_path(above, path, sizeof(path));
    if (above->parent)
        strbuf_append(ret, path);
    strbuf_append(ret, "/cgroup.procs");
    return 0;
}

int live_write_text(struct view *v, const char *name, const char *text,
                    const struct view_caller *caller, void *cookie)
{
    struct live *l = live_of(v);
    struct live_write w = {.cookie = cookie};
    const char *folder = live_folder(name);
    int rc;

    if (l->stopped)
        return -EIO;
    if (folder && live_folder_is_time(folder)) {
        rc = live_folder_write(l, folder, text);
        if (rc == -EINPROGRESS)
            vec_push(&l->pending, ((struct live_write){.name = xstrdup(name),
                                                       .text = xstrdup(text),
                                                       .cookie = cookie,
                                                       .stepping = true,
                                                       .at = l->pace.step_until}));
        return rc;
    }
    w.name = xstrdup(name);
    w.text = xstrdup(text);
    for (char *at = w.text; strncmp(name, "proc/sys/", 9) == 0 && (at = strchr(at, '\n'));)
        *at = ' '; /* numbers of a sysctl may stand in lines */
    rc = prepare(&w);
    if (rc) {
        live_free_write(&w);
        return rc;
    }
    w.control.unprivileged = !caller->privileged;
    if (!w.control.file ||
        !control_is_trigger(&w.control)) /* which changes nothing that can be seen */
        live_note(l, "write", name, w.text);
    return begin_write(l, w);
}

void live_drop_pending(struct live *l, size_t i)
{
    for (size_t at = i + 1; at < l->pending.count; at++)
        l->pending.items[at - 1] = l->pending.items[at];
    l->pending.count--;
}

void live_retry_pending(struct live *l)
{
    for (size_t i = 0; i < l->pending.count;) {
        struct live_write w = l->pending.items[i];
        int rc = 0;

        if ((w.at > l->now || w.stepping) && !l->stopped) {
            i++;
            continue;
        }
        rc = l->stopped ? -EIO : answer(l, &w);
        l->pending.items[i] = w;
        if (rc == -EINPROGRESS) {
            i++;
            continue;
        }
        live_drop_pending(l, i);
        if (w.cookie && l->view.written)
            l->view.written(w.cookie, rc);
        live_free_write(&w);
    }
}

/* --- interrupts ------------------------------------------------------------------------------- */

static int abandon(struct scenario_run *run HW_UNUSED, void *ctx)
{
    const struct operation *o = ctx;

    if (o->write->task)
        system_kill(o->live->s, o->write->task);
    return 0;
}

/* A signal to the writer ends what it waits for, as far as it has come: swapoff gives the area back
 * its use, and limits and pools stay as they were set. */
static int interrupt(struct live *l, size_t i)
{
    struct live_write w = l->pending.items[i];
    struct operation o = {l, &w};
    bool set = w.control.file && control_is_set_at_once(&w.control);

    live_drop_pending(l, i);
    if (w.stepping)
        pace_pause(&l->pace);
    else
        scenario_operate(l->run, abandon, &o);
    live_free_write(&w);
    return set ? 0 : -EINTR;
}

/* Which of the writes to this file that wait, from 0. */
static unsigned place_among(const struct live *l, size_t i)
{
    unsigned place = 0;

    for (size_t at = 0; at < i; at++)
        place += strcmp(l->pending.items[at].name, l->pending.items[i].name) == 0;
    return place;
}

int live_cancel(struct view *v, void *cookie)
{
    struct live *l = live_of(v);
    char place[16];

    for (size_t i = 0; i < l->pending.count; i++) {
        if (l->pending.items[i].cookie != cookie)
            continue;
        snprintf(place, sizeof(place), "%u", place_among(l, i));
        if (!l->pending.items[i].stepping)
            live_note(l, "interrupt", l->pending.items[i].name, place);
        return interrupt(l, i);
    }
    return -EINTR;
}

/* The same of a script. -ENOENT: no such write waits. */
int live_interrupt_noted(struct live *l, const struct live_line *line)
{
    u64 place;

    if (parse_u64(line->text, &place, NULL))
        return -EINVAL;
    for (size_t i = 0; i < l->pending.count; i++)
        if (strcmp(l->pending.items[i].name, line->name) == 0 && place_among(l, i) == place) {
            live_note(l, "interrupt", line->name, line->text);
            interrupt(l, i);
            return 0;
        }
    return -ENOENT;
}
