/* host_test.c - settings of a host from a tree of files. */
#include "base/test.h"
#include "record/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void file(const char *root, const char *path, const char *text)
{
    char command[512], name[256];
    FILE *f;

    snprintf(command, sizeof(command), "mkdir -p $(dirname %s%s)", root, path);
    assert_int_equal(system(command), 0);
    snprintf(name, sizeof(name), "%s%s", root, path);
    f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void has(const struct strbuf *out, const char *line)
{
    if (strstr(out->text, line) == NULL)
        fail_msg("no %s in:\n%s", line, out->text);
}

TEST(the_lowest_limit_and_the_first_swap_area_are_told)
{
    char root[] = "/tmp/hw-host-XXXXXX", command[128];
    struct strbuf out;

    assert_non_null(mkdtemp(root));
    file(root, "/proc/meminfo", "MemTotal:  2048 kB\nSwapTotal: 1024 kB\n");
    file(root, "/proc/swaps",
         "Filename Type Size Used Priority\n/swapfile file 100 0 -2\n/dev/zram0 partition 50 0 "
         "100\n");
    file(root, "/proc/self/cgroup", "0::/a/b\n");
    file(root, "/proc/self/mountinfo",
         "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
         "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    file(root, "/sys/fs/cgroup/a/memory.max", "1048576\n");
    file(root, "/sys/fs/cgroup/a/b/memory.max", "max\n");
    file(root, "/sys/fs/cgroup/a/b/memory.high", "524288\n");
    file(root, "/sys/dev/block/queue/read_ahead_kb", "8192\n"); /* of the disk: 8:1 is a part */
    file(root, "/sys/dev/block/queue/rotational", "1\n");
    file(root, "/sys/dev/block/8:1/partition", "1\n");
    file(root, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    file(root, "/sys/kernel/mm/lru_gen/enabled", "0x0007\n");
    file(root, "/sys/devices/system/cpu/online", "0-3,6\n");
    strbuf_init(&out);
    host_describe(root, &out);
    has(&out, "\nram=2097152\nswap=1048576\nswap_kind=zram\nswap_device=/dev/zram0\n");
    has(&out, "\ncgroup=2\nmemory.max=1048576\nmemory.high=524288\n");
    has(&out, "\nreadahead.2049=8388608\nrotational.2049=1\nfilesystem.2049=ext4\n");
    has(&out, "\nthp=madvise\n");
    has(&out, "\nlru_gen=0x0007\n");
    has(&out, "\ncpus=5\n");
    assert_null(strstr(out.text, "memory.swap.max"));
    strbuf_done(&out);
    snprintf(command, sizeof(command), "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

/* What a host says of multi-generational LRU that has this file, or ends there. */
static void lru_gen_is(const char *path, const char *text, const char *line)
{
    char root[] = "/tmp/hw-host-XXXXXX", command[128];
    struct strbuf out;

    assert_non_null(mkdtemp(root));
    file(root, path, text);
    strbuf_init(&out);
    host_describe(root, &out);
    if (line)
        has(&out, line);
    else
        assert_null(strstr(out.text, "lru_gen"));
    strbuf_done(&out);
    snprintf(command, sizeof(command), "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

TEST(a_kernel_built_without_generations_has_classic_lists)
{
    lru_gen_is("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n",
               "\nlru_gen=0x0000\n");
    lru_gen_is("/sys/kernel/mm/lru_gen/enabled", "0x0001\n", "\nlru_gen=0x0001\n");
    lru_gen_is("/sys/kernel/mm/lru_gen/min_ttl_ms", "0\n", NULL); /* what it says cannot be read */
    lru_gen_is("/proc/sys/vm/swappiness", "60\n", NULL);          /* there is no sysfs: not known */
}

TEST_MAIN()
