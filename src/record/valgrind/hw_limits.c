/* hw_limits.c - limits of descriptors, address space and locked memory, as the program would find
 * them without the recorder.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Descriptors. Valgrind keeps its own above the program's soft limit, and shows the program that as
 * the hard one. The recorder's parent raises the real soft limit first, and the program's own
 * limits are kept here: set, asked and handed on through exec as an option. The number of the first
 * of Valgrind's descriptors bounds what can be open.
 *
 * Address space and data (RLIMIT_AS, RLIMIT_DATA). The kernel would count the recorder's memory,
 * too, and the recorder dies of what it is refused. What the program sets is kept here, handed on
 * like the other, and compared with what the program has mapped when it asks for more.
 *
 * Locks. mlockall would lock the recorder too, several times the program. The program's mappings
 * are locked one by one, and those to come as they are made.
 */
#include "hw_valgrind.h"

#define CAP_IPC_LOCK     14
#define CAP_SYS_RESOURCE 24
#define RLIMIT_MEMLOCK   8

enum { LOCK_CURRENT = 1, LOCK_FUTURE = 2, LOCK_ON_FAULT = 4 };

static Bool capable(UInt cap)
{
    UInt header[2] = {0x20080522, 0}; /* version 3, this process */
    UInt data[6] = {0};               /* effective, permitted, inheritable; twice */

    return hw_syscall(__NR_capget, (UWord)header, (UWord)data, 0, 0, 0, 0) == 0 &&
           (data[cap / 32 * 3] >> cap % 32 & 1);
}

/* ---- descriptors ---- */

static struct vki_rlimit nofile; /* as the program sees it */
static HChar nofile_option[64];

static void nofile_told(void)
{
    VG_(fd_soft_limit) =
        nofile.rlim_cur < (ULong)VG_(fd_hard_limit) ? (Int)nofile.rlim_cur : VG_(fd_hard_limit);
    VG_(sprintf)
    (nofile_option, HW_NOFILE_OPTION "=%llu:%llu", (ULong)nofile.rlim_cur, (ULong)nofile.rlim_max);
}

/* What the next image is told: `option` as it is then, in the place of the one that this image was
 * told. */
void hw_hand_on(const HChar *option, const HChar *name)
{
    for (Word i = 0; i < VG_(sizeXA)(VG_(args_for_valgrind)); i++) {
        const HChar **arg = VG_(indexXA)(VG_(args_for_valgrind), i);

        if (VG_(strncmp)(*arg, name, VG_(strlen)(name)) == 0) {
            *arg = option;
            return;
        }
    }
    VG_(addToXA)(VG_(args_for_valgrind), &option);
}

/* "SOFT:HARD", as far as it is there. Returns what follows. */
static const HChar *read_limit(const HChar *text, struct vki_rlimit *limit)
{
    HChar *end;

    limit->rlim_cur = (UWord)VG_(strtoull10)(text, &end);
    if (*end == ':')
        limit->rlim_max = (UWord)VG_(strtoull10)(end + 1, &end);
    return *end == ':' ? end + 1 : end;
}

static void nofile_init(const HChar *text)
{
    hw_syscall(__NR_getrlimit, VKI_RLIMIT_NOFILE, (UWord)&nofile, 0, 0, 0, 0);
    nofile.rlim_cur = (UWord)VG_(fd_soft_limit);
    if (text != NULL)
        read_limit(text, &nofile);
    nofile_told();
    hw_hand_on(nofile_option, HW_NOFILE_OPTION);
}

/* ---- address space ---- */

#define RLIMIT_ROOM_KEPT 2
static const UWord room_resource[RLIMIT_ROOM_KEPT] = {VKI_RLIMIT_DATA, RLIMIT_AS};
/* As the program set them; without a bound: as the kernel has them. */
static struct vki_rlimit room[RLIMIT_ROOM_KEPT] = {{~0UL, ~0UL}, {~0UL, ~0UL}};
static HChar room_option[128];

static Bool is_bounded(const struct vki_rlimit *limit)
{
    return limit->rlim_cur != ~0UL || limit->rlim_max != ~0UL;
}

static void room_told(void)
{
    if (is_bounded(&room[0]))
        VG_(client_rlimit_data) = room[0];
    VG_(sprintf)
    (room_option, HW_ROOM_OPTION "=%lu:%lu:%lu:%lu", room[0].rlim_cur, room[0].rlim_max,
     room[1].rlim_cur, room[1].rlim_max);
}

