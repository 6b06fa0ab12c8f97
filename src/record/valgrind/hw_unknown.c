/* hw_unknown.c - system calls that Valgrind's core does not know.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core answers ENOSYS to them. Those that move no memory of the program's go to the kernel; the
 * others stay refused, and the recording names them: a program that is told ENOSYS may do something
 * else.
 */
#include "hw_valgrind.h"

#define MAY_BLOCK  2u /* flags of the core's */
#define POLL_AFTER 8u /* a signal may be there */
#define REFUSED    (1u << 31)
#define SILENT     (1u << 30) /* refused; that says nothing about the program */

static const struct unknown_call {
    UInt nr, how;
    const HChar *name;
} calls[] = {
    {136, 0, "ustat"},
    {139, 0, "sysfs"},
    {154, REFUSED, "modify_ldt"},
    {167, 0, "swapon"},
    {168, 0, "swapoff"},
    {169, REFUSED, "reboot"},
    {171, 0, "setdomainname"},
    {216, REFUSED, "remap_file_pages"},
    {219, SILENT, "restart_syscall"},
    {246, REFUSED, "kexec_load"},
    {317, REFUSED, "seccomp"},
    {320, REFUSED, "kexec_file_load"},
    {323, SILENT, "userfaultfd"}, /* hw_syscall.c tells */
    {333, MAY_BLOCK, "io_pgetevents"},
    {424, POLL_AFTER, "pidfd_send_signal"},
    {428, MAY_BLOCK, "open_tree"},
    {429, MAY_BLOCK, "move_mount"},
    {430, 0, "fsopen"},
    {431, MAY_BLOCK, "fsconfig"},
    {432, MAY_BLOCK, "fsmount"},
    {433, MAY_BLOCK, "fspick"},
    {434, 0, "pidfd_open"},
    {437, MAY_BLOCK, "openat2"},
    {438, 0, "pidfd_getfd"},
    {440, REFUSED, "process_madvise"},
    {441, MAY_BLOCK, "epoll_pwait2"},
    {442, MAY_BLOCK, "mount_setattr"},
    {443, MAY_BLOCK, "quotactl_fd"},
    {444, REFUSED, "landlock_create_ruleset"},
    {445, REFUSED, "landlock_add_rule"},
    {446, REFUSED, "landlock_restrict_self"},
    {447, REFUSED, "memfd_secret"},
    {448, 0, "process_mrelease"},
    {449, REFUSED, "futex_waitv"},
    {451, MAY_BLOCK, "cachestat"},
    {452, MAY_BLOCK, "fchmodat2"},
    {453, REFUSED, "map_shadow_stack"},
    {454, REFUSED, "futex_wake"},
    {455, REFUSED, "futex_wait"},
    {456, REFUSED, "futex_requeue"},
    {457, 0, "statmount"},
    {458, 0, "listmount"},
    {459, 0, "lsm_get_self_attr"},
    {461, 0, "lsm_list_modules"},
    {462, REFUSED, "mseal"},
};

static const struct unknown_call *find(UInt nr)
{
    for (UInt i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (calls[i].nr == nr)
            return &calls[i];
    return NULL;
}

static void before(ThreadId tid, void *layout, struct core_args *args, struct core_status *status,
                   UWord *flags)
{
    const struct unknown_call *c = find((UInt)args->nr);
    struct thread *t = hw_thread_find(tid);
    HChar number[32];

    (void)layout;
    if (c != NULL && !(c->how & (REFUSED | SILENT))) {
        *flags |= c->how;
        return;
    }
    if (c == NULL)
        VG_(sprintf)(number, "system call %ld", args->nr);
    if (t != NULL && !(c != NULL && c->how & SILENT))
        hw_incomplete(t, HWT_INCOMPLETE_CALLS, c != NULL ? c->name : number);
    status->what = CORE_COMPLETE;
    status->result = VG_(mk_SysRes_Error)(VKI_ENOSYS);
}

struct core_entry hw_unknown_entry = {before, NULL};
