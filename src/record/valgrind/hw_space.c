/* hw_space.c - brk, mmap and mremap as the kernel does them, in the place of Valgrind's own.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Valgrind's address-space manager keeps a table of segments, and its system calls answer from that
 * table: a heap of at most 8 MiB, 126 GiB of mappings, EINVAL for most refusals, an assertion for a
 * heap with a hole. Here the kernel answers; the table is asked only where a mapping may lie and is
 * told where one came to lie.
 *
 *     0x400000  program (linked there), heap ->      | 0x58000000 the tool | 4 GiB  mappings -> ... 128 GiB
 *     0x100000000000     mappings that found no room below ->
 *     0x550000000000     heap of a position-independent program ->
 *
 * The table holds 30,000 segments and ends the program at the next. From SEGMENTS_MANY on it is
 * kept coarse: a new mapping is entered as anonymous with every permission, so that neighbours
 * merge, and a hole inside a segment is not entered. The kernel still refuses what the program may
 * not do; the table only says whose memory it is.
 */
#include "hw_valgrind.h"

#define PAGE_UP(x) (((x) + VKI_PAGE_SIZE - 1) & ~(ULong)(VKI_PAGE_SIZE - 1))

#define TASK_SIZE     0x7ffffffff000ULL
#define LOW_START     0x10000ULL
#define LOW_END       0x80000000ULL     /* MAP_32BIT */
#define HIGH_START    0x100000000000ULL /* beyond what Valgrind hands out by itself */
#define HIGH_END      0x540000000000ULL
#define HEAP_START    0x550000000000ULL
#define HUGE_PAGE     (2ULL << 20)
#define SEGMENTS_MANY 16384
#define SEGMENTS_MINE (SkAnonC | SkFileC | SkShmC)
#define SEGMENTS_TOOL (SkAnonV | SkFileV)

static Addr heap_top; /* page-aligned end of the mapped heap */

/* ---- the table of segments ---- */

static Bool is_free(Addr a, SizeT len)
{
    return VG_(am_is_free_or_resvn)(a, len);
}

/* Does the range hold memory of the recorder's? */
static Bool is_tools(Addr a, SizeT len)
{
    Int n;
    Addr *starts = VG_(get_segment_starts)(SEGMENTS_TOOL, &n);
    Bool found = False;

    for (Int i = 0; i < n && !found; i++)
        found = starts[i] < a + len && a <= VG_(am_find_nsegment)(starts[i])->end;
    VG_(free)(starts);
    return found;
}

static Bool is_crowded(void)
{
    static Int counted, changes;
    Addr first;

    if (counted + 2 * ++changes < SEGMENTS_MANY)
        return False;
    counted =
        -VG_(am_get_segment_starts)(0x7f, &first, 1); /* too little room: the number, negated */
    changes = 0;
    return counted + 2 >= SEGMENTS_MANY;
}

/* The core takes code of a file for unchanging, and looks at all other code each time before it
 * runs. Code that may change without a call (it can be written where it is executed, or by another
 * mapping of its file) is told to it as of no file. */
static void tell_changing_code(Addr a, SizeT len, UInt prot)
{
    if (VG_(am_notify_client_mmap)(a, len, prot, VKI_MAP_PRIVATE | VKI_MAP_ANONYMOUS, -1, 0))
        VG_(discard_translations)(a, len, "hw");
}

static Bool code_may_change(UInt prot, UInt flags)
{
    return (prot & VKI_PROT_EXEC) && ((prot & VKI_PROT_WRITE) || !(flags & VKI_MAP_PRIVATE));
}

static void tell_mapped(Addr a, SizeT len, UInt prot, UInt flags, Int fd, Off64T offset)
{
    Bool stale = False;

    len = PAGE_UP(len);
    if (code_may_change(prot, flags))
        tell_changing_code(a, len, prot);
    else if (is_crowded())
        stale = VG_(am_notify_client_mmap)(a, len, 7, VKI_MAP_PRIVATE | VKI_MAP_ANONYMOUS, -1, 0);
    else
        stale = VG_(am_notify_client_mmap)(a, len, prot, flags, fd, offset);
    if (stale)
        VG_(discard_translations)(a, len, "hw");
}

