/* cgroups.c - the tree of control groups: where it is, who is in it, and each group's files.
 *
 *   /sys/fs/cgroup                   v2: one hierarchy with everything
 *   /sys/fs/cgroup/memory            v1: the memory controller's own hierarchy
 *   /sys/fs/cgroup/unified           beside v1: v2 without controllers, where only the pressure files concern us; a group that
 *                                    systemd made has the same path in both
 *
 * Files are of two kinds. What changes every second and costs a microsecond (current, events, pressure) is read with CGROUPS. memory.stat
 * (which makes the kernel sum up its per-CPU counts), limits, and the walk over the directories come with CGROUP_STAT; without it the
 * groups and their limits are those of the snapshot before.
 */
#include "observe/reading_int.h"

#include "base/utf8.h"

#include <stdio.h>

#define GROUPS_MAX 65536
#define DEPTH_MAX  64

static const char v2_base[] = "sys/fs/cgroup";
static const char v1_base[] = "sys/fs/cgroup/memory";
static const char hybrid_base[] = "sys/fs/cgroup/unified";

/* --- paths -------------------------------------------------------------------------------------------------------------- */
/* '/' sorts before every other byte, so that what is below a group follows it at once: "/a", "/a/b", "/a-c". */
static int rank(char c)
{
    return c == '/' ? 0 : (unsigned char)c;
}

int cgroup_path_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t common = MIN(a_len, b_len);

    for (size_t i = 0; i < common; i++)
        if (a[i] != b[i])
            return rank(a[i]) - rank(b[i]);
    return a_len < b_len ? -1 : a_len > b_len;
}

u32 cgroup_find(const struct snapshot *s, struct span path)
{
    size_t low = 0, high = s->cgroups.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *at = s->cgroups.items[middle].path;
        int order = cgroup_path_compare(at, strlen(at), path.at, span_len(path));

        if (order == 0)
            return (u32)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return GROUP_NONE;
}

const struct cgroup_view *snapshot_cgroup(const struct snapshot *s, const char *path)
{
    u32 index = cgroup_find(s, span_of(path, strlen(path)));

    return index == GROUP_NONE ? NULL : &s->cgroups.items[index];
}

struct span cgroup_seen_path(const struct snapshot *s, struct span path)
{
    size_t len = strlen(s->cgroup_root);

    if (len == 0 || !span_begins(path, s->cgroup_root))
        return path;
    path.at += len;
    return span_empty(path) ? span_of("/", 1) : path;
}

/* --- which groups there are --------------------------------------------------------------------------------------------- */
static void group_init(struct cgroup_view *group, const char *path, u32 parent, u32 depth,
                       u8 version)
{
    memset(group, 0xff, sizeof(*group)); /* every figure UNKNOWN */
    group->path = xstrdup(path);
    group->parent = parent;
    group->depth = depth;
    group->version = version;
    group->is_root = false;
    group->oom_group = false;
    group->read_at = group->stat_at = 0;
}

/* Children of the directory being listed. */
struct children {
    VEC(char *) names;
};

static bool is_clean(const char *name)
{
    struct strbuf clean;

    strbuf_init(&clean);
    utf8_append_clean(&clean, name);

    bool same = strcmp(clean.text, name) == 0;

    strbuf_done(&clean);
    return same;
}

static bool note_child(void *ctx, const char *name, bool is_directory)
{
    struct children *children = ctx;

    /* What is not clean text is no name that anybody gave a group, and could not be shown. */
    if (is_directory && children->names.count < GROUPS_MAX && is_clean(name))
        vec_push(&children->names, xstrdup(name));
    return true;
}

/* "base/path", with the root's "/" left out. */
static void set_place(struct strbuf *place, const char *base, const char *path)
{
    strbuf_reset(place);
    strbuf_append(place, base);
    if (path[1] != '\0')
        strbuf_append(place, path);
}

