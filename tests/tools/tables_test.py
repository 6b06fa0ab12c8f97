#!/usr/bin/env python3
"""tables_test.py - what a table declares is all there is, where a compiler cannot see it. Prints TAP."""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tools"))
import csource  # noqa: E402

SRC = TOP / "src"


def rows(path, macro):
    """First and following words of each row of a table."""
    return re.findall(r"^" + macro + r"\((\w+)", (SRC / path).read_text(), re.MULTILINE)


def numbers_of_the_abi_are_all_compared_with_the_hosts():
    declared = set(re.findall(r"\bABI_(\w+) = ", (SRC / "base/abi.h").read_text()))
    test = (SRC / "base/abi_test.c").read_text()
    tested = set(re.findall(r"\bSAME\((\w+)\)", test)) | set(re.findall(r"\bABI_(\w+),", test))
    return sorted(declared - tested)


def numbers_of_the_abi_are_declared_nowhere_else():
    names = set(re.findall(r"\bABI_(MADV_\w+|FADV_\w+|MCL_\w+|PROT_\w+|SIG\w+) = ", (SRC / "base/abi.h").read_text()))
    found = []
    for path in sorted(SRC.rglob("*.[ch]")):
        code = csource.code_only(path.read_text())
        if path.name != "abi.h":
            found += [f"{path.relative_to(TOP)}: {text}" for text in
                      re.findall(r"\b\w*(?:" + "|".join(names) + r")(?: =)?[ ]+\d+", code)]
    return found


def a_text_that_lists_devices_lists_all_of_them():
    devices = rows("machine/devices.def", "DEVICE")
    found = []
    for path in sorted(path for pattern in ("*.c", "*.h", "*.def") for path in SRC.rglob(pattern)):
        if csource.is_test(path):
            continue
        for text in re.findall(r'"((?:\\.|[^"\\\n])*)"', csource.without_comments(path.read_text())):
            words = set(re.findall(r"\w+", text))
            missing = [device for device in devices if device not in words and device != "zram"]
            if len(words & set(devices)) > 2 and missing:
                found.append(f"{path.relative_to(TOP)}: {text!r} leaves out {', '.join(missing)}")
    return found


TESTS = (numbers_of_the_abi_are_all_compared_with_the_hosts, numbers_of_the_abi_are_declared_nowhere_else,
         a_text_that_lists_devices_lists_all_of_them)


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        found = test()
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {test.__name__}")
        for line in found:
            print(f"# {line}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
