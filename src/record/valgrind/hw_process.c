/* hw_process.c - threads, fork, exec and exit.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Order matters at a fork: the child may run before the parent's call returns, so the stamp of the
 * parent's FORK is taken before the call, and the record is written with it afterwards, when the
 * pid is known.
 */
#include "hw_valgrind.h"

HChar hw_comm[16];

extern const HChar *VG_(args_the_exename);

static struct thread **threads; /* by ThreadId */
static Bool first_image;
static Bool ended;
static ULong fork_stamp;

struct thread *hw_thread_find(ThreadId tid)
{
    struct thread *t = threads != NULL && tid < VG_N_THREADS ? threads[tid] : NULL;

    return t != NULL && t->started ? t : NULL;
}

struct thread *hw_thread(ThreadId tid)
{
    tl_assert(tid < VG_N_THREADS);
    if (threads[tid] == NULL) {
        threads[tid] = VG_(calloc)("hw.thread", 1, sizeof(struct thread));
        threads[tid]->tid = tid;
        hw_forget_all(threads[tid]);
    }
    return threads[tid];
}

UInt hw_threads_alive(void)
{
    UInt n = 0;

    for (ThreadId tid = 1; tid < VG_N_THREADS; tid++)
        n += hw_thread_find(tid) != NULL;
    return n;
}

void hw_thread_drop(struct thread *t)
{
    threads[t->tid] = NULL;
    VG_(free)(t->declared);
    VG_(free)(t);
}

static void comm_from_path(const HChar *path)
{
    VG_(memset)(hw_comm, 0, sizeof(hw_comm));
    VG_(strncpy)(hw_comm, VG_(basename)(path), sizeof(hw_comm) - 1);
}

static void process_start(struct thread *t, UInt flags)
{
    hw_emit_op(t, HWT_OP_PROC_START, 4,
               (ULong[]){(ULong)VG_(getpid)(), (ULong)VG_(getppid)(), (ULong)VG_(gettid)(), flags},
               hw_comm);
}

/* ---- fork ---- */

static void before_fork(ThreadId tid)
{
    for (ThreadId i = 1; i < VG_N_THREADS; i++)
        if (hw_thread_find(i) != NULL) {
            hw_drain(threads[i]);
            hw_forget_all(threads[i]); /* every page is copy-on-write from here */
        }
    hw_reserve(hw_thread(tid));
    if (hw_channel != NULL)
        fork_stamp = hw_stamp();
}

static void child_of_fork(ThreadId tid)
{
    struct thread *t = hw_thread(tid);

    for (ThreadId i = 1; i < VG_N_THREADS; i++)
        if (threads[i] != NULL && i != tid)
            hw_thread_drop(threads[i]);
    t->leader = True;
    hw_lock_forget();
    VG_(free)(t->declared);
    t->declared = NULL;
    t->declared_bits = 0;
    /* It has the name of the thread that forked, which need not be the process's. */
    VG_(memset)(hw_comm, 0, sizeof(hw_comm));
    hw_syscall(__NR_prctl, 16 /* PR_GET_NAME */, (UWord)hw_comm, 0, 0, 0, 0);
    hw_stream_open(t);
    if (hw_channel != NULL)
        __atomic_add_fetch(&hw_channel->processes, 1, __ATOMIC_RELAXED);
    process_start(t, HWT_PROC_FORKED);
}

void hw_fork_done(struct thread *t, ULong child_pid, UInt flags)
{
    hw_emit_op_at(t, fork_stamp, HWT_OP_FORK, 2, (ULong[]){child_pid, flags}, NULL);
}

/* ---- begin and end ---- */

