/* pasted.c - see pasted.h. */
#include "cli/pasted.h"

#include "base/units.h"
#include "observe/capture.h"
#include "observe/source.h"
#include "paste/roots.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN 8 /* kinds of blocks that are named */

/* By open(2), which needs no memory of the host: a stream that could not be made would call a
 * capture a text. */
bool pasted_is_capture(const char *path)
{
    char magic[4] = "";
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return false;
    if (read(fd, magic, sizeof(magic)) != sizeof(magic))
        magic[0] = '\0';
    close(fd);
    return memcmp(magic, "HWCR", sizeof(magic)) == 0;
}

bool pasted_is_other(const char *path)
{
    struct source *src;
    struct err e;
    struct stat st;
    bool other;

    if (strcmp(path, "-") == 0 || stat(path, &st) != 0)
        return false;
    if (S_ISREG(st.st_mode))
        return pasted_is_capture(path);
    if (!S_ISDIR(st.st_mode) || source_dir_open(path, &src, &e))
        return false;
    other = src->kind != SOURCE_ARCHIVE;
    source_free(src);
    return other;
}

void pasted_kinds(struct strbuf *out)
{
    strbuf_append(out, "read are kernel and system logs behind any prefix, and:");
    for (unsigned i = 0; i < NR_FORMATS; i++)
        strbuf_printf(out, "%s %s", i ? "," : "", paste_format_names[i]);
}

/* A copy by what goes by a file's size, which is 0 in /proc and in cgroups: it has the names and no
 * text. */
static bool is_empty_copy(const char *path)
{
    static const char *const names[] = {"proc/meminfo", "proc/vmstat", "meminfo",
                                        "vmstat",       "memory.stat", "memory.current"};
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unsigned nr_empty = 0, nr_texts = 0;
    struct stat st;

    if (dir < 0)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (fstatat(dir, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            *(st.st_size ? &nr_texts : &nr_empty) += 1;
    close(dir);
    return nr_empty && !nr_texts;
}

struct paste *pasted_read(char *const *paths, unsigned count, bool keep, bool *ret_known,
                          struct err *e)
{
    struct paste *p = paste_new();
    int rc = 0;

    p->keep = keep;
    *ret_known = true;
    for (unsigned i = 0; i < count && rc == 0; i++)
        rc = paste_add(p, paths[i], e);
    if (rc == -ENOTSUP)
        *ret_known = false;
    if (rc == 0 && !paste_end(p)) {
        *ret_known = is_empty_copy(paths[0]);
        rc = err_at(e, -EINVAL, paths[0], 0, 0, "%s",
                    *ret_known ? "its copies of /proc's files are empty: tar, rsync and what else "
                                 "goes by a file's size, which is 0 there, copies no text; copy "
                                 "with 'cp -r', or take 'highwater capture -o FILE' of the machine"
                               : "no text of a known kind");
    }
    if (rc == 0)
        roots_read_apart(p, paths, count);
    if (rc == 0)
        return p;
    paste_free(p);
    return NULL;
}

static void describe_blocks(const struct paste *p, struct strbuf *out)
{
    unsigned shown = 0;

    for (unsigned i = 0; i < NR_FORMATS; i++) {
        const struct paste_block *first = NULL;
        unsigned count = 0;

        vec_for_each (&p->blocks, b) {
            if (b->format != i)
                continue;
            if (!first)
                first = b;
            count++;
        }
        if (!first || shown++ >= SHOWN)
            continue;
        strbuf_printf(out, "%s%s (line %u", out->len ? ", " : "Read: ", paste_format_names[i],
                      first->place.line);
        if (p->files.count > 1)
            strbuf_printf(out, " of %s", p->files.items[first->place.file]);
        strbuf_append(out, ")");
        if (count > 1)
            strbuf_printf(out, " and %u more", count - 1);
    }
    if (p->log_lines) {
        char buf[UNITS_TEXT_MAX];

        strbuf_printf(out, "%s%s line%s of logs",
                      out->len ? ", " : "Read: ", format_count(buf, p->log_lines),
                      p->log_lines == 1 ? "" : "s");
    }
}

void pasted_describe(const struct paste *p, struct strbuf *out)
{
    char buf[UNITS_TEXT_MAX];

    describe_blocks(p, out);
    if (p->not_understood) {
        strbuf_printf(out, "%s%s line%s not understood (the first: ", out->len ? "; " : "",
                      format_count(buf, p->not_understood), p->not_understood == 1 ? "" : "s");
        if (p->files.count > 1)
            strbuf_printf(out, "%s:", p->files.items[p->not_understood_at.file]);
        strbuf_printf(out, "%s%u)", p->files.count > 1 ? "" : "line ", p->not_understood_at.line);
    }
    if (p->files_skipped)
        strbuf_printf(out, "%s%s file%s not read: binary, broken or too large",
                      out->len ? "; " : "", format_count(buf, p->files_skipped),
                      p->files_skipped == 1 ? "" : "s");
    if (p->packed_cut)
        strbuf_printf(out,
                      "%sa compressed file is cut off or damaged: what stood behind is not known",
                      out->len ? "; " : "");
    if (p->cut)
        strbuf_printf(out, "%sthe text ends within a report: what is missing is not known",
                      out->len ? "; " : "");
    if (out->len)
        strbuf_append(out, ".");
}
