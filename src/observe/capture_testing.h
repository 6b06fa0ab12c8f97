/* capture_testing.h - a host that is made up, for the tests of captures: files that appear, change
 * and vanish from sample to sample.
 *
 * What it holds at step n depends on the seed and n alone, so a test can ask again what a sample
 * must show.
 */
#ifndef OBSERVE_CAPTURE_TESTING_H
#define OBSERVE_CAPTURE_TESTING_H

#include "base/prng.h"
#include "observe/capture.h"

#include <stdio.h>
#include <string.h>

struct fake_host {
    u64 seed;
    unsigned nr_files;
    unsigned lines; /* of each file */
};

/* What file `index` holds at step n: the result, and the text in *out. A third of the files never
 * changes. */
static inline int fake_file(const struct fake_host *h, unsigned index, unsigned n,
                            struct strbuf *out)
{
    struct prng p;

    prng_seed(&p, h->seed * 1000003 + index * 7919 + (index % 3 ? n : 0) * 31);
    if (index % 11 == 5)
        return -EACCES;
    if (index % 7 == 3 && n % 5 == 2)
        return -ENOENT;
    for (unsigned i = 0; i < h->lines + index % 4; i++)
        strbuf_printf(out, "counter_%u_%u %llu\n", index, i,
                      (unsigned long long)(prng_below(&p, 3) ? i * 1000 : prng_below(&p, 1 << 20)));
    return index % 13 == 12 ? -EFBIG : 0;
}

static inline void fake_path(char path[64], unsigned index)
{
    snprintf(path, 64, "proc/%u/file%u", index / 4, index);
}

/* Whether file `index` is read at step n: some are read every third time only. */
static inline bool fake_due(unsigned index, unsigned n, bool all)
{
    return all || index % 5 != 1 || n % 3 == 0;
}

static inline u64 fake_wall_us(unsigned n)
{
    return 1764040200000000ull + n * 10000000ull;
}

/* The parts that step n reads unless it must read all: bit 3 stands for what is read every third
 * time. */
static inline u64 fake_parts(unsigned n)
{
    return n % 3 == 0 ? 14 : 6;
}

/* Write steps from..to-1. Returns the first error. */
static inline int fake_capture(const struct fake_host *h, struct capture_writer *w, unsigned from,
                               unsigned to)
{
    struct strbuf text;
    int rc = 0;

    strbuf_init(&text);
    for (unsigned n = from; n < to && rc == 0; n++) {
        u64 due = capture_writer_begin(w, fake_wall_us(n), (ns_t)n * 10 * NS_PER_S, fake_parts(n));
        bool all = due != fake_parts(n);

        strbuf_reset(&text);
        for (unsigned i = 0; i < h->nr_files; i += 4)
            strbuf_printf(&text, "%u/\n", i / 4);
        strbuf_append(&text, "vmstat\n");
        capture_writer_tee(w, "proc", true, 0, text.text, text.len);
        for (unsigned i = 0; i < h->nr_files; i++) {
            char path[64];
            int result;

            if (!fake_due(i, n, all))
                continue;
            fake_path(path, i);
            strbuf_reset(&text);
            result = fake_file(h, i, n, &text);
            capture_writer_tee(w, path, false, result, text.text, text.len);
        }
        rc = capture_writer_end(w, NULL);
    }
    strbuf_done(&text);
    return rc;
}

/* Whether the capture's source shows step n for every file that was read then. */
static inline bool fake_shown(const struct fake_host *h, struct capture *c, unsigned n, bool all)
{
    struct source *src = capture_source(c);
    struct strbuf want, got;
    bool same = src->wall_us == fake_wall_us(n) && src->taken_at == (ns_t)n * 10 * NS_PER_S;

    strbuf_init(&want);
    strbuf_init(&got);
    for (unsigned i = 0; i < h->nr_files && same; i++) {
        char path[64];
        int wanted, result;

        if (!fake_due(i, n, all))
            continue;
        fake_path(path, i);
        strbuf_reset(&want);
        strbuf_reset(&got);
        wanted = fake_file(h, i, n, &want);
        result = source_read(src, path, 1 << 20, &got);
        same = wanted == result && want.len == got.len && memcmp(want.text, got.text, got.len) == 0;
    }
    strbuf_done(&want);
    strbuf_done(&got);
    return same;
}

#endif
