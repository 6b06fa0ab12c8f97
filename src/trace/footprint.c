/* footprint.c - one pass over a recording in the order of its stamps.
 *
 * A heap of streams by the stamp of their next operation: the first runs its accesses up to that
 * operation, then the operation. What these do to address spaces is in footprint_space.c, to files
 * in footprint_file.c.
 */
#include "trace/footprint_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void fp_note_peak(struct fp *fp)
{
    fp->out->anon_pages_peak = MAX(fp->out->anon_pages_peak, fp->anon_now);
    fp->out->peak_pages = MAX(fp->out->peak_pages, fp->anon_now + fp->cache_now);
}

void fp_note_process_peak(struct fp *fp, const struct fp_mm *mm)
{
    struct footprint_process *p = mm->process ? &fp->processes.items[mm->process - 1].info : NULL;

    if (p)
        p->anon_pages_peak = MAX(p->anon_pages_peak, mm->anon.count);
}

/* --- processes --- */

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
        fp_mm_put(fp, s->mm);
        s->mm = mm;
    } else if (op->opcode == HWT_OP_PROC_START && (op->field[3] & HWT_PROC_FORKED) &&
               u64map_get(&fp->by_pid, op->field[1], &value)) {
        fp_mm_put(fp, s->mm);
        s->mm = fp_mm_copy(fp, (struct fp_mm *)(uintptr_t)value);
    }
    if (op->opcode == HWT_OP_PROC_START || !mm) {
        s->mm->users++;
        u64map_put(&fp->by_pid, pid, (u64)(uintptr_t)s->mm);
        if (mm)
            fp_mm_put(fp, mm);
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

    fp_close_all(fp, mm);
    fp_unmap(fp, mm, 0, HWT_PAGE_MAX + 1);
    if (u64map_del(&fp->by_pid, pid, &value))
        fp_mm_put(fp, (struct fp_mm *)(uintptr_t)value);
}

static void note_policy(struct footprint *f, const struct trace_op *op)
{
    struct footprint_policy *p = f->policies, fresh = {.call = op->opcode};

    if (op->opcode == HWT_OP_MBIND)
        fresh = (struct footprint_policy){op->opcode, op->field[2], op->field[3], 0, 0};
    else if (op->opcode == HWT_OP_SET_MEMPOLICY)
        fresh = (struct footprint_policy){op->opcode, op->field[0], op->field[1], 0, 0};
    else if (op->opcode == HWT_OP_NUMA_REFUSED)
        fresh = (struct footprint_policy){op->field[0], op->field[1], op->field[2],
                                          MAX(op->field[3], 1), 0};
    else
        return;
    while (p < f->policies + f->nr_policies && (p->call != fresh.call || p->mode != fresh.mode ||
                                                p->nodes != fresh.nodes || p->error != fresh.error))
        p++;
    if (p == f->policies + FOOTPRINT_POLICIES_MAX) {
        f->more_policies++;
        return;
    }
    f->nr_policies = MAX(f->nr_policies, (u32)(p - f->policies) + 1);
    fresh.calls = p->calls + 1;
    *p = fresh;
}

static void note_refused_pool(struct footprint *f, const struct trace_op *op)
{
    if (op->opcode != HWT_OP_HUGETLB_REFUSED || op->field[0] < f->hugetlb_refused)
        return;
    f->hugetlb_refused = op->field[0];
    f->hugetlb_refused_error = op->field[1];
}

/* What the program wanted of its host, whether it was had or not. */
static void note_wishes(struct footprint *f, const struct trace_op *op)
{
    note_policy(f, op);
    note_refused_pool(f, op);
}

static void do_op(struct fp *fp, u32 stream, const struct trace_op *op)
{
    struct fp_stream *s = &fp->streams[stream];

    fp->out->ops[op->opcode]++;
    note_wishes(fp->out, op);
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
        fp_op_file(fp, s, op);
        break;
    case HWT_OP_MMAP:
        fp_op_mmap(fp, s, op);
        break;
    case HWT_OP_MREMAP:
        fp_op_mremap(fp, s, op);
        break;
    case HWT_OP_MUNMAP:
    case HWT_OP_MPROTECT:
    case HWT_OP_MADVISE:
    case HWT_OP_BRK:
        fp_op_memory(fp, s, op);
        break;
    case HWT_OP_MLOCK:
    case HWT_OP_MUNLOCK:
    case HWT_OP_MLOCKALL:
        fp_op_lock(fp, s, op);
        break;
    case HWT_OP_OPEN:
        fp_op_open(fp, s, op);
        break;
    case HWT_OP_READ:
    case HWT_OP_WRITE:
        fp_op_io(fp, s, op);
        break;
    case HWT_OP_FSYNC:
        if (!(op->field[1] & HWT_FSYNC_ALL))
            fp_file_by_fid(fp, s->mm, op->field[0]);
        break;
    case HWT_OP_PUNCH:
        fp_op_punch(fp, s, op);
        break;
    case HWT_OP_FADVISE:
        fp_file_by_handle(fp, s->mm, op->field[0], op->field[1]);
        break;
    case HWT_OP_TRUNCATE:
        fp_file_resize(fp, fp_file_by_fid(fp, s->mm, op->field[0]), op->field[1]);
        break;
    case HWT_OP_CLOSE:
        fp_op_close(fp, s, op);
        break;
    case HWT_OP_UNLINK:
        fp_op_unlink(fp, s, op);
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

    *out = (struct footprint){.begun = true, .unfollowed_pages = out->unfollowed_pages};
    fp->begun_at = fp->events;
    vec_for_each (&fp->processes, p) {
        p->info.file_pages = p->info.anon_pages_peak = 0;
        pageset_done(&p->files);
        pageset_init(&p->files);
    }
    u64map_for_each (&fp->by_pid, cursor, key, value) {
        forget_pages((struct fp_mm *)(uintptr_t)value);
        fp_note_process_peak(fp, (struct fp_mm *)(uintptr_t)value);
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
    fp_note_peak(fp);
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
        fp->instructions += event_icount(event);
        if (unlikely(fp_sees(fp, s)) && event_kind(event) != HWT_OP)
            fp_see_access(fp, s, event_page(event), (enum hwt_kind)event_kind(event));
        switch ((enum hwt_kind)event_kind(event)) {
        case HWT_READ:
            out->reads++;
            fp_touch(fp, s->mm, event_page(event), false);
            break;
        case HWT_WRITE:
            out->writes++;
            fp_touch(fp, s->mm, event_page(event), true);
            break;
        case HWT_EXEC:
            out->fetches++;
            fp_touch(fp, s->mm, event_page(event), false);
            break;
        case HWT_OP:
            if (s->cursor.ops[event_page(event)].opcode == TRACE_OP_ADVANCE) {
                s->instructions += s->cursor.ops[event_page(event)].field[0];
                fp->instructions += s->cursor.ops[event_page(event)].field[0];
                out->unknown_ops += s->cursor.ops[event_page(event)].field[1] != 0;
                break;
            }
            /* The accesses before an operation belong before the place, if the operation comes
             * behind it. */
            while (trace_op_place(&s->cursor.ops[event_page(event)]) > fp->stamp_place)
                if (come_to_place(fp))
                    return false;
            do_op(fp, stream, &s->cursor.ops[event_page(event)]);
            return true;
        }
    }
}

