#!/usr/bin/env python3
"""thp.py - transparent huge pages: what a real kernel counted beside what our machine counts, for programs of steps.c.

  thp.py guest --kernel DIR [NAME...]   measure the reference: Debian's 6.1 cloud kernel in qemu
  thp.py [NAME...]                      the comparison as a table (--all: also figures that are not asserted)

A cell is one row of CELLS. thp_test.py asserts the tolerances.
"""
import steps
from steps import Cell

ALWAYS, MADVISE, NEVER = ({"transparent_hugepage/enabled": mode} for mode in ("always", "madvise", "never"))
# khugepaged goes through everything many times a second; the program sleeps meanwhile, and in the guest nobody looks before it has done so.
SWIFT = {"transparent_hugepage/enabled": "always", "khugepaged/scan_sleep_millisecs": 50, "khugepaged/pages_to_scan": 65536}
TWICE = {"here": "khugepaged_scans 3"}
# A page that is being made huge is there twice for a moment, while others are still being touched or not.
COLLAPSING = {r"^memory\.peak$": 2 << 20}


def swift(**more):
    return dict(SWIFT, **{"khugepaged/" + key: value for key, value in more.items()})


def modes(name, text, **more):
    """The same steps under always, madvise (without and with advice) and never. ADVICE in the text is where advice is given."""
    plain, advised = text.replace("ADVICE ", ""), text.replace("ADVICE", "hugepage:a")
    return {f"{name}-always": Cell(plain, ALWAYS, **more), f"{name}-madvise": Cell(plain, MADVISE, **more),
            f"{name}-advised": Cell(advised, MADVISE, **more), f"{name}-never": Cell(plain, NEVER, **more)}


