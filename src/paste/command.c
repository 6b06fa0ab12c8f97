/* command.c - what a shell's command says of the lines below it: which file they are of, and where
 * the shell stands.
 *
 *   [root@db1 ~]# cd /sys/fs/cgroup/db        paths without a slash in front are below this
 *   directory
 *   [root@db1 db]# cat memory.{max,current}   two files
 */
#include "paste/state_int.h"

static void set_text(struct strbuf *buf, struct span text)
{
    strbuf_reset(buf);
    strbuf_append_bytes(buf, text.at, span_len(text));
}

/* Elsewhere than in these trees a file of Linux has no path that says what it is of. */
void command_directory(struct paste_state *st, struct span path)
{
    bool below = *path.at != '/' && st->cwd.len;

    while (span_len(path) > 1 && strchr("/;", path.end[-1]))
        path.end--;
    if (below && !span_begins(path, "..") && st->cwd.len + span_len(path) < TREE_PATH_MAX) {
        strbuf_appendc(&st->cwd, '/');
        strbuf_append_bytes(&st->cwd, path.at, span_len(path));
    } else if (span_begins(path, "/sys/") || span_begins(path, "/proc/")) {
        set_text(&st->cwd, path);
    } else {
        strbuf_reset(&st->cwd);
    }
}

static bool shows_file(struct span word)
{
    static const char *const names[] = {"cat",  "more", "less",  "head",
                                        "tail", "grep", "egrep", "zgrep"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (span_is(word, names[i]))
            return true;
    return false;
}

/* "cat A/memory.{max,current}" names two files, as the shell has it. */
static void expand_braces(struct span command, struct strbuf *out)
{
    struct span word;

    strbuf_reset(out);
    while (span_take_word(&command, &word)) {
        const char *open = memchr(word.at, '{', span_len(word));
        const char *end = open ? memchr(open, '}', (size_t)(word.end - open)) : NULL;
        struct span choices = {open ? open + 1 : word.at, end ? end : word.at}, one;

        if (out->len)
            strbuf_appendc(out, ' ');
        if (!end || !memchr(open, ',', (size_t)(end - open))) {
            strbuf_append_bytes(out, word.at, span_len(word));
            continue;
        }
        for (bool more = true, first = true; more; first = false) {
            more = span_take_until(&choices, ',', &one);
            if (!more)
                one = choices;
            if (!first)
                strbuf_appendc(out, ' ');
            strbuf_append_bytes(out, word.at, (size_t)(open - word.at));
            strbuf_append_bytes(out, one.at, span_len(one));
            /* "{a,b};" ends the command behind the last. */
            strbuf_append_bytes(out, end + 1,
                                (size_t)(word.end - end - 1) - (more && word.end[-1] == ';'));
            if (out->len > TREE_PATH_MAX * 4)
                return;
        }
    }
}

/* The file that is shown, from where the shell stands. */
void command_file(struct paste_state *st, struct span name)
{
    bool below = *name.at != '/' && st->cwd.len;

    /* "cat /proc/pressure/memory; free" */
    if (span_len(name) > 1 && name.end[-1] == ';')
        name.end--;
    strbuf_reset(&st->path);
    if (below) {
        strbuf_append_bytes(&st->path, st->cwd.text, st->cwd.len);
        strbuf_appendc(&st->path, '/');
    }
    strbuf_append_bytes(&st->path, name.at, span_len(name));
}

u64 command_slept(struct span command)
{
    const char *at = span_find(command, "sleep ");
    struct span rest = {at ? at + strlen("sleep ") : command.end, command.end};
    u64 number = 0, unit = 1;

    if (!span_take_u64(&rest, &number) || number >= 86400)
        return 0;
    if (!span_empty(rest) && (*rest.at == 'm' || *rest.at == 'h'))
        unit = *rest.at == 'm' ? 60 : 3600;
    return number * unit < 86400 ? number * unit : 0;
}

bool command_sleeps_first(struct span command)
{
    return span_begins(span_trim(command), "sleep ");
}

/* The file that "cat /proc/meminfo" or "sudo cat memory.stat" shows. */
void command_note(struct paste_state *st, struct span command)
{
    struct span rest = command, word;
    bool shows = false, searches = false;

    st->described[0] = '\0';
    expand_braces(command, &st->command);
    command = span_of_buf(&st->command);
    rest = command;
    strbuf_reset(&st->path);
    st->pwd = span_is(span_trim(command), "pwd");
    if (span_take(&rest, "cd ") && span_take_word(&rest, &word))
        command_directory(st, word);
    rest = command;
    while (span_take_word(&rest, &word)) {
        if (shows_file(word)) {
            shows = true;
            searches = span_ends(word, "grep");
        } else if (searches && *word.at != '-') {
            searches = false;
        } else if (shows && *word.at != '-' && *word.at != '|' && !is_digit(*word.at)) {
            /* "$f" of a loop names nothing. */
            if (!memchr(word.at, '$', span_len(word)))
                command_file(st, word);
            return;
        } else if (*word.at == '|') {
            return;
        }
    }
}