/* Depth first, a group before what is below it. Recursion is bounded by DEPTH_MAX. */
static int walk(struct reading *r, const char *base, u8 version, u32 self)
{
    struct snapshot *s = r->s;
    struct children children = {0};
    struct strbuf place;
    u32 depth = s->cgroups.items[self].depth;

    strbuf_init(&place);
    set_place(&place, base, s->cgroups.items[self].path);

    int rc = source_list(r->src, place.text, note_child, &children);

    vec_for_each (&children.names, name) {
        const char *above = s->cgroups.items[self].path;
        struct cgroup_view group;

        if (s->cgroups.count < GROUPS_MAX && depth < DEPTH_MAX) {
            strbuf_reset(&place);
            strbuf_printf(&place, "%s/%s", above[1] ? above : "", *name);
            group_init(&group, place.text, self, depth + 1, version);
            vec_push(&s->cgroups, group);
            walk(r, base, version, (u32)s->cgroups.count - 1);
        }
        free(*name);
    }
    vec_done(&children.names);
    strbuf_done(&place);
    return rc;
}

/* The groups of the snapshot before, with what changes seldom. */
static void take_groups_of(struct snapshot *s, const struct snapshot *before)
{
    vec_reserve(&s->cgroups, before->cgroups.count);
    vec_for_each (&before->cgroups, from) {
        struct cgroup_view group = *from;

        group.path = xstrdup(from->path);
        vec_push(&s->cgroups, group);
    }
}

/* --- one group's files ---------------------------------------------------------------------------------------------------- */
/* Where a group's files are, for one file name after another. */
struct place {
    struct reading *r;
    struct strbuf path;
    size_t base_len;
};

static int place_read(struct place *p, const char *file, size_t max, struct span *ret)
{
    p->path.len = p->base_len;
    strbuf_append(&p->path, file);
    return reading_file(p->r, p->path.text, max, ret);
}

static bool place_has(struct place *p, const char *file, struct span *ret)
{
    return place_read(p, file, FILE_MAX_SMALL, ret) == 0;
}

static void place_figure(struct place *p, const char *file, u64 *figure)
{
    struct span text;

    if (place_has(p, file, &text))
        *figure = parse_limit(text);
}

static void place_set(struct place *p, const char *base, const char *path)
{
    set_place(&p->path, base, path);
    strbuf_appendc(&p->path, '/');
    p->base_len = p->path.len;
}

static void place_psi(struct place *p, const char *file, struct psi_view *psi)
{
    struct span text;

    memset(psi, 0xff, sizeof(*psi));
    if (place_has(p, file, &text))
        parse_pressure(text, psi);
}

/* Count the group's processes, and note whose each is. */
static void read_procs(struct place *p, u32 index)
{
    struct span text, line;
    u64 pid, count = 0;
    int rc = place_read(p, "cgroup.procs", FILE_MAX_LARGE, &text);

    if (rc != 0 && rc != -EFBIG)
        return;
    while (span_take_line(&text, &line)) {
        if (!span_take_u64(&line, &pid))
            continue;
        count++;
        u64map_put(&p->r->group_of_pid, pid, (u64)index + 1);
    }
    p->r->s->cgroups.items[index].nr_procs = count;
}

/* In a tree that stands still no group goes away: one without figures was copied without them. */
static bool stands_still(const struct reading *r)
{
    return reading_kind(r) == SOURCE_ARCHIVE || reading_kind(r) == SOURCE_SIMULATED;
}

/* False when the group went away. */
static bool read_v2(struct place *p, struct cgroup_view *group)
{
    struct span text;
    int rc = place_read(p, "memory.current", FILE_MAX_SMALL, &text);

    if (rc == 0)
        group->current = parse_limit(text);
    /* Only the machine's own root group has no memory.current while its pressure is there. */
    if (rc != 0 && group->parent == GROUP_NONE)
        group->is_root = true;
    if (place_has(p, "memory.events", &text))
        parse_memory_events(text, group);
    place_psi(p, "memory.pressure", &group->psi[PSI_RES_MEMORY]);
    return rc == 0 || group->parent == GROUP_NONE || stands_still(p->r) || known(group->ev_max) ||
           known(group->psi[PSI_RES_MEMORY].some.total_us);
}

