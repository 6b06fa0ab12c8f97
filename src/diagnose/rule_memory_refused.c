/* rule_memory_refused.c - a program says that it got no memory: who refused it, and why that may
 * be. */
#include "diagnose/cause.h"
#include "diagnose/locality.h"
#include "diagnose/refused.h"

#include <stdio.h>
#include <string.h>

#define HEURISTIC    0 /* vm.overcommit_memory */
#define STRICT       2
/* The last promise before the limit is the one that is refused: it need not be there any more. */
#define NEAR_PERCENT 90.0
/* Of a group's limit: as much as reclaim in it leaves. */
#define FULL_PERCENT 98.0

/* "postgres", "A DPDK program". */
const char *refused_said(const struct refusal *r, char buf[static sizeof(r->program)])
{
    snprintf(buf, sizeof(r->program), "%s", r->program);
    if (strncmp(buf, "the ", 4) == 0)
        buf[0] = 'T';
    if (strncmp(buf, "job ", 4) == 0)
        buf[0] = 'J';
    if (buf[0] == 'a' && (buf[1] == ' ' || (buf[1] == 'n' && buf[2] == ' ')))
        buf[0] = 'A';
    return buf;
}

/* A group of this text that stands at its limit: what a new process takes is charged there.
 * NULL. */
const struct cgroup_view *refused_full_group(const struct rule_context *c)
{
    vec_for_each (&c->s->cgroups, g)
        if (!g->is_root && known(g->max) && g->max < NO_LIMIT &&
            share_of(g->current, g->max) >= FULL_PERCENT)
            return g;
    return NULL;
}

/* DPDK tells of each size that it has no page of, as information beside a pool of another size that
 * has some. */
static bool is_of_other_size(const struct snapshot *s, const struct refusal *r)
{
    u64 named = refused_page_named(r->words), size = s->meminfo[MI_HUGE_PAGE_SIZE],
        total = s->meminfo[MI_HUGE_PAGES_TOTAL];

    if (!strstr(r->words, "EAL: ") || !strstr(r->words, "hugepages reported") || !known(named))
        return false;
    vec_for_each (&s->huge, h)
        if (h->page_bytes != named && known(h->total) && h->total > 0)
            return true;
    return known(size) && size != named && known(total) && total > 0;
}

/* A Jetson's GPU has no memory of its own. */
static bool is_shared_gpu(const struct rule_context *c)
{
    vec_for_each (&c->s->refusals, r)
        if (r->kind == REFUSED_DEVICE && r->limit)
            return true;
    return false;
}

/* Who asks again for less has its first request told, not its last; of a JVM the code's pages come
 * before the heap's. */
static bool is_larger(const struct refusal *r, const struct refusal *best)
{
    return r->kind == best->kind && (r->kind == REFUSED_COMMIT || r->kind == REFUSED_HUGE) &&
           strcmp(r->program, best->program) == 0 && known(r->bytes) && known(best->bytes) &&
           r->bytes > best->bytes;
}

/* Of two of a kind the one that says who it was. */
static bool is_better_named(const struct refusal *r, const struct refusal *best)
{
    return r->kind == best->kind && strcmp(best->program, "a program") == 0 &&
           strcmp(r->program, "a program") != 0;
}

