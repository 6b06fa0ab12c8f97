#!/usr/bin/env python3
"""programs.py - real programs of Debian 12 under memory limits: what a 6.1 kernel counted, beside what we count.

  programs.py guest --kernel DIR [-o FILE] [NAME...]   measure: each program in an emulated machine, under each limit
  programs.py [NAME...]                                compare: record each program here, replay it under the same limits

The programs and the seeds of their inputs stand in PROGRAMS. compare.py does the same for patterns made for the purpose.
"""

import argparse
import functools
import json
import os
import pathlib
import random
import shlex
import shutil
import subprocess
import sys
import tempfile

import compare
import guest
import reference

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "programs-6.1.json"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/", "PYTHONHASHSEED": "0", "PERL_HASH_SEED": "0",
               "PERL_PERTURB_KEYS": "0"}

# Inputs: generated, the same bytes everywhere -----------------------------------------------------------------------


@functools.cache
def text(mib):
    """Lines of words whose frequencies follow a power law."""
    rng = random.Random(mib)
    words = ["".join(rng.choices("etaoinshrdlucmfwyp", k=rng.randint(2, 9))) for _ in range(20000)]
    weights = [1 / (rank + 10) for rank in range(len(words))]
    out, size = [], 0
    while size < mib << 20:
        row = " ".join(rng.choices(words, weights, k=4000)).split(" ")
        for start in range(0, len(row), 10):
            out.append(" ".join(row[start:start + 10]))
            size += len(out[-1]) + 1
    return "\n".join(out) + "\n"


SHOP = """PRAGMA journal_mode = off;
PRAGMA synchronous = off;
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO orders SELECT i, (i / 40 * 7919) % 5001 * 10 + i / 4 % 10, printf('%.*c', 330, 'x') FROM n;
CREATE INDEX orders_customer ON orders (customer);
CREATE TEMP TABLE ask AS
WITH RECURSIVE n(i, x) AS (
    SELECT 1, 12345
    UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM n WHERE i < 4000)
SELECT CASE WHEN x / 65536 % 10 < 9 THEN x / 655360 % 1500 ELSE x / 65536 % 15010 END AS customer FROM n;
SELECT count(*), sum(length(note)) FROM ask CROSS JOIN orders USING (customer);
SELECT count(*) FROM orders WHERE note LIKE '%y%';
SELECT count(*), sum(length(note)) FROM ask CROSS JOIN orders USING (customer);
"""

WORDS = """import random
rng = random.Random(7)
table = {}
for i in range(60000):
    table["key-%06d" % i] = [i, bytes(250)]
hits = 0
for i in range(60000):
    entry = table["key-%06d" % int(60000 * rng.random() ** 9)]
    entry[0] += 1
    hits += entry[0] & 1
print(len(table), hits)
"""

# A parent with a table, children that serve from it one after another: each reads a part and changes a little.
SERVER = """my %table = map { sprintf("key-%06d", $_) => "x" x 200 } 1 .. 50000;
my @keys = sort keys %table;
for my $child (1 .. 6) {
    my $pid = fork();
    if (!$pid) {
        my ($seen, $x) = (0, $child);
        for (1 .. 12000) {
            $x = ($x * 1103515245 + 12345) % 2147483648;
            my $key = $keys[($x >> 8) % ($x & 64 ? 50000 : 5000)];
            $seen += length $table{$key};
            $table{$key} = "y" x 200 if !($x & 7168);
        }
        print "$child $seen\\n";
        exit 0;
    }
    waitpid($pid, 0);
}
"""

# name: (what /bin/sh is told to do, {input: its bytes})
PROGRAMS = {
    "sqlite": ("sqlite3 shop.db <shop.sql >out", {"shop.sql": lambda: SHOP}),
    "python-dict": ("python3 -s -S -P words.py >out", {"words.py": lambda: WORDS}),
    "gzip": ("gzip -1 -c text >out", {"text": lambda: text(16)}),
    "sort": ("sort -S 12M --parallel=1 -T . -o out text", {"text": lambda: text(16)}),
    "pipeline": ("tr -s ' ' '\\n' <text | sort -S 12M --parallel=1 -T . | uniq -c | sort -S 2M --parallel=1 -T . -rn >out",
                 {"text": lambda: text(5)}),
    "fork-server": ("perl server.pl >out", {"server.pl": lambda: SERVER}),
}


def make_inputs(name, folder):
    for file, make in PROGRAMS[name][1].items():
        (pathlib.Path(folder) / file).write_text(make(), encoding="ascii")


# The guest: a small Debian on the RAM disk -----------------------------------------------------------------------------

BINARIES = ["dash", "sqlite3", "python3.11", "gzip", "sort", "tr", "uniq", "perl"]
PERCENT = (75, 50, 35)
PERCENT_WITHOUT_SWAP = 50
# The others survive on next to nothing: the cache of files, and text that is read again and again.
BISECTIONS = {"python-dict": 5, "sort": 5, "pipeline": 5, "fork-server": 5}
PATIENCE = 100000  # pages of files that are read again: more is thrashing, on both sides


