#!/usr/bin/env python3
"""nodes.py - memory nodes: what a real kernel counted beside what our machine counts, for programs of steps.c on two and four nodes.

  nodes.py [--four] guest --kernel DIR [NAME...]   measure the reference: Debian's 6.1 cloud kernel in qemu
  nodes.py [--four] [NAME...]                      the comparison as a table (--all: also figures that are not asserted)

A cell is one row of TWO or FOUR. "places" of the stored cells is what the program read with move_pages after its steps.
"""
import sys

import steps
from steps import Cell

QUIET = {"kernel.numa_balancing": 0}
# Balancing within a second: its first look after 50 ms of the program's time, then every 100 ms.
SCHED = "/sys/kernel/debug/sched/numa_balancing/"
SWIFT = {"kernel.numa_balancing": 1, SCHED + "scan_delay_ms": 50, SCHED + "scan_period_min_ms": 100, SCHED + "scan_period_max_ms": 1000}
MEMS = "/sys/fs/cgroup/app/cpuset.mems"



def full(nodes, first=None):
    """What is asserted where nodes overflow, the one first that pages are wanted on (or those, for a choice of several): how much is left free there, how
    much of them the program got, and how much went elsewhere: both less what was free before, which is not the same twice."""
    return {"only": rf"^here (node[{nodes}] MemFree|room .*)$", "full": nodes, "first": first or nodes[0]}


# Huge pages are looked at in every scan, wherever they are: how often they fault goes by how long the program runs.
MOVED = r"^here (vmstat (numa_pages_migrated|pgmigrate_success)|numa_stat anon N\d)$"

