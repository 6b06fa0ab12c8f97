#!/usr/bin/env python3
"""compare.py - what our machine counts, beside what a real kernel counted for the same program.

Records tests/diff/pattern.c once per pattern, replays it under each limit of the reference, and prints a table with the
difference of each counter. As a program: compare.py [--markdown] [--kernel 6.12] [--lru classic|mglru] [--read-stat] [--tlb N]
[--reference FILE] [--profile 6.1] [PATTERN ...]. --profile: of our machine, in place of the reference's kernel. compare_test.py asserts
the tolerances; compare_6_12_test.py the share of 6.12's cells.

The machine is that of the reference: one CPU, RAM-disk swap and files, the same readahead. Its TLB has 64 entries: the
guest flushes its emulated TLB every 500 us of all work (tlbflush.c), so a translation lives about as long there.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
REFERENCE = HERE / "reference-6.1.json"
PAGES = 16384  # of a pattern, where its cell's name says nothing else
TLB_ENTRIES = 64  # --tlb N
# How often statistics of groups are brought up to date, in our time. In the guest it is every 2 s, and every 500 us with reference.py
# --read-stat; its emulated CPU is slower than the costs that we count. Fitted once, to classic's cells without a reader.
FLUSH_US = 20000
READ_STAT_US = 50
# tlbflush wakes every 500 us in the guest, so tasks are switched: a tenth in our time as well. Of the cells of 6.1 with generations all but
# one come out alike with 5 to 50 us.
SWITCH_US = 50
COUNTERS = ["pgmajfault", "pswpin", "pswpout", "workingset_refault_anon", "workingset_refault_file"]

# Relative tolerance by pattern: 5 % where the order of accesses alone decides (loops, fork), 10 % where the accessed
# bits of many pages do (zipf and mixtures): the recording knows each page's use to 2^16 instructions only.
LOOPS = {"anon-seq", "file-seq-read", "fork-cow", "anon-loop-hot", "mmap-dirty-seq", "file-write-seq", "made-loop", "made-fork"}

# A difference in pages that is not the pattern's: a program's own text, libc and stack, under the recorder at other
# addresses and without the loader's first steps; about 1 MiB of pages, each evicted and read again at most twice.
FLOOR_PAGES = 500


def tolerance(cell):
    return 0.05 if cell["pattern"] in LOOPS else 0.10


def name_of(cell):
    name = f"{cell['pattern']} {round(cell['fraction'] * 100)} %"
    if cell["pages"] != PAGES:
        name += f" of {cell['pages'] / 256:.1f} MiB"
    if "swap_max_bytes" in cell:
        name += f" swap {cell['swap_max_bytes'] / (1 << 20):.1f} MiB"
    if cell["page_cluster"] != 3:
        name += f" page-cluster {cell['page_cluster']}"
    if cell["readahead_kb"] != 128:
        name += f" readahead {cell['readahead_kb']} kB"
    return name


def record(program, trace, command, options=(), **settings):
    """Record a command. RuntimeError when it cannot be done here."""
    done = subprocess.run([program, "record", "--quiet", *options, "-o", trace, "--", *command], capture_output=True, text=True,
                          **settings)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "record failed")


def replay(program, trace, cell, lru="classic", kernel="6.1", more=()):
    """Our counters for a cell of a reference, on the machine of the reference. more: further settings of it."""
    command = [program, "run", trace, "--swap", str(cell["swap_bytes"]), "--swap-device", cell["swap_device"], "--disk", "ram",
               "--cpus", "1", "--ram", "1G", "--no-host", "--set", f"queue.read_ahead_kb={cell['readahead_kb']}",
               "--set", f"vm.page-cluster={cell['page_cluster']}", "--set", f"x.tlb_entries={TLB_ENTRIES}", "--thp", "never",
               "--format", "json", "--kernel", kernel, "--lru", lru]
    for setting in more:
        command += ["--set", setting]
    if cell["limit_bytes"]:
        command += ["--memory-max", str(cell["limit_bytes"])]
    if "swap_max_bytes" in cell:
        command += ["--swap-max", str(cell["swap_max_bytes"])]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    group = next(g for g in result["cgroups"] if g["path"] == "/app")
    return {**result["vmstat"], **group["memory.stat"], "outcome": result["outcome"], "memory_peak": group["memory.peak"]}


class Comparison:
    def __init__(self, program, folder, options=(), reference=REFERENCE, kernel=None):
        """With `options` of `record`. kernel: our profile, else that of the reference."""
        self.program, self.folder, self.options = pathlib.Path(program).resolve(), pathlib.Path(folder), options
        self.pattern = self.folder / "pattern"
        self.reference = json.loads(pathlib.Path(reference).read_text())
        self.kernel = kernel or ".".join(self.reference["kernel"].split(".")[:2])
        self.settings = [f"x.lru_gen_switch_us={SWITCH_US}"]
        if self.kernel != "6.1":
            read = "--read-stat" in self.reference["command"]
            self.settings += [f"x.stat_reader_us={READ_STAT_US if read else FLUSH_US}"]
        self.traces = {}

    def cells(self, patterns=None):
        return [c for c in self.reference["cells"]
                if c["fraction"] <= 1 and (not patterns or c["pattern"] in patterns)]

    def build_pattern(self):
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O2", "-static", "-o", self.pattern, HERE / "pattern.c", "-lm"], check=True)

    def record(self, cell):
        """The recording of this cell's program, made once. RuntimeError when it cannot be made here."""
        key = (cell["pattern"], cell["pages"], cell["touches"], cell["seed"])
        if key not in self.traces:
            stem = self.folder / "-".join(map(str, key))
            arguments = ["--pages", str(cell["pages"]), "--touches", str(cell["touches"]), "--seed", str(cell["seed"])]
            if not stem.with_suffix(".hwt").exists():
                # Where the folder lies and what the environment holds move the stack, and with it a few pages of each figure.
                if cell["file_bytes"]:
                    pages = -(-cell["file_bytes"] // (16 * 4096)) * 16  # whole chunks
                    subprocess.run([self.pattern, "make-file", "--pages", str(pages), "--file", self.folder / "data"], check=True)
                    arguments += ["--file", "data"]
                record(self.program, stem.with_suffix(".hwt"), ["./pattern", cell["pattern"], *arguments],
                       self.options, cwd=self.folder, env={"PATH": os.environ["PATH"]})
            self.traces[key] = stem.with_suffix(".hwt")
        return self.traces[key]

    def ours(self, cell):
        """Our counters for this cell."""
        return replay(self.program, self.record(cell), cell, self.reference["lru"], self.kernel, self.settings)


def allowed(cell, counter):
    """How far our counter may be off, in pages. What the kernel itself does not repeat to 1 % (fork-cow at 75 %: which shared
    pages are read ahead) gets 10 % and the spread seen, since three runs show only a part of its range."""
    theirs = cell["values"].get(counter, 0)
    spread = cell.get("spread", {}).get(counter, 0)
    share = max(tolerance(cell), 0.10) if spread > 0.01 * theirs else tolerance(cell)
    return share * theirs + spread + FLOOR_PAGES


def misses(cell, ours):
    """The counters that are further off than the tolerance allows, as text."""
    wrong = []
    for counter in COUNTERS:
        theirs = cell["values"].get(counter, 0)
        limit = allowed(cell, counter)
        if abs(ours[counter] - theirs) > limit:
            wrong.append(f"{counter} {ours[counter]} instead of {theirs} +- {limit:.0f}")
    if ours["outcome"] != "completed":
        wrong.append(f"outcome {ours['outcome']}")
    return wrong


def shown(ours, theirs):
    if max(ours, theirs) <= FLOOR_PAGES:
        return f"{ours} / {theirs}"
    return f"{ours} / {theirs} {100.0 * (ours - theirs) / max(theirs, 1):+.1f} %"


# Figures of a cell that differ by no more than the target agree: loops and fork by 1 %, zipf and scans 3 %, mixtures 5 %.
TARGETS = {"loop": 0.01, "fork": 0.01, "OOM": 0.01, "zipf": 0.03, "zipf and scans": 0.03, "mixture": 0.05}
CLASSES = {"fork-cow": "fork", "made-fork": "fork", "mixed-zipf": "mixture", "anon-phases": "mixture", "made-mixture": "mixture",
           "anon-zipf-scan": "zipf and scans", "made-scan": "zipf and scans", "anon-uniform": "loop"}


def outcomes(cell):
    """How the kernel's runs of the cell ended: more than one where they differ."""
    kills, spread = cell["values"]["oom_kill"], cell.get("spread", {}).get("oom_kill", 0)
    if spread:
        return {"completed", "oom"}
    return {"oom"} if kills else {"completed"}


def class_of(cell):
    if outcomes(cell) == {"oom"}:
        return "OOM"
    return CLASSES.get(cell["pattern"], "loop" if cell["pattern"] in LOOPS else "zipf")


def target(cell):
    return TARGETS[class_of(cell)]


def errors(cell, ours):
    """(counter, ours, Linux's, how far they are apart less what the kernel itself spread by) of what is compared of this cell. Of a run
    that was killed what it came to: the faults and pages in swap."""
    for counter in ("pgfault", "pswpout") if outcomes(cell) == {"oom"} else COUNTERS:
        theirs = cell["values"].get(counter, 0)
        yield counter, ours[counter], theirs, max(abs(ours[counter] - theirs) - cell.get("spread", {}).get(counter, 0), 0)


def distance(cell, ours):
    """By how many times its target the worst figure of the cell is off; what the kernel itself spread by is no distance."""
    if ours["outcome"] not in outcomes(cell):
        return float("inf")
    return max(off / (target(cell) * theirs if theirs > FLOOR_PAGES else FLOOR_PAGES) for _, _, theirs, off in errors(cell, ours))


def neighbours(cell):
    """The cell with a page less and with one more: what the model itself moves by where nothing tells them apart."""
    return [{**cell, "limit_bytes": cell["limit_bytes"] + pages * 4096} for pages in (-1, 1)] if cell["limit_bytes"] else []


def distance_of_range(cell, runs):
    """distance() of several runs of ours, from the nearest of all that lies between them."""
    if not any(ours["outcome"] in outcomes(cell) for ours in runs):
        return float("inf")
    far = []
    for figures in zip(*(errors(cell, ours) for ours in runs)):
        theirs, mine = figures[0][2], [figure[1] for figure in figures]
        inside = min(mine) <= theirs <= max(mine)
        far.append(0 if inside else min(figure[3] for figure in figures) / (target(cell) * theirs if theirs > FLOOR_PAGES else FLOOR_PAGES))
    return max(far)


def spread_of_runs(cell, runs):
    """How far runs of ours are apart, of the counter where that is most: a share of Linux's figure."""
    return max((max(m) - min(m)) / f[0][2] if f[0][2] > FLOOR_PAGES else 0.0
               for f in zip(*(errors(cell, ours) for ours in runs)) for m in [[figure[1] for figure in f]])


def worst_error(cell, ours):
    """The largest relative error of a figure of more than FLOOR_PAGES, or None where there is none."""
    return max((off / theirs for _, _, theirs, off in errors(cell, ours) if theirs > FLOOR_PAGES), default=None)


def summary(distances):
    n = len(distances)
    return "%d of %d cells inside their target, %d inside twice" % (
        sum(d <= 1 for d in distances), n, sum(d <= 2 for d in distances))


def reference_file(kernel, lru, read_stat, kind="reference"):
    return HERE / (kind + "-" + kernel + ("-mglru" if lru == "mglru" else "") + ("-read" if read_stat else "") + ".json")


def arguments():
    parser = argparse.ArgumentParser(description="Our counters beside those of a real kernel.")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--lru", default="classic")
    parser.add_argument("--read-stat", action="store_true")
    parser.add_argument("--tlb", type=int, default=TLB_ENTRIES)
    parser.add_argument("--reference")
    parser.add_argument("--profile")
    parser.add_argument("patterns", nargs="*")
    return parser.parse_args()


def main():
    global TLB_ENTRIES
    args = arguments()
    TLB_ENTRIES = args.tlb
    program = os.environ.get("HIGHWATER", TOP / "build" / "highwater")
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(program, os.environ.get("COMPARE_WORK", folder), kernel=args.profile,
                                reference=args.reference or reference_file(args.kernel, args.lru, args.read_stat))
        comparison.build_pattern()
        heads = ["pattern, limit"] + [c.replace("workingset_", "") for c in COUNTERS]
        if args.markdown:
            print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
        else:
            print(f"{heads[0]:34}" + "".join(f"{h:>28}" for h in heads[1:]))
        distances = []
        for cell in comparison.cells(args.patterns):
            ours = comparison.ours(cell)
            distances.append(distance(cell, ours))
            figures = [shown(ours[c], cell["values"].get(c, 0)) for c in COUNTERS]
            label = name_of(cell)
            if args.markdown:
                print(f"| {label} | " + " | ".join(figures) + " |")
            else:
                print(f"{label:34}" + "".join(f"{f:>28}" for f in figures) + f"{distances[-1]:8.1f}", flush=True)
        print("\n" + summary(distances))


if __name__ == "__main__":
    main()