/* Place of the next operation. */
static u64 next_place(const struct fp_stream *s)
{
    const struct trace_cursor *c = &s->cursor;

    for (size_t i = s->at; i < c->nr_events; i++)
        if (event_kind(c->events[i]) == HWT_OP && c->ops[event_page(c->events[i])].opcode)
            return trace_op_place(&c->ops[event_page(c->events[i])]);
    for (size_t i = c->next_chunk; i < c->stream->nr_chunks; i++)
        if (c->stream->chunks[i].first_stamp)
            return c->stream->chunks[i].first_place;
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
            heap_push(&fp->order, next_place(s), NULL, stream);
        } else if (s->over) {
            fp_mm_put(fp, s->mm);
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

static const char *process_name(void *ctx, u32 process, u32 *ret_pid)
{
    const struct fp *fp = ctx;

    if (!process)
        return "";
    *ret_pid = fp->processes.items[process - 1].info.pid;
    return fp->processes.items[process - 1].info.comm;
}

static const char *file_name(void *ctx, u32 file, u32 *ret_pid)
{
    const struct fp *fp = ctx;
    const struct footprint_file *info = &fp->files.items[file - 1].info;

    *ret_pid = 0;
    return info->path && *info->path ? info->path : info->anon ? "shared memory" : "";
}

/* Drop what processes that never ended hold. The map goes first: who is dropped may drop a file,
 * whose pages are then looked for in all that the map has. */
static void put_left(struct fp *fp)
{
    VEC(struct fp_mm *) left = {0};
    size_t cursor;
    u64 pid, value;

    u64map_for_each (&fp->by_pid, cursor, pid, value)
        vec_push(&left, (struct fp_mm *)(uintptr_t)value);
    u64map_done(&fp->by_pid);
    u64map_init(&fp->by_pid);
    vec_for_each (&left, mm)
        fp_mm_put(fp, *mm);
    vec_done(&left);
}

int footprint_compute(const struct trace *t, const struct footprint_window *window,
                      struct footprint *ret, struct err *e)
{
    static const struct footprint_window all;
    struct fp fp = {
        .t = t, .out = ret, .window = window ? window : &all, .pages_left = FOOTPRINT_PAGES_MAX};
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
        fp.streams[i].mm = fp_mm_new();
        heap_push(&fp.order, t->streams[i].start_stamp, NULL, i);
    }
    pass_over(&fp);
    ret->events = ret->begun ? fp.events - fp.begun_at : 0;
    for (u32 i = 0; i < t->nr_streams; i++) {
        struct fp_stream *s = &fp.streams[i];

        ret->instructions += s->instructions;
        ret->instructions_longest = MAX(ret->instructions_longest, s->instructions);
        if (s->cursor.error)
            error = s->cursor.error;
        if (s->mm)
            fp_mm_put(&fp, s->mm);
        trace_cursor_done(&s->cursor);
    }
    put_left(&fp);
    if (fp.window->heat)
        heat_finish(fp.window->heat, process_name, file_name, &fp);
    if (fp.window->set)
        working_set_finish(fp.window->set);
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

int footprint_over_time(const struct trace *t, const struct footprint_window *window,
                        struct footprint *ret, struct err *e)
{
    u64 events = t->nr_accesses + t->nr_ops;
    int rc = 0;

    if (window->from.kind != TRACE_PLACE_NONE || window->to.kind != TRACE_PLACE_NONE) {
        const struct footprint_window ends = {.from = window->from, .to = window->to};

        rc = footprint_compute(t, &ends, ret, e);
        if (rc == 0) {
            events = ret->events;
            footprint_done(ret);
        }
    }
    if (window->heat)
        window->heat->events = events;
    if (window->set)
        window->set->events = events;
    return rc ? rc : footprint_compute(t, window, ret, e);
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
