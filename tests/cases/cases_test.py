#!/usr/bin/env python3
"""What the first line of `diagnose` says of each case, as it is, as it travels, and with parts of it lost or moved.

    cases_test.py [WORD...]     only cases whose name has one of the words
"""
import bz2
import concurrent.futures
import gzip
import io
import itertools
import json
import lzma
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HIGHWATER = Path(os.environ.get("HIGHWATER", HERE.parents[1] / "build/highwater"))


def first_line(*arguments, text=None):
    done = subprocess.run([HIGHWATER, "diagnose", *map(str, arguments)], input=text,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, 1, 2, 3), f"{arguments}: ended with {done.returncode}"
    return done.stdout.decode().split("\n", 1)[0]


def cause_of(path):
    """The cause of the leading finding, or the finding's name where it has none; - without any."""
    done = subprocess.run([HIGHWATER, "diagnose", path, "--format", "json"], capture_output=True, timeout=60, check=False)
    findings = json.loads(done.stdout)["findings"]
    return findings[0]["cause"] or findings[0]["rule"] if findings else "-"


def quoted(text):
    return b"".join(b"> " + line for line in text.splitlines(True))


def between(text):
    return (b"Hello,\n\nour server is slow since this morning. Here is what I have:\n\n```\n" + text +
            b"\n```\n\nThanks for any help!\n")


def windows(text):
    return b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")


def escaped(text):
    return text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")


TRAVELS = {"quoted": quoted, "between sentences": between, "from Windows": windows,
           "as HTML": escaped, "twice quoted": lambda text: quoted(quoted(text))}


# Folders of a case that are another form of it.
OTHER_FORMS = ("minimal", "as-slabinfo")


def tar_of(path):
    def members(info):
        return None if Path(info.name).name in OTHER_FORMS else info

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        archive.add(path, arcname="sosreport-host1", filter=members)
    return buffer.getvalue()


# --- parts lost or moved: the cause stays, or what is said is not sure, or says what is missing ----------------------------

STAMP = re.compile(rb"^(?:<\d+>)?(?:\w{3} +\d+ [\d:]+ \S+ kernel: )?\[ *\d+\.\d+\] ?")
LOGGERS = (b"Nov 25 03:10:00 web1 kernel: ", b"2026-11-25T03:10:00.123456+01:00 web1 kernel: ", b"kern  :info  : [  100.000001] ",
           b"[Wed Nov 25 03:10:00 2026] ", b"<4>[  100.000001] ", b"2026-11-25T03:10:00Z stderr F [  100.000001] ")
OTHERS = (b"Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        50G   12G   38G  24% /\n\n"
          b" 03:10:00 up 12 days,  1:02,  1 user,  load average: 0.10, 0.12, 0.09\n\n")
HONEST = re.compile(r"missing|is cut|not in this text|does not say|not told|does not name|ends within")


def wrapped(text):
    """As a terminal of 80 columns shows it."""
    return b"".join(line[i:i + 80] + b"\n" for line in text.splitlines() for i in range(0, max(len(line), 1), 80))


