/* procfs_test.c - what we print is byte for byte what a 6.1 kernel printed, and a 6.12 kernel where
 * that prints more.
 *
 * A machine is filled in by hand with the figures of tests/diff/fixtures-6.1/384M and each file is
 * compared with the real one. Where a line shows what the machine has no notion of (vmalloc,
 * per-CPU memory, signals) only its form is compared: every run of digits counts as one. Skipped
 * when the fixtures are not beside the program's build directory.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/test.h"
#include "procfs/pid_maps.h"
#include "procfs/procfs.h"
#include "stats/memory_stat.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static char fixtures[PATH_MAX], fixtures_6_1[PATH_MAX], fixtures_6_12[PATH_MAX];
static const char *release = "6.1";

/* The kernel that the machine is of, and whose texts it is compared with. */
static void use_release(const char *name)
{
    release = name;
    memcpy(fixtures, strcmp(name, "6.1") == 0 ? fixtures_6_1 : fixtures_6_12, sizeof(fixtures));
}

/* tests/diff/fixtures-6.1/384M, sought upwards from where this program lies. */
static bool find_fixtures(void)
{
    char at[PATH_MAX - 64];
    ssize_t len = readlink("/proc/self/exe", at, sizeof(at) - 1);

    if (len < 0)
        return false;
    at[len] = '\0';
    for (char *slash; (slash = strrchr(at, '/'));) {
        *slash = '\0';
        snprintf(fixtures_6_1, sizeof(fixtures_6_1), "%s/tests/diff/fixtures-6.1/384M", at);
        snprintf(fixtures_6_12, sizeof(fixtures_6_12), "%s/tests/diff/fixtures-6.12/384M", at);
        if (access(fixtures_6_1, R_OK) == 0) {
            use_release("6.1");
            return true;
        }
    }
    return false;
}

static char *read_fixture(const char *name)
{
    struct strbuf path, text;
    char chunk[4096];
    FILE *f;

    strbuf_init(&path);
    strbuf_init(&text);
    strbuf_printf(&path, "%s/%s", fixtures, name);
    f = fopen(path.text, "r");
    assert_non_null(f);
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f));)
        strbuf_append_bytes(&text, chunk, n);
    fclose(f);
    strbuf_done(&path);
    return strbuf_steal(&text);
}

/* The number after `key` in text such as "nr_dirty 2\n"; fails when the key is missing. */
static u64 number_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    assert_non_null(at);
    return strtoull(at + strlen(key), NULL, 10);
}

/* The counters of a vmstat text, in the units we keep. */
static void load_vmstat(struct counters *c, const char *text)
{
    char name[64];
    long long value;
    int used;

    memset(c, 0, sizeof(*c));
    for (; sscanf(text, "%63s %lld%n", name, &value, &used) == 2; text += used) {
        enum counter id = counter_find(name);

        assert_int_not_equal(id, NR_COUNTERS);
        if (counter_info[id].stored == UNIT_BYTES)
            value *= PAGE_SIZE;
        else if (counter_info[id].stored == UNIT_SECTORS)
            value *= 2;
        c->v[id] = value;
    }
}

static struct per_cpu_pages pcps[NR_ZONES];
static struct zone zones[NR_ZONES];
static struct pgdat node = {.zones = zones};

