#!/usr/bin/env python3
"""record.py - what recording costs: CPU time recorded over CPU time native, for three real programs.

    bench/record.py [--json] [--runs N] [--quick] [--build DIR]

User and system time of all processes count, the recorder's own too. Each run measures native and recorded one after
the other; the figure is the median of the runs' ratios (one run unless --runs). --quick uses a fifth of the work, where
starting up weighs more. The program is HIGHWATER if that is set, else DIR/highwater. Exit code 77: no recorder.
"""
import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATH = "/usr/bin:/bin"

SQL = """
PRAGMA journal_mode = off;
CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER, s TEXT);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d)
INSERT INTO t SELECT i, (i * 7919) %% 1000003, hex(randomblob(100)) FROM c;
CREATE INDEX tk ON t (k);
SELECT count(*), sum(length(s)) FROM t WHERE k BETWEEN 1000 AND 500000;
"""

PYTHON = """
import random
r = random.Random(1)
d = {}
for i in range(%(n)d):
    d[i * 7919 %% 10000019] = str(i)
s = 0
for i in range(%(n)d):
    s += len(d.get(r.randrange(10000019), ""))
print(s, len(d))
"""


def cpu(command, stdin, cwd):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(stdin or os.devnull, "rb") as source:
        subprocess.run(command, stdin=source, stdout=subprocess.DEVNULL, cwd=cwd, check=True,
                       env={"PATH": PATH, "LC_ALL": "C", "HOME": cwd})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def make_text(path, mib):
    """Words of a small language: compresses about as well as prose."""
    rng = random.Random(2)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(2, 9))) for _ in range(5000)]
    block = " ".join(rng.choices(words, k=1 << 17)).encode("ascii")
    with open(path, "wb") as f:
        while f.tell() < mib << 20:
            f.write(block)
    return path


def workloads(tmp, scale):
    sql = write(os.path.join(tmp, "table.sql"), SQL % (900000 // scale))
    program = write(os.path.join(tmp, "dict.py"), PYTHON % {"n": 1500000 // scale})
    text = make_text(os.path.join(tmp, "text"), 200 // scale)
    return [("sqlite3", ["sqlite3", "table.db"], sql), ("python3", ["python3", "-I", program], None),
            ("gzip", ["gzip", "-1", "-c", text], None)]


def events_of(trace):
    """Accesses and operations, from the end chunk's text."""
    with open(trace, "rb") as f:
        f.seek(-1024, os.SEEK_END)
        tail = f.read()
    end = dict(line.split(b"=", 1) for line in tail.split(b"streams=")[-1].split(b"\n") if b"=" in line)
    return int(end[b"accesses"]) + int(end[b"ops"])


def measure(highwater, tmp, scale, runs):
    result, size, events = {}, 0, 0
    trace = os.path.join(tmp, "x.hwt")
    for name, command, stdin in workloads(tmp, scale):
        ratios = []
        for _ in range(runs):
            times = []
            for prefix in ([], [highwater, "record", "-q", "-o", trace, "--"]):
                if os.path.exists(os.path.join(tmp, "table.db")):
                    os.unlink(os.path.join(tmp, "table.db"))
                times.append(cpu(prefix + command, stdin, tmp))
            ratios.append(times[1] / times[0])
        size += os.path.getsize(trace)
        events += events_of(trace)
        print("%-8s native %6.2f s, recorded %6.2f s, ratio %5.1f; %.2f bytes per event" %
              (name, times[0], times[1], statistics.median(ratios),
               os.path.getsize(trace) / events_of(trace)), file=sys.stderr, flush=True)
        result["record_ratio_" + name] = round(statistics.median(ratios), 2)
    result["trace_bytes_per_event"] = round(size / events, 2)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one object on stdout")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    args = parser.parse_args()
    highwater = os.path.abspath(os.environ.get("HIGHWATER", os.path.join(args.build, "highwater")))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as tmp:
        probe = subprocess.run([highwater, "record", "-q", "-o", os.path.join(tmp, "x"), "--", "true"],
                               stderr=subprocess.PIPE) if os.path.exists(highwater) else None
        if probe is None or probe.returncode != 0:
            print("SKIP: no recorder: %s" % (probe.stderr.decode().strip() if probe else highwater))
            sys.exit(77)
        result = measure(highwater, tmp, 5 if args.quick else 1, args.runs)
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print("%-24s %8.2f" % (key, value))


if __name__ == "__main__":
    main()
