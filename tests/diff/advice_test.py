#!/usr/bin/env python3
"""advice_test.py - what advice.py and native.py make of runs: what a short program is compared with, what was said of a limit, what a file keeps. Prints TAP."""
import collections
import json
import os
import sys
import tempfile

import advice

sys.path.insert(0, str(advice.RECORD))
import native  # noqa: E402

Timed = collections.namedtuple("Timed", "outcome seconds")


class Runs(native.Native):
    """Takes these times, one after the other."""

    def __init__(self, *seconds):
        self.left = list(seconds)

    def run(self, limit=None):
        return Timed("completed", self.left.pop(0))


def a_short_run_without_a_limit_is_made_as_often_as_others():
    return len(Runs(0.03, 0.06, 0.03, 0.03, 0.03).whole_runs(5)) == 5 and len(Runs(2.0, 2.0).whole_runs(5)) == 1


def size(verified=True):
    rows = [{"memory.max": 20 << 20, "slowdown": 1.5}, {"memory.max": 30 << 20, "slowdown": 1.08}]
    return {"limits": rows, "smallest_surviving": {"bytes": 20 << 20}, "smallest_usable": {"found": True, "bytes": 30 << 20},
            "advice": {"found": True, "memory.max": 33 << 20, "verified": {"memory.max": 33 << 20, "slowdown": 1.02} if verified else None}}


def a_limit_is_said_to_cost_what_its_replay_took_and_nothing_without_one():
    return advice.slowdowns_of(size()) == {"recommended": 1.02, "usable": 1.08, "survived": 1.5} and advice.slowdowns_of(size(False)) == {
        "usable": 1.08, "survived": 1.5}


def rows_that_were_not_measured_again_keep_how_they_were_sized():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.json")
        advice.store(path, [{"name": "a", "runs": 3}], "6.1.0")
        old = json.loads(open(path, encoding="ascii").read())
        old["size"] = "size --swap 0 --seed 1"  # as one file said it of all its rows
        for cell in old["cells"]:
            del cell["size"]
        with open(path, "w", encoding="ascii") as f:
            json.dump(old, f)
        advice.store(path, [{"name": "b", "runs": 5}], "6.1.1")
        cells = {cell["name"]: cell for cell in json.loads(open(path, encoding="ascii").read())["cells"]}
        return (cells["a"]["size"], cells["a"]["kernel"], cells["b"]["size"], cells["b"]["kernel"]) == (
            "size --swap 0 --seed 1", "6.1.0", " ".join(advice.GUEST_SIZE), "6.1.1")


def main():
    tests = (a_short_run_without_a_limit_is_made_as_often_as_others, a_limit_is_said_to_cost_what_its_replay_took_and_nothing_without_one,
             rows_that_were_not_measured_again_keep_how_they_were_sized)
    held = [test() for test in tests]
    for at, (test, well) in enumerate(zip(tests, held), 1):
        print("%s %d - %s" % ("ok" if well else "not ok", at, test.__name__))
    print("1..%d" % len(tests))
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
