/* slabs.c - see slabs.h. */
#include "diagnose/slabs.h"

#include <string.h>

#define TOLD 3
/* Percent of the kernel memory of a kind that makes one cache its cause. */
#define MOST 50.0

/* A cache with this part of its family stands for it. */
#define STANDS_FOR 0.9

static const struct {
    const char *words; /* the name begins with them; "*x": it has them */
    const char *family;
} families[] = {
#define ZFS     "ZFS (zio_*, zfs_*, dnode_t, dmu_*, arc_*)"
#define SOCKETS "sockets and packets (TCP, UDP, UNIX, skbuff_*)"
#define INODES  "inodes and dentries (names of files that were looked up)"
#define SIZES   "kmalloc-* (memory that drivers and the kernel itself allocated by size)"
#define TASKS   "processes and threads (task_struct, vm_area_struct, anon_vma, cred_jar)"
#define DISKS   "requests to disks (bio-*, biovec-*)"
#define NFS     "requests to NFS servers (nfs_page, nfs_write_data)"
    {"zio_", ZFS},           {"zfs_", ZFS},        {"dnode_t", ZFS},     {"dmu_", ZFS},
    {"arc_buf", ZFS},        {"abd_", ZFS},        {"sa_cache", ZFS},    {"ddt_", ZFS},
    {"zil_", ZFS},           {"spl_", ZFS},        {"metaslab_", ZFS},   {"range_seg", ZFS},
    {"sock_inode", SOCKETS}, {"TCP", SOCKETS},     {"UDP", SOCKETS},     {"UNIX", SOCKETS},
    {"RAW", SOCKETS},        {"skbuff_", SOCKETS}, {"tw_sock", SOCKETS}, {"request_sock", SOCKETS},
    {"proc_inode", INODES},  {"dentry", INODES},   {"*_inode", INODES},  {"inode_cache", INODES},
    {"xfs_ili", INODES},     {"kmalloc-", SIZES},  {"size-", SIZES},     {"task_struct", TASKS},
    {"mm_struct", TASKS},    {"signal_", TASKS},   {"sighand_", TASKS},  {"files_cache", TASKS},
    {"fs_cache", TASKS},     {"cred_jar", TASKS},  {"vm_area", TASKS},   {"anon_vma", TASKS},
    {"pid", TASKS},          {"bio-", DISKS},      {"biovec-", DISKS},   {"blkdev_requests", DISKS},
    {"nfs_page", NFS},       {"nfs_write", NFS},   {"nfs_read", NFS},    {"nfs_commit", NFS},
};

const char *slab_family_of(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(families); i++) {
        const char *words = families[i].words;

        if (*words == '*' ? strstr(name, words + 1) != NULL
                          : strncmp(name, words, strlen(words)) == 0)
            return families[i].family;
    }
    return NULL;
}

struct family_sum {
    u64 bytes, largest;
    unsigned caches;
};

static void add_cache(struct family_sum *sums, const char *name, u64 bytes)
{
    const char *family = slab_family_of(name);

    if (!family || !known(bytes) || bytes > (u64)1 << 56)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(families); i++) {
        if (families[i].family != family)
            continue;
        sums[i].bytes += bytes;
        sums[i].caches += bytes > 0;
        sums[i].largest = MAX(sums[i].largest, bytes);
        return;
    }
}

static struct slab_family largest_family(const struct family_sum *sums)
{
    struct slab_family best = {0};

    for (unsigned i = 0; i < ARRAY_SIZE(families); i++)
        if (sums[i].bytes > best.bytes &&
            (double)sums[i].largest < STANDS_FOR * (double)sums[i].bytes)
            best = (struct slab_family){families[i].family, sums[i].bytes, sums[i].caches};
    return best;
}

struct slab_family slabs_family(const struct snapshot *s)
{
    struct family_sum sums[ARRAY_SIZE(families)] = {0};

    vec_for_each (&s->slabs, v)
        add_cache(sums, v->name, v->bytes);
    return largest_family(sums);
}

struct slab_family oom_slabs_family(const struct oom_report *r)
{
    struct family_sum sums[ARRAY_SIZE(families)] = {0};

    vec_for_each (&r->slabs, s)
        add_cache(sums, s->name, s->total);
    return largest_family(sums);
}

static const struct slab_view *next_largest(const struct snapshot *s, bool reclaimable,
                                            const struct slab_view *after)
{
    const struct slab_view *best = NULL;

    vec_for_each (&s->slabs, v) {
        bool kind = !v->reclaimable_known || v->reclaimable == reclaimable;
        bool later = !after || v->bytes < after->bytes || (v->bytes == after->bytes && v > after);

        if (known(v->bytes) && kind && later && (!best || v->bytes > best->bytes))
            best = v;
    }
    return best;
}

void slabs_tell(struct rule_context *c, bool reclaimable)
{
    const struct slab_view *at = NULL;
    struct strbuf text;

    if (c->s->slabs.count == 0) {
        gap_part(c, "which object caches are large", PART_SLABINFO);
        return;
    }
    strbuf_init(&text);
    for (unsigned i = 0; i < TOLD && (at = next_largest(c->s, reclaimable, at)); i++) {
        strbuf_printf(&text, "%s%s %s", i ? ", " : "", at->name, SIZE(at->bytes));
        evidence(c, at->name, number_of(at->bytes), IN_BYTES, "/proc/slabinfo", "%s", "");
    }
    if (text.len)
        finding_detail(c, "The largest caches: %s.", text.text);
    strbuf_done(&text);
}

void slabs_name_largest(struct rule_context *c, bool reclaimable, u64 all)
{
    const struct slab_view *largest = next_largest(c->s, reclaimable, NULL);
    struct slab_family family = slabs_family(c->s);
    char *title;

    if (family.name && share_of(family.bytes, all) >= MOST &&
        !(largest && largest->bytes >= family.bytes) && family.bytes <= all) {
        title = xstrdup(vec_last(&c->out->items).title);
        finding_title(c, "%s, most of it in caches of %s: %s", title, family.name,
                      SIZE(family.bytes));
        evidence(c, "caches of one kind", number_of(family.bytes), IN_BYTES, "/proc/slabinfo", "%s",
                 "");
        free(title);
        return;
    }
    if (!largest || !(share_of(largest->bytes, all) >= MOST))
        return;
    title = xstrdup(vec_last(&c->out->items).title);
    finding_title(c, "%s, most of it in %s (%s)", title, largest->name, SIZE(largest->bytes));
    free(title);
}
