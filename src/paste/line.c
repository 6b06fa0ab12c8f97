/* line.c - see line.h.
 *
 * Most lines need nothing: they are looked through once for the bytes that decoration is made of,
 * and returned as they are.
 */
#include "paste/line.h"

#include "base/utf8.h"
#include "paste/bytes.h"

#define ESCAPE '\033'

/* --- terminals -------------------------------------------------------------------------------- */

/* Past a sequence that begins at `at`: "ESC [ ... letter", "ESC ] ... BEL", or ESC and one
 * character. */
static const char *skip_escape(const char *at, const char *end)
{
    if (++at == end)
        return end;
    if (*at == '[') {
        for (at++; at < end && (*at < '@' || *at > '~'); at++)
            ;
        return at < end ? at + 1 : end;
    }
    if (*at == ']') {
        while (at < end && *at != '\a' && *at != ESCAPE)
            at++;
        return at < end ? at + 1 : end;
    }
    return at + 1;
}

struct entity {
    const char *name;
    const char *text;
};

static const struct entity entities[] = {
    {"&gt;", ">"},    {"&lt;", "<"},   {"&amp;", "&"},
    {"&quot;", "\""}, {"&nbsp;", " "}, {"&apos;", "'"},
};

/* "&#40;", "&#x28;": a character by its number. */
static bool take_number(struct span *rest, struct strbuf *buf)
{
    struct span at = *rest;
    unsigned base = 10, code = 0, digits = 0;

    if (!span_take(&at, "&#"))
        return false;
    if (span_take(&at, "x") || span_take(&at, "X"))
        base = 16;
    for (; !span_empty(at) && digits < 6; at.at++, digits++) {
        char c = *at.at | 0x20;

        if (is_digit(*at.at))
            code = code * base + (unsigned)(*at.at - '0');
        else if (base == 16 && c >= 'a' && c <= 'f')
            code = code * base + (unsigned)(c - 'a' + 10);
        else
            break;
    }
    if (digits == 0 || !span_take(&at, ";"))
        return false;
    strbuf_appendc(buf, code > ' ' && code < 0x7f ? (char)code : ' ');
    rest->at = at.at;
    return true;
}

static bool take_entity(struct span *rest, struct strbuf *buf)
{
    if (take_number(rest, buf))
        return true;
    for (unsigned i = 0; i < ARRAY_SIZE(entities); i++) {
        if (span_begins(*rest, entities[i].name)) {
            strbuf_append(buf, entities[i].text);
            rest->at += strlen(entities[i].name);
            return true;
        }
    }
    return false;
}

static bool needs_copy(struct span line)
{
    /* A no-break space is 0xc2 0xa0. */
    static const struct bytes_set odd =
        BYTES_SET_OF(ESCAPE, '\b', '&', 0xc2, '\0', ESCAPE, ESCAPE, ESCAPE);

    return bytes_have_any(line, &odd);
}

static struct span copy_plain(struct span line, struct strbuf *buf)
{
    strbuf_reset(buf);
    while (!span_empty(line)) {
        if (*line.at == ESCAPE) {
            line.at = skip_escape(line.at, line.end);
        } else if (*line.at == '&' && take_entity(&line, buf)) {
            continue;
        } else if (span_begins(line, "\xc2\xa0")) {
            strbuf_appendc(buf, ' ');
            line.at += 2;
        } else {
            if (*line.at == '\b' || *line.at == '\0')
                strbuf_appendc(buf, ' ');
            else
                strbuf_appendc(buf, *line.at);
            line.at++;
        }
    }
    return span_of_buf(buf);
}

/* --- mail and tickets ------------------------------------------------------------------------- */

/* "> > text", "| text" of some mail programs is left: tables have it too. */
static struct span skip_quotes(struct span line)
{
    for (unsigned depth = 0; depth < 16; depth++) {
        struct span rest = line;

        span_skip_blanks(&rest);
        if (span_empty(rest) || *rest.at != '>')
            break;
        rest.at++;
        /* One blank belongs to the quote; the rest is indent. */
        if (!span_empty(rest) && *rest.at == ' ')
            rest.at++;
        line = rest;
    }
    return line;
}

