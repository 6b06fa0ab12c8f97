/* replay_op.c - operations of a trace as system calls of a machine.
 *
 * A call that waits is made again with the same arguments; rs->stage says how far an operation of
 * several calls has come. Files are known per process by fid and open descriptions by handle; a
 * forked child inherits both, a new image neither. What refers to something the recording does not
 * explain is counted (stats.bad_ops) and done as far as it makes sense: a mapping of an unknown
 * file becomes anonymous, I/O on it only touches user memory.
 *
 * A mapping needs an open file for its readahead state, and the format does not say which
 * description it was made from; so a process has one of its own per file, closed when the file is
 * unlinked or the process ends.
 */
#include "workload/replay_int.h"

#include "base/alloc.h"
#include "system/block.h"
#include "system/cgroup.h"
#include "system/file.h"
#include "system/kobject.h"
#include "system/mmap.h"
#include "system/pin.h"

/* One read or write moves no more (the kernel's MAX_RW_COUNT); what claims to is cut to it. */
#define IO_BYTES_MAX     0x7ffff000u
/* The largest file of ext4 with 4 KiB blocks; a page of a file has a number of 32 bits. What lies
 * beyond is nonsense. */
#define FILE_BYTES_MAX   (16 * TIB - PAGE_SIZE)
#define SCORE_ADJ_OFFSET 1000
#define SCORE_ADJ_MAX    1000
/* No recording waits or computes beyond this point of virtual time (100 days). */
#define RECORDED_NS_MAX  (100 * 24 * 3600 * NS_PER_S)

/* --- processes and their files --- */

struct replay_proc *replay_proc_new(void)
{
    struct replay_proc *p = xcalloc(1, sizeof(*p));

    p->users = 1;
    u64map_init(&p->fids);
    u64map_init(&p->handles);
    return p;
}

struct replay_proc *replay_proc_fork(struct replay *r, const struct replay_proc *parent)
{
    struct replay_proc *p = replay_proc_new();
    u64 cursor, fid, index, handle, file;

    u64map_for_each (&parent->fids, cursor, fid, index)
        u64map_put(&p->fids, fid, index);
    vec_reserve(&p->files, parent->files.count);
    for (size_t i = 0; i < parent->files.count; i++) {
        struct replay_file copy = parent->files.items[i];

        copy.map_file = 0;
        vec_push(&p->files, copy);
    }
    u64map_for_each (&parent->handles, cursor, handle, file) {
        u64map_put(&p->handles, handle, file);
        if (file)
            file_hold(file_get(&r->config.system->backing, (u32)file));
    }
    return p;
}

static void close_map_file(struct replay *r, struct replay_file *f)
{
    struct file *file = f->map_file ? file_get(&r->config.system->backing, f->map_file) : NULL;

    if (file)
        system_close(r->config.system, file);
    f->map_file = 0;
}

static void close_handle(struct replay *r, u64 file)
{
    if (file)
        system_close(r->config.system, file_get(&r->config.system->backing, (u32)file));
}

void replay_proc_put(struct replay *r, struct replay_proc *proc)
{
    u64 cursor, handle, file;

    assert(proc->users > 0);
    if (--proc->users)
        return;
    u64map_for_each (&proc->handles, cursor, handle, file)
        close_handle(r, file);
    u64map_done(&proc->handles);
    vec_for_each (&proc->files, f)
        close_map_file(r, f);
    vec_done(&proc->files);
    u64map_done(&proc->fids);
    free(proc);
}

static struct replay_file *file_of(struct replay_stream *rs, u64 fid)
{
    u64 index;

    if (fid && u64map_get(&rs->proc->fids, fid, &index))
        return &rs->proc->files.items[index];
    if (fid)
        rs->replay->stats.bad_ops++;
    return NULL;
}

/* The inode, if it still is the one the process named. An operation on one that is gone does
 * nothing, and counts. */
