#!/usr/bin/env python3
"""ways_test.py - a program asks the kernel for memory and limits: what it is told recorded is what it is told natively.

Each case of ways.c prints the same both ways, linked in three manners, and the replay of its recording counts the page
faults that the kernel counted natively. The difference allowed is the starting up of a process: the dynamic
linker's relocations and the kernel's own copying of arguments, some 30 faults, for each process of the case.
"""
import json
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import TIMEOUT, build_c, expect, highwater, record, run_tests  # noqa: E402

STARTING = 40
LINKED = {"pie": ["-O1", "-pie", "-fPIE"], "fixed": ["-O1", "-no-pie"], "static": ["-O1", "-static"]}


def native(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
    out = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT).stdout.decode()
    return out, resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before


def replay(path):
    out = subprocess.run([highwater(), "run", "--format", "json", path], stdout=subprocess.PIPE, check=True,
                         timeout=TIMEOUT).stdout
    result = json.loads(out)
    expect(result["outcome"] == "completed", "the replay", result["outcome"])
    return result


def case(what):
    def test(tmp):
        for linked, flags in LINKED.items():
            program = build_c("ways.c", tmp, flags)
            want, faults = native([program, what])
            path, out = record(tmp, [program, what])
            expect(out == want, "%s, %s" % (what, linked), "recorded:\n" + out, "native:\n" + want)
            result = replay(path)
            told = sum(t["minflt"] + t["majflt"] for t in result["tasks"])
            expect(abs(told - faults) <= STARTING * len(result["tasks"]), "%s, %s: faults" % (what, linked), told, faults)
            if what == "locks":
                expect(result["vmstat"]["unevictable_pgs_mlocked"] >= 4096, "pages locked in the replay")
            if what == "numbers":
                expect(result["vmstat"]["nr_dirtied"] >= 16 * 1024, "pages dirtied", result["vmstat"]["nr_dirtied"])
            expect(result["replay"]["unexplained"] == 0, "operations without a file", result["replay"])
    test.__name__ = what
    return test


if __name__ == "__main__":
    run_tests(*map(case, ("heap", "hole", "large", "refused", "moves", "many", "files", "locks", "numbers", "room")))
