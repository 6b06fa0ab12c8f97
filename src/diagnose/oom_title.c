/* oom_title.c - the cause of a kill as one line, for a kill by the kernel: of the machine, or of a
 * group.
 *
 * Figures are taken before the sentence that has them, one by one, because C does not order
 * arguments.
 */
#include "diagnose/oom_tell_int.h"

#include "diagnose/sizing.h"
#include "diagnose/slabs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Less is no reason why a node is full. */
#define POOL_MUCH    (16 * MIB)
/* A program with this share of what all hold is named as the one that filled memory. */
#define CULPRIT      0.35
/* ... if it is this share of memory too. */
#define CULPRIT_ALL  0.25
/* Another holder of this share of memory belongs into the same sentence. */
#define SECOND_SHARE 0.2
/* Swap with less than this share free is full. */
#define SWAP_FULL    0.05

/* Kills no further apart are at once. */
#define AT_ONCE_S 0.1

/* --- phrases ---------------------------------------------------------------------------------- */

/* swapoff reads back what is in swap, and that did not fit. */
static bool is_swapoff(const struct telling *t)
{
    return strcmp(t->e->invoker, "swapoff") == 0 || strcmp(t->e->comm, "swapoff") == 0;
}

/* "; there is no swap", ", and swap (2.0 GiB) is full", "; 1.5 GiB of swap was free", "". */
void oom_say_swap(const struct telling *t, struct strbuf *out)
{
    const struct oom_facts *f = t->f;

    /* The area that swapoff empties is not among those that are counted. */
    if (!known(f->swap_total) || f->swap_total >= NO_LIMIT || !known(f->swap_free) || is_swapoff(t))
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
void oom_say_program(const struct telling *t, struct strbuf *out, const struct oom_program *p)
{
    strbuf_append(out, *p->name ? p->name : "a process without a name");
    if (p->processes > 1)
        strbuf_printf(out, " (%s processes)", COUNT(TASKS, "processes of that name", p->processes));
}

static const char *label_of(char buf[96], const char *path)
{
    return path ? group_label(buf, path) : "a cgroup that the log does not name";
}

/* The one container of this text that signal 9 ended, by its runtime's tables; NULL. */
static const struct log_event *one_signalled(const struct snapshot *s)
{
    const struct log_event *one = NULL;

    vec_for_each (&s->log, e) {
        if (e->kind != LOG_SIGKILLED || !e->task_memcg || !*e->killer)
            continue;
        if (one && strcmp(one->task_memcg, e->task_memcg) != 0)
            return NULL;
        one = e;
    }
    return one;
}

/* "the limit of pod 1234 (16.2 GiB)" */
static void say_limit(const struct telling *t, struct strbuf *out)
{
    u64 limit = t->e->limit;
    char label[96];

    if (!t->e->oom_memcg && t->f->told) {
        const char *name = group_label(label, t->f->told->task_memcg);

        strbuf_printf(out, "the limit of %s (%s, says %s)", name + (*name == '/'),
                      SIZE(t->f->told->limit), t->f->told->killer);
        evidence(t->c, "limit", number_of(t->f->told->limit), IN_BYTES, t->f->told->killer, "%s",
                 "");
        return;
    }
    strbuf_printf(out, "the limit of %s", label_of(label, t->e->oom_memcg));
    if (!t->e->oom_memcg && one_signalled(t->c->s))
        strbuf_printf(out, ", likely %s (exit code 137 in the same text)",
                      one_signalled(t->c->s)->task_memcg);
    if (known(limit) && limit < NO_LIMIT)
        strbuf_printf(out, " (%s)", BYTES(LIMIT, "limit", limit));
}

/* What is resident may be more than the limit: it counts pages that are charged to others, such as
 * files of the host. */
static const char *of_rss(const struct telling *t, u64 bytes)
{
    u64 limit = t->f->of_group ? t->e->limit : UNKNOWN;

    return known(limit) && limit < NO_LIMIT && bytes > limit ? " of RSS" : "";
}

u64 oom_victim_bytes(const struct telling *t)
{
    const struct oom_candidate *v = t->f->victim;

    u64 own = known(t->e->anon_rss) ? t->e->anon_rss + figure_or(t->e->shmem_rss, 0) : UNKNOWN;

    if (known(own))
        return own ? own : figure_or(t->e->file_rss, 0);
    return v ? v->rss : UNKNOWN;
}

void oom_say_victim(const struct telling *t, struct strbuf *out)
{
    u64 bytes = oom_victim_bytes(t);

    if (!*t->e->comm && !t->e->pid) {
        strbuf_append(out, "a process that the text does not name");
        return;
    }
    strbuf_append(out, t->f->thread_of ? t->f->thread_of->comm : t->e->comm);
    if (t->e->pid)
        strbuf_printf(out, " (pid %u)", t->f->thread_of ? t->f->thread_of->pid : t->e->pid);
    if (known(bytes))
        strbuf_printf(out, ", which held %s,", BYTES(KILL, "memory of the victim", bytes));
}

/* "; the allocation came from htab_map_alloc: BPF maps" */
static void say_frame(const struct telling *t, struct strbuf *out)
{
    if (t->ruling->frame && t->ruling->hint)
        strbuf_printf(out, "; the allocation came from %s: %s", t->ruling->frame, t->ruling->hint);
}

/* The one that explains most of what is in no counter, or not told. False: none does. */
bool oom_is_outside(const struct oom_facts *f, struct oom_outside *ret)
{
    u64 hidden = known(f->uncounted) ? f->uncounted : f->untold;
    const struct oom_outside all[] = {
        {f->arc, "the ARC, the cache of ZFS, holds ", "ARC size", "arcstats"},
        {f->zram, "the pool of zram, compressed swap, holds ", "pool of zram", "zramctl"},
    };
    bool found = false;

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
        if (!known(all[i].bytes) || !known(hidden) || all[i].bytes <= hidden / 2 ||
            (found && all[i].bytes <= ret->bytes))
            continue;
        *ret = all[i];
        found = true;
    }
    return found;
}

