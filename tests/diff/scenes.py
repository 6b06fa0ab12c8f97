#!/usr/bin/env python3
"""scenes.py - several programs at once, in trees of cgroups, on slow devices: what a real kernel counted beside what our machine counts.

  scenes.py guest --kernel DIR [-o FILE] [NAME...]   measure the reference: Debian's 6.1 cloud kernel in qemu, time counted in instructions
  scenes.py [NAME...]                                the comparison as a table (--all: every figure, not only those that are asserted)

A scene is one row of SCENES. The guest's job is made from it, and so is the scenario file that we run: the same programs
(pattern.c, recorded), groups, limits, devices and settings. Both leave the same text files, which one function reads.
scenes_test.py asserts the tolerances.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import compare
import guest
import reference

HERE = pathlib.Path(guest.HERE)
RESULTS = HERE / "scenes-6.1.json"
MIB = 1 << 20
GROUP_ROOT = "sys/fs/cgroup/"

# Name: latency of a request in ns, MiB/s (0: no bound). Of null_blk in the guest, of [device] here.
DEVICES = {"disk": (1_000_000, 0), "slow": (100_000, 25), "sa": (500_000, 0), "sb": (500_000, 0), "far": (5_000_000, 0)}
DISKS = ("disk", "slow")
DEVICE_MIB = 192
FILE_PAGES = 24576  # of /mnt/data on each disk
ZRAM_RATIO = 1.91  # as measured: compr_data_size of zram-held in the guest
RAM = "556M"  # ours: what the null_blks leave of the guest's GiB
SAMPLE_MS = 20
PATIENCE_MS = 60000  # in the guest
# Of every scene. Thresholds in bytes: what counts as available memory differs between the machines.
SETTINGS = {"dirty_background_bytes": 8 * MIB, "dirty_bytes": 16 * MIB}


# Our costs are those of a CPU with 2.5 instructions a nanosecond; the guest counts one. Three are taken from the guest itself: what it spends
# on a page that it reads beside the waits (psi-read, write-limit), and on one that it scans and frees (share-file, whose stall is not compared).
COSTS = {f"cost.{name}": int(ns) * 5 // 2
         for name, ns in re.findall(r"^COST\((\w+), (\d+)", (compare.TOP / "src/machine/costs.def").read_text(), re.MULTILINE)}
COSTS.update({"cost.read_page": 5000, "cost.scan_page": 2000, "cost.page_free": 1000})


# How far a figure may be off: relatively, and by so much in any case. What runs on the CPU takes another time here: our costs are
# those of a processor, the guest counts instructions of an emulated one, its driver's included. So times agree where devices decide
# them, and what reclaim does on the CPU (a stall of memory) is the least certain.
PAGES, BYTES, MS = 300, MIB, 30
CPU_SHARE = 0.30


@dataclasses.dataclass
class Column:
    """{g}, {g1}, {g2}: the groups of the scene by their place, {t}: its first task. "A - B" is the difference of two figures."""
    head: str
    figure: str
    relative: float = 0.05
    floor: int = PAGES


KINDS = {
    "writer": [Column("dirtied", "vmstat nr_dirtied"), Column("written", "vmstat nr_written"),
               Column("most dirty and in writeback", "peak pending"), Column("ms", "{t} ms", 0.10, MS),
               Column("io some ms", "{g} io some ms", 0.10, MS), Column("memory some ms", "{g} memory some ms", 0.10, 100)],
    "swap": [Column("pgmajfault", "{g} pgmajfault"), Column("pgfault", "{g} pgfault"), Column("pswpin", "vmstat pswpin"),
             Column("pswpout", "vmstat pswpout"), Column("pgscan", "{g} pgscan"), Column("max events", "{g} events max", 0.15, 20),
             Column("io some ms", "{g} io some ms", 0.10, MS),
             Column("memory some ms", "{g} memory some ms", CPU_SHARE, MS)],
    "share": [Column("first: memory.current", "{g1} memory.current", 0.03, BYTES), Column("second: memory.current", "{g2} memory.current", 0.03, BYTES),
              Column("first: refaults", "{g1} workingset_refault_anon", 0.10, 1000), Column("second: refaults", "{g2} workingset_refault_anon", 0.10),
              Column("first: pgscan", "{g1} pgscan", 0.15, 3000), Column("second: pgscan", "{g2} pgscan", 0.15),
              Column("low events", "{g} events low", 0.10, 100), Column("max events", "{g} events max", 0.15, 20), Column("memory some ms", "{g} memory some ms", CPU_SHARE, MS)],
    "oom": [Column("oom", "{g} events oom", 0, 0), Column("oom_kill", "{g} events oom_kill", 0, 0), Column("group kills", "{g} events oom_group_kill", 0, 0),
            Column("oom_kill, first child", "{g1} events oom_kill", 0, 0), Column("second child", "{g2} events oom_kill", 0, 0),
            Column("memory.peak", "{g} memory.peak", 0.02, 0)],
    "held": [Column("memory.current", "{g} memory.current", 0.03, BYTES), Column("memory.swap.current", "{g} memory.swap.current", 0.03, BYTES)],
    "high": [Column("ms", "h ms", 0.03, MS), Column("memory full ms", "h memory full ms", 0.03, MS), Column("high events", "h events high", 0.05, 2),
             Column("pgfault", "h pgfault", 0.02, 50), Column("memory.peak", "h memory.peak", 0.02, 0)],
    "stall": [Column("io some ms", "{g} io some ms", 0.10, MS), Column("io full ms", "{g} io full ms", 0.10, MS),
              Column("memory some ms", "{g} memory some ms", CPU_SHARE, MS), Column("memory full ms", "{g} memory full ms", CPU_SHARE, MS)],
}


@dataclasses.dataclass
class Task:
    """A program: pattern.c with these arguments, in this group. {data} is a file on the scene's disk."""
    name: str
    group: str
    command: str
    start_ms: int = 0
    adj: int = 0
    # Instead of a recording: keys of a [task] that does the same, where the time between touches matters (a recording has the
    # waits that it was made with) or where it would be too long.
    generator: dict = None