static struct inode *inode_of(struct replay_stream *rs, const struct replay_file *f)
{
    struct inode *inode;

    if (!f || !f->inode)
        return NULL;
    inode = inode_get(&rs->replay->config.system->backing, f->inode);
    /* One that nobody can reach any more is freed by the next call into the machine. */
    if (inode && inode->dev == f->dev && inode->ino == f->ino &&
        (inode->nlink || inode->opens || inode->maps))
        return inode;
    rs->replay->stats.bad_ops++;
    return NULL;
}

/* The process's own open file, for mappings and for I/O whose description is unknown. NULL: no page
 * cache. */
static struct file *map_file_of(struct replay_stream *rs, struct replay_file *f)
{
    struct system *s = rs->replay->config.system;
    struct inode *inode = inode_of(rs, f);
    struct file *file;

    if (!inode)
        return NULL;
    if (f->map_file && (file = file_get(&s->backing, f->map_file)))
        return file;
    file = system_open(s, inode, 0);
    if (file)
        f->map_file = file->id;
    return file;
}

/* The open file of a handle; for one that was open before the recording, the process's own. NULL:
 * no page cache. */
static struct file *handle_file(struct replay_stream *rs, u64 handle, u64 fid)
{
    u64 id;

    if (u64map_get(&rs->proc->handles, handle, &id))
        return id ? file_get(&rs->replay->config.system->backing, (u32)id) : NULL;
    return map_file_of(rs, file_of(rs, fid));
}

enum op_result replay_result_of(enum step step)
{
    switch (step) {
    case STEP_DONE:
        return OP_DONE;
    case STEP_WAIT:
        return OP_WAIT;
    case STEP_DEAD:
        return OP_DEAD;
    }
    hw_unreachable();
}

/* Another file has this number now, so the one that had it before is gone, whether or not its
 * removal was recorded. */
static void retire_namesake(struct replay *r, u64 dev, u64 ino, u64 instance)
{
    u64 key = hash_u64_pair(dev, ino), before;
    struct inode *inode;

    if (!instance)
        return;
    if (u64map_get(&r->instances, key, &before) && before != instance) {
        inode = inode_find(&r->config.system->backing, dev, ino);
        if (inode && inode->nlink)
            system_unlink(r->config.system, inode);
        for (u32 i = 0; inode && i < r->config.trace->nr_streams; i++)
            if (r->streams[i].proc)
                vec_for_each (&r->streams[i].proc->files, f)
                    if (f->dev == dev && f->ino == ino)
                        close_map_file(r, f);
    }
    u64map_put(&r->instances, key, instance);
}

static enum op_result op_file(struct replay_stream *rs, const struct trace_op *op)
{
    struct system *s = rs->replay->config.system;
    struct replay_file f = {.dev = op->field[1], .ino = op->field[2]};
    u64 kind = op->field[4], index, size = MIN(op->field[3], FILE_BYTES_MAX);

    if (kind == HWT_FILE_REGULAR || kind == HWT_FILE_SHMEM) {
        struct inode *inode;

        retire_namesake(rs->replay, f.dev, f.ino, op->field[5]);
        inode = system_inode(s, kind == HWT_FILE_SHMEM ? INODE_SHMEM : INODE_REGULAR, f.dev, f.ino,
                             trace_cursor_string(&rs->cursor, op), size);

        f.inode = inode ? inode->id : 0;
    }
    if (u64map_get(&rs->proc->fids, op->field[0], &index)) {
        close_map_file(rs->replay, &rs->proc->files.items[index]);
        rs->proc->files.items[index] = f;
    } else {
        u64map_put(&rs->proc->fids, op->field[0], rs->proc->files.count);
        vec_push(&rs->proc->files, f);
    }
    return OP_DONE;
}

