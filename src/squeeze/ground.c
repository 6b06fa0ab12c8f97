/* ground.c - see ground.h. */
#include "squeeze/ground.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSES_MAX 256u
#define FULL_PERCENT  97u /* of its limit: a group above is reclaimed by itself */

static const u64 limit_rest = MIB; /* room above what cannot be reclaimed */

const char *ground_manager(const char *group)
{
    if (strstr(group, "kubepods"))
        return "the kubelet (MemoryQoS, from the pod's memory request)";
    if (strstr(group, "libpod") || strstr(group, "docker"))
        return "the container's runtime (docker or podman, --memory-reservation or an annotation)";
    if (strstr(group, ".service") || strstr(group, ".scope") || strstr(group, ".slice"))
        return "systemd (MemoryHigh= of the unit: systemctl show -p MemoryHigh UNIT)";
    return "whoever made the group";
}

static int refuse_old(const struct squeeze_host *host, int rc, struct err *e)
{
    struct strbuf text;
    bool v1;

    strbuf_init(&text);
    v1 = host->read(host->ctx, "memory.usage_in_bytes", &text) == 0;
    strbuf_done(&text);
    if (v1)
        return err_set(e, -EPERM,
                       "this is a group of cgroup v1, which has neither memory.reclaim nor "
                       "memory.high nor pressure of a group; --watch-only works, and so do record "
                       "and size");
    if (rc == -ENOENT)
        return err_set(e, -EPERM,
                       "no group of cgroup v2 with the memory controller (memory.current is "
                       "missing)");
    return err_set(e, rc, "memory.current: %s", strerror(-rc));
}

/* "../../NAME" for a group `up` above it. */
static const char *name_above(char buf[GROUND_DEPTH_MAX * 3 + 64], unsigned up, const char *name)
{
    char *at = buf;

    for (unsigned i = 0; i < up; i++, at += 3)
        memcpy(at, "../", 4);
    snprintf(at, 64, "%s", name);
    return buf;
}

/* Of the path of the group `up` above it. */
static int length_above(const char *group, unsigned up)
{
    size_t len = strlen(group);

    for (; up > 0 && len > 1; up--)
        while (len > 1 && group[--len] != '/')
            ;
    return (int)len;
}

static u64 number_or(const struct squeeze_host *host, const char *name, u64 otherwise)
{
    u64 value;

    return squeeze_read_number(host, name, &value) ? otherwise : value;
}

/* Its limits and those above, which hold for it, too. */
static void look_above(const struct squeeze_host *host, const struct ground_config *c,
                       struct ground *g)
{
    char name[GROUND_DEPTH_MAX * 3 + 64], limit_text[UNITS_TEXT_MAX], text[UNITS_TEXT_MAX];

    g->max_bytes = SQUEEZE_NONE;
    for (unsigned up = 0; up <= MIN(c->depth, GROUND_DEPTH_MAX); up++) {
        u64 max = number_or(host, name_above(name, up, "memory.max"), SQUEEZE_NONE);
        u64 high =
            up ? number_or(host, name_above(name, up, "memory.high"), SQUEEZE_NONE) : SQUEEZE_NONE;
        u64 swap_max = number_or(host, name_above(name, up, "memory.swap.max"), SQUEEZE_NONE);
        u64 swap = number_or(host, name_above(name, up, "memory.swap.current"), 0);
        u64 size = number_or(host, name_above(name, up, "memory.current"), 0);
        u64 limit = MIN(max, high);

        g->max_bytes = MIN(g->max_bytes, limit);
        if (swap_max != SQUEEZE_NONE)
            g->swap_left_bytes = MIN(g->swap_left_bytes, swap_max > swap ? swap_max - swap : 0);
        if (limit == SQUEEZE_NONE || size < limit / 100 * FULL_PERCENT)
            continue;
        if (up)
            strbuf_printf(&g->notes,
                          "%.*s, above it, is at its limit (%s of %s): the kernel reclaims from "
                          "that already, and what comes back may be its doing.\n",
                          length_above(c->group, up), c->group, format_bytes(text, size),
                          format_bytes(limit_text, limit));
        else
            strbuf_printf(&g->notes,
                          "It is at its own limit already (%s of %s): what comes back at that size "
                          "is seen in the watch.\n",
                          format_bytes(text, size), format_bytes(limit_text, limit));
    }
}

/* Free swap of the machine, from /proc/swaps: name, type, KiB, KiB used, priority. */
static u64 free_swap(const struct squeeze_host *host)
{
    struct strbuf text;
    u64 sum = 0;

    strbuf_init(&text);
    if (host->read(host->ctx, "/proc/swaps", &text) == 0) {
        for (char *rest = NULL, *line = strtok_r(text.text, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest)) {
            unsigned long long kib, used;

            if (sscanf(line, "%*s %*s %19llu %19llu", &kib, &used) == 2 && kib > used &&
                kib < UINT64_MAX / KIB / 2)
                sum = MIN(sum + (kib - used) * KIB, UINT64_MAX / 2);
        }
    }
    strbuf_done(&text);
    return sum;
}

/* The largest RssFile of a process of the group: what it maps of files, whoever was charged for
 * them. */