@dataclasses.dataclass
class Scene:
    kind: str  # of KINDS: what is compared
    doc: str
    tasks: list
    groups: dict  # path: {file: value}, parents first
    disk: str = "disk"
    swaps: dict = dataclasses.field(default_factory=dict)  # device: (MiB, priority)
    settings: dict = dataclasses.field(default_factory=dict)  # of vm.
    runtime_ms: int = 0  # 0: until all have ended
    more: list = dataclasses.field(default_factory=list)  # columns beside those of its kind
    differs: tuple = ()  # heads of columns that are shown and not asserted: docs/fidelity.md says why


def share(*, low=(0, 0), minimum=(0, 0), parent=None, high=None):
    """Two groups below one limit of 48 MiB, each with a program that uses 36 MiB at random."""
    a, b = {"memory.low": low[0], "memory.min": minimum[0]}, {"memory.low": low[1], "memory.min": minimum[1]}
    if high:
        a["memory.high"] = high
    return {"p": dict({"memory.max": 48 * MIB}, **(parent or {})), "p/a": a, "p/b": b}


UNIFORM = {"memory": 36 * MIB, "touch": "random", "touches": 16, "writes": "25%", "think": "1050us"}
READER = {"file": "data", "read": "seq", "block": "64K", "think": "1050us"}


def two(command_b="anon-uniform --pages 9216", generator_b=None):
    """Each touches 16 pages and sleeps for a millisecond (and 50 us, the slack of the kernel's timer)."""
    return [Task("a", "p/a", "anon-uniform --pages 9216 --nap 1000 --touches 100000000 --seed 1", generator=UNIFORM),
            Task("b", "p/b", command_b + " --nap 1000 --touches 100000000 --seed 2", generator=generator_b or UNIFORM)]


def beside_reader():
    return two("file-seq-read --pages 16384 --file {data}", READER)


def held(command):
    return [Task("a", "p", command + " --touches 1500")]


SWAP = {"sa": (96, -1)}
WRITER = [Task("w", "w", "file-write-seq --pages 24576 --touches 24576 --file {data}")]

