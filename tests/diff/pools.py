#!/usr/bin/env python3
"""pools.py - hugetlb pools, fragmentation and allocations of high order: what a real kernel did beside what our machine does, for programs of steps.c.

  pools.py guest --kernel DIR [NAME...]   measure the reference: Debian's 6.1 cloud kernel in qemu
  pools.py [NAME...]                      the comparison as a table (--all: also figures that are not asserted)

A cell is one row of CELLS. A pool and a group's limit of it are settings; what is written to the machine at a label is in "act".
"""
import re

import steps
from steps import Cell

NR, OVER = "vm.nr_hugepages", "vm.nr_overcommit_hugepages"
POOL_FILE = "/proc/sys/vm/nr_hugepages"
GROUP = "/sys/fs/cgroup/app/"
POOLS = r"HugePages_|Hugetlb|hugetlb"


def pool(pages, over=0, **more):
    return dict({NR: pages, OVER: over}, **{GROUP + "hugetlb.2MB." + key: value for key, value in more.items()})


def write(pages):
    return f"echo {pages} >{POOL_FILE}; sleep 0.5"


THEN = {"here": write(200), "then": "echo 1 >/proc/sys/vm/compact_memory; " + write(200), "dropped": "echo 3 >/proc/sys/vm/drop_caches; " + write(200)}


def beside_cache(steps, repeats=False, **settings):
    """200 pages wanted of memory that is full of clean cache; then after compaction; then without that cache. Each run has a boot of its own, and the
    guest's own memory (what `nothing` has less of free there) lies below the cache. repeats: the kernel gets as many each time before the cache is dropped, which it
    mostly does not (0 to 200 of 200)."""
    slack = {r"^(here|then) ": 54} if repeats else {}  # 27 % of the pages
    return Cell(f"{steps} at:here at:then at:dropped", dict(pool(0), **settings), act=THEN, only=f"^({'here|then|' if repeats else ''}dropped) meminfo HugePages_",
                slack=slack, heavy=True, alone=True, own=46)


