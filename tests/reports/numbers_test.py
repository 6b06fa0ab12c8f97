#!/usr/bin/env python3
"""numbers_test.py - every number of a printed report is a figure of its document. Prints TAP.

A report is printed as a page and as a document of the same input. Each number of a finding's sentences (sizes, shares, rates, times, counts,
pids) is read again and has to be a typed figure: of the finding's evidence, of the timeline, of the source. Each row of evidence, of the
accounting, of pressure and of the timeline on the page has to be the one of the document. So no sentence can say what was not computed.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = os.environ.get("HIGHWATER") or str(TOP / "build/highwater")

UNITS = {
    "B": ("bytes", 1), "KiB": ("bytes", 1 << 10), "MiB": ("bytes", 1 << 20), "GiB": ("bytes", 1 << 30), "TiB": ("bytes", 1 << 40),
    "PiB": ("bytes", 1 << 50), "EiB": ("bytes", 1 << 60),
    "%": ("percent", 1), "pages/s": ("pages/s", 1), "/s": ("1/s", 1),
    "ns": ("s", 1e-9), "us": ("s", 1e-6), "ms": ("s", 1e-3), "s": ("s", 1), "min": ("s", 60), "h": ("s", 3600), "days": ("s", 86400),
    "d": ("s", 86400),
}
for size in ("B", "KiB", "MiB", "GiB", "TiB"):
    UNITS[size + "/s"] = ("bytes/s", UNITS[size][1])
NUMBER = re.compile(r"(?<![\w.,:/+=@-])(\d+(?:,\d{3})*(?:\.\d+)?)(?: ?(" + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True)) +
                    r"))?(?![\w/=-])(?![.:]\d)")


def numbers(text):
    """(value, unit, half a digit of the last place) of each number in it."""
    for digits, unit in NUMBER.findall(text):
        kind, factor = UNITS.get(unit, ("", 1))
        places = len(digits.partition(".")[2])
        yield float(digits.replace(",", "")) * factor, kind, 0.51 * factor / 10**places, f"{digits} {unit}".strip()


class Figures:
    """Typed figures of a document that a sentence may say."""

    def __init__(self):
        self.list = []

    def add(self, value, unit=""):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.list.append((float(value), unit))

    def has(self, value, unit, off):
        for known, of in self.list:
            # Milliseconds are seconds; a share is also a count of a hundred.
            same = of == unit or (unit == "" and of in ("count", "pid", "ratio", "id")) or (unit == "s" and of == "s")
            if same and abs(known - value) <= off + 1e-9 * abs(value):
                return True
        return False


def evidence_figures(finding):
    figures = Figures()
    for e in finding["evidence"]:
        value, unit = e["value"], e["unit"]
        if value is None:
            continue
        if unit == "ms":
            value, unit = value / 1000, "s"
        figures.add(value, unit)
        if unit == "1/s":
            figures.add(value, "count")
        for pid in re.findall(r"\(pid (\d+)\)", e["name"]):
            figures.add(int(pid), "pid")
        # A threshold is a number of the rule; it is said to be one.
        for number, kind, _off, _text in numbers(e["threshold"] or ""):
            figures.add(number, kind)
    return figures


def context_figures(document):
    """Who and when: pids, boots, the time of the samples."""
    figures = Figures()
    figures.add(document["source"]["interval_seconds"], "s")
    if document["source"]["uptime_us"]:
        figures.add(document["source"]["uptime_us"] / 1e6, "s")
    for row in (document["post_mortem"] or {"timeline": []})["timeline"]:
        figures.add(row["pid"], "pid")
        figures.add(row["processes"], "count")
        figures.add(row["incidents"], "count")
        figures.add(row["bytes"], "bytes")
        if row["since_boot_us"]:
            figures.add(row["since_boot_us"] / 1e6, "s")
    return figures


# Names: what the log says in its own words, places, groups, jobs, options, releases of Linux and of programs, defaults of other programs,
# commands to type.
QUOTED = re.compile(r"\"[^\"]*\"|\b(?:Linux|since|before) \d\.\d+\b|\becho \d+ > |\((?:line |(?:[\w./~-]+|standard input):)\d+\)|\bmode \d|\bJob \d[\w.-]*|\bPostgreSQL \d+|\bevictionHard: 100 MiB where nobody set it|\b[Ss]ignal \d+|\bexit code \d+|(?<!\w)(?:/[\w.:@\\-]+)+|\b(?:[Nn]ode|pod|[Cc]ontainer|job step) [\w-]+(?:\.\d+)?|\b[\w.-]+\.(?:service|scope|slice)\b")


def without_names(text, document):
    text = QUOTED.sub(" ", text)
    for name in sorted(names(document), key=len, reverse=True):
        text = text.replace(name, " ")
    return text


def names(document):
    found = set()
    for finding in document["findings"]:
        found |= {e["name"] for e in finding["evidence"]} | {finding["scope"]}
    for row in (document["post_mortem"] or {"timeline": []})["timeline"]:
        found |= {row["program"], row["invoker"], row["group"], row["limit_of"]}
    return {name for name in found if name and re.search(r"\d", name) and not re.fullmatch(r"[\d.]+", name)}


# "Sep  7 14:18:32", "2026-05-09 14:52:38"
DATE = re.compile(r"\b(?:[A-Z][a-z]{2} +\d{1,2}|\d{4}-\d{2}-\d{2}) \d\d:\d\d:\d\d")


def unsupported(document, page):
    """Numbers of a sentence that no figure has, dates that the timeline has not."""
    context = context_figures(document)
    timeline = page.partition("\nTimeline\n")[2]
    for finding in document["findings"]:
        figures = evidence_figures(finding)
        for date in DATE.findall(QUOTED.sub(" ", finding["detail"] or "")):
            if date not in timeline:
                yield f"{finding['rule']}: {date} is not in the timeline"
        text = without_names(finding["title"] + " . " + DATE.sub("", finding["detail"] or ""), document)
        for value, unit, off, said in numbers(text):
            if not figures.has(value, unit, off) and not context.has(value, unit, off):
                yield f"{finding['rule']}: {said} in '{finding['title']} | {finding['detail']}'"


def evidence_misprinted(document, page):
    """Evidence whose text is another figure, and rows that the page has not, or not in this order."""
    at = 0
    for finding in document["findings"]:
        for e in finding["evidence"]:
            said = list(numbers(e["text"]))
            value = e["value"]
            if e["unit"] == "ms":
                value /= 1000
            if value is None or value < 0 or len(said) != 1 or abs(said[0][0] - value) > said[0][2] + 0.006 * abs(value):
                yield f"{finding['rule']}: {e['name']} is {e['value']} {e['unit']}, printed '{e['text']}'"
            threshold = "  " + re.escape(e["threshold"]) if e["threshold"] else ""
            row = re.compile(rf"^ {{12}}{re.escape(e['name'])} +{re.escape(e['text'])}{threshold}(?:  |$)", re.M).search(page, at)
            if not row:
                yield f"{finding['rule']}: no row for {e['name']} {e['text']}"
            else:
                at = row.end()


def rows_of(page, heading):
    found = re.search(rf"^{re.escape(heading)}\n((?:  .*\n)+)", page, re.M)
    return found[1].splitlines() if found else []


def kill_accounting_misprinted(document, page):
    """Memory when it ran out: name, size and share of each row."""
    lines = (document["post_mortem"] or {"accounting": []})["accounting"]
    part = page.partition("\nMemory when it ran out\n")[2].partition("\n\n")[0]
    for line in lines:
        row = re.search(rf"^ +(?:\w +)?{re.escape(line['name'])} +(.*)$", part, re.M)
        said = list(numbers(row[1].replace("-", " ").replace(line["note"] or "\0", ""))) if row else []
        wanted = [abs(line["bytes"])] + ([100 * abs(line["bytes"]) / lines[0]["bytes"]] if line["depth"] and lines[0]["bytes"] else [])
        if len(said) < len(wanted) or any(abs(value - right) > off for (value, _unit, off, _text), right in zip(said, wanted)):
            yield f"'{row and row[0]}' is not {line['name']}, {line['bytes']}"
    if lines and part.count("\n") < len(lines) - 1:
        yield "rows of memory when it ran out are missing"


def accounting_misprinted(document, page):
    accounting = document["accounting"]
    rows = rows_of(page, "Memory" if accounting["scope"] == "host" else accounting["scope"])
    if not rows:
        return
    if len(rows) != len(accounting["lines"]):
        yield f"{len(rows)} rows of memory for {len(accounting['lines'])} lines"
        return
    total = accounting["lines"][0]["bytes"]
    for row, line in zip(rows, accounting["lines"]):
        if not row.strip().startswith(line["name"]):
            yield f"'{row}' is not {line['name']}"
            continue
        said = list(numbers(row.replace(line["name"], "", 1).replace(line["note"] or "\0", "").replace("-", " ")))
        wanted = [abs(line["bytes"])] + ([100 * abs(line["bytes"]) / total] if line["depth"] else [])
        for (value, _unit, off, text), right in zip(said, wanted):
            if abs(value - right) > off:
                yield f"'{row}': {text} is not {right}"
        if len(said) < len(wanted):
            yield f"'{row}' has too few figures"


def pressure_misprinted(document, page):
    for row in rows_of(page, "Time lost waiting (10 s, 1 min, 5 min)"):
        found = re.match(r"  (\w+) +(.*)", row)
        lines = document["pressure"].get(found[1]) if found else None
        for kind, text in re.findall(r"(some|full) ([\d. ]+) %", found[2]) if lines else ():
            wanted = [lines[kind][average] for average in ("avg10", "avg60", "avg300")]
            if any(abs(float(a) - b) > 0.051 for a, b in zip(text.split(), wanted)):
                yield f"pressure of {found[1]}, {kind}: {text} is not {wanted}"


def needs_misprinted(document):
    for need in document["needed"]:
        figures = Figures()
        for key, value in need.items():
            unit = "percent" if "percent" in key else "pages/s" if "refaults" in key else "bytes"
            figures.add(value, unit)
        parts = need["open"]
        for value in parts.values():
            figures.add(value, "bytes")
        # What the sentence adds up: cache to drop, cache in use.
        figures.add(need["current"] - need["current_less_inactive_file"], "bytes")
        for value, unit, off, said in numbers(need["text"]):
            if not figures.has(value, unit, off) and not said.endswith("B"):
                yield f"need of {need['scope']}: {said} in '{need['text']}'"


def texts_missing(document, page):
    """Sentences of the document that the page has not, word for word."""
    flat = " ".join(page.split())
    texts = [finding.get(key) for finding in document["findings"]
             for key in ("title", "detail", "meaning", "look_next", "change", "disproof", "explanation")]
    if rows_of(page, "Why other tools differ"):
        texts += [tools["text"] for tools in document["reconciliation"]]
        scopes = {tools["scope"] for tools in document["reconciliation"]}
        texts += [need["text"] for need in document["needed"] if need["scope"] in scopes]
    for text in texts:
        if text and " ".join(text.split()) not in flat:
            yield f"the page has not '{text}'"


BOOT = re.compile(r"[\d,.]+ s after boot|boot \d+,")


def timeline_misprinted(document, page):
    """Rows of the timeline: how many, and what was held."""
    if not document["post_mortem"]:
        return
    rows = [row for row in rows_of(page, "Timeline") if not row.startswith("  ... ")]
    wanted = document["post_mortem"]["timeline"]
    # One event is told by its finding.
    if len(rows) != len(wanted) and (rows or len(wanted) > 1):
        yield f"{len(rows)} rows of the timeline for {len(wanted)}"
    for row, right in zip(rows, wanted):
        figures = Figures()
        figures.add(right["bytes"], "bytes")
        many = max(right["processes"], right["incidents"])
        for count in (right["pid"], many, many - 1):
            figures.add(count, "count")
        text = re.sub(r" in \S.*?(?=, [\d.]+ [KMGT]?i?B|$)", " ", QUOTED.sub(" ", BOOT.sub(" ", DATE.sub(" ", row)))).replace(right["program"] or "\0", " ")
        for value, unit, off, said in numbers(text):
            if not figures.has(value, unit, off):
                yield f"timeline: {said} in '{row}'"


def inputs():
    for row in (TOP / "tests/cases/expected.tsv").read_text().splitlines():
        # Thirty forms of one log say the same.
        if row and not row.startswith(("#", "21/f")):
            name = row.split("\t")[0]
            yield f"case {name}", [str(TOP / "tests/cases" / name)]
    for path in sorted((TOP / "tests/oom/reports").glob("*.log")):
        yield f"report {path.stem}", [str(path)]
    for path in sorted((TOP / "tests/incidents").glob("*-a.hwc")):
        yield f"capture {path.stem}", [str(path)]


def run(arguments):
    done = subprocess.run([HIGHWATER, "diagnose", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2, 3):
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def problems(arguments):
    document = json.loads(run([*arguments, "--format", "json"]))
    page = run([*arguments, "--explain", "--no-color"])
    yield from unsupported(document, page)
    yield from evidence_misprinted(document, page)
    yield from accounting_misprinted(document, page)
    yield from kill_accounting_misprinted(document, page)
    yield from pressure_misprinted(document, page)
    yield from needs_misprinted(document)
    yield from texts_missing(document, page)
    yield from timeline_misprinted(document, page)
    if not page.split("\n", 1)[0].endswith(": " + document["headline"]):
        yield "the first line is not the headline"
    headline = document["headline"]
    # Of several machines the worst is named first.
    if document.get("machines"):
        headline = headline.removeprefix(document["machines"][0]["machine"] + ": ")
    if document["verdict"] in ("warning", "critical") and not headline.startswith(document["findings"][0]["title"][:270]):
        yield "the first line is not the first finding"


def main():
    number = failed = 0
    for name, arguments in inputs():
        number += 1
        found = list(problems(arguments))
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {name}: each number is a figure")
        for problem in found:
            print(f"# {problem}")
    print(f"1..{number}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