UNEVICTABLE = [Column(word, f"vmstat unevictable_pgs_{word}", 0, 0) for word in ("mlocked", "munlocked", "culled", "rescued")]
AREAS = [Column("first area KiB", "swap sa KiB", 0.03, 400), Column("second area KiB", "swap sb KiB", 0.03, 400)]
# How many pages are in swap and still in memory, because their write has just ended, depends on where in a round of reclaim the program
# stops: 0 to 300 from one run of the kernel to the next. What is in swap alone does not.
IN_SWAP_ALONE = [Column("in swap alone", "{g} memory.swap.current - {g} swapcached", 0.03, 400 * 1024)]
READ_AGAIN = [Column("second: pgsteal", "{g2} pgsteal", 0.15)]

SCENES = {
    "write-stream": Scene("writer", "96 MiB written once in order", WRITER, {"w": {}}, disk="slow"),
    "write-again": Scene("writer", "the same 15 MiB written eight times", [Task("w", "w", "file-write-seq --pages 3840 --touches 30720 --file {data}")],
                         {"w": {}}, disk="slow"),
    "write-zipf": Scene("writer", "96 MiB, zipf 4 KiB writes", [Task("w", "w", "file-zipf-pwrite --pages 24576 --touches 98304 --file {data}")],
                        {"w": {}}, disk="slow"),
    "write-fsync": Scene("writer", "32 MiB with an fsync after every MiB", [Task("w", "w", "file-write-fsync --pages 8192 --touches 8192 --file {data}")],
                         {"w": {}}, disk="slow"),
    "write-limit": Scene("writer", "96 MiB in a group of 16 MiB, thresholds of the machine out of the way", WRITER, {"w": {"memory.max": 16 * MIB}},
                         disk="slow", settings={"dirty_bytes": 256 * MIB, "dirty_background_bytes": 128 * MIB}),
    "tmpfs-swap": Scene("swap", "48 MiB of a file in memory, written and read twice, in a group of 32 MiB",
                        [Task("t", "t", "memfd-loop --pages 12288 --touches 24576")], {"t": {"memory.max": 32 * MIB}}, swaps=SWAP,
                        more=[Column("swap_ra", "vmstat swap_ra"), Column("swap_ra_hit", "vmstat swap_ra_hit")]),
    "mlock": Scene("swap", "16 of 64 MiB locked, the rest used at random, in a group of 48 MiB",
                   [Task("m", "m", "mlock-uniform --pages 16384 --touches 30000")], {"m": {"memory.max": 48 * MIB}}, swaps=SWAP,
                   more=UNEVICTABLE),
    "share-none": Scene("share", "two alike below one limit", two(), share(), swaps=SWAP, runtime_ms=10000),
    "share-low": Scene("share", "one protected by memory.low 28 MiB", two(), share(low=(28 * MIB, 0)), swaps=SWAP, runtime_ms=10000),
    "share-low-both": Scene("share", "memory.low 36 and 18 MiB of the parent's 40", two(),
                            share(low=(36 * MIB, 18 * MIB), parent={"memory.low": 40 * MIB}), swaps=SWAP, runtime_ms=10000),
    "share-min": Scene("share", "one protected by memory.min 32 MiB", two(), share(minimum=(32 * MIB, 0), parent={"memory.min": 32 * MIB}),
                       swaps=SWAP, runtime_ms=10000),
    "share-high": Scene("share", "one throttled at memory.high 20 MiB", two(), share(high=20 * MIB), swaps=SWAP, runtime_ms=10000),
    "share-file": Scene("share", "anonymous memory beside a reader of a large file", beside_reader(),
                        share(), swaps=SWAP, runtime_ms=10000,
                        more=READ_AGAIN),
    "share-file-low": Scene("share", "the same with the anonymous memory protected by memory.low 32 MiB",
                            beside_reader(), share(low=(32 * MIB, 0)),
                            swaps=SWAP, runtime_ms=10000,
                            more=READ_AGAIN),
    # The text of the program is charged to the group of the first: the second has nothing that could be reclaimed.
    "high-noswap": Scene("high", "36 MiB of anonymous memory over memory.high 32 MiB, no swap",
                         [Task("warm", "other", "anon-seq --pages 64 --touches 64"), Task("h", "h", "anon-seq --pages 9216 --touches 9216", start_ms=200)],
                         {"other": {}, "h": {"memory.high": 32 * MIB}}),
    "psi-swap": Scene("swap", "one program thrashes", [Task("a", "p", "anon-uniform --pages 9216 --touches 40000")], {"p": {"memory.max": 24 * MIB}},
                      swaps=SWAP),
    # Reclaim is faster than the swap area: it waits for its requests.
    "swap-far": Scene("swap", "one program thrashes on a swap area of 5 ms a request", [Task("a", "p", "anon-uniform --pages 9216 --touches 6000")],
                      {"p": {"memory.max": 24 * MIB}}, swaps={"far": (96, -1)}, differs=("max events", "memory some ms")),
    "swap-far-seq": Scene("swap", "loops over 36 MiB on the same area", [Task("a", "p", "anon-seq --pages 9216 --touches 18432")],
                          {"p": {"memory.max": 24 * MIB}}, swaps={"far": (96, -1)}, differs=("max events", "memory some ms")),
    "high-far": Scene("swap", "the same under memory.high", [Task("a", "p", "anon-seq --pages 9216 --touches 18432")],
                      {"p": {"memory.high": 24 * MIB}}, swaps={"far": (96, -1)}, more=[Column("high events", "{g} events high", 0.15, 10)]),
    "psi-swap-two": Scene("stall", "two thrash, a third only computes",
                          [Task("a", "p/ab", "anon-uniform --pages 6144 --touches 100000"), Task("b", "p/ab", "anon-uniform --pages 6144 --touches 100000 --seed 2"),
                           Task("c", "p/c", "anon-uniform --pages 256 --touches 1000000000", generator={"memory": MIB, "touch": "random"})],
                          {"p": {}, "p/ab": {"memory.max": 32 * MIB}, "p/c": {}}, swaps=SWAP, runtime_ms=5000,
                          more=[Column("both: io full ms", "{g1} io full ms", 0.15, MS), Column("both: memory full ms", "{g1} memory full ms", CPU_SHARE, MS)]),
    "psi-read": Scene("stall", "96 MiB of a file read once in order: io, not memory",
                      [Task("r", "r", "file-seq-read --pages 24576 --touches 24576 --file {data}")], {"r": {}}),
    "psi-refault": Scene("stall", "zipf reads of 48 MiB of a file in a group of 16 MiB",
                         [Task("r", "r", "file-zipf-pread --pages 12288 --touches 20000 --file {data}")], {"r": {"memory.max": 16 * MIB}}),
    "oom-group": Scene("oom", "five below one limit of 64 MiB; the last grows",
                       [Task("small", "g/x", "anon-hold --pages 2048 --touches 600"), Task("marked", "g/x", "anon-hold --pages 1024 --touches 600", adj=300),
                        Task("big", "g/y", "anon-hold --pages 5120 --touches 600"), Task("shielded", "g/y", "anon-hold --pages 6144 --touches 600", adj=-500),
                        Task("grower", "g/y", "anon-hold --pages 10240 --touches 100", start_ms=200)],
                       {"g": {"memory.max": 64 * MIB}, "g/x": {}, "g/y": {}}),
    "oom-whole": Scene("oom", "the same, and the group of the victim dies as a whole",
                       [Task("small", "g/x", "anon-hold --pages 2048 --touches 600"), Task("marked", "g/x", "anon-hold --pages 1024 --touches 600", adj=300),
                        Task("big", "g/y", "anon-hold --pages 5120 --touches 600"), Task("shielded", "g/y", "anon-hold --pages 6144 --touches 600", adj=-500),
                        Task("grower", "g/x", "anon-hold --pages 10240 --touches 100", start_ms=200)],
                       {"g": {"memory.max": 64 * MIB}, "g/x": {"memory.oom.group": 1}, "g/y": {}}),
    "zram": Scene("swap", "36 MiB of which half of each page compresses, in a group of 24 MiB",
                  [Task("a", "p", "anon-uniform --pages 9216 --touches 40000 --noise 2048")], {"p": {"memory.max": 24 * MIB}}, swaps={"zram0": (96, -1)}),
    "zram-held": Scene("held", "the same memory, kept", held("anon-hold --pages 9216 --noise 2048"), {"p": {"memory.max": 24 * MIB}}, swaps={"zram0": (96, -1)},
                       runtime_ms=1200,
                       more=[Column("orig_data_size", "zram orig", 0.03, BYTES), Column("mem_used_total", "zram used", 0.10, 0)]),
    "swap-priorities": Scene("held", "two swap areas, the first one full", held("anon-hold --pages 12288"), {"p": {"memory.max": 16 * MIB}},
                             swaps={"sb": (96, 5), "sa": (16, 10)}, runtime_ms=1200,
                             more=[*AREAS, *IN_SWAP_ALONE], differs=("second area KiB",)),
    "swap-equal": Scene("held", "two swap areas of one priority", held("anon-hold --pages 12288"), {"p": {"memory.max": 16 * MIB}},
                        swaps={"sb": (96, 5), "sa": (96, 5)}, runtime_ms=1200,
                        more=AREAS),
}