static void fill_zones(struct system *s)
{
    struct zone *dma = &zones[ZONE_DMA], *dma32 = &zones[ZONE_DMA32];
    static const char *const names[NR_ZONES] = {"DMA", "DMA32", "Normal", "Movable"};
    const u64 free_dma[ORDER_MAX] = {0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 3};
    const u64 free_dma32[ORDER_MAX] = {11, 2, 3, 8, 4, 7, 3, 0, 2, 0, 26};

    s->frames.zones = zones;
    s->frames.nr_zones = NR_ZONES;
    s->frames.nodes = &node;
    s->frames.nr_nodes = 1;
    s->frames.counters = &s->counters;
    topology_single(&s->frames.topology, 384 * MIB, 1);
    s->groups.frames = &s->frames;
    for (unsigned i = 0; i < NR_ZONES; i++)
        zones[i] = (struct zone){.name = names[i], .pcp = &pcps[i]};
    *dma = (struct zone){
        .name = names[ZONE_DMA],
        .start_pfn = 1,
        .spanned = 4095,
        .present = 3998,
        .managed = 3840,
        .free_pages = 3808,
        .watermark = {26, 32, 38},
        .lowmem_reserve = {0, 329, 329, 329},
        .pcp = &pcps[ZONE_DMA],
    };
    memcpy(dma->nr_free, free_dma, sizeof(free_dma));
    dma->counters.v[NUMA_HIT] = dma->counters.v[NUMA_LOCAL] = dma->counters.v[NUMA_INTERLEAVE] = 1;
    *dma32 = (struct zone){
        .name = names[ZONE_DMA32],
        .start_pfn = 4096,
        .spanned = 94176,
        .present = 94176,
        .managed = 84228,
        .free_pages = 27707,
        .watermark = {557, 696, 835},
        .pcp = &pcps[ZONE_DMA32],
    };
    memcpy(dma32->nr_free, free_dma32, sizeof(free_dma32));
    dma32->counters = s->counters;
    dma32->counters.v[NUMA_HIT] = dma32->counters.v[NUMA_LOCAL] = 169936;
    dma32->counters.v[NUMA_INTERLEAVE] = 585;
    pcps[ZONE_DMA] = (struct per_cpu_pages){.high = 32, .batch = 1};
    pcps[ZONE_DMA32] = (struct per_cpu_pages){.count = 145, .high = 696, .batch = 15};
}

static struct system *machine_of_fixtures(void)
{
    struct system *s = xcalloc(1, sizeof(*s));
    char *vmstat = read_fixture("proc/vmstat");
    struct swap_area *a = &s->swap.areas[0];

    kernel_resolve(kernel_find(release), 0, &s->kernel);
    tunables_init(&s->tunables);
    load_vmstat(&s->counters, vmstat);
    s->frames.nr_cpus = 1;
    s->frames.managed_pages = 3840 + 84228;
    s->frames.totalreserve_pages = 38 + 329 + 835;
    s->frames.min_free_kbytes = 2339;
    fill_zones(s);
    s->mem.tunables = &s->tunables;
    s->mem.frames = &s->frames;
    s->mem.swap = &s->swap;
    s->mem.space = &s->space;
    s->mem.backing = &s->backing;
    s->swap.nr_areas = 1;
    s->swap.total_pages = 65532 / 4;
    s->swap.free_pages = 54780 / 4;
    snprintf(a->name, sizeof(a->name), "/dev/ram0");
    a->nr_slots = 65532 / 4;
    a->used = 10752 / 4;
    a->priority = -2;
    a->enabled = true;
    a->in_use = true;
    free(vmstat);
    return s;
}

/* Both texts with every run of digits as one '#', and the blanks before it gone. */
static char *form_of(const char *text)
{
    char *form = xmalloc(strlen(text) + 1), *to = form;

    for (const char *c = text; *c; c++) {
        if (!isxdigit((unsigned char)*c) ||
            (isalpha((unsigned char)*c) && to > form && to[-1] != '#')) {
            *to++ = *c;
            continue;
        }
        while (to > form && to[-1] == ' ')
            to--;
        if (to == form || to[-1] != '#')
            *to++ = '#';
    }
    *to = '\0';
    return form;
}

static void assert_same_form(const char *ours, const char *real)
{
    char *our_form = form_of(ours), *real_form = form_of(real);

    assert_string_equal(our_form, real_form);
    free(our_form);
    free(real_form);
}

