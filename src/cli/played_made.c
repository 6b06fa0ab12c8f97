/* played_made.c - files that a capture lacks and that follow from those it has: processors from the
 * lines of /proc/stat, statm from stat and status, comm and cmdline from stat. ps, top, vmstat and
 * lscpu stop without them. What kind of processor it was is not known. */
#include "cli/played_made.h"

#include "base/alloc.h"
#include "base/masklist.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_MAX 8192u
#define COMM_MAX 64
#define CPU_DIR  "sys/devices/system/cpu/"
#define PAGE_KIB 4

struct cpus {
    unsigned nr, last;
    struct strbuf list; /* 0-3,8 */
};

static void add(struct played *p, const char *name, const struct strbuf *text)
{
    struct played_file f = {
        .name = xstrdup(name), .text = xmalloc(text->len + 1), .len = text->len};

    memcpy(f.text, text->text, text->len);
    f.text[text->len] = '\0';
    vec_push(&p->files, f);
}

static void add_missing(struct played *p, size_t nr_captured, const char *name,
                        const struct strbuf *text)
{
    if (!played_find(p, nr_captured, name))
        add(p, name, text);
}

/* --- processors ------------------------------------------------------------------------------- */

static void count_cpus(const char *stat, struct cpus *ret)
{
    unsigned first = 0;

    for (const char *line = stat; line; line = strchr(line, '\n')) {
        unsigned cpu;
        bool any = ret->nr > 0;

        line += *line == '\n';
        if (strncmp(line, "cpu", 3) != 0 || !isdigit((unsigned char)line[3]) || /* of all */
            sscanf(line, "cpu%4u ", &cpu) != 1 || cpu >= CPUS_MAX || (any && cpu <= ret->last))
            continue;
        if (!any || cpu != ret->last + 1) {
            if (any && ret->last > first)
                strbuf_printf(&ret->list, "-%u", ret->last);
            strbuf_printf(&ret->list, "%s%u", any ? "," : "", cpu);
            first = cpu;
        }
        ret->last = cpu;
        ret->nr++;
    }
    if (ret->nr == 0) {
        strbuf_append(&ret->list, "0");
        ret->nr = 1;
    } else if (ret->last > first) {
        strbuf_printf(&ret->list, "-%u", ret->last);
    }
    strbuf_appendc(&ret->list, '\n');
}

/* One package of cores without threads, as its cpuinfo says: lscpu counts them in these files
 * alone. */
static void make_topology(struct played *p, size_t nr_captured, unsigned cpu, unsigned nr)
{
    const struct {
        const char *name;
        u64 value;
        bool mask;
    } files[] = {
        {"core_cpus", 1ull << cpu, true},
        {"thread_siblings", 1ull << cpu, true},
        {"core_siblings", UINT64_MAX >> (MASKLIST_MAX - nr), true},
        {"package_cpus", UINT64_MAX >> (MASKLIST_MAX - nr), true},
        {"core_id", cpu, false},
        {"physical_package_id", 0, false},
    };
    struct strbuf text;
    char name[128];

    strbuf_init(&text);
    for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
        strbuf_reset(&text);
        if (files[i].mask)
            strbuf_maskhex(&text, files[i].value, nr);
        else
            strbuf_printf(&text, "%" PRIu64, files[i].value);
        strbuf_appendc(&text, '\n');
        snprintf(name, sizeof(name), CPU_DIR "cpu%u/topology/%s", cpu, files[i].name);
        add_missing(p, nr_captured, name, &text);
    }
    strbuf_done(&text);
}

static void make_cpus(struct played *p, size_t nr_captured)
{
    static const char *const lists[] = {CPU_DIR "online", CPU_DIR "possible", CPU_DIR "present"};
    const struct played_file *stat = played_find(p, nr_captured, "proc/stat");
    struct strbuf text;
    struct cpus cpus = {0};

    if (!stat)
        return;
    strbuf_init(&text);
    strbuf_init(&cpus.list);
    count_cpus(stat->text, &cpus);
    for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
        add_missing(p, nr_captured, lists[i], &cpus.list);
    for (unsigned cpu = 0; cpu < cpus.nr; cpu++)
        strbuf_printf(&text,
                      "processor\t: %u\nvendor_id\t: unknown\nmodel name\t: unknown\n"
                      "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n"
                      "flags\t\t: lm\n\n",
                      cpu, cpus.nr, cpu, cpus.nr);
    add_missing(p, nr_captured, "proc/cpuinfo", &text);
    strbuf_reset(&text);
    strbuf_printf(&text, "%u\n", MAX(cpus.last, MASKLIST_MAX - 1)); /* as wide as a node's cpumap */
    add_missing(p, nr_captured, CPU_DIR "kernel_max", &text);
    for (unsigned cpu = 0; cpu < cpus.nr && cpus.last < MASKLIST_MAX && cpus.last + 1 == cpus.nr;
         cpu++)
        make_topology(p, nr_captured, cpu, cpus.nr);
    strbuf_done(&cpus.list);
    strbuf_done(&text);
}