CELLS = {
    "nothing": Cell("at:here", pool(0)),
    # Reservations.
    "map-touch": Cell("map:a:16M:huge at:mapped touch:a@0+6M:w at:touched touch:a:w at:here", pool(20)),
    "map-touch-unmap": Cell("map:a:16M:huge touch:a@0+6M:w unmap:a@0+8M at:half unmap:a@8M at:here", pool(20)),
    "map-shared": Cell("map:a:16M:huge:shared touch:a@0+6M:w at:here", pool(20)),
    "map-noreserve": Cell("map:a:16M:huge:noreserve at:mapped touch:a@0+6M:w at:here", pool(20)),
    "map-short": Cell("map:a:16M:huge at:here", pool(4)),
    "map-second-short": Cell("map:a:8M:huge map:b:8M:huge touch:a:w at:here", pool(6), differs=r"^here "),  # ours ends at the refusal
    "map-odd-size": Cell("map:a:3M:huge at:here", pool(6)),
    "dontneed-private": Cell("map:a:16M:huge touch:a:w dontneed:a@0+8M at:here touch:a:w at:then", pool(10)),
    "noreserve-takes-reserved": Cell("map:a:8M:huge map:n:8M:huge:noreserve touch:n@0+4M:w at:here", pool(6)),
    # An empty pool.
    "noreserve-sigbus": Cell("map:a:16M:huge:noreserve touch:a:w at:here", pool(4)),
    "dontneed-sigbus": Cell("map:a:8M:huge touch:a:w dontneed:a map:b:8M:huge:noreserve touch:b:w touch:a:w at:here", pool(4)),
    "noreserve-read-sigbus": Cell("map:a:16M:huge:noreserve touch:a:r at:here", pool(4)),
    # Overcommit: surplus pages.
    "over-map": Cell("map:a:12M:huge at:mapped touch:a:w at:here", pool(4, 4)),
    "over-short": Cell("map:a:20M:huge at:here", pool(4, 4)),
    "over-noreserve": Cell("map:a:20M:huge:noreserve touch:a:w at:here", pool(4, 4)),
    "over-freed": Cell("map:a:12M:huge touch:a:w unmap:a@0+8M at:here", pool(4, 4)),
    "over-all": Cell("map:a:12M:huge touch:a:w at:here", pool(0, 8)),
    # The pool changes.
    "shrink-used": Cell("map:a:16M:huge touch:a:w at:here unmap:a at:then", pool(12), act={"here": write(4)}),
    "shrink-reserved": Cell("map:a:16M:huge touch:a@0+4M:w at:here touch:a:w at:then", pool(12), act={"here": write(2)}),
    "shrink-free": Cell("map:a:4M:huge touch:a:w at:here", pool(12), act={"here": write(2)}),
    "grow": Cell("map:a:8M:huge touch:a:w at:here map:b:8M:huge touch:b:w at:then", pool(4), act={"here": write(8)}),
    "shrink-grow": Cell("map:a:16M:huge touch:a:w at:here at:then", pool(10), act={"here": write(2), "then": write(9)}),
    # fork. A recording that is written has none of the accesses of parent and child to their own data afterwards: some 20 faults.
    "fork-child-writes": Cell("map:a:8M:huge touch:a:w fork touch:a:w yield end join at:here join", pool(8), only=POOLS),
    "fork-child-short": Cell("map:a:8M:huge touch:a:w fork touch:a@0+4M:w yield end join at:here join", pool(5), only=POOLS),
    "fork-parent-short": Cell("map:a:8M:huge touch:a:w fork touch:a:r yield touch:a:r end join touch:a@0+4M:w at:here join", pool(4), only=POOLS),
    "fork-parent-writes": Cell("map:a:8M:huge touch:a:w fork touch:a:r yield touch:a:r end join touch:a:w at:here join", pool(8), only=POOLS),
    "fork-exits": Cell("map:a:8M:huge touch:a:w fork end join touch:a:w at:here", pool(4), only=POOLS),
    "fork-shared": Cell("map:a:8M:huge:shared touch:a@0+4M:w fork touch:a:w end join touch:a:r at:here", pool(4), only=POOLS),
    # Limits of a group; memory.max does not count them.
    "memory-max": Cell("map:a:16M:huge touch:a:w at:here", pool(8), limit="8M"),
    "limit": Cell("map:a:16M:huge touch:a:w at:here", pool(8, max="8M")),
    "limit-enough": Cell("map:a:16M:huge touch:a@0+8M:w at:here", pool(8, max="8M")),
    "limit-reserved": Cell("map:a:16M:huge at:here", pool(8, **{"rsvd.max": "8M"})),
    "limit-reserved-enough": Cell("map:a:8M:huge touch:a:w at:here", pool(8, **{"rsvd.max": "8M"})),
    # Other calls.
    "readonly": Cell("map:a:8M:huge touch:a:w readonly:a touch:a:r at:here writable:a touch:a:w at:then", pool(4)),
    "lock": Cell("map:a:8M:huge lock:a at:here", pool(4)),
    "free": Cell("map:a:8M:huge touch:a:w free:a at:here", pool(4)),
    "unmap-part-of-page": Cell("map:a:8M:huge touch:a:w unmap:a@0+1M at:here", pool(4)),
    "remap": Cell("map:a:8M:huge touch:a:w remap:a:4M at:here", pool(4)),
    "away": Cell("map:a:8M:huge:at=0 touch:a:w away:a touch:a:r at:here", pool(4)),
    "populate": Cell("map:a:8M:huge:populate at:here", pool(4)),
    # Pools asked for in memory of several shapes. PAGES held by the module cannot be moved.
    "ask-fresh": Cell("at:here", pool(0), act={"here": write(2000)}),
    "ask-anon": Cell("map:a:500M nohugepage:a touch:a:w at:here", pool(0), act={"here": write(2000)}),
    "ask-anon-holes": Cell("map:a:700M nohugepage:a touch:a:w dontneed:a:every=8K:length=4K at:here at:then", pool(0), act={"here": write(100), "then": "echo 1 >/proc/sys/vm/compact_memory; " + write(100)}),
    "ask-anon-quarter": Cell("map:a:700M nohugepage:a touch:a:w dontneed:a:every=16K:length=12K at:here at:then", pool(0), act={"here": write(150), "then": "echo 1 >/proc/sys/vm/compact_memory; " + write(150)}),
    "ask-anon-blocks": Cell("map:a:700M nohugepage:a touch:a:w dontneed:a:every=4M:length=2M at:here", pool(0), act={"here": write(100)}),
    "ask-locked-holes": Cell("map:a:700M nohugepage:a touch:a:w lock:a dontneed:a@0+1M at:here", pool(0), act={"here": write(40)}),
    "ask-pinned": Cell("map:a:4M nohugepage:a touch:a:w pin:a map:b:500M nohugepage:b touch:b:w dontneed:b:every=8K:length=4K at:here", pool(0), act={"here": write(100)}),
    "ask-kernel-holes": Cell("at:here at:then", pool(0), act={"here": "echo alloc 0 260000 kernel noretry nowarn >/proc/order; echo thin 2 >/proc/order; " + write(100),
                                                     "then": "echo free >/proc/order"}),
    "ask-kernel-sparse": Cell("at:here at:then", pool(0), act={"here": "echo alloc 0 260000 kernel noretry nowarn >/proc/order; echo thin 64 >/proc/order; " + write(100),
                                                      "then": "echo free >/proc/order"}),
    "ask-kernel-blocks": Cell("at:here at:then", pool(0), act={"here": "echo alloc 0 260000 kernel noretry nowarn >/proc/order; echo thin 1024 >/proc/order; " + write(300),
                                                      "then": "echo free >/proc/order"}),
    # Pools asked for beside clean page cache.
    "ask-cache": beside_cache("cache:f:1200M"),
    "ask-cache-random": beside_cache("cache:f:1200M:random=1", repeats=True),
    "ask-cache-not-full": beside_cache("cache:f:600M", repeats=True),
    "ask-cache-twice": beside_cache("cache:f:600M cache:g:600M:random=2:times=2"),
    "ask-cache-heap": beside_cache("cache:f:1200M:random=1 map:a:300M nohugepage:a touch:a:w cache:g:300M:random=3"),
    "ask-cache-heap-holes": beside_cache("map:a:400M nohugepage:a touch:a:w dontneed:a:every=8K:length=4K cache:f:1200M:random=1"),
    "ask-cache-reserve": beside_cache("cache:f:1200M:random=1", repeats=True, **{"vm.min_free_kbytes": 65536}),
    # Orders, in memory of single pages that cannot be moved, and in memory that can.
    **{f"order{order}-{name}-{how}": Cell(
        "at:here at:then", pool(0), act={"here": f"echo alloc 0 260000 kernel noretry nowarn >/proc/order; echo thin {thin} >/proc/order; "
                                f"echo alloc {order} 2000 {flags} nowarn comp >/proc/order", "then": "echo free >/proc/order"})
       for order, flags, how in ((4, "kernel", "kernel"), (4, "atomic", "atomic"), (4, "kernel retry", "retry"), (9, "kernel noretry", "noretry"))
       for name, thin in (("singles", 2), ("sparse", 64))},
    **{f"order{order}-anon-{how}": Cell(
        "map:a:700M nohugepage:a touch:a:w dontneed:a:every=8K:length=4K at:here at:then", pool(0),
        act={"here": f"echo alloc {order} 2000 {flags} nowarn comp >/proc/order", "then": "echo free >/proc/order"})
       for order, flags, how in ((4, "kernel", "kernel"), (4, "atomic", "atomic"), (9, "kernel noretry", "noretry"), (3, "atomic", "atomic"))},
    # Blocks of order 4 that a program asks for: the ring of a packet socket, whose blocks are of single pages where there are none.
    "ring-fresh": Cell("at:before ring:2000:64K at:here", pool(0)),
    "ring-anon": Cell("map:a:700M nohugepage:a touch:a:w dontneed:a:every=8K:length=4K at:before ring:2000:64K at:here", pool(0)),
    "ring-singles": Cell("pipes:840 drain:2 at:before ring:2000:64K at:here", pool(0)),
    "ring-sparse": Cell("pipes:840 drain:64 at:before ring:2000:64K at:here", pool(0)),
    "ring-both": Cell("pipes:400 drain:8 map:a:400M nohugepage:a touch:a:w map:b:240M nohugepage:b touch:b:w dontneed:a:every=8K:length=4K at:before ring:2000:64K at:here", pool(0)),
}