TEST(vmstat_is_the_kernels_byte_for_byte)
{
    struct system *s = machine_of_fixtures();
    char *real = read_fixture("proc/vmstat");
    struct strbuf ours;

    strbuf_init(&ours);
    /* 150 pages on per-CPU lists differ between the two reads of the guest, and thresholds need a
     * live machine. */
    s->frames.zones[ZONE_DMA32].free_pages = 31515 - 3808;
    render_vmstat(s, &ours);
    assert_string_equal(ours.text, real);
    strbuf_done(&ours);
    free(real);
    free(s);
}

/* Lines of meminfo that show what a machine of ours has no notion of. */
static bool is_beyond_us(const char *line)
{
    static const char *const keys[] = {"MemFree:",      "MemAvailable:", "Buffers:", "Cached:",
                                       "Committed_AS:", "VmallocUsed:",  "Percpu:",  "DirectMap"};

    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
        if (strncmp(line, keys[i], strlen(keys[i])) == 0)
            return true;
    }
    return false;
}

TEST(meminfo_is_the_kernels_line_by_line)
{
    struct system *s = machine_of_fixtures();
    char *real = read_fixture("proc/meminfo"), *real_at, *our_at;
    struct strbuf ours;

    strbuf_init(&ours);
    render_meminfo(s, &ours);
    assert_same_form(ours.text, real);
    char *our_line = strtok_r(ours.text, "\n", &our_at),
         *real_line = strtok_r(real, "\n", &real_at);
    for (; our_line && real_line;
         our_line = strtok_r(NULL, "\n", &our_at), real_line = strtok_r(NULL, "\n", &real_at)) {
        assert_int_equal(strlen(our_line), strlen(real_line));
        if (!is_beyond_us(our_line))
            assert_string_equal(our_line, real_line);
    }
    assert_null(our_line);
    assert_null(real_line);
    strbuf_done(&ours);
    free(real);
    free(s);
}

TEST(meminfo_available_is_what_the_kernel_estimates)
{
    struct system *s = machine_of_fixtures();
    char *real = read_fixture("proc/meminfo");
    struct strbuf ours;

    strbuf_init(&ours);
    render_meminfo(s, &ours);
    /* The guest served another process between the lines of the two files: a few pages. */
    u64 want = number_after(real, "MemAvailable:"), got = number_after(ours.text, "MemAvailable:");
    assert_in_range(got, want - 64, want + 64);
    assert_int_equal(number_after(ours.text, "\nCached:") + number_after(ours.text, "Buffers:"),
                     number_after(real, "\nCached:") + number_after(real, "Buffers:"));
    strbuf_done(&ours);
    free(real);
    free(s);
}

TEST(files_of_zones_and_swap_are_the_kernels_byte_for_byte)
{
    static const struct {
        const char *name;
        void (*render)(const struct system *s, struct strbuf *out);
    } files[] = {
        {"proc/zoneinfo", render_zoneinfo},
        {"proc/buddyinfo", render_buddyinfo},
        {"proc/swaps", render_swaps},
        {"proc/sys/vm/lowmem_reserve_ratio", render_lowmem_reserve_ratio},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
        struct system *s = machine_of_fixtures();
        char *real = read_fixture(files[i].name);
        struct strbuf ours;

        strbuf_init(&ours);
        files[i].render(s, &ours);
        assert_string_equal(ours.text, real);
        strbuf_done(&ours);
        free(real);
        free(s);
    }
}

/* Caches with the sizes and slabs of the fixture. Objects that are free on the node are none here,
 * so lines that have some are left out. */
