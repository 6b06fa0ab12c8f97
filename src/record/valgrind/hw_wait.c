/* hw_wait.c - time in which a thread waited, told as waiting.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Waits for locks, children and pipes are always told, since they order streams; the others when
 * they took WAIT_MIN_NS or more. A call that may let another thread go on (a write to a pipe, a
 * futex wake) is told before it happens, as a wait of nothing: a mark, whose stamp lies before the
 * end of the wait that it ends.
 */
#include "hw_tool.h"

#define WAIT_MIN_NS 20000

static UInt wait_on_fd(struct thread *t, Int fd)
{
    switch (hw_fd_class(t, fd)) {
    case CLASS_PIPE:
        return HWT_WAIT_PIPE;
    case CLASS_SOCKET:
        return HWT_WAIT_SOCKET;
    case CLASS_TERMINAL:
    case CLASS_OTHER:
        return HWT_WAIT_OTHER;
    default:
        return 0;
    }
}

static Bool futex_waits(UWord op)
{
    UWord command = op & 0x7f;

    return command == 0 /* WAIT */ || command == 6 /* LOCK_PI */ ||
           command == 9 /* WAIT_BITSET */ || command == 11 /* WAIT_REQUEUE_PI */ ||
           command == 13 /* LOCK_PI2 */;
}

/* What a call may wait for, 0 when it does not wait. */
static UInt kind_of(struct thread *t, UInt nr, const UWord *a)
{
    switch (nr) {
    case __NR_nanosleep:
    case __NR_clock_nanosleep:
        return HWT_WAIT_SLEEP;
    case __NR_poll:
    case __NR_ppoll:
    case __NR_select:
    case __NR_pselect6:
    case __NR_epoll_wait:
    case __NR_epoll_pwait:
    case 441: /* epoll_pwait2 */
        return HWT_WAIT_POLL;
    case __NR_read:
    case __NR_readv:
    case __NR_write:
    case __NR_writev:
        return wait_on_fd(t, (Int)a[0]);
    case __NR_splice:
    case __NR_tee:
    case __NR_vmsplice:
        return HWT_WAIT_PIPE;
    case __NR_recvfrom:
    case __NR_recvmsg:
    case __NR_recvmmsg:
    case __NR_sendto:
    case __NR_sendmsg:
    case __NR_sendmmsg:
    case __NR_accept:
    case __NR_accept4:
    case __NR_connect:
        return HWT_WAIT_SOCKET;
    case __NR_futex:
        return futex_waits(a[1]) ? HWT_WAIT_LOCK : 0;
    case __NR_flock:
        return HWT_WAIT_LOCK;
    case __NR_fcntl:
        return a[1] == 7 /* F_SETLKW */ || a[1] == 38 /* F_OFD_SETLKW */ ? HWT_WAIT_LOCK : 0;
    case __NR_wait4:
    case __NR_waitid:
        return HWT_WAIT_CHILD;
    case __NR_pause:
    case __NR_rt_sigsuspend:
    case __NR_rt_sigtimedwait:
        return HWT_WAIT_SIGNAL;
    default:
        return 0;
    }
}

/* May this call let another thread go on? */
static Bool wakes(struct thread *t, UInt nr, const UWord *a)
{
    enum file_class cls;

    switch (nr) {
    case __NR_futex:
        return !futex_waits(a[1]);
    case __NR_write:
    case __NR_writev:
        cls = hw_fd_class(t, (Int)a[0]);
        return cls == CLASS_PIPE || cls == CLASS_SOCKET;
    case __NR_close:
        return t->call.closing != NULL &&
               (t->call.closing->cls == CLASS_PIPE || t->call.closing->cls == CLASS_SOCKET);
    case __NR_sendto:
    case __NR_sendmsg:
    case __NR_sendmmsg:
    case __NR_splice:
    case __NR_shutdown:
    case __NR_connect:
    case __NR_kill:
    case __NR_tkill:
    case __NR_tgkill:
    case __NR_clone:
        return True;
    default:
        return False;
    }
}

void hw_wait_before(struct thread *t, UInt nr, const UWord *a)
{
    if (wakes(t, nr, a))
        hw_op(t, HWT_OP_WAIT, HWT_WAIT_OTHER, 0, 0);
    t->call.wait_kind = kind_of(t, nr, a);
    if (t->call.wait_kind == 0)
        return;
    t->call.began_stamp = hw_stamp_now();
    t->call.began_ns = hw_now_ns();
}

void hw_wait_after(struct thread *t, UInt nr, Bool failed, UWord result)
{
    UInt kind = t->call.wait_kind;
    ULong took, stamp;

    if (kind == 0)
        return;
    t->call.wait_kind = 0;
    took = hw_now_ns() - t->call.began_ns;
    if (kind == HWT_WAIT_LOCK && failed && result == 110 /* ETIMEDOUT */)
        kind = HWT_WAIT_SLEEP;
    if (took < WAIT_MIN_NS &&
        (failed || (kind != HWT_WAIT_LOCK && kind != HWT_WAIT_CHILD && kind != HWT_WAIT_PIPE)))
        return;
    if (nr == __NR_wait4 && took < WAIT_MIN_NS && result == 0)
        return; /* asked, nobody had ended */
    hw_reserve(t);
    stamp = hw_stamp();
    hw_emit_op_at(t, stamp, HWT_OP_WAIT, 3, (ULong[]){kind, took, stamp - t->call.began_stamp},
                  NULL);
}