# The guest -------------------------------------------------------------------------------------------------------


def command_of(task, program, data):
    return [program, *task.command.format(data=data).split()]


def scene_job(name, scene):
    """The lines of the guest's job that play one scene."""
    lines = [f"begin_scene {name} {scene.disk}"]
    lines += [f"set_vm {key} {value}" for key, value in scene.settings.items()]
    for device, (mib, priority) in scene.swaps.items():
        lines.append(f"swap_on {device} {priority} {mib << 10}")
    for path, files in scene.groups.items():
        lines.append(" ".join(["group", path, *(f"{file}={value}" for file, value in files.items())]))
        if any(other.startswith(path + "/") for other in scene.groups):
            lines.append(f"has_children {path}")
    lines.append(f"play {scene.runtime_ms or PATIENCE_MS} {SAMPLE_MS} <<EOF")
    lines += [" ".join([t.name, t.group, str(t.start_ms), str(t.adj), *command_of(t, f"/mnt/{t.name}", "/mnt/data")]) for t in scene.tasks]
    return lines + ["EOF", "end_scene"]


def guest_job(names, repeats):
    task_names = sorted({t.name for scene in SCENES.values() for t in scene.tasks})
    lines = [f'TASK_NAMES="{" ".join(task_names)}"', f"FILE_PAGES={FILE_PAGES}"]
    lines += [reference.read_text(HERE / "guest-scenes.sh")]
    lines += [f"echo {value} >/proc/sys/vm/{key}" for key, value in SETTINGS.items()]
    for device, (latency, rate) in DEVICES.items():
        lines.append(f"device {device} {latency} {rate} {DEVICE_MIB}")
    lines += [f"file_system {disk}" for disk in DISKS] + ["rm /ext4.img.gz"]
    for repeat in range(repeats):
        lines.append(f"REPEAT={repeat}")
        for name in names:
            lines += scene_job(name, SCENES[name])
    return "\n".join(lines) + "\n"


