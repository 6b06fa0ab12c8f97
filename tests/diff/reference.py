#!/usr/bin/env python3
"""reference.py - measure a real kernel on the patterns of pattern.c, as the reference for highwater's own counts.

  reference.py guest    --kernel DIR [--lru mglru] [--read-stat] [--fresh SEED] [-o FILE]
                                                 a Debian cloud kernel in qemu (cgroup v2, RAM-disk swap and files)
  reference.py host     [-o FILE]                this machine's cgroup v1 with a zram device of our own; needs root
  reference.py fixtures --kernel DIR [-o DIR]    the guest's own /proc, /sys, cgroup and OOM texts, byte for byte
  reference.py show     FILE...                  a results file as a table

README.md says what to install and how noisy the cells are.
"""
import argparse
import datetime
import json
import os
import random
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import guest

HERE = guest.HERE
PAGE = 4096
FRACTIONS = (200, 75, 50, 30)  # percent of the footprint; 200: nothing is reclaimed, the baseline
# Beside the defaults: each is a pattern again with one setting changed.
VARIANTS = (("fork-cow", {"page_cluster": 0}), ("mmap-zipf", {"readahead_kb": 16}))
# What only scenes.py runs.
SCENES_ONLY = ("file-write-fsync", "file-zipf-pwrite", "memfd-loop", "mlock-uniform", "anon-hold")
# What --fresh draws from; "oom" is one of the anonymous ones with too little swap.
MADE = ("made-loop", "made-zipf", "made-scan", "made-mixture", "made-mmap", "made-fork", "oom")
DEFAULTS = {"pages": 16384, "seed": 1, "readahead_kb": 128, "page_cluster": 3}
SWAP_BYTES = 192 << 20
GUEST_MEMORY = "1024"

# Read from the group's memory.stat after the program's exit; a fresh group, so these are differences.
GROUP_EVENTS = ("pgfault pgmajfault "
                "workingset_refault_anon workingset_refault_file workingset_activate_anon workingset_activate_file "
                "workingset_restore_anon workingset_restore_file workingset_nodereclaim "
                "pgscan pgscan_direct pgsteal pgsteal_direct pgactivate pgdeactivate pgrefill").split()
GROUP_LEFT = "file inactive_file active_file slab_reclaimable".split()
# Differences of /proc/vmstat over the run; nothing else runs in the guest.
MACHINE_EVENTS = "pswpin pswpout swap_ra swap_ra_hit".split()


def patterns(program, pages):
    """{name: {anon_pages, file_pages, touches}} as the program itself says."""
    lines = subprocess.run([program, "--list", "--pages", str(pages)], check=True, capture_output=True, text=True)
    table = {}
    for line in lines.stdout.splitlines()[1:]:
        name, anon, file, touches, _ = line.split("\t")
        table[name] = {"anon_pages": int(anon), "file_pages": int(file), "touches": int(touches)}
    return table


def plan(args, table):
    """The cells to measure, without values."""
    cells = []
    wanted = [(name, {}) for name in table if name not in SCENES_ONLY + MADE] + list(VARIANTS)
    for name, changed in wanted:
        if args.patterns and name not in args.patterns:
            continue
        for fraction in args.fractions or (FRACTIONS[1:] if changed else FRACTIONS):
            settings = dict(DEFAULTS, **changed)
            limit = settings["pages"] * PAGE * fraction // 100 // PAGE * PAGE
            cells.append({"pattern": name, "fraction": fraction / 100, "pages": settings["pages"],
                          "touches": table[name]["touches"], "seed": settings["seed"], "limit_bytes": limit,
                          "swap_bytes": SWAP_BYTES, "file_bytes": table[name]["file_pages"] * PAGE,
                          "readahead_kb": settings["readahead_kb"], "page_cluster": settings["page_cluster"]})
    return cells


def fresh_plan(seed, count, program):
    """Cells that nobody has seen: patterns, sizes, touches and limits are the seed's."""
    rng = random.Random(seed)
    cells = []
    for number in range(count):
        kind = MADE[number % len(MADE)]
        name = rng.choice(MADE[:3]) if kind == "oom" else kind
        pages = rng.randrange(6144, DEFAULTS["pages"] + 1) // 16 * 16
        row = patterns(program, pages)[name]
        fraction = round(rng.uniform(0.25, 0.9), 3)
        cell = {"pattern": name, "fraction": fraction, "pages": pages, "touches": int(row["touches"] * rng.uniform(0.4, 1)),
                "seed": rng.randrange(1 << 32), "limit_bytes": int(pages * fraction) * PAGE, "swap_bytes": SWAP_BYTES,
                "file_bytes": row["file_pages"] * PAGE, "readahead_kb": 128, "page_cluster": rng.choice((3, 3, 0))}
        if kind == "oom":  # about one in four has just enough
            cell["swap_max_bytes"] = int(pages * (1 - fraction) * rng.uniform(0.2, 1.25)) * PAGE
        cells.append(cell)
    return cells