static bool is_decoration(struct span line)
{
    static const char *const marks[] = {
        "```",    "~~~",     "{code",  "{noformat", "[code",     "[/code",   "<pre",      "</pre",
        "<code>", "</code>", "{quote", "<details",  "</details", "<summary", "</summary", "<br"};
    struct span text = span_trim(line);

    if (span_empty(text) || !strchr("`~{[<", *text.at))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        if (span_begins(text, marks[i]) && span_len(text) < 80)
            return true;
    }
    return false;
}

/* A paragraph's "<pre>" or "`" before the first word of a line that goes on. */
static struct span skip_marks(struct span line)
{
    struct span rest = line;

    if (span_take(&rest, "<pre><code>") || span_take(&rest, "<pre>") || span_take(&rest, "<code>"))
        return rest;
    rest = line;
    span_skip_blanks(&rest);
    if (span_len(rest) > 2 && *rest.at == '`' && rest.at[1] != '`' && rest.end[-1] == '`')
        return (struct span){rest.at + 1, rest.end - 1};
    return line;
}

/* What "**57G**" and "`57G`" hold: a word without blanks that a mark closes. Returns the end of the
 * word; NULL. */
static const char *marked_word(struct span rest, struct span mark)
{
    struct span word = {rest.at + span_len(mark), rest.end};
    const char *at = word.at;

    if (span_len(rest) <= 2 * span_len(mark) || memcmp(rest.at, mark.at, span_len(mark)) != 0)
        return NULL;
    while (at < word.end && !is_blank(*at) && *at != *mark.at)
        at++;
    return at > word.at && (size_t)(word.end - at) >= span_len(mark) &&
                   memcmp(at, mark.at, span_len(mark)) == 0
               ? at
               : NULL;
}

/* "| Mem: | 62G | 57G |": its columns. */
static bool is_table_row(struct span line)
{
    struct span text = span_trim(line);

    return span_len(text) > 4 && *text.at == '|' && text.end[-1] == '|' && text.at[1] != '|' &&
           memchr(text.at + 1, '|', span_len(text) - 2);
}

/* Marks of Markdown around figures and columns go; the rest stays as it is. */
static struct span unmark(struct span line, struct strbuf *buf)
{
    const struct span bold = span_of("**", 2), code = span_of("`", 1);
    bool row = is_table_row(line);
    const char *star = memchr(line.at, '*', span_len(line));
    struct strbuf copy;

    if (!row && !star && !memchr(line.at, '`', span_len(line)))
        return line;
    strbuf_init(&copy);
    while (!span_empty(line)) {
        const char *end = marked_word(line, bold);
        struct span mark = bold;

        if (!end) {
            end = marked_word(line, code);
            mark = code;
        }
        if (end) {
            strbuf_append_bytes(&copy, line.at + span_len(mark),
                                (size_t)(end - line.at) - span_len(mark));
            line.at = end + span_len(mark);
        } else {
            strbuf_appendc(&copy, row && *line.at == '|' ? ' ' : *line.at);
            line.at++;
        }
    }
    strbuf_reset(buf);
    strbuf_append_bytes(buf, copy.text, copy.len);
    strbuf_done(&copy);
    return span_of_buf(buf);
}

bool line_table_rule(struct span line)
{
    struct span text = span_trim(line);

    if (span_len(text) < 5 || *text.at != '|' || !span_find(text, "---"))
        return false;
    for (const char *at = text.at; at < text.end; at++)
        if (!strchr("|-: ", *at))
            return false;
    return true;
}

/* "```sh-4.2$ cat memory.stat": what stands behind a fence on its line, when it is more than the
 * name of a language. */
static struct span behind_fence(struct span line)
{
    struct span rest = span_trim(line);

