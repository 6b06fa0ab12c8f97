/* finish.c - what the blocks gave, as files, read by the observer; and what no file has, put beside
 * it. */
#include "paste/state_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BYTES_MAX ((u64)1 << 56)

static const bool in_bytes[NR_MEMINFO_FIELDS] = {
#define BYTES                        1
#define COUNT                        0
#define MEMINFO_FIELD(id, key, unit) [MI_##id] = unit,
#include "observe/meminfo_fields.def"
#undef MEMINFO_FIELD
#undef BYTES
#undef COUNT
};

static void write_meminfo(struct paste_state *st)
{
    struct strbuf text;

    strbuf_init(&text);
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++) {
        if (!known(st->meminfo[i]))
            continue;
        strbuf_printf(&text, in_bytes[i] ? "%s: %llu kB\n" : "%s: %llu\n", meminfo_keys[i],
                      (unsigned long long)(in_bytes[i] ? st->meminfo[i] / KIB : st->meminfo[i]));
    }
    if (text.len)
        tree_offer(&st->tree, "proc/meminfo", text.text);
    strbuf_done(&text);
}

#define WHOLE_ROWS 20

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->view.pid != y->view.pid)
        return x->view.pid < y->view.pid ? -1 : 1;
    return x->table > y->table ? -1 : x->table < y->table;
}

/* Of a pid that stands in several tables the last is taken, with what only an earlier one knows. */
static void take_rows(struct paste *p)
{
    struct paste_state *st = p->state;

    if (p->s.processes.count || st->rows.count == 0)
        return;
    qsort(st->rows.items, st->rows.count, sizeof(st->rows.items[0]), compare_rows);
    vec_for_each (&st->rows, row) {
        struct process_view *last = p->s.processes.count ? &vec_last(&p->s.processes) : NULL;

        if (!last || last->pid != row->view.pid) {
            vec_push(&p->s.processes, row->view);
            continue;
        }
        if (!known(last->rss))
            last->rss = row->view.rss;
        if (!known(last->rss_anon))
            last->rss_anon = row->view.rss_anon;
        if (!known(last->swap))
            last->swap = row->view.swap;
    }
    p->s.parts[PART_PROCESSES] = (struct part_status){.state = PART_OK};
    p->s.processes_largest = st->rows_largest;
    /* Whoever lists the largest does not show process 1 among many. */
    p->s.processes_whole =
        st->rows_whole || (p->s.processes.items[0].pid == 1 && p->s.processes.count >= WHOLE_ROWS);
}

static unsigned parts_told(const struct log_event *e)
{
    return e->report ? (unsigned)__builtin_popcountll(e->report->parts) : 0;
}

static bool same_event(const struct log_event *a, const struct log_event *b)
{
    return a->kind == b->kind && a->pid == b->pid && a->pid != 0 &&
           a->stamp.place.file != b->stamp.place.file && a->total_vm == b->total_vm &&
           a->anon_rss == b->anon_rss && strcmp(a->comm, b->comm) == 0;
}

/* The same kill in dmesg, in the journal and in syslog is one: the one with the most told of it
 * stays. */
static void drop_copies(struct snapshot *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->log.count; i++) {
        struct log_event *at = &s->log.items[i];
        bool copy = false;

        for (size_t j = 0; j < kept && !copy; j++) {
            struct log_event *first = &s->log.items[j];

            if (!same_event(first, at))
                continue;
            if (parts_told(at) > parts_told(first)) {
                struct log_event swap = *first;

                *first = *at;
                *at = swap;
            }
            copy = true;
        }
        if (copy)
            log_event_done(at);
        else
            s->log.items[kept++] = *at;
    }
    s->log.count = kept;
}

/* "head /proc/meminfo" ends before Shmem: cache that is on no list of files cannot be dropped as
 * files can, and is that. */
static void estimate_shmem(struct snapshot *s)
{
    u64 *m = s->meminfo;
    u64 cache = figure_add(m[MI_CACHED], figure_or(m[MI_BUFFERS], 0)), active, inactive, lists;

    active = m[MI_ACTIVE_FILE];
    if (!known(active) && known(m[MI_ACTIVE]) && known(m[MI_ACTIVE_ANON]))
        active = m[MI_ACTIVE] - MIN(m[MI_ACTIVE], m[MI_ACTIVE_ANON]);
    inactive = m[MI_INACTIVE_FILE];
    if (!known(inactive) && known(m[MI_INACTIVE]) && known(m[MI_INACTIVE_ANON]))
        inactive = m[MI_INACTIVE] - MIN(m[MI_INACTIVE], m[MI_INACTIVE_ANON]);
    if (known(m[MI_SHMEM]) || !known(cache) || !known(active) || !known(inactive))
        return;
    lists = active + inactive + figure_or(m[MI_UNEVICTABLE], 0);
    if (cache <= lists)
        return;
    m[MI_SHMEM] = cache - lists;
    s->shmem_estimated = true;
}

