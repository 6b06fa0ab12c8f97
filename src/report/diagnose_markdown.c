/* diagnose_markdown.c - a diagnosis as Markdown, to be pasted into a ticket: the cause, its
 * evidence, what to do, what would prove it wrong. */
#include "report/diagnose_report.h"
#include "report/post_mortem_report.h"

#include <string.h>

#define EVIDENCE_SHOWN 6
#define OTHERS_SHOWN   8
#define MACHINES_SHOWN 40u

/* Text of anywhere: what Markdown would take for a sign of its own is escaped. */
static void add_text(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_[]<>#|", *text))
            strbuf_appendc(out, '\\');
        strbuf_appendc(out, *text);
    }
}

static void add_evidence(struct strbuf *out, const struct finding *f)
{
    unsigned shown = 0;

    if (f->evidence.count == 0)
        return;
    strbuf_append(out, "\n| evidence | value | read from |\n|---|---:|---|\n");
    vec_for_each (&f->evidence, e) {
        if (shown++ >= EVIDENCE_SHOWN)
            break;
        strbuf_append(out, "| ");
        add_text(out, e->name);
        strbuf_printf(out, " | %s | `", e->value);
        for (const char *at = e->where; *at; at++)
            strbuf_appendc(out, *at == '`' || *at == '|' ? '\'' : *at);
        strbuf_append(out, "` |\n");
    }
}

static void add_advice(struct strbuf *out, const char *label, const char *text)
{
    strbuf_printf(out, "- **%s**: ", label);
    add_text(out, text);
    strbuf_appendc(out, '\n');
}

void diagnose_render_markdown(const struct diagnose_report *r, struct strbuf *out)
{
    const struct findings *f = &r->diagnosis->findings;
    struct strbuf line;
    unsigned others = 0;

    strbuf_init(&line);
    diagnose_render_verdict(r, &line);
    strbuf_append(out, "# ");
    if (line.len && line.text[line.len - 1] == '\n')
        line.text[--line.len] = '\0';
    add_text(out, line.text);
    strbuf_append(out, "\n");
    strbuf_done(&line);
    for (size_t i = 1; i < r->nr_machines && i <= MACHINES_SHOWN; i++) {
        const struct diagnose_machine *m = &r->machines[i];

        strbuf_printf(out, "%s- ", i == 1 ? "\n" : "");
        add_text(out, *m->name ? m->name : "of no named machine");
        strbuf_printf(out, ": %s: ", verdict_name(m->verdict));
        add_text(out, m->headline);
        strbuf_appendc(out, '\n');
    }
    if (r->nr_machines > MACHINES_SHOWN + 1)
        strbuf_printf(out, "- and %zu more machines\n", r->nr_machines - MACHINES_SHOWN - 1);
    vec_for_each (&f->items, at) {
        struct advice advice = finding_advice(at);

        if (at != f->items.items) {
            if (others++ == 0)
                strbuf_append(out, "\n## Also found\n\n");
            if (others > OTHERS_SHOWN)
                break;
            strbuf_printf(out, "- %s: ", severity_name(at->severity));
            add_text(out, at->title);
            strbuf_appendc(out, '\n');
            continue;
        }
        if (at->detail) {
            strbuf_appendc(out, '\n');
            add_text(out, at->detail);
            strbuf_appendc(out, '\n');
        }
        add_evidence(out, at);
        post_mortem_render_markdown(r, out);
        strbuf_append(out, "\n## What to do\n\n");
        add_advice(out, "Means", advice.meaning);
        add_advice(out, "Look at", advice.look_next);
        add_advice(out, "Change", advice.change);
        add_advice(out, "Wrong if", advice.disproof);
    }
}
