#!/usr/bin/env python3
"""tidy.py - the rules of style that a program can check.

Errors: a file over 1,200 lines; a C file that does not open with "/* name - what it is"; a function
over 70 lines without a comment "long: REASON" before it; calls that are banned because a safe one
exists; a file made elsewhere than in base/outfile; a header nobody includes; an empty doc tag; trailing blanks, tabs, a
missing last newline; a comment beyond 100 columns that is not a drawing; a list of tests beside TEST(); names of corpses (old, v0, unfinished); a kernel's version outside stats/, in a string or in a name: what
depends on the kernel asks the kernel model. Warnings: a file over 800 lines.

A banned call may stand for a reason: /* lint: REASON */ on the line or on the one before it.
"""

import re
import subprocess
import sys

import csource
import rooms

LINES_WARN, LINES_MAX, FUNCTION_MAX, COLUMNS = 800, 1200, 70, 100
# Within a comment: a line that begins with three blanks or more.
DRAWING = re.compile(r"^\s*(/\*|\*)\s{3}")

BANNED = {
    "strcpy": "snprintf or memcpy",
    "strcat": "struct strbuf",
    "strncpy": "snprintf",
    "strncat": "struct strbuf",
    "sprintf": "snprintf or struct strbuf",
    "vsprintf": "vsnprintf",
    "gets": "fgets",
    "asprintf": "struct strbuf, which has memory or ends the program",
    "vasprintf": "strbuf_vprintf",
    "open_memstream": "struct strbuf",
    "atoi": "parse_u64",
    "atol": "parse_u64",
    "atoll": "parse_u64",
    "atof": "parse_f64",
    "rand": "struct prng",
    "srand": "struct prng",
    "strtok": "strtok_r or a parser",
    "tmpnam": "mkstemp",
    "mktemp": "mkstemp",
    "alloca": "an array or the heap",
    "ctime": "strftime",
    "asctime": "strftime",
}
# Who makes files, names or removes them. Reading with fopen(path, "r") is nobody's business.
FILE_MAKERS = {"base/outfile.c", "base/outfile_pending.c", "base/outtree.c"}
MAKES_FILES = re.compile(
    r"(?<![\w.>])(?:creat|mkstemps?|mkostemps?|mkdtemp|tmpfile|mkdir|mkfifo|mknod|symlink|link|rename|unlink|remove|rmdir"
    r"|mkdirat|mkfifoat|mknodat|symlinkat|linkat|renameat2?|unlinkat|truncate|freopen)\s*\("
    r"|VG_\((?:unlink|rename|mkstemp)\)|\b(?:VKI_)?O_(?:CREAT|TMPFILE)\b")
OPENS_STREAM = re.compile(r'(?<![\w.>])fopen\s*\((?!.*,\s*"r[be]*"\))')
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
CORPSE = re.compile(r"(^|[_-])(old|v0|unfinished|deprecated|tmp|backup|copy2?)\.[ch]$")
EMPTY_TAG = re.compile(r"[@\\](param|return|returns|brief|retval|note)\b(\s*\w+)?\s*(\*/)?\s*$")


def check_text(report, path, lines):
    if len(lines) > LINES_MAX:
        report.error(path, 1, f"{len(lines)} lines: over {LINES_MAX}; which noun wants a file of its own?")
    elif len(lines) > LINES_WARN:
        report.warn(path, 1, f"{len(lines)} lines: over {LINES_WARN}")
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            report.error(path, number, "blank at the end of the line")
        if "\t" in line:
            report.error(path, number, "tab")


def check_comments(report, path, text, lines):
    """Comments end at column 100, but for drawings and tables, which begin three blanks in."""
    for index, line in enumerate(csource.comments_only(text).splitlines()):
        if len(line) > COLUMNS and line.strip() and not DRAWING.match(line) and not csource.waived(lines, index):
            report.error(path, index + 1, f"a comment of {len(line)} columns: over {COLUMNS}")


def check_test_lists(report, path, text):
    if path.name != "test.h" and "cmocka_unit_test" in text:
        report.error(path, text[:text.index("cmocka_unit_test")].count("\n") + 1, "a test is written once: TEST(name) of base/test.h")


def check_opening(report, path, text):
    first = text.split("\n", 1)[0]
    spdx = "SPDX-License-Identifier" in first
    if spdx:
        first = text.split("\n", 2)[1]
    if not re.match(r"/\* " + re.escape(path.name) + r" - \S", first):
        report.error(path, 1, f'open with "/* {path.name} - what it is"')


def check_functions(report, path, text, lines):
    """A function body stands between lines '{' and '}' in the first column: clang-format sees to it."""
    start = None
    for index, line in enumerate(lines):
        if line == "{":
            start = index
        elif line == "}" and start is not None:
            length = index - start - 1
            if length > FUNCTION_MAX:
                head = start - 1
                while head > 0 and lines[head].strip() and not lines[head].startswith("}"):
                    head -= 1
                before = "\n".join(lines[head:start])
                name = re.search(r"(\w+)\s*\(", csource.code_only(before))
                if "long:" not in csource.comments_only(before):
                    report.error(
                        path, start, f"{name.group(1) if name else 'function'}: {length} lines, over "
                        f"{FUNCTION_MAX}; split it, or say why not in a comment before it: long: ...")
            start = None


