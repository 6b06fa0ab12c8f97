/* footprint_file.c - files of a pass over a recording: which of their pages are in memory, and
 * which were touched.
 *
 * Pages of files stay, as they do in a page cache without pressure, until the file is cut, or
 * removed and neither open nor mapped, or a write with O_DIRECT replaces them on the device.
 */
#include "trace/footprint_int.h"

#include "base/alloc.h"

/* One read or write moves no more (the kernel's MAX_RW_COUNT); what claims to is cut to it. */
#define IO_BYTES_MAX 0x7ffff000u

/* --- pages --- */

#define PAGE_END (HWT_PAGE_MAX << 1)

void fp_drop_file_pages(struct fp *fp, u32 index, u64 first, u64 end)
{
    if (!index || first >= end)
        return;
    fp->cache_now -= pageset_clear_range(&fp->files.items[index - 1].pages, first, end - first);
    if (fp->files.items[index - 1].was_mapped)
        fp_forget_file_pages(fp, index, first, end);
}

void fp_cut_file(struct fp *fp, u32 index, u64 from_page)
{
    fp_drop_file_pages(fp, index, from_page, PAGE_END);
}

void fp_file_resize(struct fp *fp, u32 index, u64 bytes)
{
    u64 pages = PAGES_OF(MIN(bytes, (u64)INT64_MAX));

    fp_cut_file(fp, index, pages);
    if (index)
        fp->files.items[index - 1].end_page = pages;
}

void fp_file_page(struct fp *fp, const struct fp_mm *mm, u32 file, u64 index, bool mapped)
{
    struct fp_file *f = &fp->files.items[file - 1];

    if (!pageset_test_and_set(&f->pages, index)) {
        fp->cache_now++;
        fp_note_peak(fp);
        pageset_clear_range(&f->touched, index, 1); /* a page again that was cut off counts again */
    }
    if (!pageset_test_and_set(&f->touched, index)) {
        f->info.pages++;
        if (f->info.kind == HWT_FILE_SHMEM)
            fp->out->shmem_pages++;
        else
            fp->out->file_pages++;
    }
    if (mm->process) {
        struct fp_process *p = &fp->processes.items[mm->process - 1];

        p->info.file_pages += !pageset_test_and_set(
            &p->files, (u64)file << FILE_SHIFT | (index & (BIT_ULL(FILE_SHIFT) - 1)));
    }
    if (mapped && !pageset_test_and_set(&f->mapped, index))
        f->info.mapped_pages++;
}

/* --- which file --- */

static u32 new_file(struct fp *fp, struct footprint_file info)
{
    vec_push(&fp->files, ((struct fp_file){.info = info, .end_page = PAGES_OF(info.size)}));
    pageset_init(&vec_last(&fp->files).pages);
    pageset_init(&vec_last(&fp->files).touched);
    pageset_init(&vec_last(&fp->files).mapped);
    return (u32)fp->files.count;
}

/* The file behind a shared anonymous mapping, under the name that /proc/PID/maps gives it. */
u32 fp_new_shared_memory(struct fp *fp, u64 bytes)
{
    u32 index = new_file(fp, (struct footprint_file){
                                 .path = xstrdup("/dev/zero (deleted)"),
                                 .kind = HWT_FILE_SHMEM,
                                 .size = bytes,
                                 .anon = true,
                             });

    fp->files.items[index - 1].nameless = true;
    return index;
}

void fp_file_put(struct fp *fp, u32 index)
{
    const struct fp_file *f = &fp->files.items[index - 1];

    if (f->nameless && !f->maps && !f->opens)
        fp_cut_file(fp, index, 0);
}

static u32 file_index(struct fp *fp, u64 dev, u64 ino, u64 instance)
{
    u64 key = hash_u64_pair(dev, ino), index;

    if (instance)
        key = hash_u64_pair(key, instance);
    if (u64map_get(&fp->by_number, key, &index))
        return (u32)index;
    u64map_put(&fp->by_number, key, new_file(fp, (struct footprint_file){.dev = dev, .ino = ino}));
    return (u32)fp->files.count;
}

/* 0: no file, which is counted unless the operation names none. */
u32 fp_file_by_fid(struct fp *fp, const struct fp_mm *mm, u64 fid)
{
    u64 index;

    if (fid && u64map_get(&mm->fids, fid, &index))
        return (u32)index;
    if (fid)
        fp->out->unexplained++;
    return 0;
}

