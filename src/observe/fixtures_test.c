/* fixtures_test.c - known figures from real texts of kernels 3.4 to 6.18
 * (tests/observe/fixtures). */
#include "base/test.h"

#include "observe/reading_int.h"

#include "stats/tunables.h"

static struct snapshot read_root(const char *root)
{
    struct source *src;
    struct snapshot s;
    struct err e = {0};

    assert_int_equal(source_dir_open(root, &src, &e), 0);
    snapshot_init(&s);
    if (snapshot_read(&s, src, SNAPSHOT_ALL, &e) != 0)
        fail_msg("%s: %s", root, e.text);
    snapshot_check(&s);
    source_free(src);
    return s;
}

static u64 sysctl_of(const struct snapshot *s, const char *key)
{
    return s->sysctl[tunable_find(key) - tunable_info];
}

TEST(kernel_3_4_has_its_available_memory_estimated)
{
    struct snapshot s = read_root("tests/observe/fixtures/3.4");
    /* Free above the low watermarks, file pages and reclaimable slab without what the watermarks
     * want of each. */
    u64 low = (870 + 311) * 4 * KIB;
    u64 files = (80372 + 281004) * KIB, slab = 13924 * KIB;
    u64 want = 221132 * KIB - low + (files - low) + (slab - low);

    assert_true(s.available_estimated);
    assert_int_equal(s.meminfo[MI_MEM_AVAILABLE], want);
    assert_int_equal(s.zones.count, 2);
    assert_string_equal(s.zones.items[1].name, "HighMem");
    assert_int_equal(s.zones.items[0].min, 696);
    assert_int_equal(s.zones.items[0].high, 1044);
    assert_int_equal(s.zones.items[0].present, 121412);
    assert_false(known(s.zones.items[0].managed));
    assert_false(known(s.meminfo[MI_HUGETLB]));
    assert_int_equal(s.parts[PART_PRESSURE_MEMORY].state, PART_MISSING);
    snapshot_done(&s);
}

TEST(kernel_3_10_counts_by_zone_and_is_summed)
{
    struct snapshot s = read_root("tests/observe/fixtures/3.10");

    assert_string_equal(s.release, "3.10.0-327.4.5.el7.x86_64");
    assert_int_equal(s.vmstat[PGSCAN_KSWAPD], 459780161ull + 1334016908);
    assert_int_equal(s.vmstat[PGSCAN_DIRECT], 75632525 + 222990090);
    assert_int_equal(s.vmstat[PGSTEAL_KSWAPD], 450844931ull + 1288388818);
    assert_int_equal(s.vmstat[PGSTEAL_DIRECT], 71774371 + 197326432);
    assert_int_equal(s.vmstat[PGSCAN_DIRECT_THROTTLE], 0);
    assert_int_equal(s.vmstat[PGREFILL], 158720 + 233024);
    assert_int_equal(s.allocstall, 431220);
    assert_int_equal(s.vmstat[THP_SPLIT_PAGE], 700);
    assert_int_equal(s.vmstat[PGMAJFAULT], 20093);
    assert_false(known(s.vmstat[WORKINGSET_REFAULT_FILE]));
    assert_false(known(s.vmstat[OOM_KILL]));
    /* No zones, no MemAvailable, and nothing to estimate it from. */
    assert_false(known(s.meminfo[MI_MEM_AVAILABLE]));
    assert_false(s.available_estimated);
    assert_int_equal(s.meminfo[MI_SWAP_CACHED], 192504 * KIB);
    /* The child that died in the place of the chosen. */
    assert_int_equal(s.log.count, 2);
    assert_int_equal(s.log.items[0].pid, 28438);
    assert_string_equal(s.log.items[0].constraint, "CONSTRAINT_MEMCG");
    assert_int_equal(s.log.items[0].anon_rss, 466160 * KIB);
    /* The next report is cut behind its third line. */
    assert_int_equal(s.log.items[1].pid, 0);
    assert_string_equal(s.log.items[1].invoker, "java");
    assert_string_equal(s.log.items[1].report->release, "3.10.0-327.4.5.el7.x86_64");
    snapshot_done(&s);
}

TEST(kernel_4_18_has_refaults_of_files)
{
    struct snapshot s = read_root("tests/observe/fixtures/4.18");

    assert_int_equal(s.page_bytes, 4096);
    assert_true(known(s.meminfo[MI_MEM_AVAILABLE]) && !s.available_estimated);
    assert_int_equal(s.vmstat[WORKINGSET_REFAULT_FILE], 0);
    assert_false(known(s.vmstat[WORKINGSET_REFAULT_ANON]));
    assert_int_equal(s.allocstall, 0);
    assert_int_equal(sysctl_of(&s, "vm.swappiness"), 60);
    assert_int_equal(sysctl_of(&s, "vm.min_free_kbytes"), 67584);
    assert_false(known(sysctl_of(&s, "vm.watermark_boost_factor")));
    assert_true(s.slabs.count > 100);
    assert_int_equal(s.disks.count, 5);
    assert_string_equal(s.disks.items[1].name, "sda");
    assert_true(s.disks.items[1].whole && !s.disks.items[2].whole && !s.disks.items[4].whole);
    assert_int_equal(s.disks.items[1].reads, 8933);
    assert_int_equal(s.disks.items[1].read_bytes, 856916ull * 512);
    assert_int_equal(s.disks.items[1].busy_ms, 8217);
    snapshot_done(&s);
}

