/* footprint.c - one pass over a recording in the order of its stamps.
 *
 * A heap of streams by the stamp of their next operation: the first runs its accesses up to that operation, then the
 * operation. An access costs a bit test; only the first one of a page in a process looks its mapping up. A mapping that
 * goes away takes its anonymous pages with it; pages of files stay, as they do in a page cache without pressure, until
 * the file is removed or cut.
 */
#include "trace/footprint.h"

#include "base/alloc.h"
#include "base/heap.h"
#include "base/vec.h"
#include "trace/pageset.h"

#include <stdlib.h>
#include <string.h>

/* One read or write moves no more (the kernel's MAX_RW_COUNT); what claims to is cut to it. */
#define IO_BYTES_MAX    0x7ffff000u
/* Pages of one mremap that are followed one by one. */
#define MOVED_PAGES_MAX (1u << 24)
#define PAGES_OF(bytes) (((bytes) + 4095) >> HWT_PAGE_SHIFT)

struct range { /* a mapping, in pages */
    u64 start, end;
    u32 file; /* index + 1, 0 anonymous */
    bool shared;
    u64 pgoff;
};

struct fp_file {
    struct footprint_file info;
    struct pageset pages;           /* there now */
    struct pageset touched, mapped; /* counted in info */
    u32 maps;                       /* of shared anonymous memory: mappings; 0 else */
};

struct fp_mm {
    u32 users;
    VEC(struct range) ranges; /* sorted, disjoint */
    struct pageset seen;      /* pages accessed: nothing new to learn from a read */
    struct pageset written;   /* pages written */
    struct pageset anon;      /* anonymous pages now */
    struct pageset anon_ever; /* counted in anon_pages */
    struct u64map fids;       /* fid -> file index + 1 */
    u32 process;              /* index + 1; 0: none as yet */
};

struct fp_process {
    struct footprint_process info;
    struct pageset files; /* file index << 37 | page */
};

#define FILE_SHIFT 37u

struct fp_stream {
    struct trace_cursor cursor;
    size_t at;
    struct fp_mm *mm;
    u32 process; /* index + 1 */
    u64 instructions;
    bool begun, over;
};

struct fp {
    const struct trace *t;
    struct footprint *out;
    struct fp_stream *streams;
    struct heap order;
    VEC(struct fp_file) files;
    VEC(struct fp_process) processes;
    struct u64map process_by_pid; /* pid -> index + 1 of the last one */
    struct u64map by_number;      /* hash of (dev, ino, instance) -> file index + 1 */
    struct u64map by_pid;         /* pid -> address of its fp_mm */
    struct u64map handles;        /* handle -> file index + 1 */
    u64 anon_now, cache_now;
    const struct footprint_window *window;
    u64 events;      /* so far */
    u64 next_place;  /* so many of them come before the next place; ~0: none, or it is a stamp */
    u64 stamp_place; /* the stamp of the next place; ~0: none, or it is a number of events */
};

static void note_peak(struct fp *fp)
{
    fp->out->anon_pages_peak = MAX(fp->out->anon_pages_peak, fp->anon_now);
    fp->out->peak_pages = MAX(fp->out->peak_pages, fp->anon_now + fp->cache_now);
}

static void note_process_peak(struct fp *fp, const struct fp_mm *mm)
{
    struct footprint_process *p = mm->process ? &fp->processes.items[mm->process - 1].info : NULL;

    if (p)
        p->anon_pages_peak = MAX(p->anon_pages_peak, mm->anon.count);
}

/* --- address spaces --- */

static void cut_file(struct fp *fp, u32 index, u64 from_page)
{
    if (index)
        fp->cache_now -= pageset_clear_range(&fp->files.items[index - 1].pages, from_page,
                                             (HWT_PAGE_MAX << 1) - MIN(from_page, HWT_PAGE_MAX));
}

