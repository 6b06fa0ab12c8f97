/* hw_numa.c - memory policies, pages that are moved to other nodes, and CPUs that threads are bound
 * to.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Of nodes and CPUs the first 64 are told. The kernel reads masks by the machine word and ignores
 * what lies behind the bits it is told of; set_mempolicy and the like take one bit fewer than their
 * argument says.
 */
#include "hw_valgrind.h"

Long hw_call_migrate_pages(const UWord *a)
{
    return hw_syscall(__NR_migrate_pages, a[0], a[1], a[2], a[3], 0, 0);
}

Long hw_call_home_node(const UWord *a)
{
    return hw_syscall(HW_NR_HOME_NODE, a[0], a[1], a[2], a[3], 0, 0);
}

static ULong mask_at(Addr at, UWord bits)
{
    ULong mask;

    if (at == 0 || bits == 0 || !VG_(am_is_valid_for_client)(at, sizeof(mask), VKI_PROT_READ))
        return 0;
    mask = *(const ULong *)at;
    return bits < 64 ? mask & ((1ULL << bits) - 1) : mask;
}

static ULong nodes_at(Addr at, UWord maxnode)
{
    return mask_at(at, maxnode > 0 ? maxnode - 1 : 0);
}

static ULong process(UWord pid)
{
    return (Int)pid == VG_(getpid)() ? 0 : (UInt)pid;
}

/* numactl and the like have set one before the program began; a new image keeps that of the old. */
void hw_numa_initial(struct thread *t)
{
    Int mode = 0;
    ULong nodes[16] = {0};

    if (hw_syscall(__NR_get_mempolicy, (UWord)&mode, (UWord)nodes, 8 * sizeof(nodes), 0, 0, 0) ==
            0 &&
        mode != 0)
        hw_op(t, HWT_OP_SET_MEMPOLICY, (ULong)(UInt)mode, nodes[0]);
}

/* Successive pages for one node make one record. */
static void pages_moved(struct thread *t, const UWord *a)
{
    const Addr *pages = (const Addr *)a[2];
    const Int *nodes = (const Int *)a[3];
    UWord nr = a[1], first = 0;

    if (nodes == NULL) /* it asked where they are */
        return;
    for (UWord i = 1; i <= nr; i++) {
        if (i < nr && nodes[i] == nodes[first] &&
            pages[i] == pages[first] + (i - first) * VKI_PAGE_SIZE)
            continue;
        hw_reserve(t);
        hw_op(t, HWT_OP_MOVE_PAGES, pages[first] & ~(Addr)(VKI_PAGE_SIZE - 1),
              (i - first) * VKI_PAGE_SIZE, (ULong)(UInt)nodes[first], process(a[0]), a[5]);
        first = i;
    }
}

void hw_numa_call(struct thread *t, UInt nr, const UWord *a)
{
    switch (nr) {
    case __NR_set_mempolicy:
        hw_op(t, HWT_OP_SET_MEMPOLICY, (UInt)a[0], nodes_at(a[1], a[2]));
        break;
    case __NR_mbind:
        hw_op(t, HWT_OP_MBIND, a[0], a[1], (UInt)a[2], nodes_at(a[3], a[4]), (UInt)a[5]);
        break;
    case HW_NR_HOME_NODE:
        hw_op(t, HWT_OP_HOME_NODE, a[0], a[1], a[2]);
        break;
    case __NR_migrate_pages:
        hw_touch(t, a[2], sizeof(ULong), HWT_READ);
        hw_touch(t, a[3], sizeof(ULong), HWT_READ);
        hw_op(t, HWT_OP_MIGRATE_PAGES, process(a[0]), nodes_at(a[2], a[1]), nodes_at(a[3], a[1]));
        break;
    case __NR_move_pages:
        pages_moved(t, a);
        break;
    case __NR_sched_setaffinity:
        hw_op(t, HWT_OP_AFFINITY, a[0] != 0 ? (UInt)a[0] : (UInt)VG_(gettid)(),
              mask_at(a[2], a[1] * 8));
        break;
    default:
        break;
    }
}

static Bool readable(Addr at)
{
    return VG_(am_is_valid_for_client)(at, sizeof(ULong), VKI_PROT_READ);
}

/* What the host refuses is told, since the program goes on without it. A policy with which some
 * pages could not be moved is one. */
void hw_numa_failed(struct thread *t, UInt nr, const UWord *a, UWord error)
{
    const UWord moves = ABI_MPOL_MF_MOVE | ABI_MPOL_MF_MOVE_ALL;

    switch (nr) {
    case __NR_set_mempolicy:
        hw_op(t, HWT_OP_NUMA_REFUSED, HWT_OP_SET_MEMPOLICY, (UInt)a[0], nodes_at(a[1], a[2]),
              error);
        break;
    case __NR_mbind:
        if (error == VKI_EIO && (a[5] & moves) != 0)
            hw_numa_call(t, nr, a);
        else
            hw_op(t, HWT_OP_NUMA_REFUSED, HWT_OP_MBIND, (UInt)a[2], nodes_at(a[3], a[4]), error);
        break;
    case __NR_migrate_pages:
        hw_op(t, HWT_OP_NUMA_REFUSED, HWT_OP_MIGRATE_PAGES, 0,
              readable(a[3]) ? nodes_at(a[3], a[1]) : 0, error);
        break;
    case __NR_move_pages:
        if (a[3] != 0) /* else it asked where they are */
            hw_op(t, HWT_OP_NUMA_REFUSED, HWT_OP_MOVE_PAGES, 0, 0, error);
        break;
    case __NR_sched_setaffinity:
        hw_op(t, HWT_OP_NUMA_REFUSED, HWT_OP_AFFINITY, 0, mask_at(a[2], a[1] * 8), error);
        break;
    default:
        break;
    }
}
