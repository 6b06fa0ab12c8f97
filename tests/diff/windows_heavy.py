#!/usr/bin/env python3
"""windows_heavy.py - how far our answers are from a real kernel's, by the window of the recorder (`record --window`). Prints TAP and a table.

The filter of the recorder forgets after so many instructions, and hot pages are told again. The shorter the window, the more exactly
a replay knows what was used when, and the larger the recording. Every pattern and program of the references is recorded with each window and
replayed under each limit. Asserted: with the default window no answer for a pattern is further from the shortest window's than 2 % and what
compare.py leaves to the program's own text. Real programs are shown, not asserted: two recordings of the pipe differ by more.

  windows_heavy.py [--markdown] [WINDOW...]
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile

import compare
import programs

WINDOWS = [4096, 16384, 65536, 131072, 262144, 524288, 1048576]
SHORTEST, DEFAULT = 4096, 65536
APART = 0.02


def cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Sweep:
    """One kind of work with one window: what it cost, and each answer beside the kernel's."""

    def __init__(self, comparison, counters, name_of):
        self.answers, self.cpu_s = {}, 0
        for cell in comparison.cells():
            before, known = cpu(), len(comparison.traces)
            comparison.record(cell if name_of is compare.name_of else cell["program"])
            self.cpu_s += cpu() - before if len(comparison.traces) > known else 0
            ours = comparison.ours(cell)
            for counter in counters:
                theirs = cell["values"].get(counter, 0)
                if theirs > compare.FLOOR_PAGES:
                    spread = cell.get("spread", {}).get(counter, 0)
                    self.answers[name_of(cell), counter] = (ours[counter], theirs, spread)
        self.bytes = sum(os.path.getsize(trace) for trace in comparison.traces.values())

    def errors(self):
        return {key: abs(ours - theirs) / theirs for key, (ours, theirs, _) in self.answers.items()}

    def summary(self):
        errors = self.errors()
        worst = max(errors, key=errors.get)
        return (100 * statistics.median(errors.values()), 100 * statistics.mean(errors.values()),
                sum(e > APART for e in errors.values()), len(errors), 100 * errors[worst], worst[0])


def measure(program, folder, window):
    options = ("--window", str(window))
    patterns = compare.Comparison(program, os.path.join(folder, "patterns"), options)
    real = programs.Comparison(program, os.path.join(folder, "programs"), options)
    for comparison in (patterns, real):
        comparison.folder.mkdir()
    patterns.build_pattern()
    return (Sweep(patterns, compare.COUNTERS, compare.name_of),
            Sweep(real, [c for c in programs.COUNTERS if c != "memory_peak"], programs.name_of))


def apart(default, shortest):
    """The answers that the default window gives otherwise than the shortest, as text."""
    for key, (ours, theirs, spread) in default.answers.items():
        near = shortest.answers[key][0]
        if abs(ours - near) > APART * theirs + spread + compare.FLOOR_PAGES:
            yield "%s %s: %d, with the shortest window %d, in Linux %d" % (*key, ours, near, theirs)


def show(sweeps, markdown):
    if markdown:
        print("| window | median | mean | off by over 2 % | worst | size | CPU |\n|---|---|---|---|---|---|---|")
    for kind in (0, 1):
        for window, pair in sorted(sweeps.items()):
            sweep, text = pair[kind], "%s, window %d"
            median, mean, off, count, worst, where = sweep.summary()
            figures = ("%.2f %%" % median, "%.2f %%" % mean, "%d of %d" % (off, count), "%.1f %% (%s)" % (worst, where),
                       "%.1f MiB" % (sweep.bytes / 2**20), "%.1f s" % sweep.cpu_s)
            if markdown:
                print("| %d | %s |" % (window, " | ".join(figures)))
            else:
                print("# result %s = median %s, mean %s, off by over 2 %%: %s, worst %s; %s, %s" %
                      (text % (("patterns", "programs")[kind], window), *figures), flush=True)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--markdown"]
    program = os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater")
    sweeps = {}
    probe = subprocess.run([program, "record", "-q", "-o", "/dev/null", "--", "true"], stderr=subprocess.PIPE, text=True, check=False)
    if probe.returncode:
        print("SKIP: no recorder here: %s" % probe.stderr.strip())
        sys.exit(77)
    for window in map(int, arguments or WINDOWS):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            sweeps[window] = measure(program, folder, window)
    show(sweeps, "--markdown" in sys.argv)
    if SHORTEST not in sweeps or DEFAULT not in sweeps:
        return
    wrong = list(apart(sweeps[DEFAULT][0], sweeps[SHORTEST][0]))
    print("1..1\n%s 1 - the default window answers as the shortest does" % ("not ok" if wrong else "ok"))
    for line in wrong:
        print("# " + line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
