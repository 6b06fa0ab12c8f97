"""csource.py - the little that the lint tools need to know about C text."""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parent.parent

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL
)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """The text with comments and the insides of strings blanked; every line keeps its number."""

    def replace(match):
        token = match.group(0)
        if token[0] == "/":
            return _blank(token)
        return token[0] + _blank(token[1:-1]) + token[-1]

    return _TOKEN.sub(replace, text)


def without_comments(text):
    """The text with comments blanked; strings stay."""
    return _TOKEN.sub(lambda match: _blank(match.group(0)) if match.group(0)[0] == "/" else match.group(0), text)


def comments_only(text):
    """The text with everything but comments blanked."""
    out, end = [], 0
    for match in _TOKEN.finditer(text):
        out.append(_blank(text[end:match.start()]))
        token = match.group(0)
        out.append(token if token[0] == "/" else _blank(token))
        end = match.end()
    out.append(_blank(text[end:]))
    return "".join(out)


def waived(lines, index):
    """Does line `index` (from 0), or the one before it, carry `/* lint: REASON */`?"""
    here = lines[index] + (lines[index - 1] if index else "")
    return re.search(r"/\* lint: [^\s*]", here) is not None


def room_files(room, patterns=("*.c", "*.h", "*.def")):
    """Sources of a room, those in folders of its own included, but not the recorder's Valgrind tool,
    which is a separate program that cannot use the C library."""
    folder = TOP / "src" / room
    found = [path for pattern in patterns for path in folder.rglob(pattern)]
    return sorted(path for path in found if "valgrind" not in path.relative_to(TOP).parts)


def is_test(path):
    return path.name.endswith(("_test.c", "_fuzz.c", "_testing.h")) or path.name == "test.h"


class Report:
    """Collects findings and prints them as file:line: text."""

    def __init__(self):
        self.errors = 0

    def error(self, path, line, text):
        self.errors += 1
        print(f"{path.relative_to(TOP)}:{line}: {text}")

    def warn(self, path, line, text):
        print(f"{path.relative_to(TOP)}:{line}: warning: {text}")