static void read_v2_stat(struct place *p, struct cgroup_view *group)
{
    struct span text;
    u64 flag = 0;

    if (place_has(p, "memory.stat", &text))
        parse_memory_stat(text, group);
    place_figure(p, "memory.peak", &group->peak);
    place_figure(p, "memory.min", &group->min);
    place_figure(p, "memory.low", &group->low);
    place_figure(p, "memory.high", &group->high);
    place_figure(p, "memory.max", &group->max);
    place_figure(p, "memory.swap.current", &group->swap_current);
    place_figure(p, "memory.swap.max", &group->swap_max);
    place_figure(p, "memory.swap.high", &group->swap_high);
    place_figure(p, "memory.swap.peak", &group->swap_peak);
    place_figure(p, "memory.zswap.current", &group->zswap_current);
    place_figure(p, "memory.zswap.max", &group->zswap_max);
    if (place_has(p, "memory.events.local", &text))
        parse_memory_events_local(text, group);
    if (place_has(p, "memory.swap.events", &text))
        parse_swap_events(text, group);
    if (place_has(p, "cgroup.stat", &text))
        parse_cgroup_stat(text, group);
    if (place_has(p, "cpu.max", &text))
        parse_cpu_max(text, group);
    place_figure(p, "memory.oom.group", &flag);
    group->oom_group = flag == 1;
    place_psi(p, "cpu.pressure", &group->psi[PSI_RES_CPU]);
    place_psi(p, "io.pressure", &group->psi[PSI_RES_IO]);
}

static bool read_v1(struct place *p, struct cgroup_view *group)
{
    struct span text;
    bool there = place_has(p, "memory.usage_in_bytes", &text);

    if (there)
        group->current = parse_limit(text);
    place_figure(p, "memory.failcnt", &group->failcnt);
    if (place_has(p, "memory.oom_control", &text))
        parse_oom_control(text, group);
    return there || group->parent == GROUP_NONE || stands_still(p->r);
}

static void read_v1_stat(struct place *p, struct cgroup_view *group)
{
    struct span text;

    if (place_has(p, "memory.stat", &text))
        parse_memory_stat_v1(text, group);
    place_figure(p, "memory.limit_in_bytes", &group->max);
    place_figure(p, "memory.max_usage_in_bytes", &group->peak);
    place_figure(p, "memory.memsw.limit_in_bytes", &group->memsw_max);
    place_figure(p, "memory.kmem.usage_in_bytes", &group->kmem_current);
    if (group->parent == GROUP_NONE && reading_kind(p->r) != SOURCE_CONTAINER)
        group->is_root = group->max == NO_LIMIT;
}

/* Pressure of the group of the same path in the other hierarchy. */
static void read_hybrid_psi(struct place *p, struct cgroup_view *group, bool stat)
{
    place_psi(p, "memory.pressure", &group->psi[PSI_RES_MEMORY]);
    if (!stat)
        return;
    place_psi(p, "cpu.pressure", &group->psi[PSI_RES_CPU]);
    place_psi(p, "io.pressure", &group->psi[PSI_RES_IO]);
}

/* Read all groups' files; those that are gone leave the tree, with what was below them. */
static void read_groups(struct reading *r, const char *base, u8 version, bool stat, bool hybrid)
{
    struct snapshot *s = r->s;
    struct place p = {.r = r};
    u32 *moved = xcalloc(s->cgroups.count, sizeof(*moved));
    size_t kept = 0;

    strbuf_init(&p.path);
    for (size_t i = 0; i < s->cgroups.count; i++) {
        struct cgroup_view *group = &s->cgroups.items[i];
        bool orphan = group->parent != GROUP_NONE && moved[group->parent] == GROUP_NONE;

        place_set(&p, base, group->path);
        if (orphan || !(version == 2 ? read_v2(&p, group) : read_v1(&p, group))) {
            free(group->path);
            moved[i] = GROUP_NONE;
            continue;
        }
        moved[i] = (u32)kept;
        if (group->parent != GROUP_NONE)
            group->parent = moved[group->parent];
        group->read_at = s->parts[PART_CGROUPS].read_at;
        if (stat) {
            version == 2 ? read_v2_stat(&p, group) : read_v1_stat(&p, group);
            group->stat_at = group->read_at;
        }
        if (hybrid) {
            place_set(&p, hybrid_base, group->path);
            read_hybrid_psi(&p, group, stat);
            place_set(&p, base, group->path);
        }
        s->cgroups.items[kept++] = *group;
        if (stat)
            read_procs(&p, (u32)kept - 1);
    }
    s->cgroups.count = kept;
    strbuf_done(&p.path);
    free(moved);
}

