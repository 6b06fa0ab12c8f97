/* live.c - the machine between two ticks: looked at by name, written to, and moved on.
 *
 * What waits (memory.max while reclaim waits for writeback, swapoff) is tried again at the first tick after the time it named. */
#include "mount/live.h"

#include "base/units.h"
#include "mount/live_int.h"
#include "mount/names.h"
#include "system/cgroup.h"
#include "system/swap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CGROUP_DIR "sys/fs/cgroup"
#define NEAP \
    (4 * NS_PER_MS) /* between two advances when nobody asks, on the wall: as a timer of 250 Hz */
#define SAY_EVERY  (60 * NS_PER_S)
#define NEARLY     0.97 /* of its speed */
#define PATH_BYTES 4096

static struct live *of(struct view *v)
{
    return container_of(v, struct live, view);
}

void live_say(struct live *l, const char *line)
{
    if (l->view.say)
        l->view.say(l->view.say_ctx, line);
}

/* The path of a group for a name below the cgroup file system; NULL: it is elsewhere. */
static const char *group_of_name(const char *name)
{
    size_t len = strlen(CGROUP_DIR);

    return strncmp(name, CGROUP_DIR "/", len + 1) == 0 ? name + len : NULL;
}

/* --- looking ---------------------------------------------------------------------------------------------------------------- */

static bool has_events(const char *name)
{
    static const char *const with[] = {"cgroup.events", "memory.events", "memory.events.local",
                                       "memory.swap.events", "hugetlb.2MB.events"};
    const char *slash = strrchr(name, '/');

    for (unsigned i = 0; i < ARRAY_SIZE(with); i++)
        if (slash && strcmp(slash + 1, with[i]) == 0)
            return true;
    return false;
}

static bool is_pressure(const char *name)
{
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');

    if (strncmp(name, "proc/pressure/", 14) == 0)
        return true;
    return group_of_name(name) && dot > slash && strcmp(dot, ".pressure") == 0 &&
           strcmp(slash + 1, "cgroup.pressure") != 0;
}

/* Files of sysfs and sysctls; not of cgroups, whose root directory is no group's but theirs. */
static bool is_strict(const char *name)
{
    size_t len = strlen(CGROUP_DIR);

    return strncmp(name, "proc/sys/", 9) == 0 ||
           (strncmp(name, "sys/", 4) == 0 && strncmp(name, CGROUP_DIR, len) != 0);
}

static int look_up(struct view *v, const char *name, struct view_stat *ret)
{
    struct live *l = of(v);
    const char *folder = live_folder(name);
    struct procfs_node node;
    int rc;

    if (folder)
        return live_folder_look_up(folder, ret);
    rc = procfs_look_up(&l->registry, name, &node);
    if (rc)
        return rc;
    *ret = (struct view_stat){
        .mode = procfs_type(node.kind) | node.mode,
        .lasting = node.lasting,
        .kept = node.group && node.kind == PROCFS_DIRECTORY && !l->moves_groups,
        .too_long = group_of_name(name) ? -E2BIG : -EINVAL,
        .events = has_events(name),
        .kernfs = strncmp(name, "sys/", 4) == 0 && strncmp(name, "sys/kernel/debug/", 17) != 0,
        .first = strncmp(name, "proc/sys/", 9) == 0,
        .trigger = is_pressure(name),
        .uid = node.task ? node.task->uid : 0,
        .ownable = strncmp(name, "sys/", 4) == 0,
        .strict = is_strict(name),
    };
    return 0;
}

struct listing {
    view_name_fn *each;
    void *ctx;
    bool root;
};

/* A tree has a file called highwater where a mount has its folder. */
static int list_one(void *ctx, const char *name, u32 type)
{
    const struct listing *to = ctx;

    return to->each(to->ctx, name, to->root && strcmp(name, LIVE_FOLDER) == 0 ? S_IFDIR : type);
}

static int list(struct view *v, const char *name, view_name_fn *each, void *ctx)
{
    struct live *l = of(v);
    struct listing to = {each, ctx, *name == '\0'};
    const char *folder = live_folder(name);
    int rc;

    if (folder)
        return live_folder_list(folder, each, ctx);
    rc = procfs_list(&l->registry, name, list_one, &to);
    return rc == 0 && strcmp(name, "proc") == 0 ? each(ctx, LIVE_FOLDER, S_IFDIR) : rc;
}