/* cpumap beside the cpulist of a memory node. */
static void make_node(struct played *p, size_t nr_captured, unsigned nid, const char *cpulist)
{
    struct strbuf text;
    char name[64], list[256];
    u64 cpus;

    snprintf(list, sizeof(list), "%.*s", (int)strcspn(cpulist, "\n"), cpulist);
    if (parse_masklist(list, "CPU", &cpus, NULL))
        return;
    strbuf_init(&text);
    strbuf_maskhex(&text, cpus, MASKLIST_MAX);
    strbuf_appendc(&text, '\n');
    snprintf(name, sizeof(name), "sys/devices/system/node/node%u/cpumap", nid);
    add_missing(p, nr_captured, name, &text);
    strbuf_done(&text);
}

/* --- processes -------------------------------------------------------------------------------- */

/* KiB of a line of status; 0: it has no such line. */
static u64 status_kib(const char *status, const char *key)
{
    size_t len = strlen(key);
    u64 kib;

    for (const char *line = status; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0 && sscanf(line + len, " %" SCNu64, &kib) == 1)
            return kib;
    }
    return 0;
}

/* dir: "proc/1000" */
static void make_process(struct played *p, size_t nr_captured, const char *dir, const char *stat)
{
    const char *open = strchr(stat, '('), *close = strrchr(stat, ')'), *status = "";
    char name[96], comm[COMM_MAX + 1];
    const struct played_file *file;
    u64 vsize = 0, rss = 0;
    struct strbuf text;

    if (!open || !close || close < open)
        return;
    snprintf(comm, sizeof(comm), "%.*s", (int)MIN(close - open - 1, COMM_MAX), open + 1);
    sscanf(close + 1,
           " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
           "%" SCNu64 " %" SCNu64,
           &vsize, &rss);
    snprintf(name, sizeof(name), "%s/status", dir);
    file = played_find(p, nr_captured, name);
    if (file)
        status = file->text;
    strbuf_init(&text);
    strbuf_printf(&text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 %" PRIu64 " 0\n",
                  vsize / KIB / PAGE_KIB, rss,
                  (status_kib(status, "RssFile:") + status_kib(status, "RssShmem:")) / PAGE_KIB,
                  status_kib(status, "VmExe:") / PAGE_KIB,
                  (status_kib(status, "VmData:") + status_kib(status, "VmStk:")) / PAGE_KIB);
    snprintf(name, sizeof(name), "%s/statm", dir);
    add_missing(p, nr_captured, name, &text);
    strbuf_reset(&text);
    strbuf_printf(&text, "%s\n", comm);
    snprintf(name, sizeof(name), "%s/comm", dir);
    add_missing(p, nr_captured, name, &text);
    strbuf_reset(&text);
    if (vsize) /* threads of the kernel have none */
        strbuf_append_bytes(&text, comm, strlen(comm) + 1);
    snprintf(name, sizeof(name), "%s/cmdline", dir);
    add_missing(p, nr_captured, name, &text);
    strbuf_done(&text);
}

void played_make_missing(struct played *p)
{
    size_t nr_captured = p->files.count;

    make_cpus(p, nr_captured);
    for (size_t i = 0; i < nr_captured; i++) {
        const struct played_file f = p->files.items[i]; /* its text stays where it is */
        char dir[64];
        unsigned pid;
        int end = 0;

        if (sscanf(f.name, "sys/devices/system/node/node%9u/cpulist%n", &pid, &end) == 1 && end)
            make_node(p, nr_captured, pid, f.text);
        end = 0;
        if (sscanf(f.name, "proc/%9u/stat%n", &pid, &end) != 1 || !end || f.name[end])
            continue;
        snprintf(dir, sizeof(dir), "proc/%u", pid);
        make_process(p, nr_captured, dir, f.text);
    }
}
