#!/usr/bin/env python3
"""golden_test.py - what the machine prints is what it printed: the checksums of golden.tsv. Prints TAP."""

import os
import sys

import golden


def main():
    program = os.environ.get("HIGHWATER", golden.TOP / "build" / "highwater")
    number = failed = 0
    for name, wrong in golden.compare_with_golden(program, golden.cases()):
        number += 1
        failed += wrong is not None
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        if wrong:
            print(f"# {wrong}")
    if failed:
        print("# What changed: tests/golden/golden.py --against PROGRAM, with a build of the commit before; see tests/golden/README.md")
    print(f"1..{number}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
