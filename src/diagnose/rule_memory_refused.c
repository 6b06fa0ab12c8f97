/* rule_memory_refused.c - a program says that it got no memory: who refused it, and why that may be. */
#include "diagnose/cause.h"
#include "diagnose/locality.h"
#include "diagnose/refused.h"

#include <stdio.h>
#include <string.h>

#define STRICT       2 /* vm.overcommit_memory */
/* The last promise before the limit is the one that is refused: it need not be there any more. */
#define NEAR_PERCENT 90.0
/* Of a group's limit: as much as reclaim in it leaves. */
#define FULL_PERCENT 98.0

/* "No available 1048576 kB hugepages reported", "No free hugepages reported in hugepages-1048576kB", "Insufficient hugepages-1Gi": the size
 * that the words name; UNKNOWN. */
static u64 page_named(const char *words)
{
    const char *at = strstr(words, " kB hugepages"), *size = strstr(words, "hugepages-");
    u64 kb = 0, scale = 1;

    if (!at && size) {
        size += strlen("hugepages-");
        at = size + strspn(size, "0123456789");
        if (strncmp(at, "kB", 2) != 0)
            at = NULL;
    }

    if (strstr(words, "hugepages-1Gi"))
        return GIB;
    if (strstr(words, "hugepages-2Mi"))
        return 2 * MIB;
    while (at && at > words && at[-1] >= '0' && at[-1] <= '9' && scale < UINT32_MAX) {
        kb += scale * (u64)(*--at - '0');
        scale *= 10;
    }
    return kb ? kb * KIB : UNKNOWN;
}