static void take_handle(struct replay_stream *rs, u64 handle, u64 file)
{
    u64 before;

    if (u64map_del(&rs->proc->handles, handle, &before)) /* its close is not in the recording */
        close_handle(rs->replay, before);
    u64map_put(&rs->proc->handles, handle, file);
}

static enum op_result op_open(struct replay_stream *rs, const struct trace_op *op)
{
    struct system *s = rs->replay->config.system;
    u64 handle = op->field[0], oflags = op->field[2];
    struct inode *inode = inode_of(rs, file_of(rs, op->field[1]));
    struct file *file;
    u32 flags = 0;

    if (!inode) {
        take_handle(rs, handle, 0);
        return OP_DONE;
    }
    if (oflags & HWT_OPEN_TRUNC) {
        enum step step = system_truncate(s, rs->st.task, inode, 0);

        if (step != STEP_DONE)
            return replay_result_of(step);
    }
    if (oflags & HWT_OPEN_DIRECT)
        flags |= FILE_DIRECT;
    if (oflags & HWT_OPEN_SYNC)
        flags |= FILE_SYNC;
    file = system_open(s, inode, flags);
    take_handle(rs, handle, file ? file->id : 0);
    return OP_DONE;
}

static enum op_result op_close(struct replay_stream *rs, const struct trace_op *op)
{
    u64 file;

    if (u64map_del(&rs->proc->handles, op->field[0], &file))
        close_handle(rs->replay, file);
    return OP_DONE;
}

/* --- I/O --- */

/* User memory of a transfer that has no page cache behind it. */
static enum op_result touch_user(struct replay_stream *rs, struct sched_slice *slice, u64 addr,
                                 u64 len, enum access_kind kind)
{
    u64 first = addr >> PAGE_SHIFT, nr;

    if (addr == 0 || len == 0 || len > VPN_END << PAGE_SHIFT ||
        addr > (VPN_END << PAGE_SHIFT) - len)
        return OP_DONE;
    nr = ((addr + len - 1) >> PAGE_SHIFT) - first + 1;
    while (rs->done_pages < nr) {
        vpn_t vpn = first + rs->done_pages;

        if (!replay_access_allowed(rs, vpn, kind)) {
            rs->replay->stats.skipped++;
        } else {
            enum step step = replay_access(rs, slice, vpn, kind);

            if (step != STEP_DONE)
                return replay_result_of(step);
        }
        rs->done_pages++;
    }
    return OP_DONE;
}

/* Where the data goes; 0 when the replayed address space has no such buffer. Both ends are looked
 * at: a hole in the middle of a buffer is not worth a look at every page. */
static u64 user_buffer(struct replay_stream *rs, u64 addr, u64 len, enum access_kind kind)
{
    if (addr == 0 || len == 0)
        return 0;
    if (len <= VPN_END << PAGE_SHIFT && addr <= (VPN_END << PAGE_SHIFT) - len &&
        replay_access_allowed(rs, addr >> PAGE_SHIFT, kind) &&
        replay_access_allowed(rs, (addr + len - 1) >> PAGE_SHIFT, kind))
        return addr;
    rs->replay->stats.skipped++;
    return 0;
}

static enum op_result op_io(struct replay_stream *rs, const struct trace_op *op,
                            struct sched_slice *slice)
{
    struct system *s = rs->replay->config.system;
    bool read = op->opcode == HWT_OP_READ;
    enum access_kind kind = read ? ACCESS_WRITE : ACCESS_READ; /* of user memory */
    u64 offset = op->field[2], len = MIN(op->field[3], (u64)IO_BYTES_MAX), addr = op->field[4];
    struct file *file = handle_file(rs, op->field[0], op->field[1]);

    if (!file)
        return touch_user(rs, slice, addr, len, kind);
    if (offset > FILE_BYTES_MAX - IO_BYTES_MAX) {
        rs->replay->stats.bad_ops++;
        return OP_DONE;
    }
    addr = user_buffer(rs, addr, len, kind);
    return replay_result_of(read ? system_read(s, rs->st.task, file, offset, len, addr)
                                 : system_write(s, rs->st.task, file, offset, len, addr));
}

