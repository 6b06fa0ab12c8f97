/* slabinfo.c - /proc/slabinfo, version 2.1 (any kernel from 2.6.10 on):
 *
 *   # name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables ... : slabdata
 *   <active_slabs> <num_slabs> <sharedavail>
 *
 * A cache's memory is its slabs times their pages. The file does not say which caches shrink on
 * demand (SLAB_RECLAIM_ACCOUNT), so that goes by name, where the name tells.
 */
#include "observe/reading_int.h"

#define SLABS_MAX 16384

/* Ends and beginnings of the names of caches with SLAB_RECLAIM_ACCOUNT in kernels 3.10 to 6.18. */
static const char *const reclaimable_ends[] = {"inode_cache", "_inode", "inode_info"};
static const char *const reclaimable_names[] = {
    "dentry",
    "radix_tree_node",
    "buffer_head",
    "xfs_ili",
    "ext4_extent_status",
    "mbcache",
    "jbd2_journal_head",
    "nfs_read_data",
    "fat_cache",
    "btrfs_extent_map",
    "isofs_inode_cache",
    "ext3_xattr",
    "jbd2_revoke_table_s",
    "xfs_buf",
};
static const char *const kept_names[] = {
    "task_struct",
    "mm_struct",
    "vm_area_struct",
    "anon_vma",
    "anon_vma_chain",
    "filp",
    "cred_jar",
    "pid",
    "signal_cache",
    "sighand_cache",
    "files_cache",
    "names_cache",
    "skbuff_head_cache",
    "skbuff_fclone_cache",
    "TCP",
    "UDP",
    "kmem_cache",
    "maple_node",
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void classify(struct slab_view *slab)
{
    struct span name = span_of(slab->name, strlen(slab->name));

    /* Of security modules' and io_uring's objects the names end alike. */
    slab->reclaimable = is_one_of(slab->name, reclaimable_names, ARRAY_SIZE(reclaimable_names)) ||
                        span_begins(name, "kmalloc-rcl-");
    for (unsigned i = 0; i < ARRAY_SIZE(reclaimable_ends); i++)
        if (span_ends(name, reclaimable_ends[i]) && !span_is(name, "lsm_inode_cache"))
            slab->reclaimable = true;
    slab->reclaimable_known = slab->reclaimable || span_begins(name, "kmalloc-") ||
                              span_begins(name, "dma-kmalloc-") ||
                              is_one_of(slab->name, kept_names, ARRAY_SIZE(kept_names));
}

/* Whether a count times another is a size that a machine can have. */
static u64 bounded_product(u64 a, u64 b)
{
    u64 product;

    return __builtin_mul_overflow(a, b, &product) || product > (u64)1 << 56 ? UNKNOWN : product;
}

static bool parse_slab(struct span line, u64 page_bytes, struct slab_view *slab)
{
    struct span name, skipped;
    u64 per_slab, pages, active_slabs, slabs;

    if (!span_take_word(&line, &name) || !span_take_u64(&line, &slab->active_objects) ||
        !span_take_u64(&line, &slab->objects) || !span_take_u64(&line, &slab->object_bytes) ||
        !span_take_u64(&line, &per_slab) || !span_take_u64(&line, &pages) ||
        !span_take_until(&line, ':', &skipped) || !span_take_until(&line, ':', &skipped) ||
        !span_take(&line, "slabdata") || !span_take_u64(&line, &active_slabs) ||
        !span_take_u64(&line, &slabs))
        return false;
    span_copy(name, slab->name, sizeof(slab->name));
    slab->bytes = bounded_product(bounded_product(slabs, pages), page_bytes);
    classify(slab);
    return true;
}

unsigned parse_slabinfo(struct span text, struct snapshot *s)
{
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line) && s->slabs.count < SLABS_MAX) {
        struct slab_view slab = {0};

        if (span_begins(line, "slabinfo") || span_begins(line, "# name"))
            continue;
        if (!parse_slab(line, s->page_bytes, &slab))
            continue;
        vec_push(&s->slabs, slab);
        found++;
    }
    return found;
}