def median_and_spread(runs):
    """Per counter: the median, and largest minus smallest where the runs differ."""
    values, spread = {}, {}
    for name in runs[0]:
        seen = [run[name] for run in runs]
        values[name] = int(statistics.median_low(seen))
        if max(seen) != min(seen):
            spread[name] = max(seen) - min(seen)
    return values, spread


# The guest -------------------------------------------------------------------------------------------------------


STAT_FILE = "/sys/fs/cgroup/run/cpu.stat"


def guest_job(cells, repeats, lru, read_stat):
    lines = ["PAGES=%d" % DEFAULTS["pages"], "READ=%s" % (STAT_FILE if read_stat else ""),
             "echo %s >/sys/kernel/mm/lru_gen/enabled" % ("y" if lru == "mglru" else "n")]
    lines += [read_text(os.path.join(HERE, script)) for script in ("guest-common.sh", "guest-cells.sh")]
    for _ in range(repeats):
        for number, cell in enumerate(cells):
            lines.append("cell %d %d %d %s %d %d %d %d %s" % (
                number, cell["readahead_kb"], cell["page_cluster"], cell["pattern"], cell["limit_bytes"],
                cell["seed"], cell["touches"], cell["pages"], cell.get("swap_max_bytes", "max")))
    return "\n".join(lines) + "\n"


def guest_values(block):
    """One run's block of "name value" lines: (label, values, all lines as a dictionary)."""
    d = dict(line.split(" ", 1) for line in block.splitlines())
    values = {name: int(d.get(name, 0)) for name in GROUP_EVENTS[:2]}
    for name in MACHINE_EVENTS[:2]:
        values[name] = int(d.get("vmstat." + name, 0))
    values.update((name, int(d[name])) for name in GROUP_EVENTS[2:] if name in d)
    values.update((name, int(d.get("vmstat." + name, 0))) for name in MACHINE_EVENTS[2:])
    values["memory_peak"] = int(d["peak"])
    values["oom_kill"] = int(d["events.oom_kill"])
    values["max_events"] = int(d["events.max"])
    values.update(("left_" + name, int(d[name])) for name in GROUP_LEFT)
    return d["cell"], values, d


def guest_reference(release, lru, read_stat, kind="reference"):
    """The file that the results are kept in: reference-6.12-mglru.json."""
    return "%s-%s%s%s.json" % (kind, ".".join(release.split(".")[:2]), "-mglru" if lru == "mglru" else "",
                               "-read" if read_stat else "")


def words_of(args):
    """The options that change what is measured."""
    words = ["--lru mglru"] if args.lru == "mglru" else []
    words += ["--read-stat"] if args.read_stat else []
    words += ["--fresh %d --count %d" % (args.fresh, args.count)] if args.fresh is not None else []
    words += ["--repeats %d" % args.repeats] if args.repeats != 3 else []
    words += ["--patterns " + " ".join(args.patterns)] if args.patterns else []
    return words + (["--fractions " + " ".join(map(str, args.fractions))] if args.fractions else [])


def machine_text(args, command):
    """The qemu command line without the folders of this machine."""
    return " ".join(shlex.quote(os.path.basename(word) if word.startswith(args.work) or "/boot/" in word
                                else word.replace(args.work + "/", "")) for word in command)


