/* hw_table.c - system calls that the tool does in the place of Valgrind's core.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core asks for the entry of a system call's number in a function of its own, which is wrapped:
 * the calls here are complete before the core would hand them to the kernel.
 */
#include "hw_valgrind.h"

#include "pub_tool_libcsetjmp.h"
#include "pub_tool_signals.h"

static void answer(struct core_status *status, Long result)
{
    status->what = CORE_COMPLETE;
    status->result = HW_FAILED(result) ? VG_(mk_SysRes_Error)((UWord)-result)
                                       : VG_(mk_SysRes_Success)((UWord)result);
}

#define ENTRY(name)                                                               \
    static void name##_before(ThreadId tid, void *layout, struct core_args *args, \
                              struct core_status *status, UWord *flags)           \
    {                                                                             \
        (void)tid, (void)layout, (void)flags;                                     \
        answer(status, hw_call_##name(args->a));                                  \
    }                                                                             \
    static struct core_entry name##_entry = {name##_before, NULL};

ENTRY(mmap)
ENTRY(brk)
ENTRY(mremap)
ENTRY(mlock2)
ENTRY(mlockall)
ENTRY(munlockall)
ENTRY(migrate_pages)
ENTRY(home_node)

struct core_entry *__real_vgModuleLocal_get_linux_syscall_entry(UInt nr);
struct core_entry *__wrap_vgModuleLocal_get_linux_syscall_entry(UInt nr);

/* Limits of descriptors and of address space; all others go to the core. */
static void limit_before(ThreadId tid, void *layout, struct core_args *args,
                         struct core_status *status, UWord *flags)
{
    Long result;

    if (hw_call_limit(tid, (UInt)args->nr, args->a, &result))
        answer(status, result);
    else
        __real_vgModuleLocal_get_linux_syscall_entry((UInt)args->nr)
            ->before(tid, layout, args, status, flags);
}

static void limit_after(ThreadId tid, struct core_args *args, struct core_status *status)
{
    struct core_entry *core = __real_vgModuleLocal_get_linux_syscall_entry((UInt)args->nr);
    UWord resource = args->nr == __NR_prlimit64 ? args->a[1] : args->a[0];

    if (core->after != NULL && resource != VKI_RLIMIT_NOFILE && resource != VKI_RLIMIT_DATA &&
        resource != RLIMIT_AS)
        core->after(tid, args, status);
}

static struct core_entry limit_entry = {limit_before, limit_after};

/* The kernel would start the tool: /proc/PID/exe is its file. */
static Bool is_own_exe(Addr path)
{
    HChar own[40];

    if (!VG_(am_is_valid_for_client)(path, 1, VKI_PROT_READ))
        return False;
    VG_(sprintf)(own, "/proc/%d/exe", VG_(getpid)());
    return VG_(strcmp)((const HChar *)path, own) == 0 ||
           VG_(strcmp)((const HChar *)path, "/proc/self/exe") == 0 ||
           VG_(strcmp)((const HChar *)path, "/proc/thread-self/exe") == 0;
}

/* A page of the program's, which the core insists on for what a call is given. 0: not to be had. */
static Addr program_page(void)
{
    UWord page[6] = {0,
                     VKI_PAGE_SIZE,
                     VKI_PROT_READ | VKI_PROT_WRITE,
                     VKI_MAP_PRIVATE | VKI_MAP_ANONYMOUS,
                     (UWord)-1,
                     0};
    Long at = hw_call_mmap(page);

    return HW_FAILED(at) ? 0 : (Addr)at;
}

/* The program's file. */
static Addr own_exe_path(void)
{
    Addr at = program_page();
    HChar link[40];
    Long n;

    if (at == 0)
        return 0;
    VG_(sprintf)(link, "/proc/self/fd/%d", VG_(cl_exec_fd));
    n = hw_syscall(__NR_readlink, (UWord)link, (UWord)at, VKI_PAGE_SIZE - 1, 0, 0, 0);
    ((HChar *)at)[n > 0 ? n : 0] = '\0';
    return at;
}

static void execve_before(ThreadId tid, void *layout, struct core_args *args,
                          struct core_status *status, UWord *flags)
{
    UWord path = args->a[0];
    Addr own = is_own_exe(path) ? own_exe_path() : 0;
    Bool stale;

    if (own != 0)
        args->a[0] = own;
    __real_vgModuleLocal_get_linux_syscall_entry(__NR_execve)
        ->before(tid, layout, args, status, flags);
    /* Here the exec has failed, and the core wants to see the arguments that it gave. */
    args->a[0] = path;
    if (own != 0)
        VG_(am_munmap_client)(&stale, own, VKI_PAGE_SIZE);
}

static struct core_entry execve_entry = {execve_before, NULL};

#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH */

/* Is it fexecve of a file without a name: a memfd, or one that was removed? */
static Bool is_nameless(const struct core_args *args, const HChar *link)
{
    HChar name[VKI_PATH_MAX];
    struct vg_stat st;
    Long n;

    if (!(args->a[4] & EMPTY_PATH) || !VG_(am_is_valid_for_client)(args->a[1], 1, VKI_PROT_READ) ||
        *(const HChar *)args->a[1] != '\0')
        return False;
    n = hw_syscall(__NR_readlink, (UWord)link, (UWord)name, sizeof(name) - 1, 0, 0, 0);
    name[n > 0 ? n : 0] = '\0';
    return n > 0 && sr_isError(VG_(stat)(name, &st));
}

/* The core starts what the link of the descriptor says. Such a file is started by the link itself,
 * and stays open for that. */
static void execveat_before(ThreadId tid, void *layout, struct core_args *args,
                            struct core_status *status, UWord *flags)
{
    struct thread *t = hw_thread_find(tid);
    struct core_args given = *args;
    Addr at = 0;
    HChar link[40];
    Bool stale;
    Long open_flags = 0;

    VG_(sprintf)(link, "/proc/self/fd/%d", (Int)args->a[0]);
    if (is_nameless(args, link))
        at = program_page();
    if (at == 0) {
        __real_vgModuleLocal_get_linux_syscall_entry(__NR_execveat)
            ->before(tid, layout, args, status, flags);
        return;
    }
    VG_(strcpy)((HChar *)at, link);
    if (t != NULL)
        t->call.exec_path = (const HChar *)at;
    open_flags = hw_syscall(__NR_fcntl, given.a[0], VKI_F_GETFD, 0, 0, 0, 0);
    hw_syscall(__NR_fcntl, given.a[0], VKI_F_SETFD, 0, 0, 0, 0);
    args->a[0] = at;
    args->a[1] = given.a[2];
    args->a[2] = given.a[3];
    __real_vgModuleLocal_get_linux_syscall_entry(__NR_execve)
        ->before(tid, layout, args, status, flags);
    *args = given; /* as in execve_before() */
    hw_syscall(__NR_fcntl, given.a[0], VKI_F_SETFD, (UWord)open_flags, 0, 0, 0);
    VG_(am_munmap_client)(&stale, at, VKI_PAGE_SIZE);
}

static struct core_entry execveat_entry = {execveat_before, NULL};

#define MESSAGES_MAX  1024u /* the kernel's UIO_MAXIOV */
#define MESSAGE_BYTES 64u   /* struct mmsghdr */

#define CLONE_SHARED    (VKI_CLONE_VM | VKI_CLONE_FS | VKI_CLONE_FILES | VKI_CLONE_VFORK)
#define CLONE_AS_THREAD (VKI_CLONE_VM | VKI_CLONE_FS | VKI_CLONE_FILES)
#define CLONE_AS_VFORK  (VKI_CLONE_VM | VKI_CLONE_VFORK)

/* The core ends the program where its table is full. */
static Bool has_thread_left(void)
{
    for (ThreadId tid = 1; tid < VG_N_THREADS; tid++)
        if (!VG_(is_valid_tid)(tid))
            return True;
    return False;
}

/* The core knows threads, vfork and fork, and ends the program at anything between. */
static void clone_before(ThreadId tid, void *layout, struct core_args *args,
                         struct core_status *status, UWord *flags)
{
    UWord shared = args->a[0] & CLONE_SHARED;
    UWord as = shared, given = args->a[0];

    if (args->a[0] & VKI_CLONE_THREAD)
        as = CLONE_AS_THREAD;
    else if (shared & VKI_CLONE_VFORK)
        as = CLONE_AS_VFORK; /* until the exec or the end nobody sees the difference */
    else if (!(shared & VKI_CLONE_VM))
        as = 0;
    if (as == CLONE_AS_THREAD && !has_thread_left()) {
        hw_complain("%s wanted more threads than can be recorded; it was told EAGAIN", hw_comm);
        if (hw_thread_find(tid) != NULL)
            hw_incomplete(hw_thread_find(tid), HWT_INCOMPLETE_CALLS, "clone");
        answer(status, -VKI_EAGAIN);
        return;
    }
    if (as != shared && (shared ^ as) & (VKI_CLONE_FS | VKI_CLONE_FILES))
        hw_complain(
            "%s started a %s, which has descriptors and working directory %s while it is recorded",
            hw_comm, as == CLONE_AS_THREAD ? "thread" : "process",
            as == CLONE_AS_THREAD ? "in common" : "of its own");
    if (as == VKI_CLONE_VM || (as != CLONE_AS_THREAD && as != CLONE_AS_VFORK && as != 0)) {
        hw_complain("%s wanted a process that shares its memory, which is not to be had while it "
                    "is recorded",
                    hw_comm);
        if (hw_thread_find(tid) != NULL)
            hw_incomplete(hw_thread_find(tid), HWT_INCOMPLETE_CALLS, "clone");
        answer(status, -VKI_ENOSYS);
        return;
    }
    args->a[0] = (args->a[0] & ~(UWord)CLONE_SHARED) | as;
    __real_vgModuleLocal_get_linux_syscall_entry(__NR_clone)
        ->before(tid, layout, args, status, flags);
    args->a[0] = given; /* which the core wants to see again */
}

static struct core_entry clone_entry = {clone_before, NULL};

/* The other door to userfaultfd, which must be as shut as the system call (hw_syscall.c). */
static void ioctl_before(ThreadId tid, void *layout, struct core_args *args,
                         struct core_status *status, UWord *flags)
{
    if ((UInt)args->a[1] == HW_USERFAULTFD_IOC_NEW)
        answer(status, -VKI_ENOTTY);
    else
        __real_vgModuleLocal_get_linux_syscall_entry(__NR_ioctl)
            ->before(tid, layout, args, status, flags);
}

static void ioctl_after(ThreadId tid, struct core_args *args, struct core_status *status)
{
    __real_vgModuleLocal_get_linux_syscall_entry(__NR_ioctl)->after(tid, args, status);
}

static struct core_entry ioctl_entry = {ioctl_before, ioctl_after};

/* The kernel's limit is above the program's, and the core has its own answer for what lies
 * between. */
static void fcntl_before(ThreadId tid, void *layout, struct core_args *args,
                         struct core_status *status, UWord *flags)
{
    Bool doubles = args->a[1] == VKI_F_DUPFD || args->a[1] == VKI_F_DUPFD_CLOEXEC;

    if (doubles && args->a[2] >= (UWord)VG_(fd_soft_limit) &&
        hw_syscall(__NR_fcntl, args->a[0], VKI_F_GETFD, 0, 0, 0, 0) >= 0)
        answer(status, -VKI_EINVAL);
    else
        __real_vgModuleLocal_get_linux_syscall_entry(__NR_fcntl)
            ->before(tid, layout, args, status, flags);
}

static void fcntl_after(ThreadId tid, struct core_args *args, struct core_status *status)
{
    __real_vgModuleLocal_get_linux_syscall_entry(__NR_fcntl)->after(tid, args, status);
}

static struct core_entry fcntl_entry = {fcntl_before, fcntl_after};

#define PR_SET_SECCOMP 22

/* A filter would hold for the tool as well, which makes calls of its own, and end the program at
 * the next of them. Without a filter to look at the kernel answers: that is how programs ask what
 * it knows. */
static void prctl_before(ThreadId tid, void *layout, struct core_args *args,
                         struct core_status *status, UWord *flags)
{
    Bool strict = args->a[0] == PR_SET_SECCOMP && args->a[1] == 1;
    Bool filter = args->a[0] == PR_SET_SECCOMP && args->a[1] == 2 && args->a[2] != 0;

    if (strict || filter) {
        hw_complain("%s set up seccomp, which does not hold while it is recorded", hw_comm);
        answer(status, 0);
    } else {
        __real_vgModuleLocal_get_linux_syscall_entry(__NR_prctl)
            ->before(tid, layout, args, status, flags);
    }
}

static void prctl_after(ThreadId tid, struct core_args *args, struct core_status *status)
{
    __real_vgModuleLocal_get_linux_syscall_entry(__NR_prctl)->after(tid, args, status);
}

static struct core_entry prctl_entry = {prctl_before, prctl_after};

/* The core visits as many elements as it is told, whatever the kernel takes: those that the program
 * can have. */
static void counted_before(ThreadId tid, void *layout, struct core_args *args,
                           struct core_status *status, UWord *flags)
{
    Bool polls = args->nr == __NR_poll || args->nr == __NR_ppoll;
    UWord n = (UInt)args->a[polls ? 1 : 2];

    if (polls && n > (UWord)VG_(fd_hard_limit)) {
        answer(status, -VKI_EINVAL);
        return;
    }
    if (!polls && n > MESSAGES_MAX &&
        !VG_(am_is_valid_for_client)(args->a[1], n * MESSAGE_BYTES, VKI_PROT_READ))
        args->a[2] = MESSAGES_MAX;
    __real_vgModuleLocal_get_linux_syscall_entry((UInt)args->nr)
        ->before(tid, layout, args, status, flags);
}

static void counted_after(ThreadId tid, struct core_args *args, struct core_status *status)
{
    __real_vgModuleLocal_get_linux_syscall_entry((UInt)args->nr)->after(tid, args, status);
}

static struct core_entry counted_entry = {counted_before, counted_after};

static struct core_entry *entry_of(UInt nr)
{
    struct core_entry *core;

    switch (nr) {
    case __NR_prctl:
        return &prctl_entry;
    case __NR_ioctl:
        return &ioctl_entry;
    case __NR_fcntl:
        return &fcntl_entry;
    case __NR_poll:
    case __NR_ppoll:
    case __NR_recvmmsg:
    case __NR_sendmmsg:
        return &counted_entry;
    case __NR_execve:
        return &execve_entry;
    case __NR_execveat:
        return &execveat_entry;
    case __NR_clone:
        return &clone_entry;
    case __NR_mmap:
        return &mmap_entry;
    case __NR_brk:
        return &brk_entry;
    case __NR_mremap:
        return &mremap_entry;
    case __NR_mlock2:
        return &mlock2_entry;
    case __NR_mlockall:
        return &mlockall_entry;
    case __NR_munlockall:
        return &munlockall_entry;
    case __NR_migrate_pages:
        return &migrate_pages_entry;
    case HW_NR_HOME_NODE:
        return &home_node_entry;
    case __NR_setrlimit:
    case __NR_getrlimit:
    case __NR_prlimit64:
        return &limit_entry;
    default:
        core = __real_vgModuleLocal_get_linux_syscall_entry(nr);
        return core != NULL ? core : &hw_unknown_entry;
    }
}

/* ---- pointers to nowhere ---- */

/* Many of the core's entries look at what a call is given before the kernel does, and not all ask
 * whether it is there. */
static VG_MINIMAL_JMP_BUF(unreadable);

static void caught(Int signo, Addr at)
{
    (void)at;
    if (signo == VKI_SIGSEGV || signo == VKI_SIGBUS)
        VG_MINIMAL_LONGJMP(unreadable);
}

static void guarded_before(ThreadId tid, void *layout, struct core_args *args,
                           struct core_status *status, UWord *flags)
{
    struct core_args given = *args;
    ULong faults = 1ULL << (VKI_SIGSEGV - 1) | 1ULL << (VKI_SIGBUS - 1);

    if (VG_MINIMAL_SETJMP(unreadable) == 0) {
        VG_(set_fault_catcher)(caught);
        entry_of((UInt)args->nr)->before(tid, layout, args, status, flags);
        VG_(set_fault_catcher)(NULL);
        return;
    }
    VG_(set_fault_catcher)(NULL);
    hw_syscall(__NR_rt_sigprocmask, VKI_SIG_UNBLOCK, (UWord)&faults, 0, sizeof(faults), 0, 0);
    *args = given;
    *flags = 0;
    answer(status, -VKI_EFAULT);
}

static void guarded_after(ThreadId tid, struct core_args *args, struct core_status *status)
{
    struct core_entry *entry = entry_of((UInt)args->nr);

    if (entry->after != NULL)
        entry->after(tid, args, status);
}

static struct core_entry guarded_entry = {guarded_before, guarded_after};

struct core_entry *__wrap_vgModuleLocal_get_linux_syscall_entry(UInt nr)
{
    (void)nr;
    return &guarded_entry;
}
