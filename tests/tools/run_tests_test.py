#!/usr/bin/env python3
"""run_tests_test.py - the test runner counts, times and keeps what it says it does. Prints TAP.

Each case is a small tree of test scripts, run through a copy of the tools.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

TAP = "printf 'ok 1 - good\\nnot ok 2 - bad\\nok 3 - absent # SKIP no disk\\n# result median error = 1.5 %%\\n1..3\\n'; exit 1"
SCRIPTS = {"a/quick_test.sh": "exit 0", "a/cells_heavy.sh": TAP, "b/guest_heavy.sh": "echo no guest; exit 77"}


def run(arguments, scripts):
    """The last line of the output, all of it, and the files of tests/results by name."""
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        shutil.copytree(TOP / "tools", top / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in scripts.items():
            path = top / "tests" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
        done = subprocess.run([top / "tools/run_tests.py", "--build", top / "build", *arguments],
                              capture_output=True, text=True)
        kept = {path.name: json.loads(path.read_text()) for path in top.glob("tests/results/*")}
        return done.stdout.splitlines()[-1], done.stdout, kept


def main():
    cases = []
    last, output, kept = run([], SCRIPTS)
    cases.append(("heavy_tests_wait_to_be_asked_for", last == "1 passed, 0 failed" and not kept, output))
    last, output, kept = run(["--heavy"], SCRIPTS)
    cases.append(("the_last_line_counts_heavy_tests_too", last == "2 passed, 1 failed, 2 skipped", output))
    cases.append(("a_total_is_printed", "\nTotal: " in output, output))
    found = kept.get("a-cells.json", {})
    cases.append(("outcomes_of_a_heavy_test_are_kept",
                  found.get("cases") == {"good": "pass", "bad": "fail", "absent": "skip"}, str(kept)))
    cases.append(("figures_of_a_heavy_test_are_kept", found.get("results") == {"median error": "1.5 %"}, str(kept)))
    cases.append(("a_skipped_heavy_test_keeps_nothing", list(kept) == ["a-cells.json"], str(kept)))
    last, output, kept = run(["--heavy", "cells"], SCRIPTS)
    cases.append(("names_choose_among_heavy_tests", last == "1 passed, 1 failed, 1 skipped", output))
    last, output, kept = run([], {f"a/t{i}_test.sh": "exit 0" for i in range(12)})
    slowest = output.split("Slowest:\n")[-1].split("\n\n")[0].splitlines()
    cases.append(("the_ten_slowest_are_printed", len(slowest) == 10, output))

    print(f"1..{len(cases)}")
    for number, (name, good, text) in enumerate(cases, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print("# " + text.replace("\n", "\n# "))
    sys.exit(not all(good for _, good, _ in cases))


if __name__ == "__main__":
    main()