static const struct refusal *choose(const struct snapshot *s)
{
    /* What was refused by the kernel says more than a program's own limit, and that more than a
     * warning. */
    static const unsigned worth[NR_REFUSAL_KINDS] = {
        [REFUSED_COMMIT] = 4,   [REFUSED_FORK] = 5,  [REFUSED_FORK_RISK] = 1, [REFUSED_TASKS] = 4,
        [REFUSED_SHM] = 4,      [REFUSED_HUGE] = 5,  [REFUSED_HEAP] = 3,      [REFUSED_DEVICE] = 3,
        [REFUSED_REQUEST] = 2,  [REFUSED_SAID] = 0,  [REFUSED_LOCK] = 6,      [REFUSED_BUS] = 2,
        [REFUSED_SETTING] = 7,  [REFUSED_SWAP] = 2,  [REFUSED_PLATFORM] = 6,  [REFUSED_BROKEN] = 8,
        [REFUSED_PRESSURE] = 0, [REFUSED_PLACE] = 1, [REFUSED_RING] = 5,
    };
    const struct refusal *best = NULL;

    vec_for_each (&s->refusals, r) {
        /* A JVM says "insufficient memory" of a thread too; the line that says what failed says
         * more. */
        bool told = best && r->kind == REFUSED_TASKS && best->kind == REFUSED_COMMIT &&
                    !known(best->bytes) && strcmp(r->program, best->program) == 0;
        if (r->kind == REFUSED_POOL || is_of_other_size(s, r))
            continue;
        /* A table that shows the pool short comes before what its program recommends besides. */
        if (refused_found_too_few(r) && (!best || !refused_found_too_few(best))) {
            best = r;
            continue;
        }
        if (best && refused_found_too_few(best))
            continue;
        bool more = told || !best || is_larger(r, best) || worth[r->kind] > worth[best->kind] ||
                    (worth[r->kind] == worth[best->kind] && !known(best->bytes) &&
                     (known(r->bytes) || is_better_named(r, best)));

        if (more)
            best = r;
    }
    return best;
}

/* Why the kernel would promise no more, as far as the text says. */
static void tell_reason(struct rule_context *c, const struct refusal *r)
{
    const u64 *m = c->s->meminfo;
    u64 mode = sysctl_value(c->s, "vm.overcommit_memory");
    double promised = share_of(m[MI_COMMITTED_AS], m[MI_COMMIT_LIMIT]);

    if (mode == STRICT)
        finding_detail(c, "vm.overcommit_memory is 2: the kernel refuses promises beyond "
                          "CommitLimit, however much is free.");
    else if (known(c->s->address_limit))
        finding_detail(c,
                       "A shell of this text allows its programs %s of address space "
                       "(ulimit -v), whatever is free: not only memory that they touch.",
                       SIZE(c->s->address_limit));
    else if (known(c->f->available) && known(r->bytes) && r->bytes > c->f->available)
        finding_detail(c, "It asked for %s, and %s is available.", SIZE(r->bytes), LEFT_SIZE(c->f));
    else if (known(c->f->available) && left_is_scarce(c->f))
        finding_detail(c, "%s of %s is available.", LEFT_SIZE(c->f), SIZE(c->f->total));
    else if (r->kind == REFUSED_FORK && mode == HEURISTIC)
        finding_detail(c,
                       "vm.overcommit_memory is 0: before Linux 5.2 the kernel refuses a fork when "
                       "one mapping of the program is larger than free memory, file cache and free "
                       "swap together; since then when it is larger than all memory and swap.");
    else if (known(c->f->available))
        finding_detail(c,
                       "%s is available: look for a limit of address space (ulimit -v), of "
                       "mappings (vm.max_map_count), of processes, or of the cgroup.",
                       LEFT_SIZE(c->f));
    if (mode != STRICT && promised >= NEAR_PERCENT)
        finding_detail(c, "Promises stand at %s of CommitLimit, which only mode 2 enforces.",
                       AMOUNT(promised, IN_PERCENT));
    if (known(c->f->swap_total) && c->f->swap_total == 0)
        finding_detail(c, "There is no swap, which promises could count on.");
    evidence_shown(c, "promised of CommitLimit", promised, IN_PERCENT, "/proc/meminfo");
    evidence_shown(c, "vm.overcommit_memory", number_of(mode), IN_COUNT,
                   "/proc/sys/vm/overcommit_memory");
    evidence_shown(c, "MemTotal", number_of(c->f->total), IN_BYTES, "/proc/meminfo");
    evidence(c, "address space allowed", number_of(c->s->address_limit), IN_BYTES, "ulimit", "%s",
             "");
    evidence(c, "Committed_AS", number_of(m[MI_COMMITTED_AS]), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "CommitLimit", number_of(m[MI_COMMIT_LIMIT]), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "available", number_of(c->f->available), IN_BYTES, "/proc/meminfo", "%s", "");
}