/* Where AnonPages is not told, the lists of anonymous pages are: those of tmpfs are on them. */
static void estimate_anon(struct snapshot *s)
{
    u64 *m = s->meminfo;
    u64 lists = figure_add(m[MI_ACTIVE_ANON], m[MI_INACTIVE_ANON]),
        shmem = figure_or(m[MI_SHMEM], 0);

    if (!known(m[MI_ANON_PAGES]) && known(lists))
        m[MI_ANON_PAGES] = lists - MIN(lists, shmem);
}

/* Versions of free before MemAvailable: what is free, and the cache. */
static void estimate_available(struct snapshot *s)
{
    const u64 *m = s->meminfo;
    u64 cache = figure_add(m[MI_CACHED], figure_or(m[MI_BUFFERS], 0)),
        shmem = figure_or(m[MI_SHMEM], 0);

    if (known(m[MI_MEM_AVAILABLE]) || !known(m[MI_MEM_FREE]) || !known(cache))
        return;
    s->meminfo[MI_MEM_AVAILABLE] = m[MI_MEM_FREE] + (cache > shmem ? cache - shmem : 0);
    s->available_estimated = true;
}

/* A series as two looks: the counters as they were at its beginning, and grown by its rates. */
static void make_series(struct paste *p)
{
    const struct rates *r = &p->state->rates;
    ns_t span;
    bool any = false;

    if (isnan(r->interval_s))
        return;
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        any = any || !isnan(r->per_s[i]);
    if (!any || known(p->s.vmstat[PGFAULT]))
        return;
    snapshot_init(&p->before);
    p->has_before = true;
    p->before.kind = SOURCE_ARCHIVE;
    memcpy(p->before.meminfo, p->s.meminfo, sizeof(p->s.meminfo));
    p->before.parts[PART_MEMINFO] = p->s.parts[PART_MEMINFO];
    span = (ns_t)(r->interval_s * 1e9);
    for (unsigned i = 0; i < NR_COUNTERS; i++) {
        if (isnan(r->per_s[i]))
            continue;
        p->before.vmstat[i] = 0;
        p->s.vmstat[i] = (u64)(r->per_s[i] * r->interval_s + 0.5);
    }
    p->before.parts[PART_VMSTAT] = p->s.parts[PART_VMSTAT] = (struct part_status){.state = PART_OK};
    if (!isnan(r->iowait)) {
        /* In hundredths of a percent of the series: only the shares are read. */
        p->s.cpu = (struct cpu_view){.iowait = (u64)(100 * r->iowait + 0.5)};
        p->s.cpu.idle = 10000 - p->s.cpu.iowait;
        p->before.cpu = (struct cpu_view){0};
        p->before.parts[PART_STAT] = p->s.parts[PART_STAT] = p->s.parts[PART_VMSTAT];
    }
    p->before.taken_at = NS_PER_S;
    p->s.taken_at = NS_PER_S + span;
    for (unsigned i = 0; i < NR_PARTS; i++) {
        p->before.parts[i].read_at = p->before.taken_at;
        p->s.parts[i].read_at = p->s.taken_at;
        if (p->before.parts[i].state == PART_NOT_READ && (i != PART_MEMINFO))
            p->before.parts[i] =
                p->s.parts[i].state == PART_OK ? p->before.parts[i] : p->s.parts[i];
    }
}

/* /proc/vmstat has in pages what /proc/meminfo has in KiB, but for the total: what is counted adds
 * up to at least as much as all that one can say of. */
