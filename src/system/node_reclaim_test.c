/* node_reclaim_test.c - vm.zone_reclaim_mode: what makes room on the near node, and when memory is
 * taken far away instead. */
#include "base/test.h"
#include "system/access.h"
#include "system/file.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define AT         0x10000000ull
#define NODE       (128 * MIB)
#define FILE_BYTES (192 * MIB)
#define PCP_PAGES \
    64 /* what is reclaimed waits on a CPU's list at first, where no watermark sees it */

static struct system *s;
static struct task *t;
static u64 page; /* the next one to be written */

/* Two nodes with a CPU each, at this distance; a third without CPUs, if its distance from node 0 is
 * given. */
static void start(u64 mode, unsigned distance, unsigned to_slow)
{
    struct system_config c;
    struct err e = {0};
    char text[32];

    system_config_init(&c);
    c.nr_nodes = to_slow ? 3 : 2;
    c.ram_bytes = c.nr_nodes * NODE;
    c.nr_cpus = 2;
    c.thp = "never";
    c.tunables.overcommit_memory = 1;
    c.tunables.zone_reclaim_mode = mode;
    snprintf(text, sizeof(text), to_slow ? "10,%u,%u" : "10,%u", distance, to_slow);
    assert_int_equal(topology_spec_set(&c.topology, 0, "distance", text, &e), 0);
    for (unsigned nid = 0; nid < c.nr_nodes; nid++) {
        snprintf(text, sizeof(text), "%u", nid);
        assert_int_equal(topology_spec_set(&c.topology, nid, "cpus", nid < 2 ? text : "", &e), 0);
    }
    s = test_system_new(&c);
    t = system_task_new(s, s->groups.root, 100, 1, "test");
    t->cpu = 0;
    page = 0;
}

static void stop(void)
{
    system_check(s);
    test_system_free(s);
}

static void read_file(u64 bytes)
{
    struct inode *inode = system_inode(s, INODE_REGULAR, 1, 1, "/data", FILE_BYTES);
    struct file *f = system_open(s, inode, 0);

    for (u64 at = 0; at < bytes; at += MIB)
        assert_int_equal(test_run(s, t, system_read(s, t, f, at, MIB, 0)), STEP_DONE);
    system_close(s, f);
}

static void write_memory(u64 bytes)
{
    const struct mmap_args a = {
        .addr = AT + page * PAGE_SIZE, .len = bytes, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    assert_int_equal(test_run(s, t, system_mmap(s, t, &a)), STEP_DONE);
    for (u64 end = page + bytes / PAGE_SIZE; page < end; page++)
        assert_int_equal(
            test_run(s, t, system_access(s, t, (AT >> PAGE_SHIFT) + page, ACCESS_WRITE)),
            STEP_DONE);
}

static s64 counted(unsigned nid, enum counter id)
{
    return node_counter(&s->frames, nid, id);
}

TEST(cache_of_the_near_node_gives_way_before_memory_is_far)
{
    start(0, 20, 0);
    read_file(100 * MIB);
    write_memory(64 * MIB);
    assert_true(counted(0, NUMA_FOREIGN) > (s64)(16 * MIB / PAGE_SIZE));
    assert_int_equal(s->counters.v[PGSCAN_DIRECT], 0);
    stop();

    start(1, 20, 0);
    read_file(100 * MIB);
    write_memory(64 * MIB);
    assert_true(counted(1, NR_ANON_PAGES) < PCP_PAGES);
    assert_int_equal(s->counters.v[ZONE_RECLAIM_FAILED], 0);
    assert_true(s->counters.v[PGSTEAL_FILE] > (s64)(16 * MIB / PAGE_SIZE));
    stop();
}

TEST(cache_itself_stays_on_the_near_node_and_evicts_itself)
{
    start(1, 20, 0);
    read_file(FILE_BYTES);
    assert_int_equal(counted(1, NR_FILE_PAGES), 0);
    stop();
}

TEST(a_node_without_enough_cache_overflows_untouched)
{
    start(1, 20, 0);
    write_memory(160 * MIB);
    assert_true(counted(0, NUMA_FOREIGN) > 0);
    assert_int_equal(s->counters.v[PGSCAN_DIRECT], 0);
    assert_int_equal(s->counters.v[ZONE_RECLAIM_FAILED], 0);
    stop();

    start(1, 20, 0);
    s->tunables.min_unmapped_ratio = 100;
    read_file(100 * MIB);
    write_memory(64 * MIB);
    assert_int_equal(s->counters.v[PGSCAN_DIRECT], 0);
    stop();
}

/* Node 2 has no CPUs: whoever comes reclaims it, if it is near. */
TEST(a_far_node_is_not_reclaimed)
{
    for (unsigned to_slow = 25; to_slow <= 31; to_slow += 6) {
        s64 stalls = 0;

        start(1, 40, to_slow);
        t->mempolicy.policy = (struct mempolicy){.mode = MPOL_BIND, .nodes = 4};
        read_file(100 * MIB);
        t->mempolicy.policy = (struct mempolicy){0};
        write_memory(258 * MIB);
        for (enum zone_type z = ZONE_DMA; z < NR_ZONES; z++)
            stalls += s->counters.v[ALLOCSTALL_DMA + z];
        if (to_slow <= RECLAIM_DISTANCE) {
            assert_true(s->counters.v[PGSCAN_DIRECT] > 0);
            assert_int_equal(stalls, 0);
        } else {
            assert_int_equal(s->counters.v[PGSCAN_DIRECT] > 0, stalls > 0);
        }
        stop();
    }
}

TEST_MAIN()