def mutations(text, prng):
    """Name, text, and whether nothing of it is lost."""
    lines = text.splitlines(True)
    yield "other blocks around", OTHERS + text + b"\n" + OTHERS, True
    yield "wrapped at 80", wrapped(text), False
    for tenth in range(1, 10):
        yield f"the first {tenth} tenths", text[:len(text) * tenth // 10], False
        if tenth % 3 == 0:
            yield f"without the first {tenth} tenths", b"".join(lines[len(lines) * tenth // 10:]), False
    for _ in range(3):
        at = prng.randrange(len(lines))
        yield f"without line {at + 1}", b"".join(lines[:at] + lines[at + 1:]), False
    if len(lines) > 2:
        at = prng.randrange(len(lines) - 1)
        yield f"lines {at + 1} and {at + 2} swapped", b"".join(lines[:at] + [lines[at + 1], lines[at]] + lines[at + 2:]), False
    if len(lines) > 2 and all(STAMP.match(line) for line in lines):
        if b"Killed process" in text:
            yield "newest first", b"".join(line.rstrip(b"\n") + b"\n" for line in reversed(lines)), True
        for logger in LOGGERS:
            yield f"logged as {logger.decode()}", b"".join(logger + STAMP.sub(b"", line) for line in lines), True


def judged(text):
    """The finding that leads and what is said of the text itself."""
    done = subprocess.run([HIGHWATER, "diagnose", "-", "--format", "json"], input=text, capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, 1, 2, 3), f"ended with {done.returncode}: {text[:200]}"
    document = json.loads(done.stdout) if done.stdout else {"findings": [], "source": {}}
    return document["findings"][0] if document["findings"] else None, str(document["source"].get("read"))


def mutation_is_honest(cause, text, whole):
    """An empty string, or what was said."""
    finding, read = judged(text)
    found = finding and finding["cause"]
    if found == cause or (not whole and (not found or finding["confidence"] != "high")):
        return ""
    said = finding["title"] + " " + (finding["detail"] or "") + " " + read if finding else "nothing"
    return "" if not whole and HONEST.search(said) else said


def mutated_checks(path, name):
    text = path.read_bytes()
    prng = random.Random(name)  # of its own: the mutations of a case do not depend on which others there are
    finding, _ = judged(text)
    if not finding or not finding["cause"]:
        return []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [(how, pool.submit(mutation_is_honest, finding["cause"], changed, whole))
                for how, changed, whole in mutations(text, prng)]
        return [(f"{name}: {how}", not job.result(), job.result()) for how, job in jobs]


def is_wanted(name):
    return not sys.argv[1:] or any(word in name for word in sys.argv[1:])


def kernel_logs(root):
    """The cases that are one log, of this folder."""
    for path in sorted(root.glob("[0-9]*/**/dmesg")):
        if not re.search(r"/21/f(?!0[1-5])", str(path)):
            yield path


def all_mutations():
    shared = HERE.parents[2] / "shared" / "cases"
    for path in sorted((HERE / "paste").iterdir()) + list(kernel_logs(HERE)):
        if is_wanted(str(path.relative_to(HERE))):
            yield from mutated_checks(path, str(path.relative_to(HERE)))
    if not shared.is_dir():
        print("ok - shared cases # SKIP the folder of shared cases is not here")
        return
    for path in kernel_logs(shared):
        if not (HERE / path.relative_to(shared)).exists() and is_wanted(str(path.relative_to(shared))):
            yield from mutated_checks(path, f"shared {path.relative_to(shared)}")


def checks():
    for row in (HERE / "expected.tsv").read_text().splitlines():
        if not row or row.startswith("#"):
            continue
        name, cause, wanted, *unwanted = row.split("\t")
        if not is_wanted(name):
            continue
        path = HERE / name
        words = wanted.split("|")
        line = first_line(path)
        yield f"{name}: {wanted}", all(word in line for word in words), line
        told = cause_of(path)
        yield f"{name}: {cause}", told == cause, told
        for word in filter(None, unwanted):
            yield f"{name}: not {word}", word not in line, line
        if path.is_dir():
            with tempfile.NamedTemporaryFile(suffix=".tar.xz") as archive:
                archive.write(tar_of(path))
                archive.flush()
                packed = first_line(archive.name)
            yield f"{name}: as an archive", all(word in packed for word in words), packed
            continue
        text = path.read_bytes()
        yield f"{name}: from a pipe", first_line("-", text=text) == line, ""
        for how, pack in (("gzip", gzip.compress), ("xz", lzma.compress), ("bzip2", bz2.compress)):
            yield f"{name}: {how}", first_line("-", text=pack(text)) == line, ""
        for how, travel in TRAVELS.items():
            changed = first_line("-", text=travel(text))
            yield f"{name}: {how}", all(word in changed for word in words), changed


def main():
    failed = count = 0
    for name, good, line in itertools.chain(checks(), all_mutations()):
        count += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {name}")
        if not good:
            print(f"# {line}")
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
