/* sampler.c - snapshots that are whole, though not all of each was read then.
 *
 * A capture was taken by such a schedule: each of its samples has the parts that were read then,
 * and the first of a chunk has all. So instant i is: read the chunk's first sample, then each up to
 * i, carrying over what a sample lacks.
 */
#include "observe/sampler.h"

#include "base/alloc.h"

#include <sys/stat.h>
#include <time.h>

struct sampler {
    struct source *src;
    struct capture *capture;       /* NULL: src belongs to the sampler */
    struct capture_writer *writer; /* NULL: nothing is written */
    struct source *untold;         /* src without its tee to the writer */
    u64 parts;
    u64 hurried; /* read every time */
    struct schedule schedule;
    struct snapshot snapshots[2];
    unsigned taken; /* 0, 1, or 2: how many snapshots are there */
    unsigned last;  /* which is the last one */
    size_t index;
};

/* A regular file is a capture; capture_open() says it when it is not. */
static int open_root(struct sampler *m, const char *root, struct err *e)
{
    struct stat st;

    if (stat(root, &st) != 0 || !S_ISREG(st.st_mode))
        return source_dir_open(root, &m->src, e);

    int rc = capture_open(root, &m->capture, e);

    if (rc == 0)
        m->src = capture_source(m->capture);
    return rc;
}

int sampler_open(const char *root, u64 parts, struct sampler **ret, struct err *e)
{
    struct sampler *m = xcalloc(1, sizeof(*m));
    int rc = open_root(m, root, e);

    if (rc < 0) {
        free(m);
        return rc;
    }
    m->parts = parts;
    *ret = m;
    return 0;
}

int sampler_open_dir(const char *root, u64 parts, struct sampler **ret, struct err *e)
{
    struct sampler *m = xcalloc(1, sizeof(*m));
    int rc = source_dir_open(root, &m->src, e);

    if (rc < 0) {
        free(m);
        return rc;
    }
    m->parts = parts;
    *ret = m;
    return 0;
}

void sampler_read_all(struct sampler *m, bool all)
{
    m->schedule.all = all;
}

void sampler_record(struct sampler *m, struct capture_writer *w)
{
    assert(!m->capture && m->taken == 0);
    m->untold = m->src;
    m->src = source_tee(m->src, capture_writer_tee, w);
    m->writer = w;
}

static void forget(struct sampler *m)
{
    for (unsigned i = 0; i < m->taken; i++)
        snapshot_done(&m->snapshots[(m->last + i) % 2]);
    m->taken = 0;
}

void sampler_free(struct sampler *m)
{
    if (!m)
        return;
    forget(m);
    if (m->capture)
        capture_free(m->capture);
    else
        source_free(m->src);
    free(m);
}

void sampler_hurry(struct sampler *m, u64 parts)
{
    m->hurried = parts;
}

const struct snapshot *sampler_snapshot(const struct sampler *m)
{
    return m->taken > 0 ? &m->snapshots[m->last] : NULL;
}

const struct snapshot *sampler_previous(const struct sampler *m)
{
    return m->taken > 1 ? &m->snapshots[1 - m->last] : NULL;
}

const struct source *sampler_source(const struct sampler *m)
{
    return m->src;
}

struct capture *sampler_capture(const struct sampler *m)
{
    return m->capture;
}

size_t sampler_count(const struct sampler *m)
{
    if (m->capture)
        return capture_count(m->capture);
    return m->src->live ? 0 : 1;
}

size_t sampler_index(const struct sampler *m)
{
    return m->index;
}

/* Read these parts of what the source shows now, after the last snapshot. */
static int take(struct sampler *m, u64 parts, struct err *e)
{
    const struct snapshot *before = sampler_snapshot(m);
    struct snapshot fresh;

    snapshot_init(&fresh);

    int rc = snapshot_read_after(&fresh, before, m->src, parts & m->parts, e);

    if (rc < 0) {
        snapshot_done(&fresh);
        return rc;
    }
    if (before)
        snapshot_carry(&fresh, before);

    unsigned place = m->taken > 0 ? 1 - m->last : 0;

    if (m->taken == 2)
        snapshot_done(&m->snapshots[place]);
    m->snapshots[place] = fresh;
    m->last = place;
    m->taken = MIN(m->taken + 1, 2u);
    return 0;
}

static bool is_key(const struct sampler *m, size_t index)
{
    return capture_sample(m->capture, index)->in_chunk == 0;
}

/* Go to this sample, whose predecessor is the last snapshot unless it is a key. */
static int take_sample(struct sampler *m, size_t index, struct err *e)
{
    int rc = capture_seek(m->capture, index, e);

    if (rc == 0)
        rc = take(m, is_key(m, index) ? SNAPSHOT_ALL : capture_parts(m->capture), e);
    if (rc == 0)
        m->index = index;
    return rc;
}

int sampler_seek(struct sampler *m, size_t index, struct err *e)
{
    if (!m->capture)
        return m->taken > 0 ? 0 : sampler_next(m, e);
    if (m->taken > 0 && m->index == index)
        return 0;

    size_t from = index - capture_sample(m->capture, index)->in_chunk;

    /* Forwards within the chunk, or on to the next one, the last snapshot is where to start. */
    if (m->taken > 0 && m->index < index && m->index + 1 >= from)
        from = m->index + 1;
    else
        forget(m);
    for (size_t i = from; i <= index; i++) {
        int rc = take_sample(m, i, e);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static ns_t clock_now(void)
{
    struct timespec ts = {0};

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (ns_t)ts.tv_sec * NS_PER_S + (ns_t)ts.tv_nsec;
}

/* At the start of a chunk the writer wants all. */
static u64 begin_to_write(struct sampler *m, u64 due)
{
    u64 wall_us;
    ns_t now = source_time(m->untold, &wall_us);

    return capture_writer_begin(m->writer, wall_us, now, due);
}

int sampler_next(struct sampler *m, struct err *e)
{
    ns_t now;
    u64 due;
    int rc;

    if (m->capture) {
        size_t index = m->taken > 0 ? m->index + 1 : 0;

        return index < capture_count(m->capture) ? sampler_seek(m, index, e) : -ENODATA;
    }
    if (!m->src->live && !m->writer)
        return m->taken > 0 ? -ENODATA : take(m, SNAPSHOT_ALL, e);
    now = clock_now();
    due = schedule_due(&m->schedule, now) | m->hurried;
    if (m->writer)
        due = begin_to_write(m, due);
    schedule_read(&m->schedule, now, due);
    rc = take(m, due, e);
    return rc || !m->writer ? rc : capture_writer_end(m->writer, e);
}
