/* objects.c - the kernel objects that stand behind tasks, address spaces, mappings and files.
 *
 *   thread          task_struct, pid, cred_jar                            mm        mm_struct
 *   process         signal, sighand, files, fs                            vma       vm_area_struct,
 *                   its share of a maple_node
 *   open file       filp, the security module's                           anon_vma  anon_vma,
 *                   anon_vma_chain per link
 *   file, memory    dentry, ext4_inode_cache or shmem_inode_cache, the security module's
 *
 * Which objects Linux charges to a cgroup says slab/caches.def. A name and an inode that a workload
 * uses stay as long as the machine knows the file; those of a directory walk are given to the
 * shrinkers at once (kobject.c).
 *
 * anon_vmas are known by their links only: one for each vma that has links, which is right but for
 * vmas that share one. */
#include "system/system_int.h"

#define MAPLE_FANOUT \
    10u /* mappings and gaps that a node of the tree of mappings holds on average, in pairs */

static struct group *group_of(const struct system *s, u16 id)
{
    return group_get(&s->groups, id);
}

static void process_objects_new(struct system *s, struct group *g)
{
    slab_alloc(&s->slab, SLAB_SIGNAL_CACHE, g, 1);
    slab_alloc(&s->slab, SLAB_SIGHAND_CACHE, g, 1);
    slab_alloc(&s->slab, SLAB_FILES_CACHE, g, 1);
    slab_alloc(&s->slab, SLAB_FS_CACHE, g, 1);
}

void task_objects_lead(struct system *s, struct task *t)
{
    process_objects_new(s, group_of(s, t->objects_memcg));
}

void task_objects_new(struct system *s, struct task *t)
{
    struct group *g = t->group;

    t->objects_memcg = g->id;
    slab_alloc(&s->slab, SLAB_TASK_STRUCT, g, 1);
    slab_alloc(&s->slab, SLAB_PID, g, 1);
    slab_alloc(&s->slab, SLAB_CRED_JAR, g, 1);
    if (t->pid == t->tgid)
        process_objects_new(s, g);
}

void task_objects_free(struct system *s, struct task *t)
{
    struct group *g = group_of(s, t->objects_memcg);

    slab_free(&s->slab, SLAB_TASK_STRUCT, g, 1);
    slab_free(&s->slab, SLAB_PID, g, 1);
    slab_free(&s->slab, SLAB_CRED_JAR, g, 1);
    if (t->pid != t->tgid)
        return;
    slab_free(&s->slab, SLAB_SIGNAL_CACHE, g, 1);
    slab_free(&s->slab, SLAB_SIGHAND_CACHE, g, 1);
    slab_free(&s->slab, SLAB_FILES_CACHE, g, 1);
    slab_free(&s->slab, SLAB_FS_CACHE, g, 1);
}

/* --- address spaces --------------------------------------------------------------------------- */
void mm_objects_new(struct system *s, struct mm *mm)
{
    mm->objects.memcg = mm->memcg;
    slab_alloc(&s->slab, SLAB_MM_STRUCT, group_of(s, mm->memcg), 1);
    mm_objects_update(s, mm);
}

static void set_objects(struct system *s, struct mm *mm, u32 vmas, u32 avcs, u32 anon_vmas,
                        u32 maple_nodes)
{
    struct group *g = group_of(s, mm->objects.memcg);

    slab_adjust(&s->slab, SLAB_VM_AREA_STRUCT, g, mm->objects.vmas, vmas);
    slab_adjust(&s->slab, SLAB_ANON_VMA_CHAIN, g, mm->objects.avcs, avcs);
    slab_adjust(&s->slab, SLAB_ANON_VMA, g, mm->objects.anon_vmas, anon_vmas);
    slab_adjust(&s->slab, SLAB_MAPLE_NODE, g, mm->objects.maple_nodes, maple_nodes);
    mm->objects.vmas = vmas;
    mm->objects.avcs = avcs;
    mm->objects.anon_vmas = anon_vmas;
    mm->objects.maple_nodes = maple_nodes;
}

void mm_objects_update(struct system *s, struct mm *mm)
{
    if (likely(mm->nr_vmas == mm->objects.vmas && mm->nr_avcs == mm->objects.avcs &&
               mm->objects.maple_nodes))
        return;
    set_objects(s, mm, mm->nr_vmas, mm->nr_avcs, MIN(mm->nr_avcs, mm->nr_vmas),
                1 + mm->nr_vmas / MAPLE_FANOUT);
}

void mm_objects_free(struct system *s, struct mm *mm)
{
    set_objects(s, mm, 0, 0, 0, 0);
    slab_free(&s->slab, SLAB_MM_STRUCT, group_of(s, mm->objects.memcg), 1);
}

/* --- files ------------------------------------------------------------------------------------ */
static enum slab_id inode_cache(const struct inode *inode)
{
    if (inode->kind == INODE_SHMEM)
        return SLAB_SHMEM_INODE_CACHE;
    if (inode->kind == INODE_HUGETLB)
        return SLAB_HUGETLBFS_INODE_CACHE;
    if (inode->kind == INODE_RAMFS)
        return SLAB_INODE_CACHE;
    return inode->kind == INODE_DEVICE ? SLAB_BDEV_CACHE : SLAB_EXT4_INODE_CACHE;
}

void inode_objects_new(struct system *s, struct inode *inode)
{
    struct group *g = s->running ? s->running : s->groups.root;

    inode->object_memcg = g->id;
    slab_alloc(&s->slab, SLAB_DENTRY, g, 1);
    slab_alloc(&s->slab, inode_cache(inode), g, 1);
    slab_alloc(&s->slab, SLAB_LSM_INODE_CACHE, g, 1);
}

void inode_objects_free(struct system *s, const struct inode *inode)
{
    struct group *g = group_of(s, inode->object_memcg);

    slab_free(&s->slab, SLAB_DENTRY, g, 1);
    slab_free(&s->slab, inode_cache(inode), g, 1);
    slab_free(&s->slab, SLAB_LSM_INODE_CACHE, g, 1);
}

void file_objects_new(struct system *s, struct file *f)
{
    struct group *g = s->running ? s->running : s->groups.root;

    f->object_memcg = g->id;
    slab_alloc(&s->slab, SLAB_FILP, g, 1);
    slab_alloc(&s->slab, SLAB_LSM_FILE_CACHE, g, 1);
}

void file_objects_free(struct system *s, const struct file *f)
{
    struct group *g = group_of(s, f->object_memcg);

    slab_free(&s->slab, SLAB_FILP, g, 1);
    slab_free(&s->slab, SLAB_LSM_FILE_CACHE, g, 1);
}
