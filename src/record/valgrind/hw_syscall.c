/* hw_syscall.c - every system call, before and after.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Before: the thread's accesses so far are drained, so that records stand in the order of events.
 * After: a call that failed leaves only the time it waited. The memory that calls read and write
 * comes from Valgrind (hw_main.c).
 */
#include "hw_tool.h"
#include "hw_valgrind.h"

/* It is refused: the thread that serves a fault cannot run while the one that faults is stopped in
 * its code. */
static void userfaultfd_wanted(struct thread *t)
{
    hw_complain("%s asked for userfaultfd, which is not to be had while it is recorded", hw_comm);
    hw_incomplete(t, HWT_INCOMPLETE_CALLS, "userfaultfd");
}

void hw_syscall_before(ThreadId tid, UInt nr, UWord *args, UInt nr_args)
{
    struct thread *t = hw_thread_find(tid);

    (void)nr_args;
    if (t == NULL || hw_channel == NULL || hw_off)
        return;
    hw_drain(t);
    VG_(memset)(&t->call, 0, sizeof(t->call));
    hw_file_before(t, nr, args);
    hw_map_before(t, nr, args);
    hw_wait_before(t, nr, args);
    switch (nr) {
    case __NR_execve:
        t->call.exec_path = (const HChar *)args[0];
        break;
    case __NR_execveat:
        t->call.exec_path = (const HChar *)args[1]; /* "" is told by hw_table.c */
        break;
    case 323: /* userfaultfd */
        userfaultfd_wanted(t);
        break;
    case __NR_ioctl:
        if ((UInt)args[1] == HW_USERFAULTFD_IOC_NEW)
            userfaultfd_wanted(t);
        break;
    case __NR_exit:
        t->exiting = True;
        t->exit_status = args[0];
        break;
    case __NR_exit_group:
        hw_process_end((Int)((args[0] & 0xff) << 8));
        break;
    default:
        break;
    }
}

static Bool shares_memory(UInt nr, const UWord *args)
{
    return nr == __NR_vfork || (nr == __NR_clone && (args[0] & VKI_CLONE_VM));
}

/* A flag of struct io_uring_params, its third word: the kernel takes submissions without a call. */
#define IORING_SETUP_SQPOLL 2u

#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5

/* Calls that move memory or files in ways that are not followed. */
static const struct {
    UInt nr;
    enum hwt_incomplete reason;
    const HChar *name;
} not_followed[] = {
    {__NR_io_submit, HWT_INCOMPLETE_CALLS, "io_submit"},
    {__NR_process_vm_readv, HWT_INCOMPLETE_CALLS, "process_vm_readv"},
    {__NR_process_vm_writev, HWT_INCOMPLETE_MEMORY, "process_vm_writev"},
};

static void tell_not_followed(struct thread *t, UInt nr)
{
    for (UInt i = 0; i < sizeof(not_followed) / sizeof(not_followed[0]); i++)
        if (not_followed[i].nr == nr)
            hw_incomplete(t, not_followed[i].reason, not_followed[i].name);
}

static void succeeded(struct thread *t, UInt nr, const UWord *args, UWord result)
{
    hw_file_after(t, nr, args, result);
    hw_map_call(t, nr, args, result);
    hw_numa_call(t, nr, args);
    switch (nr) {
    case __NR_fork:
    case __NR_vfork:
    case __NR_clone:
        if (result != 0 && !(nr == __NR_clone && (args[0] & VKI_CLONE_THREAD)))
            hw_fork_done(t, result, shares_memory(nr, args) ? HWT_FORK_VM : 0);
        break;
    case __NR_ptrace:
        if (args[0] == PTRACE_POKETEXT || args[0] == PTRACE_POKEDATA)
            hw_incomplete(t, HWT_INCOMPLETE_MEMORY, "ptrace");
        break;
    case 425: /* io_uring_setup */
        if (((const UInt *)args[1])[2] & IORING_SETUP_SQPOLL)
            hw_incomplete(t, HWT_INCOMPLETE_IO_URING, "io_uring_setup");
        break;
    case 426: /* io_uring_enter: submissions that were taken */
        if (result > 0)
            hw_incomplete(t, HWT_INCOMPLETE_IO_URING, "io_uring_enter");
        break;
    case __NR_prctl:
        if (args[0] == 15 /* PR_SET_NAME */ &&
            t->leader) { /* the process's name is its first thread's */
            VG_(memset)(hw_comm, 0, sizeof(hw_comm));
            VG_(strncpy)(hw_comm, (const HChar *)args[1], sizeof(hw_comm) - 1);
            hw_emit_op(t, HWT_OP_COMM, 0, NULL, hw_comm);
        }
        if (args[0] == ABI_PR_SET_THP_DISABLE)
            hw_op(t, HWT_OP_THP_DISABLE, args[1] != 0);
        break;
    default:
        tell_not_followed(t, nr);
        break;
    }
}

void hw_syscall_after(ThreadId tid, UInt nr, UWord *args, UInt nr_args, SysRes result)
{
    struct thread *t = hw_thread_find(tid);
    Bool failed = sr_isError(result);

    (void)nr_args;
    if (t == NULL || hw_channel == NULL || hw_off)
        return;
    t->call.quiet_buffers = False;
    t->call.exec_path = NULL;
    hw_wait_after(t, nr, failed, failed ? sr_Err(result) : sr_Res(result));
    if (!failed) {
        succeeded(t, nr, args, sr_Res(result));
    } else {
        hw_fd_drop(t, t->call.closing);
        hw_numa_failed(t, nr, args, sr_Err(result));
        hw_map_failed(t, nr, args, sr_Err(result));
    }
}