def check_calls(report, path, text, lines):
    for index, line in enumerate(csource.code_only(text).splitlines()):
        match = BANNED_CALL.search(line)
        if match and not csource.waived(lines, index):
            name = match.group(1)
            report.error(path, index + 1, f"{name} is banned; use {BANNED[name]}")
    for index, line in enumerate(csource.comments_only(text).splitlines()):
        if EMPTY_TAG.search(line):
            report.error(path, index + 1, "empty doc tag")


def kernel_versions():
    """What a release may be called in code: by the names that stats/ declares."""
    text = "".join(path.read_text() for path in sorted((csource.TOP / "src/stats").glob("kernel_*.c")))
    names = re.findall(r'^    \.name = "([0-9.]+)",$', text, re.MULTILINE)
    spelled = [re.escape(name) + r"(?![\d%])" for name in names] + [name.replace(".", "_") + r"(?!\d)" for name in names]
    return re.compile(r"(?<![\d.])(" + "|".join(spelled) + ")") if names else None


def check_versions(report, path, text, lines, version):
    for index, line in enumerate(csource.without_comments(text).splitlines()):
        match = version.search(line)
        if match and not csource.waived(lines, index):
            report.error(path, index + 1, f"kernel version {match.group(1)}: only stats/ knows versions; ask kernel_has() "
                         "or a constant of the kernel")


def test_headers(paths):
    """Headers that nothing but tests includes."""
    users = {}
    for path in paths:
        for name in re.findall(r'#\s*include\s+"([^"]+)"', path.read_text()):
            users.setdefault(name, []).append(path)
    tests = set(path for path in paths if csource.is_test(path))
    while True:
        more = set(path for path in paths if path.suffix == ".h" and path not in tests
                   and (found := users.get(str(path.relative_to(csource.TOP / "src"))))
                   and all(user in tests for user in found))
        if not more:
            return tests
        tests |= more


def check_file_makers(report, path, text, lines):
    if csource.is_test(path) or f"{path.parent.name}/{path.name}" in FILE_MAKERS:
        return
    for index, line in enumerate(csource.code_only(text).splitlines()):
        match = MAKES_FILES.search(line) or ("fopen" in line and OPENS_STREAM.search(lines[index]))
        if match and not csource.waived(lines, index):
            report.error(path, index + 1, f"{match.group(0).rstrip('( ')}: base/outfile.h and base/outtree.h make files, "
                         "for everybody")


def check_dead_headers(report, paths):
    included = set()
    for path in paths:
        included.update(re.findall(r'#\s*include\s+["<]([^">]+)[">]', path.read_text()))
    for path in paths:
        name = str(path.relative_to(csource.TOP / "src"))
        if path.suffix == ".h" and name not in included:
            report.error(path, 1, "nobody includes this header")


def check_scripts(report):
    for path in [csource.TOP / "dev"] + sorted((csource.TOP / "tools").glob("*.sh")):
        done = subprocess.run(["sh", "-n", path], capture_output=True, text=True)
        if done.returncode:
            report.error(path, 1, done.stderr.strip())
    for path in sorted((csource.TOP / "tools").glob("*.py")):
        try:
            compile(path.read_text(), str(path), "exec")
        except SyntaxError as error:
            report.error(path, error.lineno or 1, f"does not compile: {error.msg}")


def main():
    report = csource.Report()
    sources = [path for room in rooms.read_rooms() for path in csource.room_files(room)]
    others = [path for folder in ("bench", "tests", "include", "src/record/valgrind")
              for pattern in ("*.c", "*.h") for path in sorted((csource.TOP / folder).rglob(pattern))]
    tests = test_headers(sources)
    version = kernel_versions()
    for path in sources + others:
        text = path.read_text()
        lines = text.split("\n")
        if lines[-1]:
            report.error(path, len(lines), "no newline at the end of the file")
        else:
            lines.pop()
        check_text(report, path, lines)
        check_opening(report, path, text)
        if CORPSE.search(path.name):
            report.error(path, 1, "a name for something that should be gone")
        check_functions(report, path, text, lines)
        check_comments(report, path, text, lines)
        check_test_lists(report, path, text)
        if path in sources:
            check_calls(report, path, text, lines)
            if version and path not in tests and path.parent.name != "stats":
                check_versions(report, path, text, lines, version)
        if "src" in path.relative_to(csource.TOP).parts:
            check_file_makers(report, path, text, lines)
    check_dead_headers(report, sources)
    check_scripts(report)
    sys.exit(report.errors > 0)


if __name__ == "__main__":
    main()