/* An open file may be older than the recording: then its process has named it. */
u32 fp_file_by_handle(struct fp *fp, const struct fp_mm *mm, u64 handle, u64 fid)
{
    u64 open;

    return u64map_get(&fp->handles, handle, &open) ? (u32)(open >> 1) : fp_file_by_fid(fp, mm, fid);
}

/* Whether its reads and writes pass the page cache. A tmpfs of 6.1 refuses to open so; the call
 * that failed is not recorded. */
static bool is_direct(const struct fp *fp, u64 handle, const struct fp_file *f)
{
    u64 open;

    return f->info.kind == HWT_FILE_REGULAR && u64map_get(&fp->handles, handle, &open) && open & 1;
}

bool fp_cached_kind(const struct fp_file *f)
{
    return f->info.kind == HWT_FILE_REGULAR || f->info.kind == HWT_FILE_SHMEM;
}

void fp_op_file(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u32 index = file_index(fp, op->field[1], op->field[2], op->field[5]);
    struct fp_file *f = &fp->files.items[index - 1];

    if (!f->info.path) {
        f->info.path = xstrdup(trace_cursor_string(&s->cursor, op));
        f->info.size = op->field[3];
        f->info.kind = (u32)op->field[4];
        f->end_page = PAGES_OF(MIN(op->field[3], (u64)INT64_MAX));
    }
    if (!f->maps && !f->opens) /* a file that is gone gave it its number */
        f->nameless = false;
    u64map_put(&s->mm->fids, op->field[0], index);
}

/* One process less has the description open. */
static void close_handle(struct fp *fp, struct fp_mm *mm, u64 handle)
{
    u64 file;

    if (!u64map_del(&mm->open, handle, &file))
        return;
    fp->files.items[file - 1].opens--;
    fp_file_put(fp, (u32)file);
}

void fp_op_open(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u32 index = fp_file_by_fid(fp, s->mm, op->field[1]);

    u64map_put(&fp->handles, op->field[0],
               (u64)index << 1 | ((op->field[2] & HWT_OPEN_DIRECT) != 0));
    if (op->field[2] & HWT_OPEN_TRUNC)
        fp_file_resize(fp, index, 0);
    close_handle(fp, s->mm, op->field[0]);
    if (!index)
        return;
    u64map_put(&s->mm->open, op->field[0], index);
    fp->files.items[index - 1].opens++;
}

void fp_op_close(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    close_handle(fp, s->mm, op->field[0]);
}

void fp_close_all(struct fp *fp, struct fp_mm *mm)
{
    u64 cursor, handle, file;

    u64map_for_each (&mm->open, cursor, handle, file) {
        fp->files.items[file - 1].opens--;
        fp_file_put(fp, (u32)file);
    }
    u64map_done(&mm->open);
    u64map_init(&mm->open);
}

void fp_op_unlink(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u32 index = fp_file_by_fid(fp, s->mm, op->field[0]);

    if (!index)
        return;
    fp->files.items[index - 1].nameless = true;
    fp_file_put(fp, index);
}

void fp_op_io(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u64 offset = op->field[2], len = MIN(op->field[3], (u64)IO_BYTES_MAX);
    u64 first = offset >> HWT_PAGE_SHIFT, end;
    bool read = op->opcode == HWT_OP_READ;
    struct fp_file *f;
    u32 index;

    fp_touch_range(fp, s->mm, op->field[4], len, read);
    index = fp_file_by_handle(fp, s->mm, op->field[0], op->field[1]);
    if (!index || offset > INT64_MAX - IO_BYTES_MAX)
        return;
    f = &fp->files.items[index - 1];
    end = PAGES_OF(offset + len);
    if (read)
        f->info.read_bytes += len;
    else
        f->info.written_bytes += len;
    if (!fp_cached_kind(f) || len == 0)
        return;
    if (!read)
        f->end_page = MAX(f->end_page, end);
    if (is_direct(fp, op->field[0], f)) {
        fp->out->direct_bytes += len;
        if (!read)
            fp_drop_file_pages(fp, index, first, end);
        return;
    }
    end = first + fp_take_pages(fp, end - first);
    for (u64 page = first; page < end; page++) {
        fp_file_page(fp, s->mm, index, page, false);
        if (fp_sees(fp, s))
            fp_see_transfer(fp, s, index, page, read);
    }
}

void fp_op_punch(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u64 offset = op->field[1], end = offset + MIN(op->field[2], (u64)INT64_MAX);

    if (offset <= (u64)INT64_MAX)
        fp_drop_file_pages(fp, fp_file_by_fid(fp, s->mm, op->field[0]), PAGES_OF(offset),
                           MIN(end >> HWT_PAGE_SHIFT, (u64)PAGE_END));
}