/* "the ARC, the cache of ZFS, holds 14.5 GiB" */
void oom_say_outside(const struct telling *t, const struct oom_outside *o, struct strbuf *out)
{
    char text[48];

    strbuf_append(out, o->words);
    format_evidence(text, number_of(o->bytes), IN_BYTES);
    strbuf_append(out, text);
    evidence(t->c, o->name, number_of(o->bytes), IN_BYTES, o->where, "%s", "");
}

/* " of 15.5 GiB" */
void oom_say_of_total(const struct telling *t, struct strbuf *out)
{
    if (known(t->f->total))
        strbuf_printf(out, " of %s",
                      t->f->of_group ? BYTES(LIMIT, "usage", t->f->total)
                                     : BYTES(RAM, "managed memory", t->f->total));
}

/* --- titles: the machine ---------------------------------------------------------------------- */

/* "; the pool of huge pages holds 14.0 GiB": what else is large and cannot give way. */
static void say_second(const struct telling *t, struct strbuf *out)
{
    const struct oom_facts *f = t->f;
    const struct {
        const char *words, *name;
        u64 bytes;
    } others[] = {
        {"the pool of huge pages holds", "huge page pool", f->hugetlb},
        {"kernel slab holds", "unreclaimable slab", f->slab_u},
        {"tmpfs and shared memory hold", "shared memory", f->shmem},
        {"locked memory holds", "locked memory", f->locked},
        {"page tables hold", "page tables", f->page_tables},
        {"in no counter of the kernel (a driver, a balloon, ZFS) is", "in no counter",
         f->uncounted},
    };
    struct oom_outside outside;
    unsigned most = 0;

    for (unsigned i = 1; i < ARRAY_SIZE(others); i++)
        if (figure_or(others[i].bytes, 0) > figure_or(others[most].bytes, 0))
            most = i;
    if (f->of_group || !known(f->total) || !known(others[most].bytes) ||
        (double)others[most].bytes < SECOND_SHARE * (double)f->total)
        return;
    if (others[most].bytes == f->uncounted && oom_is_outside(f, &outside)) {
        strbuf_append(out, "; ");
        oom_say_outside(t, &outside, out);
        return;
    }
    strbuf_printf(out, "; %s %s", others[most].words,
                  BYTES(MEM_INFO, others[most].name, others[most].bytes));
}

/* The resident sizes of its processes count a page once in each that maps it: their sum can be more
 * than there is. */
static bool counts_shared_often(const struct oom_facts *f, const struct oom_program *p)
{
    u64 swapped = known(f->swap_total) && known(f->swap_free) && f->swap_total > f->swap_free
                      ? f->swap_total - f->swap_free
                      : 0;

    return p->processes > 1 && known(f->anon) &&
           p->bytes > f->anon + swapped + figure_or(f->shmem, 0) + figure_or(f->file, 0);
}

