/* judge.c - the worst of several slowdowns. */
#include "size/judge.h"

#include "base/utf8.h"

static void offer(struct size_row *row, enum size_measure by, u32 mark, ns_t base, ns_t now)
{
    double slowdown = base ? (double)now / (double)base : 1;

    if (slowdown <= row->slowdown)
        return;
    row->slowdown = slowdown;
    row->slowdown_by = by;
    row->slowdown_mark = mark;
}

/* A part of the run, from one busy time to another. One that a run did not come to the end of lasts
 * as long as that run. */
static void offer_part(struct size_row *row, enum size_measure by, u32 mark, const ns_t base[2],
                       const ns_t now[2])
{
    if (base[1] != SERVICE_NEVER && base[1] >= base[0] + JUDGE_PART_MIN_NS &&
        now[0] != SERVICE_NEVER)
        offer(row, by, mark, base[1] - base[0],
              MIN(now[1], row->busy_ns) - MIN(now[0], row->busy_ns));
}

/* The thread whose requests take most of the time, when there are enough to call it a server. */
static const struct service_stream *server_of(const struct service *s)
{
    const struct service_stream *best = NULL;

    for (u32 i = 0; i < s->nr_streams; i++)
        if (s->streams[i].requests >= JUDGE_REQUESTS_MIN &&
            (!best || s->streams[i].latency_ns > best->latency_ns))
            best = &s->streams[i];
    return best;
}

static void judge_requests(const struct service *base, const struct service *now,
                           struct size_row *row)
{
    const struct service_stream *server = server_of(base);

    if (server) {
        ns_t first = now->streams[server - base->streams].first_ns;

        offer_part(row, SIZE_BY_START, 0, (ns_t[]){0, server->first_ns}, (ns_t[]){0, first});
        offer_part(row, SIZE_BY_LOAD, 0, (ns_t[]){server->first_ns, base->busy_ns},
                   (ns_t[]){first, row->busy_ns});
    }
    for (u32 i = 0; i < base->nr_streams; i++) {
        const struct service_stream *a = &base->streams[i], *b = &now->streams[i];

        if (a->requests < JUDGE_REQUESTS_MIN || !b->requests ||
            MAX(a->latency_ns, b->latency_ns) < JUDGE_PART_MIN_NS)
            continue;
        offer(row, SIZE_BY_REQUESTS, 0, a->latency_ns / a->requests, b->latency_ns / b->requests);
    }
}

static void judge_marks(const struct service *base, const struct service *now, struct size_row *row)
{
    ns_t from[2] = {0, 0}; /* without a limit, now */

    for (u32 i = 0; base->nr_marks && i <= base->nr_marks; i++) {
        ns_t to[2] = {i < base->nr_marks ? base->marks[i] : base->busy_ns,
                      i < base->nr_marks ? now->marks[i] : row->busy_ns};

        if (to[0] == SERVICE_NEVER)
            continue; /* not in what is judged */
        offer_part(row, SIZE_BY_MARK, i, (ns_t[]){from[0], to[0]}, (ns_t[]){from[1], to[1]});
        from[0] = to[0];
        from[1] = to[1];
    }
}

void judge_row(const struct service *base, const struct service *now, struct size_row *row)
{
    row->slowdown = base && base->busy_ns ? (double)row->busy_ns / (double)base->busy_ns : 1;
    row->slowdown_by = SIZE_BY_TIME;
    if (!base)
        return;
    judge_requests(base, now, row);
    judge_marks(base, now, row);
}

void judge_render(const struct trace *t, const struct size_row *row, struct strbuf *out)
{
    switch (row->slowdown_by) {
    case SIZE_BY_TIME:
        return;
    case SIZE_BY_START:
        strbuf_append(out, "its start");
        return;
    case SIZE_BY_LOAD:
        strbuf_append(out, "the time after its start");
        return;
    case SIZE_BY_REQUESTS:
        strbuf_append(out, "requests");
        return;
    case SIZE_BY_MARK:
        strbuf_append(out, "the part ");
        if (row->slowdown_mark) {
            strbuf_append(out, "from ");
            utf8_append_clean(out, t->marks[row->slowdown_mark - 1].name);
        }
        if (row->slowdown_mark < t->nr_marks) {
            strbuf_append(out, row->slowdown_mark ? " to " : "to ");
            utf8_append_clean(out, t->marks[row->slowdown_mark].name);
        }
        return;
    }
    hw_unreachable();
}