def measure_guest(args):
    os.makedirs(args.work, exist_ok=True)
    program = guest.compile_static(args.work, "pattern")
    fresh = args.fresh is not None
    cells = fresh_plan(args.fresh, args.count, program) if fresh else plan(args, patterns(program, DEFAULTS["pages"]))
    files, command = guest.boot(args.work, args.kernel, guest_job(cells, args.repeats, args.lru, args.read_stat),
                                GUEST_MEMORY, SWAP_BYTES >> 10, timeout=7200)
    runs = [[] for _ in cells]
    lines = [set() for _ in cells]
    for block in files["cells"].decode().split("end\n"):
        if block:
            label, values, d = guest_values(block)
            number = int(label.split()[0])
            runs[number].append(values)
            lines[number].add(d.get("line", ""))
    for cell, values, line in zip(cells, runs, lines):
        if len(values) != args.repeats or len(line) != 1:
            raise SystemExit("guest: %s %s: %d runs, lines %s" % (cell["pattern"], cell["fraction"], len(values), line))
        cell["swap_device"] = "ram"
        cell["checksum"] = line.pop().rpartition("sum=")[2]
        cell["values"], cell["spread"] = median_and_spread(values)
    release = guest.find_kernel(args.kernel)[1]
    kind = "fresh" if fresh else "reference"
    write_results(args.output or os.path.join(HERE, guest_reference(release, args.lru, args.read_stat, kind)), {
        **({"seed": args.fresh} if fresh else {}),
        "kernel": release,
        "kernel_version": files["version"].decode().strip(),
        "lru": args.lru,
        "date": datetime.date.today().isoformat(),
        "command": " ".join(["tests/diff/reference.py guest --kernel DIR"] + words_of(args)),
        "machine": machine_text(args, command),
        "repeats": args.repeats,
        "notes": ["one CPU; a second process wakes every 500 us so that the emulated TLB is flushed"
                  + (", and reads the group's cpu.stat, which brings its statistics up to date" if args.read_stat else ""),
                  "swap: brd; file and program: ext4 on brd, not cached at the start, program text charged to the group",
                  "values: median of the repeats; spread: largest minus smallest, left out where zero",
                  "left_*: memory.stat of the group after the program's exit"],
        "cells": cells})


# The host --------------------------------------------------------------------------------------------------------

GROUP_V1 = "/sys/fs/cgroup/memory/hwref"


def read_text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def write_text(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


class HostDevices:
    """Two zram devices of our own, one for swap and one for an ext4 file system; gone at exit from the with block."""

    def __init__(self, work):
        self.mount_point = os.path.join(work, "mnt")
        self.numbers = []

    def __enter__(self):
        try:
            os.makedirs(self.mount_point, exist_ok=True)
            for _ in range(2):
                number = int(read_text("/sys/class/zram-control/hot_add"))
                self.numbers.append(number)
                write_text("/sys/block/zram%d/disksize" % number, str(SWAP_BYTES))
            self.swap, self.disk = ("/dev/zram%d" % n for n in self.numbers)
            self.swap_stat = "/sys/block/zram%d/stat" % self.numbers[0]
            self.readahead = "/sys/block/zram%d/queue/read_ahead_kb" % self.numbers[1]
            run_quiet("mkswap", "-L", "hwref", self.swap)
            run_quiet("swapon", "-p", "32000", self.swap)
            run_quiet("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-m", "0", "-L", "hwref",
                      "-E", "lazy_itable_init=0,lazy_journal_init=0", self.disk)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.mount_point], stderr=subprocess.DEVNULL, check=False)
        if self.numbers:
            subprocess.run(["swapoff", "/dev/zram%d" % self.numbers[0]], stderr=subprocess.DEVNULL, check=False)
        for number in self.numbers:
            write_text("/sys/block/zram%d/reset" % number, "1")
            write_text("/sys/class/zram-control/hot_remove", str(number))
        self.numbers = []

    def mount(self):
        run_quiet("mount", "-t", "ext4", self.disk, self.mount_point)

    def umount(self):
        run_quiet("umount", self.mount_point)

    def swapped(self):
        """Pages read from and written to the swap device since it exists."""
        fields = read_text(self.swap_stat).split()
        return int(fields[2]) * 512 // PAGE, int(fields[6]) * 512 // PAGE