# Reading what a machine left ---------------------------------------------------------------------------------------


def pairs(text):
    return {k: int(v) for k, v in (line.split() for line in text.splitlines())}


def pressure(text):
    """{some: us, full: us}"""
    return {line.split()[0]: int(line.rpartition("total=")[2]) for line in text.splitlines()}


def figures(tree, groups):
    """All figures of the text files of a machine ({path: text}), by name: "vmstat X", "GROUP X", "killed"."""
    out = {}
    before = pairs(tree.get("before/vmstat", ""))
    for key, value in pairs(tree["proc/vmstat"]).items():
        out["vmstat " + key] = value - before.get(key, 0) if not key.startswith("nr_") or key in ("nr_dirtied", "nr_written") else value
    for path in groups:
        for file in ("memory.stat", "memory.events", "memory.events.local", "memory.swap.events"):
            for key, value in pairs(tree.get(f"{GROUP_ROOT}{path}/{file}", "")).items():
                prefix = {"memory.stat": "", "memory.events": "events ", "memory.events.local": "local ", "memory.swap.events": "swap "}[file]
                out[f"{path} {prefix}{key}"] = value
        for file in ("memory.current", "memory.peak", "memory.swap.current"):
            if f"{GROUP_ROOT}{path}/{file}" in tree:
                out[f"{path} {file}"] = int(tree[f"{GROUP_ROOT}{path}/{file}"])
        for resource in ("memory", "io"):
            for kind, us in pressure(tree[f"{GROUP_ROOT}{path}/{resource}.pressure"]).items():
                out[f"{path} {resource} {kind} ms"] = us // 1000
    for line in tree["proc/swaps"].splitlines()[1:]:
        fields = line.split()
        out[f"swap {os.path.basename(fields[0])} KiB"] = int(fields[3])
    for path in ("mm_stat", "sys/block/zram0/mm_stat"):
        if path in tree:
            out.update(zip(("zram orig", "zram compr", "zram used"), map(int, tree[path].split())))
    out["killed"] = re.findall(r"Killed process \d+ \((\S+)\)", tree.get("dmesg", tree.get("var/log/dmesg", "")))
    return out