/* The size asked for beside what there was: the first thing that a reader compares. */
static void compare_sizes(struct rule_context *c, const struct refusal *r)
{
    u64 swap = figure_or(c->f->swap_total, 0), all = figure_add(c->f->total, swap);

    if (known(r->bytes) && known(all) && r->bytes > all) {
        finding_title(c, "%s asks for %s, more than the %s of memory%s that there is (ENOMEM)",
                      r->program, SIZE(r->bytes), SIZE(all), swap ? " and swap" : "");
        evidence_shown(c, swap ? "memory and swap" : "memory", number_of(all), IN_BYTES,
                       "/proc/meminfo");
        return;
    }
    if (!known(r->bytes) || !known(c->f->available) || left_is_scarce(c->f) ||
        sysctl_value(c->s, "vm.overcommit_memory") == STRICT)
        return;
    finding_title(c,
                  r->bytes > c->f->available
                      ? "The kernel refused %s %s memory (ENOMEM): only %s is available"
                      : "The kernel refused %s %s memory (ENOMEM), though %s is available",
                  r->program, SIZE(r->bytes), LEFT_SIZE(c->f));
}

static void tell_full_group(struct rule_context *c, const struct refusal *r)
{
    const struct cgroup_view *g = refused_full_group(c);

    if (!g || (r->kind != REFUSED_FORK && r->kind != REFUSED_COMMIT))
        return;
    finding_title(c, "The kernel refused %s memory (ENOMEM), and %s stands at its limit",
                  r->program, group_said(c, g));
    finding_detail(c, "What the kernel needs for a process is charged to the group too.");
}

/* A limit of address space below what is available is what refused. */
static void tell_address_limit(struct rule_context *c, const struct refusal *r)
{
    u64 limit = c->s->address_limit;

    if (!known(limit) || (known(c->f->available) && limit > c->f->available) ||
        sysctl_value(c->s, "vm.overcommit_memory") == STRICT)
        return;
    finding_title(c,
                  "The kernel refused %s memory (ENOMEM): its shell allows %s of address space "
                  "(ulimit -v)",
                  r->program, SIZE(limit));
    vec_last(&c->out->items).cause = CAUSE_ADDRESS_LIMIT;
}

/* The size that the program was told its heap may have is the one that it asked for. */
static void tell_heap(struct rule_context *c, const struct refusal *r)
{
    vec_for_each (&c->s->heaps, h) {
        if (!known(h->bytes) || !known(r->bytes) || strcmp(h->program, r->program) != 0 ||
            h->bytes / 2 > r->bytes || r->bytes > h->bytes + h->bytes / 8)
            continue;
        finding_detail(c, "An option asks for that heap: %s, %s.", h->option, SIZE(h->bytes));
        evidence_shown(c, h->option, number_of(h->bytes), IN_BYTES, "the text");
        return;
    }
}

/* What the limits are called that programs set themselves, as far as a message of theirs has the
 * size. */
static const struct {
    const char *program, *option;
} own_limits[] = {{"php", "memory_limit"},
                  {"redis", "maxmemory"},
                  {"rabbitmq", "vm_memory_high_watermark"},
                  {"elasticsearch", "breaker"}};

/* The size of the limit, from the message or from the option that set it; the option's name. */
static u64 own_limit(const struct rule_context *c, const struct refusal *r, const char **ret_option)
{
    *ret_option = NULL;
    for (unsigned i = 0; i < ARRAY_SIZE(own_limits); i++)
        if (strcmp(own_limits[i].program, r->program) == 0)
            *ret_option = own_limits[i].option;
    if (r->limit)
        *ret_option = r->limit;
    if (known(r->bytes))
        return r->bytes;
    vec_for_each (&c->s->heaps, h) {
        if (!known(h->bytes) || strcmp(h->program, r->program) != 0)
            continue;
        *ret_option = h->option;
        return h->bytes;
    }
    return UNKNOWN;
}