static enum op_result op_inode(struct replay_stream *rs, const struct trace_op *op)
{
    struct system *s = rs->replay->config.system;
    struct task *t = rs->st.task;
    struct replay_file *f;
    struct inode *inode;
    int error;

    if (op->opcode == HWT_OP_FSYNC && (op->field[1] & HWT_FSYNC_ALL))
        return replay_result_of(system_sync(s, t));
    f = file_of(rs, op->field[0]);
    inode = inode_of(rs, f);
    if (!inode)
        return OP_DONE;
    switch ((enum hwt_op)op->opcode) {
    case HWT_OP_FSYNC:
        return replay_result_of(system_fsync(s, t, inode, NULL, &error));
    case HWT_OP_TRUNCATE:
        return replay_result_of(system_truncate(s, t, inode, MIN(op->field[1], FILE_BYTES_MAX)));
    case HWT_OP_PUNCH:
        if (op->field[1] > FILE_BYTES_MAX || op->field[2] > FILE_BYTES_MAX - op->field[1]) {
            rs->replay->stats.bad_ops++;
            return OP_DONE;
        }
        return replay_result_of(system_punch(s, t, inode, op->field[1], op->field[2]));
    case HWT_OP_UNLINK:
        /* The process's own open file would keep it alive. */
        system_unlink(s, inode);
        close_map_file(rs->replay, f);
        return OP_DONE;
    default:
        hw_unreachable();
    }
}

static enum op_result op_fadvise(struct replay_stream *rs, const struct trace_op *op)
{
    const u64 *f = op->field;
    struct file *file = handle_file(rs, f[0], f[1]);

    return file ? replay_result_of(system_fadvise(rs->replay->config.system, rs->st.task, file,
                                                  f[2], f[3], (u32)f[4]))
                : OP_DONE;
}

/* --- memory --- */

static bool range_ok(struct replay_stream *rs, u64 addr, u64 len)
{
    if (addr < VPN_END << PAGE_SHIFT && len <= (VPN_END << PAGE_SHIFT) - addr)
        return true;
    rs->replay->stats.bad_ops++;
    return false;
}

/* Where the part that is at hand lies; op->parts is not 0. */
static const struct trace_part *part_at(const struct replay_stream *rs, const struct trace_op *op)
{
    return &rs->replay->config.trace->parts[op->parts + rs->part];
}

/* Threads change their address space in the order of the recording where that matters
 * (place_turn.c). */
static bool must_wait_for_turn(struct replay_stream *rs, const struct trace_op *op)
{
    const struct trace *t = rs->replay->config.trace;
    u64 turn;

    if (rs->in_turn || t->turns.count == 0 || !u64map_get(&t->turns, op->stamp, &turn) ||
        order_passed(rs, turn, true))
        return false;
    rs->in_turn = true;
    rs->st.task->state = TASK_WAITING;
    rs->st.task->wait = (struct wait){.cause = WAIT_SLEEP};
    return true;
}

/* What a mapping replaces may lie elsewhere: that goes first. */
static enum op_result unmap_parts(struct replay_stream *rs, const struct trace_op *op)
{
    for (; op->parts && rs->stage == 0; rs->part++) {
        const struct trace_part *part = part_at(rs, op);
        enum op_result result = replay_result_of(
            system_munmap(rs->replay->config.system, rs->st.task, part->addr, part->len));

        if (result != OP_DONE)
            return result;
        rs->stage = part->last;
    }
    return OP_DONE;
}

static enum op_result op_mmap(struct replay_stream *rs, const struct trace_op *op)
{
    struct mmap_args a = {
        .addr = op->field[0],
        .len = op->field[1],
        .prot = (u32)op->field[2],
        .mflags = (u32)op->field[3],
        .offset = op->field[5],
    };
    struct file *file = op->field[4] ? map_file_of(rs, file_of(rs, op->field[4])) : NULL;
    enum op_result unmapped = unmap_parts(rs, op);

