/* procfs_docs.h - what the lines and files rendered here mean: meminfo.def and cgroup_files.def as
 * data. */
#ifndef PROCFS_PROCFS_DOCS_H
#define PROCFS_PROCFS_DOCS_H

struct procfs_doc {
    const char *name;
    const char *unit; /* meminfo: "KiB" or ""; cgroup files: which directories have it */
    const char *doc;
};

extern const struct procfs_doc meminfo_docs[];
extern const unsigned nr_meminfo_docs;
extern const struct procfs_doc cgroup_file_docs[];
extern const unsigned nr_cgroup_file_docs;

#endif