static void tell_own_limit(struct rule_context *c, const struct refusal *r, double weight)
{
    const char *option;
    u64 limit = own_limit(c, r, &option);

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight,
                "%s ran into a limit of its own: its heap is full, whatever memory the machine has",
                r->program);
    vec_last(&c->out->items).cause = CAUSE_OWN_LIMIT;
    if (!known(limit)) {
        if (r->limit)
            finding_title(c, "%s ran into a limit of its own, %s: whatever memory the machine has",
                          r->program, r->limit);
        return;
    }
    finding_title(c, "%s ran into a limit of its own%s%s, %s%s: whatever memory the machine has",
                  r->program, option ? ", " : "", option ? option : "", SIZE(limit),
                  c->s->redis_no_eviction && strcmp(r->program, "redis") == 0
                      ? ", where it refuses writes (maxmemory-policy noeviction)"
                      : "");
    evidence(c, "its limit", number_of(limit), IN_BYTES, "the text", "%s", "");
}

/* The nodes or processors that a text shows, as numactl -H has them. */
static void tell_machine(struct rule_context *c)
{
    u64 all = 0;

    for (size_t i = 0; i < c->s->nodes.count && i < 64; i++)
        all |= BIT_ULL(i);
    if (all)
        finding_detail(c, "The machine has node%s %s here.", c->s->nodes.count > 1 ? "s" : "",
                       NODES(all));
}

/* A policy or an affinity was refused: memory lies where it would without. */
static void tell_place(struct rule_context *c, const struct refusal *r)
{
    bool permission = strstr(r->words, "not permitted"), io = strstr(r->words, "nput/output"),
         absent = strstr(r->words, "upport") != NULL;
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", cause_weight(c, 0.45, 100),
                permission ? "%s may not say where its memory is to be (EPERM): it lies where it "
                             "would lie without a policy"
                : io       ? "%s bound memory of which some lies elsewhere and stayed there (EIO)"
                : absent   ? "%s found no NUMA here: there is one node, or the kernel or the "
                             "container does not let it ask"
                           : "%s asked for nodes or processors that it cannot have",
                refused_said(r, name));
    vec_last(&c->out->items).cause = CAUSE_PLACE_REFUSED;
    if (permission)
        finding_detail(c, "In a container mbind and set_mempolicy take CAP_SYS_NICE: \"docker run "
                          "--cap-add SYS_NICE\", or capabilities: add: [SYS_NICE] of the pod.");
    else if (!io && !absent)
        tell_machine(c);
}

/* A limit of the kernel on something else than memory. */
static void tell_setting(struct rule_context *c, const struct refusal *r, double weight)
{
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight,
                strcmp(r->program, "the kernel") == 0
                    ? "%s ran into a limit of its own: %s; that is no lack of memory"
                    : "%s ran into a limit of the kernel: %s; that is no lack of memory",
                refused_said(r, name), r->limit);
    vec_last(&c->out->items).cause = strstr(r->limit, "vmalloc") ? CAUSE_VMALLOC : CAUSE_SETTING;
    if (known(r->bytes))
        evidence(c, "asked for", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
}

/* Whoever runs programs for others ends those that use more than they were given. */
static void tell_platform(struct rule_context *c, const struct refusal *r, double weight)
{
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight, "%s reached its limit of memory (%s)",
                refused_said(r, name), r->limit);
    vec_last(&c->out->items).cause = CAUSE_PLATFORM_QUOTA;
    if (!known(r->bytes))
        return;
    finding_title(c, "%s reached its limit of %s of memory (%s)", refused_said(r, name),
                  SIZE(r->bytes), r->limit);
    if (known(r->used)) {
        finding_title(c, "%s reached its limit of %s of memory (%s): it used %s",
                      refused_said(r, name), SIZE(r->bytes), r->limit, SIZE(r->used));
        evidence(c, "used", number_of(r->used), IN_BYTES, "the text", "%s", "");
    }
    evidence(c, "limit", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
}

