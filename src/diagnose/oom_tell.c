/* oom_tell.c - the cause of a kill as one line, and the sentences below it.
 *
 * A sentence takes each figure through oom_figure(), which makes it evidence: nothing is said that is not shown. Figures are taken before the
 * sentence that has them, one by one, because C does not order arguments.
 */
#include "diagnose/oom_tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Younger than this, whoever looks has probably been called because of it. */
#define OOM_NOW_S    600.0
/* A program with this share of what all hold is named as the one that filled memory. */
#define CULPRIT      0.35
/* Swap with less than this share free is full. */
#define SWAP_FULL    0.05
/* A victim with this share of what the largest holds stands for it. */
#define VICTIM_SMALL 0.5
/* The largest process of a machine that holds less does not explain why its memory is full. */
#define HOLDS_LITTLE (32 * MIB)

struct telling {
    struct rule_context *c;
    const struct incident *i;
    const struct oom_facts *f;
    const struct log_event *e;
    const struct oom_ruling *ruling;
};

enum severity oom_severity(double age_s, double warning_s)
{
    if (age_s <= OOM_NOW_S)
        return SEV_CRITICAL;
    /* Of unknown age: it is in the log that is kept, so it is worth a look. */
    return isnan(age_s) || age_s <= warning_s ? SEV_WARNING : SEV_INFO;
}

char *oom_where(char buf[160], const struct snapshot *s, const struct log_event *e,
                enum oom_part part)
{
    struct klog_place place = e->kill;

    if (part < NR_OOM_PARTS && oom_has(e->report, part))
        place = e->report->place[part];
    else if (part < NR_OOM_PARTS && part != OOM_PART_KILL && part != OOM_PART_CHOICE)
        place = e->stamp.place;
    if (place.line == 0)
        snprintf(buf, 160, "%s", part_names[PART_KERNEL_LOG]);
    else if (place.file < s->log_files.count && *s->log_files.items[place.file])
        snprintf(buf, 160, "%.140s:%u", s->log_files.items[place.file], place.line);
    else
        snprintf(buf, 160, "%s, line %u", part_names[PART_KERNEL_LOG], place.line);
    return buf;
}

char *oom_figure(char buf[48], struct rule_context *c, const struct log_event *e,
                 enum oom_part part, const char *name, double number, enum evidence_unit unit)
{
    const struct finding *f = &vec_last(&c->out->items);
    char where[160];

    format_evidence(buf, number, unit);
    vec_for_each (&f->evidence, known_one)
        if (strcmp(known_one->name, name) == 0 && known_one->number == number)
            return buf;
    evidence(c, name, number, unit, oom_where(where, c->s, e, part), "%s", "");
    return buf;
}

