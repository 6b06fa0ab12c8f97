/* capture_test.c - captures of a host that is made up: round trips, cuts, flipped bits, bounds,
 * times. */
#include "base/test.h"

#include "observe/capture.h"
#include "observe/capture_int.h"
#include "observe/capture_testing.h"
#include "observe/snapshot.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];
static char path[96];

static int enter(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/highwater-capture.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/x.hwc", directory);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory); /* fails when a temporary file was left behind */
}

static struct capture_writer *open_writer(const struct capture_writer_options *o)
{
    static const struct capture_writer_options plain = {0};
    struct capture_writer *w = NULL;
    struct err e = {0};

    if (capture_writer_open(path, o ? o : &plain, &w, &e))
        fail_msg("%s", e.text);
    return w;
}

static void write_steps(const struct fake_host *h, unsigned from, unsigned to)
{
    struct capture_writer *w = open_writer(NULL);

    assert_int_equal(fake_capture(h, w, from, to), 0);
    capture_writer_close(w);
}

static struct capture *open_reader(void)
{
    struct capture *c = NULL;
    struct err e = {0};

    if (capture_open(path, &c, &e))
        fail_msg("%s", e.text);
    capture_check(c);
    return c;
}

static u8 *read_file(size_t *ret_count)
{
    FILE *f = fopen(path, "rb");
    u8 *bytes = malloc(4 << 20);

    assert_non_null(f);
    *ret_count = fread(bytes, 1, 4 << 20, f);
    fclose(f);
    return bytes;
}

TEST_WITH(every_sample_is_what_was_read, enter, leave)
{
    struct fake_host h = {.seed = 1, .nr_files = 60, .lines = 20};
    struct capture *c;

    write_steps(&h, 0, 130);
    c = open_reader();
    assert_int_equal(capture_count(c), 130);
    assert_int_equal(capture_loss(c)->count, 0);
    for (unsigned n = 0; n < 130; n++) { /* forwards */
        bool key = capture_sample(c, n)->in_chunk == 0;

        assert_int_equal(capture_seek(c, n, NULL), 0);
        assert_true(fake_shown(&h, c, n, key));
        assert_true(capture_parts(c) == (key ? SNAPSHOT_ALL : fake_parts(n)));
    }
    for (unsigned n = 130; n-- > 100;) { /* backwards */
        assert_int_equal(capture_seek(c, n, NULL), 0);
        assert_true(fake_shown(&h, c, n, false));
    }
    for (unsigned n = 0; n < 130; n += 37) { /* anywhere */
        assert_int_equal(capture_seek(c, n * 53 % 130, NULL), 0);
        assert_true(fake_shown(&h, c, n * 53 % 130, false));
    }
    capture_free(c);
}

TEST_WITH(a_file_larger_than_a_record_goes_through, enter, leave)
{
    struct fake_host h = {.seed = 2, .nr_files = 9, .lines = 30000};
    struct capture *c;

    write_steps(&h, 0, 4);
    c = open_reader();
    for (unsigned n = 0; n < 4; n++) {
        assert_int_equal(capture_seek(c, n, NULL), 0);
        assert_true(fake_shown(&h, c, n, n == 0));
    }
    capture_free(c);
}

static bool count_name(void *ctx, const char *name, bool is_directory)
{
    unsigned *counts = ctx;

    counts[is_directory]++;
    assert_true(is_directory || strcmp(name, "vmstat") == 0);
    return true;
}

TEST_WITH(a_directory_lists_its_names, enter, leave)
{
    struct fake_host h = {.seed = 1, .nr_files = 12, .lines = 1};
    unsigned counts[2] = {0};
    struct capture *c;
    struct strbuf text;

    write_steps(&h, 0, 2);
    c = open_reader();
    capture_seek(c, 1, NULL);
    assert_int_equal(source_list(capture_source(c), "proc", count_name, counts), 0);
    assert_int_equal(counts[true], 3);
    assert_int_equal(counts[false], 1);
    assert_int_equal(source_list(capture_source(c), "sys", count_name, counts), -ENOENT);
    strbuf_init(&text);
    assert_int_equal(source_read(capture_source(c), "proc", 100, &text), -ENOENT);
    assert_int_equal(source_read(capture_source(c), "proc/", 3, &text), -EFBIG);
    strbuf_done(&text);
    capture_free(c);
}