/* A device may share the memory of the machine in a text that does not say so. */
static void tell_device(struct rule_context *c, const struct refusal *r, double weight)
{
    finding_add(c, SEV_WARNING, CONF_MEDIUM, "host", weight,
                "%s found the memory of its GPU full: that is the device's own memory, not the "
                "machine's",
                *r->program == 'a' ? "A program" : r->program);
    vec_last(&c->out->items).cause = CAUSE_DEVICE;
    if (is_shared_gpu(c)) {
        vec_last(&c->out->items).cause = CAUSE_SHARED_GPU;
        finding_title(c, "%s got no memory for the GPU, which shares that of the machine: %s",
                      *r->program == 'a' ? "A program" : r->program,
                      known(c->f->available) && known(c->f->total) ? ""
                                                                   : "how much was left, the "
                                                                     "text does not say");
        if (known(c->f->available) && known(c->f->total))
            finding_title(c,
                          "%s got no memory for the GPU, which shares that of the machine: %s of "
                          "%s is available in this text",
                          *r->program == 'a' ? "A program" : r->program, LEFT_SIZE(c->f),
                          SIZE(c->f->total));
        evidence_shown(c, "MemAvailable", number_of(c->f->available), IN_BYTES, "/proc/meminfo");
        evidence_shown(c, "MemTotal", number_of(c->f->total), IN_BYTES, "/proc/meminfo");
    }
    if (known(r->bytes))
        evidence(c, "asked for", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
}

/* Of a limit of tasks: as near as what was refused leaves it. */
#define TASKS_PERCENT 98.0

/* The limit of processes and threads that is used up in this text; NULL. */
static const struct task_limit_view *tasks_used_up(const struct snapshot *s)
{
    const struct task_limit_view *best = NULL;

    vec_for_each (&s->task_limits, t)
        if (share_of(t->used, t->limit) >= TASKS_PERCENT && (!best || t->limit < best->limit))
            best = t;
    return best;
}

/* "cgroup: fork rejected by pids controller in /system.slice/app.service": the kernel names the
 * group. */
static const char *pids_group(const struct snapshot *s)
{
    vec_for_each (&s->refusals, r) {
        const char *at = strstr(r->words, "by pids controller in ");

        if (at)
            return at + strlen("by pids controller in ");
    }
    return NULL;
}

static void tell_tasks(struct rule_context *c, const struct refusal *r, double weight)
{
    const struct task_limit_view *full = tasks_used_up(c->s);
    const char *group = pids_group(c->s);
    char name[sizeof(r->program)], label[96];

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight,
                "%s got no new process or thread: a limit of tasks (ulimit -u, pids.max), not "
                "of memory",
                refused_said(r, name));
    vec_last(&c->out->items).cause = CAUSE_TASK_LIMIT;
    if (full) {
        finding_title(c,
                      "%s got no new process or thread: %s%s%s is used up, %s tasks of %s; that is "
                      "no lack of memory",
                      refused_said(r, name), full->name, *full->of ? " of " : "", full->of,
                      AMOUNT((double)full->used, IN_COUNT), AMOUNT((double)full->limit, IN_COUNT));
        evidence_shown(c, "tasks", number_of(full->used), IN_COUNT, "the text");
        evidence_shown(c, full->name, number_of(full->limit), IN_COUNT, "the text");
        return;
    }
    if (group) {
        finding_title(
            c,
            "%s got no new process or thread: pids.max (TasksMax of a unit) of %s is used "
            "up; that is no lack of memory",
            refused_said(r, name), group_label(label, group));
        return;
    }
    vec_for_each (&c->s->task_limits, t) {
        finding_detail(c, "This text has %s%s%s: %s.", t->name, *t->of ? " of " : "", t->of,
                       AMOUNT((double)t->limit, IN_COUNT));
        evidence_shown(c, t->name, number_of(t->limit), IN_COUNT, "the text");
    }
}

