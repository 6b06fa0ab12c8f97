/* diff_sources.c - the figures of recordings and of captures. */
#include "report/diff.h"

#include <stdio.h>
#include <string.h>

#define BYTES_OF(pages) ((double)(pages)*PAGE_SIZE)

/* --- recordings --- */

static void put_need(struct diff *d, unsigned side, const struct size_result *r)
{
    static const char need[] = "need", cost[] = "cost, as advised";

    if (r->usable.found)
        diff_put(d, side, need, "smallest usable limit", DIFF_BYTES, (double)r->usable.limit_bytes);
    if (r->survives.found)
        diff_put(d, side, need, "smallest survived limit", DIFF_BYTES,
                 (double)r->survives.limit_bytes);
    if (r->advice.found)
        diff_put(d, side, need, "memory.max advised", DIFF_BYTES, (double)r->advice.max_bytes);
    diff_put(d, side, need, "peak without a limit", DIFF_BYTES, (double)r->unlimited.peak_bytes);
    diff_put(d, side, need, "time without a limit", DIFF_SECONDS,
             (double)r->unlimited.busy_ns / 1e9);
    if (!r->advice.found)
        return;
    diff_put(d, side, cost, "time", DIFF_SECONDS, (double)r->verified.busy_ns / 1e9);
    diff_put(d, side, cost, "stalled for memory", DIFF_SECONDS, (double)r->verified.stall_ns / 1e9);
    diff_put(d, side, cost, "major faults", DIFF_COUNT, (double)r->verified.majflt);
    diff_put(d, side, cost, "file pages refaulted", DIFF_COUNT, (double)r->verified.refault_file);
    diff_put(d, side, cost, "anonymous pages refaulted", DIFF_COUNT,
             (double)r->verified.refault_anon);
    diff_put(d, side, cost, "swapped out", DIFF_BYTES, BYTES_OF(r->verified.pswpout));
}

static void put_footprint(struct diff *d, unsigned side, const struct footprint *f)
{
    static const char section[] = "footprint";

    diff_put(d, side, section, "at most at one time", DIFF_BYTES, BYTES_OF(f->peak_pages));
    diff_put(d, side, section, "anonymous memory, at its peak", DIFF_BYTES,
             BYTES_OF(f->anon_pages_peak));
    diff_put(d, side, section, "files", DIFF_BYTES, BYTES_OF(f->file_pages));
    diff_put(d, side, section, "shared memory and tmpfs", DIFF_BYTES, BYTES_OF(f->shmem_pages));
    diff_put(d, side, section, "processes", DIFF_COUNT, f->processes);
    diff_put(d, side, section, "threads", DIFF_COUNT, f->threads);
    diff_put(d, side, section, "instructions", DIFF_COUNT, (double)f->instructions);
}

/* Processes come and go under other numbers, so that a program's are summed: how many it had is a
 * figure of its own. */
static void put_programs(struct diff *d, unsigned side, const struct footprint *f)
{
    for (u32 i = 0; i < f->nr_process; i++) {
        const struct footprint_process *p = &f->process[i];
        const char *comm = p->comm && *p->comm ? p->comm : "?";

        diff_put(d, side, "anonymous memory by program, summed over processes", comm, DIFF_BYTES,
                 BYTES_OF(p->anon_pages_peak));
        diff_put(d, side, "processes by program", comm, DIFF_COUNT, 1);
    }
}

static void put_files(struct diff *d, unsigned side, const struct footprint *f)
{
    for (u32 i = 0; i < f->nr_files; i++) {
        const struct footprint_file *file = &f->files[i];
        const char *path = file->path && *file->path ? file->path
                           : file->anon              ? "(shared anonymous memory)"
                                                     : "(without a name)";

        diff_put(d, side, "files, touched", path, DIFF_BYTES, BYTES_OF(file->pages));
        if (file->mapped_pages)
            diff_put(d, side, "files, touched through a mapping", path, DIFF_BYTES,
                     BYTES_OF(file->mapped_pages));
        if (file->written_bytes)
            diff_put(d, side, "files, written", path, DIFF_BYTES, (double)file->written_bytes);
    }
}

void diff_put_recording(struct diff *d, unsigned side, const struct footprint *footprint,
                        const struct size_result *result)
{
    if (result)
        put_need(d, side, result);
    put_footprint(d, side, footprint);
    put_programs(d, side, footprint);
    put_files(d, side, footprint);
}

/* --- captures --- */

struct looking {
    struct diff *d;
    unsigned side;
    bool begin;
    double seconds;
};

static enum diff_unit unit_of(enum metric_unit unit)
{
    switch (unit) {
    case METRIC_BYTES:
        return DIFF_BYTES;
    case METRIC_SECONDS:
        return DIFF_SECONDS;
    case METRIC_RATIO:
        return DIFF_RATIO;
    case METRIC_NONE:
    case METRIC_PAGES:
    case NR_METRIC_UNITS:
        break;
    }
    return DIFF_COUNT;
}

/* A counter is put twice, at the beginning with its sign turned: what adds up is what was counted
 * in between. */
static void put_metric(void *ctx, const struct metric *m, const struct metric_labels *labels,
                       double value)
{
    static const char prefix[] = "highwater_";
    const struct looking *l = ctx;
    const char *name = m->sample;
    bool counter = m->type == METRIC_COUNTER;
    char section[64];
    struct strbuf text;

    if (m->type == METRIC_INFO || (counter && l->seconds <= 0) || (!counter && l->begin))
        return;
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix);
    snprintf(section, sizeof(section), "%s%s", metric_scope_names[m->scope],
             counter ? ", by second of the capture" : "");
    strbuf_init(&text);
    if (labels->count) { /* of a long name the end is shown */
        metric_labels_render(labels, &text);
        strbuf_appendc(&text, ' ');
    }
    strbuf_append(&text, name);
    diff_put(l->d, l->side, section, text.text,
             counter && m->unit == METRIC_NONE ? DIFF_RATIO : unit_of(m->unit),
             !counter   ? value
             : l->begin ? -value / l->seconds
                        : value / l->seconds);
    strbuf_done(&text);
}

void diff_put_capture(struct diff *d, unsigned side, const struct metric_look *look, bool begin,
                      double seconds)
{
    struct looking l = {.d = d, .side = side, .begin = begin, .seconds = seconds};

    metrics_each(look, NULL, put_metric, &l);
}