/* Shared anonymous memory goes with its last mapping. */
static void range_get(struct fp *fp, const struct range *r)
{
    if (r->file && fp->files.items[r->file - 1].info.anon)
        fp->files.items[r->file - 1].maps++;
}

static void range_put(struct fp *fp, const struct range *r)
{
    if (r->file && fp->files.items[r->file - 1].info.anon &&
        --fp->files.items[r->file - 1].maps == 0)
        cut_file(fp, r->file, 0);
}

static struct fp_mm *mm_new(void)
{
    struct fp_mm *mm = xcalloc(1, sizeof(*mm));

    mm->users = 1;
    pageset_init(&mm->seen);
    pageset_init(&mm->written);
    pageset_init(&mm->anon);
    pageset_init(&mm->anon_ever);
    u64map_init(&mm->fids);
    return mm;
}

static void mm_put(struct fp *fp, struct fp_mm *mm)
{
    if (--mm->users)
        return;
    fp->anon_now -= mm->anon.count;
    vec_for_each (&mm->ranges, r)
        range_put(fp, r);
    vec_done(&mm->ranges);
    pageset_done(&mm->seen);
    pageset_done(&mm->written);
    pageset_done(&mm->anon);
    pageset_done(&mm->anon_ever);
    u64map_done(&mm->fids);
    free(mm);
}

static struct fp_mm *mm_copy(struct fp *fp, const struct fp_mm *from)
{
    struct fp_mm *mm = mm_new();
    u64 cursor, fid, file;

    vec_reserve(&mm->ranges, from->ranges.count);
    for (size_t i = 0; i < from->ranges.count; i++) {
        vec_push(&mm->ranges, from->ranges.items[i]);
        range_get(fp, &from->ranges.items[i]);
    }
    u64map_for_each (&from->fids, cursor, fid, file)
        u64map_put(&mm->fids, fid, file);
    return mm;
}