/* long: a row for each kind */
static void tell(struct rule_context *c, const struct refusal *r)
{
    const struct snapshot *s = c->s;
    u64 mode = sysctl_value(s, "vm.overcommit_memory");
    double weight = refused_full_group(c) ? 0.5 : cause_weight(c, 0.5, 100);
    bool strict = known(mode) && mode == STRICT;

    if (refused_is_of_pool(c, r)) {
        refused_tell_pool(c, r);
        return;
    }
    if (refused_is_of_lock(c, r)) {
        refused_tell_lock(c, r);
        return;
    }
    switch (r->kind) {
    case REFUSED_HUGE:
    case REFUSED_POOL: /* rule_hugepages_short.c */
        return;
    case REFUSED_BUS:
        refused_tell_bus(c, r);
        return;
    case REFUSED_LOCK:
        refused_tell_lock(c, r);
        return;
    case REFUSED_PLACE:
        tell_place(c, r);
        return;
    case REFUSED_FORK:
        /* ENOMEM is what older kernels return for a process id that cannot be had, too. */
        if (!refused_full_group(c) && (tasks_used_up(s) || pids_group(s))) {
            tell_tasks(c, r, weight);
            return;
        }
        finding_add(
            c, SEV_WARNING, CONF_HIGH, "host", weight,
            "The kernel refused %s a fork: it would not promise a second copy of its memory%s",
            r->program, strict ? " (vm.overcommit_memory=2)" : "");
        break;
    case REFUSED_FORK_RISK:
        finding_add(
            c, SEV_INFO, CONF_MEDIUM, "host", 0.4,
            "%s warns that the fork for its snapshot may be refused: vm.overcommit_memory is 0",
            r->program);
        if (strstr(r->words, "Transparent Huge Pages"))
            finding_title(
                c,
                "%s warns that transparent huge pages are on: they cost it time and memory "
                "when it forks for a snapshot",
                r->program);
        break;
    case REFUSED_TASKS:
        tell_tasks(c, r, weight);
        return;
    case REFUSED_SHM:
        finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight,
                    "%s found its shared memory full: /dev/shm is too small (in a container 64 MiB "
                    "by default)",
                    r->program);
        vec_last(&c->out->items).cause = CAUSE_SHM_MOUNT;
        return;
    case REFUSED_HEAP:
        tell_own_limit(c, r, weight);
        return;
    case REFUSED_RING:
        refused_tell_ring(c, r);
        return;
    case REFUSED_DEVICE:
        tell_device(c, r, weight);
        return;
    case REFUSED_SETTING:
        tell_setting(c, r, weight);
        return;
    case REFUSED_PLATFORM:
        tell_platform(c, r, weight);
        return;
    case REFUSED_BROKEN:
        finding_add(c, SEV_WARNING, CONF_HIGH, "host", 1,
                    "A page of memory is broken (a hardware error), and the kernel ended %s for "
                    "it: that is no lack of memory",
                    strcmp(r->program, "a program") == 0 ? "who used it" : r->program);
        vec_last(&c->out->items).cause = CAUSE_BROKEN;
        return;
    case REFUSED_SWAP:
        finding_add(c, SEV_WARNING, CONF_HIGH, "host", 0.5,
                    "The swap device failed: pages could not be %s it",
                    strstr(r->words, "Read-error") ? "read from" : "written to");
        vec_last(&c->out->items).cause = CAUSE_SWAP_DEVICE;
        if (strcmp(r->program, "zram") == 0)
            finding_title(c,
                          "zram got no memory for the pages that it was to compress: the machine "
                          "had none left to swap with");
        finding_detail(c, "Programs whose pages were there die of SIGBUS. The device's own errors "
                          "stand before such lines; for zram it is memory that ran out.");
        return;
    case REFUSED_PRESSURE:
        finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.3,
                    "%s was told of memory pressure and gave up its caches; who needed the memory, "
                    "is not in this text",
                    strcmp(r->program, "a program") == 0 ? "A daemon" : r->program);
        return;
    case REFUSED_REQUEST:
        finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight,
                    *r->program == 'a'
                        ? "No node has as much memory left to promise as a pod requests: requests "
                          "count here, not use"
                        : "%s asks for more memory than the machine has",
                    r->program);
        if (*r->program == 'a') {
            vec_last(&c->out->items).cause = CAUSE_UNSCHEDULED;
            /* It follows from what others took or lost, of which lines may be missing. */
            vec_last(&c->out->items).confidence = CONF_MEDIUM;
        }
        if (known(r->bytes))
            evidence(c, "asked for", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
        return;
    case REFUSED_SAID:
        finding_add(c, SEV_WARNING, CONF_LOW, "host", 0.3,
                    "%s says that memory ran out; whose limit that was, is not in this text",
                    strcmp(r->program, "a program") == 0 ? "A program" : r->program);
        return;
    case REFUSED_COMMIT:
    case NR_REFUSAL_KINDS:
        finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight,
                    "The kernel refused %s%s%s memory (ENOMEM)%s", r->program,
                    known(r->bytes) ? " " : "", known(r->bytes) ? SIZE(r->bytes) : "",
                    strict ? ": promises are at their limit (vm.overcommit_memory=2)"
                    : left_is_scarce(c->f) ? ": little is left"
                                           : "");
        compare_sizes(c, r);
        break;
    }
    tell_full_group(c, r);
    tell_address_limit(c, r);
    tell_reason(c, r);
    tell_heap(c, r);
    if (known(r->bytes))
        evidence(c, "asked for", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
}