/* DPDK tells of each size that it has no page of, as information beside a pool of another size that has some. */
static bool is_of_other_size(const struct snapshot *s, const struct refusal *r)
{
    u64 named = page_named(r->words), size = s->meminfo[MI_HUGE_PAGE_SIZE],
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

/* Of two of a kind the one that says who it was. */
static bool is_better_named(const struct refusal *r, const struct refusal *best)
{
    return r->kind == best->kind && strcmp(best->program, "a program") == 0 &&
           strcmp(r->program, "a program") != 0;
}

static const struct refusal *choose(const struct snapshot *s)
{
    /* What was refused by the kernel says more than a program's own limit, and that more than a warning. */
    static const unsigned worth[NR_REFUSAL_KINDS] = {
        [REFUSED_COMMIT] = 4,   [REFUSED_FORK] = 5,  [REFUSED_FORK_RISK] = 1, [REFUSED_TASKS] = 4,
        [REFUSED_SHM] = 4,      [REFUSED_HUGE] = 5,  [REFUSED_HEAP] = 3,      [REFUSED_DEVICE] = 3,
        [REFUSED_REQUEST] = 2,  [REFUSED_SAID] = 0,  [REFUSED_LOCK] = 6,      [REFUSED_BUS] = 2,
        [REFUSED_SETTING] = 7,  [REFUSED_SWAP] = 2,  [REFUSED_PLATFORM] = 6,  [REFUSED_BROKEN] = 8,
        [REFUSED_PRESSURE] = 0, [REFUSED_PLACE] = 1,
    };
    const struct refusal *best = NULL;

    vec_for_each (&s->refusals, r) {
        /* A JVM says "insufficient memory" of a thread too; the line that says what failed says more. */
        bool told = best && r->kind == REFUSED_TASKS && best->kind == REFUSED_COMMIT &&
                    !known(best->bytes) && strcmp(r->program, best->program) == 0;
        if (r->kind == REFUSED_POOL || is_of_other_size(s, r))
            continue;
        bool more = told || !best || worth[r->kind] > worth[best->kind] ||
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

/* A group of this text that stands at its limit: what a new process takes is charged there. NULL. */
static const struct cgroup_view *full_group(const struct rule_context *c)
{
    vec_for_each (&c->s->cgroups, g)
        if (!g->is_root && known(g->max) && g->max < NO_LIMIT &&
            share_of(g->current, g->max) >= FULL_PERCENT)
            return g;
    return NULL;
}

static void tell_full_group(struct rule_context *c, const struct refusal *r)
{
    const struct cgroup_view *g = full_group(c);

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

/* What the limits are called that programs set themselves, as far as a message of theirs has the size. */
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
    finding_title(c, "%s ran into a limit of its own%s%s, %s: whatever memory the machine has",
                  r->program, option ? ", " : "", option ? option : "", SIZE(limit));
    evidence(c, "its limit", number_of(limit), IN_BYTES, "the text", "%s", "");
}

/* The pool of one size of pages. */
struct pool {
    u64 page;        /* bytes */
    u64 total, left; /* pages; left: neither in use nor promised */
    u64 free, promised;
    const char *from;
};

static u64 less(u64 a, u64 b)
{
    return known(a) ? a - MIN(a, figure_or(b, 0)) : UNKNOWN;
}

static struct pool pool_of(const struct snapshot *s, u64 page)
{
    const u64 *m = s->meminfo;
    struct pool p = {.page = m[MI_HUGE_PAGE_SIZE],
                     .total = m[MI_HUGE_PAGES_TOTAL],
                     .free = m[MI_HUGE_PAGES_FREE],
                     .promised = m[MI_HUGE_PAGES_RSVD],
                     .left = less(m[MI_HUGE_PAGES_FREE], m[MI_HUGE_PAGES_RSVD]),
                     .from = "/proc/meminfo"};

    if (!known(page) || page == p.page)
        return p;
    vec_for_each (&s->huge, h)
        if (h->page_bytes == page)
            return (struct pool){page,    h->total,    less(h->free, h->reserved),
                                 h->free, h->reserved, part_names[PART_HUGEPAGES]};
    return (struct pool){page, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "the message"};
}

static u64 pool_left_bytes(const struct pool *p)
{
    u64 bytes;

    return known(p->left) && known(p->page) && !__builtin_mul_overflow(p->left, p->page, &bytes)
               ? bytes
               : UNKNOWN;
}

/* "postgres", "A DPDK program". */
static const char *said(const struct refusal *r, char buf[static sizeof(r->program)])
{
    snprintf(buf, sizeof(r->program), "%s", r->program);
    if (strncmp(buf, "the ", 4) == 0)
        buf[0] = 'T';
    if (buf[0] == 'a' && (buf[1] == ' ' || (buf[1] == 'n' && buf[2] == ' ')))
        buf[0] = 'A';
    return buf;
}

/* DPDK asks the pool of each node. */
static void tell_socket(struct rule_context *c, const struct refusal *r)
{
    const char *at = strstr(r->words, "on socket ");
    unsigned node;

    if (at && sscanf(at, "on socket %3u", &node) == 1)
        finding_detail(
            c,
            "It asked for pages of node %u: those of "
            "/sys/devices/system/node/node%u/hugepages, which a write to the nr_hugepages "
            "there adds to.",
            node, node);
}

/* After a fork parent and child share pages of a private mapping. Who reserved them gets its copy of the pool; when that is empty, the page
 * is taken from the other, who is ended on its next touch. */
static bool is_of_fork(const struct refusal *r)
{
    return strstr(r->words, "killed due to inadequate hugepage pool") != NULL;
}

/* Promised pages are free and taken: what the pool has left is less than HugePages_Free. */
static void tell_pool(struct rule_context *c, const struct refusal *r, const char *what)
{
    const struct pool p = pool_of(c->s, page_named(r->words));
    u64 bytes = pool_left_bytes(&p), needed;
    char name[sizeof(r->program)];
    bool giant = known(p.page) && p.page >= GIB;

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", cause_weight(c, 0.5, 100),
                "%s %s: the pool%s %s", said(r, name), what,
                giant ? " of 1 GiB pages" : " (vm.nr_hugepages)",
                is_of_fork(r)  ? "had none left for the other's copy"
                : p.total == 0 ? "is empty"
                : p.left == 0  ? "has none left"
                               : "has too few");
    vec_last(&c->out->items).cause = CAUSE_POOL_SHORT;
    if (known(r->bytes)) {
        finding_detail(c, "It asked for %s.", SIZE(r->bytes));
        evidence(c, "asked for", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
    }
    if (known(r->bytes) && known(p.page) && p.page && known(p.left)) {
        needed = r->bytes / p.page + (r->bytes % p.page != 0);
        finding_detail(c, "That is %s pages of %s, and %s are neither in use nor promised.",
                       AMOUNT(number_of(needed), IN_COUNT), SIZE(p.page),
                       AMOUNT(number_of(p.left), IN_COUNT));
        evidence(c, "pages asked for", number_of(needed), IN_COUNT, "the message", "%s", "");
        evidence_shown(c, "pages left of the pool", number_of(p.left), IN_COUNT, p.from);
        evidence_shown(c, "size of a page", number_of(p.page), IN_BYTES, p.from);
    } else if (known(bytes) && known(p.total) && p.total > 0) {
        finding_detail(c, "%s of the pool is neither in use nor promised.", SIZE(bytes));
    }
    if (giant)
        finding_detail(c, "Pages of 1 GiB are had at boot (hugepagesz=1G hugepages=N on the "
                          "kernel's command line), and hardly ever later.");
    tell_socket(c, r);
    evidence_shown(c, "left of the pool", number_of(bytes), IN_BYTES, p.from);
    evidence_shown(c, "HugePages_Total", number_of(p.total), IN_COUNT, p.from);
    evidence_shown(c, "HugePages_Free", number_of(p.free), IN_COUNT, p.from);
    evidence_shown(c, "HugePages_Rsvd", number_of(p.promised), IN_COUNT, p.from);
}

/* PostgreSQL's words for a refused segment are the same with and without huge pages: a pool that has less left than it asked for,
 * while memory is not short as far as the text says, tells which. */
static bool is_of_pool(const struct rule_context *c, const struct refusal *r)
{
    const struct pool p = pool_of(c->s, UNKNOWN);
    u64 left = pool_left_bytes(&p);

    return r->kind == REFUSED_HUGE ||
           (r->kind == REFUSED_COMMIT && strcmp(r->program, "postgres") == 0 && known(p.total) &&
            p.total > 0 && known(left) && known(r->bytes) && left < r->bytes &&
            (!known(c->f->available) || r->bytes < c->f->available));
}

/* SIGBUS has several causes; a pool that is used up is one that shows. */
static void tell_bus(struct rule_context *c, const struct refusal *r)
{
    const struct pool p = pool_of(c->s, UNKNOWN);
    char name[sizeof(r->program)];

    if (known(p.total) && p.total > 0 && p.left == 0) {
        tell_pool(c, r,
                  "was ended by SIGBUS (signal 7), as who touches a huge page that cannot be had");
        return;
    }
    finding_add(c, SEV_WARNING, CONF_LOW, "host", 0.35,
                "%s was ended by SIGBUS (signal 7): a page of what it had mapped could not be had",
                said(r, name));
    finding_detail(c, "That is a full /dev/shm or file system behind the mapping, a file that was "
                      "cut short, a pool of huge pages without a free page or a limit of it "
                      "(hugetlb.*.max), or broken memory. It is no kill for want of memory.");
}

static void tell_lock(struct rule_context *c, const struct refusal *r)
{
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", cause_weight(c, 0.5, 100),
                "%s could not lock memory: its limit (RLIMIT_MEMLOCK, ulimit -l) is too small, "
                "whatever the machine has",
                said(r, name));
    vec_last(&c->out->items).cause = CAUSE_LOCK_LIMIT;
    if (!known(r->bytes))
        return;
    finding_detail(c, "The limit is %s.", SIZE(r->bytes));
    evidence(c, "limit of locked memory", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
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
                said(r, name));
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
                said(r, name), r->limit);
    vec_last(&c->out->items).cause = CAUSE_SETTING;
    if (known(r->bytes))
        evidence(c, "asked for", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
}

/* Whoever runs programs for others ends those that use more than they were given. */
static void tell_platform(struct rule_context *c, const struct refusal *r, double weight)
{
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight, "%s reached its limit of memory (%s)",
                said(r, name), r->limit);
    vec_last(&c->out->items).cause = CAUSE_PLATFORM_QUOTA;
    if (!known(r->bytes))
        return;
    finding_title(c, "%s reached its limit of %s of memory (%s)", said(r, name), SIZE(r->bytes),
                  r->limit);
    evidence(c, "limit", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
}

static void tell_device(struct rule_context *c, const struct refusal *r, double weight)
{
    finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight,
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

/* "cgroup: fork rejected by pids controller in /system.slice/app.service": the kernel names the group. */
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
                said(r, name));
    vec_last(&c->out->items).cause = CAUSE_TASK_LIMIT;
    if (full) {
        finding_title(c,
                      "%s got no new process or thread: %s%s%s is used up, %s tasks of %s; that is "
                      "no lack of memory",
                      said(r, name), full->name, *full->of ? " of " : "", full->of,
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
            said(r, name), group_label(label, group));
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
    double weight = full_group(c) ? 0.5 : cause_weight(c, 0.5, 100);
    bool strict = known(mode) && mode == STRICT;

    if (is_of_pool(c, r)) {
        tell_pool(c, r,
                  is_of_fork(r) ? "was ended by SIGBUS for a huge page that it shared after a fork"
                                : "did not get its huge pages");
        return;
    }
    switch (r->kind) {
    case REFUSED_HUGE:
    case REFUSED_POOL: /* rule_hugepages_short.c */
        return;
    case REFUSED_BUS:
        tell_bus(c, r);
        return;
    case REFUSED_LOCK:
        tell_lock(c, r);
        return;
    case REFUSED_PLACE:
        tell_place(c, r);
        return;
    case REFUSED_FORK:
        /* ENOMEM is what older kernels return for a process id that cannot be had, too. */
        if (!full_group(c) && (tasks_used_up(s) || pids_group(s))) {
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
        break;
    case REFUSED_TASKS:
        tell_tasks(c, r, weight);
        return;
    case REFUSED_SHM:
        finding_add(c, SEV_WARNING, CONF_HIGH, "host", weight,
                    "%s found its shared memory full: /dev/shm is too small (in a container 64 MiB "
                    "by default)",
                    r->program);
        return;
    case REFUSED_HEAP:
        tell_own_limit(c, r, weight);
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

    if (!wants_host(c) || !r || (r->kind == REFUSED_SAID && is_told(c)) ||
        allocation_failure_explains(c, r))
        return;
    tell(c, r);
    finding_detail(c, "\"%s\"%s", r->words, c->s->refusals.count > 1 ? ", and more like it" : "");
}
