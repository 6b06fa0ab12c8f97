#!/usr/bin/env python3
"""dead.py - functions, macros and fields that the program does not use.

The compiler warns of what is static. This looks at what several files share: functions that are not static, inline
functions and macros of headers, and fields of structures. A function or macro of the program that only tests use is
an error too: it belongs into the test, or is the twin of something that the program does elsewhere. Two kinds may be
there for tests alone: a check of invariants (X_check), and what carries /* lint: REASON */ on its line or on the one
before it. A field is an error when no other line has its name: words are compared, not scopes.

A name that a macro pastes together (##) is not seen as used; a name that begins or ends with a word of such a macro
is passed over.
"""

import collections
import re
import sys

import csource
import rooms
import tidy

WORD = re.compile(r"\b[A-Za-z_]\w*\b")
TYPE = r"(?:[A-Za-z_][\w ]*[ *]+)"
FUNCTION = re.compile(r"^(?!static\b|typedef\b|return\b|else\b)" + TYPE + r"([A-Za-z_]\w*)\([^;{}]*?\)[^;{}()]*\n?\{",
                      re.MULTILINE)
INLINE = re.compile(r"^static inline " + TYPE + r"([A-Za-z_]\w*)\(", re.MULTILINE)
DECLARED = re.compile(r"^(?!#|static\b|\s)[\w *]*?\b([A-Za-z_]\w*)\([^{}]*?\)[^;{}]*;", re.MULTILINE)
MACRO = re.compile(r"^#\s*define\s+([A-Za-z_]\w*)", re.MULTILINE)
FIELDS = re.compile(r"^ +(?!return\b|goto\b)(?:[A-Za-z_]\w* +)+(?:\**\w+(?:\[[^\]]*\])*(?: : \d+)?, )*"
                    r"\**\w+(?:\[[^\]]*\])*(?: : \d+)?;", re.MULTILINE)
FIELD = re.compile(r"\b([A-Za-z_]\w*)(?:\[[^\]]*\])*(?: : \d+)?[,;]")
PASTES = re.compile(r"(\w*)\s*##\s*(\w*)(?:\s*##\s*(\w*))?")
PASTED_MIN = 4


class Definition:
    """Where a name is defined; a name may be, more than once, under #if."""

    def __init__(self, kind, path, line):
        self.kind, self.path, self.line, self.count = kind, path, line, 0


class Sources:
    """Words of all C files, by who uses them."""

    def __init__(self):
        self.paths = [path for room in rooms.read_rooms() for path in csource.room_files(room)]
        self.tests = tidy.test_headers(self.paths)
        self.programs = [path for folder in ("bench", "include", "src/record/valgrind") for path in self.files(folder)]
        self.code = {}
        self.used, self.used_by_tests = collections.Counter(), collections.Counter()
        for path in self.paths + self.programs + self.files("tests"):
            self.code[path] = csource.code_only(path.read_text())
            words = WORD.findall(self.code[path])
            (self.used_by_tests if self.is_test(path) else self.used).update(words)
        self.shared = [path for path in self.paths if path not in self.tests]
        self.pasted = tuple(part for code in self.code.values() for match in PASTES.finditer(code)
                            for part in match.groups() if part and "_" in part and len(part) >= PASTED_MIN)

    @staticmethod
    def files(folder):
        return [path for pattern in ("*.c", "*.h") for path in sorted((csource.TOP / folder).rglob(pattern))]

    def is_test(self, path):
        return path in self.tests or path.relative_to(csource.TOP).parts[0] == "tests"

    def is_pasted(self, name):
        return name.startswith(self.pasted) or name.endswith(self.pasted)

    def waived(self, path, line):
        return csource.waived(path.read_text().split("\n"), line - 1)


def find_definitions(sources):
    found = {}
    for path in sources.shared:
        code = sources.code[path]
        kinds = [(FUNCTION, "function")] if path.suffix == ".c" else [(INLINE, "function"), (MACRO, "macro")]
        for pattern, kind in kinds:
            for match in pattern.finditer(code):
                name, line = match.group(1), code.count("\n", 0, match.start(1)) + 1
                found.setdefault(name, Definition(kind, path, line)).count += 1
    return found


def check_definitions(report, sources):
    declared = collections.Counter(name for path in sources.shared if path.suffix == ".h"
                                   for name in DECLARED.findall(sources.code[path]))
    for name, where in find_definitions(sources).items():
        if sources.used[name] > where.count + declared[name] or sources.is_pasted(name):
            continue
        if name == "main" or where.kind == "macro" and name.endswith("_H"):
            continue
        by_tests = sources.used_by_tests[name] > 0
        if by_tests and name.endswith("_check") or sources.waived(where.path, where.line):
            continue
        report.error(where.path, where.line, f"{where.kind} {name}: " +
                     ("only tests use it" if by_tests else "nobody uses it"))


def check_fields(report, sources):
    for path in sources.shared:
        code = sources.code[path]
        for match in FIELDS.finditer(code):
            for field in FIELD.finditer(match.group()):
                name = field.group(1)
                if sources.used[name] + sources.used_by_tests[name] > 1 or sources.is_pasted(name):
                    continue
                line = code.count("\n", 0, match.start() + field.start(1)) + 1
                if not sources.waived(path, line):
                    report.error(path, line, f"field {name}: nobody uses it")


def main():
    report = csource.Report()
    sources = Sources()
    check_definitions(report, sources)
    check_fields(report, sources)
    sys.exit(report.errors > 0)


if __name__ == "__main__":
    main()