/* As near to vm.max_map_count as a process gets that is refused. */
#define MAPS_PERCENT 99.0
#define MAPS_DEFAULT 65530u

/* Does a process of this text have all the mappings that it may have? */
static bool mappings_used_up(const struct snapshot *s, u64 *ret_limit)
{
    u64 limit = sysctl_value(s, "vm.max_map_count");

    *ret_limit = known(limit) ? limit : MAPS_DEFAULT;
    return known(s->maps_counted) && share_of(s->maps_counted, *ret_limit) >= MAPS_PERCENT &&
           (known(limit) || s->maps_counted <= MAPS_DEFAULT + 2);
}

/* A refusal for want of address space or a mapping, beside a process that has all its mappings:
 * that is why. */
static bool tell_mappings(struct rule_context *c, const struct refusal *r)
{
    bool may_be = !r || r->kind == REFUSED_COMMIT || r->kind == REFUSED_TASKS ||
                  r->kind == REFUSED_SETTING || r->kind == REFUSED_SAID || r->kind == REFUSED_FORK;
    char name[sizeof(r->program)] = "", whose[32] = "its process";
    u64 limit;

    if (!may_be || !mappings_used_up(c->s, &limit))
        return false;
    if (r)
        refused_said(r, name);
    if (c->s->maps_pid)
        snprintf(whose, sizeof(whose), "process %u", c->s->maps_pid);
    finding_add(
        c, SEV_WARNING, r ? CONF_HIGH : CONF_MEDIUM, "host", 0.7,
        "%s ran into vm.max_map_count: %s has %s mappings, and %s are allowed%s; that is no "
        "lack of memory",
        r ? name : "A program", whose, AMOUNT((double)c->s->maps_counted, IN_COUNT),
        AMOUNT((double)limit, IN_COUNT),
        known(sysctl_value(c->s, "vm.max_map_count")) ? "" : " by default");
    vec_last(&c->out->items).cause = CAUSE_SETTING;
    if (c->s->maps_pid)
        evidence_shown(c, "pid", c->s->maps_pid, IN_ID, "the text");
    evidence_shown(c, "mappings", (double)c->s->maps_counted, IN_COUNT, "/proc/PID/maps");
    evidence_shown(c, "vm.max_map_count", (double)limit, IN_COUNT, "/proc/sys/vm/max_map_count");
    finding_detail(c,
                   "mmap, mprotect and a new thread's stack then fail with ENOMEM, however much "
                   "is free. Raise it (sysctl -w vm.max_map_count=262144), or find what makes so "
                   "many: an allocator's arenas, stacks of threads, mapped files.");
    return true;
}

/* Somebody tells more than that memory ran out: a kill, or whom. */
static bool is_told(const struct rule_context *c)
{
    vec_for_each (&c->incidents->items, i)
        if (i->e->kind != LOG_SIGKILLED && i->e->kind != LOG_NODE_TOLD)
            return true;
    return false;
}

void rule_memory_refused(struct rule_context *c)
{
    const struct refusal *r = choose(c->s);

    if (wants_host(c) && tell_mappings(c, r)) {
        if (r)
            finding_detail(c, "\"%s\"", r->words);
        return;
    }
    if (!wants_host(c) || !r || (r->kind == REFUSED_SAID && is_told(c)) ||
        allocation_failure_explains(c, r))
        return;
    tell(c, r);
    finding_detail(c, "\"%s\"%s", r->words, c->s->refusals.count > 1 ? ", and more like it" : "");
}
