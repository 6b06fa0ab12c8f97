/* hw_map.c - the address space: what is there at the start, and the calls that change it.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The filter forgets the pages of a range whose mapping changed: the next access to each is a fault
 * again.
 */
#include "hw_valgrind.h"

#define PAGE_UP(x) (((x) + VKI_PAGE_SIZE - 1) & ~(ULong)(VKI_PAGE_SIZE - 1))

extern const HChar VG_(trampoline_stuff_start)[];

static Addr brk_start, brk_end;

static ULong prot_of(const NSegment *s)
{
    return (s->hasR ? ABI_PROT_READ : 0) | (s->hasW ? ABI_PROT_WRITE : 0) |
           (s->hasX ? ABI_PROT_EXEC : 0);
}

static ULong prot_at(Addr a)
{
    const NSegment *s = VG_(am_find_nsegment)(a);

    return s == NULL ? 0 : prot_of(s);
}

static UInt segment_fid(struct thread *t, const NSegment *s)
{
    const HChar *path = VG_(am_get_filename)(s);
    struct vg_stat st;
    ULong instance = 0;
    Long size = 0;

    if (s->kind != SkFileC || s->ino == 0)
        return 0;
    if (path != NULL && !sr_isError(VG_(stat)(path, &st)) && st.ino == s->ino) {
        size = st.size;
        instance = hw_instance(VKI_AT_FDCWD, (UWord)path, 0x400);
    }
    return hw_fid(t, s->dev, s->ino, instance, size, HWT_FILE_REGULAR, path == NULL ? "" : path);
}

static Bool is_of(const NSegment *s, const NSegment *file)
{
    return file != NULL && s->dev == file->dev && s->ino == file->ino;
}

/* anywhere: the kernel chose its address. */
static void segment_tell(struct thread *t, const NSegment *s, Addr sp, Bool anywhere)
{
    ULong flags = HWT_MAP_INITIAL | (anywhere ? HWT_MAP_ANYWHERE : 0);

    if (s->start <= (Addr)VG_(trampoline_stuff_start) &&
        (Addr)VG_(trampoline_stuff_start) <= s->end)
        return; /* a page of Valgrind's own that it lends to the client */
    if (sp >= s->start && sp <= s->end)
        flags |= HWT_MAP_STACK;
    if (s->kind == SkShmC)
        flags |= HWT_MAP_SHARED;
    hw_op(t, HWT_OP_MMAP, s->start, s->end + 1 - s->start, prot_of(s), flags, segment_fid(t, s),
          (ULong)s->offset);
    if (flags & HWT_MAP_STACK) /* exec has written arguments and environment */
        hw_touch(t, sp, s->end + 1 - sp, HWT_WRITE);
}

void hw_map_initial(struct thread *t)
{
    Int n;
    Addr *starts = VG_(get_segment_starts)(SkFileC | SkAnonC | SkShmC, &n);
    Addr sp = VG_(get_SP)(t->tid);
    const NSegment *linked = hw_linked_program(t->tid);
    Bool anywhere = True;

    for (Int i = 0; i < n; i++) {
        const NSegment *s = VG_(am_find_nsegment)(starts[i]);

        /* What belongs to no file is the end of the data before it, or the stack. */
        if (s->kind == SkFileC || (sp >= s->start && sp <= s->end))
            anywhere = !is_of(s, linked);
        segment_tell(t, s, sp, anywhere);
    }
    VG_(free)(starts);
    brk_start = VG_(brk_base);
    brk_end = VG_(brk_limit);
    hw_op(t, HWT_OP_BRK, brk_start, brk_end);
}

/* ---- calls ---- */

static ULong map_flags(ULong flags)
{
    ULong out = 0;

    if ((flags & ABI_MAP_TYPE) == ABI_MAP_SHARED ||
        (flags & ABI_MAP_TYPE) == ABI_MAP_SHARED_VALIDATE)
        out |= HWT_MAP_SHARED;
    if (flags & ABI_MAP_GROWSDOWN)
        out |= HWT_MAP_STACK;
    if (flags & ABI_MAP_LOCKED)
        out |= HWT_MAP_LOCKED;
    if (flags & ABI_MAP_POPULATE)
        out |= HWT_MAP_POPULATE;
    if (flags & ABI_MAP_NORESERVE)
        out |= HWT_MAP_NORESERVE;
    if (flags & ABI_MAP_HUGETLB)
        out |= HWT_MAP_HUGETLB;
    return out;
}

static void mapped(struct thread *t, const UWord *args, UWord at)
{
    ULong len = PAGE_UP(args[1]), flags = map_flags(args[3]);
    UInt fid = args[3] & VKI_MAP_ANONYMOUS ? 0 : hw_fd_fid(t, (Int)args[4]);

    hw_forget_range(at, len);
    if (!(args[3] & (VKI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE)) &&
        at != (args[0] & ~(UWord)(VKI_PAGE_SIZE - 1)))
        flags |= HWT_MAP_ANYWHERE;
    hw_op(t, HWT_OP_MMAP, at, len, args[2] & ABI_PROT_ALL, flags, fid,
          args[3] & VKI_MAP_ANONYMOUS ? 0 : args[5]);
}

