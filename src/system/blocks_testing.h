/* blocks_testing.h - of system_fuzz.c: free memory in pieces, and who wants large blocks of it.
 *
 * Never: included by anything but system_fuzz.c. */
#ifndef SYSTEM_BLOCKS_TESTING_H
#define SYSTEM_BLOCKS_TESTING_H

#include "balance/balance.h"
#include "balance/kcompactd.h"
#include "reclaim/lru.h"
#include "system/shadow_testing.h"

/* Make the machine small: the kernel keeps all but some pages. */
static void inflate_balloon(void)
{
    u64 leave = chance(40) ? 450 + below(1200) : 4000;
    /* Pages move to movable blocks only: keep them so more often than a kernel would. */
    enum migratetype mt = chance(75) ? MT_MOVABLE : MT_UNMOVABLE;

    sys->frames.watermark_boost_factor = 0; /* its steps are as large as what is left */
    while (frames_count_free(&sys->frames) > leave) {
        pfn_t pfn = frames_try_alloc(&sys->frames, nodes_near(below(sys->frames.nr_nodes)), 0, mt,
                                     ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, 0);

        if (pfn == PFN_NONE)
            break;
        frame_set_kind(frames_get(&sys->frames, pfn), FRAME_KERNEL);
    }
}

/* In half of the epochs some of what the kernel keeps is spread over what it leaves, and pages
 * beside it are free. */
static void scatter_balloon(void)
{
    pfn_t kept[2048];
    u32 nr = 0;

    inflate_balloon();
    if (chance(50))
        return;
    for (pfn_t p = 1; p < sys->frames.end_pfn && nr < ARRAY_SIZE(kept); p += 7 + below(60))
        if (frame_is(frames_get(&sys->frames, p), FRAME_KERNEL))
            kept[nr++] = p;
    while (nr--) {
        pfn_t pfn = frames_try_alloc(&sys->frames, nodes_near(0), 0, MT_UNMOVABLE,
                                     ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, 0);

        if (pfn == PFN_NONE)
            return;
        frame_set_kind(frames_get(&sys->frames, pfn), FRAME_KERNEL);
        frame_set_kind(frames_get(&sys->frames, kept[nr]), FRAME_PAGE);
        frames_free(&sys->frames, kept[nr], 0, 0);
    }
}

/* --- compaction ------------------------------------------------------------------------------- */
/* Blocks that a kernel part holds for a while, so that memory is in pieces. */
#define BLOCKS 12u
static struct {
    pfn_t pfn;
    unsigned order;
} blocks[BLOCKS];

static void block_put(u32 i)
{
    if (blocks[i].pfn == PFN_NONE)
        return;
    for (pfn_t at = blocks[i].pfn; at < blocks[i].pfn + (1u << blocks[i].order); at++)
        frame_set_kind(frames_get(&sys->frames, at), FRAME_PAGE);
    frames_free(&sys->frames, blocks[i].pfn, blocks[i].order, sys->mem.cpu);
    blocks[i].pfn = PFN_NONE;
}

static void block_get(unsigned order, u32 flags)
{
    struct attempt at = {.noretry = true};
    u32 i = below(BLOCKS);
    struct wait wait;

    block_put(i);
    if (balance_alloc(&sys->mem, &at, order, flags, &blocks[i].pfn, &wait) != BALANCE_OK) {
        blocks[i].pfn = PFN_NONE;
        return;
    }
    blocks[i].order = order;
    for (pfn_t p = blocks[i].pfn; p < blocks[i].pfn + (1u << order); p++)
        frame_set_kind(frames_get(&sys->frames, p), FRAME_KERNEL);
}

/* Some pages of a process go to another node. */
static void move_pages(void)
{
    const struct proc *pr = &procs[below(PROCS)];
    unsigned nid = below(sys->frames.nr_nodes);
    struct alloc_place place = {.nodes = {BIT_ULL(nid), nid}};
    bool reclaim = chance(30);
    u32 first = below(PAGES);

    lru_add_drain_all(&sys->mem);
    for (u32 page = first; pr->task && pr->task->mm && page < MIN(first + 64, (u32)PAGES); page++) {
        const pte_t *slot = pagetable_find(pr->task->mm, BASE_VPN + page);
        struct attempt at = {0};
        struct wait wait;
        int err;

        if (!slot || !pte_has_frame(*slot))
            continue;
        if (reclaim)
            balance_migrate(&sys->mem, &at, pte_pfn(*slot), &place, MR_SYSCALL, &err, &wait);
        else
            migrate_folio_to(&sys->mem, pte_pfn(*slot), nid, MR_SYSCALL);
    }
}

/* All of memory (0, 10..), as much of it as fragmentation asks for (1), or a request for a block of
 * 2^arg. Of several nodes, pages move between them as well. */
static void compact(const struct op *op)
{
    static const u32 kinds[] = {0, ALLOC_MOVABLE, ALLOC_NOFS};
    s64 before = sys->counters.v[COMPACT_MIGRATE_SCANNED],
        moved = sys->counters.v[PGMIGRATE_SUCCESS];

    sys->mem.cpu = sys->config.nr_cpus - 1;
    if (op->arg == 0 || op->arg >= ORDER_MAX - 1)
        compact_node(&sys->mem, &sys->frames.nodes[below(sys->frames.nr_nodes)]);
    else if (op->arg == 1)
        kcompactd_look(&sys->mem, &sys->frames.nodes[below(sys->frames.nr_nodes)]);
    else
        block_get(op->arg, kinds[op->nr]);
    if (sys->frames.nr_nodes > 1)
        move_pages();
    compactions += sys->counters.v[COMPACT_MIGRATE_SCANNED] != before;
    migrations += (u64)(sys->counters.v[PGMIGRATE_SUCCESS] - moved);
}

/* CANARY_RMAP: an entry of some process, which migration is to overlook. */
static struct {
    pte_t *slot;
    pte_t was;
} overlooked;

static void choose_overlooked(void)
{
    overlooked.slot = NULL;
    for (u32 tries = 0; tries < 64 && !overlooked.slot; tries++) {
        const struct proc *pr = &procs[below(PROCS)];
        pte_t *slot = pr->task ? pagetable_find(pr->task->mm, BASE_VPN + below(PAGES)) : NULL;

        if (slot && pte_has_frame(*slot)) {
            overlooked.slot = slot;
            overlooked.was = *slot;
        }
    }
}

#endif