TEST(kernel_5_10_splits_refaults)
{
    struct snapshot s = read_root("tests/observe/fixtures/5.10");

    assert_int_equal(s.meminfo[MI_MEM_TOTAL], 2030236 * KIB);
    assert_int_equal(s.meminfo[MI_PERCPU], 920 * KIB);
    assert_int_equal(s.vmstat[NR_FREE_PAGES], 368336);
    assert_int_equal(s.vmstat[WORKINGSET_REFAULT_ANON], 0);
    assert_int_equal(s.vmstat[PGREUSE], 9678);
    assert_int_equal(s.zones.count, 5);
    assert_int_equal(s.zones.items[1].managed, 503582);
    assert_int_equal(s.zones.items[1].low, 13967);
    snapshot_done(&s);
}

static void check_hybrid_groups(const struct snapshot *s)
{
    const struct cgroup_view *web = snapshot_cgroup(s, "/web"), *db = snapshot_cgroup(s, "/web/db");

    assert_true(s->cgroup_v1 && s->cgroup_v2);
    assert_int_equal(s->cgroups.count, 3);
    assert_true(s->cgroups.items[0].is_root);
    assert_non_null(web);
    assert_non_null(db);
    assert_int_equal(web->version, 1);
    assert_int_equal(web->max, 64 * MIB);
    assert_int_equal(web->current, 64540672);
    assert_int_equal(web->failcnt, 98);
    assert_int_equal(web->events[EV_OOM_KILL], 0);
    assert_int_equal(web->stat[NR_FILE_PAGES], 37748736);
    assert_int_equal(web->stat[NR_ANON_PAGES], 26218496);
    assert_true(web->memsw_max == NO_LIMIT && db->max == NO_LIMIT);
    assert_false(known(web->high));
    assert_int_equal(db->psi[PSI_MEM].some.total_us, 104125);
    assert_int_equal(db->psi[PSI_MEM].some.avg10, 59);
    assert_int_equal(db->nr_procs, 1);
    assert_ptr_equal(&s->cgroups.items[db->parent], web);
}

TEST(kernel_6_18_with_both_group_hierarchies)
{
    struct snapshot s = read_root("tests/observe/fixtures/6.18");
    const struct process_view *process = snapshot_process(&s, 4242);

    assert_string_equal(s.release, "6.18.44");
    assert_true(known(s.vmstat_later[VL_PGSCAN_PROACTIVE]) && known(s.vmstat[SWPOUT_ZERO]));
    assert_true(known(s.meminfo[MI_BALLOON]) && known(s.meminfo[MI_ZSWAP]));
    assert_true(known(s.psi[PSI_CPU].full.total_us));
    assert_int_equal(s.nodes.count, 1);
    assert_true(known(s.nodes.items[0].numa_hit));
    assert_int_equal(s.huge.count, 2);
    assert_string_equal(s.thp_defrag, "madvise");
    assert_true(known(s.zswap_enabled));
    assert_true(known(s.load1) && known(s.uptime_us));
    assert_int_equal(s.parts[PART_SWAPS].state, PART_OK);
    assert_int_equal(s.swaps.count, 0);
    check_hybrid_groups(&s);
    assert_non_null(process);
    assert_string_equal(process->comm, "db) (0 R?1");
    assert_int_equal(process->state, 'S');
    assert_int_equal(process->ppid, 1);
    assert_int_equal(process->minor_faults, 8643);
    assert_int_equal(process->cpu_us, 110000);
    assert_int_equal(process->rss_anon, 32664 * KIB);
    assert_int_equal(process->pss, 34452 * KIB);
    assert_string_equal(s.cgroups.items[process->group].path, "/web/db");
    snapshot_done(&s);
}

static struct strbuf text_of(const char *path)
{
    struct strbuf text;
    struct source *src;
    struct err e = {0};

    strbuf_init(&text);
    assert_int_equal(source_dir_open("tests/observe/fixtures/misc", &src, &e), 0);
    assert_int_equal(source_read(src, path, 1u << 20, &text), 0);
    source_free(src);
    return text;
}

TEST(other_machines_texts_are_understood)
{
    struct snapshot s;
    struct strbuf text;

    snapshot_init(&s);
    text = text_of("node_exporter-vmstat");
    assert_true(parse_vmstat(span_of_buf(&text), &s) > 90);
    assert_int_equal(s.vmstat[WORKINGSET_REFAULT_FILE], 157066);
    assert_int_equal(s.vmstat[NR_ANON_TRANSPARENT_HUGEPAGES], 556);
    strbuf_done(&text);
    text = text_of("node_exporter-swaps");
    assert_int_equal(parse_swaps(span_of_buf(&text), &s), 2);
    assert_true(s.swaps.items[0].zram);
    assert_int_equal(s.swaps.items[0].used, 76 * KIB);
    assert_int_equal(s.swaps.items[0].priority, 100);
    strbuf_done(&text);
    text = text_of("node_exporter-slabinfo");
    assert_int_equal(parse_slabinfo(span_of_buf(&text), &s), 4);
    assert_int_equal(s.slabs.items[1].bytes, 44 * 8 * 4096);
    strbuf_done(&text);
    text = text_of("node_exporter-buddyinfo");
    assert_true(parse_buddyinfo(span_of_buf(&text), &s) >= 3);
    assert_int_equal(s.zones.items[0].nr_orders, 11);
    strbuf_done(&text);
    snapshot_check(&s);
    snapshot_done(&s);
}

TEST_MAIN()
