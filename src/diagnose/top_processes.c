/* top_processes.c - see top_processes.h. */
#include "diagnose/top_processes.h"

#include <stdio.h>

unsigned top_processes(const struct rule_context *c, process_figure *figure, double from,
                       u32 ret[TOP_PROCESSES])
{
    double best[TOP_PROCESSES];
    unsigned count = 0;

    vec_for_each (&c->s->processes, p) {
        double value = wants_process(c, p) ? figure(c, p) : NAN;
        unsigned at = count;

        if (!(value >= from))
            continue;
        while (at > 0 && best[at - 1] < value)
            at--;
        if (at == TOP_PROCESSES)
            continue;
        count = MIN(count + 1, (unsigned)TOP_PROCESSES);
        for (unsigned i = count - 1; i > at; i--) {
            best[i] = best[i - 1];
            ret[i] = ret[i - 1];
        }
        best[at] = value;
        ret[at] = (u32)(p - c->s->processes.items);
    }
    return count;
}

const char *top_processes_scope(const struct rule_context *c)
{
    static _Thread_local char text[32];

    if (c->options->cgroup)
        return c->options->cgroup;
    if (!c->options->pid)
        return "host";
    snprintf(text, sizeof(text), "pid %u", c->options->pid);
    return text;
}

void top_processes_tell(struct rule_context *c, process_figure *figure, enum evidence_unit unit,
                        const u32 *top, unsigned count, const char *file)
{
    struct strbuf text;

    strbuf_init(&text);
    for (unsigned i = 0; i < count; i++) {
        const struct process_view *p = &c->s->processes.items[top[i]];
        char name[64], where[64];

        process_label(name, p);
        if (c->s->pasted)
            snprintf(where, sizeof(where), "the table of processes");
        else
            snprintf(where, sizeof(where), "/proc/%u/%s", p->pid, file);
        if (i)
            strbuf_printf(&text, "%s%s %s", i > 1 ? ", " : "", name, AMOUNT(figure(c, p), unit));
        evidence(c, name, figure(c, p), unit, where, "%s", "");
    }
    if (text.len)
        finding_detail(c, "Then %s.", text.text);
    strbuf_done(&text);
}
