/* live_folder.c - the control folder of a running machine, and scripts of writes. */
#include "mount/live_int.h"

#include "base/units.h"
#include "mount/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum folder_file {
    FILE_MARKER,
    FILE_DMESG,
    FILE_TIME,
    FILE_SPEED,
    FILE_STEP,
    FILE_KILL,
    FILE_SWAPON,
    FILE_SWAPOFF,
    FILE_WRITES,
    NR_FILES
};

static const struct {
    const char *name;
    u32 mode;
} files[NR_FILES] = {
    [FILE_MARKER] = {"marker", 0444}, [FILE_DMESG] = {"dmesg", 0444},
    [FILE_TIME] = {"time", 0444},     [FILE_SPEED] = {"speed", 0644},
    [FILE_STEP] = {"step", 0200},     [FILE_KILL] = {"kill", 0200},
    [FILE_SWAPON] = {"swapon", 0200}, [FILE_SWAPOFF] = {"swapoff", 0200},
    [FILE_WRITES] = {"writes", 0444},
};

static enum folder_file find(const char *name)
{
    unsigned i = 0;

    while (i < NR_FILES && strcmp(files[i].name, name) != 0)
        i++;
    return i;
}

const char *live_folder(const char *name)
{
    size_t len = strlen(LIVE_FOLDER);

    if (strncmp(name, "proc/", 5) == 0)
        name += 5;
    if (strncmp(name, LIVE_FOLDER, len) != 0)
        return NULL;
    return name[len] == '/' ? name + len + 1 : name[len] ? NULL : name + len;
}

int live_folder_look_up(const char *file, struct view_stat *ret)
{
    enum folder_file f = find(file);

    if (!*file)
        *ret = (struct view_stat){.mode = S_IFDIR | 0555, .lasting = true};
    else if (f == NR_FILES)
        return -ENOENT;
    else
        *ret = (struct view_stat){.mode = S_IFREG | files[f].mode, .lasting = true};
    return 0;
}

int live_folder_list(const char *file, view_name_fn *each, void *ctx)
{
    int rc = 0;

    if (*file)
        return find(file) == NR_FILES ? -ENOENT : -ENOTDIR;
    for (unsigned i = 0; i < NR_FILES && rc == 0; i++)
        rc = each(ctx, files[i].name, S_IFREG);
    return rc;
}

static const char *state(const struct live *l)
{
    if (l->stopped)
        return l->run->outcome == REPLAY_FAILED ? "failed" : "panic";
    if (l->pace.step_until > l->now)
        return "stepping";
    if (l->pace.paused)
        return l->ended ? "ended" : "paused";
    return "running";
}

static void render_time(const struct live *l, struct strbuf *out)
{
    ns_t target = pace_target(&l->pace, l->view.wall_ns(), l->now);

    strbuf_printf(out, "time %" PRIu64 ".%03u\n", l->now / NS_PER_S,
                  (unsigned)(l->now % NS_PER_S / NS_PER_MS));
    strbuf_printf(out, "date %" PRIu64 ".%03u\n", l->s->boot_time + l->now / NS_PER_S,
                  (unsigned)(l->now % NS_PER_S / NS_PER_MS));
    strbuf_printf(out, "state %s\n", state(l));
    strbuf_printf(out, "speed %g\n", l->pace.speed);
    if (l->pace.measured > 0)
        strbuf_printf(out, "measured %.3g\n", l->pace.measured);
    strbuf_printf(out, "behind %.3f\n", (double)(target - l->now) / (double)NS_PER_S);
    strbuf_printf(out, "waiting %zu\n", l->pending.count);
    strbuf_printf(out, "given_up %.3f\n", (double)l->pace.given_up / (double)NS_PER_S);
}

int live_folder_read(struct live *l, const char *file, struct strbuf *out)
{
    switch (find(file)) {
    case FILE_MARKER:
        render_osrelease(l->s, out);
        return 0;
    case FILE_DMESG:
        strbuf_append_bytes(out, l->s->log.text, l->s->log.len);
        return 0;
    case FILE_TIME:
        render_time(l, out);
        return 0;
    case FILE_SPEED:
        if (l->pace.paused)
            strbuf_append(out, "pause\n");
        else
            strbuf_printf(out, "%gx\n", l->pace.speed);
        return 0;
    case FILE_WRITES:
        strbuf_append_bytes(out, l->log.text, l->log.len);
        return 0;
    case FILE_STEP:
    case FILE_KILL:
    case FILE_SWAPON:
    case FILE_SWAPOFF:
        return -EINVAL;
    case NR_FILES:
        break;
    }
    return *file ? -ENOENT : -EISDIR;
}