static void take_vmstat(struct snapshot *s)
{
    static const struct {
        enum meminfo_field field;
        enum counter counter;
        bool in_total;
    } same[] = {
        {MI_MEM_FREE, NR_FREE_PAGES, true},
        {MI_ANON_PAGES, NR_ANON_PAGES, true},
        {MI_CACHED, NR_FILE_PAGES, true},
        {MI_SHMEM, NR_SHMEM, false},
        {MI_ACTIVE_ANON, NR_ACTIVE_ANON, false},
        {MI_INACTIVE_ANON, NR_INACTIVE_ANON, false},
        {MI_ACTIVE_FILE, NR_ACTIVE_FILE, false},
        {MI_INACTIVE_FILE, NR_INACTIVE_FILE, false},
        {MI_UNEVICTABLE, NR_UNEVICTABLE, false},
        {MI_MLOCKED, NR_MLOCK, false},
        {MI_SRECLAIMABLE, NR_SLAB_RECLAIMABLE, true},
        {MI_SUNRECLAIM, NR_SLAB_UNRECLAIMABLE, true},
        {MI_PAGE_TABLES, NR_PAGE_TABLE_PAGES, true},
        {MI_MAPPED, NR_MAPPED, false},
        {MI_DIRTY, NR_DIRTY, false},
        {MI_WRITEBACK, NR_WRITEBACK, false},
    };
    const u64 page = s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096;
    u64 sum = 0, total = s->meminfo[MI_MEM_TOTAL];
    bool whole = true, any = false;

    if (s->parts[PART_VMSTAT].state != PART_OK)
        return;
    /* In a container whose meminfo lxcfs makes up from its limit, vmstat is still the host's. */
    for (unsigned i = 0; i < ARRAY_SIZE(same); i++) {
        u64 pages = s->vmstat[same[i].counter];

        sum += same[i].in_total && known(pages) && pages < BYTES_MAX / page ? pages * page : 0;
    }
    if (known(total) && sum > total + total / 20)
        return;
    sum = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(same); i++) {
        u64 *field = &s->meminfo[same[i].field], pages = s->vmstat[same[i].counter];

        if (!known(*field) && known(pages) && pages < BYTES_MAX / page) {
            *field = pages * page;
            any = true;
        }
        whole &= !same[i].in_total || known(*field);
        sum += same[i].in_total && known(*field) && *field < BYTES_MAX ? *field : 0;
    }
    /* The kernel prints stacks in KiB. */
    if (!known(s->meminfo[MI_KERNEL_STACK]) && known(s->vmstat[NR_KERNEL_STACK]) &&
        s->vmstat[NR_KERNEL_STACK] < BYTES_MAX / KIB)
        s->meminfo[MI_KERNEL_STACK] = s->vmstat[NR_KERNEL_STACK] * KIB;
    if (any && s->parts[PART_MEMINFO].state != PART_OK)
        s->parts[PART_MEMINFO] = s->parts[PART_VMSTAT];
    if (!any || !whole || known(s->meminfo[MI_MEM_TOTAL]))
        return;
    s->meminfo[MI_MEM_TOTAL] = sum + figure_or(s->meminfo[MI_KERNEL_STACK], 0);
    s->total_counted = true;
}

/* Tables of tools show one figure for page cache, buffers and reclaimable slab. */
static void note_cache(struct paste *p)
{
    const struct paste_state *st = p->state;

    p->s.cache_has_slab =
        known(st->meminfo[MI_CACHED]) && st->meminfo_rank[MI_CACHED] == RANK_ROUNDED;
}

static void mark_log(struct paste *p)
{
    struct part_status *status = &p->s.parts[PART_KERNEL_LOG];

    *status =
        (struct part_status){.state = p->log_lines || p->s.log.count ? PART_OK : PART_MISSING};
    if (status->state != PART_OK)
        snprintf(status->why, sizeof(status->why), "%s", "not in this text");
}

static bool has_block(const struct paste *p, enum paste_format format)
{
    vec_for_each (&p->blocks, b)
        if (b->format == format)
            return true;
    return false;
}

/* "free, vmstat": the names of these formats. */
static void name_formats(char buf[96], formats_t formats)
{
    size_t len = 0;

    for (unsigned i = 0; i < NR_FORMATS && len < 95; i++)
        if (formats >> i & 1)
            len += (size_t)snprintf(buf + len, 96 - len, "%s%s", len ? ", " : "",
                                    paste_format_names[i]);
}

