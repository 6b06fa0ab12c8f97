/* device_test.c - queue, data path, statistics and injected faults. */
#include "base/test.h"

#include "base/prng.h"
#include "machine/device.h"

#include <string.h>

static struct clock clk;
static struct counters counters;
static struct device dev;

static const struct device_profile slow = {
    .name = "slow",
    .doc = "",
    .read_latency = 100,
    .write_latency = 50,
    .read_bytes_per_s = 4096 * (NS_PER_S / 10), /* a page in 10 ns */
    .write_bytes_per_s = 4096 * (NS_PER_S / 10),
    .queue_depth = 2,
    .diskstats = true,
};

static void start(const struct device_profile *p)
{
    clock_init(&clk);
    counters = (struct counters){0};
    device_init(&dev, "dev", p, &clk, &counters);
}

static int done(void **state)
{
    (void)state;
    device_check(&dev);
    device_done(&dev);
    clock_done(&clk);
    return 0;
}

static ns_t submit(enum device_op op, u64 position)
{
    bool failed;
    ns_t when = device_submit(&dev, op, position, 4096, clk.now, &failed);

    assert_false(failed);
    return when;
}

TEST_WITH(latencies_overlap_up_to_the_queue_depth_and_transfers_do_not, NULL, done)
{
    start(&slow);
    assert_int_equal(submit(DEVICE_READ, 0), 110);
    assert_int_equal(submit(DEVICE_READ, 8192), 120);  /* waits for the path */
    assert_int_equal(submit(DEVICE_READ, 99999), 220); /* waits for a slot until 110 */
    assert_int_equal(submit(DEVICE_WRITE, 0), 230);    /* slot at 120, path at 220 */
    clock_run_until(&clk, 1000);
    assert_int_equal(submit(DEVICE_WRITE, 0), 1060);
}

TEST_WITH(diskstats_count_what_is_done, NULL, done)
{
    struct device_stats s;

    start(&slow);
    submit(DEVICE_READ, 0);
    submit(DEVICE_READ, 4096);
    device_stats_now(&dev, &s);
    assert_int_equal(s.ios[DEVICE_READ], 0);
    assert_int_equal(s.in_flight, 2);
    assert_int_equal(s.io_ticks, 0);

    clock_run_until(&clk, 115);
    device_stats_now(&dev, &s);
    assert_int_equal(s.ios[DEVICE_READ], 1);
    assert_int_equal(s.sectors[DEVICE_READ], 8);
    assert_int_equal(s.ticks_ns[DEVICE_READ], 110);
    assert_int_equal(s.in_flight, 1);
    assert_int_equal(s.io_ticks, 115);

    clock_run_until(&clk, 500);
    submit(DEVICE_WRITE, 0);
    clock_run_until(&clk, 1000);
    device_stats_now(&dev, &s);
    assert_int_equal(s.in_flight, 0);
    assert_int_equal(s.ios[DEVICE_WRITE], 1);
    assert_int_equal(s.io_ticks, 120 + 60);
    assert_int_equal(s.time_in_queue, 110 + 120 + 60);
    assert_int_equal(counters.v[PGPGIN], 16);
    assert_int_equal(counters.v[PGPGOUT], 8);
}

TEST_WITH(a_disk_seeks_only_when_it_must, NULL, done)
{
    const struct device_profile *p = device_profile_find("hdd");
    ns_t first, next, far;

    start(p);
    first = submit(DEVICE_READ, 0);
    next = submit(DEVICE_READ, 4096) - first;
    far = submit(DEVICE_READ, 1 << 30) - next - first;
    assert_true(first > 12 * NS_PER_MS);
    assert_true(next < NS_PER_MS);
    assert_true(far > 12 * NS_PER_MS);
}

