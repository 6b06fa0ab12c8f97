/* footprint_space.c - address spaces of a pass over a recording: mappings, and which pages were
 * accessed.
 *
 * A mapping that goes away takes its anonymous pages with it. An access costs a bit test; only the
 * first one of a page in a process looks its mapping up. Calls that populate a range touch its
 * pages as mm_populate() would: private memory that can be written is written, all other is read.
 */
#include "trace/footprint_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Pages of one call that are followed one by one. */
#define CALL_PAGES_MAX (1u << 24)

u64 fp_take_pages(struct fp *fp, u64 pages)
{
    u64 taken = MIN(pages, fp->pages_left);

    fp->out->unfollowed_pages += pages - taken;
    fp->pages_left -= taken;
    return taken;
}

/* --- address spaces --- */

static void range_get(struct fp *fp, const struct range *r)
{
    if (!r->file)
        return;
    fp->files.items[r->file - 1].was_mapped = true;
    fp->files.items[r->file - 1].maps++;
}

static void range_put(struct fp *fp, const struct range *r)
{
    if (!r->file)
        return;
    fp->files.items[r->file - 1].maps--;
    fp_file_put(fp, r->file);
}

struct fp_mm *fp_mm_new(void)
{
    struct fp_mm *mm = xcalloc(1, sizeof(*mm));

    mm->users = 1;
    pageset_init(&mm->seen);
    pageset_init(&mm->written);
    pageset_init(&mm->anon);
    pageset_init(&mm->anon_ever);
    u64map_init(&mm->fids);
    u64map_init(&mm->open);
    return mm;
}

void fp_mm_put(struct fp *fp, struct fp_mm *mm)
{
    if (--mm->users)
        return;
    fp->anon_now -= mm->anon.count;
    fp_close_all(fp, mm);
    vec_for_each (&mm->ranges, r)
        range_put(fp, r);
    vec_done(&mm->ranges);
    pageset_done(&mm->seen);
    pageset_done(&mm->written);
    pageset_done(&mm->anon);
    pageset_done(&mm->anon_ever);
    u64map_done(&mm->fids);
    u64map_done(&mm->open);
    free(mm);
}

struct fp_mm *fp_mm_copy(struct fp *fp, const struct fp_mm *from)
{
    struct fp_mm *mm = fp_mm_new();
    u64 cursor, fid, handle, file;

    if (fp_take_pages(fp, from->ranges.count + from->open.count) <
        from->ranges.count + from->open.count)
        return mm;
    vec_reserve(&mm->ranges, from->ranges.count);
    for (size_t i = 0; i < from->ranges.count; i++) {
        vec_push(&mm->ranges, from->ranges.items[i]);
        vec_last(&mm->ranges).locked = false;
        range_get(fp, &from->ranges.items[i]);
    }
    u64map_for_each (&from->fids, cursor, fid, file)
        u64map_put(&mm->fids, fid, file);
    u64map_for_each (&from->open, cursor, handle, file) {
        u64map_put(&mm->open, handle, file);
        fp->files.items[file - 1].opens++;
    }
    mm->heap_start = from->heap_start;
    mm->heap_end = from->heap_end;
    return mm;
}

