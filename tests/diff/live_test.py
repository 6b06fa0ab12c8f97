#!/usr/bin/env python3
"""live_test.py - what `highwater live` did to real kernels (live-guest.json, measured by live.py) is what docs/live.md promises. Prints TAP."""

import json
import pathlib
import sys

RESULTS = json.loads((pathlib.Path(__file__).resolve().parent / "live-guest.json").read_text())["results"]


def budget_is_crossed_within_ten_percent(one, case):
    fixed, budget = case["fixed_refaults_per_s"], one["settings"]["budget_per_s"]
    assert case["smallest_usable"]["found"] and case["smallest_usable"]["held"], case["smallest_usable"]
    assert fixed["110"] <= budget <= fixed["90"], fixed


def each_answer_is_within_ten_percent_of_fixed_limits(one):
    for kind in ("zipf", "file", "loop"):
        budget_is_crossed_within_ten_percent(one, one["cases"][kind])


def no_more_came_back_than_budget_x_time(one):
    for kind in ("zipf", "file", "loop"):  # the change of phase is not of its doing
        price = one["cases"][kind]["price"]
        assert max(price["refaults"], price["pgmajfault"]) <= price["budget_x_time"], (kind, price)


def memory_high_is_back_within_a_second_of_a_change(one):
    assert one["phase_change_given_back_s"] is not None and one["phase_change_given_back_s"] <= 1, one["phase_change_given_back_s"]
    assert all(case["price"]["release_ns_max"] <= 1e9 for case in one["cases"].values())


def memory_high_is_as_it_was(one):
    assert all(case["restored"] for case in one["cases"].values())


TESTS = (each_answer_is_within_ten_percent_of_fixed_limits, no_more_came_back_than_budget_x_time,
         memory_high_is_back_within_a_second_of_a_change, memory_high_is_as_it_was)


def main():
    failed = 0
    print(f"1..{len(TESTS) * len(RESULTS)}")
    for number, (one, test) in enumerate(((one, test) for one in RESULTS for test in TESTS), 1):
        try:
            test(one)
            good = True
        except (AssertionError, KeyError) as error:
            good = False
            print(f"# {type(error).__name__}: {error}")
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {test.__name__} ({one['kernel']}, {one['lru']})")
    return 1 if failed else 0


sys.exit(main())
