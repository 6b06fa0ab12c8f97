"""steps.py - programs of steps.c in the guest and in our machine: measures a table of cells, replays it, compares. Used by thp.py, pools.py, nodes.py.

A cell says which steps one program does, on which settings of the machine and under which limit. Wherever the program says "at LABEL" it is looked at: in
the guest the kernel's files are copied, in our replay --to LABEL --proc writes them; one function reads both. At a label something may be done
to the machine, too.
"""
import argparse
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import time

import compare
import guest
import reference
import steps_trace

HERE = pathlib.Path(guest.HERE)
MIB, PAGE = 1 << 20, 4096
ACT_NAP = 2.0  # seconds that a program waits at each label of a cell in which something is done to the machine meanwhile
GROUP = "sys/fs/cgroup/app/"
CGROUP = "/" + GROUP
THP = "/sys/kernel/mm/transparent_hugepage/"

# Figures of a moment that count events are named as in Linux's files; those that are a state carry their unit there.
SMAPS = ("Rss", "AnonHugePages", "Shared_Hugetlb", "Private_Hugetlb", "Swap")


@dataclasses.dataclass
class Cell:
    steps: str  # of steps.c; "at:LABEL" is a moment at which figures are taken
    settings: dict = dataclasses.field(default_factory=dict)  # tunables by our names: vm.X, transparent_hugepage/X, khugepaged/X
    limit: object = "max"  # memory.max
    swap: int = 0  # MiB
    act: dict = dataclasses.field(default_factory=dict)  # label: shell text for the guest
    nap: float = 0.0  # seconds that the recording waits at each label, where something else has to happen meanwhile
    slack: dict = dataclasses.field(default_factory=dict)  # {figure, as a regular expression: how much more it may be off}
    written: bool = False  # by steps_trace.py, since this host's kernel answers a call otherwise
    only: str = ""  # figures that are asserted, as a regular expression; all of the table's otherwise
    differs: str = ""  # figures that are shown and not asserted; docs/fidelity.md says why
    full: str = ""  # nodes that overflow
    first: str = ""  # those of them that pages are wanted on before any other
    heavy: bool = False  # its replays take half a minute: only the heavy test has it
    own: int = 0  # MiB that the guest's kernel and its files in RAM have below all that the program allocates: ours locks as much first
    alone: bool = False  # each run has a boot of its own: what the cells before it leave of hints and deferred work decides


@dataclasses.dataclass
class Table:
    name: str
    cells: dict
    results: pathlib.Path
    keep: str  # which figures are stored, as a regular expression
    asserted: list  # (regular expression, relative tolerance, floor)
    ranged: str = "^$"  # figures of cells in a boot of their own of which each run is kept: ours must lie between the smallest and the largest
    settings: dict = dataclasses.field(default_factory=dict)  # of all cells
    memory: str = "1024"
    ram_disk: int = 192  # MiB, at most used by swap
    append: str = ""
    files: str = ""  # further files that the guest keeps
    nodes: tuple = ()
    distances: tuple = ()
    module: bool = False
    written: bool = False  # the recording is written by steps_trace.py: this host has neither the pools nor the nodes
    baseline: str = ""  # cell that does nothing: its faults and peak are the program's own
    machine: object = lambda cell: ["--cpus", "1"]  # options of our machine for a cell; None where it cannot be played yet
    notes: tuple = ()
    canaries: dict = dataclasses.field(default_factory=dict)  # {cell: its steps without its policy}, which the comparison has to tell from the cell
    columns: tuple = ()  # (head, figure, divisor) of the table in docs/fidelity.md


def labels(cell):
    return [word.partition(":")[2] for word in cell.steps.split() if word.startswith("at:")]


def path_of(tunable):
    """The file of a tunable, or the file itself."""
    for prefix, folder in (("vm.", "/proc/sys/vm/"), ("kernel.", "/proc/sys/kernel/"), ("transparent_hugepage/", THP), ("khugepaged/", THP + "khugepaged/")):
        if tunable.startswith(prefix):
            return folder + tunable.removeprefix(prefix)
    return tunable