static void name_sources(struct paste *p)
{
    static const enum paste_format groups[] = {FORMAT_DOCKER_STATS, FORMAT_CRICTL_STATS,
                                               FORMAT_KUBE_TOP, FORMAT_CGTOP, FORMAT_UNIT_STATUS};
    const struct paste_state *st = p->state;
    formats_t tables = 0;

    if (!has_block(p, FORMAT_MEMINFO) && !st->tree.below)
        name_formats(p->s.meminfo_from, st->meminfo_from);
    if (!has_block(p, FORMAT_VMSTAT_FILE) && !st->tree.below)
        name_formats(p->s.vmstat_from, st->rates_from);
    for (unsigned i = 0; i < ARRAY_SIZE(groups) && !tables; i++)
        if (has_block(p, groups[i]))
            tables = FORMAT_BIT(groups[i]);
    name_formats(p->s.groups_from, tables);
}

#define READ_FROM_MAX 1024

static void add_read_from(struct snapshot *s, const char *slash, const char *name, u32 file)
{
    struct read_from from = {.file = file};

    if (s->read_from.count >= READ_FROM_MAX || strlen(name) + 1 >= sizeof(from.name) ||
        file >= s->log_files.count)
        return;
    snprintf(from.name, sizeof(from.name), "%s%s", slash, name);
    vec_push(&s->read_from, from);
}

/* Of several files: which of them each figure is of. */
static void name_files(struct paste *p)
{
    const struct paste_state *st = p->state;

    if (p->files.count < 2)
        return;
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++)
        if (st->meminfo_rank[i] != RANK_NONE)
            add_read_from(&p->s, "", meminfo_keys[i], st->meminfo_file[i]);
    vec_for_each (&st->tree.files, f)
        if (f->from)
            add_read_from(&p->s, "/", f->path, f->from - 1);
}

/* What is not there is not in the text; only a directory or an archive has files that could be. */
static void say_text(struct paste *p)
{
    p->s.is_text = !p->state->tree.below && !p->state->has_tree_files;
    if (!p->s.is_text)
        return;
    for (unsigned i = 0; i < NR_PARTS; i++)
        if (p->s.parts[i].state == PART_MISSING)
            snprintf(p->s.parts[i].why, sizeof(p->s.parts[i].why), "not in this text");
}

/* Where nobody was killed, the last reading of earlyoom is what there is of the machine. */
static void take_earlyoom(struct paste *p)
{
    struct paste_state *st = p->state;
    const struct earlyoom *seen = &st->earlyoom;
    struct block b = {.p = p, .format = NR_FORMATS};

    if (seen->total == 0)
        return;
    vec_for_each (&p->s.log, e)
        if (e->kind == LOG_KILLED_BY || e->kind == LOG_OOM_KILL)
            return;
    if (known(st->meminfo[MI_MEM_TOTAL]))
        return;
    block_meminfo(&b, MI_MEM_TOTAL, seen->total, RANK_ROUNDED);
    block_meminfo(&b, MI_MEM_AVAILABLE, seen->available, RANK_ROUNDED);
    block_meminfo(&b, MI_SWAP_TOTAL, seen->swap_total, RANK_ROUNDED);
    block_meminfo(&b, MI_SWAP_FREE, seen->swap_free, RANK_ROUNDED);
}

bool paste_end(struct paste *p)
{
    struct paste_state *st = p->state;
    u64 parts = SNAPSHOT_ALL & ~((u64)1 << PART_KERNEL_LOG);
    struct source *src;
    struct err e;

    p->s.pasted = true;
    klog_free(st->klog);
    st->klog = NULL;
    newest_first_order(p);
    names_apply(p);
    tasks_finish(p);
    batch_finish(p);
    take_earlyoom(p);
    groups_finish(st);
    write_meminfo(st);
    src = tree_source(&st->tree, p->files.count ? p->files.items[0] : "paste");
    /* A text without one file of Linux may still have a log, or processes. */
    snapshot_read(&p->s, src, parts, &e);
    source_free(src);
    if (p->s.contradiction.found)
        p->s.contradiction.line = st->meminfo_line[p->s.contradiction.field];
    pool_write_finish(p);
    take_rows(p);
    placement_finish(p);
    take_vmstat(&p->s);
    estimate_shmem(&p->s);
    estimate_anon(&p->s);
    estimate_available(&p->s);
    note_cache(p);
    mark_log(p);
    say_text(p);
    name_sources(p);
    name_files(p);
    drop_copies(&p->s);
    make_series(p);
    machines_finish(p);
    return p->blocks.count || p->s.log.count || p->log_lines || p->s.refusals.count ||
           p->s.parts[PART_MEMINFO].state == PART_OK || st->tree.files.count || p->s.foreign;
}
