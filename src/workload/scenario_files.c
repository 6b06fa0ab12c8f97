/* scenario_files.c - those files of a scenario that are there before a task uses them: in tmpfs,
 * ramfs, and segments.
 *
 * A segment has no name; the kernel holds it open until it is removed (ipcrm). A memfd is its first
 * user's, and gone with its last. */
#include "balance/overcommit.h"
#include "base/alloc.h"
#include "system/file.h"
#include "workload/scenario_run.h"

#include <string.h>

static struct inode *find(const struct scenario_run *run, size_t index)
{
    return inode_find(&run->config.system->backing, run->scenario->files.items[index].dev,
                      SCENARIO_FIRST_INODE + index);
}

static int make(struct scenario_run *run, size_t index, struct err *e)
{
    const struct scenario_file *f = &run->scenario->files.items[index];
    struct system *s = run->config.system;
    struct inode *inode;

    inode = system_inode(s, f->kind == SCENARIO_RAMFS ? INODE_RAMFS : INODE_SHMEM, f->dev,
                         SCENARIO_FIRST_INODE + index, f->path, f->size);
    if (f->limit)
        inode->mount = shmem_mount_new(&s->backing, f->limit / PAGE_SIZE);
    if (f->kind != SCENARIO_SYSV)
        return 0;
    inode->mount = NULL;
    if (!overcommit_allows(&s->mem, NULL, inode_nr_pages(inode), true))
        return err_at(e, -EINVAL, run->scenario->path, f->head.line, 0,
                      "[file %s]: the machine cannot promise a segment so large "
                      "(vm.overcommit_memory)",
                      f->head.name);
    shmem_commit_size(&s->backing, inode);
    run->segments[index] = system_open(s, inode, 0);
    inode->nlink = 0;
    return 0;
}

int scenario_files_init(struct scenario_run *run, struct err *e)
{
    const struct scenario *sc = run->scenario;

    run->segments = xcalloc(MAX(sc->files.count, (size_t)1), sizeof(struct file *));
    for (size_t i = 0; i < sc->files.count; i++) {
        u64 kind = sc->files.items[i].kind;
        int rc;

        if (kind == SCENARIO_REGULAR || kind == SCENARIO_MEMFD)
            continue;
        rc = make(run, i, e);
        if (rc)
            return rc;
    }
    return 0;
}

void scenario_files_done(struct scenario_run *run)
{
    free(run->segments);
}

int scenario_file_remove(struct scenario_run *run, size_t index)
{
    struct system *s = run->config.system;
    struct inode *inode = find(run, index);

    if (run->segments[index]) {
        system_close(s, run->segments[index]);
        run->segments[index] = NULL;
        return 0;
    }
    if (!inode || !inode->nlink)
        return -ENOENT;
    system_unlink(s, inode);
    return 0;
}
