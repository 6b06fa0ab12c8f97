/* ram_map.h - where RAM is in the physical address space of a PC, and what of it the kernel keeps
 * for itself.
 *
 * Mirrors:    arch/x86/mm/init.c and mm/page_alloc.c (zone spans), mm/memblock.c, Linux 6.1; the
 *             map that QEMU's q35 machine and its firmware hand to the kernel.
 * Owns:       nothing of the machine: a pure function from sizes to ranges.
 *
 *     0    4K       640K     1M        16M                    lowmem end      4G              end
 *     |none| RAM     | hole   | RAM     | kernel | RAM ... memmap |   PCI hole  | RAM ... memmap |
 *           `-- reserved at boot             `----- reserved            reserved -----'
 *
 * With 2816 MiB or more, 2 GiB lie below 4 GiB and the rest above it; with less, all lies below.
 * The last 128 KiB of low RAM hold the firmware's tables and are no RAM for the kernel. At the top
 * of RAM, where the early allocator takes from, lie the memmap (descriptors of 64 bytes, for whole
 * sections of 128 MiB), hash tables and per-CPU areas; with RAM past 4 GiB, bounce buffers at the
 * top of low RAM.
 *
 * Nodes have their memory one after the other, as QEMU lays them out; every node has the
 * descriptors of its own memory and its CPUs' areas at its own top.
 */
#ifndef FRAMES_RAM_MAP_H
#define FRAMES_RAM_MAP_H

#include "base/err.h"
#include "frames/zone.h"
#include "machine/topology.h"
#include "stats/kernel.h"

#define RAM_RUNS_MAX      3u
#define RESERVED_RUNS_MAX (3u + MAX_NUMNODES)

struct ram_map {
    struct pfn_run ram[RAM_RUNS_MAX]; /* ascending, not empty */
    unsigned nr_ram;
    struct pfn_run reserved[RESERVED_RUNS_MAX]; /* inside RAM, ascending, disjoint, not empty */
    unsigned nr_reserved;
    /* So many pages, in the zone of the first, are freed by the kernel after it has computed its
     * watermarks. */
    struct pfn_run late;
    u32 late_hash_pages; /* of hash tables that the kernel takes from the page allocator */
    u32 end_pfn;         /* past the last frame of RAM */
    struct pfn_run zone[NR_ZONES]; /* spans; start == end when the zone is empty */
    /* spans of the nodes: disjoint, each of whole sections of 32 MiB */
    struct pfn_run node[MAX_NUMNODES];
    unsigned nr_nodes;
    unsigned short_nid; /* where ram_map_init() failed: the node that is too small, or nr_nodes */
};

/* 0, or -EINVAL when a size makes no sense. kernel: what is reserved is what it keeps at boot.
 * NULL: an image of reserved_bytes, and nothing else but the memmap. */
int ram_map_init(struct ram_map *m, const struct topology *t, const struct kernel_release *kernel,
                 u64 reserved_bytes, u64 movable_bytes, struct err *e);

/* The part of a zone that is on a node: spanned pages, a hole inside it included. start == end when
 * there is none. */
struct pfn_run ram_map_zone(const struct ram_map *m, unsigned nid, enum zone_type type);

/* Frames of the map inside `run`: of RAM, and of RAM that is not reserved. */
u32 ram_map_count_present(const struct ram_map *m, struct pfn_run run);
u32 ram_map_count_managed(const struct ram_map *m, struct pfn_run run);

/* Is this frame RAM that the allocator manages? */
bool ram_map_is_managed(const struct ram_map *m, pfn_t pfn);

#endif