    if (unmapped != OP_DONE)
        return unmapped;
    if (!range_ok(rs, a.addr, a.len) || a.len == 0 ||
        (file && a.offset > FILE_BYTES_MAX - MIN(a.len, FILE_BYTES_MAX)))
        return OP_DONE;
    if (file)
        a.file = file->id;
    else
        a.offset = 0;
    if (file || (a.mflags & HWT_MAP_SHARED))
        a.mflags &= ~(u32)HWT_MAP_STACK; /* only private anonymous memory grows */
    return replay_result_of(system_mmap(rs->replay->config.system, rs->st.task, &a));
}

static enum op_result op_memory(struct replay_stream *rs, const struct trace_op *op)
{
    struct system *s = rs->replay->config.system;
    struct task *t = rs->st.task;
    const u64 *f = op->field;
    bool range = op->opcode != HWT_OP_MLOCKALL && op->opcode != HWT_OP_BRK;

    if (range && !range_ok(rs, f[0], f[1]))
        return OP_DONE;
    if (range && op->opcode != HWT_OP_MREMAP && f[1] == 0)
        return OP_DONE; /* nothing, as in the kernel */
    switch ((enum hwt_op)op->opcode) {
    case HWT_OP_MUNMAP:
        return replay_result_of(system_munmap(s, t, f[0], f[1]));
    case HWT_OP_MPROTECT:
        return replay_result_of(system_mprotect(s, t, f[0], f[1], (u32)f[2]));
    case HWT_OP_MREMAP:
        if (!range_ok(rs, f[2], f[3]) || f[3] == 0)
            return OP_DONE;
        return replay_result_of(system_mremap(s, t, f[0], f[1], f[2], f[3]));
    case HWT_OP_MADVISE:
        return replay_result_of(system_madvise(s, t, f[0], f[1], (u32)f[2]));
    case HWT_OP_BRK:
        if (f[1] < f[0] || !range_ok(rs, f[0], f[1] - f[0]))
            return OP_DONE;
        return replay_result_of(system_brk(s, t, f[0], f[1]));
    case HWT_OP_MLOCK:
        return replay_result_of(system_mlock(s, t, f[0], f[1], f[2] & 1));
    case HWT_OP_MUNLOCK:
        return replay_result_of(system_munlock(s, t, f[0], f[1]));
    case HWT_OP_MLOCKALL:
        return replay_result_of(system_mlockall(s, t, (u32)f[0] & ABI_MCL_ALL));
    default:
        hw_unreachable();
    }
}

/* --- processes --- */

static void set_comm(struct replay_stream *rs, const struct trace_op *op)
{
    const char *comm = trace_cursor_string(&rs->cursor, op);
    struct task *t = rs->st.task;
    unsigned i;

    for (i = 0; i + 1 < TASK_COMM_LEN && comm[i]; i++)
        t->comm[i] = comm[i];
    t->comm[i] = '\0';
}

static enum op_result op_fork(struct replay_stream *rs, const struct trace_op *op,
                              struct sched_slice *slice)
{
    struct system *s = rs->replay->config.system;
    u32 pid = (u32)op->field[0];
    struct replay_stream *child_stream;
    struct task *child = NULL;
    enum step step = system_fork(s, rs->st.task, pid + rs->replay->config.pid_base,
                                 op->field[1] & HWT_FORK_VM, &child);

