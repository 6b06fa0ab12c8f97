/* sampler_test.c - what is due when, and instants of a capture in any order. */
#include "base/test.h"

#include "observe/sampler.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define BIT_OF(part) ((u64)1 << PART_##part)

static u64 next_due(struct schedule *schedule, ns_t now)
{
    u64 due = schedule_due(schedule, now);

    schedule_read(schedule, now, due);
    return due;
}

TEST(all_parts_are_due_first_and_totals_every_second)
{
    struct schedule schedule = {0};
    unsigned processes = 0, stats = 0, log = 0;

    assert_int_equal(next_due(&schedule, NS_PER_S), SNAPSHOT_ALL);
    for (ns_t now = 2; now <= 61; now++) {
        u64 due = next_due(&schedule, now * NS_PER_S + now % 3 * NS_PER_MS);

        assert_true(due & BIT_OF(MEMINFO) && due & BIT_OF(VMSTAT) && due & BIT_OF(CGROUPS));
        assert_true(!(due & BIT_OF(PROCESSES)) || due & BIT_OF(CGROUP_LIMITS));
        processes += (due & BIT_OF(PROCESSES)) != 0;
        stats += (due & BIT_OF(CGROUP_STAT)) != 0;
        log += (due & BIT_OF(KERNEL_LOG)) != 0;
    }
    assert_in_range(processes, 6, 7);
    assert_in_range(stats, 12, 19);
    assert_in_range(log, 4, 5);
}

TEST(slow_ticks_read_everything)
{
    struct schedule schedule = {0};

    for (ns_t now = 1; now < 1000; now += 90)
        assert_int_equal(next_due(&schedule, now * NS_PER_S), SNAPSHOT_ALL);
}

TEST(archive_has_one_instant)
{
    struct sampler *m;
    struct err e = {0};

    assert_int_equal(sampler_open("tests/diff/fixtures-6.1/384M", SNAPSHOT_ALL, &m, &e), 0);
    assert_int_equal(sampler_count(m), 1);
    assert_null(sampler_snapshot(m));
    assert_int_equal(sampler_next(m, &e), 0);
    assert_non_null(sampler_snapshot(m));
    assert_null(sampler_previous(m));
    assert_int_equal(sampler_next(m, &e), -ENODATA);
    assert_non_null(sampler_snapshot(m));
    sampler_free(m);
}

TEST(live_host_carries_what_is_not_due)
{
    struct sampler *m;
    struct err e = {0};

    assert_int_equal(sampler_open("/", SNAPSHOT_ALL, &m, &e), 0);
    assert_int_equal(sampler_next(m, &e), 0);
    assert_int_equal(sampler_next(m, &e), 0);

    const struct snapshot *last = sampler_snapshot(m), *before = sampler_previous(m);

    snapshot_check(last);
    assert_true(last->parts[PART_MEMINFO].read_at > before->parts[PART_MEMINFO].read_at);
    assert_int_equal(last->parts[PART_PROCESSES].read_at, before->parts[PART_PROCESSES].read_at);
    assert_true(last->processes.count > 0);
    assert_int_equal(last->processes.count, before->processes.count);
    assert_int_equal(sampler_count(m), 0);
    sampler_free(m);
}

/* A capture of three instants of a fixture, the middle one with totals only. */
static void write_capture(const char *path)
{
    const struct capture_writer_options o = {.root = "/", .origin = SOURCE_LIVE};
    struct capture_writer *w;
    struct source *src, *tee;
    struct err e = {0};

    assert_int_equal(source_dir_open("tests/diff/fixtures-6.1/384M", &src, &e), 0);
    assert_int_equal(capture_writer_open(path, &o, &w, &e), 0);
    tee = source_tee(src, capture_writer_tee, w);
    for (u64 n = 0; n < 3; n++) {
        struct snapshot s;
        u64 parts = capture_writer_begin(w, 1764040200000000ull + n * 1000000, n * NS_PER_S + 1,
                                         n == 1 ? 1ull << PART_MEMINFO | 1ull << PART_VMSTAT
                                                : SNAPSHOT_ALL);

        snapshot_init(&s);
        assert_int_equal(snapshot_read(&s, tee, parts, &e), 0);
        assert_int_equal(capture_writer_end(w, &e), 0);
        snapshot_done(&s);
    }
    source_free(tee);
    capture_writer_close(w);
}

static void check_instant(const struct sampler *m, u64 n)
{
    const struct snapshot *s = sampler_snapshot(m);
    const struct process_view *process = snapshot_process(s, 222);

    snapshot_check(s);
    assert_int_equal(sampler_index(m), n);
    assert_int_equal(s->kind, SOURCE_CAPTURE);
    assert_int_equal(s->taken_at, n * NS_PER_S + 1);
    assert_int_equal(s->wall_us, 1764040200000000ull + n * 1000000);
    assert_int_equal(s->parts[PART_MEMINFO].read_at, n * NS_PER_S + 1);
    assert_int_equal(s->parts[PART_PROCESSES].read_at, (n == 1 ? 0 : n) * NS_PER_S + 1);
    assert_non_null(process);
    assert_string_equal(s->cgroups.items[process->group].path, "/file");
    assert_true(known(s->cgroups.items[process->group].stat[NR_FILE_PAGES]));
}

TEST(capture_is_stepped_in_both_directions)
{
    char path[] = "/tmp/sampler_test-XXXXXX";
    struct sampler *m;
    struct err e = {0};
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    write_capture(path);
    if (sampler_open(path, SNAPSHOT_ALL, &m, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(sampler_count(m), 3);
    for (u64 n = 0; n < 3; n++) {
        assert_int_equal(sampler_next(m, &e), 0);
        check_instant(m, n);
    }
    assert_int_equal(sampler_next(m, &e), -ENODATA);
    for (u64 n = 3; n-- > 0;) {
        assert_int_equal(sampler_seek(m, n, &e), 0);
        check_instant(m, n);
    }
    assert_int_equal(sampler_seek(m, 2, &e), 0);
    check_instant(m, 2);
    sampler_free(m);
    unlink(path);
}

/* What a sampler writes while it looks is what another one finds in the capture. */
TEST(samples_that_are_recorded_are_found_again)
{
    const struct capture_writer_options o = {.root = "/x", .origin = SOURCE_ARCHIVE};
    char path[] = "sampler_test.XXXXXX";
    struct capture_writer *w;
    struct sampler *m, *again;
    struct err e = {0};
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    assert_int_equal(capture_writer_open(path, &o, &w, &e), 0);
    assert_int_equal(sampler_open_dir("tests/diff/fixtures-6.1/384M", SNAPSHOT_ALL, &m, &e), 0);
    sampler_record(m, w);
    for (unsigned n = 1; n <= 3; n++) /* it stands still, and is read again each time */
        assert_int_equal(sampler_next(m, &e), 0);
    assert_int_equal(capture_writer_stats(w)->samples, 3);
    assert_int_equal(sampler_open(path, SNAPSHOT_ALL, &again, &e), 0);
    assert_int_equal(sampler_count(again), 3);
    assert_int_equal(sampler_seek(again, 2, &e), 0);
    assert_memory_equal(sampler_snapshot(again)->meminfo, sampler_snapshot(m)->meminfo,
                        sizeof(sampler_snapshot(m)->meminfo));
    assert_true(sampler_snapshot(again)->meminfo[0] > 0);
    sampler_free(again);
    sampler_free(m);
    capture_writer_close(w);
    unlink(path);
    assert_int_not_equal(sampler_open_dir(path, SNAPSHOT_ALL, &m, &e), 0);
}

TEST_MAIN()
