/* paste.h - what people have of a machine in trouble, read whatever it is: logs, tables and files,
 * mixed in any order.
 *
 * Takes:     files, directories and archives (input.h), each a part of one incident. A text is cut
 *            into blocks by its content: a block is what one command or one file printed. What a
 *            log's line says goes to observe/klog.h.
 * Gives:     one snapshot (of a series such as vmstat's, two), as if these files had been read
 *            there and then. A figure that no block has stays UNKNOWN. What a more exact block says
 *            wins: a file of Linux over a table of a tool.
 * Says:      which blocks there were and where, and how many lines were not understood.
 * Bounds:    a line 1 MiB, a block 16 MiB, blocks 65,536, what is kept 32 MiB; logs of any length,
 *            in constant memory.
 * Use:       p = paste_new(); paste_add(p, "-", &e); paste_end(p); ... &p->s ...; paste_free(p);
 */
#ifndef PASTE_PASTE_H
#define PASTE_PASTE_H

#include "base/vec.h"
#include "observe/snapshot.h"
#include "observe/span.h"

/* One kind of text: paste/formats.def. */
enum paste_format {
#define FORMAT(id, ...) FORMAT_##id,
#include "paste/formats.def"
#undef FORMAT
    NR_FORMATS
};
extern const char *const paste_format_names[NR_FORMATS];
extern const char *const paste_format_tells[NR_FORMATS]; /* what it says, for the documentation */
/* May each of its lines stand behind what a logger writes? */
bool paste_format_logged(enum paste_format format);

struct paste_block {
    enum paste_format format;
    struct klog_place place; /* file: an index into files[] */
    u32 lines;
};

struct paste_state; /* private: while texts are added */

/* One of several machines that a text tells of, as a paste of its lines alone. */
struct paste_machine {
    /* "web1"; a file's name; "the machine with 15.6 GiB"; "" when nothing says whose these lines
     * are */
    char *name;
    bool has_size; /* it shows how much memory there is, or its pressure: not a log alone */
    struct paste *paste;
};

struct paste {
    struct snapshot s;      /* after paste_end() */
    struct snapshot before; /* `has_before`: the beginning of a series, for rates */
    bool has_before;

    VEC(char *) files; /* that were read */
    VEC(struct paste_block) blocks;
    u64 lines, log_lines, not_understood;
    struct klog_place not_understood_at; /* the first such line */
    u64 files_skipped;                   /* binary, or beyond a bound */
    bool cut;                            /* the text ends within a report or a table */
    bool packed_cut;                     /* a compressed file is cut off or damaged */

    /* Set `keep` before the first file to have the text as it came, with a head before each file,
     * and files called "input-1", "input-2". */
    bool keep;
    struct strbuf kept;

    /* After paste_end(): two or more when the text shows the memory of several machines; then `s`
     * mixes them, and each is to be judged by itself. Else none. */
    VEC(struct paste_machine) machines;
    /* Of one machine that is shown several times, the sample with the least left that is not the
     * last one; NULL. */
    struct paste *earlier;
    struct klog_place earlier_at; /* file: an index into earlier's files[] */
    bool machines_cut;            /* beyond a bound: machines or samples were left out */

    struct paste_state *state;
};

struct paste *paste_new(void);
void paste_free(struct paste *p);

/* Read one input: a file, a directory, an archive, or "-" for the standard input. -ENOTSUP: a
 * directory of other things, such as programs. */
int paste_add(struct paste *p, const char *path, struct err *e);

/* Begin a file, whose text comes in pieces of any length; written: when, in seconds since 1970, 0
 * when not known. */
void paste_begin(struct paste *p, const char *name, s64 written);
void paste_text(struct paste *p, struct span text);
void paste_file_end(struct paste *p);

/* A file of a machine's tree ("proc/meminfo") with its whole text. */
void paste_tree_file(struct paste *p, const char *path, struct span text);

/* All was added: fill the snapshot. False: nothing of any known kind was in it. */
bool paste_end(struct paste *p);

#endif
