#!/usr/bin/env python3
"""compare_range_test.py - what distance_of_range() and spread_of_runs() of compare.py make of several runs of ours."""
import sys

import compare

CELL = {"pattern": "anon-seq", "limit_bytes": 1 << 20, "values": {"oom_kill": 0, **{c: 10000 for c in compare.COUNTERS}}}


def runs(*figures):
    return [{"outcome": "completed", **{c: 10000 for c in compare.COUNTERS}, "pgmajfault": figure} for figure in figures]


CHECKS = (("what lies between runs is no distance", compare.distance_of_range(CELL, runs(9000, 12000)) == 0),
          ("else the nearest run counts", abs(compare.distance_of_range(CELL, runs(10300, 12000)) - 3) < 1e-9),
          ("one run is distance()", compare.distance_of_range(CELL, runs(10300)) == compare.distance(CELL, runs(10300)[0])),
          ("no run that ends as Linux's is infinitely far", compare.distance_of_range(CELL, [{**runs(10000)[0], "outcome": "oom"}]) == float("inf")),
          ("the spread is a share of Linux's figure", abs(compare.spread_of_runs(CELL, runs(9000, 10000, 12000)) - 0.3) < 1e-9),
          ("neighbours differ by a page of limit", [c["limit_bytes"] - CELL["limit_bytes"] for c in compare.neighbours(CELL)] == [-4096, 4096]))

for number, (text, ok) in enumerate(CHECKS, 1):
    print(f"{'ok' if ok else 'not ok'} {number} - {text}")
print(f"1..{len(CHECKS)}")
sys.exit(not all(ok for _, ok in CHECKS))