    if (!span_take(&rest, "```") && !span_take(&rest, "~~~"))
        return (struct span){line.end, line.end};
    while (!span_empty(rest) && (*rest.at == '`' || *rest.at == '~'))
        rest.at++;
    rest = span_trim(rest);
    return !span_empty(rest) && memchr(rest.at, ' ', span_len(rest))
               ? rest
               : (struct span){line.end, line.end};
}

bool line_clean(struct span line, struct strbuf *buf, struct span *ret)
{
    while (!span_empty(line) && (line.end[-1] == '\r' || line.end[-1] == '\n'))
        line.end--;
    if (needs_copy(line))
        line = copy_plain(line, buf);
    if (span_begins(line, "\xef\xbb\xbf"))
        line.at += 3;
    line = skip_quotes(line);
    line = skip_marks(line);
    *ret = behind_fence(line);
    if (!span_empty(*ret) || (!span_empty(line) && is_decoration(line)))
        return false;
    /* A fence behind the last line of what it closes. */
    while (span_len(line) > 3 && span_ends(line, "```"))
        line.end -= 3;
    *ret = unmark(line, buf);
    return true;
}

/* --- shells ----------------------------------------------------------------------------------- */

static const char *const commands[] = {
    "free",
    "vmstat",
    "top",
    "ps",
    "cat",
    "sar",
    "slabtop",
    "dmesg",
    "journalctl",
    "kubectl",
    "docker",
    "podman",
    "head",
    "tail",
    "grep",
    "egrep",
    "zgrep",
    "df",
    "ipcs",
    "swapon",
    "zramctl",
    "numactl",
    "numastat",
    "taskset",
    "migratepages",
    "smem",
    "arc_summary",
    "arcstat",
    "systemctl",
    "uptime",
    "pwd",
    "uname",
    "date",
    "sudo",
    "echo",
    "sysctl",
    "mpstat",
    "iostat",
    "pidstat",
    "ls",
    "cd",
    "crictl",
    "nerdctl",
    "oc",
    "more",
    "less",
    "awk",
    "curl",
    "oomctl",
    "systemd-cgtop",
    "lsb_release",
    "hostnamectl",
    "arc_summary.py",
    "k",
    "k3s",
    "microk8s",
    "talosctl",
    "logread",
    "adb",
    "redis-cli",
    "java",
    "redis-server",
    "./redis-server",
    "htop",
    "watch",
    "w",
    "find",
    "for",
    "while",
    "bpftool",
    "pmap",
    "lsmod",
    "virsh",
    "atop",
    "dstat",
    "nproc",
    "lscpu",
    "getconf",
    "ulimit",
    "mount",
    "zpool",
    "zfs",
    "exit",
    "perl",
    "python3",
    "perf",
    "ss",
    "nomad",
    "vmware-toolbox-cmd",
    "systemd-run",
    "qm",
    "pct",
    "nvidia-smi",
    "ceph",
    "ls",
    "wc",
    "mpstat",
    "iostat",
    "lxc-info",
    "incus",
    "buildah",
};

static bool is_command(struct span word)
{
    const char *slash;

    while ((slash = span_empty(word) ? NULL : memrchr(word.at, '/', span_len(word))))
        word.at = slash + 1;
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
        if (!span_empty(word) && *word.at == *commands[i] && span_is(word, commands[i]))
            return true;
    return false;
}

/* "[root@db1 ~]#", "user@host:/var/log$", "root@db1:~#", "$", "#", "%", "PS C:\>" and the like:
 * ends in one of "#$%>" before a blank. */
/* "[root@db1 ~]# sleep 10", "user@host:/srv$": whatever command stands behind it, or none. */
static bool take_certain_prompt(struct span line, struct span *ret_command)
{
    struct span head = {line.at, line.at};
    bool bracket = *line.at == '[', at_sign = false;

    if (span_len(line) > 2 && line.at[0] == '$' && line.at[1] == ' ' && line.at[2] >= 'a' &&
        line.at[2] <= 'z') {
        *ret_command = span_trim((struct span){line.at + 1, line.end});
        return true;
    }

    while (head.end < line.end && *head.end != '#' && *head.end != '$') {
        at_sign |= *head.end == '@';
        if (*head.end == ' ' && !bracket)
            return false;
        head.end++;
    }
    if (head.end == line.end || !at_sign || span_len(head) > 100 ||
        (bracket && head.end[-1] != ']') || (!bracket && !memchr(head.at, ':', span_len(head))))
        return false;
    *ret_command = span_trim((struct span){head.end + 1, line.end});
    return head.end + 1 == line.end || head.end[1] == ' ';
}

