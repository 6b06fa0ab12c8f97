#!/usr/bin/env python3
"""oom_test - the cause of each report, evidence for each figure that is said, sums that add up, and mutations that stay honest.

    oom_test.py [--every-line] [WORD...]

Only reports whose name has one of the words. --every-line loses each line in turn, not twelve of them: minutes.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", os.path.join(HERE, "..", "..", "build"))
PROGRAM = os.path.join(BUILD, "highwater")
SIZE = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?) (B|KiB|MiB|GiB|TiB|%)(?![\w])")
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
HONEST = re.compile(r"missing|is cut|not in this text|does not say|not told|does not name")
failures = []


def check(name, good, why=""):
    print(f"{'ok' if good else 'not ok'} - {name}")
    if not good:
        failures.append(name)
        print(f"# {why}")


def diagnose(lines, *options):
    """The output for these lines as a machine's dmesg."""
    with tempfile.TemporaryDirectory() as top:
        with open(os.path.join(top, "dmesg"), "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
        done = subprocess.run([PROGRAM, "diagnose", top, *options], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2, 3) or done.stderr:
        raise SystemExit(f"diagnose: exit {done.returncode}, {done.stderr}")
    return done.stdout


def anonymised(lines):
    """The copy for handing over of these lines."""
    with tempfile.TemporaryDirectory() as top:
        with open(os.path.join(top, "dmesg"), "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
        copy = os.path.join(top, "copy")
        subprocess.run([PROGRAM, "diagnose", top, "-q", "--anonymise-input", copy], capture_output=True, check=False)
        with open(copy, encoding="utf-8") as f:
            return f.read().splitlines()


def leading(document):
    return document["findings"][0] if document["findings"] else None


def sizes(text):
    return {f"{number} {unit}" for number, unit in SIZE.findall(text)}


def unsupported(document):
    """Sizes and shares that a finding says and no evidence shows."""
    bad = []
    for finding in document["findings"]:
        if not finding["cause"]:
            continue
        said = sizes(finding["title"] + " " + (finding["detail"] or ""))
        shown = {e["text"] for e in finding["evidence"]}
        bad += [f"{finding['rule']}: {what}" for what in said - shown]
        bad += [f"{finding['rule']}: {e['name']} has no place" for e in finding["evidence"] if not e["where"]]
    return bad


def sums(document):
    """Lines of the accounting whose children do not add up to them."""
    lines = document["post_mortem"]["accounting"]
    bad = []
    for i, line in enumerate(lines):
        children = []
        for other in lines[i + 1:]:
            if other["depth"] <= line["depth"]:
                break
            if other["depth"] == line["depth"] + 1:
                children.append(other["bytes"])
        if children and sum(children) != line["bytes"]:
            bad.append(f"{line['name']}: {line['bytes']} is not {sum(children)}")
    return bad


def page_differs(document, page):
    """Rows of the printed table that are not those of the document, each number read again."""
    bad = []
    table = page.split("Memory when it ran out\n")
    rows = table[1].split("\n\n")[0].splitlines()[1:] if len(table) > 1 else []
    lines = document["post_mortem"]["accounting"]
    if len(rows) != len(lines):
        return [f"{len(rows)} rows for {len(lines)} lines"]
    for row, line in zip(rows, lines):
        found = re.search(r"(-?\d[\d,]*(?:\.\d+)?) (B|KiB|MiB|GiB|TiB)\b", row[26:])
        if not found or line["name"] not in row:
            bad.append(row)
            continue
        number = float(found[1].replace(",", ""))
        digits = len(found[1].partition(".")[2])
        if abs(number * UNITS[found[2]] - line["bytes"]) > 0.51 * UNITS[found[2]] / 10**digits:
            bad.append(f"{row} is not {line['bytes']}")
    return bad


def prefixed(lines):
    """As another logger would have written them."""
    plain = [re.sub(r"^(<\d>|\S+ \S+ kernel: |\w{3} +\d+ [\d:]+ \S+ kernel: )?(\[ *\d+\.\d+\] ?)", "", line) for line in lines]
    return [f"Nov 25 03:10:00 web1 kernel: {line}" for line in plain]


def mixed(lines):
    out = []
    for i, line in enumerate(lines):
        out.append(line)
        if i % 3 == 1:
            out.append("Nov 25 03:10:00 web1 sshd[77]: Accepted publickey for x from 192.0.2.1 port 22")
        if i % 5 == 2:
            stamp = re.match(r"^(<\d>|\S+ \S+ kernel: |\w{3} +\d+ [\d:]+ \S+ kernel: )?\[ *\d+\.\d+\] ?", line)
            out.append((stamp[0] if stamp else "") + "usb 1-1: new high-speed USB device number 2 using xhci_hcd")
    return out


EVERY_LINE = "--every-line" in sys.argv
WORDS = [word for word in sys.argv[1:] if word != "--every-line"]


def mutations(lines, prng):
    yield "prefixed", prefixed(lines), True
    yield "mixed", mixed(lines), True
    yield "doubled", lines + lines, True
    for lost in range(len(lines)) if EVERY_LINE else [prng.randrange(len(lines)) for _ in range(12)]:
        yield f"without line {lost + 1}", lines[:lost] + lines[lost + 1:], False
    for i in range(4):
        at = prng.randrange(1, len(lines))
        yield f"until line {at}", lines[:at], False
        yield f"from line {at + 1}", lines[at:], False
    for i in range(4):
        at = prng.randrange(len(lines) - 1)
        yield f"lines {at + 1} and {at + 2} the wrong way round", \
            lines[:at] + [lines[at + 1], lines[at]] + lines[at + 2:], False


def honest(document, cause):
    """The cause is kept, or what is said says that something is missing; nothing else may be claimed with high confidence."""
    finding = leading(document)
    if not finding or not finding["cause"]:
        return True
    if finding["cause"] == cause:
        return True
    said = finding["title"] + " " + (finding["detail"] or "")
    notes = " ".join(line["name"] for line in (document["post_mortem"] or {"accounting": []})["accounting"])
    return finding["confidence"] != "high" or bool(HONEST.search(said + " " + notes))


def own_machines():
    """What our own machine logs when a scenario kills."""
    for scenario, cause, words in (("leak", "anonymous-memory", "leaky filled memory"),
                                   ("container-oom-healthy-node", "anonymous-memory", "shop filled the limit of /shop")):
        with tempfile.TemporaryDirectory() as top:
            tree = os.path.join(top, "tree")
            subprocess.run([PROGRAM, "run", os.path.join(HERE, "..", "..", "scenarios", scenario + ".ini"), "--proc", tree, "-q"],
                           capture_output=True, check=False)
            with open(os.path.join(tree, "var", "log", "dmesg"), encoding="utf-8") as f:
                lines = f.read().splitlines()
        document = json.loads(diagnose(lines, "--format", "json"))
        finding = leading(document)
        check(f"own machine, {scenario}", finding["cause"] == cause and words in finding["title"] and not sums(document),
              finding["title"])


def main():
    with open(os.path.join(HERE, "cases.tsv"), encoding="utf-8") as f:
        cases = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    cases = [case for case in cases if not WORDS or any(word in case[0] for word in WORDS)]
    for name, _kernel, cause, first, _source in cases:
        prng = random.Random(name)  # of its own: the mutations of a report do not depend on which others there are
        with open(os.path.join(HERE, "reports", name + ".log"), encoding="utf-8") as f:
            lines = f.read().splitlines()
        document = json.loads(diagnose(lines, "--format", "json"))
        page = diagnose(lines)
        finding = leading(document)
        check(f"{name}: cause", finding and finding["cause"] == cause, finding and finding["cause"])
        check(f"{name}: first line", first in page.split("\n")[0], page.split("\n")[0])
        check(f"{name}: evidence", not unsupported(document), unsupported(document))
        check(f"{name}: sums", not sums(document), sums(document))
        check(f"{name}: page", not page_differs(document, page), page_differs(document, page))
        markdown = diagnose(lines, "--format", "markdown")
        check(f"{name}: ticket", markdown.startswith("# ") and "**Wrong if**" in markdown, markdown)
        copy = anonymised(lines)
        document = json.loads(diagnose(copy, "--format", "json"))
        check(f"{name}: copy", len(copy) == len(lines) + 1 and leading(document)["cause"] == cause, leading(document)["cause"])
        bad = []
        for what, mutated, same in mutations(lines, prng):
            document = json.loads(diagnose(mutated, "--format", "json"))
            found = leading(document)
            if (same and (not found or found["cause"] != cause)) or not honest(document, cause) or \
                    unsupported(document):
                bad.append(f"{what}: {found and found['title']}")
        check(f"{name}: mutations", not bad, "; ".join(bad))
    own_machines()
    print(f"1..{8 * len(cases) + 2}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