def copy_into(root, path):
    """Copy a file and the shared libraries that it needs, each under the name it was asked for."""
    target = pathlib.Path(root + os.path.realpath(os.path.dirname(path))) / os.path.basename(path)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)  # with its time: python compiles a module anew whose time is not that in its .pyc
    needed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    for word in needed.split():
        if word.startswith("/"):
            copy_into(root, word)


def make_root(root):
    """Programs, libraries, the modules that python imports, and inputs."""
    for folder in ("dev", "work", "usr/bin", "usr/lib64", "usr/lib/python3.11/lib-dynload", "etc"):
        os.makedirs(os.path.join(root, folder))
    for link in ("bin", "lib", "lib64"):
        os.symlink("usr/" + link, os.path.join(root, link))
    shutil.copyfile("/etc/ld.so.cache", root + "/etc/ld.so.cache")
    for binary in BINARIES:
        copy_into(root, "/usr/bin/" + binary)
    os.symlink("python3.11", root + "/usr/bin/python3")
    show = "import sys; [print(f) for m in list(sys.modules.values()) for f in (getattr(m, '__file__', 0), getattr(m, '__cached__', 0)) if f]"
    modules = subprocess.run(["/usr/bin/python3", "-s", "-S", "-P", "-c", "import random, os\n" + show],
                             capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout.split()
    for module in modules:
        if os.path.exists(module):
            copy_into(root, module)
    for name in PROGRAMS:
        os.makedirs(os.path.join(root, "work", name))
        make_inputs(name, os.path.join(root, "work", name))


def guest_job(names, repeats):
    lines = ["PATIENCE=%d" % PATIENCE,
             "ENVIRONMENT='%s'" % " ".join("%s=%s" % pair for pair in ENVIRONMENT.items())]
    lines += [(HERE / script).read_text(encoding="utf-8") for script in ("guest-common.sh", "guest-programs.sh")]
    for repeat in range(repeats):
        for name in names:
            command = shlex.quote(PROGRAMS[name][0])
            lines.append("with_swap %s %s %s" % (name, command, " ".join(map(str, PERCENT))))
            if repeat == 0:
                lines.append("without_swap %s %s %d %d" % (name, command, BISECTIONS.get(name, 0), PERCENT_WITHOUT_SWAP))
    return "\n".join(lines) + "\n"


def outcome(values, lines):
    if values["oom_kill"]:
        return "oom"
    return "completed" if lines["status"] == "0" else "thrash"


def cells_of(text):
    """The report of the guest as cells: runs of the same program, limit and swap together."""
    runs = {}
    for block in filter(None, text.split("end\n")):
        label, values, lines = reference.guest_values(block)
        program, limit, swap = label.split()
        key = (program, 0 if limit == "max" else int(limit), reference.SWAP_BYTES if swap == "swap" else 0)
        runs.setdefault(key, []).append(dict(values, seconds=float(lines["seconds"]), outcome=outcome(values, lines)))
    for (program, limit, swap), seen in runs.items():
        outcomes = {run.pop("outcome") for run in seen}
        seconds = min(run.pop("seconds") for run in seen)
        values, spread = reference.median_and_spread(seen)
        yield {"program": program, "limit_bytes": limit, "swap_bytes": swap, "readahead_kb": 128, "page_cluster": 3,
               "swap_device": "ram", "outcome": "/".join(sorted(outcomes)), "seconds": seconds, "values": values, "spread": spread}


def measure(args):
    os.makedirs(args.work, exist_ok=True)
    root = os.path.join(args.work, "root")
    shutil.rmtree(root, ignore_errors=True)
    make_root(root)
    files, command = guest.boot(args.work, args.kernel, guest_job(args.names or list(PROGRAMS), args.repeats),
                                reference.GUEST_MEMORY, reference.SWAP_BYTES >> 10, root=root)
    for name, data in files.items():
        pathlib.Path(args.work, name).write_bytes(data)
    reference.write_results(args.output, {
        "kernel": guest.find_kernel(args.kernel)[1],
        "kernel_version": files["version"].decode().strip(),
        "lru": "classic",
        "command": "tests/diff/programs.py guest --kernel DIR",
        "machine": reference.machine_text(args, command),
        "programs": {name: command for name, (command, _) in PROGRAMS.items()},
        "repeats": args.repeats,
        "notes": ["each program: without a limit; limits in percent of the peak of that run; without swap, by bisection",
                  "limit_bytes 0: no limit; outcome thrash: killed after %d file refaults; seconds: of an emulated machine with neighbours" % PATIENCE,
                  "values: median of the repeats; spread: largest minus smallest, left out where zero"],
        "cells": list(cells_of(files["cells"].decode()))})


# The comparison ------------------------------------------------------------------------------------------------------

COUNTERS = compare.COUNTERS + ["pgscan", "memory_peak"]


def tolerance(cell, counter):
    """Relative. What each program alone decides: 10 %, as for patterns. Peaks are nearly those of the same bytes."""
    if counter == "memory_peak":
        return 0.02
    # Two recordings differ by 15 %: of the pipe, because which process runs when is what the recording saw; of the fork server, when
    # the names of its folder differ in length (at 45.9 MiB eight of them scanned 43,548 to 50,583 pages, with windows from 65536 to 1048576).
    return 0.20 if cell["program"] in ("pipeline", "fork-server") else 0.10


def name_of(cell):
    limit = f"{cell['limit_bytes'] / (1 << 20):.1f} MiB" if cell["limit_bytes"] else "no limit"
    return f"{cell['program']} {limit}" + ("" if cell["swap_bytes"] else ", no swap")


class Comparison:
    """Recordings of the programs, made once each, and their replays."""

    def __init__(self, program, folder, options=()):
        self.program, self.folder, self.options = pathlib.Path(program).resolve(), pathlib.Path(folder), options
        self.reference = json.loads(RESULTS.read_text(encoding="utf-8"))
        self.traces = {}

    def missing(self):
        """Programs of the reference that this machine does not have."""
        return [b for b in BINARIES if not os.path.exists("/usr/bin/" + b)]

    def cells(self, names=None):
        """What completed: a run that was killed stopped anywhere."""
        return [c for c in self.reference["cells"]
                if c["outcome"] == "completed" and c["values"]["workingset_refault_file"] < PATIENCE
                and (not names or c["program"] in names)]

    def record(self, name):
        """The recording of this program. RuntimeError when it cannot be made here."""
        if name not in self.traces:
            work = self.folder / name
            work.mkdir()
            make_inputs(name, work)
            compare.record(self.program, self.folder / (name + ".hwt"),
                           ["/usr/bin/dash", "-c", self.reference["programs"][name]], self.options, cwd=work, env=ENVIRONMENT)
            self.traces[name] = self.folder / (name + ".hwt")
        return self.traces[name]

    def ours(self, cell):
        return compare.replay(self.program, self.record(cell["program"]), cell)

    def boundary(self, name):
        """Without swap: (largest limit that fails, smallest that survives) in the guest, or None where it was not looked for."""
        cells = [c for c in self.reference["cells"] if c["program"] == name and not c["swap_bytes"] and c["limit_bytes"]]
        survived = [c["limit_bytes"] for c in cells if c in self.cells()]
        failed = [c["limit_bytes"] for c in cells if c not in self.cells()]
        return (max(failed), min(survived)) if failed and survived else None

    def our_boundary(self, name, low, high):
        """The same bisection here, between two limits."""
        cell = next(c for c in self.cells() if c["program"] == name)
        while high - low > 1 << 18:
            middle = (low + high) // 2 >> 16 << 16
            ours = self.ours(dict(cell, limit_bytes=middle, swap_bytes=0))
            if ours["outcome"] == "completed" and ours["workingset_refault_file"] < PATIENCE:
                high = middle
            else:
                low = middle
        return high


def misses(cell, ours, boundary=None):
    """The counters that are further off than the tolerance allows, as text."""
    # Near the limit where it no longer survives a program does not count the same under the next limit 1 % away: twice as much.
    if boundary and not cell["swap_bytes"] and 0 < cell["limit_bytes"] < boundary[1] * 1.03:
        return []
    wrong = [] if ours["outcome"] == "completed" else [f"outcome {ours['outcome']}"]
    for counter in COUNTERS:
        theirs = cell["values"].get(counter, 0)
        allowed = tolerance(cell, counter) * theirs + (0 if counter == "memory_peak" else compare.FLOOR_PAGES)
        if abs(ours[counter] - theirs) > allowed:
            wrong.append(f"{counter} {ours[counter]} instead of {theirs} +- {allowed:.0f}")
    return wrong


def shown(counter, ours, theirs):
    if counter == "memory_peak":
        return f"{ours / (1 << 20):.1f} / {theirs / (1 << 20):.1f} MiB {100.0 * (ours - theirs) / theirs:+.1f} %"
    return compare.shown(ours, theirs)


def show(names):
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater"), folder)
        print("| program, limit | " + " | ".join(c.replace("workingset_", "") for c in COUNTERS) + " |\n|" + "---|" * (len(COUNTERS) + 1))
        for cell in comparison.cells(names):
            ours = comparison.ours(cell)
            figures = [shown(c, ours[c], cell["values"].get(c, 0)) for c in COUNTERS]
            print(f"| {name_of(cell)} | " + " | ".join(figures) + " |", flush=True)
        print("\n| program | fails in Linux | survives in Linux | survives here |\n|---|---|---|---|")
        for name in names or PROGRAMS:
            if boundary := comparison.boundary(name):
                ours = comparison.our_boundary(name, boundary[0] * 9 // 10, boundary[1] * 11 // 10)
                print(f"| {name} | " + " | ".join(f"{b / (1 << 20):.1f} MiB" for b in (*boundary, ours)) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="guest, to measure the reference; or only these programs")
    parser.add_argument("--kernel", help="guest: unpacked linux-image-6.1.*-cloud-amd64 package")
    parser.add_argument("-o", "--output", default=RESULTS)
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "hwref-work"))
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    if args.names[:1] == ["guest"]:
        args.names = args.names[1:]
        if not args.kernel:
            parser.error("guest: --kernel is needed")
        measure(args)
    else:
        show(args.names)


if __name__ == "__main__":
    main()
