#!/usr/bin/env python3
"""compare_6_12_test.py - our counters against Linux 6.12's: how many cells agree, with multi-generational LRU, with classic, and with
classic beside a reader of the group's cpu.stat; and that each change which the profile stands for is needed. Prints TAP and the figures."""

import json
import os
import pathlib
import sys
import tempfile

import compare

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import golden  # noqa: E402

# Reference, cells of 15 that must be inside twice their target (docs/fidelity.md has what they are: one less leaves room for another
# compiler's addresses of the patterns).
REFERENCES = (("mglru", False, 12), ("classic", False, 13), ("classic", True, 14))

# What is left out, and a cell that must move by more than its target: policy, pattern, fraction. Cells of the golden set: their recordings
# are stored, so that a cell moves alike each time.
CANARIES = (("x.kernel_without=1", "classic", "anon-zipf", 0.30),
            ("x.kernel_without=2", "classic", "mixed-zipf", 0.75),
            ("x.kernel_without=4", "mglru", "anon-uniform", 0.30),
            ("x.kernel_without=8", "mglru", "anon-zipf", 0.75),
            ("x.kernel_without=16", "mglru", "anon-loop-hot", 0.75),
            ("x.kernel_without=32", "mglru", "mmap-dirty-seq", 0.75),
            ("x.lru_gen_switch_us=0", "mglru", "mmap-dirty-seq", 0.75))


def golden_cell(pattern, fraction):
    cell = next(c for c in json.loads(compare.REFERENCE.read_text())["cells"]
                if c["pattern"] == pattern and c["fraction"] == fraction and c["readahead_kb"] == 128 and c["page_cluster"] == 3)
    return {**cell, "limit_bytes": cell["limit_bytes"] // golden.SCALE + golden.UNSCALED_BYTES, "swap_bytes": cell["swap_bytes"] // golden.SCALE}


def moved(before, after, cell):
    """By how many times the cell's target its figures moved."""
    return max(abs(after[c] - before[c]) / max(compare.target(cell) * before[c], compare.FLOOR_PAGES / 10 / golden.SCALE) for c in compare.COUNTERS)


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
        comparisons = {}
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
                distances.append(compare.distance(cell, ours))
                figures = ", ".join(f"{c} {compare.shown(ours[c], cell['values'].get(c, 0))}" for c in compare.COUNTERS)
                print(f"# {lru} {compare.name_of(cell)}: {distances[-1]:.1f} of the target; ours / Linux 6.12: {figures}")
            say(sum(d <= 2 for d in distances) >= least,
                f"{lru}{' beside a reader of cpu.stat' if read else ''}: {compare.summary(distances)}")
    for setting, lru, pattern, fraction in CANARIES:
        cell = golden_cell(pattern, fraction)
        before, after = (compare.replay(program, golden.RECORDINGS / f"{pattern}.hwt", cell, lru, "6.12", [*comparisons[lru].settings, *more])
                         for more in ((), (setting,)))
        move = moved(before, after, cell)
        say(move > 1, f"{setting} changes {lru} {compare.name_of(cell)}: by {move:.1f} times its target")
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