# Reading what a machine left ---------------------------------------------------------------------------------------


def pairs(text):
    """{name: number} of lines "name number ..." or "name: number kB"."""
    out = {}
    for line in text.splitlines():
        words = line.replace(":", " ").split()
        if len(words) >= 2 and words[1].lstrip("-").isdigit():
            out[words[0]] = int(words[1])
    return out


def numa_stat(text):
    """{"KIND Ni": bytes} of lines "KIND N0=BYTES N1=BYTES"."""
    return {f"{line.split()[0]} {node}": int(value) for line in text.splitlines() for node, value in re.findall(r" (N\d+)=(\d+)", line)}


def moment(tree, before):
    """The figures of one moment of {path: text}: {name: number}."""
    out = {}
    for key, value in pairs(tree.get("proc/vmstat", "")).items():
        out["vmstat " + key] = value if key.startswith("nr_") else value - before.get(key, 0)
    out.update(("meminfo " + key, value) for key, value in pairs(tree.get("proc/meminfo", "")).items())
    first = min((int(path.split("/")[1]) for path in tree if re.fullmatch(r"proc/\d+/smaps_rollup", path)), default=0)  # the parent
    for path, text in tree.items():
        name = path.rpartition("/")[2]
        if path.startswith(GROUP):
            if name in ("memory.stat", "memory.events"):
                out.update((f"{name.removeprefix('memory.')} {key}", value) for key, value in pairs(text).items())
            elif name == "memory.numa_stat":
                out.update((f"numa_stat {key}", value) for key, value in numa_stat(text).items())
            elif text.strip().isdigit():
                out[name] = int(text)
        elif path == "proc/order":
            kept, given, asked = re.findall(r"\d+", text)
            out.update({"order kept": int(kept), "order given": int(given), "order asked": int(asked)})
        elif path == f"proc/{first}/smaps_rollup":
            out.update((f"smaps {key}", value) for key, value in pairs(text).items() if key in SMAPS)
        elif "/node/node" in path and name in ("numastat", "meminfo", "vmstat"):
            node = path.split("/")[-2]
            for line in text.splitlines():
                words = line.replace(":", "").split()
                words = words[2:] if name == "meminfo" else words
                out[f"{node} {words[0]}"] = int(words[1])
    return out


def figures(folders, cell, keep):
    """folders: {label or "end": {path: text}}. Returns {"LABEL NAME": number}, those of the end without label; only what keep asks for."""
    before = pairs(folders.get("before", {}).get("vmstat", ""))
    before_nodes = {k: v for k, v in moment(folders.get("before", {}), {}).items() if k.startswith("node")}
    wanted, out = re.compile(keep), {}
    for label in [*(["before"] if before_nodes else []), *dict.fromkeys(labels(cell)), "end"]:
        for name, value in moment(folders.get(label, {}), before).items():
            if wanted.search(name) and (not name.startswith("order ") or any("/proc/order" in text for text in cell.act.values())):
                if label != "before" and re.match(r"node\d+ (numa_|local_|other_|interleave_)", name):
                    value -= before_nodes.get(name, 0)
                out[name if label == "end" else f"{label} {name}"] = value
        if cell.full and label in folders and label not in ("before", "end"):
            out.update((f"{label} room {key}", value) for key, value in room(out, label, cell).items())
    return out


def room(out, label, cell):
    """What of the memory that was free at the start a program did not get of nodes that overflow; and all of that where pages are wanted, with what went elsewhere."""
    free = {n: 1024 * out[f"before node{n} MemFree"] for n in cell.full}
    return {**{f"N{n}": free[n] - out.get(f"{label} numa_stat anon N{n}", 0) for n in cell.full},
            "elsewhere": sum(free[n] for n in cell.first) + PAGE * out.get(f"{label} vmstat numa_miss", 0)}


