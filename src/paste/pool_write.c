/* pool_write.c - how many huge pages somebody asked the pool to have, as a command or a file of
 * settings in the text says.
 *
 *     echo 1000 > /proc/sys/vm/nr_hugepages
 *     echo 16 | sudo tee /sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages
 *     sysctl -w vm.nr_hugepages=1000
 *
 * The write answers with no error when it gets fewer. What it got, the pool says that stands
 * elsewhere in the text.
 */
#include "paste/state_int.h"

#include <stdio.h>

/* More of them than a machine could have is a mistake of whoever copied. */
#define PAGES_MAX ((u64)1 << 30)

static void note(struct paste *p, u64 asked, u64 page, u32 node)
{
    if (asked <= PAGES_MAX)
        p->s.pool_write = (struct pool_write){asked, page, node, UNKNOWN};
}

void pool_write_read_back(struct paste *p, u64 pages)
{
    const struct pool_write *w = &p->s.pool_write;

    /* A command says what was asked for; without one the largest of settings and of what is read
     * back is that. */
    if (p->state->pool_written)
        return;
    if (!known(w->asked) || (w->node == UINT32_MAX && !known(w->page) && pages > w->asked))
        note(p, pages, UNKNOWN, UINT32_MAX);
}

/* The number behind a text; UNKNOWN. */
static u64 number_after(struct span command, const char *literal)
{
    const char *at = span_find(command, literal);
    struct span rest = {at ? at + strlen(literal) : command.end, command.end};
    u64 number;

    span_skip_blanks(&rest);
    if (!span_empty(rest) && (*rest.at == '"' || *rest.at == '\''))
        rest.at++;
    return at && span_take_u64(&rest, &number) ? number : UNKNOWN;
}

static void take_write(struct paste *p, struct span line)
{
    const char *file = span_find(line, "nr_hugepages");
    struct span before = {line.at, file ? file : line.end};
    u64 asked, page, node;

    if (!file)
        return;
    asked = number_after((struct span){file, line.end}, "nr_hugepages=");
    /* What is echoed stands before the file, behind ">" or "tee". */
    if (!known(asked) &&
        (span_find(line, ">") || span_find(line, "&gt;") || span_find(line, "tee")))
        asked = number_after(before, "echo ");
    if (!known(asked))
        asked = number_after(before, "wrote ");
    if (!known(asked))
        return;
    p->state->pool_written = true;
    page = number_after(line, "hugepages-");
    node = number_after(line, "/node/node");
    note(p, asked, known(page) && page < (u64)1 << 32 ? page * KIB : UNKNOWN,
         known(node) && node < 1024 ? (u32)node : UINT32_MAX);
}

/* "huge_pages = on", "huge_pages | on": then PostgreSQL does not go on without them, as it does
 * with try, the default. */
static void take_required(struct paste *p, struct span line)
{
    struct span rest = span_trim(line);
    const char *at = span_find(rest, "huge_pages");

    if (!at || (at > rest.at && (at[-1] == '#' || at[-1] == '_' || at[-1] == '.')) ||
        (!span_empty(rest) && *rest.at == '#'))
        return;
    rest.at = at + strlen("huge_pages");
    span_skip_blanks(&rest);
    if (!span_take(&rest, "=") && !span_take(&rest, "|") && !span_take(&rest, ":"))
        return;
    span_skip_blanks(&rest);
    if (!span_empty(rest) && *rest.at == '\'')
        rest.at++;
    if (span_begins(rest, "on"))
        p->s.pool_required = true;
}

void pool_write_take(struct paste *p, struct span line)
{
    take_write(p, line);
    take_required(p, line);
}

/* What cat shows of the file that was written. */
void pool_write_finish(struct paste *p)
{
    struct pool_write *w = &p->s.pool_write;
    const struct tree_file *f;
    char path[160], node[48] = "kernel/mm";
    struct span text;
    u64 pages;

    if (!known(w->asked) || !known(w->page))
        return;
    if (w->node != UINT32_MAX)
        snprintf(node, sizeof(node), "devices/system/node/node%u", w->node);
    snprintf(path, sizeof(path), "sys/%s/hugepages/hugepages-%llukB/nr_hugepages", node,
             (unsigned long long)(w->page / KIB));
    f = tree_find(&p->state->tree, path);
    if (!f)
        return;
    text = span_of_buf(&f->text);
    if (span_take_u64(&text, &pages))
        w->got = pages;
}
