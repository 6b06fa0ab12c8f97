#!/usr/bin/env python3
"""cut_archive_test.py - of a compressed file that is cut all that its bytes still tell is read, and the report says that it is cut. Prints TAP."""
import gzip
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).parents[2]
HIGHWATER = os.environ.get("HIGHWATER", str(Path(os.environ.get("BUILD", TOP / "build")) / "highwater"))
REPORT = (TOP / "tests/oom/reports/machine-anon-swap-full-6.1.log").read_bytes()
SAID = "a compressed file is cut off or damaged"


def noise(count):
    rng = random.Random(count)
    return b"".join(b"Nov 28 03:10:01 web1 app[%d]: request %032x done\n" % (n, rng.getrandbits(128)) for n in range(count))


def report_of(data):
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        file.write(data)
        file.flush()
        done = subprocess.run([HIGHWATER, "diagnose", file.name], capture_output=True, text=True, check=False)
    return " ".join((done.stdout + done.stderr).split())


def main():
    small, large = gzip.compress(REPORT + noise(40)), gzip.compress(noise(3000) + REPORT + noise(3000))
    torn = bytearray(large)
    torn[len(torn) * 3 // 4] ^= 0x55
    checks = [
        ("whole", small, "filled memory", False),
        ("cut in the noise behind a small report", small[:-400], "filled memory", True),
        ("cut in the noise behind a large one", large[:len(large) * 3 // 4], "filled memory", True),
        ("damaged there", bytes(torn), "filled memory", True),
        ("a second member is cut", gzip.compress(REPORT) + small[:-400], "filled memory", True),
        ("bytes behind the last member", small + b"no member", "filled memory", False),
        ("cut within its first bytes", small[:14], "a broken archive or compressed file", False),
    ]
    failed = 0
    for number, (name, data, words, cut) in enumerate(checks, 1):
        text = report_of(data)
        good = words in text and (SAID in text) == cut
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# {text[:400]}")
    print(f"1..{len(checks)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
