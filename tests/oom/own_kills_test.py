#!/usr/bin/env python3
"""own_kills_test - what the machine logs of its own kills, diagnosed alone, has the cause that the scenario was made for. Prints TAP."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("BUILD", TOP / "build")) / "highwater"

# Scenario, options, cause, words of the first line.
KILLS = (
    ("container-oom-healthy-node", (), "anonymous-memory", ("shop filled the limit of /shop (256.0 MiB)",)),
    ("thp-bloat", (), "anonymous-memory", ("heap filled the limit of /app (400.0 MiB)",)),
    ("leak", (), "anonymous-memory", ("leaky filled memory", "swap (512.0 MiB) is full")),
    ("swap-thrash", ("--swap", "0"), "anonymous-memory", ("(3 processes) filled memory", "there is no swap")),
    ("thp-database", ("--ram", "256M", "--swap", "0"), "anonymous-memory", ("database filled memory",)),
    ("free-memory-vanished-tmpfs", ("--ram", "256M", "--swap", "0"), "shared-memory", ("Tmpfs and shared memory hold",)),
    ("free-memory-vanished-slab", ("--ram", "200M",), "anonymous-memory", ("filled memory", "there is no swap")),
    ("hugetlb-reserved-unused", ("--ram", "300M", "--swap", "0"), "huge-page-pool", ("The pool of huge pages holds 254.0 MiB",)),
    ("numa-one-node-full", ("--swap", "0", "--membind", "0"), "node-limit", ("memory policy allows node 0 only",)),
    ("zram-is-not-free", ("--ram", "256M"), "no-counter", ("is in no counter of the kernel",)),
)


def run(*arguments, text=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True, timeout=60, check=False)


def log_of(scenario, options, tree):
    done = run("run", TOP / "scenarios" / f"{scenario}.ini", "-q", "--proc", tree, *options)
    if done.returncode:
        raise SystemExit(f"{scenario}: run ended with {done.returncode}: {done.stderr.decode()}")
    return (tree / "var/log/dmesg").read_bytes()


def main():
    failed = 0
    for number, (scenario, options, cause, words) in enumerate(KILLS, 1):
        with tempfile.TemporaryDirectory() as top:
            text = log_of(scenario, options, Path(top) / "tree")
        done = run("diagnose", "-", "--format", "json", text=text)
        document = json.loads(done.stdout)
        first = document["findings"][0] if document["findings"] else {"cause": None, "title": document["headline"]}
        good = first["cause"] == cause and all(word in first["title"] for word in words)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {' '.join((scenario, *options))}: {cause}")
        if not good:
            print(f"# {first['cause']}: {first['title']}")
    print(f"1..{len(KILLS)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