    if (step != STEP_DONE)
        return replay_result_of(step);
    child_stream = order_find(rs->replay, pid, HWT_PROC_FORKED);
    if (!child) { /* refused */
        if (child_stream)
            replay_stream_end(child_stream, STREAM_DROPPED, slice->now);
        order_drop_children(rs->replay, pid, slice->now);
        return OP_DONE;
    }
    if (!child_stream) { /* it left no record */
        system_exit(s, child, 0, true);
        return OP_DONE;
    }
    if (child->group != replay_group(child_stream))
        system_task_move(s, child, replay_group(child_stream));
    sched_leave(slice, rs->st.task); /* the child starts when the fork is over */
    replay_stream_start(child_stream, child, replay_proc_fork(rs->replay, rs->proc), slice->now);
    return OP_DONE;
}

static enum op_result block(struct replay_stream *rs)
{
    rs->stage = 1;
    rs->st.task->state = TASK_WAITING;
    rs->st.task->wait = (struct wait){.cause = WAIT_SLEEP};
    return OP_BLOCK;
}

/* What ends the other threads of a process must not come before they have done what they did. */
static bool must_wait_for_threads(struct replay_stream *rs, const struct trace_op *op)
{
    return rs->stage == 0 && !order_passed(rs, op->stamp, true);
}

/* The task and its process go on in the stream of the new image. */
static enum op_result op_exec(struct replay_stream *rs, const struct trace_op *op,
                              struct sched_slice *slice)
{
    struct system *s = rs->replay->config.system;
    struct task *t = rs->st.task;
    struct replay_stream *next;
    enum step step;

    if (must_wait_for_threads(rs, op))
        return block(rs);
    step = system_exec(s, t, trace_cursor_string(&rs->cursor, op));
    if (step != STEP_DONE)
        return replay_result_of(step);
    sched_leave(slice, t);
    next = order_find(rs->replay, t->tgid - rs->replay->config.pid_base, HWT_PROC_EXEC);
    if (next) /* it names its files anew, and has no handles */
        replay_stream_start(next, t, replay_proc_new(), slice->now);
    else
        system_exit(s, t, 0, true);
    sched_wake_killed(replay_sched(rs->replay), slice->now); /* its other threads are gone */
    replay_stream_end(rs, STREAM_ENDED, slice->now);
    return OP_END;
}

static enum op_result op_exit(struct replay_stream *rs, const struct trace_op *op,
                              struct sched_slice *slice)
{
    struct replay *r = rs->replay;
    bool group = op->opcode == HWT_OP_EXIT_GROUP;

    if (group && must_wait_for_threads(rs, op))
        return block(rs);
    system_exit(r->config.system, rs->st.task, (s32)op->field[0], group);
    sched_leave(slice, rs->st.task);
    if (group)
        sched_wake_killed(replay_sched(r), slice->now);
    replay_stream_end(rs, STREAM_ENDED, slice->now);
    return OP_END;
}

/* What is left of `ns` before the end of recorded time: timers run all through it, and sums must
 * not overflow. */
static ns_t recorded_ns(const struct sched_slice *slice, u64 ns)
{
    return slice->now < RECORDED_NS_MAX ? MIN(ns, RECORDED_NS_MAX - slice->now) : 0;
}

static enum op_result op_wait(struct replay_stream *rs, const struct trace_op *op,
                              struct sched_slice *slice)
{
    struct task *t = rs->st.task;
    ns_t ns = recorded_ns(slice, op->field[1]);
    bool on_others;
    bool world = op->field[0] == HWT_WAIT_POLL || op->field[0] == HWT_WAIT_SOCKET;

    switch ((enum hwt_wait_kind)op->field[0]) {
    case HWT_WAIT_PIPE:
    case HWT_WAIT_LOCK:
    case HWT_WAIT_CHILD:
        on_others = true;
        break;
    case HWT_WAIT_SLEEP:
        on_others = false;
        break;
    default: /* did anybody else do anything meanwhile? */
        on_others = op->field[2] > 1;
    }
    if (world && !rs->stage)
        replay_stream_waits(rs, slice->now);
    if (rs->stage || (!on_others && ns == 0) || (on_others && order_passed(rs, op->stamp, false))) {
        if (world) /* since then it could go on, as soon as a CPU was free */
            replay_stream_wakes(rs, rs->stage ? rs->st.waiting_since : slice->now);
        return OP_DONE;
    }
    block(rs);
    if (on_others)
        return OP_BLOCK;
    t->wait.until = slice->now + ns;
    return OP_WAIT;
}