/* A pool of the host that has too few huge pages is told, since the program goes on without
 * them. */
void hw_map_failed(struct thread *t, UInt nr, const UWord *args, UWord error)
{
    if (nr == __NR_mmap && (args[3] & ABI_MAP_HUGETLB))
        hw_op(t, HWT_OP_HUGETLB_REFUSED, PAGE_UP(args[1]), error);
}

static void brk_called(struct thread *t, UWord now)
{
    if (now == brk_end)
        return;
    if (now < brk_end)
        hw_forget_range(now, brk_end - now);
    else
        hw_forget_range(brk_end, now - brk_end);
    brk_end = now;
    hw_op(t, HWT_OP_BRK, brk_start, brk_end);
}

static void shm_attached(struct thread *t, UWord id, UWord flags, Addr at, Bool anywhere)
{
    const NSegment *s = VG_(am_find_nsegment)(at);
    ULong len;
    UInt fid;

    if (s == NULL)
        return;
    len = s->end + 1 - at;
    fid = hw_fid(t, 0, id, 0, (Long)len, HWT_FILE_SHMEM, "SYSV");
    hw_forget_range(at, len);
    hw_op(t, HWT_OP_MMAP, at, len,
          flags & ABI_SHM_RDONLY ? ABI_PROT_READ : ABI_PROT_READ | ABI_PROT_WRITE,
          HWT_MAP_SHARED | (anywhere ? HWT_MAP_ANYWHERE : 0), fid, 0);
}

static void synced(struct thread *t, Addr at, UWord flags)
{
    const NSegment *s = VG_(am_find_nsegment)(at);

    if ((flags & ABI_MS_SYNC) && s != NULL && s->kind == SkFileC)
        hw_op(t, HWT_OP_FSYNC, segment_fid(t, s), HWT_FSYNC_RANGE);
}

/* What a successful call leaves no trace of afterwards. */
void hw_map_before(struct thread *t, UInt nr, const UWord *args)
{
    if (nr == __NR_shmdt) {
        const NSegment *s = VG_(am_find_nsegment)(args[0]);

        t->call.range = s != NULL && s->start == args[0] ? s->end + 1 - s->start : 0;
    }
}

void hw_map_call(struct thread *t, UInt nr, const UWord *args, UWord result)
{
    ULong len = PAGE_UP(args[1]);

    switch (nr) {
    case __NR_mmap:
        mapped(t, args, result);
        break;
    case __NR_munmap:
        hw_forget_range(args[0], len);
        hw_op(t, HWT_OP_MUNMAP, args[0], len);
        break;
    case __NR_mprotect:
    case __NR_pkey_mprotect:
        hw_forget_range(args[0], len);
        hw_op(t, HWT_OP_MPROTECT, args[0], len, args[2] & ABI_PROT_ALL);
        break;
    case __NR_mremap:
        hw_forget_range(args[0], len);
        hw_forget_range(result, PAGE_UP(args[2]));
        hw_op(t, HWT_OP_MREMAP, args[0], len, result, PAGE_UP(args[2]),
              result != args[0] && !(args[3] & VKI_MREMAP_FIXED) ? HWT_MREMAP_ANYWHERE : 0);
        if (args[3] & ABI_MREMAP_DONTUNMAP)
            hw_op(t, HWT_OP_MMAP, args[0], len, prot_at(args[0]), 0, 0, 0);
        break;
    case __NR_madvise:
        hw_forget_range(args[0], len);
        hw_op(t, HWT_OP_MADVISE, args[0], len, args[2]);
        break;
    case __NR_brk:
        brk_called(t, result);
        break;
    case __NR_mlock:
        hw_op(t, HWT_OP_MLOCK, args[0], args[1], 0);
        break;
    case __NR_mlock2:
        hw_op(t, HWT_OP_MLOCK, args[0], args[1], args[2] & ABI_MLOCK_ONFAULT);
        break;
    case __NR_munlock:
        hw_op(t, HWT_OP_MUNLOCK, args[0], args[1]);
        break;
    case __NR_mlockall:
        hw_op(t, HWT_OP_MLOCKALL, args[0]);
        break;
    case __NR_munlockall:
        hw_op(t, HWT_OP_MLOCKALL, 0);
        break;
    case __NR_shmat:
        shm_attached(t, args[0], args[2], result, args[1] == 0);
        break;
    case __NR_shmdt:
        hw_forget_range(args[0], t->call.range);
        hw_op(t, HWT_OP_MUNMAP, args[0], t->call.range);
        break;
    case __NR_msync:
        synced(t, args[0], args[2]);
        break;
    default:
        break;
    }
}