void fp_forget_file_pages(struct fp *fp, u32 file, u64 first, u64 end)
{
    u64 cursor, pid, value;

    u64map_for_each (&fp->by_pid, cursor, pid, value) {
        struct fp_mm *mm = (struct fp_mm *)(uintptr_t)value;

        vec_for_each (&mm->ranges, r) {
            u64 from = MAX(first, r->pgoff), to = MIN(end, r->pgoff + (r->end - r->start));

            if (r->file != file || from >= to)
                continue;
            pageset_clear_range(&mm->seen, r->start + (from - r->pgoff), to - from);
            pageset_clear_range(&mm->written, r->start + (from - r->pgoff), to - from);
        }
    }
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

/* A range ends at the page, if one has it inside. Index of the first range from there on. */
static size_t range_split(struct fp *fp, struct fp_mm *mm, u64 page)
{
    size_t i = range_after(mm, page);
    struct range right;

    if (i == mm->ranges.count || mm->ranges.items[i].start >= page)
        return i;
    right = mm->ranges.items[i];
    mm->ranges.items[i].end = page;
    right.pgoff += page - right.start;
    right.start = page;
    range_insert(fp, mm, i + 1, right);
    return i + 1;
}

void fp_unmap(struct fp *fp, struct fp_mm *mm, u64 start, u64 end)
{
    size_t first, behind;

    if (start >= end)
        return;
    drop_pages(fp, mm, start, end);
    first = range_split(fp, mm, start);
    behind = range_split(fp, mm, end);
    if (first == behind)
        return;
    for (size_t i = first; i < behind; i++)
        range_put(fp, &mm->ranges.items[i]);
    memmove(&mm->ranges.items[first], &mm->ranges.items[behind],
            (mm->ranges.count - behind) * sizeof(struct range));
    mm->ranges.count -= behind - first;
}

static void map(struct fp *fp, struct fp_mm *mm, struct range r)
{
    if (r.start >= r.end)
        return;
    fp_unmap(fp, mm, r.start, r.end);
    range_insert(fp, mm, range_after(mm, r.start), r);
}

/* --- pages --- */

static void anon_page(struct fp *fp, struct fp_mm *mm, u64 page)
{
    if (!pageset_test_and_set(&mm->anon, page)) {
        fp->anon_now++;
        fp_note_peak(fp);
        fp_note_process_peak(fp, mm);
    }
    if (!pageset_test_and_set(&mm->anon_ever, page))
        fp->out->anon_pages++;
}

static void see(struct fp *fp, const struct footprint_touch *touch)
{
    const struct footprint_window *w = fp->window;
    u64 now = fp->events - fp->begun_at;

    if (w->heat && touch->file)
        heat_touch_file(w->heat, touch->file, touch->page, now);
    if (w->set && touch->file)
        working_set_touch_file(w->set, touch->file, touch->page, now);
    else if (w->set)
        working_set_touch_memory(w->set, touch->process, touch->page, now);
    if (w->touch && !w->touch(w->ctx, touch))
        fp->out->ended = true;
}

void fp_see_access(struct fp *fp, const struct fp_stream *s, u64 page, enum hwt_kind kind)
{
    size_t i = range_after(s->mm, page);
    const struct range *r = i < s->mm->ranges.count ? &s->mm->ranges.items[i] : NULL;
    struct footprint_touch touch = {
        .instructions = fp->instructions, .process = s->process, .page = page, .kind = kind};

    if (fp->window->heat)
        heat_touch_memory(fp->window->heat, s->process, page, fp->events - fp->begun_at);
    if (r && page >= r->start && r->file) {
        touch.file = r->file;
        touch.page = r->pgoff + (page - r->start);
    }
    see(fp, &touch);
}

void fp_see_transfer(struct fp *fp, const struct fp_stream *s, u32 file, u64 page, bool read)
{
    see(fp, &(struct footprint_touch){.instructions = fp->instructions,
                                      .process = s->process,
                                      .file = file,
                                      .page = page,
                                      .kind = read ? HWT_READ : HWT_WRITE});
}

void fp_first_access(struct fp *fp, struct fp_mm *mm, u64 page, bool write)
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
        fp_file_page(fp, mm, r->file, r->pgoff + (page - r->start), true);
    if (write && !(r->file && r->shared))
        anon_page(fp, mm, page);
}

void fp_touch_range(struct fp *fp, struct fp_mm *mm, u64 addr, u64 len, bool write)
{
    u64 end = PAGES_OF(addr + len);

    if (addr == 0 || len == 0 || addr > HWT_PAGE_MAX << 12)
        return;
    end = (addr >> HWT_PAGE_SHIFT) + fp_take_pages(fp, end - (addr >> HWT_PAGE_SHIFT));
    for (u64 page = addr >> HWT_PAGE_SHIFT; page < end; page++)
        fp_touch(fp, mm, page, write);
}

enum populate {
    POPULATE,
    POPULATE_READ,
    POPULATE_WRITE
}; /* as the mapping says; MADV_POPULATE_* */

