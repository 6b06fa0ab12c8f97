#!/usr/bin/env python3
"""One report of the kernel, as viewers, exports, mail and pages carry it: what is said stays that of the bare text."""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HIGHWATER = Path(os.environ.get("HIGHWATER", HERE.parents[1] / "build/highwater"))

# The beginning of a line, and its end; %d counts lines.
AROUND = {
    "a column of labels": ('2027-02-03T04:05:06.%03dZ\t{app="kern", node="blue"}\t', ""),
    "two times": ("02/03/27 4:05:06.%03d AM  Feb  3 04:05:06 blue kernel: ", ""),
    "pairs with a message": ('ts=2027-02-03T04:05:06.%03dZ lvl=warn unit=kern msg="', '" part=7'),
    "an export": ('"2027-02-03T04:05:06.%03dZ","blue","', '"'),
    "names before": ("collector-9x2 collector [  812.%06d] ", ""),
    "numbers of lines": ("   %3d\tFeb  3 04:05:06 blue kernel: ", ""),
    "a list in JSON": ('            "[  812.%06d] ', '",'),
    "a console": ("blue login: [  812.%06d] ", ""),
    "a CPU and a task": ("[  812.%06d] c1 4711 ", ""),
    "a bar": ("| ", " |"),
    "a list": ("- ", ""),
    "a change": ("+[  812.%06d] ", ""),
    "a chat": ("**[04:05]** ops: `", "`"),
    "quotes of a word processor": ("“", "”"),
    "pretty JSON": ('      "@timestamp": "2027-02-03T04:05:06.%03dZ",\n      "node": {"name": "blue"},\n      "message": "', '"\n    },\n    {'),
}


def carried(lines, before, after):
    return "\n".join((before % i if "%" in before else before) + line + after for i, line in enumerate(lines)) + "\n"


def forms(text):
    lines = text.splitlines()
    for name, (before, after) in AROUND.items():
        yield name, carried(lines, before, after)
    yield "CR alone", text.replace("\n", "\r")
    yield "CR alone, beyond a MiB", ("nobody knows what these words are for\r" * 30000) + text.replace("\n", "\r")
    yield "a ticket in JSON", json.dumps({"id": 5, "body": "Hello,\n\nwhat does this mean?\n\n" + text})
    yield "a page", "<div class='log'>" + text.rstrip("\n").replace("(", "&#40;").replace("\n", "<br/>") + "</div>\n"
    yield "messages in one line", "".join(f"[  812.{i:06}] {line}" for i, line in enumerate(lines)) + "\n"
    yield "syslog in one line", " ".join(f"Feb  3 04:05:06 blue kernel: {line}" for line in lines) + "\n"
    yield "no power any more", text + "\0" * 4096
    yield "UTF-16", b"\xff\xfe" + text.encode("utf-16-le")
    yield "UTF-16, the other way", b"\xfe\xff" + text.encode("utf-16-be")


def diagnosed(text):
    done = subprocess.run([HIGHWATER, "diagnose", "-", "--format", "json"], capture_output=True, timeout=60, check=False,
                          input=text if isinstance(text, bytes) else text.encode())
    return json.loads(done.stdout) if done.stdout else {"findings": [], "source": {}}


def told(document):
    first = (document["findings"] or [{}])[0]
    return first.get("title"), first.get("cause")


def main():
    failed = count = 0
    for name in ("group-report", "host-report"):
        text = (HERE / "carried" / name).read_text()
        wanted = told(diagnosed(text))
        cases = [(how, told(diagnosed(form)) == wanted, "") for how, form in forms(text)]
        cases.append(("bare", wanted[0] and "sorter" in wanted[0] and wanted[1] is not None, wanted))
        lines = text.splitlines()
        strange = [lines[0], "Figures of zone Normal, in kB: have 41000, want 52000", "Held in kB: sorter 1872000", lines[-1]]
        said = json.dumps(diagnosed("\n".join(strange)))
        cases.append(("lines that nobody knows are counted",
                      "not understood: 2 lines" in said and "2 lines not understood" in said and "not in this text: lines" not in said,
                      said[:900]))
        for how, good, why in cases:
            count += 1
            failed += not good
            print(f"{'ok' if good else 'not ok'} {count} - {name}: {how}")
            if not good:
                print(f"# {why or dict(forms(text)).get(how)!r:.300}")
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