static void tell_unmapped(Addr a, SizeT len)
{
    if (VG_(am_notify_munmap)(a, len))
        VG_(discard_translations)(a, len, "hw");
}

/* A hole strictly inside a segment would make two of it. */
Bool __real_vgPlain_am_notify_munmap(Addr a, SizeT len);
Bool __wrap_vgPlain_am_notify_munmap(Addr a, SizeT len);
Bool __wrap_vgPlain_am_notify_munmap(Addr a, SizeT len)
{
    const NSegment *s = VG_(am_find_nsegment)(a);

    if (s != NULL && s->start < a && a + len - 1 < s->end && is_crowded())
        return True;
    return __real_vgPlain_am_notify_munmap(a, len);
}

Bool __real_vgPlain_am_notify_mprotect(Addr a, SizeT len, UInt prot);
Bool __wrap_vgPlain_am_notify_mprotect(Addr a, SizeT len, UInt prot);
Bool __wrap_vgPlain_am_notify_mprotect(Addr a, SizeT len, UInt prot)
{
    const NSegment *s = VG_(am_find_nsegment)(a);

    /* Whether others map the same file for writing is not known of a file's pages that become
     * code. */
    if ((prot & VKI_PROT_EXEC) && s != NULL && s->kind == SkFileC &&
        (!s->hasX || (prot & VKI_PROT_WRITE))) {
        tell_changing_code(a, len, prot);
        return True;
    }
    if (s == NULL || a + len - 1 > s->end || (s->start == a && s->end == a + len - 1) ||
        !is_crowded())
        return __real_vgPlain_am_notify_mprotect(a, len, prot);
    __real_vgPlain_am_notify_mprotect(s->start, s->end + 1 - s->start, 7);
    return True; /* the range may have lost code */
}

/* The lowest hole of that size in [from, to). 0: none. */
static Addr hole(Addr from, Addr to, SizeT len, SizeT align)
{
    Addr at = (from + align - 1) & ~(align - 1), *starts, found = 0;
    Int n;

    starts = VG_(get_segment_starts)(SEGMENTS_MINE | SEGMENTS_TOOL, &n);
    for (Int i = 0; i <= n && found == 0; i++) {
        Addr limit = i < n && starts[i] < to ? starts[i] : to;

        if (limit > at && limit - at >= len)
            found = at;
        else if (i < n && VG_(am_find_nsegment)(starts[i])->end >= at)
            at = (VG_(am_find_nsegment)(starts[i])->end + align) & ~(align - 1);
    }
    VG_(free)(starts);
    return found;
}

/* Where a mapping goes that may go anywhere. 0: nowhere. */
static Addr choose_place(SizeT len, UInt flags)
{
    Bool ok;
    Addr at;

    if (flags & VKI_MAP_32BIT)
        return hole(LOW_START, LOW_END, len, VKI_PAGE_SIZE);
    if (flags & ABI_MAP_HUGETLB)
        return hole(HIGH_START, HIGH_END, (len + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1), HUGE_PAGE);
    at = VG_(am_get_advisory_client_simple)(0, len, &ok);
    return ok ? at : hole(HIGH_START, HIGH_END, len, VKI_PAGE_SIZE);
}

static void refused_place(Addr a, SizeT len)
{
    hw_complain("the program asked for a mapping at %#lx of %lu bytes, where the recorder itself "
                "lies; it was told ENOMEM",
                a, len);
}

/* ---- mmap ---- */

static Long do_mmap(Addr at, SizeT len, UWord prot, UWord flags, Int fd, UWord offset)
{
    return hw_syscall(__NR_mmap, at, len, prot, flags, (UWord)fd, offset);
}

static Long mmap_fixed(const UWord *a, UWord flags)
{
    SizeT len = PAGE_UP(a[1]);

    if ((a[0] & (VKI_PAGE_SIZE - 1)) || len == 0 || len > TASK_SIZE || a[0] > TASK_SIZE - len)
        return do_mmap(a[0], a[1], a[2], flags, (Int)a[4], a[5]); /* refused, with the reason */
    if ((flags & ABI_MAP_FIXED_NOREPLACE) && !is_free(a[0], len))
        return -VKI_EEXIST;
    if (is_tools(a[0], len)) {
        refused_place(a[0], len);
        return -VKI_ENOMEM;
    }
    return do_mmap(a[0], a[1], a[2], flags, (Int)a[4], a[5]);
}