/* Index of the first range with end > page. */
static size_t range_after(const struct fp_mm *mm, u64 page)
{
    size_t low = 0, high = mm->ranges.count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (mm->ranges.items[mid].end <= page)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void range_insert(struct fp *fp, struct fp_mm *mm, size_t at, struct range r)
{
    range_get(fp, &r);
    vec_push(&mm->ranges, r);
    memmove(&mm->ranges.items[at + 1], &mm->ranges.items[at],
            (mm->ranges.count - 1 - at) * sizeof(struct range));
    mm->ranges.items[at] = r;
}

static void drop_pages(struct fp *fp, struct fp_mm *mm, u64 start, u64 end)
{
    fp->anon_now -= pageset_clear_range(&mm->anon, start, end - start);
    pageset_clear_range(&mm->seen, start, end - start);
    pageset_clear_range(&mm->written, start, end - start);
}

static void unmap(struct fp *fp, struct fp_mm *mm, u64 start, u64 end)
{
    size_t i = range_after(mm, start), first, count;

    if (start >= end)
        return;
    drop_pages(fp, mm, start, end);
    if (i < mm->ranges.count && mm->ranges.items[i].start < start) {
        struct range *r = &mm->ranges.items[i], right = *r;

        r->end = start;
        i++;
        if (right.end > end) {
            right.pgoff += end - right.start;
            right.start = end;
            range_insert(fp, mm, i, right);
            return;
        }
    }
    first = i;
    while (i < mm->ranges.count && mm->ranges.items[i].end <= end)
        range_put(fp, &mm->ranges.items[i++]);
    if (i < mm->ranges.count && mm->ranges.items[i].start < end) {
        mm->ranges.items[i].pgoff += end - mm->ranges.items[i].start;
        mm->ranges.items[i].start = end;
    }
    count = i - first;
    if (count) {
        memmove(&mm->ranges.items[first], &mm->ranges.items[i],
                (mm->ranges.count - i) * sizeof(struct range));
        mm->ranges.count -= count;
    }
}

static void map(struct fp *fp, struct fp_mm *mm, struct range r)
{
    if (r.start >= r.end)
        return;
    unmap(fp, mm, r.start, r.end);
    range_insert(fp, mm, range_after(mm, r.start), r);
}

/* --- pages --- */

static void file_page(struct fp *fp, const struct fp_mm *mm, u32 file, u64 index, bool mapped)
{
    struct fp_file *f = &fp->files.items[file - 1];

    if (!pageset_test_and_set(&f->pages, index)) {
        fp->cache_now++;
        note_peak(fp);
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

static void anon_page(struct fp *fp, struct fp_mm *mm, u64 page)
{
    if (!pageset_test_and_set(&mm->anon, page)) {
        fp->anon_now++;
        note_peak(fp);
        note_process_peak(fp, mm);
    }
    if (!pageset_test_and_set(&mm->anon_ever, page))
        fp->out->anon_pages++;
}

static void first_access(struct fp *fp, struct fp_mm *mm, u64 page, bool write)
{
    size_t i = range_after(mm, page);
    const struct range *r = i < mm->ranges.count ? &mm->ranges.items[i] : NULL;

    if (!r ||
        page <
            r->start) { /* a stack below its mapping, or unknown: memory all the same if written */
        fp->out->unmapped++;
        if (write)
            anon_page(fp, mm, page);
        return;
    }
    if (r->file)
        file_page(fp, mm, r->file, r->pgoff + (page - r->start), true);
    if (write && !(r->file && r->shared))
        anon_page(fp, mm, page);
}

static inline void touch(struct fp *fp, struct fp_mm *mm, u64 page, bool write)
{
    if (!pageset_test_and_set(write ? &mm->written : &mm->seen, page))
        first_access(fp, mm, page, write);
}

static void touch_range(struct fp *fp, struct fp_mm *mm, u64 addr, u64 len, bool write)
{
    u64 end = PAGES_OF(addr + len);

    if (addr == 0 || len == 0 || addr > HWT_PAGE_MAX << 12)
        return;
    for (u64 page = addr >> HWT_PAGE_SHIFT; page < end; page++)
        touch(fp, mm, page, write);
}

/* --- operations --- */

static u32 new_file(struct fp *fp, struct footprint_file info)
{
    vec_push(&fp->files, ((struct fp_file){.info = info}));
    pageset_init(&vec_last(&fp->files).pages);
    pageset_init(&vec_last(&fp->files).touched);
    pageset_init(&vec_last(&fp->files).mapped);
    return (u32)fp->files.count;
}

/* The file behind a shared anonymous mapping, under the name that /proc/PID/maps gives it. */
static u32 new_shared_memory(struct fp *fp, u64 bytes)
{
    return new_file(fp, (struct footprint_file){
                            .path = xstrdup("/dev/zero (deleted)"),
                            .kind = HWT_FILE_SHMEM,
                            .size = bytes,
                            .anon = true,
                        });
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
static u32 file_by_fid(struct fp *fp, const struct fp_mm *mm, u64 fid)
{
    u64 index;

    if (fid && u64map_get(&mm->fids, fid, &index))
        return (u32)index;
    if (fid)
        fp->out->unexplained++;
    return 0;
}

/* An open file may be older than the recording: then its process has named it. */
static u64 file_by_handle(struct fp *fp, const struct fp_mm *mm, u64 handle, u64 fid)
{
    u64 index;

    return u64map_get(&fp->handles, handle, &index) ? index : file_by_fid(fp, mm, fid);
}

static bool cached_kind(const struct fp_file *f)
{
    return f->info.kind == HWT_FILE_REGULAR || f->info.kind == HWT_FILE_SHMEM;
}

static void op_file(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u32 index = file_index(fp, op->field[1], op->field[2], op->field[5]);
    struct fp_file *f = &fp->files.items[index - 1];

    if (!f->info.path) {
        f->info.path = xstrdup(trace_cursor_string(&s->cursor, op));
        f->info.size = op->field[3];
        f->info.kind = (u32)op->field[4];
    }
    u64map_put(&s->mm->fids, op->field[0], index);
}

static void op_io(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u64 offset = op->field[2], len = MIN(op->field[3], (u64)IO_BYTES_MAX), index;
    bool read = op->opcode == HWT_OP_READ;
    struct fp_file *f;

    touch_range(fp, s->mm, op->field[4], len, read);
    index = file_by_handle(fp, s->mm, op->field[0], op->field[1]);
    if (!index || offset > INT64_MAX - IO_BYTES_MAX)
        return;
    f = &fp->files.items[index - 1];
    if (read)
        f->info.read_bytes += len;
    else
        f->info.written_bytes += len;
    if (!cached_kind(f))
        return;
    for (u64 page = offset >> HWT_PAGE_SHIFT; page < PAGES_OF(offset + len); page++)
        file_page(fp, s->mm, (u32)index, page, false);
}

static void op_mmap(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u32 file = file_by_fid(fp, s->mm, op->field[4]);
    struct range r = {
        .start = op->field[0] >> HWT_PAGE_SHIFT,
        .end = PAGES_OF(MIN(op->field[0] + op->field[1], HWT_PAGE_MAX << 12)),
        .file = file && cached_kind(&fp->files.items[file - 1]) ? file : 0,
        .shared = op->field[3] & HWT_MAP_SHARED,
        .pgoff = op->field[5] >> HWT_PAGE_SHIFT,
    };

    if (op->field[1] > HWT_PAGE_MAX << 12)
        return;
    if (!r.file && r.shared && r.start < r.end) {
        r.file = new_shared_memory(fp, op->field[1]);
        r.pgoff = 0;
    }
    map(fp, s->mm, r);
}

static void op_mremap(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u64 old = op->field[0] >> HWT_PAGE_SHIFT, old_nr = PAGES_OF(op->field[1]);
    u64 to = op->field[2] >> HWT_PAGE_SHIFT, nr = PAGES_OF(op->field[3]);
    size_t i = range_after(s->mm, old);
    struct range r;

    if (i == s->mm->ranges.count || old > HWT_PAGE_MAX || to > HWT_PAGE_MAX || nr > HWT_PAGE_MAX ||
        old_nr > HWT_PAGE_MAX)
        return;
    r = s->mm->ranges.items[i];
    r.pgoff += old > r.start ? old - r.start : 0;
    r.start = to;
    r.end = to + nr;
    if (old == to) { /* grew or shrank in place: its pages stay */
        if (nr < old_nr)
            unmap(fp, s->mm, old + nr, old + old_nr);
        else if (nr > old_nr) {
            r.start = to + old_nr;
            r.pgoff += old_nr;
            map(fp, s->mm, r);
        }
        return;
    }
    map(fp, s->mm, r);
    for (u64 n = 0; n < MIN(MIN(nr, old_nr), (u64)MOVED_PAGES_MAX); n++)
        if (pageset_test(&s->mm->anon, old + n)) {
            pageset_test_and_set(&s->mm->written, to + n);
            if (!pageset_test_and_set(&s->mm->anon, to + n))
                fp->anon_now++;
        }
    unmap(fp, s->mm, old, old + old_nr);
    note_peak(fp);
}

static void op_memory(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u64 start = op->field[0] >> HWT_PAGE_SHIFT;
    u64 end = PAGES_OF(MIN(op->field[0] + op->field[1], HWT_PAGE_MAX << 12));

    if (op->field[1] > HWT_PAGE_MAX << 12 || op->field[0] > HWT_PAGE_MAX << 12)
        return;
    switch ((enum hwt_op)op->opcode) {
    case HWT_OP_MUNMAP:
        unmap(fp, s->mm, start, end);
        return;
    case HWT_OP_MADVISE:
        if (op->field[2] == ABI_MADV_DONTNEED || op->field[2] == ABI_MADV_FREE ||
            op->field[2] == ABI_MADV_REMOVE)
            drop_pages(fp, s->mm, start, end);
        return;
    case HWT_OP_BRK: {
        u64 heap_end = PAGES_OF(op->field[1]);
        size_t i = range_after(s->mm, start);

        if (i < s->mm->ranges.count && s->mm->ranges.items[i].start == start) {
            u64 old_end = s->mm->ranges.items[i].end;

            if (heap_end < old_end)
                unmap(fp, s->mm, heap_end, old_end);
            else
                map(fp, s->mm, (struct range){.start = old_end, .end = heap_end});
        } else {
            map(fp, s->mm, (struct range){.start = start, .end = heap_end});
        }
        return;
    }
    default:
        return;
    }
}

static u32 find_process(const struct fp *fp, u64 pid)
{
    u64 index;

    return u64map_get(&fp->process_by_pid, pid, &index) ? (u32)index : 0;
}

static void set_comm(struct fp *fp, const struct fp_stream *s, const struct trace_op *op)
{
    struct footprint_process *p = s->process ? &fp->processes.items[s->process - 1].info : NULL;

    if (!p)
        return;
    free(p->comm);
    p->comm = xstrdup(trace_cursor_string(&s->cursor, op));
}

/* Which process the stream belongs to: a new one, or that which has the pid. */
static void join_process(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    bool image = op->opcode == HWT_OP_PROC_START && (op->field[3] & HWT_PROC_EXEC);
    u64 pid = op->field[0];

    s->process = image || op->opcode == HWT_OP_THREAD_START ? find_process(fp, pid) : 0;
    if (!s->process) {
        struct fp_process p = {.info = {.pid = (u32)pid}};

        if (op->opcode == HWT_OP_PROC_START) {
            p.info.ppid = (u32)op->field[1];
            p.info.parent = find_process(fp, op->field[1]);
        }
        p.info.comm = xstrdup("");
        pageset_init(&p.files);
        vec_push(&fp->processes, p);
        s->process = (u32)fp->processes.count;
        u64map_put(&fp->process_by_pid, pid, s->process);
    }
    if (op->opcode == HWT_OP_PROC_START)
        set_comm(fp, s, op);
    fp->processes.items[s->process - 1].info.threads += !image;
    s->mm->process = s->process;
}

static void op_start(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u64 pid = op->field[0], value;
    struct fp_mm *mm =
        u64map_get(&fp->by_pid, pid, &value) ? (struct fp_mm *)(uintptr_t)value : NULL;

    if (op->opcode == HWT_OP_THREAD_START && mm) {
        mm->users++;
        mm_put(fp, s->mm);
        s->mm = mm;
    } else if (op->opcode == HWT_OP_PROC_START && (op->field[3] & HWT_PROC_FORKED) &&
               u64map_get(&fp->by_pid, op->field[1], &value)) {
        mm_put(fp, s->mm);
        s->mm = mm_copy(fp, (struct fp_mm *)(uintptr_t)value);
    }
    if (op->opcode == HWT_OP_PROC_START || !mm) {
        s->mm->users++;
        u64map_put(&fp->by_pid, pid, (u64)(uintptr_t)s->mm);
        if (mm)
            mm_put(fp, mm);
    }
    if (op->opcode == HWT_OP_PROC_START && !(op->field[3] & HWT_PROC_EXEC)) {
        fp->out->processes++;
        fp->out->threads++;
    } else if (op->opcode == HWT_OP_THREAD_START) {
        fp->out->threads++;
    }
}

/* The address space is gone, though streams of its threads may not have come to their ends. */
static void forget_process(struct fp *fp, struct fp_mm *mm, u32 pid)
{
    u64 value;

    unmap(fp, mm, 0, HWT_PAGE_MAX + 1);
    if (u64map_del(&fp->by_pid, pid, &value))
        mm_put(fp, (struct fp_mm *)(uintptr_t)value);
}

static void do_op(struct fp *fp, u32 stream, const struct trace_op *op)
{
    struct fp_stream *s = &fp->streams[stream];
    u64 index;

    fp->out->ops[op->opcode]++;
    switch ((enum hwt_op)op->opcode) {
    case HWT_OP_PROC_START:
    case HWT_OP_THREAD_START:
        op_start(fp, s, op);
        join_process(fp, s, op);
        break;
    case HWT_OP_COMM:
        if (fp->t->streams[stream].tid == fp->t->streams[stream].pid)
            set_comm(fp, s, op);
        break;
    case HWT_OP_FILE:
        op_file(fp, s, op);
        break;
    case HWT_OP_MMAP:
        op_mmap(fp, s, op);
        break;
    case HWT_OP_MREMAP:
        op_mremap(fp, s, op);
        break;
    case HWT_OP_MUNMAP:
    case HWT_OP_MADVISE:
    case HWT_OP_BRK:
        op_memory(fp, s, op);
        break;
    case HWT_OP_OPEN:
        index = file_by_fid(fp, s->mm, op->field[1]);
        u64map_put(&fp->handles, op->field[0], index);
        if (op->field[2] & HWT_OPEN_TRUNC)
            cut_file(fp, (u32)index, 0);
        break;
    case HWT_OP_READ:
    case HWT_OP_WRITE:
        op_io(fp, s, op);
        break;
    case HWT_OP_FSYNC:
        if (!(op->field[1] & HWT_FSYNC_ALL))
            file_by_fid(fp, s->mm, op->field[0]);
        break;
    case HWT_OP_PUNCH:
        file_by_fid(fp, s->mm, op->field[0]);
        break;
    case HWT_OP_FADVISE:
        file_by_handle(fp, s->mm, op->field[0], op->field[1]);
        break;
    case HWT_OP_TRUNCATE:
        cut_file(fp, file_by_fid(fp, s->mm, op->field[0]),
                 PAGES_OF(MIN(op->field[1], (u64)INT64_MAX)));
        break;
    case HWT_OP_UNLINK:
        cut_file(fp, file_by_fid(fp, s->mm, op->field[0]), 0);
        break;
    case HWT_OP_EXEC:
    case HWT_OP_EXIT_GROUP:
        forget_process(fp, s->mm, fp->t->streams[stream].pid);
        break;
    case HWT_OP_WAIT:
        fp->out->waited_ns += op->field[1];
        break;
    default:
        break;
    }
}

/* --- the window --- */

static void set_next_place(struct fp *fp)
{
    const struct trace_place *next = fp->out->begun ? &fp->window->to : &fp->window->from;

    fp->next_place = next->kind == TRACE_PLACE_EVENTS ? next->at : ~(u64)0;
    fp->stamp_place = next->kind == TRACE_PLACE_STAMP ? next->at : ~(u64)0;
}

static void forget_pages(struct fp_mm *mm)
{
    pageset_clear_range(&mm->seen, 0, HWT_PAGE_MAX + 1);
    pageset_clear_range(&mm->written, 0, HWT_PAGE_MAX + 1);
    pageset_clear_range(&mm->anon_ever, 0, HWT_PAGE_MAX + 1);
}

/* Counts begin anew; what is in memory stays, and is what the peaks begin with. */
static void begin_window(struct fp *fp)
{
    struct footprint *out = fp->out;
    u64 cursor, key, value;

    *out = (struct footprint){.begun = true};
    vec_for_each (&fp->processes, p) {
        p->info.file_pages = p->info.anon_pages_peak = 0;
        pageset_done(&p->files);
        pageset_init(&p->files);
    }
    u64map_for_each (&fp->by_pid, cursor, key, value) {
        forget_pages((struct fp_mm *)(uintptr_t)value);
        note_process_peak(fp, (struct fp_mm *)(uintptr_t)value);
        out->processes++;
    }
    for (u32 i = 0; i < fp->t->nr_streams; i++) {
        fp->streams[i].instructions = 0;
        if (fp->streams[i].over)
            continue;
        forget_pages(fp->streams[i].mm);
        out->threads += fp->streams[i].begun;
    }
    vec_for_each (&fp->files, f) {
        f->info.pages = f->info.mapped_pages = f->info.read_bytes = f->info.written_bytes = 0;
        pageset_clear_range(&f->touched, 0, HWT_PAGE_MAX << 1);
        pageset_clear_range(&f->mapped, 0, HWT_PAGE_MAX << 1);
    }
    note_peak(fp);
}

/* True when that is the end. */
static bool come_to_place(struct fp *fp)
{
    if (fp->out->begun)
        fp->out->ended = true;
    else
        begin_window(fp);
    set_next_place(fp);
    return fp->out->ended;
}

/* --- the pass --- */

/* Accesses up to and with the next operation. False at the end of the stream. */
static bool advance(struct fp *fp, u32 stream)
{
    struct fp_stream *s = &fp->streams[stream];
    struct footprint *out = fp->out;

    s->begun = true;
    for (;;) {
        if (s->at == s->cursor.nr_events) {
            s->at = 0;
            if (!trace_cursor_next(&s->cursor)) {
                s->over = true;
                return false;
            }
            continue;
        }
        while (unlikely(fp->events >= fp->next_place))
            if (come_to_place(fp))
                return false;
        u64 event = s->cursor.events[s->at++];

        fp->events++;
        s->instructions += event_icount(event);

        switch ((enum hwt_kind)event_kind(event)) {
        case HWT_READ:
            out->reads++;
            touch(fp, s->mm, event_page(event), false);
            break;
        case HWT_WRITE:
            out->writes++;
            touch(fp, s->mm, event_page(event), true);
            break;
        case HWT_EXEC:
            out->fetches++;
            touch(fp, s->mm, event_page(event), false);
            break;
        case HWT_OP:
            if (s->cursor.ops[event_page(event)].opcode == TRACE_OP_ADVANCE) {
                s->instructions += s->cursor.ops[event_page(event)].field[0];
                out->unknown_ops += s->cursor.ops[event_page(event)].field[1] != 0;
                break;
            }
            /* The accesses before an operation belong before the place, if the operation comes behind it. */
            while (s->cursor.ops[event_page(event)].stamp > fp->stamp_place)
                if (come_to_place(fp))
                    return false;
            do_op(fp, stream, &s->cursor.ops[event_page(event)]);
            return true;
        }
    }
}

/* Stamp of the next operation, as far as it is known without reading on. */
static u64 next_stamp(const struct fp_stream *s)
{
    const struct trace_cursor *c = &s->cursor;

    for (size_t i = s->at; i < c->nr_events; i++)
        if (event_kind(c->events[i]) == HWT_OP && c->ops[event_page(c->events[i])].opcode)
            return c->ops[event_page(c->events[i])].stamp;
    for (size_t i = c->next_chunk; i < c->stream->nr_chunks; i++)
        if (c->stream->chunks[i].first_stamp)
            return c->stream->chunks[i].first_stamp;
    return ~(u64)0;
}

static int by_size(const void *a, const void *b)
{
    const struct footprint_file *x = a, *y = b;

    if (x->pages != y->pages)
        return x->pages < y->pages ? 1 : -1;
    if (x->dev != y->dev)
        return x->dev < y->dev ? -1 : 1;
    return (x->ino > y->ino) - (x->ino < y->ino);
}

static void give_files(struct fp *fp)
{
    struct footprint *out = fp->out;

    out->files = xcalloc(fp->files.count + 1, sizeof(*out->files));
    vec_for_each (&fp->files, f) {
        pageset_done(&f->pages);
        pageset_done(&f->touched);
        pageset_done(&f->mapped);
        out->files[out->nr_files++] = f->info;
    }
    qsort(out->files, out->nr_files, sizeof(*out->files), by_size);
}

static void pass_over(struct fp *fp)
{
    while (!heap_empty(&fp->order) && !fp->out->ended) {
        u32 stream = (u32)heap_pop(&fp->order).num;

        struct fp_stream *s = &fp->streams[stream];

        if (advance(fp, stream)) {
            heap_push(&fp->order, next_stamp(s), NULL, stream);
        } else if (s->over) {
            mm_put(fp, s->mm);
            s->mm = NULL;
        }
    }
}

static void give_processes(struct fp *fp)
{
    struct footprint *out = fp->out;

    out->process = xcalloc(fp->processes.count + 1, sizeof(*out->process));
    out->stream_process = xcalloc(fp->t->nr_streams + 1, sizeof(*out->stream_process));
    for (u32 i = 0; i < fp->t->nr_streams; i++) {
        const struct fp_stream *s = &fp->streams[i];

        out->stream_process[i] = s->process;
        if (s->process)
            fp->processes.items[s->process - 1].info.instructions += s->instructions;
    }
    vec_for_each (&fp->processes, p) {
        pageset_done(&p->files);
        out->process[out->nr_process++] = p->info;
    }
}

int footprint_compute(const struct trace *t, const struct footprint_window *window,
                      struct footprint *ret, struct err *e)
{
    static const struct footprint_window all;
    struct fp fp = {.t = t, .out = ret, .window = window ? window : &all};
    u64 cursor, key, value;
    int error = 0;

    assert(fp.window->from.kind != TRACE_PLACE_NS && fp.window->to.kind != TRACE_PLACE_NS);
    *ret = (struct footprint){.begun = fp.window->from.kind == TRACE_PLACE_NONE};
    set_next_place(&fp);
    fp.streams = xcalloc(t->nr_streams, sizeof(*fp.streams));
    heap_init(&fp.order);
    u64map_init(&fp.process_by_pid);
    u64map_init(&fp.by_number);
    u64map_init(&fp.by_pid);
    u64map_init(&fp.handles);
    for (u32 i = 0; i < t->nr_streams; i++) {
        trace_cursor_init(&fp.streams[i].cursor, t, i);
        fp.streams[i].mm = mm_new();
        heap_push(&fp.order, t->streams[i].start_stamp, NULL, i);
    }
    pass_over(&fp);
    for (u32 i = 0; i < t->nr_streams; i++) {
        struct fp_stream *s = &fp.streams[i];

        ret->instructions += s->instructions;
        ret->instructions_longest = MAX(ret->instructions_longest, s->instructions);
        if (s->cursor.error)
            error = s->cursor.error;
        if (s->mm)
            mm_put(&fp, s->mm);
        trace_cursor_done(&s->cursor);
    }
    u64map_for_each (&fp.by_pid, cursor, key, value)
        mm_put(&fp, (struct fp_mm *)(uintptr_t)value);
    give_files(&fp);
    give_processes(&fp);
    vec_done(&fp.processes);
    u64map_done(&fp.process_by_pid);
    vec_done(&fp.files);
    heap_done(&fp.order);
    u64map_done(&fp.by_number);
    u64map_done(&fp.by_pid);
    u64map_done(&fp.handles);
    free(fp.streams);
    if (error) {
        footprint_done(ret);
        return err_at(e, error, t->path, 0, 0,
                      "cannot read it again: it changed or the host failed");
    }
    return 0;
}

void footprint_done(struct footprint *f)
{
    for (u32 i = 0; i < f->nr_files; i++)
        free(f->files[i].path);
    free(f->files);
    for (u32 i = 0; i < f->nr_process; i++)
        free(f->process[i].comm);
    free(f->process);
    free(f->stream_process);
    *f = (struct footprint){0};
}