/* What programs make the kernel allocate for itself. */
static enum op_result op_kernel(struct replay_stream *rs, const struct trace_op *op)
{
    struct system *s = rs->replay->config.system;
    struct task *t = rs->st.task;

    switch ((enum trace_kernel_op)op->field[0]) {
    case TRACE_KERNEL_WALK:
        return replay_result_of(system_walk_directory(s, t, op->field[1]));
    case TRACE_KERNEL_LEAK:
        return replay_result_of(system_leak_objects(s, t, op->field[1], (u32)op->field[2], true));
    case TRACE_KERNEL_SOCKETS:
        return replay_result_of(system_open_sockets(s, t, op->field[1], op->field[2]));
    case TRACE_KERNEL_PIN:
        return replay_result_of(system_pin_pages(s, t, op->field[1]));
    case TRACE_KERNEL_PIN_USER:
        return replay_result_of(system_pin(s, t, op->field[1], op->field[2]));
    case TRACE_KERNEL_RECEIVE:
        return replay_result_of(system_receive(s, t, op->field[1], op->field[2], op->field[3]));
    case TRACE_KERNEL_ARRAY:
        return replay_result_of(system_make_array(s, t, op->field[1]));
    }
    hw_unreachable();
}

/* Instructions that were too many for one event. */
static enum op_result op_advance(struct replay_stream *rs, const struct trace_op *op,
                                 struct sched_slice *slice)
{
    u64 cost = rs->replay->config.system->cost.instruction_x100;
    ns_t ns = recorded_ns(slice, MIN(op->field[0] / 100, RECORDED_NS_MAX / MAX(cost, 1)) * cost);

    slice->now += ns;
    system_count_user(rs->replay->config.system, rs->st.task, ns);
    return OP_DONE;
}

static enum op_result op_thp_disable(struct replay_stream *rs, const struct trace_op *op)
{
    system_thp_disable(rs->st.task, op->field[0] != 0);
    return OP_DONE;
}

static enum op_result op_oom_score_adj(struct replay_stream *rs, const struct trace_op *op)
{
    u64 most = SCORE_ADJ_OFFSET + SCORE_ADJ_MAX;

    system_set_oom_score_adj(rs->replay->config.system, rs->st.task,
                             (s16)(MIN(op->field[0], most) - SCORE_ADJ_OFFSET), false);
    return OP_DONE;
}

/* What a recording does to one range may be several here: it is done to one after the other, and a
 * buffer is filled piece by piece. */
static enum op_result op_in_parts(struct replay_stream *rs, const struct trace_op *op,
                                  struct sched_slice *slice)
{
    bool io = op->opcode == HWT_OP_READ || op->opcode == HWT_OP_WRITE;
    struct trace_op piece = *op;

    piece.parts = 0;
    for (u32 i = 0; io && i < rs->part; i++)
        piece.field[2] += rs->replay->config.trace->parts[op->parts + i].len;
    for (;; rs->part++) {
        const struct trace_part *part = part_at(rs, op);
        enum op_result result;

        piece.field[io ? 4 : 0] = part->addr;
        piece.field[io ? 3 : 1] = part->len;
        result = replay_op(rs, &piece, slice);
        if (result != OP_DONE || part->last || (!io && rs->st.task->error))
            return result;
        if (io)
            piece.field[2] += part->len;
        rs->done_pages = 0;
    }
}