static Long mmap_anywhere(const UWord *a)
{
    SizeT len = PAGE_UP(a[1]);
    Addr hint = a[0] & ~(UWord)(VKI_PAGE_SIZE - 1);
    Addr at;
    Long result;

    if (len == 0 || len > TASK_SIZE)
        return do_mmap(0, a[1], a[2], a[3], (Int)a[4], a[5]);
    if (hint >= LOW_START && hint <= TASK_SIZE - len && is_free(hint, len)) {
        result = do_mmap(hint, a[1], a[2], a[3] | VKI_MAP_FIXED, (Int)a[4], a[5]);
        if (!HW_FAILED(result))
            return result;
    }
    at = choose_place(len, (UInt)a[3]);
    if (at == 0)
        return -VKI_ENOMEM;
    result = do_mmap(at, a[1], a[2], a[3] | VKI_MAP_FIXED, (Int)a[4], a[5]);
    /* A file (the rings of io_uring) may insist on a place of the kernel's choice. */
    if (result == -VKI_EINVAL && !(a[3] & VKI_MAP_ANONYMOUS))
        result = do_mmap(0, a[1], a[2], a[3], (Int)a[4], a[5]);
    return result;
}

Long hw_call_mmap(const UWord *a)
{
    Bool fixed = (a[3] & (VKI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE)) != 0;
    Long result;

    /* What replaces something takes no more room, or little. */
    if (!(fixed && a[1] <= TASK_SIZE && !is_free(a[0], PAGE_UP(a[1]))) &&
        !hw_has_room(PAGE_UP(a[1]), (a[3] & VKI_MAP_PRIVATE) && (a[2] & VKI_PROT_WRITE)))
        return -VKI_ENOMEM;
    if (fixed)
        result = mmap_fixed(a, a[3]);
    else
        result = mmap_anywhere(a);
    if (HW_FAILED(result))
        return result;
    tell_mapped((Addr)result, a[1], (UInt)a[2], (UInt)a[3], (Int)a[4], (Off64T)a[5]);
    hw_lock_future((Addr)result, PAGE_UP(a[1]));
    return result;
}

/* ---- brk ---- */

/* The heap of a position-independent program begins where the kernel would put it, far from
 * everything. */
void hw_heap_init(Bool position_independent)
{
    Bool stale;

    heap_top = (VG_(brk_base) + VKI_PAGE_SIZE - 1) & ~(Addr)(VKI_PAGE_SIZE - 1);
    VG_(am_munmap_client)(&stale, heap_top, VKI_PAGE_SIZE); /* Valgrind mapped the first page */
    if (position_independent && is_free(HEAP_START, HUGE_PAGE))
        VG_(brk_base) = VG_(brk_limit) = heap_top = HEAP_START;
}

Long hw_call_brk(const UWord *a)
{
    Addr want = a[0], top = PAGE_UP(want);
    Bool stale;

    if (want < VG_(brk_base) || want - VG_(brk_base) > VG_(client_rlimit_data).rlim_cur ||
        top > TASK_SIZE)
        return (Long)VG_(brk_limit);
    if (top > heap_top) {
        if (!is_free(heap_top, top - heap_top) || !hw_has_room(top - heap_top, True) ||
            sr_isError(VG_(am_mmap_anon_fixed_client)(heap_top, top - heap_top,
                                                      VKI_PROT_READ | VKI_PROT_WRITE)))
            return (Long)VG_(brk_limit);
        hw_lock_future(heap_top, top - heap_top);
    } else if (top < heap_top) {
        if (sr_isError(VG_(am_munmap_client)(&stale, top, heap_top - top)))
            return (Long)VG_(brk_limit);
        if (stale)
            VG_(discard_translations)(top, heap_top - top, "hw");
    }
    heap_top = top;
    VG_(brk_limit) = want;
    return (Long)want;
}

