/* anonymise_table.c - names by where a table or a description has them: the head of a column, the
 * lines below "Containers:".
 *
 * A head is a line of words in capitals, or one that has "Name" beside what tools list with it. Its
 * columns hold for the rows below it, until a line that is none: an empty one, a prompt, a line of
 * a log, a label with a colon.
 */
#include "report/anonymise_int.h"

#include <string.h>

static size_t indent_of(struct span line)
{
    struct span rest = line;

    while (!span_empty(rest) && (is_blank(*rest.at) || *rest.at == '>'))
        rest.at++;
    return (size_t)(rest.at - line.at);
}

/* Is what follows a description by kubectl? /proc/PID/status has a Name as well. */
static bool is_description(struct span rest)
{
    struct span line;

    for (unsigned i = 0; i < 4 && span_take_line(&rest, &line); i++)
        if (span_find(line, "Namespace:") || span_find(line, "Roles:") ||
            span_find(line, "Labels:") || span_find(line, "Priority:"))
            return true;
    return false;
}

void anonymiser_learn_description(struct anonymiser *a, struct span line, struct span rest)
{
    size_t indent = indent_of(line);
    struct span words = span_trim((struct span){line.at + indent, line.end});

    if (span_begins(words, "Name:") && is_description(rest))
        anonymiser_learn_value(a, KIND_POD, (struct span){words.at + 5, words.end});
    if (span_is(words, "Containers:") || span_is(words, "Init Containers:")) {
        a->containers = indent + 1;
        a->container = 0;
        return;
    }
    if (!a->containers)
        return;
    if (indent < a->containers) {
        a->containers = 0;
        return;
    }
    if (!a->container)
        a->container = indent;
    if (indent == a->container && span_ends(words, ":") &&
        span_len(anonymiser_value(words, false)) + 1 == span_len(words))
        anonymiser_learn_word(a, KIND_CONTAINER, words);
}

/* "Name ID Mem VCPUs", " Id Name State": of virsh, xl, pct. " PID User Command Swap USS": of
 * smem. */
static bool is_mixed_head(struct span line)
{
    static const char *const beside[] = {"Id", "ID", "State", "Status", "VMID", "VCPUs"};
    static const char *const beside_user[] = {"PID", "Count", "Command", "RSS"};
    struct span rest = line, word;
    bool name = false, other = false, user = false, process = false;

    while (span_take_word(&rest, &word)) {
        if (*word.at < 'A' || *word.at > 'Z' ||
            (!is_alnum_ascii(word.end[-1]) && word.end[-1] != ')'))
            return false;
        name |= span_is(word, "Name");
        other |= IS_ONE_OF(word, beside);
        user |= span_is(word, "User");
        process |= IS_ONE_OF(word, beside_user);
    }
    return (name && other) || (user && process);
}

/* Names of devices, areas and algorithms tell nothing of anybody. */
static bool is_of_devices(struct span line)
{
    static const char *const words[] = {"OBJS",    "MOUNTPOINT", "ALGORITHM", "MOUNTPOINTS",
                                        "MAJ:MIN", "FSTYPE",     "PRIO"};

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_find(line, words[i]))
            return true;
    return false;
}

/* No small letters but in brackets: "NAME   CPU(cores)   MEMORY%" */
static bool is_head(struct span line)
{
    unsigned words = 0, inside = 0;

    for (const char *at = line.at; at < line.end; at++) {
        words += !is_blank(*at) && (at == line.at || is_blank(at[-1]));
        inside += *at == '(';
        if (is_digit(*at) || (*at >= 'a' && *at <= 'z' && !inside) || *at == '=' || *at == '\\')
            return false;
        inside -= *at == ')' && inside;
    }
    return words >= 2;
}

static size_t characters(struct span text)
{
    size_t n = 0;

    for (; text.at < text.end; text.at++)
        n += (*text.at & 0xc0) != 0x80;
    return n;
}

