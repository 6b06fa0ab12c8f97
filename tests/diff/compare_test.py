#!/usr/bin/env python3
"""compare_test.py - our counters against Linux 6.1's for every pattern and limit of the reference. Prints TAP and the table."""

import os
import sys
import tempfile

import compare


def main():
    with tempfile.TemporaryDirectory() as folder:
        comparison = compare.Comparison(os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater"), folder)
        comparison.build_pattern()
        cells = comparison.cells()
        try:
            comparison.record(cells[0])
        except RuntimeError as error:
            print(f"no recorder here: {error}")
            sys.exit(77)
        failed = 0
        for number, cell in enumerate(cells, 1):
            ours = comparison.ours(cell)
            wrong = compare.misses(cell, ours)
            name = compare.name_of(cell)
            figures = ", ".join(f"{c} {compare.shown(ours[c], cell['values'].get(c, 0))}" for c in compare.COUNTERS)
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
            for line in wrong:
                print(f"#   {line}")
            print(f"#   ours / Linux 6.1: {figures}", flush=True)
        print(f"1..{len(cells)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