/* Without a report the machine's size, or the kernel's score, says how much of all that is. */
static void say_share(const struct telling *t, struct strbuf *out)
{
    const struct oom_facts *f = t->f;

    if (!oom_is_plain(f))
        return;
    if (known(f->machine)) {
        strbuf_printf(out, " of %s", SIZE(f->machine));
        evidence(t->c, "MemTotal", number_of(f->machine), IN_BYTES, "/proc/meminfo", "%s", "");
        return;
    }
    strbuf_printf(out, ", %s of memory and swap by the kernel's score of it",
                  PERCENT(CHOICE, "score, in percent", (double)f->r->score / 10));
}

static void title_anon(const struct telling *t, struct strbuf *out)
{
    const struct oom_program *p = t->ruling->program;
    const struct oom_facts *f = t->f;
    u64 all = MAX(f->programs_bytes, figure_or(f->anon, 0));
    bool one = p && all && (double)p->bytes >= CULPRIT * (double)all &&
               (!known(f->total) || (double)p->bytes >= CULPRIT_ALL * (double)f->total);

    if (one) {
        oom_say_program(t, out, p);
        if (f->of_group) {
            strbuf_append(out, " filled ");
            say_limit(t, out);
        } else {
            strbuf_append(out, " filled memory");
        }
        if (counts_shared_often(f, p)) {
            strbuf_printf(out, ": %s anonymous",
                          f->of_group ? BYTES(GROUP_STATS, "anonymous memory", f->anon)
                                      : BYTES(MEM_INFO, "anonymous memory", f->anon));
            if (!f->of_group)
                oom_say_of_total(t, out);
            say_second(t, out);
            oom_say_swap(t, out);
            return;
        }
        strbuf_printf(out, ": it %s %s%s", oom_is_plain(f) ? "held" : "holds",
                      BYTES(TASKS, "held by the largest program", p->bytes), of_rss(t, p->bytes));
        say_share(t, out);
        if (p->swap > p->bytes / 16)
            strbuf_printf(out, " (%s of it in swap)",
                          BYTES(TASKS, "in swap of the largest program", p->swap));
        if (!f->of_group)
            oom_say_of_total(t, out);
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
            oom_say_of_total(t, out);
        }
        /* A table that has not even half of it is cut: its largest is nobody. */
        if (p && (!known(f->anon) || f->programs_bytes >= f->anon / 2)) {
            strbuf_append(out, "; the largest is ");
            oom_say_program(t, out, p);
            strbuf_printf(out, " with %s", BYTES(TASKS, "held by the largest program", p->bytes));
        }
    }
    say_second(t, out);
    oom_say_swap(t, out);
}

static void title_no_counter(const struct telling *t, struct strbuf *out)
{
    const struct oom_facts *f = t->f;
    struct oom_outside outside;

    if (known(f->balloon) && f->balloon >= t->ruling->bytes) {
        strbuf_printf(out, "the hypervisor's balloon holds %s",
                      BYTES(MEM_INFO, "balloon", f->balloon));
        oom_say_of_total(t, out);
        return;
    }
    if (oom_is_outside(f, &outside)) {
        oom_say_outside(t, &outside, out);
        oom_say_of_total(t, out);
        strbuf_append(out, ", which no counter of the report has");
        if (known(f->anon))
            strbuf_printf(out, "; programs hold %s", BYTES(MEM_INFO, "anonymous memory", f->anon));
        return;
    }
    strbuf_append(out, BYTES(MEM_INFO, "in no counter", f->uncounted));
    oom_say_of_total(t, out);
    strbuf_printf(out, " (%s) is in no counter of the kernel",
                  PERCENT(MEM_INFO, "share in no counter", share_of(f->uncounted, f->total)));
    if (!known(f->hugetlb) && !t->ruling->hint_hidden)
        strbuf_append(out, ", unless it is huge pages, whose line is not in this text");
    if (known(f->anon))
        strbuf_printf(out, "; programs hold %s", BYTES(MEM_INFO, "anonymous memory", f->anon));
    say_frame(t, out);
}