void hw_process_init(void)
{
    threads = VG_(calloc)("hw.threads", VG_N_THREADS, sizeof(*threads));
    comm_from_path(VG_(args_the_exename));
    hw_syscall(__NR_prctl, 15 /* PR_SET_NAME */, (UWord)hw_comm, 0, 0, 0, 0);
    first_image =
        hw_channel != NULL && __atomic_load_n(&hw_channel->next_stream, __ATOMIC_RELAXED) == 0;
    if (first_image)
        __atomic_add_fetch(&hw_channel->processes, 1, __ATOMIC_RELAXED);
    VG_(atfork)(before_fork, NULL, child_of_fork);
}

void hw_thread_begin(ThreadId tid)
{
    struct thread *t = threads[tid];
    static Bool image_told;

    if (LIKELY(t != NULL && t->started)) {
        if (t->out.id != 0)
            hw_touch_code(t);
        return;
    }
    t = hw_thread(tid);
    t->started = True;
    hw_buffer_attach(t);
    if (!image_told) {
        hw_environment_clean(tid);
        hw_heap_init(hw_position_independent(tid));
    }
    if (hw_channel == NULL) {
        image_told = True;
        return;
    }
    hw_stream_open(t);
    if (!image_told) {
        image_told = True;
        t->leader = True;
        process_start(t, first_image ? 0 : HWT_PROC_EXEC);
        hw_map_initial(t);
        hw_settings_initial(t);
        if (first_image)
            hw_numa_initial(t);
    } else {
        hw_op(t, HWT_OP_THREAD_START, (ULong)VG_(getpid)(), (ULong)VG_(gettid)());
    }
    hw_touch_code(t);
}

void hw_thread_end(ThreadId tid)
{
    struct thread *t = hw_thread_find(tid);

    if (t == NULL)
        return;
    hw_drain(t);
    if (!ended && hw_threads_alive() > 1) {
        hw_op(t, HWT_OP_EXIT, t->exit_status);
        hw_stream_close(t);
    } else if (!ended && t->exiting) {
        hw_process_end((Int)((t->exit_status & 0xff) << 8));
    } else if (!ended) {
        t->silent = True; /* a signal ends the process: hw_core.c will say which */
        return;
    }
    hw_thread_drop(t);
}

/* Close the streams of all threads but one, which then speaks for the process. */
static void close_others(struct thread *speaker)
{
    for (ThreadId tid = 1; tid < VG_N_THREADS; tid++) {
        struct thread *t = hw_thread_find(tid);

        if (t == NULL || t == speaker)
            continue;
        hw_drain(t);
        hw_stream_close(t);
    }
}

void hw_process_end(Int status)
{
    struct thread *t = hw_thread_find(VG_(get_running_tid)());

    if (ended)
        return;
    ended = True;
    for (ThreadId tid = 1; t == NULL && tid < VG_N_THREADS; tid++)
        t = hw_thread_find(tid);
    if (t == NULL)
        return;
    hw_drain(t);
    close_others(t);
    hw_op(t, HWT_OP_EXIT_GROUP, (ULong)(UInt)status);
    hw_stream_close(t);
}

/* A program goes on natively. Its name reaches the person who recorded. */
static void tell_unrecorded(struct thread *t, const HChar *path)
{
    UInt n;

    if (hw_channel == NULL || hw_off)
        return;
    hw_incomplete(t, HWT_INCOMPLETE_PROCESSES, path);
    n = __atomic_fetch_add(&hw_channel->unrecorded, 1, __ATOMIC_RELAXED);
    if (n < CHANNEL_NAMES)
        VG_(strncpy)(hw_channel->names[n], path, CHANNEL_NAME_BYTES - 1);
}

void hw_exec(struct thread *t, const HChar *path, Bool followed)
{
    hw_drain(t);
    close_others(t);
    if (followed) {
        comm_from_path(path);
        hw_emit_op(t, HWT_OP_EXEC, 0, NULL, hw_comm);
    } else {
        tell_unrecorded(t, path);
        hw_op(t, HWT_OP_EXIT_GROUP, 0);
    }
    hw_stream_close(t);
    ended = True;
}
