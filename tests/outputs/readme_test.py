#!/usr/bin/env python3
"""readme_test.py - what the documents show of shipped files is what the program prints, and their links lead somewhere. Prints TAP.

A sample is a block of a document whose first line is `$ highwater ...` on files of the repository, or one of SAMPLES, whose command
stands in the text before it. A line `...` in a sample is any number of lines; it may leave out lines at its end; spaces at the
end of lines do not count.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = os.environ.get("HIGHWATER", str(TOP / "build/highwater"))
SAMPLES = (
    ("README.md", "examples/demo.hwt: without a limit", "size examples/demo.hwt --thp never"),
    ("docs/size.md", "Input     examples/demo.hwt", "run examples/demo.hwt --memory-max 48M --swap 1G --thp never"),
    ("docs/machine.md", "scenarios/thp-database.ini under", "run scenarios/thp-database.ini --compare thp=always,madvise,never -q"),
)
# A live machine answers as fast as the host lets it.
LIVE = ("enter", "live", "mount", "top")


def documents():
    return [TOP / "README.md", TOP / "ARCHITECTURE.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]


def blocks(text):
    return [block for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)]


def samples():
    """(document, command, lines shown) of each sample."""
    for document in documents():
        name = str(document.relative_to(TOP))
        for block in blocks(document.read_text()):
            for where, begins, command in SAMPLES:
                if where == name and block.startswith(begins):
                    yield name, command, block
            first, _, rest = block.partition("\n")
            if first.startswith("$ highwater "):
                command = first.removeprefix("$ highwater ")
                files = [word for word in shlex.split(command) if re.search(r"\.(hwt|hwc|ini|log|txt)$", word)]
                if files and all((TOP / file).exists() for file in files) and command.split()[0] not in LIVE:
                    yield name, command, rest


def matches(shown, real):
    """Do the lines shown stand in what is printed, in order, with gaps only where `...` stands?"""
    at, gap = 0, False
    for line in shown:
        if line == "...":
            gap = True
        if gap and line in ("...", ""):
            continue
        while gap and at < len(real) and real[at] != line:
            at += 1
        if at >= len(real) or real[at] != line:
            return f"{line!r} is not what is printed" + (f", but {real[at]!r}" if at < len(real) and not gap else "")
        at, gap = at + 1, False
    return None


def printed(command):
    done = subprocess.run([HIGHWATER, *shlex.split(command)], cwd=TOP, capture_output=True, text=True, timeout=120, check=False)
    return [line.rstrip() for line in done.stdout.splitlines()]


def anchors(text):
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken_links(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists():
            yield f"{target}: there is no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            yield f"{target}: there is no such heading"


def main():
    number = failed = 0
    seen = set()
    for name, command, block in samples():
        number += 1
        seen.add((name, command))
        shown = [line.rstrip() for line in block.strip("\n").splitlines()]
        wrong = matches(shown, printed(command)) if shown else "the sample is empty"
        failed += wrong is not None
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}: highwater {command}")
        if wrong:
            print(f"# {wrong}")
    for name, _, command in SAMPLES:
        if (name, command) not in seen:
            number, failed = number + 1, failed + 1
            print(f"not ok {number} - {name} does not show what highwater {command} prints")
    for document in documents():
        number += 1
        wrong = list(broken_links(document))
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - links of {document.relative_to(TOP)}")
        for text in wrong:
            print(f"# {text}")
    print(f"1..{number}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