/* Every page of the range that a fault would get, from the lowest on. */
static void populate(struct fp *fp, struct fp_mm *mm, u64 start, u64 end, enum populate how)
{
    u64 left = CALL_PAGES_MAX;

    for (size_t i = range_after(mm, start); i < mm->ranges.count && left; i++) {
        struct range r = mm->ranges.items[i];
        u64 page = MAX(r.start, start), last = MIN(r.end, end);
        bool write = how == POPULATE ? !r.shared && r.prot & ABI_PROT_WRITE : how == POPULATE_WRITE;

        if (r.start >= end)
            return;
        if (!(r.prot & ABI_PROT_ALL))
            continue;
        if (r.file) { /* nothing behind its end */
            u64 pages = fp->files.items[r.file - 1].end_page;

            last = MIN(last, r.start + (pages > r.pgoff ? pages - r.pgoff : 0));
        }
        if (page >= last)
            continue;
        last = page + fp_take_pages(fp, MIN(last - page, left));
        left -= last - page;
        for (; page < last; page++)
            fp_touch(fp, mm, page, write);
    }
}

/* --- operations --- */

static bool locks_future(const struct fp_mm *mm)
{
    return (mm->lock_future & (ABI_MCL_FUTURE | ABI_MCL_ONFAULT)) == ABI_MCL_FUTURE;
}

void fp_op_mmap(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u32 file = fp_file_by_fid(fp, s->mm, op->field[4]);
    struct range r = {
        .start = op->field[0] >> HWT_PAGE_SHIFT,
        .end = PAGES_OF(MIN(op->field[0] + op->field[1], HWT_PAGE_MAX << 12)),
        .file = file && fp_cached_kind(&fp->files.items[file - 1]) ? file : 0,
        .shared = op->field[3] & HWT_MAP_SHARED,
        .locked = locks_future(s->mm) || op->field[3] & HWT_MAP_LOCKED,
        .prot = op->field[2] & ABI_PROT_ALL,
        .pgoff = op->field[5] >> HWT_PAGE_SHIFT,
    };

    if (op->field[1] > HWT_PAGE_MAX << 12)
        return;
    if (!r.file && r.shared && r.start < r.end) {
        r.file = fp_new_shared_memory(fp, op->field[1]);
        r.pgoff = 0;
    }
    map(fp, s->mm, r);
    if (!(s->mm->lock_future & ABI_MCL_ONFAULT) && (r.locked || op->field[3] & HWT_MAP_POPULATE))
        populate(fp, s->mm, r.start, r.end, POPULATE);
}

void fp_op_mremap(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
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
            fp_unmap(fp, s->mm, old + nr, old + old_nr);
        else if (nr > old_nr) {
            r.start = to + old_nr;
            r.pgoff += old_nr;
            map(fp, s->mm, r);
            if (r.locked)
                populate(fp, s->mm, r.start, r.end, POPULATE);
        }
        return;
    }
    map(fp, s->mm, r);
    for (u64 n = 0; n < MIN(MIN(nr, old_nr), (u64)CALL_PAGES_MAX); n++)
        if (pageset_test(&s->mm->anon, old + n)) {
            pageset_test_and_set(&s->mm->written, to + n);
            if (!pageset_test_and_set(&s->mm->anon, to + n))
                fp->anon_now++;
        }
    fp_unmap(fp, s->mm, old, old + old_nr);
    fp_note_peak(fp);
    if (r.locked && nr > old_nr)
        populate(fp, s->mm, to, to + nr, POPULATE);
}

static void set_heap(struct fp *fp, struct fp_mm *mm, u64 start, u64 end)
{
    u64 old = mm->heap_start == start && mm->heap_end >= start ? mm->heap_end : start;

    if (end < old)
        fp_unmap(fp, mm, end, old);
    else if (end > old)
        map(fp, mm,
            (struct range){.start = old,
                           .end = end,
                           .locked = locks_future(mm),
                           .prot = ABI_PROT_READ | ABI_PROT_WRITE});
    if (end > old && locks_future(mm))
        populate(fp, mm, old, end, POPULATE);
    mm->heap_start = start;
    mm->heap_end = end;
}

