/* pid_maps.c - /proc/PID/maps: one line per mapping. */
#include "procfs/procfs.h"

#include "procfs/pid_maps.h"

#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#define NAME_COLUMN 73 /* where the name begins, unless the numbers are longer */

bool maps_is_heap(const struct vma *v)
{
    const struct mm *mm = v->mm;

    if (v->flags & VM_HEAP)
        return true;
    return mm->brk > mm->start_brk && v->start << PAGE_SHIFT <= mm->brk &&
           v->end << PAGE_SHIFT >= mm->start_brk;
}

bool maps_is_stack(const struct vma *v)
{
    const struct mm *mm = v->mm;

    if (v->flags & VM_STACK)
        return true;
    return mm->start_stack && v->start << PAGE_SHIFT <= mm->start_stack &&
           v->end << PAGE_SHIFT >= mm->start_stack;
}

/* What stands after the numbers for a mapping without a file, "" for plain anonymous memory. */
static const char *special_name(const struct vma *v)
{
    if (v->flags & VM_SPECIAL)
        return v->flags & VM_EXEC ? "[vdso]" : "[vvar]";
    if (maps_is_heap(v))
        return "[heap]";
    if (maps_is_stack(v))
        return "[stack]";
    return "";
}

void maps_render_line(const struct maps_line *l, struct strbuf *out)
{
    size_t start = out->len;

    strbuf_printf(out, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " %02x:%02x %" PRIu64 " ",
                  l->start, l->end, l->flags & VM_READ ? 'r' : '-', l->flags & VM_WRITE ? 'w' : '-',
                  l->flags & VM_EXEC ? 'x' : '-', l->flags & VM_SHARED ? 's' : 'p', l->offset,
                  l->major, l->minor, l->ino);
    if (*l->name) {
        size_t width = out->len - start;

        strbuf_fill(out, ' ', width < NAME_COLUMN ? NAME_COLUMN - width : 0);
        for (const char *c = l->name; *c; c++) {
            if (*c == '\n')
                strbuf_append(out, "\\012");
            else
                strbuf_appendc(out, *c);
        }
        strbuf_append(out, l->suffix);
    }
    strbuf_appendc(out, '\n');
}

void maps_render_vma(const struct system *s, const struct vma *v, struct strbuf *out)
{
    struct maps_line l = {
        .start = v->start << PAGE_SHIFT,
        .end = v->end << PAGE_SHIFT,
        .flags = v->flags,
        .name = "",
        .suffix = "",
    };

    if (v->inode) {
        const struct inode *inode = inode_get(&s->backing, v->inode);

        l.offset = v->pgoff << PAGE_SHIFT;
        l.major = major(inode->dev);
        l.minor = minor(inode->dev);
        l.ino = inode->ino;
        l.name = inode->path ? inode->path : "";
        if (inode->nlink == 0)
            l.suffix = " (deleted)";
    } else {
        l.name = special_name(v);
    }
    maps_render_line(&l, out);
}

void render_pid_maps(const struct system *s, const struct task *t, struct strbuf *out)
{
    for (u32 i = 0; t->mm && i < t->mm->nr_vmas; i++)
        maps_render_vma(s, t->mm->vmas[i], out);
}