/* Memory may be less after it: look at it while it is there. */
static void watch_release(const struct replay_config *config, const struct trace_op *op)
{
    const u32 which = BIT(HWT_OP_MUNMAP) | BIT(HWT_OP_MREMAP) | BIT(HWT_OP_MADVISE) |
                      BIT(HWT_OP_BRK) | BIT(HWT_OP_TRUNCATE) | BIT(HWT_OP_PUNCH) |
                      BIT(HWT_OP_UNLINK) | BIT(HWT_OP_CLOSE) | BIT(HWT_OP_EXEC) | BIT(HWT_OP_EXIT) |
                      BIT(HWT_OP_EXIT_GROUP);

    if (config->watch && op->opcode < HWT_OP_MAX && which >> op->opcode & 1)
        config->watch(config->watch_ctx);
}

/* long: a case for each kind of operation. */
enum op_result replay_op(struct replay_stream *rs, const struct trace_op *op,
                         struct sched_slice *slice)
{
    if (op->opcode == TRACE_OP_ADVANCE)
        return op_advance(rs, op, slice);
    if (op->opcode == TRACE_OP_KERNEL)
        return op_kernel(rs, op);
    watch_release(&rs->replay->config, op);
    if (unlikely(op->parts) && op->opcode != HWT_OP_MMAP)
        return op_in_parts(rs, op, slice);
    switch ((enum hwt_op)op->opcode) {
    case HWT_OP_PROC_START:
    case HWT_OP_COMM:
        set_comm(rs, op);
        return OP_DONE;
    case HWT_OP_FILE:
        return op_file(rs, op);
    case HWT_OP_MMAP:
    case HWT_OP_MUNMAP:
    case HWT_OP_MPROTECT:
    case HWT_OP_MREMAP:
    case HWT_OP_MADVISE:
    case HWT_OP_BRK:
    case HWT_OP_MLOCK:
    case HWT_OP_MUNLOCK:
    case HWT_OP_MLOCKALL:
        if (must_wait_for_turn(rs, op))
            return OP_BLOCK;
        return op->opcode == HWT_OP_MMAP ? op_mmap(rs, op) : op_memory(rs, op);
    case HWT_OP_OPEN:
        return op_open(rs, op);
    case HWT_OP_CLOSE:
        return op_close(rs, op);
    case HWT_OP_READ:
    case HWT_OP_WRITE:
        return op_io(rs, op, slice);
    case HWT_OP_FADVISE:
        return op_fadvise(rs, op);
    case HWT_OP_FSYNC:
    case HWT_OP_TRUNCATE:
    case HWT_OP_PUNCH:
    case HWT_OP_UNLINK:
        return op_inode(rs, op);
    case HWT_OP_FORK:
        return op_fork(rs, op, slice);
    case HWT_OP_EXEC:
        return op_exec(rs, op, slice);
    case HWT_OP_EXIT:
    case HWT_OP_EXIT_GROUP:
        return op_exit(rs, op, slice);
    case HWT_OP_WAIT:
        return op_wait(rs, op, slice);
    case HWT_OP_OOM_SCORE_ADJ:
        return op_oom_score_adj(rs, op);
    case HWT_OP_THP_DISABLE:
        return op_thp_disable(rs, op);
    case HWT_OP_SET_MEMPOLICY:
    case HWT_OP_MBIND:
    case HWT_OP_HOME_NODE:
    case HWT_OP_MIGRATE_PAGES:
    case HWT_OP_MOVE_PAGES:
    case HWT_OP_AFFINITY:
    case HWT_OP_NUMA_REFUSED:
        return replay_op_numa(rs, op, slice);
    case HWT_OP_LOST:
    case HWT_OP_THREAD_START:
    case HWT_OP_HUGETLB_REFUSED: /* the program went on without it */
    case HWT_OP_SETTING:         /* trace/runtimes.h */
    case HWT_OP_INCOMPLETE:      /* the trace knows their sum (trace->lacks) */
        return OP_DONE;
    case HWT_OP_MAX:
        break;
    }
    hw_unreachable();
}