static void title_slab(const struct telling *t, struct strbuf *out)
{
    const struct oom_slab *slab = t->ruling->slab;
    struct slab_family family =
        t->f->of_group ? (struct slab_family){0} : oom_slabs_family(t->f->r);
    bool reclaimable = figure_or(t->f->slab_r, 0) > figure_or(t->f->slab_u, 0);

    strbuf_printf(out, "kernel slab holds %s",
                  t->f->of_group ? BYTES(GROUP_STATS, "slab", t->ruling->bytes)
                                 : BYTES(MEM_INFO, "slab", t->ruling->bytes));
    if (t->f->of_group) {
        strbuf_append(out, " of ");
        say_limit(t, out);
    } else {
        oom_say_of_total(t, out);
    }
    if (reclaimable)
        strbuf_append(out, ", most of it reclaimable (dentries and inodes)");
    else if (family.name && family.bytes >= t->ruling->bytes / 2 &&
             !(slab && slab->total > family.bytes))
        strbuf_printf(out, ", %s of it in caches of %s",
                      BYTES(SLABS, "caches of one kind, together", family.bytes), family.name);
    else if (slab && slab->total >= t->ruling->bytes / 10)
        strbuf_printf(out, ", %s %s (%s)",
                      slab->total >= t->ruling->bytes / 2 ? "most of it in"
                                                          : "and the largest cache is",
                      slab->name, BYTES(SLABS, slab->name, slab->total));
    strbuf_append(out, ": no program owns it");
}

/* Huge pages that nobody uses, where they are much of the nodes that it may use. */
u64 oom_idle_pool(const struct oom_facts *f)
{
    u64 idle = 0, managed = 0;

    if (!f->r)
        return 0;
    vec_for_each (&f->r->nodes, n)
        if (oom_node_allowed(f, n->id))
            idle += figure_or(n->huge_free_bytes, 0);
    vec_for_each (&f->r->zones, z)
        if (oom_node_allowed(f, z->node))
            managed += figure_or(z->figures[OOM_MANAGED], 0);
    return idle > managed / 5 && idle > POOL_MUCH ? idle : 0;
}

/* Shared memory and tmpfs, where they are most of the nodes that it may use: no kill frees it. */
u64 oom_node_shmem(const struct oom_facts *f)
{
    u64 shmem = 0, managed = 0;

    if (!f->r)
        return 0;
    vec_for_each (&f->r->nodes, n)
        if (oom_node_allowed(f, n->id))
            shmem += figure_or(n->figures[OOM_SHMEM], 0);
    vec_for_each (&f->r->zones, z)
        if (oom_node_allowed(f, z->node))
            managed += figure_or(z->figures[OOM_MANAGED], 0);
    return shmem <= managed && shmem > managed / 2 ? shmem : 0;
}

static void title_node(const struct telling *t, struct strbuf *out)
{
    const struct oom_report *r = t->f->r;
    u64 idle = oom_idle_pool(t->f), shmem = oom_node_shmem(t->f);
    char nodes[64];

    oom_nodes_only(nodes, t->f);
    if (oom_is_policy(t->f))
        strbuf_printf(out, "%s memory policy%s allows ", t->f->only_nodes ? "a" : "the",
                      t->f->only_nodes ? ", as it seems," : "");
    else
        strbuf_printf(out, "the cpuset%s%s allows ", oom_cpuset(r) ? " " : "",
                      oom_cpuset(r) ? oom_cpuset(r) : "");
    if (*nodes)
        strbuf_printf(out, "node %s only", nodes);
    else
        strbuf_append(out, "some nodes only");
    if (t->f->only_movable_zones) {
        strbuf_append(out, ", and they have only Movable zones, which this allocation cannot use");
        if (known(t->f->free))
            strbuf_printf(out, ": %s are free", BYTES(MEM_INFO, "free", t->f->free));
    } else if (known(t->ruling->bytes)) {
        strbuf_printf(out, ", which %s full", strpbrk(nodes, "-,") ? "are" : "is");
        if (idle)
            strbuf_printf(out, " (%s of huge pages that nobody uses)",
                          BYTES(NODES, "huge pages not used there", idle));
        else if (shmem)
            strbuf_printf(out, " (%s of tmpfs and shared memory)",
                          BYTES(NODES, "shared memory there", shmem));
        strbuf_printf(out, "; %s are free on others",
                      BYTES(ZONES, "free on other nodes", t->ruling->bytes));
    } else if (known(t->f->free) && known(t->f->total) && t->f->free > t->f->total / 20) {
        strbuf_printf(out, "; the machine has %s free", BYTES(MEM_INFO, "free", t->f->free));
    } else {
        strbuf_append(out, ": the machine as a whole need not have been full");
    }
    if (t->e->kind != LOG_OOM_NO_VICTIM && (*t->e->comm || t->e->pid)) {
        strbuf_append(out, "; ");
        oom_say_victim(t, out);
        strbuf_append(out, " was killed");
    }
}