/* Where the marks of a prompt stand, at the latest. */
#define PROMPT_LONGEST 120

bool line_prompt(struct span line, struct span *ret_command)
{
    /* 0xe2 is the first byte of the arrows below. */
    static const struct bytes_set marks = BYTES_SET_OF('#', '$', '%', '>', 0xe2, '#', '#', '#');
    struct span rest = line, word;
    unsigned words = 0;

    span_skip_blanks(&rest);
    if (!bytes_have_any(
            (struct span){rest.at, rest.at + MIN(span_len(rest), (size_t)PROMPT_LONGEST)}, &marks))
        return false;
    if (take_certain_prompt(rest, ret_command))
        return true;
    if (span_begins(rest, "❯") || span_begins(rest, "➜")) {
        rest.at += strlen("❯");
        while (span_take_word(&rest, &word) && words++ < 4) {
            if (is_command(word)) {
                *ret_command = (struct span){word.at, rest.end};
                return true;
            }
        }
        return false;
    }
    for (const char *at = rest.at; at < rest.end && at - rest.at < PROMPT_LONGEST; at++) {
        struct span after = {at + 1, rest.end}, command;

        if (*at != '#' && *at != '$' && *at != '%' && *at != '>')
            continue;
        command = after;
        if (!span_take_word(&after, &word) || !is_command(word))
            continue;
        /* "# cat x" and "root# cat x"; text before a prompt has a user, a host or a path. */
        if (at > rest.at) {
            struct span head = {rest.at, at};

            if (!span_find(head, "@") && !span_find(head, "~") && !span_find(head, "/") &&
                !span_find(head, ":") && !span_find(head, "]") &&
                memchr(head.at, ' ', span_len(head)))
                continue;
        }
        *ret_command = span_trim(command);
        return true;
    }
    return false;
}

/* "== memory.max", "--- /proc/meminfo ---", "### cpu.stat:": what people have a loop say before
 * each file. */
static bool take_marked_name(struct span line, struct span *ret)
{
    static const char *const files[] = {"memory.", "cgroup.", "pids.", "/proc/", "/sys/"};
    struct span rest = span_trim(line), name;

    if (span_len(rest) < 4 || !strchr("=-#*:", *rest.at) || rest.at[1] != *rest.at)
        return false;
    while (!span_empty(rest) && strchr("=-#*: ", *rest.at))
        rest.at++;
    while (!span_empty(rest) && strchr("=-#*: ", rest.end[-1]))
        rest.end--;
    if (!span_take_word(&rest, &name) || !span_empty(rest))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(files); i++)
        if (span_begins(name, files[i])) {
            *ret = name;
            return true;
        }
    return false;
}

bool line_file_heading(struct span line, struct span *ret_path)
{
    struct span rest = span_trim(line);

    if (span_take(&rest, "==> ") && span_ends(rest, " <==")) {
        rest.end -= strlen(" <==");
        *ret_path = span_trim(rest);
        return !span_empty(*ret_path);
    }
    if (take_marked_name(line, ret_path))
        return true;
    rest = span_trim(line);
    /* more(1) */
    if (!span_begins(rest, "/proc/") && !span_begins(rest, "/sys/"))
        return false;
    if (memchr(rest.at, ' ', span_len(rest)))
        return false;
    if (rest.end[-1] == ':')
        rest.end--;
    for (const char *at = rest.at; at < rest.end; at++)
        if (*at == ':' || *at == '=')
            return false;
    *ret_path = rest;
    return true;
}