def outcome_of(lines, status, log):
    """What the program said, less its checksum and what only a machine with those nodes can answer, how it ended, and who was killed."""
    said = [line for line in lines if not line.startswith(("sum ", "at ", "where ", "move ", "migrate "))]
    killed = re.findall(r"constraint=(\w+)|Killed process \d+ \((\S+)\)", log)
    return said + [f"status {status}"] + [a or b for a, b in killed]


def maps(folders, cell):
    """{label: lines of numa_maps of the program, less their addresses}: of memory that it mapped and that is there."""
    out = {}
    for label in dict.fromkeys(labels(cell)):
        of = {int(path.split("/")[1]): text for path, text in folders.get(label, {}).items() if re.fullmatch(r"proc/\d+/numa_maps", path)}
        lines = [line.partition(" ") for line in of[min(of)].splitlines()] if of else []
        if lines:
            out[label] = [rest for address, _, rest in lines if int(address, 16) >> 32 and re.search(r" N\d+=", rest) and " stack " not in rest]
    return out


# The guest -----------------------------------------------------------------------------------------------------------


def cell_job(name, cell):
    lines = [f"begin_cell {name}"]
    lines += [f"set_file {path_of(key)} {value}" for key, value in cell.settings.items()]
    if cell.swap:
        lines.append(f"mkswap /dev/ram0 {cell.swap << 10} >/dev/null; swapon /dev/ram0")
    lines.append(f"echo {cell.limit} >$GROUP/memory.max")
    lines += [f"at {label} {shlex.quote(text)}" for label, text in cell.act.items()]
    lines += [f"play {' '.join(map(shlex.quote, cell.steps.split()))}"]
    if cell.swap:
        lines.append("swapoff /dev/ram0")
    return lines + ["end_cell"]


def guest_job(table, names, repeats):
    lines = [f'KEEP="{table.files}"', reference.read_text(HERE / "guest-steps.sh")]
    lines += [f"echo {value} >{path_of(key)}" for key, value in table.settings.items()] + ["sleep 1"]
    for repeat in repeats:
        lines.append(f"REPEAT={repeat}")
        for name in names:
            lines += cell_job(name, table.cells[name])
    return "\n".join(lines) + "\n"


def read_run(files, top, cell, keep):
    """(figures, outcome, lines of numa_maps) of the files below one run's folder."""
    folders = {}
    for path, data in files.items():
        if path.startswith(top):
            folder, _, rest = path.removeprefix(top).partition("/")
            folders.setdefault(folder, {})[rest] = data.decode(errors="replace")
    text = {name: folders[name][""] for name in ("lines", "status", "dmesg") if name in folders}
    return figures(folders, cell, keep), outcome_of(text.get("lines", "").splitlines(), int(text["status"]), text.get("dmesg", "")), maps(folders, cell)


