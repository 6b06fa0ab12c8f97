/* note.c - see note.h. */
#include "squeeze/note.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FIRST_LINE "highwater-live 1"

void squeeze_note_render(const struct squeeze_note *n, struct strbuf *out)
{
    char high[32];

    strbuf_printf(out,
                  FIRST_LINE "\npid %" PRIu64 " %" PRIu64 "\ninode %" PRIu64
                             "\nmemory.high %s\ngroup %s\n",
                  n->pid, n->started, n->inode, squeeze_limit_text(high, n->high_bytes), n->group);
}

/* The rest of the line at *at after "KEY ", without the newline; and *at behind it. False: another
 * line. */
static bool take_line(const char **at, const char *key, char *value, size_t size)
{
    size_t len = strlen(key), rest;

    if (strncmp(*at, key, len) != 0 || (*at)[len] != ' ')
        return false;
    rest = strcspn(*at + len + 1, "\n");
    if (rest == 0 || rest >= size || (*at)[len + 1 + rest] != '\n')
        return false;
    memcpy(value, *at + len + 1, rest);
    value[rest] = '\0';
    *at += len + 1 + rest + 1;
    return true;
}

int squeeze_note_parse(const char *text, struct squeeze_note *ret, struct err *e)
{
    struct squeeze_note n = {0};
    char first[64], pid[64], inode[64], high[64], *started;
    const char *at = text;

    if (!take_line(&at, "highwater-live", first, sizeof(first)) || strcmp(first, "1") != 0)
        return err_set(e, -EINVAL, "want '" FIRST_LINE "' as its first line");
    if (!take_line(&at, "pid", pid, sizeof(pid)) || !(started = strchr(pid, ' ')) ||
        (*started++ = '\0', parse_u64(pid, &n.pid, NULL)) || parse_u64(started, &n.started, NULL))
        return err_set(e, -EINVAL, "want 'pid PID STARTED' as its second line");
    if (!take_line(&at, "inode", inode, sizeof(inode)) || parse_u64(inode, &n.inode, NULL))
        return err_set(e, -EINVAL, "want 'inode NUMBER' as its third line");
    n.high_bytes = SQUEEZE_NONE;
    if (!take_line(&at, "memory.high", high, sizeof(high)) ||
        (strcmp(high, "max") != 0 && parse_u64(high, &n.high_bytes, NULL)))
        return err_set(e, -EINVAL,
                       "want 'memory.high BYTES' or 'memory.high max' as its fourth line");
    if (!take_line(&at, "group", n.group, sizeof(n.group)) || n.group[0] != '/' || *at)
        return err_set(e, -EINVAL, "want 'group /PATH' as its last line");
    *ret = n;
    return 0;
}