def run_quiet(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def host_cell(devices, cell, cpu):
    write_text(devices.readahead, str(cell["readahead_kb"]))
    devices.mount()
    os.mkdir(GROUP_V1)
    try:
        write_text(GROUP_V1 + "/memory.limit_in_bytes", str(cell["limit_bytes"]))
        file = "scratch" if "dirty" in cell["pattern"] or "write" in cell["pattern"] else "data"
        was_read, was_written = devices.swapped()
        done = subprocess.run(
            ["sh", "-c", "echo $$ >%s/cgroup.procs; exec \"$@\"" % GROUP_V1, "sh", "taskset", "-c", str(cpu),
             devices.mount_point + "/pattern", cell["pattern"], "--pages", str(cell["pages"]),
             "--touches", str(cell["touches"]), "--seed", str(cell["seed"]),
             "--file", os.path.join(devices.mount_point, file)], capture_output=True, text=True, check=False)
        is_read, is_written = devices.swapped()
        time.sleep(2.5)  # the kernel flushes its counters every two seconds
        stat = dict(line.split() for line in read_text(GROUP_V1 + "/memory.stat").splitlines())
        control = dict(line.split() for line in read_text(GROUP_V1 + "/memory.oom_control").splitlines())
        values = {"pgfault": int(stat["pgfault"]), "pgmajfault": int(stat["pgmajfault"]),
                  "pswpin": is_read - was_read, "pswpout": is_written - was_written,
                  "workingset_refault_anon": int(stat["workingset_refault_anon"]),
                  "workingset_refault_file": int(stat["workingset_refault_file"]),
                  "memory_peak": int(read_text(GROUP_V1 + "/memory.max_usage_in_bytes")),
                  "oom_kill": int(control["oom_kill"]),
                  "max_events": int(read_text(GROUP_V1 + "/memory.failcnt")),
                  "left_file": int(stat["cache"]), "left_inactive_file": int(stat["inactive_file"]),
                  "left_active_file": int(stat["active_file"])}
    finally:
        devices.umount()
        os.rmdir(GROUP_V1)
    return values, done.stdout.strip()


def measure_host(args):
    os.makedirs(args.work, exist_ok=True)
    program = guest.compile_static(args.work, "pattern")
    # The machine is shared: its own page-cluster stays as it is, cells that want another one are left out.
    page_cluster = int(read_text("/proc/sys/vm/page-cluster"))
    cells = [c for c in plan(args, patterns(program, DEFAULTS["pages"])) if c["page_cluster"] == page_cluster]
    runs = [[] for _ in cells]
    with HostDevices(args.work) as devices:
        devices.mount()
        shutil.copy(program, devices.mount_point)
        for name in ("data", "scratch"):
            run_quiet(program, "make-file", "--pages", str(DEFAULTS["pages"]),
                      "--file", os.path.join(devices.mount_point, name))
        devices.umount()
        for _ in range(args.repeats):
            for number, cell in enumerate(cells):
                values, line = host_cell(devices, cell, args.cpu)
                runs[number].append(values)
                cell.setdefault("checksum", line.rpartition("sum=")[2])
                print(cell["pattern"], cell["fraction"], values, file=sys.stderr)
    for cell, values in zip(cells, runs):
        cell["swap_device"] = "zram"
        cell["values"], cell["spread"] = median_and_spread(values)
    write_results(args.output, {
        "kernel": os.uname().release,
        "lru": "classic",
        "command": "tests/diff/reference.py host",
        "machine": "cgroup v1 memory group of its own, program pinned to one CPU, neighbours on the machine",
        "repeats": args.repeats,
        "notes": ["swap and files: two zram devices; file and program: ext4, not cached at the start",
                  "v1 has no counts of scanning and activation per group",
                  "values: median of the repeats; spread: largest minus smallest, left out where zero"],
        "cells": cells})


# Fixtures --------------------------------------------------------------------------------------------------------


# Folder of fixtures-6.1, script, memory, lines before it, nodes in MiB, further kernel parameters.
FIXTURES = (("384M", "guest-fixtures.sh", "384", "", None, ""),
            ("6G", "guest-fixtures.sh", "6G", "ONLY_BOOT=yes\n", None, ""),
            ("huge", "guest-fixtures-huge.sh", "640", "", None, "transparent_hugepage=always"),
            ("2nodes", "guest-fixtures-nodes.sh", "512", "LAST=1 KILLS=yes\n", (256, 256), "transparent_hugepage=madvise"),
            ("4nodes", "guest-fixtures-nodes.sh", "768", "LAST=3 KILLS=no\n", (256, 128, 256, (128, 0)), "transparent_hugepage=madvise"))
DISTANCES = {"4nodes": ((0, 1, 15), (0, 2, 20), (0, 3, 25), (1, 2, 20), (1, 3, 30), (2, 3, 17))}


def capture_fixtures(args):
    os.makedirs(args.work, exist_ok=True)
    for name, script, memory, first, nodes, append in FIXTURES:
        if args.only and name not in args.only:
            continue
        job = first + "".join(read_text(os.path.join(HERE, part)) for part in ("guest-copy.sh", script))
        extra = {}
        if script != "guest-fixtures.sh":
            extra = {"steps": guest.read(guest.compile_static(args.work, "steps")),
                     "order.ko": guest.read(guest.compile_module(args.work, args.kernel, "order"))}
        files, _ = guest.boot(args.work, args.kernel, job, memory, 65536, timeout=1200, append_extra=append, extra=extra,
                              cpus=sum(1 for n in nodes if not isinstance(n, tuple)) if nodes else 1,
                              qemu_extra=guest.nodes(nodes, DISTANCES.get(name, ())) if nodes else ())
        write_text(os.path.join(args.work, name + ".log"), files.pop("log").decode())
        shutil.rmtree(os.path.join(args.output, name), ignore_errors=True)
        for path, data in files.items():
            path = os.path.join(args.output, name, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)


# Results ---------------------------------------------------------------------------------------------------------


def write_results(path, results):
    """JSON with one line for each cell's parameters, values and spread: small, and a change shows in a diff."""
    cells = results.pop("cells")
    head = json.dumps(results, indent=1).rstrip("}\n ")
    rows = []
    for cell in cells:
        values, spread = cell.pop("values"), cell.pop("spread")
        rows.append("  %s,\n   \"values\": %s,\n   \"spread\": %s}" % (
            json.dumps(cell)[:-1], json.dumps(values), json.dumps(spread)))
    with open(path, "w", encoding="utf-8") as f:
        f.write(head + ",\n \"cells\": [\n" + ",\n".join(rows) + "\n ]\n}\n")


def show(args):
    columns = ("pgfault pgmajfault pswpin pswpout workingset_refault_anon workingset_refault_file "
               "workingset_activate_anon workingset_activate_file pgscan pgsteal pgactivate pgdeactivate oom_kill").split()
    short = [c.replace("workingset_", "").replace("_anon", "_a").replace("_file", "_f") for c in columns]
    for path in args.files:
        with open(path, encoding="utf-8") as f:
            results = json.load(f)
        print("%s  kernel %s  (value~spread where repeats differ)" % (path, results["kernel"]))
        print("%-24s %4s " % ("pattern", "%") + " ".join("%13s" % s for s in short))
        for cell in results["cells"]:
            name = cell["pattern"]
            name += "" if cell["readahead_kb"] == DEFAULTS["readahead_kb"] else " ra=%d" % cell["readahead_kb"]
            name += "" if cell["page_cluster"] == DEFAULTS["page_cluster"] else " pc=%d" % cell["page_cluster"]
            row = []
            for c in columns:
                if c not in cell["values"]:
                    row.append("-")
                else:
                    row.append(str(cell["values"][c]) + ("~%d" % cell["spread"][c] if c in cell["spread"] else ""))
            print("%-24s %4.0f " % (name, 100 * cell["fraction"]) + " ".join("%13s" % v for v in row))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, run, output in (("guest", measure_guest, None),
                              ("host", measure_host, "reference-6.18.json"),
                              ("fixtures", capture_fixtures, "fixtures-6.1")):
        p = verbs.add_parser(verb)
        p.set_defaults(run=run)
        if verb == "guest":
            p.add_argument("--lru", choices=("classic", "mglru"), default="classic")
            p.add_argument("--fresh", type=int, metavar="SEED", help="cells of this seed in place of the patterns: nobody tuned on them")
            p.add_argument("--count", type=int, default=28, help="how many cells --fresh makes (28)")
            p.add_argument("--read-stat", action="store_true", help="read the group's cpu.stat every 500 us beside the program")
        if verb != "host":
            p.add_argument("--kernel", required=True, help="unpacked linux-image-*-cloud-amd64 package")
        p.add_argument("-o", "--output", default=output and os.path.join(HERE, output),
                       help="else named by the kernel, as reference-6.12-mglru.json" if verb == "guest" else None)
        p.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "hwref-work"))
        if verb == "host":
            p.add_argument("--cpu", type=int, default=1, help="the CPU the program is pinned to")
        if verb == "fixtures":
            p.add_argument("--only", nargs="+", metavar="FOLDER", help="only these")
        else:
            p.add_argument("--repeats", type=int, default=3)
            p.add_argument("--patterns", nargs="+", metavar="NAME", help="only these")
            p.add_argument("--fractions", nargs="+", type=int, metavar="PERCENT", help="limits, in percent of the footprint")
    p = verbs.add_parser("show")
    p.set_defaults(run=show)
    p.add_argument("files", nargs="+")
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    sys.exit(main())