def measure(table, args, names):
    os.makedirs(args.work, exist_ok=True)
    extra = {"steps": guest.read(guest.compile_static(args.work, "steps"))}
    if table.module and any("/proc/order" in act for name in names for act in table.cells[name].act.values()):
        extra["order.ko"] = guest.read(guest.compile_module(args.work, args.kernel, "order"))
    files, numbers = {}, range(args.repeats)
    shared = [name for name in names if not table.cells[name].alone]
    boots = [(shared, repeats) for repeats in ([[n] for n in numbers] if args.boots else [numbers]) if shared]
    boots += [([name], [n]) for name in names if table.cells[name].alone for n in numbers]
    for cells, repeats in boots:
        result, command = boot(table, args, guest_job(table, cells, repeats), extra)
        files.update(result)
    for path, data in files.items():
        target = pathlib.Path(args.work, "out", path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    print(files["log"].decode(), end="")
    store(table, args, names, files, command)


def boot(table, args, job, extra):
    return guest.boot(args.work, args.kernel, job, table.memory, table.ram_disk << 10, extra=extra, timeout=3000, fs_kib=8192, packed=True,
                                append_extra=table.append, qemu_extra=guest.nodes(table.nodes, table.distances) if table.nodes else (),
                                cpus=sum(1 for n in table.nodes if not isinstance(n, tuple)) or 1)


def store(table, args, names, files, command):
    cells, repeats = [], args.repeats
    if table.results.exists() and args.names:
        before = json.loads(table.results.read_text())
        cells, repeats = [c for c in before["cells"] if c["cell"] not in names], before["repeats"]
    for name in names:
        runs = [read_run(files, f"{name}.{repeat}/", table.cells[name], table.keep) for repeat in range(args.repeats)]
        outcomes = [r[1] for r in runs]
        keys = {key for r in runs for key in r[0]}
        values, spread = reference.median_and_spread([{k: r[0].get(k, 0) for k in sorted(keys)} for r in runs])
        said = files.get(f"{name}.0/lines", b"").decode().splitlines()
        row = {"cell": name, "steps": table.cells[name].steps, "outcome": outcomes[0], "values": {k: v for k, v in values.items() if v}, "spread": spread}
        if places := [line for line in said if line.startswith(("where ", "move ", "migrate "))]:
            row["places"] = places
        if lines := {label: rest for label, rest in runs[0][2].items() if rest and all(r[2].get(label) == rest for r in runs)}:
            row["numa_maps"] = lines
        if any(o != outcomes[0] for o in outcomes):
            row["outcomes"] = outcomes[1:]
        if table.cells[name].alone:
            row["runs"] = {key: sorted(r[0].get(key, 0) for r in runs) for key in sorted(keys) if re.search(table.ranged, key)}
        cells.append(row)
    order = list(table.cells)
    cells.sort(key=lambda c: order.index(c["cell"]))
    reference.write_results(table.results, {
        "kernel": guest.find_kernel(args.kernel)[1], "kernel_version": files["version"].decode().strip(), "lru": "classic",
        "date": time.strftime("%Y-%m-%d"), "command": f"tests/diff/{table.name}.py guest --kernel DIR", "machine": reference.machine_text(args, command),
        "repeats": repeats,  # of cells without "runs"
        "notes": ["swap: brd; program: ext4 on brd, not cached at the start, its text charged to the group", *table.notes,
                  "values: median of the repeats, left out where zero; spread: largest minus smallest, left out where zero",
                  "vmstat: differences since the start of the cell, but for nr_*; stat: memory.stat of the group; smaps: kB, smaps_rollup of the program"],
        "cells": cells})


# Ours ----------------------------------------------------------------------------------------------------------------


class Comparison:
    def __init__(self, program, folder, table):
        self.program, self.folder, self.table = pathlib.Path(program).resolve(), pathlib.Path(folder), table
        self.reference = {c["cell"]: c for c in json.loads(table.results.read_text())["cells"]} if table.results.exists() else {}
        self.steps = self.folder / "steps"
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-static", "-o", self.steps, HERE / "steps.c"], check=True)

    def nap(self, cell):
        return ACT_NAP if self.is_acted_on(cell) else cell.nap

    def is_acted_on(self, cell):
        """Is a file of the machine or of the group written? Then a scenario plays it, where the time of each label is known by the naps.
        What only waits for the guest is no such act."""
        return any("echo " in act for act in cell.act.values()) or any(key.startswith(CGROUP) for key in cell.settings)

    def record(self, cell):
        """(trace, what the program said, its status); made once for the same steps. A mark is set at each label. RuntimeError when it cannot be done here."""
        if self.is_acted_on(cell) and (not (self.table.written or cell.written) or "sleep:" in cell.steps):
            raise SystemExit(f"{cell.steps}: something is done to the machine meanwhile: the recording must be written, and its time pass at labels alone")
        stem = self.folder / hashlib.sha256(f"{cell.steps} {self.nap(cell)}".encode()).hexdigest()[:16]
        trace, said = stem.with_suffix(".hwt"), stem.with_suffix(".json")
        if not said.exists() and (self.table.written or cell.written):
            trace.write_bytes(steps_trace.translate(cell.steps, self.nap(cell)))
            said.write_text("[[], 0]")
        if not said.exists():
            recorder = subprocess.Popen([self.program, "record", "--quiet", "-o", trace, "--", self.steps, *cell.steps.split()],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            lines = []
            for line in recorder.stdout:
                lines.append(line.rstrip("\n"))
                if line.startswith("at "):
                    time.sleep(self.nap(cell))
                    subprocess.run([self.program, "mark", "--pid", str(recorder.pid), line.split()[1]], check=True)
                    recorder.stdin.write("\n")
                    recorder.stdin.flush()
            _, errors = recorder.communicate()
            if not trace.exists():
                raise RuntimeError(errors.strip().splitlines()[-1] if errors.strip() else "record failed")
            said.write_text(json.dumps([lines, recorder.returncode]))
        return trace, *json.loads(said.read_text())

    def command(self, trace, cell):
        words = [self.program, "run", trace, "--quiet", "--no-host", "--ram", self.table.memory + "M", "--disk", "ram",
                 "--swap", f"{cell.swap}M", "--swap-device", "ram", "--set", f"x.tlb_entries={compare.TLB_ENTRIES}", "--format", "json", *self.table.machine(cell)]
        if cell.limit != "max":
            words += ["--memory-max", str(cell.limit)]
        for key, value in {**self.table.settings, **cell.settings}.items():
            key = key.removeprefix("/sys/kernel/debug/sched/")
            if not key.startswith("/"):  # a file of the group
                words += ["--set", f"{key}={value}"]
        return words

    def scenario(self, trace, cell, label):
        """The same as a scenario: what is done at label k is written late in its nap, and just before its end the machine is looked at."""
        settings = {**self.table.settings, **cell.settings}
        lines = ["[machine]", f"ram = {self.table.memory}M", "disk = ram", "swap_device = ram", f"swap = {cell.swap}M", f"x.tlb_entries = {compare.TLB_ENTRIES}"]
        lines += [f"{key.replace('transparent_hugepage/enabled', 'thp')} = {value}" for key, value in settings.items() if not key.startswith("/")]
        words = self.table.machine(cell)
        lines += [value.replace("=", " = ") if word == "--set" else f"{word[2:]} = {value}" for word, value in zip(words[::2], words[1::2])]
        if label != "end":
            lines.append(f"runtime = {labels(cell).index(label) * ACT_NAP + 1.9:.1f}s")
        lines += ["[cgroup app]", f"memory.max = {cell.limit}"] + [f"{key.removeprefix(CGROUP)} = {value}" for key, value in settings.items() if key.startswith(CGROUP)]
        lines += ["[task steps]", "cgroup = app", f"trace = {trace}"]
        for i, name in enumerate(labels(cell)):
            for j, (value, path) in enumerate(re.findall(r"echo (\S+) >([^\s;]+)", cell.act.get(name, ""))):
                lines += [f"[write at-{i}-{j}]", f"at = {i * ACT_NAP + 1.4 + 0.05 * j:.2f}s", f"file = {path}", f"value = {value}"]
        path = self.folder / "cell.ini"
        path.write_text("\n".join(lines) + "\n")
        return [self.program, "run", path, "--quiet", "--no-host", "--format", "json"]

    def replay(self, trace, cell, label, more=()):
        tree = self.folder / "tree"
        subprocess.run(["rm", "-rf", tree], check=True)
        if self.is_acted_on(cell):
            command = self.scenario(trace, cell, label)
        else:
            command = [*self.command(trace, cell), *(["--to", label] if label != "end" else [])]
        done = subprocess.run([*command, "--proc", tree, *more], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{cell.steps}: {done.stderr}")
        return json.loads(done.stdout), {str(p.relative_to(tree)): p.read_text(errors="replace") for p in tree.rglob("*") if p.is_file()}

    def ours(self, name, steps=None):
        """(figures, outcome, lines of numa_maps) of our machine for a cell; or for these steps instead of its own."""
        cell = self.table.cells[name]
        if steps is not None:
            cell = dataclasses.replace(cell, steps=steps)
        if cell.own:
            cell = dataclasses.replace(cell, steps=f"map:own:{cell.own}M nohugepage:own touch:own:w lock:own {cell.steps}")
        trace, lines, status = self.record(cell)
        folders = {}
        for label in [*dict.fromkeys(labels(cell)), "end"]:
            result, folders[label] = self.replay(trace, cell, label)
        log = folders["end"].get("var/log/dmesg", "")
        if cell.full:
            folders["before"] = self.before()
        return figures(folders, cell, self.table.keep), outcome_of(lines, ended(result, status), log), maps(folders, cell)

    @functools.cache
    def before(self):
        """What is free on the nodes before a program starts."""
        cell = self.table.cells[self.table.baseline]
        tree = self.replay(self.record(cell)[0], cell, labels(cell)[0])[1]
        return {path: text for path, text in tree.items() if re.search(r"/node\d+/meminfo$", path)}


def ended(result, status):
    """The status of the program: of the first process, where the recording cannot know how it ended."""
    if result["outcome"] == "oom":
        return 137 if any(t["outcome"] == "oom_killed" for t in result["tasks"][:1]) else status
    return 135 if any(t["outcome"] == "sigbus" for t in result["tasks"][:1]) else status


# The comparison ------------------------------------------------------------------------------------------------------


OWN = re.compile(r"(^| )(stat pgfault|stat anon|memory\.peak|smaps Rss)$")


def net(name, values, baseline):
    """A figure less what the program without steps makes of it, where it is of that kind."""
    own = OWN.search(name)
    return values.get(name, 0) - (baseline.get(own.group(2), baseline.get("here " + own.group(2), 0)) if own else 0)


def compared(table, name, theirs, ours, baseline):
    """[(figure, ours, theirs, allowed, asserted)] of what the table asserts for a cell and one of the two has."""
    cell, rows = table.cells[name], []
    never = tuple(f"{label} " for label in labels(cell) if not any(f.startswith(label + " ") for f in theirs["values"]))  # it was killed before
    for figure in dict.fromkeys([*theirs["values"], *ours]):
        if figure.startswith(never):
            continue
        for expression, relative, floor in table.asserted:
            if re.search(expression, figure):
                b, a = net(figure, theirs["values"], baseline[0]), net(figure, ours, baseline[1])
                allowed = abs(relative * b) + floor + theirs["spread"].get(figure, 0) + sum(v for k, v in cell.slack.items() if re.search(k, figure))
                asserted = (re.search(cell.only, figure) if cell.only else not figure.endswith("MemFree")) and not (cell.differs and re.search(cell.differs, figure))
                if a or b:
                    rows.append((figure, a, b, allowed, bool(asserted)))
                break
    return rows


def misses(table, name, theirs, ours, baseline):
    """What is further off than it may be, as text."""
    values, outcome, lines = ours
    cell = table.cells[name]
    wrong = [f"{figure} {a} instead of {b} +- {allowed:.0f}" for figure, a, b, allowed, asserted in compared(table, name, theirs, values, baseline)
             if asserted and abs(a - b) > allowed]
    wrong += [f"{figure} {values.get(figure, 0)} instead of {runs[0]} to {runs[-1]}" for figure, runs in theirs.get("runs", {}).items()
              if not runs[0] <= values.get(figure, 0) <= runs[-1]]
    possible = [theirs["outcome"], *theirs.get("outcomes", [])]
    if table.written or table.cells[name].written:  # it says nothing of its own
        possible = [[line for line in o if re.match(r"status|CONSTRAINT|steps$", line)] for o in possible]
    if outcome not in possible and not re.search(table.cells[name].differs or "^$", "outcome"):
        wrong.append(f"outcome {outcome} instead of {theirs['outcome']}")
    for label, their_lines in theirs.get("numa_maps", {}).items() if table.cells[name].limit == "max" and not cell.own else ():  # not where some of it is reclaimed, or more is mapped
        if lines.get(label) != their_lines:
            wrong.append(f"numa_maps at {label}: {lines.get(label)} instead of {their_lines}")
    return wrong


def baselines(comparison):
    """({figure: number} of the guest, the same of ours) of the cell that does nothing."""
    table = comparison.table
    if not table.baseline:
        return {}, {}
    return comparison.reference[table.baseline]["values"], comparison.ours(table.baseline)[0]


def shown(figure, a, b, divisor):
    if not a and not b:
        return ""
    text = f"{a / divisor:.1f} / {b / divisor:.1f}" if divisor > 1 else f"{a} / {b}"
    return text if a == b or not b or abs(a - b) < 0.001 * abs(b) else f"{text} {100 * (a - b) / b:+.1f} %"


def show(comparison, names, everything):
    """A table of the columns, and beside them what is off or, on request, everything."""
    table, baseline = comparison.table, baselines(comparison)
    print("| cell | " + " | ".join(head for head, _, _ in table.columns) + " | outcome, beside that |\n|" + "---|" * (len(table.columns) + 2))
    for name in names:
        ours = comparison.ours(name)
        values, outcome, _ = ours
        theirs = comparison.reference[name]
        row = [shown(f, net(f, values, baseline[1]), net(f, theirs["values"], baseline[0]), divisor) for _, f, divisor in table.columns]
        wrong = misses(table, name, theirs, ours, baseline)
        beside = [word.replace("CONSTRAINT_", "") for word in outcome if word not in ("status 0", "steps")]
        beside += [f"**{text}**" for text in wrong]
        if everything:
            beside += [f"{figure} {a} / {b}" for figure, a, b, _, _ in compared(table, name, theirs, values, baseline)]
        print(f"| {name} | {' | '.join(row)} | {'; '.join(beside)} |", flush=True)


def main(table, doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="guest, to measure the reference; or only these cells")
    parser.add_argument("--kernel", help="guest: unpacked linux-image-6.1.*-cloud-amd64 package")
    parser.add_argument("--all", action="store_true", help="also what is not asserted")
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "hwref-work"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--boots", action="store_true", help="guest: a boot for each repeat, where what was before decides")
    args = parser.parse_intermixed_args()
    measuring = args.names[:1] == ["guest"]
    if measuring:
        args.names = args.names[1:]
        if not args.kernel:
            parser.error("guest: --kernel is needed")
    for name in args.names:
        if name not in table.cells:
            parser.error(f"no cell {name}")
    names = args.names or [n for n in table.cells if measuring or table.machine(table.cells[n]) is not None]
    if measuring:
        measure(table, args, names)
        return
    with tempfile.TemporaryDirectory() as folder:
        show(Comparison(os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater"), folder, table), names, args.all)


def test(*tables, heavy=False):
    """As a test program: TAP. `heavy`: the cells that take long, and only these."""
    failed = number = 0
    for table in tables:
        with tempfile.TemporaryDirectory() as folder:
            comparison = Comparison(os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater"), folder, table)
            try:
                baseline = baselines(comparison)
            except RuntimeError as error:
                print(f"no recorder here: {error}")
                raise SystemExit(77) from error
            for name, theirs in comparison.reference.items():
                if table.cells[name].heavy != heavy or table.machine(table.cells[name]) is None:
                    continue
                ours = comparison.ours(name)
                wrong = misses(table, name, theirs, ours, baseline)
                failed += bool(wrong)
                number += 1
                print(f"{'not ok' if wrong else 'ok'} {number} - {name}: {theirs['steps']}")
                for line in wrong:
                    print(f"#   {line}")
                print("#   ours / Linux 6.1: " + ", ".join(f"{figure} {a} / {b}" for figure, a, b, _, _ in compared(table, name, theirs, ours[0], baseline)), flush=True)
            for name, steps in {} if heavy else table.canaries.items():
                wrong = misses(table, name, comparison.reference[name], comparison.ours(name, steps), baseline)
                failed += not wrong
                number += 1
                print(f"{'ok' if wrong else 'not ok'} {number} - {name} is missed without its policy: {steps}")
                for line in wrong:
                    print(f"#   {line}", flush=True)
    print(f"1..{number}")
    raise SystemExit(1 if failed else 0)