/* The files that are mapped there lose those pages. */
static void punch_mapped(struct fp *fp, struct fp_mm *mm, u64 start, u64 end)
{
    for (size_t i = range_after(mm, start); i < mm->ranges.count; i++) {
        struct range r = mm->ranges.items[i];
        u64 from = MAX(start, r.start), to = MIN(end, r.end);

        if (r.start >= end)
            return;
        fp_drop_file_pages(fp, r.file, r.pgoff + (from - r.start), r.pgoff + (to - r.start));
    }
}

static void protect(struct fp *fp, struct fp_mm *mm, u64 start, u64 end, u8 prot)
{
    size_t i = range_split(fp, mm, start), behind = range_split(fp, mm, end);

    for (; i < behind; i++)
        mm->ranges.items[i].prot = prot;
}

static void lock(struct fp *fp, struct fp_mm *mm, u64 start, u64 end, bool locked)
{
    size_t i = range_split(fp, mm, start), behind = range_split(fp, mm, end);

    for (; i < behind; i++)
        mm->ranges.items[i].locked = locked;
    if (locked)
        populate(fp, mm, start, end, POPULATE);
}

static void op_mlockall(struct fp *fp, struct fp_mm *mm, u32 flags)
{
    mm->lock_future = flags & ABI_MCL_FUTURE ? flags : 0;
    if (flags & ABI_MCL_CURRENT)
        lock(fp, mm, 0, HWT_PAGE_MAX + 1, !(flags & ABI_MCL_ONFAULT));
    else if (!flags)
        lock(fp, mm, 0, HWT_PAGE_MAX + 1, false);
}

void fp_op_lock(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u64 start = op->field[0] >> HWT_PAGE_SHIFT;

    if (op->opcode == HWT_OP_MLOCKALL)
        op_mlockall(fp, s->mm, op->field[0] & ABI_MCL_ALL);
    else if (op->field[0] <= HWT_PAGE_MAX << 12 && op->field[1] <= HWT_PAGE_MAX << 12)
        lock(fp, s->mm, start, PAGES_OF(MIN(op->field[0] + op->field[1], HWT_PAGE_MAX << 12)),
             op->opcode == HWT_OP_MLOCK && !(op->field[2] & 1));
}

void fp_op_memory(struct fp *fp, struct fp_stream *s, const struct trace_op *op)
{
    u64 start = op->field[0] >> HWT_PAGE_SHIFT;
    u64 end = PAGES_OF(MIN(op->field[0] + op->field[1], HWT_PAGE_MAX << 12));

    if (op->field[1] > HWT_PAGE_MAX << 12 || op->field[0] > HWT_PAGE_MAX << 12)
        return;
    switch ((enum hwt_op)op->opcode) {
    case HWT_OP_MUNMAP:
        fp_unmap(fp, s->mm, start, end);
        return;
    case HWT_OP_MADVISE:
        if (op->field[2] == ABI_MADV_DONTNEED || op->field[2] == ABI_MADV_DONTNEED_LOCKED)
            drop_pages(fp, s->mm, start, end);
        else if (op->field[2] == ABI_MADV_HUGEPAGE || op->field[2] == ABI_MADV_COLLAPSE)
            fp->out->huge_advised = true;
        else if (op->field[2] == ABI_MADV_REMOVE)
            punch_mapped(fp, s->mm, start, end);
        else if (op->field[2] == ABI_MADV_POPULATE_READ)
            populate(fp, s->mm, start, end, POPULATE_READ);
        else if (op->field[2] == ABI_MADV_POPULATE_WRITE)
            populate(fp, s->mm, start, end, POPULATE_WRITE);
        return;
    case HWT_OP_MPROTECT:
        protect(fp, s->mm, start, end, op->field[2] & ABI_PROT_ALL);
        return;
    case HWT_OP_BRK:
        set_heap(fp, s->mm, start, PAGES_OF(op->field[1]));
        return;
    default:
        return;
    }
}
