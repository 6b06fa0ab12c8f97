#!/usr/bin/env python3
"""seeds_heavy.py - every property program with ten times the operations of ./dev test, and with other seeds. Prints TAP.

In the release build and in the one that checks itself. What fails here is a bug whose seed is in the name of the case:
build/ROOM-NOUN_fuzz x10 SEED shows it again.
"""

import json
import os
import pathlib
import subprocess
import sys

TIMES = 10
SEEDS = (2, 3)


def property_programs(build):
    done = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, text=True, check=True)
    return [(test["name"], test["cmd"]) for test in json.loads(done.stdout)
            if test["suite"][0].split(":")[-1] == "property"]


def main():
    builds = [("", os.environ["BUILD"])]
    if os.environ.get("BUILD_SAN"):
        builds.append(("checked ", os.environ["BUILD_SAN"]))
    cases = [(f"{which}{name} seed {seed}", command + [f"x{TIMES}", str(seed)])
             for which, build in builds for name, command in property_programs(build) for seed in SEEDS]
    failed = 0
    print(f"1..{len(cases)}")
    for number, (name, command) in enumerate(cases, 1):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        bad = done.returncode not in (0, 77)
        failed += bad
        skip = f" # SKIP {(done.stdout.splitlines() or ['no reason given'])[-1]}" if done.returncode == 77 else ""
        print(f"{'not ok' if bad else 'ok'} {number} - {name}{skip}", flush=True)
        if bad:
            print("# " + (done.stdout + done.stderr)[-4000:].replace("\n", "\n# "))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