/* Valgrind reserves room for a heap of its own idea, which need not be free. */
Bool __real_vgPlain_am_create_reservation(Addr start, SizeT len, ShrinkMode mode, SSizeT extra);
Bool __wrap_vgPlain_am_create_reservation(Addr start, SizeT len, ShrinkMode mode, SSizeT extra);
Bool __wrap_vgPlain_am_create_reservation(Addr start, SizeT len, ShrinkMode mode, SSizeT extra)
{
    if (mode == SmLower && extra > 0 && is_free(start - (SizeT)extra, (SizeT)extra))
        return True;
    return __real_vgPlain_am_create_reservation(start, len, mode, extra);
}

/* ---- mremap ---- */

static Long do_mremap(const UWord *a, UWord flags, Addr to)
{
    return hw_syscall(__NR_mremap, a[0], a[1], a[2], flags, to, 0);
}

static UInt prot_at(Addr a)
{
    const NSegment *s = VG_(am_find_nsegment)(a);

    if (s == NULL || !(s->kind & SEGMENTS_MINE))
        return 0;
    return (s->hasR ? VKI_PROT_READ : 0u) | (s->hasW ? VKI_PROT_WRITE : 0u) |
           (s->hasX ? VKI_PROT_EXEC : 0u);
}

static void tell_anonymous(Addr a, SizeT len, UInt prot)
{
    tell_mapped(a, len, prot, VKI_MAP_PRIVATE | VKI_MAP_ANONYMOUS, -1, 0);
}

static Long mremap_to(const UWord *a, UWord flags, Addr to)
{
    SizeT old_len = PAGE_UP(a[1]), new_len = PAGE_UP(a[2]);
    UInt prot = prot_at(a[0]);
    Bool stale;
    Long result;

    if (new_len > 0 && !(to & (VKI_PAGE_SIZE - 1)) && to <= TASK_SIZE - new_len &&
        is_tools(to, new_len)) {
        refused_place(to, new_len);
        return -VKI_ENOMEM;
    }
    /* One mapping that moves keeps its file in the table. */
    if (old_len > 0 && !(flags & ABI_MREMAP_DONTUNMAP) &&
        VG_(am_relocate_nooverlap_client)(&stale, a[0], old_len, to, new_len)) {
        if (stale) {
            VG_(discard_translations)(a[0], old_len, "hw");
            VG_(discard_translations)(to, new_len, "hw");
        }
        return (Long)to;
    }
    result = do_mremap(a, flags, to);
    if (HW_FAILED(result))
        return result;
    if (old_len > 0 && !(flags & ABI_MREMAP_DONTUNMAP))
        tell_unmapped(a[0], old_len);
    tell_anonymous((Addr)result, new_len, prot);
    return result;
}

Long hw_call_mremap(const UWord *a)
{
    SizeT old_len = PAGE_UP(a[1]), new_len = PAGE_UP(a[2]);
    UInt prot = prot_at(a[0]);
    Addr to;
    Long result;

    if (old_len > TASK_SIZE || new_len > TASK_SIZE || a[0] > TASK_SIZE ||
        (old_len > 0 && is_tools(a[0], old_len)))
        return -VKI_EFAULT;
    if ((a[3] & ~7UL) || (a[0] & (VKI_PAGE_SIZE - 1)) || new_len == 0 ||
        ((a[3] & (VKI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) &&
         (!(a[3] & VKI_MREMAP_MAYMOVE) || (a[4] & (VKI_PAGE_SIZE - 1)))))
        return do_mremap(a, a[3], a[4]); /* refused, with the reason */
    if (new_len > old_len && !hw_has_room(new_len - old_len, (prot & VKI_PROT_WRITE) != 0))
        return -VKI_ENOMEM;
    if (a[3] & VKI_MREMAP_FIXED)
        return mremap_to(a, a[3], a[4]);
    if (!(a[3] & ABI_MREMAP_DONTUNMAP) && old_len > 0) {
        result = do_mremap(a, 0, 0); /* where it is */
        if (!HW_FAILED(result)) {
            if (new_len < old_len)
                tell_unmapped(a[0] + new_len, old_len - new_len);
            else if (new_len > old_len)
                tell_anonymous(a[0] + old_len, new_len - old_len, prot);
            return result;
        }
        if (result != -VKI_ENOMEM || !(a[3] & VKI_MREMAP_MAYMOVE))
            return result;
    }
    to = choose_place(new_len, 0);
    if (to == 0)
        return -VKI_ENOMEM;
    return mremap_to(a, a[3] | VKI_MREMAP_FIXED, to);
}