TWO = {
    "nothing": Cell("cpu:0 at:here", QUIET),
    # Where memory of a policy comes from.
    "local": Cell("cpu:0 map:a:32M touch:a:w where:a at:here", QUIET),
    "local-other-cpu": Cell("cpu:1 map:a:32M touch:a:w where:a at:here", QUIET),
    "cpu-moves": Cell("cpu:0 map:a:32M touch:a@0+16M:w cpu:1 touch:a:w where:a at:here", QUIET),
    "bind": Cell("cpu:0 map:a:32M bind:a:bind:1 touch:a:w where:a at:here", QUIET),
    "bind-both": Cell("cpu:1 map:a:32M bind:a:bind:0,1 touch:a:w where:a at:here", QUIET),
    "bind-task": Cell("cpu:0 policy:bind:1 map:a:32M touch:a:w policy:default map:b:16M touch:b:w where:a where:b at:here", QUIET),
    "bind-absent": Cell("cpu:0 map:a:4M bind:a:bind:5 touch:a:w policy:bind:7 at:here", QUIET),
    "preferred": Cell("cpu:0 map:a:32M bind:a:preferred:1 touch:a:w where:a at:here", QUIET),
    "preferred-task": Cell("cpu:0 policy:preferred:1 map:a:32M touch:a:w where:a at:here", QUIET),
    "many": Cell("cpu:0 map:a:32M bind:a:many:1 touch:a:w where:a at:here", QUIET),
    "vma-over-task": Cell("cpu:0 policy:bind:1 map:a:16M map:b:16M bind:b:bind:0 map:c:16M bind:c:local touch:a:w touch:b:w touch:c:w where:a where:b where:c at:here",
                          QUIET),
    "bind-part": Cell("cpu:0 map:a:32M:at=0 bind:a@8M+8M:bind:1 touch:a:w where:a at:here", QUIET),
    "fork-inherits": Cell("cpu:0 policy:bind:1 map:a:16M fork touch:a:w where:a yield end join at:here join", QUIET),
    "zero-page": Cell("cpu:0 map:a:16M bind:a:bind:1 touch:a:r touch:a:w:stride=8K where:a at:here", QUIET),
    "interleave-task-forked": Cell("cpu:0 policy:interleave:0,1 map:a:16M:at=0 touch:a@0+4K:w fork touch:a:w:stride=8K where:a yield end join at:here join", QUIET),
    # Interleave: of a mapping by offset, of a task by turns.
    "interleave": Cell("cpu:0 map:a:32M:at=0 bind:a:interleave:0,1 touch:a:w where:a at:here", QUIET),
    "interleave-odd": Cell("cpu:0 map:a:32M:at=0 bind:a:interleave:0,1 touch:a:w:stride=8K where:a at:here", QUIET),
    "interleave-one": Cell("cpu:0 map:a:16M:at=0 bind:a:interleave:1 touch:a:w where:a at:here", QUIET),
    "interleave-part": Cell("cpu:0 map:a:32M:at=0 bind:a@4K+16M:interleave:0,1 touch:a:w:stride=8K where:a at:here", QUIET),
    "interleave-task": Cell("cpu:0 policy:interleave:0,1 map:a:32M:at=0 touch:a:w where:a at:here", QUIET),
    "interleave-task-odd": Cell("cpu:0 policy:interleave:0,1 map:a:32M:at=0 touch:a:w:stride=8K where:a at:here", QUIET),
    "interleave-task-two": Cell("cpu:0 policy:interleave:0,1 map:a:16M:at=0 map:b:16M:at=0 repeat:2 touch:a:w:stride=8K:from=4K touch:b:w:stride=8K again where:a where:b at:here",
                                QUIET),
    "interleave-full": Cell("cpu:0 map:f:250M bind:f:bind:1 touch:f:w map:a:240M:at=0 bind:a:interleave:0,1 touch:a:w where:f where:a at:here", QUIET, **full("1")),
    "preferred-full": Cell("cpu:0 map:f:250M bind:f:bind:1 touch:f:w map:a:160M bind:a:preferred:1 touch:a:w where:f where:a at:here", QUIET, **full("1")),
    "bind-both-full": Cell("cpu:1 map:f:250M bind:f:bind:1 touch:f:w map:a:160M bind:a:bind:0,1 touch:a:w where:f where:a at:here", QUIET, **full("1")),
    # More than a node has.
    "overflow": Cell("cpu:0 map:a:450M touch:a:w where:a at:here", QUIET, **full("0")),
    "overflow-other-cpu": Cell("cpu:1 map:a:450M touch:a:w where:a at:here", QUIET, **full("1")),
    "overflow-preferred": Cell("cpu:0 map:a:450M bind:a:preferred:1 touch:a:w where:a at:here", QUIET, **full("1")),
    "overflow-many": Cell("cpu:0 map:a:450M bind:a:many:1 touch:a:w where:a at:here", QUIET, only="^here node1 MemFree$"),
    "overflow-swap": Cell("cpu:0 map:a:450M touch:a:w where:a at:here", QUIET, swap=128, **full("0")),
    "bind-full": Cell("cpu:0 map:a:450M bind:a:bind:1 touch:a:w", QUIET),
    "bind-full-task": Cell("cpu:0 policy:bind:0 map:a:450M touch:a:w", QUIET),
    "bind-full-swap": Cell("cpu:0 map:a:420M bind:a:bind:1 touch:a:w where:a at:here", QUIET, swap=128, only="^$"),
    # Who is killed: the parent has more, and as much there; its policy keeps it from that node, or does not.
    "bind-full-victim": Cell("cpu:0 policy:bind:0 map:p:120M touch:p:w policy:default map:f:200M bind:f:bind:1 touch:f:w policy:bind:0 "
                             "fork unmap:p unmap:f policy:bind:1 map:b:300M touch:b:w end join at:here", QUIET, only="^$"),
    "bind-full-victim-vma": Cell("cpu:0 map:p:120M touch:p:w map:f:200M bind:f:bind:1 touch:f:w fork unmap:p unmap:f map:b:300M bind:b:bind:1 touch:b:w end "
                                 "join at:here", QUIET, only="^$"),
    "cpuset": Cell("map:a:32M touch:a:w where:a at:here", dict(QUIET, **{MEMS: 1})),
    "cpuset-policy-outside": Cell("map:a:32M bind:a:bind:0 touch:a:w policy:preferred:0 map:b:4M touch:b:w where:a where:b at:here", dict(QUIET, **{MEMS: 1})),
    "cpuset-full": Cell("map:a:450M touch:a:w", dict(QUIET, **{MEMS: 1})),
    "cpuset-full-swap": Cell("map:a:420M touch:a:w where:a at:here", dict(QUIET, **{MEMS: 1}), swap=128, only="^$"),
    "cpuset-moves": Cell("cpu:0 map:a:32M touch:a:w at:here where:a at:then", QUIET, act={"here": f"echo 1 >{MEMS}"}, nap=0.5),
    "limit-bind": Cell("cpu:0 map:a:64M bind:a:bind:1 touch:a:w", QUIET, limit="32M"),
    "limit-interleave-swap": Cell("cpu:0 map:a:64M:at=0 bind:a:interleave:0,1 touch:a:w where:a at:here", QUIET, limit="32M", swap=128),
    "limit-bind-swap-loop": Cell("cpu:0 map:a:32M:at=0 bind:a:bind:1 touch:a:w:times=3 where:a at:here", QUIET, limit="24M", swap=128),
    # Moving.
    "move": Cell("cpu:0 map:a:32M touch:a:w move:a@0+16M:1 where:a at:here", QUIET),
    "move-untouched": Cell("cpu:0 map:a:16M touch:a@0+4M:w move:a:1 where:a at:here", QUIET),
    "move-absent": Cell("cpu:0 map:a:4M touch:a:w move:a:6 where:a at:here", QUIET),
    "move-back": Cell("cpu:0 map:a:16M touch:a:w move:a:1 move:a@8M:0 where:a touch:a:r at:here", QUIET),
    "move-forked": Cell("cpu:0 map:a:16M touch:a:w fork touch:a@0+4M:w yield end join move:a:1 where:a at:here join", QUIET),
    "move-locked": Cell("cpu:0 map:a:16M touch:a:w lock:a move:a:1 where:a at:here", QUIET),
    "move-pinned": Cell("cpu:0 map:a:4M touch:a:w pin:a@0+2M move:a:1 where:a at:here", QUIET),
    "migrate-pinned": Cell("cpu:0 map:a:4M touch:a:w pin:a@0+2M migrate:0:1 where:a at:here", QUIET),
    "move-bound": Cell("cpu:0 map:a:16M bind:a:bind:0 touch:a:w move:a:1 where:a at:here", QUIET),
    "migrate": Cell("cpu:0 map:a:32M touch:a:w migrate:0:1 where:a at:here", QUIET),
    "migrate-interleaved": Cell("cpu:0 map:a:32M:at=0 bind:a:interleave:0,1 touch:a:w migrate:0:1 where:a at:here", QUIET),
    "migrate-forked": Cell("cpu:0 map:a:16M touch:a:w fork touch:a@0+4M:w yield end join migrate:0:1 where:a at:here join", QUIET),
    "mbind-later": Cell("cpu:0 map:a:16M touch:a@0+8M:w bind:a:bind:1 touch:a:w where:a at:here", QUIET),
    "mbind-move": Cell("cpu:0 map:a:16M touch:a:w bind:a:bind:1:move where:a at:here", QUIET),
    "mbind-move-allowed": Cell("cpu:0 map:a:16M touch:a:w bind:a:bind:0,1:move where:a at:here", QUIET),
    "mbind-move-interleave": Cell("cpu:0 map:a:16M touch:a:w bind:a:interleave:0,1:move where:a at:here", QUIET),
    "mbind-move-preferred": Cell("cpu:0 map:a:16M bind:a@0+8M:bind:1 touch:a:w bind:a:preferred:0:move where:a at:here", QUIET),
    "mbind-move-forked": Cell("cpu:0 map:a:16M touch:a:w fork touch:a@0+4M:w yield end join bind:a:bind:1:move where:a at:here join", QUIET),
    "mbind-strict": Cell("cpu:0 map:a:16M touch:a:w bind:a:bind:1:strict where:a at:here", QUIET),
    "mbind-move-strict": Cell("cpu:0 map:a:16M touch:a:w bind:a:bind:1:move:strict where:a at:here", QUIET),
    "mbind-move-strict-forked": Cell("cpu:0 map:a:16M touch:a:w fork touch:a@0+4M:w yield end join bind:a:bind:1:move:strict where:a at:here join", QUIET),
    "mbind-move-pinned": Cell("cpu:0 map:a:4M touch:a:w pin:a@0+2M bind:a:bind:1:move where:a at:here", QUIET),
    "mbind-move-strict-pinned": Cell("cpu:0 map:a:4M touch:a:w pin:a@0+2M bind:a:bind:1:move:strict where:a at:here", QUIET),
    "mbind-move-default": Cell("cpu:0 map:a:16M bind:a@0+8M:bind:1 touch:a:w bind:a:default:move where:a at:here", QUIET),
    "mbind-move-local": Cell("cpu:0 map:a:16M bind:a@0+8M:bind:1 touch:a:w bind:a:local:move where:a at:here", QUIET),
    "mbind-move-counted": Cell("cpu:0 map:a:16M bind:a:bind:0 touch:a:w bind:a:interleave:1:move where:a at:here", QUIET),
    # Shared memory has a policy of its own: of the object, by its index.
    "shared": Cell("cpu:0 map:a:16M:shared bind:a:bind:1 touch:a:w where:a at:here", QUIET),
    "shared-forked": Cell("cpu:0 map:a:16M:shared fork touch:a:w end bind:a:bind:1 join touch:a:r where:a at:here", QUIET),
    "shared-part-forked": Cell("cpu:0 map:a:16M:shared fork touch:a:w end bind:a@4M+8M:bind:1 bind:a@6M+2M:default join touch:a:r where:a at:here", QUIET),
    "shared-task": Cell("cpu:0 map:a:16M:shared policy:bind:1 touch:a:w where:a at:here", QUIET),
    "shared-interleave": Cell("cpu:0 map:a:16M:shared bind:a:interleave:0,1 touch:a:w where:a at:here", QUIET),
    "shared-moved": Cell("cpu:0 map:a:16M:shared touch:a:w move:a@0+8M:1 where:a at:here", QUIET),
    "swapped-then-bound": Cell("cpu:0 map:a:16M touch:a:w pageout:a bind:a:bind:1 touch:a:r where:a at:here", QUIET, swap=128),
    "huge-local": Cell("cpu:0 map:a:32M:at=0 hugepage:a touch:a:w where:a at:here", QUIET),
    "huge-bind": Cell("cpu:0 map:a:32M:at=0 hugepage:a bind:a:bind:1 touch:a:w where:a at:here", QUIET),
    "huge-interleave": Cell("cpu:0 map:a:32M:at=0 hugepage:a bind:a:interleave:0,1 touch:a:w where:a at:here", QUIET),
    "huge-move": Cell("cpu:0 map:a:32M:at=0 hugepage:a touch:a:w move:a@0+16M:1 where:a at:here", QUIET),
    "huge-full": Cell("cpu:0 map:f:140M bind:f:bind:0 touch:f:w map:a:240M:at=0 hugepage:a touch:a:w where:a at:here", QUIET,
                      only="^here (node0 MemFree|vmstat numa_miss)$"),
    "huge-full-always": Cell("cpu:0 map:f:140M bind:f:bind:0 nohugepage:f touch:f:w map:a:240M:at=0 touch:a:w where:a at:here",
                             dict(QUIET, **{"transparent_hugepage/enabled": "always"}), only="^here (node0 MemFree|numa_stat anon_thp N1)$"),
    # Balancing: one thread, memory on the other node.
    "balance": Cell("cpu:0 map:a:16M bind:a:bind:1 touch:a:w bind:a:default touch:a:m:times=16000 where:a at:here", SWIFT),
    "balance-read": Cell("cpu:0 map:a:16M bind:a:bind:1 touch:a:w bind:a:default touch:a:r:times=16000 where:a at:here", SWIFT, heavy=True),
    "balance-local": Cell("cpu:0 map:a:16M touch:a:m:times=16000 where:a at:here", SWIFT, heavy=True),
    "balance-half": Cell("cpu:0 map:a:16M:at=0 bind:a:interleave:0,1 touch:a:w bind:a:default touch:a:m:times=16000 where:a at:here", SWIFT, heavy=True),
    "balance-bound": Cell("cpu:0 map:a:16M bind:a:bind:1 touch:a:m:times=16000 where:a at:here", SWIFT, heavy=True),
    "balance-cpu-moves": Cell("cpu:0 map:a:16M touch:a:m:times=8000 cpu:1 touch:a:m:times=16000 where:a at:here", SWIFT, heavy=True),
    "balance-huge": Cell("cpu:0 map:a:16M:at=0 hugepage:a bind:a:bind:1 touch:a:w bind:a:default touch:a:m:times=16000 where:a at:here", SWIFT, only=MOVED),
    "balance-off": Cell("cpu:0 map:a:16M bind:a:bind:1 touch:a:w bind:a:default touch:a:m:times=4000 where:a at:here", QUIET),
}