/* The largest zone that this allocation may use; NULL where its size is not told. */
static const char *low_zone(const struct oom_facts *f)
{
    const char *name = NULL;
    u64 best = 0;

    vec_for_each (&f->r->zones, z) {
        bool low = strcmp(z->name, "DMA") == 0 || strcmp(z->name, "DMA32") == 0 ||
                   (strcmp(z->name, "Normal") == 0 && !(f->r->gfp_mask & 0x05));

        /* "managed" since 3.8. */
        u64 size = known(z->figures[OOM_MANAGED]) ? z->figures[OOM_MANAGED]
                                                  : figure_or(z->figures[OOM_PRESENT], 0);

        if (low && size > best) {
            best = size;
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
        strbuf_append(out, "low memory");
        if (low_zone(f))
            strbuf_printf(out, " (zone %s)", low_zone(f));
        strbuf_printf(out, " is full; %s is free in zones that this allocation may not use",
                      BYTES(ZONES, "free in other zones", f->free_zones));
        break;
    case CAUSE_CMA:
        strbuf_append(out, BYTES(ZONES, "free CMA", f->free_cma));
        if (known(f->free))
            strbuf_printf(out, " of %s free", BYTES(MEM_INFO, "free", f->free));
        else
            strbuf_append(out, " of what is free");
        strbuf_append(out, " is reserved for contiguous memory (CMA), which this allocation may "
                           "not use");
        break;
    case CAUSE_ORDER: {
        u64 block = f->r->page_bytes << MIN(f->r->order, 20u);

        strbuf_printf(out, "no free block of %s (order %u)", BYTES(INVOKED, "block", block),
                      f->r->order);
        strbuf_printf(out, ": %s is free, in blocks of at most", BYTES(ZONES, "free", f->free));
        strbuf_printf(out, " %s", BYTES(FREE_LISTS, "largest free block", f->largest_block));
        break;
    }
    case CAUSE_KEPT_FREE:
        strbuf_printf(out, "%s", BYTES(MEM_INFO, "free", f->free));
        oom_say_of_total(t, out);
        strbuf_append(out, " is free, and all of it kept as a reserve (vm.min_free_kbytes): "
                           "programs may not have it");
        break;
    default:
        if (!known(f->free)) {
            strbuf_append(out, "a page fault was refused a charge, as at a limit on kernel memory "
                               "(cgroup v1 kmem): the machine itself need not have been full");
            break;
        }
        strbuf_printf(out, "memory was free: %s", BYTES(MEM_INFO, "free", f->free));
        if (f->usable_zone_told || f->r->zones.count == 0)
            oom_say_of_total(t, out);
        if (known(f->file) && f->file > f->free / 4)
            strbuf_printf(out, ", and %s of file cache", BYTES(MEM_INFO, "file cache", f->file));
        if (f->r->has_mask && f->r->gfp_mask == 0)
            strbuf_append(out, "; a page fault was refused a charge, as at a limit on kernel "
                               "memory (cgroup v1 kmem): not for lack of memory");
        else
            strbuf_append(out,
                          f->usable_zone_told && !f->zones_cut
                              ? t->e->kind == LOG_OOM_KILL && *t->e->comm
                                    ? "; this kill is not for lack of memory"
                                    : "; what failed is not for lack of memory"
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
        {CAUSE_LOCKED, "locked memory (mlock, ramfs, SHM_LOCK) holds", "locked memory"},
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
            oom_say_of_total(t, out);
        }
        if (t->ruling->cause == CAUSE_DIRTY)
            strbuf_printf(out, ", %s of it dirty",
                          t->f->of_group ? BYTES(GROUP_STATS, "dirty", t->f->dirty)
                                         : BYTES(MEM_INFO, "dirty", t->f->dirty));
        if (t->ruling->cause == CAUSE_SHMEM || t->ruling->cause == CAUSE_HUGETLB)
            oom_say_swap(t, out);
        if (t->ruling->cause == CAUSE_LOCKED && t->f->of_group && t->ruling->program) {
            strbuf_append(out, "; most is held by ");
            oom_say_program(t, out, t->ruling->program);
        }
        return true;
    }
    return false;
}

/* Several kills of one moment are one event: how many, how fast, before the largest of them. */
bool oom_say_burst(const struct telling *t, struct strbuf *out)
{
    double seconds = incident_lasted_s(t->i);
    char text[48];

    if (t->i->kills < 2 || t->i->first == t->i->until)
        return false;
    strbuf_printf(out, "%s processes", COUNT(KILL, "processes killed", t->i->kills));
    if (seconds >= AT_ONCE_S)
        strbuf_printf(
            out, " within %s",
            oom_figure(text, t->c, t->e, OOM_PART_KILL, "from first to last", seconds, IN_SECONDS));
    strbuf_append(out, t->i->mixed ? ", the largest of them " : ", the largest ");
    return true;
}

/* --- titles: a group -------------------------------------------------------------------------- */

/* "; its heap alone may grow to 4.0 GiB (-Xmx)" */
static void say_heap(const struct telling *t, struct strbuf *out)
{
    u64 bytes = sizing_heap_bytes(t->f->heap, t->e->limit);

    if (known(bytes))
        strbuf_printf(out, "; its heap alone may grow to %s (%s)",
                      BYTES(LIMIT, "maximum of the heap", bytes), t->f->heap->option);
}

static void title_program_limit(const struct telling *t, struct strbuf *out)
{
    const struct oom_program *p = t->ruling->program;

    if (t->ruling->cause == CAUSE_GUEST) {
        say_limit(t, out);
        strbuf_append(out, " is too small for a guest's RAM and its overhead: ");
        oom_say_program(t, out, p);
        strbuf_printf(out, " alone holds %s%s",
                      BYTES(TASKS, "held by the largest program", p->bytes), of_rss(t, p->bytes));
        return;
    }
    oom_say_program(t, out, p);
    strbuf_append(out, " needs more than ");
    say_limit(t, out);
    strbuf_printf(out, ": it holds %s%s", BYTES(TASKS, "held by the largest program", p->bytes),
                  of_rss(t, p->bytes));
    say_heap(t, out);
}

static void title_limit(const struct telling *t, struct strbuf *out)
{
    char label[96];

    switch (t->ruling->cause) {
    case CAUSE_LEVEL_ABOVE:
        say_limit(t, out);
        if (t->e->task_memcg)
            strbuf_printf(out, ", a level above %s", group_label(label, t->e->task_memcg));
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
    if (t->ruling->gone) {
        strbuf_printf(out, ", and its usage was %s when the kernel reported",
                      BYTES(LIMIT, "usage", t->f->total));
        strbuf_append(out, t->ruling->other_limit
                               ? ": what filled it had gone, or another limit was met (on kernel "
                                 "memory, or on memory and swap), whose line is missing"
                               : ": what filled it had gone");
        if (*t->e->comm)
            strbuf_printf(out, "; %s was killed", t->e->comm);
    } else if (*t->e->comm || t->e->pid) {
        bool burst;

        strbuf_append(out, ": ");
        burst = oom_say_burst(t, out);
        oom_say_victim(t, out);
        strbuf_append(out, burst ? " were killed" : " was killed");
    } else if (*t->e->invoker) {
        strbuf_printf(out, ": %s asked for more", t->e->invoker);
    }
}

/* Is its first word a program's name? That keeps its letters. */
static bool begins_with_name(const char *text, const char *name)
{
    size_t len = strlen(name);

    return len && strncmp(text, name, len) == 0 && !isalnum((unsigned char)text[len]);
}

void oom_title(const struct telling *t, struct strbuf *out)
{
    switch (t->ruling->cause) {
    case CAUSE_ANON:
        if (is_swapoff(t) && !t->f->of_group)
            strbuf_append(out, "swapoff reads back what is in swap, and memory has no room for "
                               "it: ");
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
    case CAUSE_KEPT_FREE:
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
        oom_title_daemon(t, out);
        break;
    default:
        if (!title_holder(t, out))
            oom_title_untold(t, out);
        break;
    }
    if (t->e->kind == LOG_OOM_NO_VICTIM)
        strbuf_append(out, t->e->panic_on_oom
                               ? "; vm.panic_on_oom has the kernel stop (panic) in place of a kill"
                           : t->e->panic
                               ? "; nothing could be killed, and the kernel stopped (panic)"
                               : "; nothing could be killed");
    if (t->e->kind == LOG_OOM_NO_VICTIM && t->ruling->cause == CAUSE_UNTOLD && !known(t->f->anon))
        strbuf_append(out, "; what filled memory, the report before that line has, which is not in "
                           "this text");
    if (out->len && out->text[0] >= 'a' && out->text[0] <= 'z' &&
        !(t->ruling->program && begins_with_name(out->text, t->ruling->program->name)) &&
        strncmp(out->text, t->e->killer, strlen(t->e->killer) + !*t->e->killer) != 0)
        out->text[0] = (char)(out->text[0] - 'a' + 'A');
}
