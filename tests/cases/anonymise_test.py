#!/usr/bin/env python3
"""No private word of a paste is left in a report or in the copy, the copy says what the original says, and figures stay."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HIGHWATER = Path(os.environ.get("HIGHWATER", HERE.parents[1] / "build/highwater"))

# What is private in each of the texts in private/, as no other word holds it.
PRIVATE = {
    "shell": "jdoe db-prod-3 acme tiger-42 qvault CZJ1234 172.16 52:54:00 aa:bb:cc 1042 reports-prod 77aabbccdd11 9fZx".split(),
    "cluster": "checkout ledger-api 6f9c7d5b8 xk2lp ip-10-20 10.20. istio-edge acme worker-7 cafe-svc".split(),
    "mail": "oskar blomqvist pluto saturn mercury4 venus jupiter9 neptune uranus3 haumea deploybot kumquat".split(),
    "json": "pluto saturn mercury4 venus neptune haumea jupiter9 uranus3 kumquat tangelo basketd quince medlar oskarb persimmon".split(),
    "pod-yaml": "kumquat tangelo basket pluto".split(),
    "events": "pluto saturn mercury4 kumquat tangelo basketd quince medlar loquat sloe bergamot pomelo oskar blomqvist".split(),
    "tables": "pluto saturn oskarb kumquat tangerine".split(),
    "ecs-and-smem": "payments-worker jdoe42".split(),
    "containers": "globex etl-nightly web-front 3f2b9d11e0a7 131ae21132a6".split(),
}


def diagnose(*arguments, text):
    done = subprocess.run([HIGHWATER, "diagnose", *arguments, "-"], input=text, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def left(words, text):
    return [word for word in words if word.lower() in text.lower()]


def shape(text):
    """The findings without the names."""
    document = json.loads(diagnose("--format", "json", text=text)[1])
    return [(f["rule"], f["cause"], f["confidence"]) for f in document["findings"]]


def checks():
    for name, words in PRIVATE.items():
        text = (HERE / "private" / name).read_bytes()
        yield f"{name}: the words are in it", not [w for w in words if w.lower() not in text.decode().lower()], words
        with tempfile.TemporaryDirectory() as top:
            path = Path(top) / "copy"
            for form in ("text", "json", "markdown"):
                code, report, notes = diagnose("--format", form, "--anonymise-input", path, text=text)
                yield f"{name}: {form}", not left(words, report) and code in (1, 2), left(words, report) or notes
            copy = path.read_bytes()
        yield f"{name}: the copy", not left(words, copy.decode()), left(words, copy.decode())
        yield f"{name}: the copy's lines", copy.count(b"\n") == text.count(b"\n") + 1, ""
        yield f"{name}: the copy's findings", shape(copy) == shape(text), f"{shape(copy)} {shape(text)}"
        with tempfile.TemporaryDirectory() as top:
            secret = Path(top) / f"{words[0]}.log"
            secret.write_bytes(text)
            done = subprocess.run([HIGHWATER, "diagnose", "--anonymise", "--format", "json", secret], capture_output=True, timeout=60,
                                  check=False)
            yield f"{name}: the file's own name", not left(words, done.stdout.decode()), done.stdout.decode()
        yield f"{name}: words of tables", not re.search(
            r"(?m)^(?:host|pod|user|container|namespace)\d+:? +(?:total|used|\d+ kB)", copy.decode()), copy.decode()
        yield f"{name}: one copy", diagnose("--format", "json", "--anonymise", text=text)[1] == \
            diagnose("--format", "json", "--anonymise", text=text)[1], ""


def main():
    failed = count = 0
    for name, good, said in checks():
        count += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {name}")
        if not good:
            print(f"# {said}")
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