/* What an open file says whose process or group has gone. */
static int gone(const char *name)
{
    return group_of_name(name) ? -ENODEV : -ESRCH;
}

static int read_link(struct view *v, const char *name, const struct view_caller *caller HW_UNUSED,
                     struct strbuf *out)
{
    struct live *l = of(v);
    struct procfs_node node;
    int rc = procfs_look_up(&l->registry, name, &node);

    if (rc == 0 && node.kind != PROCFS_LINK)
        rc = -EINVAL;
    if (rc == 0)
        procfs_render(&l->registry, &node, out);
    return rc;
}

static int read_text(struct view *v, const char *name, struct strbuf *out)
{
    struct live *l = of(v);
    const char *folder = live_folder(name);
    struct procfs_node node;
    int rc;

    if (folder)
        return live_folder_read(l, folder, out);
    rc = procfs_look_up(&l->registry, name, &node);
    if (rc)
        return rc == -ENOENT ? gone(name) : rc;
    if (node.kind == PROCFS_DIRECTORY)
        return -EISDIR;
    if (node.kind == PROCFS_WRITE_ONLY)
        return -EINVAL;
    procfs_render(&l->registry, &node, out);
    return 0;
}

/* --- writing ---------------------------------------------------------------------------------------------------------------- */

#define LOG_MAX (16u << 20)

static void note(struct live *l, const char *what, const char *name, const char *text)
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

static int new_trigger(struct live *l, const struct live_write *w)
{
    const struct group *g = group_find(&l->s->groups, w->control.group);

    vec_push(&l->triggers, ((struct live_trigger){++l->last_trigger, g->id, w->state.trigger}));
    return l->last_trigger;
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
        return new_trigger(l, w);
    if (rc == -ENOENT && *w->control.group && !group_find(&l->s->groups, w->control.group))
        return -ENODEV; /* it went while the file was open */
    return rc;
}

static void free_write(struct live_write *w)
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
    free_write(&w);
    return rc;
}

static bool is_of_process(const char *name)
{
    return strncmp(name, "proc/", 5) == 0 && name[5] >= '1' && name[5] <= '9';
}

static int prepare(struct live_write *w)
{
    const char *folder = live_folder(w->name);
    char path[PATH_BYTES];
    int rc;

    if (strchr(w->text, '\n'))
        return -EINVAL;
    if (folder)
        return live_folder_takes(folder);
    snprintf(path, sizeof(path), "/%s", w->name);
    rc = control_parse(path, w->text, &w->control, NULL);
    if (rc ==
        -ENOENT) /* a file that cannot be written, of which root can do no more than open it */
        return group_of_name(w->name) || is_of_process(w->name) ? -EINVAL : -EIO;
    return rc;
}

/* Pages of a process are shown to its owner: who may look into its memory. Triggers of the machine were root's alone for long. */
static int may_open(struct view *v, const char *name, bool to_write,
                    const struct view_caller *caller)
{
    struct live *l = of(v);
    struct procfs_node node;

    if (!caller->privileged && to_write && strncmp(name, "proc/pressure/", 14) == 0 &&
        !kernel_has(&l->s->kernel, KERNEL_PSI_UNPRIVILEGED))
        return -EPERM;
    if (caller->privileged || procfs_look_up(&l->registry, name, &node) || !node.guarded)
        return 0;
    return node.task->uid == caller->uid ? 0 : -EACCES;
}

/* A process that moves leaves one group for another: who moves it must have been given the group that is above both. */
static int also_written(struct view *v, const char *name, const char *text, struct strbuf *ret)
{
    struct live *l = of(v);
    const struct group *above;
    struct control c;
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "/%s", name);
    if (live_folder(name) || control_parse(path, text, &c, NULL) || !control_is_procs(&c))
        return -ENOENT;
    above = control_common_group(l->s, &c);
    if (!above)
        return -ENOENT;
    strbuf_append(ret, CGROUP_DIR);
    group_path(above, path, sizeof(path));
    if (above->parent)
        strbuf_append(ret, path);
    strbuf_append(ret, "/cgroup.procs");
    return 0;
}

