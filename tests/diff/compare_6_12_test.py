#!/usr/bin/env python3
"""compare_6_12_test.py - our counters against Linux 6.12's: how many cells agree, with multi-generational LRU, with classic, and with
classic beside a reader of the group's cpu.stat; and that each change which the profile stands for is needed. Prints TAP and the figures."""

import os
import sys
import tempfile

import compare

# Reference, cells of 15 that must be inside twice their target (docs/fidelity.md has what they are: one less leaves room for another
# compiler's addresses of the patterns).
REFERENCES = (("mglru", False, 12), ("classic", False, 13), ("classic", True, 14))

# What is left out, of which reference, and the pattern of which a cell must move by more than its target. Recordings are made anew,
# so that no single cell moves alike each time.
CANARIES = (("x.kernel_without=1", "classic", "anon-zipf"),
            ("x.kernel_without=2", "classic", "mixed-zipf"),
            ("x.kernel_without=4", "mglru", "anon-zipf"),
            ("x.kernel_without=8", "mglru", "anon-zipf"),
            ("x.kernel_without=16", "mglru", "mixed-zipf"),
            ("x.lru_gen_switches=0", "mglru", "anon-zipf"))


def moved(before, after, cell):
    """By how many times the cell's target its figures moved."""
    return max(abs(after[c] - before[c]) / max(compare.target(cell) * before[c], compare.FLOOR_PAGES / 10) for c in compare.COUNTERS)


def main():
    program = os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater")
    number = failed = 0

    def say(ok, text):
        nonlocal number, failed
        number += 1
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {number} - {text}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        folder = os.environ.get("COMPARE_WORK", folder)
        comparisons, seen = {}, {}
        for lru, read, least in REFERENCES:
            comparison = compare.Comparison(program, folder, reference=compare.reference_file("6.12", lru, read))
            if not comparisons:
                comparison.build_pattern()
                try:
                    comparison.record(comparison.cells()[0])
                except RuntimeError as error:
                    print(f"no recorder here: {error}")
                    sys.exit(77)
            comparisons.setdefault(lru, comparison)
            distances = []
            for cell in comparison.cells():
                ours = comparison.ours(cell)
                if not read:
                    seen[lru, compare.name_of(cell)] = ours
                distances.append(compare.distance(cell, ours))
                figures = ", ".join(f"{c} {compare.shown(ours[c], cell['values'].get(c, 0))}" for c in compare.COUNTERS)
                print(f"# {lru} {compare.name_of(cell)}: {distances[-1]:.1f} of the target; ours / Linux 6.12: {figures}")
            say(sum(d <= 2 for d in distances) >= least,
                f"{lru}{' beside a reader of cpu.stat' if read else ''}: {compare.summary(distances)}")
        for setting, lru, pattern in CANARIES:
            comparison = comparisons[lru]
            moves = []
            for cell in comparison.cells([pattern]):
                before = seen[lru, compare.name_of(cell)]
                after = compare.replay(comparison.program, comparison.record(cell), cell, lru, comparison.kernel, [*comparison.settings, setting])
                moves.append(moved(before, after, cell))
            print(f"# {setting} moves the cells of {pattern} by {', '.join(f'{m:.2f}' for m in moves)} of their targets")
            say(max(moves) > 1, f"{setting} changes {lru} {pattern}")
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