FOUR = {
    "nothing": Cell("cpu:0 at:here", QUIET),
    "overflow": Cell("cpu:0 map:a:500M touch:a:w where:a at:here", QUIET, **full("01")),
    "overflow-from-2": Cell("cpu:2 map:a:500M touch:a:w where:a at:here", QUIET, **full("23")),
    "interleave": Cell("cpu:0 map:a:64M:at=0 bind:a:interleave:0,1,2,3 touch:a:w where:a at:here", QUIET),
    "interleave-three": Cell("cpu:0 map:a:48M:at=0 bind:a:interleave:0,2,3 touch:a:w where:a at:here", QUIET),
    "interleave-task": Cell("cpu:1 policy:interleave:1,3 map:a:64M:at=0 touch:a:w where:a at:here", QUIET),
    "bind-two": Cell("cpu:0 map:a:250M bind:a:bind:1,2 touch:a:w where:a at:here", QUIET, **full("1")),
    "bind-two-full": Cell("cpu:0 map:a:400M bind:a:bind:1,3 touch:a:w", QUIET),
    "bind-slow-two": Cell("cpu:0 map:a:64M bind:a:bind:2,3 touch:a:w where:a at:here", QUIET),
    "bind-slow-two-overflow": Cell("cpu:1 map:a:280M bind:a:bind:2,3 touch:a:w where:a at:here", QUIET, **full("2")),
    "preferred-overflow": Cell("cpu:0 map:a:200M bind:a:preferred:1 touch:a:w where:a at:here", QUIET, **full("1")),
    "interleave-full": Cell("cpu:0 map:f:100M bind:f:bind:1 touch:f:w map:a:128M:at=0 bind:a:interleave:0,1,2,3 touch:a:w where:f where:a at:here", QUIET, **full("1")),
    "memory-only": Cell("cpu:0 map:a:64M bind:a:bind:3 touch:a:w where:a at:here", QUIET),
    "memory-only-preferred": Cell("cpu:1 map:a:200M bind:a:preferred:3 touch:a:w where:a at:here", QUIET, **full("3")),
    "many": Cell("cpu:0 map:a:64M bind:a:many:1,2 touch:a:w where:a at:here", QUIET),
    "many-overflow": Cell("cpu:0 map:a:450M bind:a:many:1,3 touch:a:w where:a at:here", QUIET,
                          **dict(full("130", first="10"), only=r"^here (node[13] MemFree|room (N[13]|elsewhere))$")),
    "migrate-set": Cell("cpu:0 map:a:32M:at=0 bind:a:interleave:0,1 touch:a:w bind:a:default migrate:0,1:2,3 where:a at:here", QUIET),
}