int live_folder_takes(const char *file)
{
    enum folder_file f = find(file);

    return f < NR_FILES && files[f].mode & 0200 ? 0 : -EACCES;
}

bool live_folder_is_time(const char *file)
{
    enum folder_file f = find(file);

    return f == FILE_SPEED || f == FILE_STEP;
}

int live_folder_write(struct live *l, const char *file, const char *text)
{
    double speed;
    ns_t by;

    l->said_waiting = false;
    if (find(file) == FILE_STEP) {
        if (parse_duration(text, &by, NULL) || by == 0)
            return -EINVAL;
        pace_step(&l->pace, l->now, by);
        return -EINPROGRESS;
    }
    if (strcmp(text, "pause") == 0) {
        pace_pause(&l->pace);
        return 0;
    }
    if (pace_parse_speed(text, &speed, NULL))
        return -EINVAL;
    l->ended = false;
    pace_go_on(&l->pace, speed, l->view.wall_ns(), l->now);
    return 0;
}

/* --- scripts ---------------------------------------------------------------------------------- */

static char *take_word(char **at)
{
    char *word = *at + strspn(*at, " \t");

    *at = word + strcspn(word, " \t");
    if (**at)
        *(*at)++ = '\0';
    return word;
}

/* l: of the script's text, cut into words. */
static int check_line(const struct live *l, const struct live_line *line, const char *path,
                      unsigned number, struct err *e)
{
    bool writes = strcmp(line->what, "write") == 0, reads = strcmp(line->what, "read") == 0,
         interrupts = strcmp(line->what, "interrupt") == 0;
    const char *folder = live_folder(line->name);
    struct control control;
    struct err why = {0};
    char whole[4096];

    if (!writes && !interrupts && !reads && strcmp(line->what, "mkdir") != 0 &&
        strcmp(line->what, "rmdir") != 0)
        return err_at(e, -EINVAL, path, number, 0,
                      "want write, read, mkdir, rmdir or interrupt, not '%s'", line->what);
    if (!*line->name || (writes && !*line->text))
        return err_at(e, -EINVAL, path, number, 0, "want %s after the word %s",
                      writes  ? "a file and a value"
                      : reads ? "a group's file"
                              : "a group's directory",
                      line->what);
    if (interrupts &&
        (!*line->text || line->text[strspn(line->text, "0123456789")] || strlen(line->text) > 6))
        return err_at(e, -EINVAL, path, number, 0,
                      "want which write to the file that waits, from 0, after interrupt");
    if (!writes && !interrupts && *line->text)
        return err_at(e, -EINVAL, path, number, 0, "'%s' is too much after the %s", line->text,
                      reads ? "file" : "directory");
    if (l->script.count && vec_last(&l->script).at > line->at)
        return err_at(e, -EINVAL, path, number, 0, "this time comes before that of the line above");
    if (!writes)
        return 0;
    if (folder)
        return live_folder_takes(folder) == 0 && !live_folder_is_time(folder)
                   ? 0
                   : err_at(e, -EINVAL, path, number, 0, "no file '%s' for a script", line->name);
    snprintf(whole, sizeof(whole), "/%s", line->name);
    return control_parse(whole, line->text, &control, &why)
               ? err_at(e, -EINVAL, path, number, 0, "%s", why.text)
               : 0;
}

static int take_line(struct live *l, const char *path, unsigned number, const char *text,
                     struct err *e)
{
    char *copy = xstrdup(text), *rest = copy;
    struct live_line line = {.memory = copy};
    struct err why = {0};
    char *when = take_word(&rest), *what = take_word(&rest), *name = take_word(&rest);
    int rc;

    if (parse_duration(when, &line.at, &why))
        rc = err_at(e, -EINVAL, path, number, 0, "want a time such as 1.5s first: %s", why.text);
    else {
        names_unescape(name);
        line.name = name + strspn(name, "/");
        line.what = what;
        line.text = rest + strspn(rest, " \t");
        rc = check_line(l, &line, path, number, e);
    }
    if (rc)
        free(copy);
    else
        vec_push(&l->script, line);
    l->moves_groups |=
        rc == 0 && (strcmp(line.what, "mkdir") == 0 || strcmp(line.what, "rmdir") == 0);
    return rc;
}

int live_read_script(struct live *l, const char *path, const char *text, struct err *e)
{
    char *copy = xstrdup(text), *next = copy;
    unsigned number = 0;
    int rc = 0;

    for (char *line; rc == 0 && (line = strsep(&next, "\n"));) {
        size_t len = strlen(line);

        number++;
        while (len && strchr(" \t\r", line[len - 1]))
            line[--len] = '\0';
        line += strspn(line, " \t");
        if (*line && *line != '#')
            rc = take_line(l, path, number, line, e);
    }
    free(copy);
    return rc;
}