static int write_text(struct view *v, const char *name, const char *text,
                      const struct view_caller *caller, void *cookie)
{
    struct live *l = of(v);
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
        free_write(&w);
        return rc;
    }
    w.control.unprivileged = !caller->privileged;
    if (!w.control.file ||
        !control_is_trigger(&w.control)) /* which changes nothing that can be seen */
        note(l, "write", name, w.text);
    return begin_write(l, w);
}

static void drop_pending(struct live *l, size_t i)
{
    for (size_t at = i + 1; at < l->pending.count; at++)
        l->pending.items[at - 1] = l->pending.items[at];
    l->pending.count--;
}

static void retry_pending(struct live *l)
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
        drop_pending(l, i);
        if (w.cookie && l->view.written)
            l->view.written(w.cookie, rc);
        free_write(&w);
    }
}

/* --- interrupts --------------------------------------------------------------------------------------------------------------- */

static int abandon(struct scenario_run *run HW_UNUSED, void *ctx)
{
    const struct operation *o = ctx;

    if (o->write->task)
        system_kill(o->live->s, o->write->task);
    return 0;
}

/* A signal to the writer ends what it waits for, as far as it has come: swapoff gives the area back its use, and limits and pools stay as
 * they were set. */
static int interrupt(struct live *l, size_t i)
{
    struct live_write w = l->pending.items[i];
    struct operation o = {l, &w};
    bool set = w.control.file && control_is_set_at_once(&w.control);

    drop_pending(l, i);
    if (w.stepping)
        pace_pause(&l->pace);
    else
        scenario_operate(l->run, abandon, &o);
    free_write(&w);
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

static int cancel(struct view *v, void *cookie)
{
    struct live *l = of(v);
    char place[16];

    for (size_t i = 0; i < l->pending.count; i++) {
        if (l->pending.items[i].cookie != cookie)
            continue;
        snprintf(place, sizeof(place), "%u", place_among(l, i));
        if (!l->pending.items[i].stepping)
            note(l, "interrupt", l->pending.items[i].name, place);
        return interrupt(l, i);
    }
    return -EINTR;
}

/* The same of a script. -ENOENT: no such write waits. */
static int interrupt_noted(struct live *l, const struct live_line *line)
{
    u64 place;

    if (parse_u64(line->text, &place, NULL))
        return -EINVAL;
    for (size_t i = 0; i < l->pending.count; i++)
        if (strcmp(l->pending.items[i].name, line->name) == 0 && place_among(l, i) == place) {
            note(l, "interrupt", line->name, line->text);
            interrupt(l, i);
            return 0;
        }
    return -ENOENT;
}

/* --- groups ------------------------------------------------------------------------------------------------------------------ */

struct change {
    struct live *live;
    const char *path;     /* of the group */
    struct group *parent; /* of a new one */
};

static int make_group(struct scenario_run *run HW_UNUSED, void *ctx)
{
    const struct change *c = ctx;

    return group_new(&c->live->s->groups, c->parent, strrchr(c->path, '/') + 1) ? 0 : -EAGAIN;
}

static int remove_group(struct scenario_run *run HW_UNUSED, void *ctx)
{
    const struct change *c = ctx;

    return system_group_remove(c->live->s, group_find(&c->live->s->groups, c->path));
}

static int make_dir(struct view *v, const char *name)
{
    struct live *l = of(v);
    struct change c = {l, group_of_name(name), NULL};
    char parent[PATH_BYTES];
    struct procfs_node node;
    const char *slash;
    int rc;

    if (!c.path)
        return strncmp(name, "sys/", 4) == 0 ? -EPERM : -ENOENT;
    if (strchr(name, '\n'))
        return -EINVAL;
    if (procfs_look_up(&l->registry, name, &node) == 0)
        return -EEXIST;
    slash = strrchr(name, '/');
    snprintf(parent, sizeof(parent), "%.*s", (int)(slash - name), name);
    if (procfs_look_up(&l->registry, parent, &node))
        return -ENOENT;
    if (!node.group || node.kind != PROCFS_DIRECTORY)
        return -ENOTDIR;
    if (procfs_is_group_file(node.group, slash + 1))
        return -EEXIST;
    c.parent = node.group;
    rc = scenario_operate(l->run, make_group, &c);
    if (rc == 0)
        note(l, "mkdir", name, NULL);
    return rc;
}

static int remove_dir(struct view *v, const char *name)
{
    struct live *l = of(v);
    struct change c = {l, group_of_name(name), NULL};
    struct procfs_node node;
    int rc;

    if (strcmp(name, CGROUP_DIR) == 0)
        return -EBUSY;
    if (!c.path)
        return -EPERM;
    if (procfs_look_up(&l->registry, name, &node))
        return -ENOENT;
    if (node.kind != PROCFS_DIRECTORY)
        return -ENOTDIR;
    rc = scenario_operate(l->run, remove_group, &c);
    if (rc == 0)
        note(l, "rmdir", name, NULL);
    return rc;
}

/* --- triggers ----------------------------------------------------------------------------------------------------------------- */

/* NULL: it went with its group. */
static struct psi_trigger *find_trigger(struct live *l, int number, struct psi_group **ret_psi)
{
    vec_for_each (&l->triggers, t) {
        struct group *g = t->number == number ? group_get(&l->s->groups, t->group) : NULL;

        if (!g || !g->online)
            continue;
        for (struct psi_trigger *at = g->psi.triggers; at; at = at->next)
            if (at == t->trigger) {
                *ret_psi = &g->psi;
                return at;
            }
    }
    return NULL;
}

static s64 trigger_events(struct view *v, int number)
{
    struct live *l = of(v);
    struct psi_group *psi;
    struct psi_trigger *t = find_trigger(l, number, &psi);

    if (!t)
        return -ENOENT;
    psi_group_run(psi, l->s->clock.now);
    return (s64)t->nr_events;
}

static void trigger_close(struct view *v, int number)
{
    struct live *l = of(v);
    struct psi_group *psi;
    struct psi_trigger *t = find_trigger(l, number, &psi);

    if (t)
        psi_trigger_free(psi, t);
    vec_for_each (&l->triggers, at)
        if (at->number == number) {
            *at = vec_last(&l->triggers);
            l->triggers.count--;
            break;
        }
}

/* --- time ----------------------------------------------------------------------------------------------------------------------- */

static void say_refused(struct live *l, const struct live_line *line, int rc)
{
    char text[512];

    snprintf(text, sizeof(text), "the script's %s %.200s %.100s at %.3f s is refused: %s",
             line->what, line->name, line->text, (double)l->now / (double)NS_PER_S, strerror(-rc));
    live_say(l, text);
}

static void run_script(struct live *l)
{
    static const struct view_caller root = {.privileged = true};

    while (l->script_next < l->script.count && l->script.items[l->script_next].at <= l->now) {
        const struct live_line *line = &l->script.items[l->script_next++];
        int rc;

        if (strcmp(line->what, "mkdir") == 0)
            rc = make_dir(&l->view, line->name);
        else if (strcmp(line->what, "rmdir") == 0)
            rc = remove_dir(&l->view, line->name);
        else if (strcmp(line->what, "interrupt") == 0)
            rc = interrupt_noted(l, line);
        else
            rc = write_text(&l->view, line->name, line->text, &root, NULL);
        if (rc < 0 && rc != -EINPROGRESS)
            say_refused(l, line, rc);
    }
}

static void stop(struct live *l)
{
    char line[sizeof(struct err)];

    if (l->stopped)
        return;
    l->stopped = true;
    if (l->run->outcome == REPLAY_FAILED)
        err_text(&l->run->error, line, sizeof(line));
    else
        snprintf(line, sizeof(line),
                 "the machine stopped at %.3f s (panic): its files stay as they are",
                 (double)l->s->clock.now / (double)NS_PER_S);
    live_say(l, line);
    retry_pending(l);
}

static void tick(struct live *l)
{
    ns_t next = l->now + PACE_TICK;

    if (!scenario_advance(l->run, next)) {
        stop(l);
        return;
    }
    l->now = next;
    retry_pending(l);
    run_script(l);
}

/* It stands still at its runtime; who sets a speed then sees it go on. */
static void come_to_end(struct live *l)
{
    char line[160];

    snprintf(line, sizeof(line),
             "the scenario has come to its runtime (%.3f s) and is paused; a speed written "
             "to " LIVE_FOLDER "/speed lets it go on",
             (double)l->end / (double)NS_PER_S);
    l->end = NS_NEVER;
    l->ended = true;
    pace_pause(&l->pace);
    live_say(l, line);
}

static void say_slow(struct live *l, u64 wall)
{
    char line[160];

    if (l->said_slow && wall - l->said_slow < SAY_EVERY)
        return;
    if (l->pace.measured > l->pace.speed * NEARLY) /* it was held up for once */
        return;
    l->said_slow = MAX(wall, 1);
    if (l->pace.measured > 0)
        snprintf(line, sizeof(line), "the machine is slower than the clock: %.3gx of %.3gx",
                 l->pace.measured, l->pace.speed);
    else
        snprintf(line, sizeof(line),
                 "the machine is slower than the clock: it does not reach %.3gx", l->pace.speed);
    live_say(l, line);
}

static ns_t round_up_tick(ns_t at)
{
    return (at + PACE_TICK - 1) / PACE_TICK * PACE_TICK;
}

/* Who waits for a step that has ended, or that somebody broke off. */
static void finish_steps(struct live *l)
{
    for (size_t i = 0; i < l->pending.count;) {
        struct live_write w = l->pending.items[i];

        if (!w.stepping || (l->pace.step_until > l->now && w.at > l->now)) {
            i++;
            continue;
        }
        drop_pending(l, i);
        if (w.cookie)
            l->view.written(w.cookie, 0);
        free_write(&w);
    }
}

static void attend(void *ctx)
{
    struct live *l = ctx;

    l->wanted |= l->view.attend(l->view.attend_ctx);
}

static u64 advance(struct view *v, u64 wall, u64 budget)
{
    struct live *l = of(v);
    ns_t target = pace_target(&l->pace, wall, l->now);
    u64 until = wall + budget;

    if (l->stopped)
        return NS_PER_S;
    l->wanted = false;
    l->run->sched.attend = v->attend ? attend : NULL;
    l->run->sched.attend_ctx = l;
    target = MIN(target, l->end == NS_NEVER ? NS_NEVER : round_up_tick(l->end));
    while (l->now < target && !l->stopped) {
        tick(l);
        wall = v->wall_ns();
        if (wall >= until || l->wanted)
            break;
    }
    if (l->now >= l->end)
        come_to_end(l);
    else if (pace_reached(&l->pace, wall, l->now))
        say_slow(l, wall);
    finish_steps(l);
    if (l->now < target && !l->stopped)
        return 0;
    return l->pace.paused ? NS_PER_S : NEAP;
}

void live_skip(struct live *l, ns_t until)
{
    bool paused = l->pace.paused;

    l->pace.paused = false; /* nobody waits for anybody yet */
    run_script(l);
    while (l->now < until && !l->stopped)
        tick(l);
    pace_start(&l->pace, l->pace.speed, l->view.wall_ns(), l->now);
    if (paused)
        pace_pause(&l->pace);
}

void live_init(struct live *l, const struct live_config *config)
{
    static const struct view_ops ops = {
        .look_up = look_up,
        .list = list,
        .read = read_text,
        .write = write_text,
        .may_open = may_open,
        .also_written = also_written,
        .cancel = cancel,
        .make_dir = make_dir,
        .remove_dir = remove_dir,
        .read_link = read_link,
        .trigger_events = trigger_events,
        .trigger_close = trigger_close,
        .advance = advance,
    };
    ns_t runtime = config->run->scenario->machine.runtime;

    *l = (struct live){
        .view = {.ops = &ops,
                 .wall_ns = config->wall_ns,
                 .boot_time = config->run->config.system->boot_time,
                 .say = config->say,
                 .say_ctx = config->say_ctx},
        .run = config->run,
        .s = config->run->config.system,
        .end = runtime ? runtime : NS_NEVER,
    };
    procfs_registry_init(&l->registry, l->s);
    strbuf_init(&l->log);
    pace_start(&l->pace, config->speed, config->wall_ns(), 0);
    if (config->paused)
        pace_pause(&l->pace);
    scenario_begin(l->run);
}

void live_done(struct live *l)
{
    vec_for_each (&l->pending, w)
        free_write(w);
    vec_for_each (&l->script, line)
        free(line->memory);
    vec_done(&l->pending);
    vec_done(&l->script);
    vec_done(&l->triggers);
    strbuf_done(&l->log);
    procfs_registry_done(&l->registry);
}