KEEP = (r"^(room |vmstat (numa_|pgmigrate|thp_|pswp|pgfault|allocstall_|pgalloc)|stat (pgfault|pgmajfault|anon|anon_thp|numa_\w+)$|memory\.(peak|swap\.current)$"
        r"|events oom_kill$|numa_stat (anon|file|anon_thp) N|node\d (numa_|local_|other_|interleave_|MemFree|MemTotal))")
# A node that is full: kB, within its watermarks. Bytes of a group by node; 64 pages are the program's own stack and data, 256 also its text, which is
# where the guest's scheduler happened to start it.
# Room: bytes, of a node as big as MemFree of it; elsewhere with what was free before, so that 1 % of it is 3 % of what overflowed.
COMMON = [(r"^here node\d MemFree$", 0.05, 1024), (r"^here room N\d$", 0.05, 1 << 20), (r"^here room elsewhere$", 0.01, 1 << 20),
          (r"^here numa_stat anon_thp N\d+$", 0.05, 2 << 20),
          (r"^\w+ numa_stat anon N\d+$", 0.05, 64 * 4096), (r"^\w+ vmstat numa_(miss|foreign)$", 0.05, 64), (r"^\w+ vmstat numa_interleave$", 0.05, 256),
          (r"^\w+ vmstat numa_(hint_faults|hint_faults_local|pages_migrated|pte_updates)$", 0.02, 16), (r"^\w+ vmstat pgmigrate_success$", 0.05, 16)]