struct told {
    const char *path;
    int result;
    size_t len;
    u64 hash;
};
struct telling {
    struct told files[256];
    size_t count;
};

static void tell(void *ctx, const char *name, bool read_now, int result, const char *text,
                 size_t len)
{
    struct telling *t = ctx;

    (void)read_now;
    assert_true(t->count < ARRAY_SIZE(t->files));
    t->files[t->count++] = (struct told){name, result, len, hash_bytes(text ? text : "", len)};
}

/* Both show the same files and texts, in whatever order they came. */
static void assert_same_instant(const struct capture *a, const struct capture *b)
{
    struct telling of[2] = {0};

    capture_each_file(a, tell, &of[0]);
    capture_each_file(b, tell, &of[1]);
    assert_int_equal(of[0].count, of[1].count);
    for (size_t i = 0; i < of[0].count; i++) {
        const struct told *x = &of[0].files[i];
        size_t k = 0;

        while (k < of[1].count && strcmp(of[1].files[k].path, x->path) != 0)
            k++;
        assert_true(k < of[1].count);
        assert_int_equal(of[1].files[k].result, x->result);
        assert_int_equal(of[1].files[k].len, x->len);
        assert_true(of[1].files[k].hash == x->hash);
    }
}

/* A part of it shows at each of its instants what the whole shows, what is carried too, and begins
 * with the samples in which that was read: the key sample, and the last of every third one. */
TEST_WITH(a_copy_of_a_part_shows_what_the_whole_shows, enter, leave)
{
    static const struct {
        size_t from, to, before;
    } parts[] = {{0, 129, 0}, {60, 70, 0}, {62, 62, 1}, {63, 125, 1}, {65, 66, 2}, {128, 129, 2}};
    struct fake_host h = {.seed = 4, .nr_files = 60, .lines = 20};
    char copy_path[128];

    write_steps(&h, 0, 130);
    snprintf(copy_path, sizeof(copy_path), "%s/copy.hwc", directory);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        struct capture_writer_options o = {.fresh = true};
        struct capture *c = open_reader(), *copy = NULL;
        struct capture_writer *w = NULL;
        size_t before, lost;

        assert_int_equal(capture_writer_open(copy_path, &o, &w, NULL), 0);
        assert_int_equal(
            capture_copy(c, NULL, parts[i].from, parts[i].to, w, NULL, NULL, &before, &lost, NULL),
            0);
        assert_int_equal(capture_writer_finish(w, NULL), 0);
        capture_writer_close(w);
        assert_int_equal(lost, 0);
        assert_int_equal(before, parts[i].before);
        assert_int_equal(capture_open(copy_path, &copy, NULL), 0);
        capture_check(copy);
        assert_int_equal(capture_count(copy), before + parts[i].to - parts[i].from + 1);
        for (size_t n = parts[i].from; n <= parts[i].to; n++) {
            size_t at = before + n - parts[i].from;

            assert_int_equal(capture_seek(c, n, NULL), 0);
            assert_int_equal(capture_seek(copy, at, NULL), 0);
            assert_true(capture_sample(copy, at)->wall_us == capture_sample(c, n)->wall_us);
            assert_true(capture_parts(copy) == capture_parts(c));
            assert_same_instant(c, copy);
        }
        capture_free(copy);
        capture_free(c);
    }
    assert_int_equal(unlink(copy_path), 0);
}