static void room_init(const HChar *text)
{
    for (UInt i = 0; text != NULL && i < RLIMIT_ROOM_KEPT; i++)
        text = read_limit(text, &room[i]);
    room_told();
    hw_hand_on(room_option, HW_ROOM_OPTION);
}

static Long room_set(UInt which, const struct vki_rlimit *want)
{
    struct vki_rlimit old = room[which];

    if (!is_bounded(&old))
        hw_syscall(__NR_getrlimit, room_resource[which], (UWord)&old, 0, 0, 0, 0);
    if (want->rlim_cur > want->rlim_max)
        return -VKI_EINVAL;
    if (want->rlim_max > old.rlim_max && !capable(CAP_SYS_RESOURCE))
        return -VKI_EPERM;
    room[which] = *want;
    room_told();
    return 0;
}

/* Bytes that the program has mapped; of them, those that count as data. */
static SizeT mapped(Bool data)
{
    Int n;
    Addr *starts = VG_(get_segment_starts)(SkAnonC | SkFileC | SkShmC, &n);
    SizeT total = 0;

    for (Int i = 0; i < n; i++) {
        const NSegment *s = VG_(am_find_nsegment)(starts[i]);

        if (!data || (s->hasW && s->kind != SkShmC))
            total += s->end + 1 - s->start;
    }
    VG_(free)(starts);
    return total;
}

Bool hw_has_room(SizeT more, Bool data)
{
    return (room[1].rlim_cur == ~0UL || mapped(False) + more <= room[1].rlim_cur) &&
           (!data || room[0].rlim_cur == ~0UL || mapped(True) + more <= room[0].rlim_cur);
}

/* The options of the command line, each "SOFT:HARD" or two of them; the next image gets new ones.
 * NULL: not given. */
void hw_limits_init(const HChar *files, const HChar *rooms)
{
    nofile_init(files);
    room_init(rooms);
}

/* An exec is about to happen: the core of the next image adds its own descriptors again. */
void hw_limits_exec(Bool followed)
{
    struct vki_rlimit real;

    for (UInt i = 0; !followed && i < RLIMIT_ROOM_KEPT; i++)
        if (is_bounded(&room[i]))
            hw_syscall(__NR_setrlimit, room_resource[i], (UWord)&room[i], 0, 0, 0, 0);
    hw_syscall(__NR_getrlimit, VKI_RLIMIT_NOFILE, (UWord)&real, 0, 0, 0, 0);
    real.rlim_cur = (UWord)VG_(fd_hard_limit);
    hw_syscall(__NR_setrlimit, VKI_RLIMIT_NOFILE, (UWord)(followed ? &real : &nofile), 0, 0, 0, 0);
}

static Long nofile_set(const struct vki_rlimit *want)
{
    struct vki_rlimit real;

    if (want->rlim_cur > want->rlim_max)
        return -VKI_EINVAL;
    if (want->rlim_max > nofile.rlim_max && !capable(CAP_SYS_RESOURCE))
        return -VKI_EPERM;
    hw_syscall(__NR_getrlimit, VKI_RLIMIT_NOFILE, (UWord)&real, 0, 0, 0, 0);
    if (want->rlim_max > real.rlim_max) {
        Long result;

        real.rlim_max = want->rlim_max;
        result = hw_syscall(__NR_setrlimit, VKI_RLIMIT_NOFILE, (UWord)&real, 0, 0, 0, 0);
        if (result != 0)
            return result;
    }
    nofile = *want;
    nofile_told();
    return 0;
}

/* Which of the limits that are kept here it is: 0 and 1 of room[], 2 descriptors, else none. */
static UInt kept(UWord resource)
{
    return resource == VKI_RLIMIT_DATA     ? 0
           : resource == RLIMIT_AS         ? 1
           : resource == VKI_RLIMIT_NOFILE ? 2
                                           : 3;
}

static void limit_now(UInt which, struct vki_rlimit *ret)
{
    *ret = which == 2 ? nofile : room[which];
    if (which < 2 && !is_bounded(ret))
        hw_syscall(__NR_getrlimit, room_resource[which], (UWord)ret, 0, 0, 0, 0);
}