CELLS = {
    "nothing": Cell("at:here", ALWAYS),
    # Which accesses make huge pages, by mode.
    **modes("seq", "map:a:32M:at=0 ADVICE touch:a:w at:here"),
    **modes("random", "map:a:32M:at=0 ADVICE touch:a:w:random=7 at:here"),
    **modes("sparse", "map:a:64M:at=0 ADVICE touch:a:w:stride=2M at:here"),
    **modes("read-write", "map:a:16M:at=0 ADVICE touch:a:r touch:a:w at:here"),
    "seq-nohugepage": Cell("map:a:32M:at=0 nohugepage:a touch:a:w at:here", ALWAYS),
    "seq-disabled": Cell("disable:1 map:a:32M:at=0 touch:a:w at:here", ALWAYS),
    "seq-half-advised": Cell("map:a:32M:at=0 hugepage:a@16M touch:a:w at:here", MADVISE),
    # Where a mapping lies.
    "place-1m": Cell("map:a:32M:at=1M touch:a:w at:here", ALWAYS),
    "place-4k": Cell("map:a:32M:at=4K touch:a:w at:here", ALWAYS),
    "place-short": Cell("map:a:2044K:at=0 touch:a:w map:b:3M:at=1M touch:b:w at:here", ALWAYS),
    "place-kernel": Cell("map:a:32M touch:a:w map:b:5M touch:b:w map:c:3M touch:c:w at:here", ALWAYS),
    "place-many": Cell(" ".join(f"map:r{i}:1100K touch:r{i}:w" for i in range(10)) + " at:here", ALWAYS,
                       differs="."),  # khugepaged, asleep, is woken by its first address space
    "shared": Cell("map:a:16M:at=0:shared touch:a:w at:here", ALWAYS),
    # Reads of untouched memory: the huge page of zeros.
    "zero-read": Cell("map:a:32M:at=0 touch:a:r at:here", ALWAYS),
    "zero-then-one": Cell("map:a:16M:at=0 touch:a:r:stride=2M touch:a:w:stride=1M at:here", ALWAYS),
    "zero-off": Cell("map:a:16M:at=0 touch:a:r at:here", dict(ALWAYS, **{"transparent_hugepage/use_zero_page": 0})),
    "zero-fork": Cell("map:a:8M:at=0 touch:a:r fork touch:a:w:stride=2M end join touch:a:w:stride=2M at:here", ALWAYS),
    # Losing parts: unmap, dontneed, protect, lock, free.
    "unmap-half": Cell("map:a:32M:at=0 touch:a:w unmap:a:every=2M:length=1M at:here", ALWAYS),
    "unmap-half-pressure": Cell("map:a:32M:at=0 touch:a:w unmap:a:every=2M:length=1M map:b:32M:at=0 touch:b:w at:here", ALWAYS, limit="40M", swap=64),
    "unmap-half-pressure-noswap": Cell("map:a:32M:at=0 touch:a:w unmap:a:every=2M:length=1M map:b:16M:at=0 touch:b:w at:here", ALWAYS, limit="40M"),
    "unmap-page-each": Cell("map:a:16M:at=0 touch:a:w unmap:a:every=2M:length=4K at:here", ALWAYS),
    "unmap-whole": Cell("map:a:32M:at=0 touch:a:w unmap:a@8M+8M at:here", ALWAYS),
    "dontneed-page": Cell("map:a:16M:at=0 touch:a:w dontneed:a:every=2M:length=4K at:here touch:a:r at:then", ALWAYS),
    "dontneed-every-second": Cell("map:a:16M:at=0 touch:a:w dontneed:a:every=8K:length=4K at:here", ALWAYS),
    "dontneed-whole": Cell("map:a:16M:at=0 touch:a:w dontneed:a at:here touch:a:w at:then", ALWAYS),
    "dontneed-pressure": Cell("map:a:32M:at=0 touch:a:w dontneed:a:every=64K:length=32K map:b:20M:at=0 touch:b:w touch:a:r at:here", ALWAYS, limit="40M", swap=64),
    "readonly-part": Cell("map:a:16M:at=0 touch:a:w readonly:a:every=2M:length=64K at:here", ALWAYS),
    "readonly-whole": Cell("map:a:16M:at=0 touch:a:w readonly:a touch:a:r writable:a touch:a:w at:here", ALWAYS),
    "lock-part": Cell("map:a:16M:at=0 touch:a:w lock:a@1M+1M lock:a@4M+6M at:here", ALWAYS),
    "lock-untouched": Cell("map:a:16M:at=0 lock:a at:here", ALWAYS),
    "free-whole": Cell("map:a:16M:at=0 touch:a:w free:a at:here", ALWAYS),
    "free-part": Cell("map:a:16M:at=0 touch:a:w free:a:every=2M:length=512K at:here", ALWAYS),
    "free-pressure": Cell("map:a:16M:at=0 touch:a:w free:a@0+8M map:b:16M:at=0 touch:b:w at:here", ALWAYS, limit="24M", swap=64),
    "free-again": Cell("map:a:16M:at=0 touch:a:w free:a touch:a@0+4M:w map:b:14M:at=0 touch:b:w at:here", ALWAYS, limit="24M", swap=64),
    # mremap.
    "away-aligned": Cell("map:a:16M:at=0 touch:a:w away:a touch:a:r at:here", ALWAYS),
    "away-part": Cell("map:a:16M:at=0 touch:a:w away:a@1M+2M at:here", ALWAYS),
    "remap-grow": Cell("map:a:8M:at=0 touch:a:w remap:a:16M touch:a:w at:here", ALWAYS),
    "remap-shrink": Cell("map:a:16M:at=0 touch:a:w remap:a:9M at:here", ALWAYS),
    # fork and copy-on-write.
    "fork-child-writes": Cell("map:a:16M:at=0 touch:a:w fork touch:a:w:stride=64K end join at:here", ALWAYS),
    "fork-parent-writes": Cell("map:a:16M:at=0 touch:a:w fork touch:a:w yield end touch:a:w:stride=64K at:first join at:here join", ALWAYS),
    "fork-both-write-all": Cell("map:a:16M:at=0 touch:a:w fork touch:a:w yield end join at:first touch:a:w at:here join", ALWAYS),
    "fork-reads": Cell("map:a:16M:at=0 touch:a:w fork touch:a:r yield end join at:here join", ALWAYS),
    "fork-exits": Cell("map:a:16M:at=0 touch:a:w fork end join touch:a:w at:here", ALWAYS),
    "fork-unmaps": Cell("map:a:16M:at=0 touch:a:w fork unmap:a@0+3M yield end join touch:a:w at:here join", ALWAYS),
    "fork-two": Cell("map:a:8M:at=0 touch:a:w fork touch:a@0+4M:w yield end join fork touch:a@2M+4M:w yield end join touch:a:w at:here join join", ALWAYS),
    "fork-pressure": Cell("map:a:16M:at=0 touch:a:w fork touch:a:w:stride=8K yield end join touch:a:r at:here join", ALWAYS, limit="20M", swap=64, differs="thp_|anon_thp|AnonHuge|pgfault|pswp"),  # likewise
    # Several of these at once, at places that are no halves.
    "odd-unmap": Cell("map:a:16M:at=0 touch:a:w unmap:a@1028K+3M unmap:a@9M+4K unmap:a@15M+1M at:here", ALWAYS),
    "odd-protect": Cell("map:a:16M:at=0 touch:a:w readonly:a@3M+4M touch:a@3M+4M:r writable:a@3M+4M touch:a:w at:here", ALWAYS),
    "odd-away": Cell("map:a:16M:at=0 touch:a:w away:a@3M+1M away:a@8M+3M at:here", ALWAYS),
    "odd-place-grow": Cell("map:a:6M:at=1M touch:a:w remap:a:12M touch:a:w at:here", ALWAYS),
    "odd-free": Cell("map:a:16M:at=0 touch:a:w free:a@1M+2M dontneed:a@5M+64K free:a@8M+4M touch:a@9M+4K:w map:b:12M:at=0 touch:b:w at:here",
                     ALWAYS, limit="24M", swap=64),
    "odd-pageout": Cell("map:a:16M:at=0 touch:a:w pageout:a@1M+6M touch:a:r touch:a@2M+1M:w at:here", ALWAYS, swap=64),
    "odd-fork": Cell("map:a:16M:at=0 touch:a:w fork touch:a@0+9M:w yield touch:a:w end join unmap:a@0+3M touch:a@3M+1M:w at:here join at:then", ALWAYS),
    "odd-lock": Cell("map:a:8M:at=0 touch:a:w lock:a@1M+2M map:b:16M:at=0 touch:b:w touch:a:r at:here", ALWAYS, limit="20M", swap=64),
    "lock-fork": Cell("map:a:8M:at=0 touch:a:w lock:a fork touch:a:w:stride=1M yield end join at:here join", ALWAYS),
    "disabled-fork": Cell("disable:1 fork map:a:8M:at=0 touch:a:w yield end join at:here join", ALWAYS),
    "disabled-later": Cell("map:a:8M:at=0 touch:a@0+3M:w disable:1 touch:a:w at:here disable:0", ALWAYS),
    "mix-unmap-fork": Cell("map:a:12M:at=0 touch:a:w unmap:a@2100K+40K fork unmap:a@6M+1500K touch:a@0+2M:w yield end join touch:a@8M+4M:w at:here join at:then", ALWAYS),
    "mix-protect-fork": Cell("map:a:8M:at=0 touch:a:w readonly:a@1M+2M fork touch:a@4M+4M:w yield end join writable:a touch:a:w at:here join", ALWAYS),
    "mix-protect-pressure": Cell("map:a:12M:at=0 touch:a:w readonly:a@1M+9M map:b:12M:at=0 touch:b:w touch:a:r writable:a touch:a:w at:here", ALWAYS, limit="18M", swap=64),
    "mix-stride": Cell("map:a:64M:at=0 touch:a:w:stride=3M touch:a:r:stride=1M dontneed:a:every=6M:length=1M touch:a:w:stride=5M at:here", ALWAYS),
    "mix-remap-half": Cell("map:a:4M:at=0 touch:a:w remap:a:3M remap:a:10M touch:a:w at:here", ALWAYS),
    "mix-cold-pressure": Cell("map:a:16M:at=0 touch:a:w cold:a@0+6M map:b:12M:at=0 touch:b:w touch:a@6M+10M:r at:here", ALWAYS, limit="24M", swap=64),
    "mix-lock-unlock": Cell("map:a:8M:at=0 touch:a:w lock:a@1M+64K unlock:a@1M+64K lock:a@4M+4M dontneed:a@0+512K at:here unmap:a@4M+1M at:then", ALWAYS),
    "mix-advice": Cell("map:a:16M:at=0 nohugepage:a@2M+3M hugepage:a@4M+2M touch:a:w at:here", ALWAYS),
    "mix-collapse-part": Cell("map:a:8M:at=0 touch:a:w:stride=8K dontneed:a@2M+1M readonly:a@5M+64K collapse:a at:here", NEVER, written=True),
    "mix-free-fork": Cell("map:a:8M:at=0 touch:a:w fork yield end join free:a@0+4M touch:a@1M+64K:w at:here join free:a@4M+4M at:then", ALWAYS),
    "mix-children": Cell("map:a:8M:at=0 touch:a:w fork touch:a@0+1M:w yield end join fork touch:a@1M+4M:w end join touch:a:w:stride=256K at:here join at:then", ALWAYS),
    # Limits.
    "limit-1m": Cell("map:a:4M:at=0 touch:a:w", ALWAYS, limit="1M", differs="collapse_alloc"),  # khugepaged, asleep, is woken by its first address space
    "limit-1m-swap": Cell("map:a:4M:at=0 touch:a:w at:here", ALWAYS, limit="1M", swap=64, differs="collapse_alloc"),  # khugepaged, asleep, is woken by its first address space
    "limit-2m-swap": Cell("map:a:8M:at=0 touch:a:w at:here", ALWAYS, limit="2M", swap=64, differs="collapse_alloc"),  # khugepaged, asleep, is woken by its first address space
    "limit-4m-sparse": Cell("map:a:16M:at=0 touch:a:w:stride=2M touch:a:w:stride=512K at:here", ALWAYS, limit="4M", swap=64),
    "limit-high": Cell("map:a:20M:at=0 touch:a:w at:here", dict(ALWAYS, **{"/sys/fs/cgroup/app/memory.high": "12M"}), swap=64, written=True,
                       only=r"vmstat|AnonHuge|anon_thp|peak"),
    "limit-swap-full": Cell("map:a:20M:at=0 touch:a:w at:here touch:a:r at:then", ALWAYS, limit="16M", swap=8),
    "limit-oom": Cell("map:a:32M:at=0 touch:a:w", ALWAYS, limit="16M"),
    "limit-fallback": Cell("map:a:15M:at=0 touch:a:w at:here", ALWAYS, limit="16M"),
    "limit-sparse": Cell("map:a:64M:at=0 touch:a:w:stride=2M at:here", ALWAYS, limit="32M"),
    "limit-sparse-never": Cell("map:a:64M:at=0 touch:a:w:stride=2M at:here", NEVER, limit="32M"),
    "limit-swap-seq": Cell("map:a:32M:at=0 touch:a:w at:here", ALWAYS, limit="16M", swap=64),
    "limit-swap-loop": Cell("map:a:32M:at=0 touch:a:w:times=3 at:here", ALWAYS, limit="24M", swap=64),
    "limit-swap-loop-never": Cell("map:a:32M:at=0 touch:a:w:times=3 at:here", NEVER, limit="24M", swap=64),
    "limit-swap-random": Cell("map:a:32M:at=0 touch:a:w touch:a:m:random=3:times=2 at:here", ALWAYS, limit="24M", swap=64, differs="thp_|anon_thp|AnonHuge"),  # see TLB in docs/fidelity.md
    "limit-swap-sparse": Cell("map:a:64M:at=0 touch:a:w:stride=2M touch:a:r:stride=2M at:here", ALWAYS, limit="32M", swap=64),
    "limit-swap-small": Cell("map:a:32M:at=0 touch:a:w at:here", ALWAYS, limit="16M", swap=8),
    # Reclaim on request.
    "pageout-whole": Cell("map:a:16M:at=0 touch:a:w pageout:a at:here touch:a:r at:then", ALWAYS, swap=64),
    "pageout-part": Cell("map:a:16M:at=0 touch:a:w pageout:a:every=2M:length=256K at:here", ALWAYS, swap=64),
    "cold-part": Cell("map:a:16M:at=0 touch:a:w cold:a:every=2M:length=256K at:here", ALWAYS),
    # MADV_COLLAPSE.
    "collapse-full": Cell("map:a:16M:at=0 touch:a:w collapse:a at:here", NEVER),
    "collapse-sparse": Cell("map:a:16M:at=0 touch:a:w:stride=64K collapse:a at:here", NEVER),
    "collapse-one-page": Cell("map:a:4M:at=0 touch:a@0+4K:w collapse:a at:here", NEVER, written=True),
    "collapse-untouched": Cell("map:a:4M:at=0 collapse:a at:here", NEVER, written=True),
    "collapse-unaligned": Cell("map:a:8M:at=1M touch:a:w collapse:a at:here", NEVER),
    "collapse-nohugepage": Cell("map:a:8M:at=0 nohugepage:a touch:a:w collapse:a at:here", NEVER, written=True),
    "collapse-limit": Cell("map:a:16M:at=0 touch:a:w collapse:a at:here", NEVER, limit="17M", written=True),
    "collapse-forked": Cell("map:a:8M:at=0 touch:a:w fork yield end join collapse:a at:here join", NEVER, written=True),
    "collapse-swapped": Cell("map:a:8M:at=0 touch:a:w pageout:a@0+1M collapse:a at:here", NEVER, swap=64),
    "collapse-zero-huge": Cell("map:a:8M:at=0 touch:a:r collapse:a at:here touch:a:w:stride=1M at:then", ALWAYS, written=True),
    "collapse-zero-small": Cell("map:a:8M:at=0 touch:a:r touch:a@4M+4K:w collapse:a at:here", NEVER, written=True),
    "collapse-freed": Cell("map:a:4M:at=0 touch:a:w free:a@0+1M collapse:a at:here", NEVER, written=True),
    # khugepaged, fast. Small pages are made under NOHUGEPAGE; then it may.
    "khugepaged-full": Cell("map:a:16M:at=0 nohugepage:a touch:a:w hugepage:a sleep:1500 at:here", SWIFT, act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-sparse": Cell("map:a:16M:at=0 nohugepage:a touch:a:w:stride=64K hugepage:a sleep:1500 at:here", SWIFT, act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-none-0": Cell("map:a:16M:at=0 nohugepage:a touch:a:w hugepage:a map:b:16M:at=0 nohugepage:b touch:b:w:stride=8K hugepage:b sleep:1500 at:here",
                              swift(max_ptes_none=0), act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-none-255": Cell("map:a:16M:at=0 nohugepage:a touch:a:w:stride=8K hugepage:a map:b:16M:at=0 nohugepage:b touch:b:w:stride=16K hugepage:b sleep:1500 at:here",
                                swift(max_ptes_none=256), act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-after-split": Cell("map:a:16M:at=0 touch:a:w dontneed:a:every=2M:length=64K sleep:1500 at:here", SWIFT, act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-read-only": Cell("map:a:8M:at=0 nohugepage:a touch:a:w readonly:a hugepage:a sleep:1500 at:here", SWIFT, act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-forked": Cell("map:a:8M:at=0 nohugepage:a touch:a:w fork touch:a@0+2M:r yield end join hugepage:a sleep:1500 at:here join", SWIFT, act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-shared-0": Cell("map:a:8M:at=0 nohugepage:a touch:a:w fork touch:a@0+3M:w yield end join hugepage:a sleep:1500 at:here join",
                                swift(max_ptes_shared=0), act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-swap": Cell("map:a:8M:at=0 nohugepage:a touch:a:w pageout:a:every=2M:length=128K pageout:a@4M+1M hugepage:a sleep:1500 at:here", SWIFT, act=TWICE, slack=COLLAPSING, written=True,
                            swap=64),
    "khugepaged-zero": Cell("map:a:8M:at=0 nohugepage:a touch:a:r touch:a@4M+4K:w hugepage:a sleep:1500 at:here", SWIFT, act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-zero-huge": Cell("map:a:8M:at=0 touch:a:r sleep:1500 at:here", SWIFT, act=TWICE, slack=COLLAPSING, written=True),
    "khugepaged-swap-0": Cell("map:a:8M:at=0 nohugepage:a touch:a:w pageout:a@1M+4K hugepage:a sleep:1500 at:here", swift(max_ptes_swap=0), act=TWICE, slack=COLLAPSING, written=True, swap=64),
    "khugepaged-limit": Cell("map:a:14M:at=0 nohugepage:a touch:a:w hugepage:a sleep:1500 at:here", SWIFT, act=TWICE, slack=COLLAPSING, written=True, limit="16M",
                             differs="collapse_alloc"),  # attempts, as many as there is time for
    "khugepaged-advised-only": Cell("map:a:8M:at=0 nohugepage:a touch:a:w hugepage:a map:b:8M:at=0 touch:b:w sleep:1500 at:here",
                                    dict(SWIFT, **{"transparent_hugepage/enabled": "madvise"}), act=TWICE, slack=COLLAPSING, written=True),
}

TABLE = steps.Table(
    name="thp", cells=CELLS, results=steps.HERE / "thp-6.1.json", append="transparent_hugepage=madvise", baseline="nothing",
    keep=r"^(vmstat (thp_|pswp|swap_ra|pgfault|pgmajfault)|stat (pgfault|pgmajfault|anon|anon_thp|thp_\w+|pgscan|pgsteal|pglazyfree\w*|unevictable)$"
         r"|memory\.(peak|current|swap\.current)|events (max|oom_kill)$|smaps )",
    asserted=[(r"vmstat thp_(fault_alloc|fault_fallback|fault_fallback_charge|split_page|split_pmd|deferred_split_page|collapse_alloc|swpout|swpout_fallback)$",
               0.05, 0),
              (r"(^| )stat pgfault$", 0.05, 8),
              (r"vmstat pswp(in|out)$", 0.05, 32),
              (r"smaps AnonHugePages$", 0.05, 0),
              (r"^\w+ stat anon_thp$", 0.05, 0),
              (r"^memory\.peak$", 0.05, 256 << 10)],
    columns=(("fault_alloc", "vmstat thp_fault_alloc", 1), ("fault_fallback", "vmstat thp_fault_fallback", 1), ("split_page", "vmstat thp_split_page", 1),
             ("split_pmd", "vmstat thp_split_pmd", 1), ("deferred", "vmstat thp_deferred_split_page", 1), ("collapse_alloc", "vmstat thp_collapse_alloc", 1),
             ("swpout", "vmstat thp_swpout", 1), ("AnonHugePages, MiB", "here smaps AnonHugePages", 1 << 10), ("pgfault", "stat pgfault", 1),
             ("memory.peak, MiB", "memory.peak", 1 << 20)),
    settings={"khugepaged/scan_sleep_millisecs": 3600000},
    notes=["khugepaged rests, but in its own cells, where it goes through everything every 50 ms"])


if __name__ == "__main__":
    steps.main(TABLE, __doc__)
