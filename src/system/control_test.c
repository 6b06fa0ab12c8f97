/* control_test.c - what writes to a group's files say on each kernel, beside what Debian's 6.1 and
 * 6.12 said to the same ones. */
#include "base/test.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/control.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#include <errno.h>

static struct system *machine(const char *kernel)
{
    struct system_config c;

    system_config_init(&c);
    c.kernel = kernel;
    c.thp = "never";
    c.ram_bytes = 256 * MIB;
    c.nr_swaps = 1;
    c.swaps[0] =
        (struct swap_spec){.name = "/dev/swap", .bytes = 32 * MIB, .priority = -1, .device = "ram"};
    return test_system_new(&c);
}

/* A group with 8 MiB of anonymous memory and next to nothing else, as in the guest. */
static struct task *task_in(struct system *s, const char *path)
{
    struct task *t = system_task_new(s, system_group(s, path), 10, 1, "work");
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = 8 * MIB, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(s, t, system_mmap(s, t, &map));
    for (u64 i = 0; i < 8 * MIB / PAGE_SIZE; i++)
        test_run(s, t, system_access(s, t, (TEST_BASE >> PAGE_SHIFT) + i, ACCESS_WRITE));
    return t;
}

static int said(struct system *s, const char *path, const char *value)
{
    struct control c;
    struct control_state st = {0};
    struct err e;
    int rc = control_parse(path, value, &c, &e);

    if (rc)
        return rc;
    while ((rc = control_write(s, &c, &st)) == -EINPROGRESS)
        clock_run_until(&s->clock, st.until);
    return rc;
}

#define RECLAIM "/sys/fs/cgroup/box/memory.reclaim"
#define PEAK    "/sys/fs/cgroup/box/memory.peak"
#define COMPACT "/proc/sys/vm/compact_memory"

static const struct {
    const char *path, *value;
    int said_6_1, said_6_12;
} writes[] = {
    {RECLAIM, "1M swappiness=0", -EINVAL, -EAGAIN}, /* no files, and none of the other */
    {RECLAIM, "1M swappiness=60", -EINVAL, 0},
    {RECLAIM, "1M swappiness=200", -EINVAL, 0},
    {RECLAIM, "1M  swappiness=60 ", -EINVAL, 0},
    {RECLAIM, "1M swappiness=60 swappiness=70", -EINVAL, 0},
    {RECLAIM, "1M swappiness=201", -EINVAL, -EINVAL},
    {RECLAIM, "1M swappiness=-1", -EINVAL, -EINVAL},
    {RECLAIM, "1M swappiness=", -EINVAL, -EINVAL},
    {RECLAIM, "1M swappiness=max", -EINVAL, -EINVAL},
    {RECLAIM, "swappiness=60", -EINVAL, -EINVAL},
    {RECLAIM, "swappiness=60 1M", -EINVAL, -EINVAL},
    {RECLAIM, "1M foo", -EINVAL, -EINVAL},
    {RECLAIM, "", -EAGAIN, -EINVAL}, /* 6.1 takes it for all there is */
    {PEAK, "reset", -EINVAL, 0},
    {PEAK, "0", -EINVAL, 0},
    {PEAK, "", -EINVAL, 0},
    {COMPACT, "1", 0, 0},
    {COMPACT, "0", 0, -EINVAL},
    {COMPACT, "2", 0, -EINVAL},
    {COMPACT, "x", 0, -EINVAL},
};

TEST(writes_say_what_each_kernel_said)
{
    static const char *const kernels[] = {"6.1", "6.12"};

    for (unsigned k = 0; k < 2; k++) {
        struct system *s = machine(kernels[k]);
        struct task *t = task_in(s, "/box");

        for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
            int want = k ? writes[i].said_6_12 : writes[i].said_6_1;
            int got = said(s, writes[i].path, writes[i].value);

            if (got != want)
                fail_msg("%s: '%s' to %s says %d, not %d", kernels[k], writes[i].value,
                         writes[i].path, got, want);
        }
        system_exit(s, t, 0, true);
        test_system_free(s);
    }
}

TEST(a_peak_that_is_written_to_stays_for_others)
{
    struct system *s = machine("6.12");
    struct task *t = task_in(s, "/box");
    u64 peak = t->group->memory.peak;

    assert_int_equal(said(s, RECLAIM, "4M"), 0);
    assert_int_equal(said(s, PEAK, "reset"), 0);
    assert_int_equal(t->group->memory.peak, peak);
    assert_true(t->group->memory.usage < peak);
    system_exit(s, t, 0, true);
    test_system_free(s);
}

TEST_MAIN()