static void learn_head(struct anonymiser *a, struct span line)
{
    static const struct {
        const char *word;
        enum name_kind kind;
    } heads[] = {
        {"NAMESPACE", KIND_SPACE}, {"NAME", KIND_POD},      {"NAMES", KIND_CONTAINER},
        {"NODE", KIND_HOST},       {"POD", KIND_POD},       {"IMAGE", KIND_IMAGE},
        {"USER", KIND_USER},       {"OBJECT", NR_KINDS},    {"CONTAINER", KIND_CONTAINER},
        {"OWNER", KIND_USER},      {"HOSTNAME", KIND_HOST}, {"Name", KIND_HOST},
        {"NODENAME", KIND_HOST},   {"NODELIST", KIND_HOST}, {"HOST", KIND_HOST},
        {"FROM", KIND_HOST},       {"CLUSTER", KIND_SPACE}, {"PROJECT", KIND_SPACE},
        {"User", KIND_USER},
    };
    struct span rest = line, word;
    unsigned field = 0;

    a->nr_columns = 0;
    if (is_of_devices(line))
        return;
    while (span_take_word(&rest, &word)) {
        bool id = span_is(word, "ID") && field > 0 && word.at[-1] == ' ' && word.at[-2] != ' ';

        for (unsigned i = 0; i < ARRAY_SIZE(heads) && a->nr_columns < COLUMNS_MAX; i++) {
            enum name_kind kind = heads[i].kind;

            if (!span_is(word, heads[i].word))
                continue;
            if (kind == KIND_POD && (span_find(line, "ID") || span_find(line, "MEM %")))
                kind = KIND_CONTAINER;
            else if (kind == KIND_POD && (span_find(line, "ROLES") || span_find(line, "MEMORY%")))
                kind = KIND_HOST;
            a->columns[a->nr_columns++] =
                (struct column){kind, characters((struct span){line.at, word.at}), field};
        }
        field += !id;
    }
    a->nr_fields = field;
}

/* Where this character of the line is; its end when it is shorter. */
static const char *at_character(struct span line, size_t n)
{
    const char *at = line.at;

    for (; at < line.end; at++)
        if ((*at & 0xc0) != 0x80 && n-- == 0)
            break;
    return at;
}

/* What stands below the head of this column: the word that begins there, else, for rows that are
 * not set out like it, the word of its number, as far as the row has as many words as the head. The
 * first column begins where its head does, as names do. */
static struct span cell_of(const struct anonymiser *a, const struct column *column,
                           struct span line)
{
    const char *at = at_character(line, column->offset);
    struct span rest = line, none = {line.at, line.at}, word = none, found = none;
    unsigned words = 0;

    if (at < line.end && !is_blank(*at) && (at == line.at || is_blank(at[-1]))) {
        rest.at = at;
        span_take_word(&rest, &word);
        return word;
    }
    if (column->field == 0)
        return none;
    while (span_take_word(&rest, &word)) {
        if (words == column->field || column->field + 1 == a->nr_fields)
            found = word;
        words++;
    }
    return words >= a->nr_fields ? found : none;
}

/* The whole cell is a name, or one that ps cut ("systemd+"), or the first of several. */
static void learn_cell(struct anonymiser *a, enum name_kind kind, struct span cell)
{
    struct span name = anonymiser_value(cell, kind == KIND_IMAGE);

    if (name.end == cell.end || strchr("+,:", *name.end))
        anonymiser_learn_word(a, kind, name);
}

static void learn_row(struct anonymiser *a, struct span line)
{
    for (unsigned i = 0; i < a->nr_columns; i++) {
        const struct column *column = &a->columns[i];
        struct span cell = cell_of(a, column, line);
        const char *slash = span_empty(cell) ? NULL : memchr(cell.at, '/', span_len(cell));

        if (column->kind == NR_KINDS && slash)
            anonymiser_learn_word(a, span_begins(cell, "node/") ? KIND_HOST : KIND_POD,
                                  (struct span){slash + 1, cell.end});
        else if (column->kind < NR_KINDS && (!slash || column->kind == KIND_IMAGE))
            learn_cell(a, column->kind, cell);
    }
}

/* "Mem:   7700", "MemFree:   112640 kB": the table is over. */
static bool is_labelled(struct span line)
{
    struct span rest = line, word;

    return span_take_word(&rest, &word) && word.end[-1] == ':';
}

void anonymiser_learn_table(struct anonymiser *a, struct span line)
{
    if (span_empty(span_trim(line)) || is_labelled(line) || prefix_certain(line) ||
        span_begins(line, "$ ") || span_begins(line, "# "))
        a->nr_columns = 0;
    else if (is_head(line) || is_mixed_head(line))
        learn_head(a, line);
    else
        learn_row(a, line);
}
