#!/usr/bin/env python3
"""programs_test.py - our counters against Linux 6.1's for real programs under limits, and where they run out. Prints TAP."""

import os
import sys
import tempfile

import compare
import programs

# Without swap, at the smallest limit that survives, text is evicted nearly as fast as it is read. The recording does not know that a hot
# page would be fetched again within 2^16 instructions, so our run thrashes less and may survive on a little less.
BOUNDARY = 0.05


def main():
    with tempfile.TemporaryDirectory() as folder:
        comparison = programs.Comparison(os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater"), folder)
        if comparison.missing():
            print(f"not on this machine: {' '.join(comparison.missing())}")
            sys.exit(77)
        try:
            comparison.record("sqlite")
        except RuntimeError as error:
            print(f"no recorder here: {error}")
            sys.exit(77)
        failed = number = 0
        for cell in comparison.cells():
            ours = comparison.ours(cell)
            wrong = programs.misses(cell, ours, comparison.boundary(cell["program"]))
            number += 1
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {programs.name_of(cell)}")
            for line in wrong:
                print(f"#   {line}")
            figures = (f"{c} {programs.shown(c, ours[c], cell['values'].get(c, 0))}" for c in programs.COUNTERS)
            print(f"#   ours / Linux 6.1: {', '.join(figures)}", flush=True)
        for name in programs.PROGRAMS:
            boundary = comparison.boundary(name)
            if not boundary:
                continue
            ours = comparison.our_boundary(name, boundary[0] * 9 // 10, boundary[1] * 11 // 10)
            good = boundary[0] * (1 - BOUNDARY) <= ours <= boundary[1] * (1 + BOUNDARY)
            number += 1
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {name} without swap: ours {ours >> 10} KiB,",
                  f"Linux between {boundary[0] >> 10} and {boundary[1] >> 10} KiB", flush=True)
        print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
