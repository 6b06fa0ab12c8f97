#!/usr/bin/env python3
"""embed_page.py - the files of src/page/ as one page, in C.

    embed_page.py TEMPLATE OUTPUT.c DEPENDENCIES.d

In TEMPLATE, a line {{style FILE...}} or {{script FILE...}} stands for these files, {{licence FILE}} for a text in a
comment, {{hashes}} for the hashes that the page's own policy allows its scripts by; FILE is beside TEMPLATE. {{NAME}}
(data, kind, title, version) is filled in by the program: OUTPUT.c has the pieces between, in order, as page_pieces[].
DEPENDENCIES.d tells ninja which files were read.
"""

import base64
import hashlib
import pathlib
import re
import sys

READ = []
FILLED = ("title", "kind", "version", "data")


def joined(folder, names):
    READ.extend(folder / name for name in names.split())
    text = "\n".join((folder / name).read_text().strip("\n") for name in names.split())
    return "\n" + text + "\n"


def assembled(template):
    hashes = []

    def piece(match):
        word, names = match.group(1), match.group(2) or ""
        if word == "style":
            return "<style>" + joined(template.parent, names) + "</style>"
        if word == "licence":
            return "<!--" + joined(template.parent, names).replace("--", "- -") + "-->"
        if word == "script":
            text = joined(template.parent, names)
            if re.search(r"</script|<!--", text, re.IGNORECASE):
                sys.exit(f"{names}: holds what ends a script element")
            hashes.append("'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'")
            return "<script>" + text + "</script>"
        if word in FILLED or word == "hashes":
            return match.group(0)
        sys.exit(f"{template}: unknown {match.group(0)}")

    text = re.sub(r"\{\{(\w+)(?: ([^}]*))?\}\}", piece, template.read_text())
    return text.replace("{{hashes}}", " ".join(hashes))


def array(name, data):
    rows = [", ".join(str(byte) for byte in data[at:at + 24]) for at in range(0, len(data), 24)]
    return f"static const unsigned char {name}[] = {{\n    " + ",\n    ".join(rows or ["0"]) + "};\n"


def main():
    template, output, depfile = map(pathlib.Path, sys.argv[1:])
    parts = re.split(r"\{\{(" + "|".join(FILLED) + r")\}\}", assembled(template))
    out = ["/* Made by tools/embed_page.py of src/page/. */", '#include "page/page_int.h"', ""]
    rows = []
    for number, text in enumerate(parts[::2]):
        data = text.encode()
        out.append(array(f"piece{number}", data))
        what = parts[2 * number + 1] if 2 * number + 1 < len(parts) else "nothing"
        rows.append(f"    {{piece{number}, {len(data)}, PAGE_{what.upper()}}},")
    out += ["const struct page_piece page_pieces[] = {", *rows, "};",
            f"const unsigned nr_page_pieces = {len(rows)};", ""]
    output.write_text("\n".join(out))
    depfile.write_text(f"{output}: {' '.join(map(str, READ))}\n")


if __name__ == "__main__":
    main()