TEST(slabinfo_is_the_kernels_line_by_line)
{
    struct system *s = machine_of_fixtures();
    char *real = read_fixture("proc/slabinfo"), *rest = real;
    struct strbuf ours;
    unsigned same = 0;

    for (unsigned id = 0; id < NR_SLAB_CACHES; id++) {
        struct slab_cache *c = &s->slab.caches[id];
        char start[80];
        const char *row;

        c->info = &slab_cache_info[id];
        slab_geometry_init(&c->geo, c->info, 1);
        snprintf(start, sizeof(start), "\n%s ", c->info->name);
        row = strstr(real, start);
        if (row)
            sscanf(row + 1, "%*s %*u %" SCNu64, &c->nr_objects);
        c->nr_slabs = c->nr_objects / c->geo.objects;
    }
    strbuf_init(&ours);
    render_slabinfo(s, &ours);
    for (char *line; (line = strsep(&rest, "\n"));) {
        unsigned active, all;

        if (sscanf(line, "%*s %u %u", &active, &all) == 2 && active != all)
            continue;
        assert_non_null(strstr(ours.text, line));
        same++;
    }
    assert_true(same > 150);
    strbuf_done(&ours);
    free(real);
    free(s);
}

/* Up to and without the end of the line that begins with `key`. */
static char *line_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    size_t len;
    char *line;

    assert_non_null(at);
    len = strcspn(at, "\n");
    line = xmalloc(len + 1);
    memcpy(line, at, len);
    line[len] = '\0';
    return line;
}

static void assert_same_line_form(const char *ours, const char *real, const char *key)
{
    char *our_line = line_of(ours, key), *real_line = line_of(real, key);

    assert_same_form(our_line, real_line);
    free(our_line);
    free(real_line);
}

TEST(files_of_cpus_and_devices_have_the_kernels_form)
{
    static const char *const stat_keys[] = {"cpu  ",          "cpu0 ",      "ctxt ",
                                            "btime ",         "processes ", "procs_running",
                                            "procs_blocked ", "softirq "};
    struct system_config c;
    struct system s;
    struct strbuf out;
    char *real, *line;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = 64 * MIB;
    c.nr_cpus = 1;
    c.disk = "ram";
    assert_int_equal(system_init(&s, &c, NULL), 0);
    strbuf_init(&out);

    render_stat(&s, &out);
    real = read_fixture("proc/stat");
    for (unsigned i = 0; i < ARRAY_SIZE(stat_keys); i++)
        assert_same_line_form(out.text, real, stat_keys[i]);
    free(real);
    strbuf_reset(&out);

    render_loadavg(&s, &out);
    real = read_fixture("proc/loadavg");
    assert_same_form(out.text, real);
    free(real);
    strbuf_reset(&out);

    render_uptime(&s, &out);
    real = read_fixture("proc/uptime");
    assert_same_form(out.text, real);
    free(real);
    strbuf_reset(&out);

    render_diskstats(&s, &out);
    real = read_fixture("proc/diskstats");
    line = line_of(real, "   1       0 ram0");
    assert_int_equal(strncmp(out.text, line, strlen(line)), 0);
    free(line);
    free(real);
    strbuf_done(&out);
    system_done(&s);
}

TEST(times_of_a_cpu_come_to_the_uptime)
{
    struct system_config c;
    struct system s;
    struct strbuf out;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = 64 * MIB;
    c.nr_cpus = 2;
    assert_int_equal(system_init(&s, &c, NULL), 0);
    strbuf_init(&out);
    s.clock.now = 100 * NS_PER_S;
    s.cpu_times[0] = (struct cpu_times){.user_ns = 20 * NS_PER_S, .system_ns = 10 * NS_PER_S};
    psi_group_change(&s.groups.root->psi, 0, 0, PSI_TSK_IOWAIT, false, 60 * NS_PER_S);
    render_stat(&s, &out);
    assert_non_null(strstr(out.text, "cpu  2000 0 1000 13000 4000 0 0 0 0 0\n"));
    assert_non_null(strstr(out.text, "cpu0 2000 0 1000 3000 4000 0 0 0 0 0\n"));
    assert_non_null(strstr(out.text, "cpu1 0 0 0 10000 0 0 0 0 0 0\n"));
    assert_non_null(strstr(out.text, "procs_blocked 1\n"));
    strbuf_reset(&out);
    s.load[0] = 2048 + 1024;
    render_loadavg(&s, &out);
    assert_int_equal(strncmp(out.text, "1.50 0.00 0.00 0/0 0\n", 21), 0);
    strbuf_reset(&out);
    render_uptime(&s, &out);
    assert_string_equal(out.text, "100.00 130.00\n");
    strbuf_done(&out);
    s.groups.root->psi.cpus[0].tasks[PSI_NR_IOWAIT] = 0;
    system_done(&s);
}

