/* rule_slab_cache.c - one object cache of the kernel holds most of what all hold. */
#include "diagnose/cause.h"
#include "diagnose/slabs.h"

#include <string.h>

/* Percent of all object caches, and of memory where that is known. */
#define MOST 50.0
#define MUCH 15.0

/* Caches whose name says little, and what they hold. */
static const struct {
    const char *begins, *holds;
} known_caches[] = {
    {"dentry", "names of files that were looked up"},
    {"ext4_inode_cache", "inodes of ext4"},
    {"xfs_inode", "inodes of XFS"},
    {"btrfs_inode", "inodes of btrfs"},
    {"nfs_inode_cache", "inodes of NFS"},
    {"fuse_inode", "inodes of FUSE"},
    {"ovl_inode", "inodes of overlay file systems"},
    {"inode_cache", "inodes"},
    {"proc_inode_cache", "inodes of /proc"},
    {"sock_inode_cache", "sockets"},
    {"buffer_head", "blocks of cached files"},
    {"radix_tree_node", "the index of the page cache"},
    {"nf_conntrack", "connections that netfilter tracks"},
    {"skbuff", "packets that wait in queues of sockets or devices"},
    {"TCP", "sockets"},
    {"filp", "open files"},
    {"task_struct", "tasks"},
    {"vm_area_struct", "mappings"},
    {"anon_vma", "mappings of anonymous memory"},
    {"bio", "requests to disks"},
    {"zio_", "buffers of ZFS"},
    {"kmalloc-", "memory that drivers and the kernel itself allocated by size"},
    {"cred_jar", "credentials"},
    {"iommu_iova", "addresses of devices"},
    {"ebitmap", "sets of SELinux's policy"},
    {"avtab", "SELinux's policy"},
    {"mnt_cache", "mounts"},
    {"numa_policy", "memory policies"},
    {"Acpi", "objects of the firmware's tables"},
};

static const char *holds(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(known_caches); i++)
        if (strncmp(name, known_caches[i].begins, strlen(known_caches[i].begins)) == 0)
            return known_caches[i].holds;
    return NULL;
}

static u64 sum_of(const struct snapshot *s)
{
    u64 sum = 0, all = s->meminfo[MI_SLAB];

    vec_for_each (&s->slabs, v)
        sum += figure_or(v->bytes, 0);
    /* A table's first rows are not all. */
    return known(all) && all > sum ? all : sum;
}

/* A table alone, in which no cache stands out: together they may be what its reader looks for. */
static void tell_sum(struct rule_context *c, const struct slab_view *most, u64 all)
{
    finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.4,
                "The kernel's object caches hold %s together; the largest is %s with %s", SIZE(all),
                most->name, SIZE(most->bytes));
    finding_detail(c, "Of how much memory, is not in this text.");
    evidence(c, "all object caches", number_of(all), IN_BYTES, "/proc/slabinfo", "%s", "");
    evidence(c, most->name, number_of(most->bytes), IN_BYTES, "/proc/slabinfo", "%s", "");
}

/* Caches of one kind hold most of it together. */
static bool tell_family(struct rule_context *c, const struct slab_view *most, u64 all)
{
    struct slab_family family = slabs_family(c->s);
    double of_slab = share_of(family.bytes, all), of_memory = share_of(family.bytes, c->f->total);

    if (!family.name || !(of_slab >= MOST) || of_memory < MUCH)
        return false;
    finding_add(c, cause_severity(c, SEV_INFO), CONF_HIGH, "host",
                cause_weight(c, 0.55, isnan(of_memory) ? of_slab : of_memory + 1),
                "The kernel's object caches of %s hold %s together, %s of all such caches",
                family.name, SIZE(family.bytes), AMOUNT(of_slab, IN_PERCENT));
    if (!isnan(of_memory))
        finding_title(c, "The kernel's object caches of %s hold %s together, of %s (%s)",
                      family.name, SIZE(family.bytes), SIZE(c->f->total),
                      AMOUNT(of_memory, IN_PERCENT));
    finding_detail(c, "%s caches; the largest is %s with %s.",
                   AMOUNT((double)family.caches, IN_COUNT), most->name, SIZE(most->bytes));
    evidence(c, "caches of that kind, together", number_of(family.bytes), IN_BYTES,
             "/proc/slabinfo", "over %.0f %% of all", MOST);
    evidence_shown(c, "share of all caches", of_slab, IN_PERCENT, "/proc/slabinfo");
    evidence_shown(c, "share of MemTotal", of_memory, IN_PERCENT, "/proc/slabinfo");
    evidence_shown(c, "caches of that kind", family.caches, IN_COUNT, "/proc/slabinfo");
    evidence(c, most->name, number_of(most->bytes), IN_BYTES, "/proc/slabinfo", "%s", "");
    evidence(c, "all object caches", number_of(all), IN_BYTES, "/proc/slabinfo", "%s", "");
    evidence(c, "MemTotal", number_of(c->f->total), IN_BYTES, "/proc/meminfo", "%s", "");
    return true;
}

void rule_slab_cache(struct rule_context *c)
{
    const struct slab_view *most = NULL;
    u64 all = sum_of(c->s);
    double of_slab, of_memory;
    const char *what;
    bool kept;

    vec_for_each (&c->s->slabs, v)
        if (known(v->bytes) && (!most || v->bytes > most->bytes))
            most = v;
    if (!wants_host(c) || !most || !c->s->pasted)
        return;
    of_slab = share_of(most->bytes, all);
    of_memory = share_of(most->bytes, c->f->total);
    if (tell_family(c, most, all))
        return;
    if (of_slab < MOST && !known(c->f->total)) {
        tell_sum(c, most, all);
        return;
    }
    if (!(of_slab >= MOST) || of_memory < MUCH)
        return;
    kept = !most->reclaimable_known || !most->reclaimable;
    what = holds(most->name);
    finding_add(c, cause_severity(c, kept ? SEV_WARNING : SEV_INFO), CONF_HIGH, "host",
                cause_weight(c, 0.55, isnan(of_memory) ? of_slab : of_memory + 1),
                "The kernel's object cache %s%s%s%s holds %s, %s of all such caches", most->name,
                what ? " (" : "", what ? what : "", what ? ")" : "", SIZE(most->bytes),
                AMOUNT(of_slab, IN_PERCENT));
    if (!isnan(of_memory))
        finding_title(c, "The kernel's object cache %s%s%s%s holds %s of %s (%s)", most->name,
                      what ? " (" : "", what ? what : "", what ? ")" : "", SIZE(most->bytes),
                      SIZE(c->f->total), AMOUNT(of_memory, IN_PERCENT));
    finding_detail(
        c, kept ? "No pressure frees it, as far as its name tells: if it grows, it is a leak."
                : "It shrinks when memory is needed.");
    evidence(c, most->name, number_of(most->bytes), IN_BYTES, "/proc/slabinfo",
             "over %.0f %% of all", MOST);
    evidence_shown(c, "share of all caches", of_slab, IN_PERCENT, "/proc/slabinfo");
    evidence_shown(c, "share of MemTotal", of_memory, IN_PERCENT, "/proc/slabinfo");
    evidence(c, "objects", number_of(most->objects), IN_COUNT, "/proc/slabinfo", "%s", "");
    evidence(c, "all object caches", number_of(all), IN_BYTES, "/proc/slabinfo", "%s", "");
    evidence(c, "MemTotal", number_of(c->f->total), IN_BYTES, "/proc/meminfo", "%s", "");
}
