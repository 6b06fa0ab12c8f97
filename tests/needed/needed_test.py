#!/usr/bin/env python3
"""needed_test.py - what `diagnose` says a group needs, against the smallest limit under which the work really runs well. Prints TAP.

For each pattern the smallest memory.max is searched under which the run takes at most 1.1 times its time without a limit: what `size` calls
usable. Then the work runs in a group without a limit, with a generous one and with tight ones; its files are captured, and `diagnose` must say a
range that has that limit in it (with the 10 % that a search and batches of charges leave). Where the range is wider than that, the sentence has to
name the largest part that leaves it open. A pattern in `SHARP` has nothing open where the entry says so, and must be told within 10 %.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
MIB = 1 << 20
SLOWDOWN = 1.1   # as `size` has it
WITHIN = 0.10    # of the smallest usable limit: the promise
SEARCH = 0.02    # the search stops when it knows it so well

# [file] and [task] of each pattern. Without a rate: work that waits is late at once, as in `size`.
PATTERNS = {
    "anon-zipf": "[task w]\ncgroup=app\nmemory=64M\ntouch=zipf:0.9\nrequests=20000\ninstructions=2000\n",
    "file-zipf": "[file f]\nsize=128M\n[task w]\ncgroup=app\nmemory=8M\nfile=f\nread=zipf:0.9\nblock=4K\nrequests=200000\n"
                 "instructions=20000\n",
    "scan": "[file f]\nsize=256M\n[task w]\ncgroup=app\nmemory=32M\ntouch=random\nfile=f\nread=seq\nblock=64K\nrequests=4096\n"
            "instructions=100000\n",
    "loop": "[file f]\nsize=64M\n[task w]\ncgroup=app\nmemory=16M\nfile=f\nread=seq\nblock=64K\nrequests=30000\ninstructions=100000\n",
    "mixture": "[file f]\nsize=96M\n[task w]\ncgroup=app\nmemory=40M\ntouch=zipf:0.8\nfile=f\nread=zipf:0.8\nblock=16K\n"
               "requests=20000\ninstructions=20000\n",
    "mapped": "[file f]\nsize=64M\n[task w]\ncgroup=app\nmemory=16M\nfile=f\nmap=zipf:0.9\nwrites=0\nrequests=30000\n"
              "instructions=2000\n",
    "mapped-written": "[file f]\nsize=64M\n[task w]\ncgroup=app\nmemory=16M\nfile=f\nmap=zipf:0.9\nrequests=30000\n"
                      "instructions=2000\n",
    "tmpfs": "[file f]\nsize=64K\nkind=tmpfs\n[task w]\ncgroup=app\nmemory=16M\nfile=f\nwrite=append\nblock=64K\nrequests=1200\n"
             "think=4ms\ninstructions=100000\n",
    "dirty-writer": "[file f]\nsize=64K\n[task w]\ncgroup=app\nmemory=16M\nfile=f\nwrite=append\nblock=64K\nrequests=40000\n"
                    "instructions=100000\n",
    "leak": "[task w]\ncgroup=app\nmemory=16M\ntouch=random\nleak=20M/s\nrequests=10000\ninstructions=20000\n",
    "idle": "[file f]\nsize=100M\n[task w]\ncgroup=app\nmemory=30M\nfile=f\nread=seq\nblock=64K\nrequests=1600\nrate=300/s\n"
            "instructions=100000\n",
}
SWAP = {name: ("0",) for name in PATTERNS}
for both in ("anon-zipf", "leak", "mixture", "scan"):
    SWAP[both] = ("0", "1G")
# Limits, in parts of the smallest usable one. Below it, work without swap is killed, at a limit of which it needs more.
LIMITS = (None, 1.5, 1.05, 0.93, 0.75)
# Without a limit and without swap one figure is known: nothing that is open is large.
SHARP = {"anon-zipf", "scan", "tmpfs", "leak", "idle"}


def program():
    return os.environ.get("HIGHWATER") or str(TOP / "build/highwater")


class Work:
    """Something that runs under a limit: a scenario, or a recording."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def run(self, limit, capture=None, every=None):
        command = [program(), "run", *self.arguments(limit), "--format", "json", "--quiet"]
        if capture:
            command += ["--capture", str(capture), "--every", every]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.stdout:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)

    def needed(self, limit, report):
        """The range that `diagnose` has shortly before the end, of looks all through the run."""
        seconds = report["virtual_ns"] / 1e9
        capture = self.folder / "machine.hwc"
        self.run(limit, capture, f"{max(seconds / 24, 0.001):.4f}s")
        # Counted from the first sample, an interval after the start. Of what was killed the worst moment is shown, which is after it.
        at = [] if report["outcome"] == "oom" else ["--at", f"+{seconds * 0.92:.3f}s"]
        done = subprocess.run([program(), "diagnose", str(capture), *at, "--format", "json"],
                              capture_output=True, text=True, check=False)
        capture.unlink()
        return next(n for n in json.loads(done.stdout)["needed"] if n["scope"] == "/app")