/* A crash at any byte: what was whole before it stays, and the next run goes on. */
TEST_WITH(a_cut_anywhere_costs_what_follows_and_no_more, enter, leave)
{
    struct fake_host h = {.seed = 3, .nr_files = 6, .lines = 2};
    struct capture *c;
    u64 ends[12];
    size_t count;
    u8 *bytes;

    write_steps(&h, 0, 12);
    bytes = read_file(&count);
    c = open_reader();
    for (unsigned n = 0; n < 12; n++)
        ends[n] = n < 11 ? capture_sample(c, n + 1)->offset : count;
    capture_free(c);
    for (size_t cut = 0; cut <= count; cut++) {
        unsigned whole = 0;

        while (whole < 12 && ends[whole] <= cut)
            whole++;
        if (capture_open_bytes(bytes, cut, "cut", &c, NULL)) {
            assert_int_equal(whole, 0);
            continue;
        }
        capture_check(c);
        assert_int_equal(capture_count(c), whole);
        assert_int_equal(capture_loss(c)->bytes, cut - ends[whole - 1]);
        assert_int_equal(capture_seek(c, whole - 1, NULL), 0);
        assert_true(fake_shown(&h, c, whole - 1, whole == 1));
        capture_free(c);
    }
    for (size_t cut = 0; cut < count; cut += 1 + cut / 16) { /* and a writer goes on */
        FILE *f = fopen(path, "wb");
        const struct capture_writer_stats *stats;
        struct capture_writer *w;
        u64 found;

        assert_int_equal(fwrite(bytes, 1, cut, f), cut);
        fclose(f);
        if (cut > 0 && cut < 4) /* not even the magic: it might be anybody's */
            continue;
        w = open_writer(NULL);
        stats = capture_writer_stats(w);
        found = stats->samples_found;
        assert_int_equal(fake_capture(&h, w, 12, 14), 0);
        capture_writer_close(w);
        c = open_reader();
        assert_int_equal(capture_count(c), found + 2);
        assert_int_equal(capture_loss(c)->count, 0);
        assert_int_equal(capture_seek(c, found + 1, NULL), 0);
        assert_true(fake_shown(&h, c, 13, false));
        capture_free(c);
    }
    free(bytes);
}

TEST_WITH(a_flipped_bit_costs_the_rest_of_its_chunk, enter, leave)
{
    struct fake_host h = {.seed = 4, .nr_files = 5, .lines = 2};
    struct capture *c;
    u64 chunks[3];
    size_t count;
    u8 *bytes;

    for (unsigned run = 0; run < 3; run++) /* a run begins a chunk */
        write_steps(&h, run * 4, run * 4 + 4);
    bytes = read_file(&count);
    c = open_reader();
    for (unsigned i = 0; i < 3; i++)
        chunks[i] = capture_sample(c, i * 4)->offset;
    capture_free(c);
    for (size_t at = 0; at < count; at++) {
        unsigned hit = at >= chunks[2] ? 2 : at >= chunks[1] ? 1 : 0;

        bytes[at] ^= (u8)(1u << at % 8);
        assert_int_equal(capture_open_bytes(bytes, count, "flipped", &c, NULL), 0);
        capture_check(c);
        assert_int_equal(capture_loss(c)->count, 1);
        assert_int_equal(capture_count(c) + capture_loss(c)->samples, 11);
        assert_true(capture_count(c) >= 8);
        for (size_t i = 0; i < capture_count(c); i++) {
            const struct capture_sample *s = capture_sample(c, i);
            unsigned n = (unsigned)(s->mono_ns / (10 * NS_PER_S));

            /* A sample is missing only where the damage is, or after it in its chunk. */
            if (n / 4 == hit)
                assert_true(s->offset < at);
            assert_int_equal(capture_seek(c, i, NULL), 0);
            assert_true(fake_shown(&h, c, n, n % 4 == 0));
        }
        capture_free(c);
        bytes[at] ^= (u8)(1u << at % 8);
    }
    free(bytes);
}

