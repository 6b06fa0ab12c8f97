#!/usr/bin/env python3
"""known_answer_test.py - the recording of known_answer.c must have exactly the pages that the program says it touched."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import Failure, build_c, record, run_tests  # noqa: E402
from hwt import PAGE, READ, WRITE, Access, Trace  # noqa: E402


def pages_told(text):
    lines = text.split("\n")
    _, base, count = lines[0].split()
    told = {int(page): kind for kind, page in (line.split() for line in lines[1:] if line)}
    return int(base, 16), int(count), told


def pages_recorded(path, base, count):
    seen = {}

    def touch(page, kind):
        page -= base // PAGE
        if 0 <= page < count and seen.get(page) != "w":
            seen[page] = kind

    for r in Trace(path).records():
        if isinstance(r, Access):
            if r.kind in (READ, WRITE):
                touch(r.page, "rw"[r.kind])
        elif r.name in ("read", "write") and r.addr:
            for page in range(r.addr // PAGE, (r.addr + r.len - 1) // PAGE + 1):
                touch(page, "w" if r.name == "read" else "r")
    return seen


def compare(tmp, flags):
    program = build_c("known_answer.c", tmp, flags)
    path, out = record(tmp, [program, os.path.join(tmp, "scratch")])
    base, count, told = pages_told(out)
    seen = pages_recorded(path, base, count)
    missing = sorted(p for p in told if p not in seen)
    extra = sorted(p for p in seen if p not in told)
    other = sorted(p for p in told if p in seen and told[p] != seen[p])
    if missing or extra or other:
        raise Failure("missing %s, extra %s, other kind %s" % (missing[:20], extra[:20], other[:20]))
    print("  %d of %d pages" % (len(told), len(seen)))


def optimised(tmp):
    compare(tmp, ["-O2"])


def unoptimised(tmp):
    compare(tmp, ["-O0"])


def statically_linked(tmp):
    compare(tmp, ["-O2", "-static"])


if __name__ == "__main__":
    run_tests(optimised, unoptimised, statically_linked)
