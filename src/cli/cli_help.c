/* cli_help.c - help texts made from the tables of options and verbs. */
#include "cli/cli_int.h"
#include "cli/cli_machine.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define HELP_COLUMN 30u

static bool is_own_verb(const char *text)
{
    for (unsigned i = 0; i < nr_cli_verbs; i++) {
        size_t len = strlen(cli_verbs[i].name);

        if (strncmp(text, cli_verbs[i].name, len) == 0 &&
            !strchr("abcdefghijklmnopqrstuvwxyz", text[len] ? text[len] : '.'))
            return true;
    }
    return false;
}

/* Is this "{part?" or "{!part?"? Then whether what follows is said, in *ret, and where that begins;
 * else NULL. */
static const char *find_inner(const char *at, bool *ret)
{
    bool with = at[1] != '!';
    const char *name = at + (with ? 1 : 2);
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz");
    char word[16];

    if (name[len] != '?')
        return NULL;
    assert(len + 3 <= sizeof(word));
    snprintf(word, sizeof(word), " %.*s ", (int)len, name);
    *ret = with == (strstr(cli_parts, word) != NULL);
    return name + len + 1;
}

/* A text without what it says of parts that this program lacks or, with '!', has. */
static void append_parts(struct strbuf *out, const char *text)
{
    for (const char *at = text; (at = strchr(at, '{')) != NULL;) {
        bool said;
        const char *inner = find_inner(at, &said);

        if (!inner) {
            at++;
            continue;
        }
        size_t len = strcspn(inner, "}");
        strbuf_append_bytes(out, text, (size_t)(at - text));
        if (said)
            strbuf_append_bytes(out, inner, len);
        at = text = inner + len + 1;
    }
    strbuf_append(out, text);
}

/* A text in which "highwater VERB" stands, for the program that has this verb under another
 * name. */
static void append_named(struct strbuf *out, const char *text)
{
    static const char name[] = "highwater ";

    for (const char *at; (at = strstr(text, name)) != NULL; text = at + strlen(name)) {
        strbuf_append_bytes(out, text, (size_t)(at - text));
        strbuf_printf(out, "%s ", is_own_verb(at + strlen(name)) ? cli_program : "highwater");
    }
    strbuf_append(out, text);
}

/* A text as this program should say it. */
static void append_own(struct strbuf *out, const char *text)
{
    struct strbuf parts;

    strbuf_init(&parts);
    append_parts(&parts, text);
    append_named(out, parts.text);
    strbuf_done(&parts);
}

static bool is_empty(const char *text)
{
    struct strbuf own;
    bool empty;

    strbuf_init(&own);
    append_parts(&own, text);
    empty = own.len == 0;
    strbuf_done(&own);
    return empty;
}

/* formats: what --format takes beside; NULL: nothing. */
static void render_option(const struct cli_option *o, const char *formats, struct strbuf *out)
{
    size_t start = out->len, width;

    if (!o->help || is_empty(o->help))
        return;
    if (o->letter)
        strbuf_printf(out, "  -%c, --%s", o->letter, o->name);
    else
        strbuf_printf(out, "      --%s", o->name);
    if (o->arg)
        strbuf_printf(out, " %s%s%s", o->arg, formats ? "|" : "", formats ? formats : "");
    width = out->len - start;
    if (width >= HELP_COLUMN) {
        strbuf_append(out, "\n");
        width = 0;
    }
    strbuf_printf(out, "%*s", (int)(HELP_COLUMN - width), "");
    append_own(out, o->help);
    strbuf_append(out, "\n");
}

void cli_render_help(const struct cli_spec *spec, struct strbuf *out)
{
    static const struct {
        unsigned group;
        const char *title;
    } groups[] = {
        {CLI_MACHINE | CLI_COMPARE | CLI_LIMITS | CLI_SWAP_LIMIT, "The machine"},
        {CLI_OUTPUT | CLI_PROGRESS | CLI_MODE | CLI_HOST | CLI_HELP, "Output"},
    };

    strbuf_printf(out, "Usage: %s %s [options]%s%s\n\n", cli_program, spec->verb,
                  *spec->operands ? " " : "", spec->operands);
    append_own(out, spec->summary);
    strbuf_append(out, "\n");
    if (spec->nr_options)
        strbuf_printf(out, "\nOptions:\n");
    for (unsigned i = 0; i < spec->nr_options; i++)
        render_option(&spec->options[i], NULL, out);
    for (unsigned g = 0; g < ARRAY_SIZE(groups); g++) {
        bool titled = false;

        for (unsigned i = 0; i < nr_cli_common_options; i++) {
            const struct cli_common_option *c = &cli_common_options[i];
            bool here = c->group == CLI_HELP ? (groups[g].group & CLI_OUTPUT) != 0
                                             : (groups[g].group & c->group) != 0;

            if (!here || !cli_takes(spec, c))
                continue;
            if (!titled)
                strbuf_printf(out, "\n%s:\n", groups[g].title);
            titled = true;
            render_option(&c->option, c->option.id == CLI_ID_FORMAT ? spec->formats : NULL, out);
        }
        for (unsigned i = 0;
             i < nr_cli_machine_options && (groups[g].group & spec->takes & CLI_MACHINE); i++)
            render_option(cli_machine_option(i), NULL, out);
    }
    if (spec->notes) {
        strbuf_append(out, "\n");
        append_own(out, spec->notes);
    }
    if (spec->takes & CLI_MACHINE)
        strbuf_printf(out, "\nSizes take K, M, G or T, in powers of two: 96M is 96 MiB.\n");
}

void cli_render_program_help(struct strbuf *out)
{
    strbuf_printf(out, "Usage: %s VERB [options] [FILE] [-- COMMAND]\n\n%s\nVerbs:\n", cli_program,
                  cli_purpose);
    for (unsigned i = 0; i < nr_cli_verbs; i++)
        strbuf_printf(out, "  %-10s %s\n", cli_verbs[i].name, cli_verbs[i].summary);
    strbuf_printf(out, "\n'%s VERB --help' tells more. '%s --version' prints the version.\n",
                  cli_program, cli_program);
}
