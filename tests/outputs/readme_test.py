#!/usr/bin/env python3
"""readme_test.py - what README.md shows of the shipped recording is what the program prints. Prints TAP.

A sample may leave out lines at its end; spaces at the end of lines do not count.
"""

import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = os.environ.get("HIGHWATER", str(TOP / "build/highwater"))
SAMPLES = (
    ("size", ["size", "examples/demo.hwt", "--thp", "never"], "examples/demo.hwt: without a limit"),
    ("run", ["run", "examples/demo.hwt", "--memory-max", "48M", "--swap", "1G", "--thp", "never"], "Input     examples/demo.hwt"),
)


def sample_that_begins(readme, words):
    for block in readme.split("```")[1::2]:
        if block.lstrip("\n").startswith(words):
            return [line.rstrip() for line in block.strip("\n").splitlines()]
    return []


def printed(arguments):
    done = subprocess.run([HIGHWATER, *arguments], cwd=TOP, capture_output=True, text=True, timeout=120, check=False)
    return [line.rstrip() for line in done.stdout.splitlines()]


def main():
    readme = (TOP / "README.md").read_text()
    failed = 0
    for number, (name, arguments, begins) in enumerate(SAMPLES, 1):
        shown, real = sample_that_begins(readme, begins), printed(arguments)
        fine = shown and real[:len(shown)] == shown
        failed += not fine
        print(f"{'ok' if fine else 'not ok'} {number} - {name}")
        if not fine:
            print(f"# README.md's sample is not what 'highwater {' '.join(arguments)}' prints:")
            for line, (one, other) in enumerate(zip(shown + [""] * len(real), real), 1):
                if one != other and line <= max(len(shown), 1):
                    print(f"# line {line}: README.md {one!r}, printed {other!r}")
    print(f"1..{len(SAMPLES)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