TEST(tunables_have_the_kernels_defaults)
{
    struct system *s = machine_of_fixtures();
    char name[256];

    for (unsigned i = 0; i < nr_tunables; i++) {
        struct strbuf ours;
        char *real;

        if (strncmp(tunable_info[i].key, "vm.", 3) != 0 || strchr(tunable_info[i].key + 3, '.'))
            continue;
        snprintf(name, sizeof(name), "proc/sys/vm/%s", tunable_info[i].key + 3);
        real = read_fixture(name);
        strbuf_init(&ours);
        render_sysctl(s, &tunable_info[i], &ours);
        /* OOM tests in the guest need overcommit_memory 1; small machines reserve less for
         * users. */
        if (strcmp(tunable_info[i].key, "vm.overcommit_memory") != 0 &&
            strcmp(tunable_info[i].key, "vm.user_reserve_kbytes") != 0)
            assert_string_equal(ours.text, real);
        strbuf_done(&ours);
        free(real);
    }
    free(s);
}

/* --- a group ---------------------------------------------------------------------------------- */

static s64 value_in(void *counters, enum counter id)
{
    return ((struct counters *)counters)->v[id];
}

TEST(memory_stat_is_the_kernels_byte_for_byte)
{
    struct kernel kernel;
    char *real = read_fixture("sys/fs/cgroup/nest/memory.stat");
    struct counters c = {0};
    struct strbuf ours;

    kernel_resolve(kernel_find(release), 0, &kernel);
    strbuf_init(&ours);
    for (unsigned i = 0; i < kernel.nr_memory_stat; i++) {
        const struct memory_stat_line *line = kernel.memory_stat[i];
        char key[64];

        if (line->plus != NR_COUNTERS)
            continue;
        snprintf(key, sizeof(key), "%s%s ", i ? "\n" : "", line->name);
        s64 shown = (s64)number_after(real, key);
        c.v[line->id] = shown / counter_memory_stat(line->id, 1);
    }
    memory_stat_render(&kernel, value_in, &c, &ours);
    assert_string_equal(ours.text, real);
    strbuf_done(&ours);
    free(real);
}

TEST(vmstat_of_6_12_is_the_kernels_byte_for_byte)
{
    use_release("6.12");
    struct system *s = machine_of_fixtures();
    char *real = read_fixture("proc/vmstat");
    struct strbuf ours;

    s->frames.zones[ZONE_DMA].counters = (struct counters){0};
    s->frames.zones[ZONE_DMA32].counters = s->counters;
    s->frames.zones[ZONE_DMA32].free_pages +=
        (u32)s->counters.v[NR_FREE_PAGES] - (u32)frames_count_free(&s->frames);
    strbuf_init(&ours);
    render_vmstat(s, &ours);
    assert_string_equal(ours.text, real);
    strbuf_done(&ours);
    free(real);
    free(s);
    use_release("6.1");
}

TEST(meminfo_of_6_12_has_the_kernels_lines)
{
    use_release("6.12");
    struct system *s = machine_of_fixtures();
    char *real = read_fixture("proc/meminfo");
    struct strbuf ours;

    strbuf_init(&ours);
    render_meminfo(s, &ours);
    assert_same_form(ours.text, real);
    strbuf_done(&ours);
    free(real);
    free(s);
    use_release("6.1");
}

TEST(memory_stat_of_6_12_is_the_kernels_byte_for_byte)
{
    use_release("6.12");
    memory_stat_is_the_kernels_byte_for_byte(state);
    use_release("6.1");
}