/* --- the part ------------------------------------------------------------------------------------------------------------- */
static bool has_file(struct reading *r, const char *base, const char *name)
{
    char path[128];
    struct span text;

    snprintf(path, sizeof(path), "%s/%s", base, name);

    int rc = reading_file(r, path, FILE_MAX_SMALL, &text);

    return rc == 0 || rc == -EFBIG || rc == -EACCES;
}

/* Whose own group this is, as /proc/self/cgroup says it. */
static void read_own_cgroup(struct reading *r, bool v1)
{
    struct snapshot *s = r->s;
    struct span text, path;

    if (reading_file(r, "proc/self/cgroup", FILE_MAX_SMALL, &text) == 0 &&
        parse_pid_cgroup(text, v1, &path))
        span_copy(cgroup_seen_path(s, path), s->own_cgroup, sizeof(s->own_cgroup));
}

static const char *find_base(struct reading *r, u8 *ret_version)
{
    struct snapshot *s = r->s;

    if (!reading_wants(r, PART_CGROUP_STAT) && r->before &&
        (r->before->cgroup_v1 || r->before->cgroup_v2)) {
        s->cgroup_v1 = r->before->cgroup_v1;
        s->cgroup_v2 = r->before->cgroup_v2;
    } else if (has_file(r, v1_base, "memory.usage_in_bytes") ||
               has_file(r, v1_base, "memory.limit_in_bytes")) {
        s->cgroup_v1 = true;
        s->cgroup_v2 = has_file(r, hybrid_base, "cgroup.procs");
    } else {
        /* An archive may have the groups without the files of their root. */
        s->cgroup_v2 = stands_still(r) || has_file(r, v2_base, "cgroup.controllers") ||
                       has_file(r, v2_base, "cgroup.procs") || has_file(r, v2_base, "memory.stat");
    }
    *ret_version = s->cgroup_v1 ? 1 : 2;
    return s->cgroup_v1 ? v1_base : v2_base;
}

/* Neither hierarchy shows itself by its files; an archive may hold some groups all the same. */
static void mark_empty(struct reading *r, int rc)
{
    reading_mark(r, PART_CGROUPS, rc ? rc : -ENOENT);
    if (rc == 0 || rc == -ENOENT)
        if (r->src->live)
            reading_mark_why(r, PART_CGROUPS, PART_MISSING,
                             r->src->kind == SOURCE_CONTAINER
                                 ? "no memory controller in this container"
                                 : "no cgroup file system with a memory controller is mounted");
}

static bool any_figures(const struct snapshot *s)
{
    vec_for_each (&s->cgroups, group)
        if (known(group->current) || known(group->stat[NR_ANON_PAGES]) ||
            known(group->psi[PSI_RES_MEMORY].some.total_us))
            return true;
    return false;
}

void read_cgroups(struct reading *r)
{
    struct snapshot *s = r->s;
    bool stat = reading_wants(r, PART_CGROUP_STAT);
    u8 version;
    const char *base = find_base(r, &version);
    int rc = 0;

    if (!s->cgroup_v1 && !s->cgroup_v2) {
        mark_empty(r, 0);
        if (stat)
            s->parts[PART_CGROUP_STAT] = s->parts[PART_CGROUPS];
        return;
    }
    if (!stat && r->before && r->before->cgroups.count > 0) {
        take_groups_of(s, r->before);
        memcpy(s->own_cgroup, r->before->own_cgroup, sizeof(s->own_cgroup));
    } else {
        struct cgroup_view root;

        group_init(&root, "/", GROUP_NONE, 0, version);
        vec_push(&s->cgroups, root);
        rc = walk(r, base, version, 0);
        read_own_cgroup(r, version == 1);
    }
    s->parts[PART_CGROUPS].read_at = reading_now(r);
    read_groups(r, base, version, stat, s->cgroup_v1 && s->cgroup_v2);
    if (rc == 0 && any_figures(s))
        reading_mark(r, PART_CGROUPS, 0);
    else
        mark_empty(r, rc);
    if (stat)
        s->parts[PART_CGROUP_STAT] = s->parts[PART_CGROUPS];
}