static u64 largest_mapped(const struct squeeze_host *host)
{
    struct strbuf procs, text;
    unsigned nr = 0;
    u64 most = 0;

    strbuf_init(&procs);
    strbuf_init(&text);
    if (host->read(host->ctx, "cgroup.procs", &procs) == 0) {
        for (char *rest = NULL, *pid = strtok_r(procs.text, "\n", &rest); pid && nr < PROCESSES_MAX;
             pid = strtok_r(NULL, "\n", &rest), nr++) {
            char name[64];
            const char *at;

            if (strlen(pid) > 10 || strspn(pid, "0123456789") != strlen(pid))
                continue;
            snprintf(name, sizeof(name), "/proc/%s/status", pid);
            strbuf_reset(&text);
            if (host->read(host->ctx, name, &text) == 0 && (at = strstr(text.text, "\nRssFile:"))) {
                u64 kib = strtoull(at + strlen("\nRssFile:"), NULL, 10);

                most = MAX(most, MIN(kib, UINT64_MAX / KIB / 2) * KIB);
            }
        }
    }
    strbuf_done(&text);
    strbuf_done(&procs);
    return most;
}

static void add_protection(void *ctx, const struct squeeze_host *below)
{
    u64 *sum = ctx;
    u64 min = number_or(below, "memory.min", 0), low = number_or(below, "memory.low", 0);
    u64 size = number_or(below, "memory.current", 0);

    *sum = MIN(*sum + MIN(MAX(min, low), size), UINT64_MAX / 2); /* "max" protects what there is */
}

static void choose_floor(const struct squeeze_host *host, const struct ground_config *c,
                         struct ground *g)
{
    u64 own = MIN(MAX(number_or(host, "memory.min", 0), number_or(host, "memory.low", 0)),
                  g->now.size_bytes),
        below = 0;
    u64 cache = g->now.file_bytes > g->now.shmem_bytes ? g->now.file_bytes - g->now.shmem_bytes : 0;
    char text[UNITS_TEXT_MAX];

    if (host->below)
        host->below(host->ctx, add_protection, &below);
    g->protected_bytes = MAX(own, below);
    g->held_bytes = g->now.unevictable_bytes;
    if (!g->can_swap)
        g->held_bytes = g->now.size_bytes > cache ? g->now.size_bytes - cache : 0;
    g->floor_bytes = MAX(MAX(c->floor_bytes, g->protected_bytes),
                         MIN(g->held_bytes + limit_rest, g->now.size_bytes));
    g->floor_bytes = ROUND_UP(MAX(g->floor_bytes, limit_rest), SQUEEZE_PAGE);
    if (g->protected_bytes)
        strbuf_printf(&g->notes,
                      "memory.min or memory.low, its own or of groups below it, protects %s: "
                      "nothing below that is tried.\n",
                      format_bytes(text, g->protected_bytes));
}

static void note_rest(const struct squeeze_host *host, struct ground *g)
{
    char text[UNITS_TEXT_MAX];
    u64 mapped = largest_mapped(host), charged = g->now.mapped_bytes;
    struct strbuf there;
    int rc;

    if (!g->can_swap)
        strbuf_printf(
            &g->notes,
            "There is no swap for it: its anonymous memory (%s) cannot be probed, only its "
            "file cache. What is not used of it is not seen.\n",
            format_bytes(text, g->now.anon_bytes + g->now.shmem_bytes));
    else if (g->swap_left_bytes < g->now.anon_bytes / 10)
        strbuf_printf(&g->notes, "Only %s of swap is left for it.\n",
                      format_bytes(text, g->swap_left_bytes));
    if (mapped > charged + charged / 8 + MIB)
        strbuf_printf(&g->notes,
                      "One of its processes maps %s more of files than the group is charged for: "
                      "another group read that first, and a limit of this one does not reach it.\n",
                      format_bytes(text, mapped - charged));
    if (number_or(host, "memory.zswap.current", 0))
        strbuf_append(&g->notes, "zswap keeps what is swapped out in memory, which counts to the "
                                 "size; so the size falls by less than what is taken.\n");
    strbuf_init(&there);
    rc = host->read(host->ctx, "/run/systemd/io.systemd.ManagedOOM", &there);
    if (rc != -ENOENT && rc != -ENOTDIR && rc != 0)
        strbuf_append(&g->notes, "systemd-oomd may be at work here: a unit with "
                                 "ManagedOOMMemoryPressure=kill is killed at a pressure far above "
                                 "that at which this stops.\n");
    strbuf_done(&there);
    if (g->now.stall_ns == SQUEEZE_NONE)
        strbuf_append(&g->notes, "Pressure is not measured (memory.pressure cannot be read): the "
                                 "budget of refaults is the only brake.\n");
}

int ground_look(const struct squeeze_host *host, const struct ground_config *config,
                struct ground *ret, struct err *e)
{
    struct ground g = {0};
    char text[UNITS_TEXT_MAX];
    struct strbuf there;
    u64 size;
    int rc = squeeze_read_number(host, "memory.current", &size);

    if (rc)
        return refuse_old(host, rc, e);
    strbuf_init(&there);
    rc = host->read(host->ctx, "memory.reclaim", &there);
    strbuf_done(&there);
    if (rc == -ENOENT)
        return err_set(e, -EPERM,
                       "this kernel has no memory.reclaim (Linux 5.19 and later have it); "
                       "--watch-only works");
    rc = squeeze_look(host, &g.now, e);
    if (rc)
        return rc;
    if (g.now.high_bytes != SQUEEZE_NONE && !config->override_high)
        return err_set(
            e, -EPERM,
            "memory.high is %s already, probably set by %s, which may set it again at any "
            "moment; --override-high changes it for a while and writes it back",
            format_limit(text, g.now.high_bytes), ground_manager(config->group));
    strbuf_init(&g.notes);
    g.swap_left_bytes = free_swap(host);
    look_above(host, config, &g);
    g.can_swap = g.swap_left_bytes >= MIB;
    choose_floor(host, config, &g);
    note_rest(host, &g);
    *ret = g;
    return 0;
}

void ground_done(struct ground *g)
{
    strbuf_done(&g->notes);
}