static struct group *lone_group(struct group *parent, const char *name)
{
    struct group *g = xcalloc(1, sizeof(*g));

    list_init(&g->children);
    list_init(&g->sibling);
    g->name = xstrdup(name);
    g->parent = parent;
    g->online = true;
    if (parent)
        list_add_tail(&g->sibling, &parent->children);
    g->memory = (struct page_counter){
        .usage = 16654336 / PAGE_SIZE,
        .peak = 16777216 / PAGE_SIZE,
        .high = PAGE_COUNTER_MAX,
        .max = 16777216 / PAGE_SIZE,
    };
    g->swap = (struct page_counter){.high = PAGE_COUNTER_MAX, .max = PAGE_COUNTER_MAX};
    g->counters.v[MEMCG_MAX] = 794;
    return g;
}

/* Both lines of a pressure file: averages in hundredths of a percent, rounded up to the next
 * 2048th. */
static void set_pressure(struct psi_group *p, enum psi_res res, const u64 avg[3], u64 total_us)
{
    p->avg_next_update = NS_NEVER;
    for (unsigned state = (unsigned)res * 2; state < (unsigned)res * 2 + 2; state++) {
        for (unsigned i = 0; i < 3; i++)
            p->avg[state][i] = DIV_ROUND_UP(avg[i] << PSI_FIXED_BITS, (u64)100);
        p->total[PSI_AVGS][state] = total_us * NS_PER_US;
    }
}

static void set_pressures_of_fixture(struct psi_group *p)
{
    psi_group_init(p, 1);
    p->cpus = xcalloc(1, sizeof(*p->cpus));
    set_pressure(p, PSI_CPU, (const u64[]){2066, 604, 136}, 4139004);
    set_pressure(p, PSI_IO, (const u64[]){0, 0, 0}, 2096);
    set_pressure(p, PSI_MEM, (const u64[]){1301, 379, 85}, 2618603);
}

TEST(files_of_a_group_have_the_kernels_form_and_limits)
{
    struct system *s = machine_of_fixtures();
    struct group *root = lone_group(NULL, ""), *g = lone_group(root, "file");
    char name[256];

    root->subtree_control = CONTROLLERS_ALL;
    set_pressures_of_fixture(&g->psi);
    for (unsigned i = 0; i < nr_cgroup_files; i++) {
        struct strbuf ours;
        char *real;

        if (cgroup_files[i].needs ||
            cgroup_files[i].cpuset || /* that kernel has none, or the fixtures not */
            strcmp(cgroup_files[i].name, "cgroup.pressure") == 0)
            continue;
        snprintf(name, sizeof(name), "sys/fs/cgroup/file/%s", cgroup_files[i].name);
        real = read_fixture(name);
        strbuf_init(&ours);
        cgroup_files[i].render(s, g, &ours);
        if (strstr(name, "stat") || strstr(name, "cgroup.procs") || strstr(name, "cgroup.events")) {
            /* Needs pages and processes: the form is what counts here. */
            if (!strstr(name, "cgroup.procs"))
                assert_same_form(ours.text, real);
        } else {
            assert_string_equal(ours.text, real);
        }
        strbuf_done(&ours);
        free(real);
    }
    psi_group_done(&g->psi);
    free(g->name);
    free(g);
    free(root->name);
    free(root);
    free(s);
}

TEST(local_events_leave_out_what_happened_below)
{
    struct system *s = machine_of_fixtures();
    struct group *parent = lone_group(NULL, ""), *child = lone_group(parent, "child");
    struct strbuf ours;

    parent->counters.v[MEMCG_OOM_KILL] = 5;
    child->counters.v[MEMCG_OOM_KILL] = 3;
    strbuf_init(&ours);
    for (unsigned i = 0; i < nr_cgroup_files; i++) {
        if (strcmp(cgroup_files[i].name, "memory.events.local") == 0)
            cgroup_files[i].render(s, parent, &ours);
    }
    assert_int_equal(number_after(ours.text, "oom_kill "), 2);
    assert_int_equal(number_after(ours.text, "max "), 0);
    strbuf_done(&ours);
    free(child->name);
    free(child);
    free(parent->name);
    free(parent);
    free(s);
}

