#!/usr/bin/env python3
"""archives_test.py - of a compressed file that is cut all that its bytes still tell is read; trees of several machines are judged apart. Prints TAP."""
import gzip
import io
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TOP = Path(__file__).parents[2]
HIGHWATER = os.environ.get("HIGHWATER", str(Path(os.environ.get("BUILD", TOP / "build")) / "highwater"))
REPORT = (TOP / "tests/oom/reports/machine-anon-swap-full-6.1.log").read_bytes()
SAID = "a compressed file is cut off or damaged"


def noise(count):
    rng = random.Random(count)
    return b"".join(b"Nov 28 03:10:01 web1 app[%d]: request %032x done\n" % (n, rng.getrandbits(128)) for n in range(count))


def diagnose(*paths):
    done = subprocess.run([HIGHWATER, "diagnose", *map(str, paths)], capture_output=True, text=True, check=False)
    return " ".join((done.stdout + done.stderr).split())


def report_of(data):
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        file.write(data)
        file.flush()
        return diagnose(file.name)


def meminfo(available):
    return f"MemTotal: 16273408 kB\nMemFree: {available // 2} kB\nMemAvailable: {available} kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n".encode()


PSI = b"some avg10=%d.00 avg60=60.00 avg300=50.00 total=9\nfull avg10=%d.00 avg60=60.00 avg300=50.00 total=9\n"
WELL = {"proc/meminfo": meminfo(12000000)}
SHORT = {"proc/meminfo": meminfo(101312), "proc/pressure/memory": PSI % (77, 66)}


def tar_of(trees):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for prefix, files in trees.items():
            for path, text in files.items():
                info = tarfile.TarInfo(prefix + path)
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
    return out.getvalue()


def check_trees():
    """Name, and whether trees side by side are told apart: in an archive, in a directory, in two archives. A machine alone is as it was."""
    both = {"web1/": WELL, "web2/": SHORT}
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        for prefix, files in both.items():
            for path, text in files.items():
                (top / "dir" / prefix / path).parent.mkdir(parents=True, exist_ok=True)
                (top / "dir" / prefix / path).write_bytes(text)
        (top / "both.tgz").write_bytes(tar_of(both))
        for prefix in ("", "sosreport-x/"):
            (top / "well.tgz").write_bytes(tar_of({prefix: WELL}))
            (top / "short.tgz").write_bytes(tar_of({prefix: SHORT}))
            yield f"two archives of {prefix or './'}", "of 2 machines" in diagnose(top / "well.tgz", top / "short.tgz")
            yield f"one of {prefix or './'}", diagnose(top / "well.tgz").startswith("HEALTHY: 11.4 GiB of 15.5 GiB")
        (top / "texts.tgz").write_bytes(tar_of({"": {"mem.txt": meminfo(101312), "wait.txt": PSI % (77, 66)}}))
        text = diagnose("--format", "json", top / "texts.tgz")
        yield "evidence names the file that it is of", "/proc/meminfo of mem.txt" in text and "/proc/pressure/memory of wait.txt" in text
        for path in ("both.tgz", "dir"):
            text = diagnose(top / path)
            yield path, text.startswith("CRITICAL: web2: ") and "web1: healthy: 11.4 GiB of 15.5 GiB" in text and "of 2 machines" in text


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
    number = len(checks)
    for number, (name, good) in enumerate(check_trees(), number + 1):
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - trees of machines: {name}")
    print(f"1..{number}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
