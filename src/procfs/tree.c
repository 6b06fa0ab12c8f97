/* tree.c - all files of a machine as a directory tree on the host. */
#include "procfs/procfs.h"

#include "base/outtree.h"

struct writer {
    struct outtree tree;
    struct err *e;
};

static int write_file(void *writer, const char *name, const char *text, size_t len)
{
    struct writer *w = writer;

    return outtree_put(&w->tree, name, text, len, w->e);
}

int procfs_write_tree(const struct system *s, const char *dir, struct err *e)
{
    struct writer w = {.e = e};
    int rc = outtree_open(&w.tree, dir, e);

    if (rc)
        return rc;
    rc = procfs_each_file(s, NULL, write_file, &w);
    if (rc == 0)
        return outtree_commit(&w.tree, e);
    outtree_abort(&w.tree);
    return rc;
}