def machine(cell):
    """Not as a recording: frames that the guest's module, pipes or a packet socket hold, a program's own pinned pages (src/system/order_test.c asks for such blocks)."""
    if any("/proc/order" in text for text in cell.act.values()) or re.search(r"\b(pin|ring):", cell.steps):
        return None
    return ["--cpus", "1", "--set", "x.cgroup_hugetlb=1"]


TABLE = steps.Table(
    name="pools", cells=CELLS, results=steps.HERE / "pools-6.1.json", memory="1024", ram_disk=64, append="transparent_hugepage=never", settings={"transparent_hugepage/enabled": "never"}, module=True, written=True,
    baseline="nothing", files="/proc/order /proc/buddyinfo",
    keep=r"^(meminfo (Huge|MemFree)|hugetlb\.2MB\.\w+|stat (pgfault|anon)$|events oom_kill|vmstat (htlb|compact|pgmigrate|thp_|pgfault|allocstall)|smaps .*Hugetlb"
         r"|order |memory\.peak$)",
    asserted=[(r"meminfo (HugePages_\w+|Hugetlb)$", 0, 0), (r"hugetlb\.2MB\.(current|rsvd\.current|max)$", 0, 0), (r"smaps .*_Hugetlb$", 0, 0),
              (r"^memory\.peak$", 0.05, 1 << 20), (r"(^| )stat pgfault$", 0.05, 8)],
    ranged=r"^(here|then|dropped) meminfo HugePages_Total$",
    machine=machine,
    columns=[("pages", "here meminfo HugePages_Total", 1), ("free", "here meminfo HugePages_Free", 1), ("reserved", "here meminfo HugePages_Rsvd", 1),
             ("surplus", "here meminfo HugePages_Surp", 1), ("group, MiB", "here hugetlb.2MB.current", 1 << 20), ("group reserved, MiB", "here hugetlb.2MB.rsvd.current", 1 << 20),
             ("pages then", "then meminfo HugePages_Total", 1), ("pages when dropped", "dropped meminfo HugePages_Total", 1), ("free at the end", "meminfo HugePages_Free", 1)],
    notes=["a write to nr_hugepages is followed by half a second of rest",
           "order given: of 2000 allocations; memory was filled by the module with pages that cannot be moved, of which every 2nd or 64th was kept"])


if __name__ == "__main__":
    steps.main(TABLE, __doc__)