TEST_WITH(a_killed_writer_loses_at_most_its_sample, enter, leave)
{
    struct fake_host h = {.seed = 5, .nr_files = 40, .lines = 10};
    struct capture *c;
    pid_t child;
    int status;

    child = fork();
    if (child == 0) {
        struct capture_writer *w = open_writer(NULL);

        fake_capture(&h, w, 0, 7);
        capture_writer_begin(w, fake_wall_us(7), 0, 6);
        capture_writer_tee(w, "proc/vmstat", false, 0, "pgfault 1\n", 10);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    c = open_reader();
    assert_int_equal(capture_count(c), 7);
    capture_free(c);
}

TEST_WITH(the_size_stays_below_its_bound, enter, leave)
{
    struct fake_host h = {.seed = 6, .nr_files = 200, .lines = 30};
    struct capture_writer_options o = {.max_bytes = CAPTURE_BYTES_MIN};
    struct capture_writer *w = open_writer(&o);
    struct capture *c;
    struct stat st;

    for (unsigned n = 0; n < 240; n++) {
        assert_int_equal(fake_capture(&h, w, n, n + 1), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_in_range(st.st_size, 1, CAPTURE_BYTES_MIN);
    }
    assert_true(capture_writer_stats(w)->chunks_dropped > 0);
    capture_writer_close(w);
    c = open_reader();
    assert_int_equal(capture_loss(c)->count, 0);
    assert_true(capture_sample(c, 0)->mono_ns > 0);
    assert_true((u64)st.st_size > CAPTURE_BYTES_MIN / 2);
    capture_seek(c, capture_count(c) - 1, NULL);
    assert_true(fake_shown(&h, c, 239, false));
    capture_seek(c, 0, NULL);
    assert_true(
        fake_shown(&h, c, (unsigned)(capture_sample(c, 0)->mono_ns / (10 * NS_PER_S)), true));
    capture_free(c);
}

TEST_WITH(what_is_older_than_keep_is_dropped_and_nothing_younger, enter, leave)
{
    struct fake_host h = {.seed = 7, .nr_files = 8, .lines = 3};
    struct capture_writer_options o = {.keep_ns = 2000 * NS_PER_S};
    struct capture_writer *w = open_writer(&o);
    struct capture *c;
    u64 span_us;

    assert_int_equal(fake_capture(&h, w, 0, 1000), 0); /* one every 10 s */
    capture_writer_close(w);
    c = open_reader();
    span_us = capture_sample(c, capture_count(c) - 1)->wall_us - capture_sample(c, 0)->wall_us;
    assert_int_equal(capture_sample(c, capture_count(c) - 1)->wall_us, fake_wall_us(999));
    /* 200 samples are asked for; a chunk is 60, and goes when all of it is too old and it is an
     * eighth of the file. */
    assert_in_range(span_us, 1990000000, 3300000000);
    capture_free(c);
}

TEST_WITH(what_is_no_capture_is_refused, enter, leave)
{
    static const struct capture_writer_options plain = {0};
    struct capture_writer *w;
    struct capture *c;
    struct err e = {0};
    FILE *f = fopen(path, "w");

    fputs("somebody's precious text, which is longer than a header of a record would be ...\n", f);
    fclose(f);
    assert_int_equal(capture_open(path, &c, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "not a capture"));
    assert_int_equal(capture_writer_open(path, &plain, &w, &e), -EBADMSG);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(capture_open(path, &c, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "empty"));
    assert_int_equal(capture_open("/dev/null", &c, &e), -EINVAL);
}

TEST_WITH(two_writers_of_one_file_are_one_too_many, enter, leave)
{
    static const struct capture_writer_options plain = {0};
    struct capture_writer *w = open_writer(NULL), *other;
    struct err e = {0};

    assert_int_equal(capture_writer_open(path, &plain, &other, &e), -EWOULDBLOCK);
    assert_non_null(strstr(e.text, "another capture"));
    capture_writer_close(w);
}

TEST_WITH(times_are_found_as_people_say_them, enter, leave)
{
    /* 2025-11-25 03:10:00 UTC and every 10 s, two minutes long */
    struct fake_host h = {.seed = 8, .nr_files = 1, .lines = 1};
    static const struct {
        const char *text;
        size_t sample;
    } good[] = {{"2025-11-25 03:10:00", 0},
                {"2025-11-25T03:10:25", 2},
                {"03:11", 6},
                {"03:11:59", 11},
                {"+90s", 9},
                {"+0", 0},
                {"-1min", 6},
                {"-0s", 12},
                {"@1764040241", 4}};
    static const char *const bad[] = {
        "", "yesterday", "2025-13-25 03:10", "+", "+5 parsecs", "@", "03:10:00x", "-", "25:00"};
    static const char *const outside[] = {"+1h",   "-1h", "2024-01-01 00:00",
                                          "03:30", "@5",  "-400000h"};
    struct capture *c;
    struct err e = {0};
    size_t at;

    setenv("TZ", "UTC", 1);
    write_steps(&h, 0, 13);
    c = open_reader();
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        at = 99;
        if (capture_parse_at(c, good[i].text, &at, &e) || at != good[i].sample)
            fail_msg("%s: sample %zu, want %zu; %s", good[i].text, at, good[i].sample, e.text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (capture_parse_at(c, bad[i], &at, &e) != -EINVAL)
            fail_msg("'%s' was taken for a time", bad[i]);
    for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
        if (capture_parse_at(c, outside[i], &at, &e) != -ERANGE)
            fail_msg("'%s' was taken to be within", outside[i]);
    capture_free(c);
}

/* Writes a sample at these times, in seconds. */
static void write_at(struct capture_writer *w, u64 wall_s, ns_t mono_s)
{
    capture_writer_begin(w, wall_s * 1000000, mono_s * NS_PER_S, 6);
    capture_writer_tee(w, "proc/vmstat", false, 0, "x 1\n", 4);
    assert_int_equal(capture_writer_end(w, NULL), 0);
}

/* 1000 s after a start, ten samples; the clock goes back by 100 s, ten more; the machine starts
 * anew, ten more. */
TEST_WITH(a_clock_that_is_set_back_leaves_every_sample_addressable, enter, leave)
{
    struct capture_writer *w = open_writer(NULL);
    struct err e = {0};
    struct capture *c;
    char text[32];
    size_t at;

    for (unsigned i = 0; i < 10; i++)
        write_at(w, 50000 + i * 10, 1000 + i * 10);
    for (unsigned i = 0; i < 10; i++)
        write_at(w, 50000 + i * 10, 1100 + i * 10);
    for (unsigned i = 0; i < 10; i++)
        write_at(w, 50100 + i * 10, 5 + i * 10);
    capture_writer_close(w);
    c = open_reader();
    capture_check(c);
    assert_int_equal(capture_steps_back(c), 1);
    for (size_t i = 0; i < 30; i++) {
        snprintf(text, sizeof(text), "+%zus", i * 10);
        at = 99;
        assert_int_equal(capture_parse_at(c, text, &at, &e), 0);
        assert_int_equal(at, i);
        snprintf(text, sizeof(text), "-%zus", (29 - i) * 10);
        assert_int_equal(capture_parse_at(c, text, &at, &e), 0);
        assert_int_equal(at, i);
    }
    /* A time that was twice is the later one. */
    assert_int_equal(capture_parse_at(c, "@50025", &at, &e), 0);
    assert_int_equal(at, 12);
    assert_int_equal(capture_parse_at(c, "@50105", &at, &e), 0);
    assert_int_equal(at, 20);
    capture_free(c);
}

/* The clock leaps from 1970 to now, as where a battery is empty: nothing is older for it. */
TEST_WITH(a_clock_that_is_set_ages_nothing, enter, leave)
{
    const struct capture_writer_options o = {.keep_ns = 3600 * NS_PER_S};
    struct capture_writer *w = open_writer(&o);
    struct capture *c;

    for (unsigned i = 0; i < 300; i++)
        write_at(w, (i < 150 ? 0 : 1764040200) + i, i);
    capture_writer_close(w);
    c = open_reader();
    assert_int_equal(capture_count(c), 300);
    capture_free(c);
}

TEST_MAIN()
