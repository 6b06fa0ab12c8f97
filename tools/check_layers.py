#!/usr/bin/env python3
"""check_layers.py - does every file include only what its room may, and call only what its room may?

src/ROOMS says which room may include which. Beyond that:

  - an include of the project is written "room/file.h"; `<noun>_int.h` belongs to its room alone;
  - only cli/ prints and exits;
  - the machine (tower one) reads no clock of the host and draws no random number of the host.

A line may break a call rule for a reason: /* lint: REASON */ on the line or on the one before it.
"""

import re
import sys

import csource
import rooms

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)

PRINTS = re.compile(
    r"\b(printf|vprintf|puts|putchar|perror|exit|_exit|_Exit|quick_exit|abort_with|warnx?|errx?)\s*\("
    r"|\bf(?:printf|puts|putc|write)\s*\([^;]*\b(?:stdout|stderr)\b"
    r"|\bv?dprintf\s*\(\s*[012]\b"
)
SHOWING = re.compile(PRINTS.pattern.replace("|exit|_exit|_Exit|quick_exit", "|streams_print") +
                     r"|\bwrite\s*\(\s*(?:STDOUT_FILENO|STDERR_FILENO|[12]\b)")
SHOWS = ("cli_output.c", "streams.c", "streams.h")
# What others wrote is read with json-c itself.
READS_JSON = [("paste", "json.c"), ("page", "document.c"), ("report", "check_earlier.c"), ("fleet", "import_json.c"), ("report", "diff_json.c")]
JSON_C = re.compile(r"\bjson_object_\w+\s*\(")
HOST_STATE = re.compile(
    r"\b(time|times|clock|clock_gettime|gettimeofday|ftime|rand|rand_r|random|srand|srandom|drand48"
    r"|lrand48|getrandom|getentropy|arc4random\w*|getenv|secure_getenv)\s*\("
)


def check_includes(report, path, room, uses, text):
    for match in INCLUDE.finditer(text):
        quote, name = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if quote == "<":
            if name == "cmocka.h" and path.name != "test.h":
                report.error(path, line, 'include "base/test.h" instead of <cmocka.h>')
            continue
        if "/" not in name:
            report.error(path, line, f'write "{room}/{name}": includes name their room')
            continue
        target = name.split("/")[0]
        if target == "highwater":
            continue
        if target != room and target not in uses:
            allowed = " ".join(uses) or "nothing"
            report.error(path, line, f"{room}/ may not include {name}; it may use: {allowed}")
        if name.endswith("_int.h") and target != room:
            report.error(path, line, f"{name} belongs to {target}/ alone")
        if name == "base/test.h" and not csource.is_test(path):
            report.error(path, line, "base/test.h is for *_test.c and *_fuzz.c")
        if not (csource.TOP / "src" / name).exists():
            report.error(path, line, f"{name} does not exist")


def check_calls(report, path, text, pattern, why):
    lines = text.splitlines()
    for index, line in enumerate(csource.code_only(text).splitlines()):
        match = pattern.search(line)
        if match and not csource.waived(lines, index):
            report.error(path, index + 1, f"{match.group(0).strip()}: {why}")


def main():
    report = csource.Report()
    table = rooms.read_rooms()
    machine = rooms.tower_one(table)
    for folder in sorted(p for p in (csource.TOP / "src").iterdir() if p.is_dir()):
        if folder.name not in table:
            report.error(csource.TOP / "src/ROOMS", 1, f"src/{folder.name}/ is not listed")
    for room, uses in table.items():
        for path in csource.room_files(room):
            text = path.read_text()
            check_includes(report, path, room, uses, text)
            if csource.is_test(path):
                continue
            if room != "cli":
                check_calls(report, path, text, PRINTS, "only cli/ prints and exits")
            elif path.name not in SHOWS:
                check_calls(report, path, text, SHOWING, "cli_emit, cli_note and cli_say clean what they show")
            if path.name != "json_put.c" and (room, path.name) not in READS_JSON:
                check_calls(report, path, text, JSON_C, "report/json_put.h cleans text and checks allocations")
            if room in machine:
                check_calls(report, path, text, HOST_STATE, "the machine knows only its own clock and seed")
    sys.exit(report.errors > 0)


if __name__ == "__main__":
    main()
