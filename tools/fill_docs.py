#!/usr/bin/env python3
"""fill_docs.py - the prose of documents is filled at 120 columns.

  fill_docs.py [FILE...]   fill these, or every document of the repository
  fill_docs.py --check     say which are not filled

Paragraphs and items of lists are filled. Code, tables, headings, comments and lines of HTML stay as they are; a line that ends in two
blanks or a backslash ends there. A link is not broken, and no line begins with what would be another kind of block.
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
WIDTH = 120
ITEM = re.compile(r"^(\s*)([-*+]|\d+[.)])(\s+)(?=\S)")
# What would begin another block at the start of a line.
BLOCK = re.compile(r"^([-*+>|]|#+|\d+[.)]|```.*|~~~.*|=+|-+|<.*)$")
# Blanks within code, within the text of a link, and between a number and its unit stay in one word.
WHOLE = re.compile(r"``[^`]*``|`[^`]*`|!?\[[^\]]*\]\([^)\s]*\)|\b\d[\d.,]* (?:%|(?:[KMGT]i?B|[mun]?s)\b)")


def words_of(text):
    held = []

    def hold(match):
        held.append(match.group(0))
        return f"\0{len(held) - 1}\0"

    # Long code may be broken between its words, so that a command in prose does not leave half a line empty.
    text = WHOLE.sub(lambda match: hold(match) if len(match.group(0)) <= 60 or "](" in match.group(0) else match.group(0), text)
    return [re.sub(r"\0(\d+)\0", lambda match: held[int(match.group(1))], word) for word in text.split()]


def fill(words, first, rest):
    """Lines of these words, the first with one indentation, the others with another."""
    lines, line = [], first
    empty = True
    for word in words:
        if not empty and len(line) + 1 + len(word) > WIDTH and not BLOCK.match(word):
            lines.append(line)
            line, empty = rest, True
        line += word if empty else " " + word
        empty = False
    return lines + [line]


def filled(text):
    """The document with its prose filled."""
    out, prose, first, rest = [], [], "", ""
    fence = None

    def flush():
        nonlocal prose
        if prose:
            out.extend(fill(words_of(" ".join(prose)), first, rest))
        prose = []

    lines = text.split("\n")
    comment = False
    for line in lines:
        mark = re.match(r"^\s*(```+|~~~+)", line)
        if fence:
            out.append(line)
            if mark and mark.group(1).startswith(fence) and line.strip() == mark.group(1):
                fence = None
            continue
        if mark:
            flush()
            fence = mark.group(1)
            out.append(line)
            continue
        if comment or line.startswith("<!--"):
            flush()
            comment = "-->" not in line
            out.append(line)
            continue
        item = ITEM.match(line)
        # Text of an item goes on below its first letter; four blanks elsewhere are code.
        indented = len(line) - len(line.lstrip(" "))
        if not line.strip() or re.match(r"^\s*(\||#|<|>|===|---)", line) or (not prose and not item and indented and indented != len(rest)):
            flush()
            if line.strip() and not indented:
                first = rest = ""
            out.append(line)
            continue
        if not prose and not item and indented >= 4 and not rest:
            out.append(line)
            continue
        if item:
            flush()
            first = item.group(0)
            rest = " " * len(first)
            prose = [line[len(first):]]
        else:
            if not prose:
                first = rest = " " * indented if indented == len(rest) else ""
            prose.append(line.strip())
        if line.endswith(("  ", "\\")):
            ending = prose[-1] if line.endswith("\\") else prose[-1].rstrip() + "  "
            prose[-1] = prose[-1].rstrip()
            flush()
            if ending.endswith("  "):
                out[-1] += "  "
            first = rest
    flush()
    return "\n".join(out)


def documents():
    found = list(TOP.glob("*.md"))
    for folder in ("docs", "src", "tests", "examples", "scenarios", "bench", "contrib"):
        found += (TOP / folder).rglob("*.md")
    return sorted(path for path in found if "vendor" not in path.parts)


def main():
    check = sys.argv[1:2] == ["--check"]
    wrong = 0
    for path in [pathlib.Path(name) for name in sys.argv[1 + check:]] or documents():
        text = path.read_text()
        new = filled(text)
        if new == text:
            continue
        if check:
            line = next(number for number, (one, other) in enumerate(zip(text.split("\n"), new.split("\n") + [None]), 1) if one != other)
            print(f"{path.resolve().relative_to(TOP)}:{line}: not filled at {WIDTH} columns; ./dev format does it")
            wrong += 1
        else:
            path.write_text(new)
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