#define BYTES(part, name, bytes) \
    oom_figure((char[48]){0}, t->c, t->e, OOM_PART_##part, name, number_of(bytes), IN_BYTES)
#define COUNT(part, name, count) \
    oom_figure((char[48]){0}, t->c, t->e, OOM_PART_##part, name, number_of(count), IN_COUNT)
#define PERCENT(part, name, percent) \
    oom_figure((char[48]){0}, t->c, t->e, OOM_PART_##part, name, percent, IN_PERCENT)

/* --- phrases ---------------------------------------------------------------------------------------------------------------- */

/* "; there is no swap", ", and swap (2.0 GiB) is full", "; 1.5 GiB of swap was free", "". */
static void say_swap(const struct telling *t, struct strbuf *out)
{
    const struct oom_facts *f = t->f;

    if (!known(f->swap_total) || f->swap_total >= NO_LIMIT || !known(f->swap_free))
        return;
    if (f->swap_total == 0) {
        strbuf_append(out, f->of_group ? "; it may not swap" : "; there is no swap");
    } else if ((double)f->swap_free <= SWAP_FULL * (double)f->swap_total) {
        strbuf_printf(out, ", and swap (%s) is full", BYTES(SWAP, "swap", f->swap_total));
    } else {
        strbuf_printf(out, "; %s of swap was free", BYTES(SWAP, "free swap", f->swap_free));
    }
}

/* "java", "php-fpm (24 processes)" */
static void say_program(const struct telling *t, struct strbuf *out, const struct oom_program *p)
{
    strbuf_append(out, *p->name ? p->name : "a process without a name");
    if (p->processes > 1)
        strbuf_printf(out, " (%s processes)", COUNT(TASKS, "processes of that name", p->processes));
}

static const char *label_of(char buf[96], const char *path)
{
    return path ? group_label(buf, path) : "a cgroup that the log does not name";
}

/* "the limit of pod 1234 (16.2 GiB)" */
static void say_limit(const struct telling *t, struct strbuf *out)
{
    u64 limit = t->e->limit;
    char label[96];

    strbuf_printf(out, "the limit of %s", label_of(label, t->e->oom_memcg));
    if (known(limit) && limit < NO_LIMIT)
        strbuf_printf(out, " (%s)", BYTES(LIMIT, "limit", limit));
}

/* What the victim held: resident and its own; UNKNOWN. */
static u64 victim_bytes(const struct telling *t)
{
    const struct oom_candidate *v = t->f->victim;

    u64 own = known(t->e->anon_rss) ? t->e->anon_rss + figure_or(t->e->shmem_rss, 0) : UNKNOWN;

    if (known(own))
        return own ? own : figure_or(t->e->file_rss, 0);
    return v ? v->rss : UNKNOWN;
}

/* "java (pid 7), which held 7.8 GiB," */
static void say_victim(const struct telling *t, struct strbuf *out)
{
    u64 bytes = victim_bytes(t);

    if (!*t->e->comm && !t->e->pid) {
        strbuf_append(out, "a process that the text does not name");
        return;
    }
    strbuf_append(out, t->e->comm);
    if (t->e->pid)
        strbuf_printf(out, " (pid %u)", t->e->pid);
    if (known(bytes))
        strbuf_printf(out, ", which held %s,", BYTES(KILL, "memory of the victim", bytes));
}

/* "; the allocation came from htab_map_alloc: BPF maps" */
static void say_frame(const struct telling *t, struct strbuf *out)
{
    if (t->ruling->frame && t->ruling->hint)
        strbuf_printf(out, "; the allocation came from %s: %s", t->ruling->frame, t->ruling->hint);
}

/* " of 15.5 GiB" */
static void say_of_total(const struct telling *t, struct strbuf *out)
{
    if (known(t->f->total))
        strbuf_printf(out, " of %s",
                      t->f->of_group ? BYTES(LIMIT, "usage", t->f->total)
                                     : BYTES(RAM, "managed memory", t->f->total));
}

/* --- titles: the machine -------------------------------------------------------------------------------------------------------- */

static void title_anon(const struct telling *t, struct strbuf *out)
{
    const struct oom_program *p = t->ruling->program;
    const struct oom_facts *f = t->f;
    u64 all = MAX(f->programs_bytes, figure_or(f->anon, 0));
    bool one = p && all && (double)p->bytes >= CULPRIT * (double)all;

    if (one) {
        say_program(t, out, p);
        if (f->of_group) {
            strbuf_append(out, " filled ");
            say_limit(t, out);
        } else {
            strbuf_append(out, " filled memory");
        }
        strbuf_printf(out, ": it holds %s", BYTES(TASKS, "held by the largest program", p->bytes));
        if (p->swap > p->bytes / 16)
            strbuf_printf(out, " (%s of it in swap)",
                          BYTES(TASKS, "in swap of the largest program", p->swap));
        if (!f->of_group)
            say_of_total(t, out);
    } else {
        strbuf_append(out, "programs together filled ");
        if (f->of_group)
            say_limit(t, out);
        else
            strbuf_append(out, "memory");
        if (known(f->anon)) {
            strbuf_printf(out, ": %s anonymous",
                          f->of_group ? BYTES(GROUP_STATS, "anonymous memory", f->anon)
                                      : BYTES(MEM_INFO, "anonymous memory", f->anon));
            say_of_total(t, out);
        }
        if (p) {
            strbuf_append(out, "; the largest is ");
            say_program(t, out, p);
            strbuf_printf(out, " with %s", BYTES(TASKS, "held by the largest program", p->bytes));
        }
    }
    say_swap(t, out);
}

static void title_no_counter(const struct telling *t, struct strbuf *out)
{
    const struct oom_facts *f = t->f;

    if (known(f->balloon) && f->balloon >= t->ruling->bytes) {
        strbuf_printf(out, "the hypervisor's balloon holds %s",
                      BYTES(MEM_INFO, "balloon", f->balloon));
        say_of_total(t, out);
        return;
    }
    strbuf_append(out, BYTES(MEM_INFO, "in no counter", f->uncounted));
    say_of_total(t, out);
    strbuf_printf(out, " (%s) is in no counter of the kernel",
                  PERCENT(MEM_INFO, "share in no counter", share_of(f->uncounted, f->total)));
    if (known(f->anon))
        strbuf_printf(out, "; programs hold %s", BYTES(MEM_INFO, "anonymous memory", f->anon));
    say_frame(t, out);
}

static void title_slab(const struct telling *t, struct strbuf *out)
{
    const struct oom_slab *slab = t->ruling->slab;
    bool reclaimable = figure_or(t->f->slab_r, 0) > figure_or(t->f->slab_u, 0);

    strbuf_printf(out, "kernel slab holds %s",
                  t->f->of_group ? BYTES(GROUP_STATS, "slab", t->ruling->bytes)
                                 : BYTES(MEM_INFO, "slab", t->ruling->bytes));
    if (t->f->of_group) {
        strbuf_append(out, " of ");
        say_limit(t, out);
    } else {
        say_of_total(t, out);
    }
    if (reclaimable)
        strbuf_append(out, ", most of it reclaimable (dentries and inodes)");
    else if (slab && slab->total >= t->ruling->bytes / 10)
        strbuf_printf(out, ", most of it in %s (%s)", slab->name,
                      BYTES(SLABS, slab->name, slab->total));
    strbuf_append(out, ": no program owns it");
}

static void title_node(const struct telling *t, struct strbuf *out)
{
    const struct oom_report *r = t->f->r;
    const char *nodes = r && r->mems_allowed && *r->mems_allowed ? r->mems_allowed : NULL;

    bool policy = strcmp(t->e->constraint, "CONSTRAINT_MEMORY_POLICY") == 0;

    if (r && r->nodemask && *r->nodemask >= '0' && *r->nodemask <= '9') {
        nodes = r->nodemask;
        policy = true;
    }
    strbuf_printf(out, "%s allows ", policy ? "the memory policy" : "the cpuset");
    if (nodes)
        strbuf_printf(out, "node %s only", nodes);
    else
        strbuf_append(out, "some nodes only");
    if (t->f->only_movable_zones) {
        strbuf_append(out, ", and they have only Movable zones, which this allocation cannot use");
        if (known(t->f->free))
            strbuf_printf(out, ": %s are free", BYTES(MEM_INFO, "free", t->f->free));
    } else if (known(t->ruling->bytes)) {
        strbuf_printf(out, ", which %s full; %s are free on others",
                      nodes && strpbrk(nodes, "-,") ? "are" : "is",
                      BYTES(ZONES, "free on other nodes", t->ruling->bytes));
    } else if (known(t->f->free) && known(t->f->total) && t->f->free > t->f->total / 20) {
        strbuf_printf(out, "; the machine has %s free", BYTES(MEM_INFO, "free", t->f->free));
    } else {
        strbuf_append(out, ": the machine as a whole need not have been full");
    }
}

/* The largest zone that this allocation may use. */
static const char *low_zone(const struct oom_facts *f)
{
    const char *name = "the low zones";
    u64 best = 0;

    vec_for_each (&f->r->zones, z) {
        bool low = strcmp(z->name, "DMA") == 0 || strcmp(z->name, "DMA32") == 0 ||
                   (strcmp(z->name, "Normal") == 0 && !(f->r->gfp_mask & 0x05));

        if (low && known(z->figures[OOM_MANAGED]) && z->figures[OOM_MANAGED] > best) {
            best = z->figures[OOM_MANAGED];
            name = z->name;
        }
    }
    return name;
}

static void title_useless(const struct telling *t, struct strbuf *out)
{
    const struct oom_facts *f = t->f;

    switch (t->ruling->cause) {
    case CAUSE_ZONE:
        strbuf_printf(out,
                      "low memory (zone %s) is full; %s is free in zones that this allocation "
                      "may not use",
                      low_zone(f), BYTES(ZONES, "free in other zones", f->free_zones));
        break;
    case CAUSE_CMA:
        strbuf_append(out, BYTES(ZONES, "free CMA", f->free_cma));
        strbuf_printf(out,
                      " of %s free is reserved for contiguous memory (CMA), which this "
                      "allocation may not use",
                      BYTES(MEM_INFO, "free", f->free));
        break;
    case CAUSE_ORDER: {
        u64 block = f->r->page_bytes << MIN(f->r->order, 20u);

        strbuf_printf(out, "no free block of %s (order %u)", BYTES(INVOKED, "block", block),
                      f->r->order);
        strbuf_printf(out, ": %s is free, in blocks of at most", BYTES(ZONES, "free", f->free));
        strbuf_printf(out, " %s", BYTES(FREE_LISTS, "largest free block", f->largest_block));
        break;
    }
    default:
        strbuf_printf(out, "memory was free: %s", BYTES(MEM_INFO, "free", f->free));
        say_of_total(t, out);
        if (known(f->file) && f->file > f->free / 4)
            strbuf_printf(out, ", and %s of file cache", BYTES(MEM_INFO, "file cache", f->file));
        strbuf_append(out, f->r->zones.count
                               ? "; this kill is not for lack of memory"
                               : "; what of it this allocation could use, the text does not say");
        break;
    }
}

/* A holder that is one figure. */
static bool title_holder(const struct telling *t, struct strbuf *out)
{
    static const struct {
        enum oom_cause cause;
        const char *words, *name;
    } holders[] = {
        {CAUSE_SHMEM, "tmpfs and shared memory hold", "shared memory"},
        {CAUSE_PAGE_TABLES, "page tables hold", "page tables"},
        {CAUSE_STACKS, "kernel stacks hold", "kernel stacks"},
        {CAUSE_HUGETLB, "the pool of huge pages holds", "huge page pool"},
        {CAUSE_DIRTY, "file cache that waits to be written holds", "file cache"},
        {CAUSE_LOCKED, "locked memory (mlock, ramfs) holds", "locked memory"},
        {CAUSE_FILE_CACHE, "file cache that could not be dropped holds", "file cache"},
        {CAUSE_GROUP_KERNEL, "kernel memory that is charged to the group holds", "kernel memory"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(holders); i++) {
        if (holders[i].cause != t->ruling->cause)
            continue;
        strbuf_printf(out, "%s %s",
                      t->ruling->cause == CAUSE_FILE_CACHE && !known(t->f->shmem)
                          ? "file cache or tmpfs (the text does not say which) holds"
                          : holders[i].words,
                      t->f->of_group ? BYTES(GROUP_STATS, holders[i].name, t->ruling->bytes)
                                     : BYTES(MEM_INFO, holders[i].name, t->ruling->bytes));
        if (t->f->of_group) {
            strbuf_append(out, " of ");
            say_limit(t, out);
        } else {
            say_of_total(t, out);
        }
        if (t->ruling->cause == CAUSE_DIRTY)
            strbuf_printf(out, ", %s of it dirty",
                          t->f->of_group ? BYTES(GROUP_STATS, "dirty", t->f->dirty)
                                         : BYTES(MEM_INFO, "dirty", t->f->dirty));
        if (t->ruling->cause == CAUSE_SHMEM || t->ruling->cause == CAUSE_HUGETLB)
            say_swap(t, out);
        return true;
    }
    return false;
}

/* --- titles: a group ---------------------------------------------------------------------------------------------------------------- */

static void title_program_limit(const struct telling *t, struct strbuf *out)
{
    const struct oom_program *p = t->ruling->program;

    if (t->ruling->cause == CAUSE_GUEST) {
        say_limit(t, out);
        strbuf_append(out, " is too small for a guest's RAM and its overhead: ");
        say_program(t, out, p);
        strbuf_printf(out, " alone holds %s",
                      BYTES(TASKS, "held by the largest program", p->bytes));
        return;
    }
    say_program(t, out, p);
    strbuf_append(out, " needs more than ");
    say_limit(t, out);
    strbuf_printf(out, ": it holds %s", BYTES(TASKS, "held by the largest program", p->bytes));
}

static void title_limit(const struct telling *t, struct strbuf *out)
{
    char label[96];

    switch (t->ruling->cause) {
    case CAUSE_LEVEL_ABOVE:
        say_limit(t, out);
        strbuf_append(out, ", a level above ");
        strbuf_append(out, label_of(label, t->e->task_memcg));
        strbuf_append(out, ", is too small for all that runs below it");
        break;
    case CAUSE_KMEM_LIMIT:
        strbuf_printf(out, "the limit on kernel memory of %s (%s) was reached",
                      label_of(label, t->e->oom_memcg),
                      BYTES(LIMIT, "kmem limit", t->f->r->limits[OOM_LEVEL_KMEM].limit));
        break;
    case CAUSE_MEMSW_LIMIT:
        strbuf_printf(out, "the limit on memory and swap together of %s (%s) was reached",
                      label_of(label, t->e->oom_memcg),
                      BYTES(LIMIT, "memory+swap limit", t->f->r->limits[OOM_LEVEL_MEMSW].limit));
        break;
    default:
        say_limit(t, out);
        strbuf_append(out, " was reached");
        break;
    }
    if (*t->e->comm || t->e->pid) {
        strbuf_append(out, ": ");
        say_victim(t, out);
        strbuf_append(out, " was killed");
    }
}

/* --- titles: others ----------------------------------------------------------------------------------------------------------------- */

/* The number before `mark` in a daemon's message: "51.07%". NAN when there is none. */
static double percent_after(const char *words, const char *mark)
{
    const char *at = strstr(words, mark);
    double number;

    return at && sscanf(at + strlen(mark), "%lf", &number) == 1 && number >= 0 && number < 1e6
               ? number
               : NAN;
}

/* "memory", "ephemeral-storage": what kubelet says was short. Memory, where it does not say. */
static char *resource_of(char buf[40], const char *words)
{
    static const char *const marks[] = {"low on resource: ", "resourceName=\"",
                                        "[signal=", "to reclaim "};

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        const char *at = strstr(words, marks[i]);
        size_t len;

        if (!at)
            continue;
        at += strlen(marks[i]);
        len = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
        if (len == 0)
            continue;
        snprintf(buf, 40, "%.*s", (int)MIN(len, (size_t)39), at);
        return buf;
    }
    snprintf(buf, 40, "memory");
    return buf;
}

/* kubelet may have evicted for another resource, or for a reading that cannot be. */
static void title_eviction(const struct telling *t, const char *words, struct strbuf *out)
{
    char label[96], name[40];

    if (strstr(words, "observed -")) {
        strbuf_append(out, "kubelet misread the memory of the node: it is below zero in what it "
                           "says it observed, so that this pressure need not be real");
        return;
    }
    resource_of(name, words);
    strbuf_printf(out, "kubelet evicted %s because the node ran low on %s",
                  t->e->task_memcg ? group_label(label, t->e->task_memcg) : "pods", name);
    if (strncmp(name, "memory", 6) != 0)
        strbuf_append(out, ", not on memory");
}

/* What earlyoom saw left: "mem avail: 19 of 950 MiB ( 2.10%), swap free: 153 of 1023 MiB (14.96%)". */
static bool say_left(const struct telling *t, const char *words, struct strbuf *out)
{
    const char *mem = words, *swap = strstr(words, "swap free:"), *total;
    double mem_left, swap_left;

    if (!swap || !(mem = strchr(mem, '(')) || mem > swap || !(total = strstr(swap, "of ")) ||
        !(swap = strchr(swap, '(')) || sscanf(mem + 1, "%lf", &mem_left) != 1 ||
        sscanf(swap + 1, "%lf", &swap_left) != 1 || mem_left < 0 || mem_left > 100 ||
        swap_left < 0 || swap_left > 100)
        return false;
    strbuf_printf(out, ": %s of memory was left", PERCENT(KILL, "memory left", mem_left));
    if (strtoull(total + 3, NULL, 10) == 0)
        strbuf_append(out, ", and there is no swap");
    else
        strbuf_printf(out, ", and %s of swap", PERCENT(KILL, "swap left", swap_left));
    return true;
}

static void title_daemon(const struct telling *t, struct strbuf *out)
{
    const char *words = t->e->words ? t->e->words : "";
    double is = percent_after(words, " being "), over = percent_after(words, "% > ");
    char label[96];

    if (t->ruling->cause == CAUSE_EVICTION) {
        title_eviction(t, words, out);
        return;
    }
    strbuf_printf(out, "%s killed %s", t->e->killer,
                  t->e->task_memcg ? group_label(label, t->e->task_memcg)
                  : *t->e->comm    ? t->e->comm
                                   : "to free memory");
    if (strstr(words, "memory pressure") && !isnan(is) && !isnan(over)) {
        strbuf_printf(out, " for memory pressure: %s", PERCENT(KILL, "memory pressure", is));
        strbuf_printf(out, " over its limit of %s", PERCENT(KILL, "pressure limit", over));
        if (t->e->oom_memcg && t->e->task_memcg && known(t->e->usage) &&
            strcmp(t->e->oom_memcg, t->e->task_memcg) != 0)
            strbuf_printf(out, "; the largest that it looked at was %s with %s",
                          group_label(label, t->e->oom_memcg),
                          BYTES(KILL, "largest candidate", t->e->usage));
        else
            strbuf_append(out, "; memory itself need not have been full");
    } else if (!say_left(t, words, out)) {
        strbuf_append(out, ", by a rule of its own");
    }
}

/* Neither a limit nor the machine is named: a line of a kill alone, or a report that was cut before it says. */
static void title_no_scope(const struct telling *t, struct strbuf *out)
{
    if (!*t->e->comm && !t->e->pid) {
        strbuf_append(out, "the kernel looked for a process to kill for lack of memory");
    } else {
        strbuf_append(out, "the kernel killed ");
        say_victim(t, out);
        strbuf_append(out, " for lack of memory");
    }
    strbuf_append(out, "; whether the machine or a limit ran out is not in this text");
}

/* Several kills of one moment are one event: how many, how fast, before the largest of them. */
static void say_burst(const struct telling *t, struct strbuf *out)
{
    double seconds = incident_lasted_s(t->i);
    char text[48];

    if (t->i->kills < 2 || t->i->first == t->i->until)
        return;
    strbuf_printf(out, "%s processes", COUNT(KILL, "processes killed", t->i->kills));
    if (seconds > 0)
        strbuf_printf(
            out, " within %s",
            oom_figure(text, t->c, t->e, OOM_PART_KILL, "from first to last", seconds, IN_SECONDS));
    strbuf_append(out, t->i->mixed ? ", the largest of them " : ", the largest ");
}

static void title_untold(const struct telling *t, struct strbuf *out)
{
    u64 bytes = victim_bytes(t);

    if (known(t->ruling->bytes)) {
        strbuf_printf(out, "programs hold only %s",
                      BYTES(MEM_INFO, "anonymous memory", t->f->anon));
        say_of_total(t, out);
        strbuf_printf(out,
                      "; %s is kernel memory%s or in no counter (ZFS, a driver): "
                      "the lines that say which are missing",
                      BYTES(MEM_INFO, "not told", t->ruling->bytes),
                      known(t->f->file) ? "" : ", file cache");
        return;
    }
    if (t->e->kind == LOG_OOM_NO_VICTIM) {
        strbuf_append(out, "the machine ran out of memory");
        return;
    }
    if (!t->f->of_machine) {
        title_no_scope(t, out);
        return;
    }
    if (!*t->e->comm && !t->e->pid) {
        strbuf_append(out, "the machine ran out of memory");
        say_swap(t, out);
        strbuf_append(out, "; the text does not say what filled it");
        return;
    }
    strbuf_append(out, "the machine ran out of memory and killed ");
    say_burst(t, out);
    say_victim(t, out);
    if (out->len && out->text[out->len - 1] == ',')
        out->text[--out->len] = '\0';
    if (known(bytes) && bytes < HOLDS_LITTLE)
        strbuf_append(out, ": so little that no program filled memory, or memory was free");
}

static void make_title(const struct telling *t, struct strbuf *out)
{
    switch (t->ruling->cause) {
    case CAUSE_ANON:
        title_anon(t, out);
        break;
    case CAUSE_GUEST:
    case CAUSE_JVM:
        title_program_limit(t, out);
        break;
    case CAUSE_SLAB:
        title_slab(t, out);
        break;
    case CAUSE_NO_COUNTER:
        title_no_counter(t, out);
        break;
    case CAUSE_NODE:
        title_node(t, out);
        break;
    case CAUSE_ZONE:
    case CAUSE_CMA:
    case CAUSE_ORDER:
    case CAUSE_MEMORY_FREE:
        title_useless(t, out);
        break;
    case CAUSE_FORCED:
        strbuf_append(out, "somebody asked for the kill by SysRq-f: nothing ran out");
        break;
    case CAUSE_LEVEL_ABOVE:
    case CAUSE_LIMIT:
    case CAUSE_KMEM_LIMIT:
    case CAUSE_MEMSW_LIMIT:
        title_limit(t, out);
        break;
    case CAUSE_DAEMON:
    case CAUSE_EVICTION:
        title_daemon(t, out);
        break;
    default:
        if (!title_holder(t, out))
            title_untold(t, out);
        break;
    }
    if (t->e->kind == LOG_OOM_NO_VICTIM)
        strbuf_append(out, t->e->panic ? "; nothing could be killed, and the kernel stopped (panic)"
                                       : "; nothing could be killed");
    if (out->len && out->text[0] >= 'a' && out->text[0] <= 'z' &&
        !(t->ruling->program && strncmp(out->text, t->ruling->program->name, 4) == 0) &&
        strncmp(out->text, t->e->killer, strlen(t->e->killer) + !*t->e->killer) != 0)
        out->text[0] = (char)(out->text[0] - 'a' + 'A');
}

/* --- sentences ------------------------------------------------------------------------------------------------------------------------ */

static void detail(const struct telling *t, struct strbuf *text)
{
    if (text->len) {
        *text->text = (char)(*text->text >= 'a' && *text->text <= 'z' ? *text->text - 'a' + 'A'
                                                                      : *text->text);
        finding_detail(t->c, "%s", text->text);
    }
    strbuf_reset(text);
}

/* Who died, where the title does not say it. */
static void tell_victim(const struct telling *t, struct strbuf *text)
{
    const struct log_event *e = t->e;
    char label[96];

    if (e->kind == LOG_KILLED_BY || (!*e->comm && !e->pid))
        return;
    if (t->ruling->cause != CAUSE_UNTOLD && t->ruling->cause != CAUSE_LIMIT &&
        t->ruling->cause != CAUSE_LEVEL_ABOVE && t->ruling->cause != CAUSE_KMEM_LIMIT &&
        t->ruling->cause != CAUSE_MEMSW_LIMIT && e->kind != LOG_OOM_NO_VICTIM) {
        strbuf_append(text, "the kernel killed ");
        say_victim(t, text);
        if (text->text[text->len - 1] == ',')
            text->text[--text->len] = '\0';
        if (e->task_memcg && strcmp(e->task_memcg, "/") != 0)
            strbuf_printf(text, " in %s", group_label(label, e->task_memcg));
        strbuf_appendc(text, '.');
        detail(t, text);
    } else if (e->task_memcg && strcmp(e->task_memcg, "/") != 0 &&
               t->ruling->cause != CAUSE_LEVEL_ABOVE &&
               !(e->oom_memcg && strcmp(e->oom_memcg, e->task_memcg) == 0)) {
        strbuf_printf(text, "It ran in %s.", group_label(label, e->task_memcg));
        detail(t, text);
    }
    if (e->group_kill || e->more.count) {
        u64 more = e->more.count;

        strbuf_append(text, "With memory.oom.group set the whole group was killed");
        if (more)
            strbuf_printf(text, ", %s processes in all", COUNT(KILL, "processes killed", more + 1));
        strbuf_appendc(text, '.');
        detail(t, text);
    }
    if (*e->invoker && strcmp(e->invoker, e->comm) != 0) {
        strbuf_printf(text, "%s asked for the memory that was not there.", e->invoker);
        finding_detail(t->c, "%s", text->text);
        strbuf_reset(text);
    }
    if (e->report && *e->report->chosen && e->report->chosen_pid != e->pid) {
        strbuf_printf(text, "%s (pid %u) was chosen, and a child of it died in its place.",
                      e->report->chosen, e->report->chosen_pid);
        (void)oom_figure((char[48]){0}, t->c, e, OOM_PART_CHOICE, "pid of the chosen",
                         e->report->chosen_pid, IN_ID);
        finding_detail(t->c, "%s", text->text);
        strbuf_reset(text);
    }
}

/* What a candidate held, under its name and pid. Returns buf. */
static char *candidate_held(char buf[48], const struct telling *t, const struct oom_candidate *at)
{
    char name[64];

    snprintf(name, sizeof(name), "held by %s (pid %u)", at->comm, at->pid);
    return oom_figure(buf, t->c, t->e, OOM_PART_TASKS, name, number_of(oom_held(at)), IN_BYTES);
}

static void add_adj(const struct telling *t, const struct oom_candidate *at)
{
    char name[64], text[48];

    snprintf(name, sizeof(name), "oom_score_adj of %s (pid %u)", at->comm, at->pid);
    oom_figure(text, t->c, t->e, OOM_PART_TASKS, name, (double)at->oom_score_adj, IN_ID);
}

/* Why this one: against those that could have been chosen. */
static void tell_choice(const struct telling *t, struct strbuf *text)
{
    const struct oom_facts *f = t->f;
    const struct oom_candidate *v = f->victim;
    char held[48];

    if (!v || f->processes < 2)
        return;
    if (f->second && oom_held(v) >= oom_held(f->second)) {
        strbuf_printf(text, "It was chosen because it held the most of %s processes",
                      COUNT(TASKS, "processes", f->processes));
        strbuf_printf(text, "; next was %s (pid %u) with %s.", f->second->comm, f->second->pid,
                      candidate_held(held, t, f->second));
    } else if (f->second && !f->adj_common && v->oom_score_adj > f->second->oom_score_adj) {
        strbuf_printf(text,
                      "It was chosen for its oom_score_adj of %lld; %s (pid %u), with %lld, held "
                      "more: %s.",
                      (long long)v->oom_score_adj, f->second->comm, f->second->pid,
                      (long long)f->second->oom_score_adj, candidate_held(held, t, f->second));
        add_adj(t, v);
        add_adj(t, f->second);
    }
    detail(t, text);
    if (f->spared) {
        strbuf_printf(text, "%s (pid %u) held more, %s, and is protected by oom_score_adj %lld.",
                      f->spared->comm, f->spared->pid, candidate_held(held, t, f->spared),
                      (long long)f->spared->oom_score_adj);
        finding_detail(t->c, "%s", text->text);
        strbuf_reset(text);
    }
}

/* Victim against culprit. */
static void tell_culprit(const struct telling *t, struct strbuf *text)
{
    const struct oom_program *p = t->ruling->program;
    u64 bytes = victim_bytes(t);

    if (!p || !*t->e->comm || strcmp(p->name, t->e->comm) == 0 || !known(bytes) ||
        (double)bytes > VICTIM_SMALL * (double)p->bytes || t->ruling->cause != CAUSE_ANON)
        return;
    strbuf_printf(text, "The victim is not the culprit: %s held far more.", p->name);
    detail(t, text);
}

static void tell_limits(const struct telling *t, struct strbuf *text)
{
    const struct log_event *e = t->e;
    const struct oom_facts *f = t->f;

    if (!f->of_group)
        return;
    if (t->ruling->cause == CAUSE_GUEST && known(e->limit) && e->limit < NO_LIMIT) {
        u64 rest = e->limit > t->ruling->program->bytes ? e->limit - t->ruling->program->bytes : 0;

        strbuf_printf(text, "That leaves %s for all else in it",
                      BYTES(LIMIT, "left beside the largest program", rest));
        if (known(f->r->limits[OOM_LEVEL_KMEM].usage))
            strbuf_printf(text, ", of which kernel memory takes %s",
                          BYTES(LIMIT, "kernel memory", f->r->limits[OOM_LEVEL_KMEM].usage));
        strbuf_appendc(text, '.');
        detail(t, text);
    }
    if (known(t->c->f->available) && known(t->c->f->total) && !isnan(t->i->age_s) &&
        t->i->age_s < OOM_NOW_S) {
        finding_detail(t->c, "The node has %s of %s available: it is this limit, not the machine.",
                       SIZE(t->c->f->available), SIZE(t->c->f->total));
        evidence(t->c, "MemAvailable now", number_of(t->c->f->available), IN_BYTES, "/proc/meminfo",
                 "%s", "");
        evidence(t->c, "MemTotal", number_of(t->c->f->total), IN_BYTES, "/proc/meminfo", "%s", "");
    } else {
        finding_detail(t->c, "It is this limit, not the machine.");
    }
    if (known(e->failcnt) && e->failcnt > 0) {
        strbuf_printf(text, "The group had met its limit %s times.",
                      COUNT(LIMIT, "failcnt", e->failcnt));
        detail(t, text);
    }
}

/* What is not there to be told. */
static void tell_missing(const struct telling *t)
{
    const struct oom_report *r = t->e->report;

    if (t->e->kind == LOG_KILLED_BY)
        return;
    if (r && oom_has(r, OOM_PART_INVOKED) && !oom_has(r, OOM_PART_KILL) &&
        t->e->kind == LOG_OOM_KILL)
        finding_detail(t->c, "The report is cut: it ends before the kernel says whom it killed.");
    else if (r && !oom_has(r, OOM_PART_INVOKED) && r->parts & (1ull << OOM_PART_MEM_INFO))
        finding_detail(t->c, "The report is cut: its beginning is missing.");
    else if (t->ruling->cause == CAUSE_UNTOLD || t->ruling->cause == CAUSE_LIMIT ||
             (t->ruling->cause == CAUSE_LEVEL_ABOVE && !oom_has(r, OOM_PART_LIMIT)))
        finding_detail(t->c, "What filled memory is not in this text: %s.",
                       r && oom_has(r, OOM_PART_INVOKED)
                           ? "lines of the report are missing"
                           : "it has the line of the kill and not the report before it");
    if (t->f->missing && t->ruling->cause == CAUSE_ANON && !t->f->of_group)
        finding_detail(t->c, "What is in no counter cannot be told: %s is missing.", t->f->missing);
}

static void add_evidence(const struct telling *t)
{
    const struct oom_facts *f = t->f;

    if (known(f->total) && !f->of_group)
        (void)BYTES(RAM, "managed memory", f->total);
    if (known(f->total) && f->of_group)
        (void)BYTES(LIMIT, "usage", f->total);
    if (known(f->anon))
        (void)(f->of_group ? BYTES(GROUP_STATS, "anonymous memory", f->anon)
                           : BYTES(MEM_INFO, "anonymous memory", f->anon));
    if (known(f->free) && !f->of_group)
        (void)BYTES(MEM_INFO, "free", f->free);
    if (known(t->e->anon_rss))
        (void)BYTES(KILL, "anon-rss of the victim", t->e->anon_rss);
    if (!isnan(t->i->age_s))
        evidence(t->c, "age of the kill", t->i->age_s, IN_SECONDS, part_names[PART_KERNEL_LOG],
                 "%s", "");
}

void oom_tell(struct rule_context *c, const struct incident *i, const char *scope,
              enum severity severity, double weight)
{
    struct telling t = {c, i, &i->facts, i->e, &i->ruling};
    struct strbuf text;

    finding_add(c, severity, i->ruling.confidence, scope, weight, "%s", "");
    vec_last(&c->out->items).cause = i->ruling.cause;
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    strbuf_init(&text);
    make_title(&t, &text);
    finding_title(c, "%s", text.text);
    strbuf_reset(&text);
    tell_victim(&t, &text);
    tell_choice(&t, &text);
    tell_culprit(&t, &text);
    tell_limits(&t, &text);
    tell_missing(&t);
    add_evidence(&t);
    strbuf_done(&text);
}

void oom_tell_others(struct rule_context *c, const struct incident *i, u64 incidents, u64 kills)
{
    const struct log_event *e = i->e;
    char a[48], b[48];

    if (incidents < 2)
        return;
    oom_figure(a, c, e, OOM_PART_KILL, "kills in the log", (double)kills, IN_COUNT);
    oom_figure(b, c, e, OOM_PART_KILL, "incidents in the log", (double)incidents, IN_COUNT);
    if (kills > incidents)
        finding_detail(c, "The log has %s kills in %s incidents of this kind.", a, b);
    else
        finding_detail(c, "The log has %s incidents of this kind.", b);
}
