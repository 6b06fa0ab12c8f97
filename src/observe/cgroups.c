/* cgroups.c - the tree of control groups: where it is, who is in it, and each group's files.
 *
 *   /sys/fs/cgroup                   v2: one hierarchy with everything
 *   /sys/fs/cgroup/memory            v1: the memory controller's own hierarchy
 *   /sys/fs/cgroup/unified           beside v1: v2 without controllers, where only the pressure
 *                                    files concern us; a group that
 *                                    systemd made has the same path in both
 *
 * To list all directories of 200 groups every few seconds would be the dearest thing the observer
 * does. The kernel counts its groups, in one file: while that number stays what it was, and no
 * known group is gone, the groups are the same, and only their files are read.
 */
#include "observe/cgroups_int.h"

#include "base/utf8.h"

#include <stdio.h>

#define GROUPS_MAX   65536
#define DEPTH_MAX    64
#define PATH_LEN_MAX 1024

/* --- paths ------------------------------------------------------------------------------------ */
/* '/' sorts before every other byte, so that what is below a group follows it at once: "/a",
 * "/a/b", "/a-c". */
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

bool cgroup_is_node(const struct cgroup_view *g)
{
    return strncmp(g->path, CGROUP_NODE_PREFIX, strlen(CGROUP_NODE_PREFIX)) == 0;
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

u64 cgroup_hugetlb(const struct cgroup_view *group)
{
    u64 sum = group->nr_huge > 0 ? 0 : UNKNOWN;

    for (u32 i = 0; i < group->nr_huge; i++)
        sum = figure_add(sum, group->huge[i].current);
    return sum;
}

/* --- which groups there are ------------------------------------------------------------------- */
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
    group->nr_huge = 0;
    group->read_at = group->stat_at = 0;
}

/* Children of the directory being listed. */
struct children {
    VEC(char *) names;
    struct groups_left *left;
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

    if (!is_directory)
        return true;
    if (!is_clean(name))
        children->left->unnamed++;
    else if (children->names.count >= GROUPS_MAX)
        children->left->beyond++;
    else
        vec_push(&children->names, xstrdup(name));
    return true;
}

void cgroup_set_place(struct strbuf *place, const char *base, const char *path)
{
    strbuf_reset(place);
    strbuf_append(place, base);
    if (path[1] != '\0')
        strbuf_append(place, path);
}