/* --- a process -------------------------------------------------------------------------------- */

TEST(status_has_the_kernels_lines)
{
    struct system *s = machine_of_fixtures();
    char *real = read_fixture("proc/224/status");
    struct mm mm = {
        .total_vm = 17452 / 4, .hiwater_rss = 16892 / 4, .rss_anon = 14180 / 4, .rss_file = 24 / 4};
    struct task t = {
        .pid = 224, .tgid = 224, .ppid = 85, .comm = "pattern", .mm = &mm, .state = TASK_RUNNING};
    struct strbuf ours;
    char *state_line = strstr(real, "T (stopped)");

    assert_non_null(state_line);
    memcpy(state_line, "R (running)", 11);
    strbuf_init(&ours);
    render_pid_status(s, &t, &ours);
    assert_same_form(ours.text, real);
    assert_non_null(strstr(ours.text, "\nVmSize:\t   17452 kB\nVmLck:\t       0 kB\n"));
    assert_non_null(strstr(ours.text, "\nVmRSS:\t   14204 kB\nRssAnon:\t   14180 kB\n"));
    strbuf_done(&ours);
    free(real);
    free(s);
}

TEST(lines_of_maps_are_the_kernels)
{
    static const struct maps_line lines[] = {
        {0x400000, 0x401000, VM_READ, 0, 1, 1, 12, "/mnt/pattern", ""},
        {0x401000, 0x47c000, VM_READ | VM_EXEC, 0x1000, 1, 1, 12, "/mnt/pattern", ""},
        {0x47c000, 0x4a4000, VM_READ, 0x7c000, 1, 1, 12, "/mnt/pattern", ""},
        {0x4a4000, 0x4a8000, VM_READ, 0xa4000, 1, 1, 12, "/mnt/pattern", ""},
        {0x4a8000, 0x4ab000, VM_READ | VM_WRITE, 0xa8000, 1, 1, 12, "/mnt/pattern", ""},
        {0x4ab000, 0x4c2000, VM_READ | VM_WRITE, 0, 0, 0, 0, "[heap]", ""},
        {0x4c2000, 0x4e4000, VM_READ | VM_WRITE, 0, 0, 0, 0, "[heap]", ""},
        {0x7ffff6ff9000, 0x7ffff7ff9000, VM_READ | VM_WRITE, 0, 0, 0, 0, "", ""},
        {0x7ffff7ff9000, 0x7ffff7ffd000, VM_READ, 0, 0, 0, 0, "[vvar]", ""},
        {0x7ffff7ffd000, 0x7ffff7fff000, VM_READ | VM_EXEC, 0, 0, 0, 0, "[vdso]", ""},
        {0x7ffffffde000, 0x7ffffffff000, VM_READ | VM_WRITE, 0, 0, 0, 0, "[stack]", ""},
    };
    char *real = read_fixture("proc/224/maps");
    struct strbuf ours;

    strbuf_init(&ours);
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
        maps_render_line(&lines[i], &ours);
    assert_string_equal(ours.text, real);
    strbuf_reset(&ours);
    maps_render_line(&(struct maps_line){.name = "/a\nb", .suffix = " (deleted)"}, &ours);
    assert_non_null(strstr(ours.text, " /a\\012b (deleted)\n"));
    strbuf_done(&ours);
    free(real);
}

int main(void)
{
    if (!find_fixtures()) {
        printf("skipped: tests/diff/fixtures-6.1 is not here\n");
        return TEST_SKIPPED;
    }
    return tests_run(NULL, NULL);
}