def stage_figures(text):
    out = {}
    for line in text.splitlines():
        words = line.split()
        if words[0] == "task" and words[2] == "ended":
            out[f"{words[1]} ms"] = int(words[3]) // 1_000_000
        elif words[0] == "peak":
            out[f"peak {words[1]}"] = int(words[2])
    return out


def measure(args):
    os.makedirs(args.work, exist_ok=True)
    names = args.names or list(SCENES)
    stage = guest.read(guest.compile_static(args.work, "stage"))
    extra = dict(guest.modules(args.kernel, ["configfs", "null_blk", "zsmalloc", "lzo-rle", "zram"]), stage=stage)
    files, command = guest.boot(args.work, args.kernel, guest_job(names, args.repeats), "1024", DEVICE_MIB << 10,
                                qemu_extra=("-icount", "shift=0,sleep=off"), extra=extra, timeout=3600)
    for path, data in files.items():
        target = pathlib.Path(args.work, "out", path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    cells = []
    if args.output.exists() and args.names:
        cells = [c for c in json.loads(args.output.read_text())["cells"] if c["scene"] not in names]
    for name in names:
        runs = []
        for repeat in range(args.repeats):
            top = f"{name}.{repeat}/"
            tree = {p.removeprefix(top): d.decode() for p, d in files.items() if p.startswith(top)}
            run = figures(tree, SCENES[name].groups)
            run.update(stage_figures(tree["stage"]))
            runs.append(run)
        if any(r["killed"] != runs[0]["killed"] for r in runs):
            raise SystemExit(f"guest: {name}: victims differ: {[r['killed'] for r in runs]}")
        killed = [r.pop("killed") for r in runs][0]
        values, spread = reference.median_and_spread(runs)
        cells.append({"scene": name, "killed": killed, "values": {k: v for k, v in values.items() if v}, "spread": spread})
    order = list(SCENES)
    cells.sort(key=lambda c: order.index(c["scene"]))
    reference.write_results(args.output, {
        "kernel": guest.find_kernel(args.kernel)[1], "kernel_version": files["version"].decode().strip(), "lru": "classic",
        "command": "tests/diff/scenes.py guest --kernel DIR", "machine": reference.machine_text(args, command), "repeats": args.repeats,
        "notes": ["one CPU, one instruction a nanosecond; a second process wakes every 500 us so that the emulated TLB is flushed",
                  "disks and swap: null_blk with memory, which waits by the guest's timer: " + ", ".join(
                      f"{n} {l // 1000} us" + (f" and {r} MiB/s" if r else "") for n, (l, r) in DEVICES.items()),
                  "values: median of the repeats, left out where zero; spread: largest minus smallest, left out where zero"],
        "cells": cells})


# Ours ----------------------------------------------------------------------------------------------------------------


def ini(head, keys):
    return "\n".join([f"[{head}]", *(f"{k} = {v}" for k, v in keys.items())]) + "\n\n"


def scenario(scene):
    """The scenario file of a scene; recordings lie beside it as NAME.hwt."""
    machine = {"ram": RAM, "cpus": 1, "thp": "never", "disk": scene.disk, "x.tlb_entries": compare.TLB_ENTRIES, "vm.overcommit_memory": 1, **COSTS}
    machine.update((f"vm.{k}", v) for k, v in {**SETTINGS, **scene.settings}.items())
    if scene.runtime_ms:
        machine["runtime"] = f"{scene.runtime_ms}ms"
    text = ini("machine", machine)
    for name, (latency, rate) in DEVICES.items():
        if name != scene.disk and name not in scene.swaps:
            continue
        device = {"profile": "nvme", "read_latency": f"{latency}ns", "write_latency": f"{latency}ns", "queue_depth": 64,
                  "read_rate": f"{rate or 8192}M/s", "write_rate": f"{rate or 8192}M/s"}
        if name in scene.swaps:
            device.update(swap=f"{scene.swaps[name][0]}M", priority=scene.swaps[name][1])
        text += ini(f"device {name}", device)
    if "zram0" in scene.swaps:
        text += ini("device zram0", {"profile": "zram", "swap": f"{scene.swaps['zram0'][0]}M", "ratio": ZRAM_RATIO})
    for path, files in scene.groups.items():
        text += ini(f"cgroup {path}", files)
    for task in scene.tasks:
        keys = {"cgroup": task.group, "start": f"{task.start_ms}ms", "oom_score_adj": task.adj}
        if task.generator and "file" in task.generator:
            text += ini(f"file {task.generator['file']}", {"size": "64M"})
        text += ini(f"task {task.name}", dict(keys, **(task.generator or {"trace": f"{task.name}.hwt"})))
    return text


class Comparison:
    def __init__(self, program, folder, results=RESULTS):
        self.program, self.folder = pathlib.Path(program).resolve(), pathlib.Path(folder)
        self.reference = {c["scene"]: c for c in json.loads(results.read_text())["cells"]}
        self.pattern, self.data = self.folder / "pattern", self.folder / "data"
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O2", "-static", "-o", self.pattern, HERE / "pattern.c"], check=True)
        subprocess.run([self.pattern, "make-file", "--pages", str(FILE_PAGES), "--file", self.data], check=True)

    def record(self, scene, folder):
        """Each program once, all of a scene at the same time. RuntimeError when it cannot be done here."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for result in [pool.submit(self.record_task, task, folder) for task in scene.tasks if not task.generator]:
                result.result()

    def record_task(self, task, folder):
        program = self.folder / task.name  # as in the guest: the task has this name, and all share one text
        if not program.exists():
            program.hardlink_to(self.pattern)
        command = command_of(task, program, self.data)
        trace = self.folder / (hashlib.sha256(" ".join(map(str, command)).encode()).hexdigest()[:16] + ".hwt")
        if not trace.exists():
            compare.record(self.program, trace, command)
        (folder / f"{task.name}.hwt").hardlink_to(trace)

    def ours(self, name):
        scene, folder = SCENES[name], self.folder / name.join(("scene-", ""))
        folder.mkdir()
        self.record(scene, folder)
        (folder / "scene.ini").write_text(scenario(scene))
        done = subprocess.run([self.program, "run", folder / "scene.ini", "--quiet", "--proc", folder / "tree", "--series", folder / "series.json",
                               "--every", f"{SAMPLE_MS}ms", "--format", "json"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name}: {done.stderr}")
        tree = {str(p.relative_to(folder / "tree")): p.read_text() for p in (folder / "tree").rglob("*") if p.is_file()}
        values = figures(tree, scene.groups)
        for task in json.loads(done.stdout)["tasks"]:
            if task["outcome"] != "running":
                values[f"{task['task']} ms"] = max(values.get(f"{task['task']} ms", 0), task["end_ns"] // 1_000_000)
        values.update(peaks(json.loads((folder / "series.json").read_text())))
        return values


def peaks(series):
    samples = [s["vmstat"] for s in series["samples"]]
    dirty, writeback = [s["nr_dirty"] for s in samples], [s["nr_writeback"] for s in samples]
    return {"peak dirty": max(dirty), "peak writeback": max(writeback), "peak pending": max(map(sum, zip(dirty, writeback)))}


# The comparison ------------------------------------------------------------------------------------------------------


def figure_of(values, name):
    """A figure that was counted, or the difference of two; what is zero is left out of the reference."""
    first, *rest = name.split(" - ")
    return values.get(first, 0) - sum(values.get(other, 0) for other in rest)


def columns(name):
    """(head, figure, relative, floor) of all that is asserted for a scene."""
    scene = SCENES[name]
    names = dict(zip(("g", "g1", "g2"), scene.groups), t=scene.tasks[0].name)
    return [dataclasses.replace(c, figure=c.figure.format(**names)) for c in KINDS[scene.kind] + scene.more]


def misses(name, reference_cell, ours):
    """The figures that are further off than they may be, as text."""
    wrong = []
    for c in (c for c in columns(name) if c.head not in SCENES[name].differs):
        theirs, spread = figure_of(reference_cell["values"], c.figure), reference_cell["spread"].get(c.figure, 0)
        allowed = c.relative * theirs + c.floor + spread
        counted = figure_of(ours, c.figure)
        if abs(counted - theirs) > allowed:
            wrong.append(f"{c.figure} {counted} instead of {theirs} +- {allowed:.0f}")
    if ours["killed"] != reference_cell["killed"]:
        wrong.append(f"killed {' '.join(ours['killed'])} instead of {' '.join(reference_cell['killed'])}")
    return wrong


def shown(column, ours, theirs):
    unit, divisor = ("", 1)
    if any(word in column.figure for word in ("memory.", "zram")):
        unit, divisor = " MiB", MIB
    text = f"{ours / divisor:.1f} / {theirs / divisor:.1f}{unit}" if unit else f"{ours} / {theirs}"
    return text if max(ours, theirs) <= column.floor else f"{text} {100.0 * (ours - theirs) / max(theirs, 1):+.1f} %"


def cells_shown(name, reference_cell, ours):
    return [(c.head, shown(c, figure_of(ours, c.figure), figure_of(reference_cell["values"], c.figure))) for c in columns(name)]


def show_tables(comparison, names):
    for kind, common in KINDS.items():
        rows = [n for n in names if SCENES[n].kind == kind]
        if not rows:
            continue
        heads = ["scene", *(c.head for c in common), "beside that"] + (["killed"] if kind == "oom" else [])
        if not any(SCENES[n].more for n in rows):
            heads.remove("beside that")
        print("\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
        for name in rows:
            ours, theirs = comparison.ours(name), comparison.reference[name]
            cells = cells_shown(name, theirs, ours)
            row = [name, *(text for _, text in cells[:len(common)])]
            if "beside that" in heads:
                row.append("; ".join(f"{head} {text}" for head, text in cells[len(common):]))
            if kind == "oom":
                row.append(f"{', '.join(ours['killed'])} / {', '.join(theirs['killed'])}")
            print("| " + " | ".join(row) + " |", flush=True)


def show_all(comparison, names):
    for name in names:
        ours, theirs = comparison.ours(name), comparison.reference[name]
        print(f"{name}: killed {ours.pop('killed')} / {theirs['killed']}")
        for key in dict.fromkeys([*theirs["values"], *ours]):
            a, b = ours.get(key, 0), theirs["values"].get(key, 0)
            spread = theirs["spread"].get(key, 0)
            print(f"  {key:40}{a:>14}{b:>14}{100 * (a - b) / max(b, 1):+10.1f} %" + (f"  ~{spread}" if spread else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="guest, to measure the reference; or only these scenes")
    parser.add_argument("--kernel", help="guest: unpacked linux-image-6.1.*-cloud-amd64 package")
    parser.add_argument("--all", action="store_true", help="every figure, not only what is asserted")
    parser.add_argument("-o", "--output", "--reference", type=pathlib.Path, default=RESULTS)
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "hwref-work"))
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_intermixed_args()
    if args.names[:1] == ["guest"]:
        args.names = args.names[1:]
        if not args.kernel:
            parser.error("guest: --kernel is needed")
        measure(args)
        return
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater"), folder, args.output)
        (show_all if args.all else show_tables)(comparison, args.names or list(SCENES))


if __name__ == "__main__":
    sys.exit(main())
