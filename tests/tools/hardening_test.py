#!/usr/bin/env python3
"""hardening_test.py - the program is built to be hard to exploit: readelf looks at what the linker made. Prints TAP."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = os.environ.get("HIGHWATER", str(TOP / "build/highwater"))


def readelf(*options):
    return subprocess.run(["readelf", "--wide", *options, HIGHWATER], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def the_program_is_position_independent():
    return re.search(r"Type:\s+DYN", readelf("-h")) and "PIE" in readelf("-d")


def all_relocations_are_done_and_read_only_before_main():
    return "GNU_RELRO" in readelf("-l") and re.search(r"FLAGS_1.*\bNOW\b", readelf("-d"))


def the_stack_is_not_executable():
    return re.search(r"GNU_STACK.* RW +0x", readelf("-l"))


def functions_notice_an_overwritten_stack():
    return "__stack_chk_fail" in readelf("--dyn-syms")


def copies_are_checked_by_the_c_library():
    return re.search(r"\b__(memcpy|snprintf|vsnprintf)_chk@", readelf("--dyn-syms"))


TESTS = (the_program_is_position_independent, all_relocations_are_done_and_read_only_before_main,
         the_stack_is_not_executable, functions_notice_an_overwritten_stack, copies_are_checked_by_the_c_library)


def main():
    if not shutil.which("readelf"):
        print("readelf is not installed")
        sys.exit(77)
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        good = test()
        failed += not good
        print(f"{'' if good else 'not '}ok {number} - {test.__name__}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