/* setrlimit, getrlimit or prlimit64 of what is kept here. False: something else, the core's
 * business. */
Bool hw_call_limit(ThreadId tid, UInt nr, const UWord *a, Long *result)
{
    struct thread *t = hw_thread_find(tid);
    UWord resource = nr == __NR_prlimit64 ? a[1] : a[0];
    Addr set = nr == __NR_setrlimit ? a[1] : nr == __NR_prlimit64 ? a[2] : 0;
    Addr get = nr == __NR_getrlimit ? a[1] : nr == __NR_prlimit64 ? a[3] : 0;
    UInt which = kept(resource);
    struct vki_rlimit old, want;

    if (which > 2 || (nr == __NR_prlimit64 && a[0] != 0 && a[0] != (UWord)VG_(getpid)()))
        return False;
    *result = -VKI_EFAULT;
    if ((set == 0 && nr == __NR_setrlimit) || (get == 0 && nr == __NR_getrlimit) ||
        (set != 0 && !VG_(am_is_valid_for_client)(set, sizeof(want), VKI_PROT_READ)) ||
        (get != 0 && !VG_(am_is_valid_for_client)(get, sizeof(old), VKI_PROT_WRITE)))
        return True;
    *result = 0;
    limit_now(which, &old);
    if (set != 0) {
        VG_(memcpy)(&want, (const void *)set, sizeof(want));
        if (t != NULL)
            hw_touch(t, set, sizeof(want), HWT_READ);
        *result = which == 2 ? nofile_set(&want) : room_set(which, &want);
    }
    if (get != 0 && *result == 0) {
        VG_(memcpy)((void *)get, &old, sizeof(old));
        if (t != NULL)
            hw_touch(t, get, sizeof(old), HWT_WRITE);
    }
    return True;
}

/* ---- locks ---- */

static UWord locking; /* LOCK_ bits for mappings to come */

static void lock_range(Addr a, SizeT len, UWord flags)
{
    /* A range without permissions is locked, too, and says ENOMEM. */
    hw_syscall(__NR_mlock2, a, len, flags & LOCK_ON_FAULT ? 1 : 0, 0, 0, 0);
}

void hw_lock_future(Addr a, SizeT len)
{
    if (locking & LOCK_FUTURE)
        lock_range(a, len, locking);
}

void hw_lock_forget(void)
{
    locking = 0;
}

static SizeT for_client_segments(void (*visit)(Addr a, SizeT len, UWord flags), UWord flags)
{
    Int n;
    Addr *starts = VG_(get_segment_starts)(SkAnonC | SkFileC | SkShmC, &n);
    SizeT total = 0;

    for (Int i = 0; i < n; i++) {
        SizeT len = VG_(am_find_nsegment)(starts[i])->end + 1 - starts[i];

        total += len;
        if (visit != NULL)
            visit(starts[i], len, flags);
    }
    VG_(free)(starts);
    return total;
}

/* Unknown to the core. */
Long hw_call_mlock2(const UWord *a)
{
    return hw_syscall(__NR_mlock2, a[0], a[1], a[2], 0, 0, 0);
}

Long hw_call_mlockall(const UWord *a)
{
    struct vki_rlimit limit;
    UWord flags = a[0];
    Bool mighty = capable(CAP_IPC_LOCK);

    if (flags == 0 || (flags & ~7UL) || flags == LOCK_ON_FAULT)
        return -VKI_EINVAL;
    hw_syscall(__NR_getrlimit, RLIMIT_MEMLOCK, (UWord)&limit, 0, 0, 0, 0);
    if (limit.rlim_cur == 0 && !mighty)
        return -VKI_EPERM;
    if ((flags & LOCK_CURRENT) && !mighty && for_client_segments(NULL, 0) > limit.rlim_cur)
        return -VKI_ENOMEM;
    locking = flags;
    if (flags & LOCK_CURRENT)
        for_client_segments(lock_range, flags);
    return 0;
}

static void unlock_range(Addr a, SizeT len, UWord flags)
{
    (void)flags;
    hw_syscall(__NR_munlock, a, len, 0, 0, 0, 0);
}

Long hw_call_munlockall(const UWord *a)
{
    (void)a;
    locking = 0;
    for_client_segments(unlock_range, 0);
    return 0;
}