/* Depth first, a group before what is below it. Recursion is bounded by DEPTH_MAX. */
static int walk(struct reading *r, struct hierarchy *h, u32 self)
{
    struct snapshot *s = r->s;
    struct children children = {.left = &h->left};
    struct strbuf place;
    u32 depth = s->cgroups.items[self].depth;

    strbuf_init(&place);
    cgroup_set_place(&place, h->base, s->cgroups.items[self].path);

    int rc = source_list(r->src, place.text, note_child, &children);

    /* A group that went away meanwhile has no children. */
    h->left.unlisted += rc != 0 && rc != -ENOENT;
    vec_for_each (&children.names, name) {
        const char *above = s->cgroups.items[self].path;
        struct cgroup_view group;

        strbuf_reset(&place);
        strbuf_printf(&place, "%s/%s", above[1] ? above : "", *name);
        if (s->cgroups.count >= GROUPS_MAX || depth >= DEPTH_MAX || place.len > PATH_LEN_MAX) {
            h->left.beyond++;
        } else {
            group_init(&group, place.text, self, depth + 1, h->version);
            vec_push(&s->cgroups, group);
            walk(r, h, (u32)s->cgroups.count - 1);
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

/* What is not read now, a group has from the snapshot before. */
static void take_figures_of(struct snapshot *s, const struct snapshot *before)
{
    vec_for_each (&s->cgroups, group) {
        const struct cgroup_view *from = snapshot_cgroup(before, group->path);
        struct cgroup_view place = *group;

        if (!from || from->version != group->version)
            continue;
        *group = *from;
        group->path = place.path;
        group->parent = place.parent;
        group->depth = place.depth;
    }
}

/* How many groups the kernel says there are; UNKNOWN when it does not. */
static u64 count_groups(struct reading *r, const struct hierarchy *h)
{
    struct cgroup_view root = {.nr_descendants = UNKNOWN};
    struct span text, line, name;
    u64 hierarchy, count = UNKNOWN;

    if (h->version == 2) {
        if (reading_file(r, CGROUP_V2 "/cgroup.stat", FILE_MAX_SMALL, &text) == 0)
            parse_cgroup_stat(text, &root);
        return root.nr_descendants;
    }
    if (reading_file(r, "proc/cgroups", FILE_MAX_SMALL, &text) != 0)
        return UNKNOWN;
    while (span_take_line(&text, &line))
        if (span_take_word(&line, &name) && span_is(name, "memory") &&
            span_take_u64(&line, &hierarchy))
            span_take_u64(&line, &count);
    return count;
}

/* --- the part --------------------------------------------------------------------------------- */
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

bool cgroups_stand_still(const struct reading *r)
{
    return reading_kind(r) == SOURCE_ARCHIVE ||
           (reading_kind(r) == SOURCE_SIMULATED && !r->src->live);
}

/* Mounts seldom change: with SYSCTL_VM they are looked up again, which is in each sample of a
 * capture that begins a chunk. */
static bool starts_anew(const struct reading *r)
{
    return !r->before || r->before->cgroups.count == 0 || reading_wants(r, PART_SYSCTL_VM);
}

static struct hierarchy find_hierarchy(struct reading *r)
{
    struct snapshot *s = r->s;

    if (!starts_anew(r)) {
        s->cgroup_v1 = r->before->cgroup_v1;
        s->cgroup_v2 = r->before->cgroup_v2;
        memcpy(s->own_cgroup, r->before->own_cgroup, sizeof(s->own_cgroup));
    } else {
        s->cgroup_v1 = has_file(r, CGROUP_V1, "memory.usage_in_bytes") ||
                       has_file(r, CGROUP_V1, "memory.limit_in_bytes");
        if (s->cgroup_v1)
            s->cgroup_v2 = has_file(r, CGROUP_HYBRID, "cgroup.procs");
        else /* an archive may have the groups without the files of their root */
            s->cgroup_v2 = cgroups_stand_still(r) || has_file(r, CGROUP_V2, "cgroup.controllers") ||
                           has_file(r, CGROUP_V2, "cgroup.procs") ||
                           has_file(r, CGROUP_V2, "memory.stat");
        read_own_cgroup(r, s->cgroup_v1);
    }
    return (struct hierarchy){
        .base = s->cgroup_v1 ? CGROUP_V1 : CGROUP_V2,
        .version = s->cgroup_v1 ? 1 : 2,
        .hybrid = s->cgroup_v1 && s->cgroup_v2,
    };
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
            known(group->psi[PSI_MEM].some.total_us))
            return true;
    return false;
}

/* Fill in which groups there are: looked up anew, or those of the snapshot before. */
static int find_groups(struct reading *r, struct hierarchy *h, bool *ret_looked_up)
{
    struct snapshot *s = r->s;
    bool often = !reading_wants(r, PART_CGROUP_STAT) && !reading_wants(r, PART_CGROUP_LIMITS);
    struct cgroup_view root;

    if (!starts_anew(r)) {
        s->cgroup_count = often ? r->before->cgroup_count : count_groups(r, h);
        if (often || (known(s->cgroup_count) && s->cgroup_count == r->before->cgroup_count)) {
            take_groups_of(s, r->before);
            *ret_looked_up = false;
            return 0;
        }
    } else {
        s->cgroup_count = count_groups(r, h);
    }
    group_init(&root, "/", GROUP_NONE, 0, h->version);
    vec_push(&s->cgroups, root);
    h->walked = r->before && r->before->cgroups.count > 0;

    int rc = walk(r, h, 0);

    if (h->walked)
        take_figures_of(s, r->before);
    return rc;
}

static void add_left(struct strbuf *why, u64 count, const char *what)
{
    if (count)
        strbuf_printf(why, "%s%llu %s", why->len ? "; " : "", (unsigned long long)count, what);
}

/* Whoever reads a diagnosis must know that it is not about all groups. Those of the snapshot before
 * have its reasons. */
static void mark_left(struct reading *r, const struct hierarchy *h, bool looked_up)
{
    const struct part_status *before = r->before ? &r->before->parts[PART_CGROUPS] : NULL;
    struct strbuf why;

    reading_mark(r, PART_CGROUPS, 0);
    if (!looked_up && before && before->state == PART_CUT) {
        reading_mark_why(r, PART_CGROUPS, PART_CUT, before->why);
        return;
    }
    strbuf_init(&why);
    add_left(&why, h->left.unlisted, "could not be listed");
    add_left(&why, h->left.unread, "could not be read");
    add_left(&why, h->left.unnamed, "have no name that can be shown");
    add_left(&why, h->left.beyond, "too many or too deep");
    if (why.len)
        reading_mark_why(r, PART_CGROUPS, PART_CUT, why.text);
    strbuf_done(&why);
}

void read_cgroups(struct reading *r)
{
    struct snapshot *s = r->s;
    struct hierarchy h = find_hierarchy(r);
    bool looked_up = true;
    int rc = 0;

    s->parts[PART_CGROUPS].read_at = reading_now(r);
    if (s->cgroup_v1 || s->cgroup_v2) {
        rc = find_groups(r, &h, &looked_up);
        /* One that went may have been replaced: the count says nothing then. */
        if (cgroups_read_files(r, &h) > 0)
            s->cgroup_count = UNKNOWN;
    }
    if (rc == 0 && any_figures(s))
        mark_left(r, &h, looked_up);
    else
        mark_empty(r, rc);
    if (reading_wants(r, PART_CGROUP_STAT))
        s->parts[PART_CGROUP_STAT] = s->parts[PART_CGROUPS];
    if (reading_wants(r, PART_CGROUP_LIMITS))
        s->parts[PART_CGROUP_LIMITS] = s->parts[PART_CGROUPS];
}