TEST_WITH(a_synchronous_device_has_no_queue, NULL, done)
{
    struct device_stats s;
    bool failed;
    ns_t cost;

    start(device_profile_find("zram"));
    cost = submit(DEVICE_READ, 0);
    assert_int_equal(submit(DEVICE_READ, 1 << 20), cost);
    assert_int_equal(device_rw_page(&dev, DEVICE_READ, 0, 50, &failed), cost + 50);
    assert_int_equal(counters.v[PGPGIN], 16); /* rw_page is not seen */
    device_stats_now(&dev, &s);
    assert_int_equal(s.ios[DEVICE_READ], 3);
    assert_int_equal(s.in_flight, 0);
}

TEST_WITH(a_ram_disk_keeps_no_statistics, NULL, done)
{
    struct device_stats s;

    start(device_profile_find("ram"));
    submit(DEVICE_WRITE, 0);
    device_stats_now(&dev, &s);
    assert_int_equal(s.ios[DEVICE_WRITE], 0);
    assert_int_equal(counters.v[PGPGOUT], 8);
}

TEST_WITH(every_nth_request_fails_when_asked_to, NULL, done)
{
    unsigned failures = 0;
    bool failed;

    start(&slow);
    dev.fail_every[DEVICE_WRITE] = 3;
    for (unsigned i = 1; i <= 9; i++) {
        device_submit(&dev, DEVICE_WRITE, 0, 4096, clk.now, &failed);
        assert_int_equal(failed, i % 3 == 0);
        failures += failed;
        device_submit(&dev, DEVICE_READ, 0, 4096, clk.now, &failed);
        assert_false(failed);
    }
    assert_int_equal(failures, 3);
}

TEST_WITH(a_large_request_does_not_overflow, NULL, done)
{
    bool failed;

    start(device_profile_find("network"));
    assert_int_equal(device_submit(&dev, DEVICE_READ, 0, TIB, clk.now, &failed) / NS_PER_S,
                     TIB / 125000000);
}

TEST_WITH(every_profile_is_whole_and_found_by_its_name, NULL, done)
{
    char all[128], for_files[128], first[DEVICE_NAME_MAX], second[DEVICE_NAME_MAX];

    device_profile_names(all, sizeof(all), true);
    device_profile_names(for_files, sizeof(for_files), false);
    for (unsigned i = 0; i < nr_device_profiles; i++) {
        const struct device_profile *p = &device_profiles[i];

        assert_ptr_equal(device_profile_find(p->name), p);
        device_node_name(first, sizeof(first), p, 0);
        device_node_name(second, sizeof(second), p, 1);
        assert_string_not_equal(first, second);
        assert_null(strpbrk(first, "#@/"));
        assert_true(strlen(p->doc) > 10);
        assert_true(p->queue_depth > 0 && p->read_latency > 0 && p->write_latency > 0);
        assert_non_null(strstr(all, p->name));
        if (!p->compressed)
            assert_non_null(strstr(for_files, p->name));
    }
    assert_string_equal(for_files, "nvme, ssd, hdd, network, ram");
    assert_string_equal(device_node_name(first, sizeof(first), device_profile_find("nvme"), 1),
                        "nvme1n1");
    assert_string_equal(device_node_name(first, sizeof(first), device_profile_find("hdd"), 0),
                        "sda");
    assert_string_equal(device_node_name(first, sizeof(first), device_profile_find("hdd"), 27),
                        "sdab");
    assert_null(device_profile_find("floppy"));
    start(&slow);
}

TEST_WITH(requests_of_one_device_are_never_faster_than_its_path, NULL, done)
{
    struct prng p;
    u64 bytes = 0;
    ns_t last = 0;
    bool failed;

    start(device_profile_find("nvme"));
    prng_seed(&p, 3);
    for (unsigned i = 0; i < 10000; i++) {
        u64 size = prng_range(&p, 1, 32) * 4096;

        last = MAX(last,
                   device_submit(&dev, DEVICE_READ, prng_below(&p, GIB), size, clk.now, &failed));
        bytes += size;
        clock_run_until(&clk, clk.now + prng_below(&p, 3000));
        if (i % 100 == 0)
            device_check(&dev);
    }
    assert_true(last >= (ns_t)((double)bytes / 3.2));
    clock_run_until(&clk, last);
}

TEST_MAIN()
