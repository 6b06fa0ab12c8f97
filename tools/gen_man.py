#!/usr/bin/env python3
"""gen_man.py PROGRAM FOLDER [NAME...] - write a man page of each verb of PROGRAM, made of its --help, to FOLDER/PROGRAM-VERB.1.

With NAMEs only these, and it is an error when a verb has none or a name is no verb's: meson must know all files. NAME "." is the page
of the program itself.
"""

import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"^  (?:(-\w), |    )--([\w-]+)(?: (\S+))?(?:  +(.*))?$")


def ask(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def option_lines(lines):
    out = ""
    for line in lines:
        match = OPTION.match(line)
        if match:
            letter, name, argument, text = match.groups()
            out += ".TP\n" + (f"\\fB{escape(letter)}\\fR, " if letter else "") + f"\\fB\\-\\-{escape(name)}\\fR"
            out += f" \\fI{escape(argument)}\\fR" if argument else ""
            out += "\n" + (escape(text.strip()) + "\n" if text else "")
        elif line.strip():
            out += escape(line.strip()) + "\n"
    return out


def as_it_is(text):
    return ".nf\n" + escape(text.rstrip("\n")) + "\n.fi\n"


def sections(text):
    """The parts of a help between blank lines, those that go on from a title with it."""
    return [part for part in text.split("\n\n") if part.strip()]


def page(program, version, verb, summary, text):
    name = f"{program}-{verb}" if verb else program
    parts = sections(text)
    usage = parts.pop(0).removeprefix("Usage: ")
    out = f'.TH {name.upper()} 1 "" "{program} {version}" "User commands"\n.SH NAME\n{escape(name)} \\- {escape(summary)}\n'
    out += ".SH SYNOPSIS\n" + "".join(f".B {escape(program)}\n{escape(line.strip().removeprefix(program).strip())}\n.br\n" for line in usage.split("\n"))
    out += ".SH DESCRIPTION\n" + escape(parts.pop(0)) + "\n"
    for part in parts:
        lines = part.rstrip("\n").split("\n")
        title = lines[0][:-1] if lines[0].endswith(":") and not lines[0].startswith(" ") else ""
        if title and len(lines) > 1 and OPTION.match(lines[1]):
            out += f".SH {escape(title.upper())}\n" + option_lines(lines[1:])
        elif title and len(title.split()) < 3:
            out += f".SH {escape(title.upper())}\n" + as_it_is("\n".join(lines[1:]))
        else:
            out += ".PP\n" + as_it_is(part)
    out += ".SH SEE ALSO\n" + (f".BR {escape(program)} (1)\n" if verb else "Each verb has a \\-\\-help of its own.\n")
    return out


def main():
    program, folder, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    called = pathlib.Path(program).name
    text = ask(program, "--help")
    version = ask(program, "--version").split()[1]
    listed = re.search(r"^Verbs:\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL).group(1)
    verbs = dict(re.match(r"  (\S+) +(.*)", line).groups() for line in listed.split("\n"))
    wanted = names or list(verbs)
    for name in wanted:
        if name == ".":
            summary = "what memory of this machine is used for and whether it is short"
            (folder / f"{called}.1").write_text(page(called, version, "", summary, text))
        elif name not in verbs:
            sys.exit(f"gen_man.py: {called} has no verb {name}")
        else:
            (folder / f"{called}-{name}.1").write_text(page(called, version, name, verbs[name], ask(program, name, "--help")))
    missing = set(verbs) - set(wanted) if names and "." not in names else set()
    if missing:
        sys.exit(f"gen_man.py: no page was asked for: {' '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