class Scenario(Work):
    def __init__(self, folder, text, swap):
        super().__init__(folder)
        self.text, self.swap = text, swap

    def arguments(self, limit):
        limited = f"memory.max={limit // 1024}K\n" if limit else ""
        path = self.folder / "work.ini"
        path.write_text(f"[machine]\nram=4G\ncpus=2\nswap={self.swap}\n[cgroup app]\n{limited}{self.text}")
        return [str(path)]

    def usable(self):
        base = self.run(None)["virtual_ns"]
        low, high = 1 * MIB, 512 * MIB
        while high - low > SEARCH * high:
            middle = (low + high) // 2
            report = self.run(middle)
            if report["outcome"] == "completed" and report["virtual_ns"] <= SLOWDOWN * base:
                high = middle
            else:
                low = middle
        return high


class Recording(Work):
    def __init__(self, folder, path):
        super().__init__(folder)
        self.path = path

    def arguments(self, limit):
        return [str(self.path), "--swap", "0", "--no-host", *(["--memory-max", f"{limit // 1024}K"] if limit else [])]

    def usable(self):
        done = subprocess.run([program(), "size", str(self.path), "--swap", "0", "--no-host", "--format", "json", "--quiet"],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["smallest_usable"]["bytes"]


# How the sentence names what leaves each part of the range open.
OPEN = {
    "swappable": "could go to swap", "active_file": "used more than once", "inactive_mapped": "is mapped", "dirty": "is dirty",
    "inactive_file": "of inactive cache is used again", "swapped": "is in swap",
}
STATES = {
    "short": "of the time is lost", "between": "of the time", "writing": "for the disk to write", "killed": "was killed at its limit",
}


def says_why(n):
    """The largest part that is open is named, or what is lost."""
    if n["state"] in STATES:
        return STATES[n["state"]] in n["text"]
    largest = max(n["open"], key=n["open"].get)
    return n["open"][largest] > 0 and OPEN[largest] in n["text"]


def writes(n):
    """Only a part of a limit may be dirty, so that who writes may need more than it holds. The sentence says so."""
    return OPEN["dirty"] in n["text"] or STATES["writing"] in n["text"]


def check(name, work, sharp):
    usable = work.usable()
    for part in LIMITS:
        limit = None if part is None else int(usable * part) // 4096 * 4096
        report = work.run(limit)
        n = work.needed(limit, report)
        low, high = n["low_seen"], n["high_seen"]
        holds = low <= usable * (1 + WITHIN) and (high is None or high >= usable * (1 - WITHIN) or writes(n))
        close = high is not None and abs(low - usable) <= WITHIN * usable and abs(high - usable) <= WITHIN * usable
        under = "no limit" if part is None else f"{part} of it"
        amount = f"{low / MIB:.1f} to {high / MIB:.1f} MiB" if high is not None else f"more than {low / MIB:.1f} MiB"
        yield f"{name}, {under}: needs {amount}, {usable / MIB:.1f} MiB is usable", holds
        yield f"{name}, {under}: it is within 10 %, or the sentence says why not", close or says_why(n)
        if sharp and part is None:
            yield f"{name}, {under}: it is within 10 %", close


def works(folder):
    for name, text in PATTERNS.items():
        for swap in SWAP[name]:
            yield f"{name}{', swap' if swap != '0' else ''}", Scenario(folder, text, swap), swap == "0" and name in SHARP
    for recording in sorted((TOP / "examples").glob("*.hwt")):
        yield recording.stem, Recording(folder, recording), False


def main():
    number = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, work, sharp in works(folder):
            try:
                results = list(check(name, work, sharp))
            except (RuntimeError, KeyError, ValueError, StopIteration) as problem:
                results = [(f"{name} runs: {type(problem).__name__}: {problem}", False)]
            for sentence, right in results:
                number += 1
                failed += not right
                print(f"{'ok' if right else 'not ok'} {number} - {sentence}", flush=True)
    print(f"1..{number}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