def options(cell, nodes):
    """Options of our run. None: the steps say what the machine cannot do yet."""
    if "pin:" in cell.steps:
        return None
    out = ["--nodes", str(len(nodes)), "--cpus", str(sum(not isinstance(n, tuple) for n in nodes))]
    if len(nodes) > 2:
        for number, size in enumerate(nodes):
            mib, has_cpu = size if isinstance(size, tuple) else (size, 1)
            out += ["--set", f"node.{number}.ram={mib}M"] + (["--set", f"node.{number}.cpus={number}"] if has_cpu else [])
            out += ["--set", f"node.{number}.distance={' '.join(str(distance(number, other)) for other in range(len(nodes)))}"]
    return out


def distance(a, b):
    return 10 if a == b else next(value for x, y, value in DISTANCES if {x, y} == {a, b})


def without_policy(cell):
    return " ".join(word for word in cell.steps.split() if not word.startswith(("policy:", "bind:")))


DISTANCES = ((0, 1, 15), (0, 2, 20), (0, 3, 25), (1, 2, 20), (1, 3, 30), (2, 3, 17))
FOUR_NODES = (256, 128, 256, (128, 0))
TWO_NODES = (384, 384)


def table(four):
    common = {"keep": KEEP, "asserted": COMMON, "append": "transparent_hugepage=madvise", "settings": {"transparent_hugepage/enabled": "madvise"}, "files": "/sys/devices/system/node/node*/numastat /sys/devices/system/node/node*/meminfo", "ram_disk": 128,
              "columns": [*((f"node {n}, MiB", f"here numa_stat anon N{n}", 1 << 20) for n in range(4 if four else 2)), ("numa_miss", "here vmstat numa_miss", 1),
                          ("numa_foreign", "here vmstat numa_foreign", 1), ("interleave_hit", "here vmstat numa_interleave", 1)],
              "baseline": "nothing", "written": True, "notes": ["the program stays on the CPU that its steps name; swap: brd, its pages on the node of the CPU that swaps"]}
    if four:
        return steps.Table(name="nodes", cells=FOUR, results=steps.HERE / "nodes4-6.1.json", memory="768", nodes=FOUR_NODES, distances=DISTANCES,
                           canaries={name: without_policy(FOUR[name]) for name in ("preferred-overflow", "bind-two-full")},
                           machine=lambda cell: options(cell, FOUR_NODES), **common)
    return steps.Table(name="nodes", cells=TWO, results=steps.HERE / "nodes-6.1.json", memory="768", nodes=TWO_NODES,
                       canaries={name: without_policy(TWO[name]) for name in ("overflow-preferred", "bind-full", "preferred-full")},
                       machine=lambda cell: options(cell, TWO_NODES), **common)


if __name__ == "__main__":
    WITH_FOUR = "--four" in sys.argv
    if WITH_FOUR:
        sys.argv.remove("--four")
    steps.main(table(WITH_FOUR), __doc__)
