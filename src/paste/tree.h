/* tree.h - files of a machine in memory: what an archive or a paste holds, as a source of the
 * observer's.
 *
 * Paths:  as in observe/source.h, relative: "proc/meminfo". "..", "." and empty names are dropped
 *         on the way in: nothing leads out.
 * Bounds: TREE_FILES_MAX files and TREE_BYTES_MAX bytes; what is beyond is refused.
 */
#ifndef PASTE_TREE_H
#define PASTE_TREE_H

#include "base/hash.h"
#include "base/vec.h"
#include "observe/source.h"
#include "observe/span.h"

#define TREE_FILES_MAX 131072
#define TREE_BYTES_MAX (256u << 20)
#define TREE_PATH_MAX  1024

struct tree_file {
    char *path;
    struct strbuf text;
    /* the text's file that it was read from, as struct klog_place has it, and 1; 0: its own */
    u32 from;
};

struct tree {
    VEC(struct tree_file) files;
    struct u64map by_path; /* hash to index */
    size_t bytes;
    struct source *below; /* where files are read that are not here; may be NULL; not owned */
};

void tree_init(struct tree *t);
void tree_done(struct tree *t);

/* The file of this path, made when it is new; NULL when there is no room or the path is none. */
struct tree_file *tree_file(struct tree *t, struct span path);
const struct tree_file *tree_find(const struct tree *t, const char *path);

/* Append to a file. False: no room. */
bool tree_append(struct tree *t, struct tree_file *f, struct span text);
/* Set the text of a file unless it has one. */
void tree_offer(struct tree *t, const char *path, const char *text);

/* A source over it, valid while the tree stands unchanged; source_free() frees the source alone. */
struct source *tree_source(struct tree *t, const char *name);

#endif
