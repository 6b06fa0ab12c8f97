#!/usr/bin/env python3
"""record.py - what recording costs: CPU time recorded over CPU time native, for twelve real programs.

    bench/record.py [--json] [--runs N] [--quick] [--window N] [--build DIR] [NAME...]

User and system time of all processes count, the recorder's own too. Each run measures native and recorded one after
the other; the figure is the median of the runs' ratios (one run unless --runs). What starting a program costs is
stated apart: the CPU time of a recorded `true`. --quick uses a fifth of the work, where starting up weighs more. A
program that is not installed is left out, and said. The program is HIGHWATER if that is set, else DIR/highwater.
Exit code 77: no recorder.
"""
import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATH = "/usr/bin:/bin"
STARTS = 10

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

PERL = """
my %%h; my $s = 0;
for my $i (1 .. %d) { $h{$i * 7919 %% 1000003} .= $i }
$s += length $h{$_} for keys %%h;
print "$s\\n";
"""

NODE = """
const m = new Map(); let s = 0;
for (let i = 0; i < %(n)d; i++) m.set(i * 7919 %% 1000003, "x" + i);
for (const v of m.values()) s += v.length;
const a = Array.from({length: %(n)d}, (_, i) => ({k: i, v: String(i)}));
a.sort((x, y) => x.v < y.v ? -1 : 1);
console.log(s, JSON.stringify(a).length);
"""

C = ("int f%(i)d(int *a, int n) { int s = 0; for (int i = 0; i < n; i++) { s += a[i] * %(i)d; if (s > %(i)d) s ^= a[i %% 7]; "
     "switch (s & 3) { case 0: s += i; break; case 1: s -= i; break; default: s *= 3; } } return s; }\n")


def cpu(command, stdin, cwd):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(stdin or os.devnull, "rb") as source:
        subprocess.run(command, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd, check=True,
                       env={"PATH": PATH, "LC_ALL": "C", "HOME": cwd})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def make_text(path, mib, separator=" "):
    """Words of a small language: compresses about as well as prose."""
    rng = random.Random(2)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(2, 9))) for _ in range(5000)]
    with open(path, "wb") as f:
        while f.tell() < mib << 20:
            f.write((separator.join(rng.choices(words, k=1 << 17)) + separator).encode("ascii"))
    return path


def workloads(tmp, scale):
    """(name, command, standard input): each takes one to three seconds natively, at scale 1."""
    def file(name):
        return os.path.join(tmp, name)

    text, lines = make_text(file("text"), 200 // scale), make_text(file("lines"), 40 // scale, "\n")
    small = make_text(file("small"), 20 // scale)
    write(file("big.c"), "".join(C % {"i": i} for i in range(600 // scale)))
    return [
        ("sqlite3", ["sqlite3", "table.db"], write(file("table.sql"), SQL % (900000 // scale))),
        ("python3", ["python3", "-I", write(file("dict.py"), PYTHON % {"n": 1500000 // scale})], None),
        ("node", ["node", write(file("map.js"), NODE % {"n": 1000000 // scale})], None),
        ("perl", ["perl", write(file("hash.pl"), PERL % (1500000 // scale))], None),
        ("gcc", ["gcc", "-O1", "-c", "-o", "big.o", file("big.c")], None),
        ("gzip", ["gzip", "-1", "-c", text], None),
        ("zstd", ["zstd", "-q", "-c", "-9", "--single-thread", text], None),
        ("xz", ["xz", "-1", "-T1", "-c", small], None),
        ("bzip2", ["bzip2", "-c", small], None),
        ("sort", ["sort", "--parallel=1", lines], None),
        ("openssl", ["openssl", "dgst", "-sha3-512", text], None),
        ("tar", ["sh", "-c", "for i in 1 2 3 4; do tar -cf - text small | tar -xf - -O; done"], None),
    ]


def events_of(trace):
    """Accesses and operations, from the end chunk's text."""
    with open(trace, "rb") as f:
        f.seek(-1024, os.SEEK_END)
        tail = f.read()
    end = dict(line.split(b"=", 1) for line in tail.split(b"streams=")[-1].split(b"\n") if b"=" in line)
    return int(end[b"accesses"]) + int(end[b"ops"])


def measure(highwater, tmp, scale, args):
    result, size, events, all_ratios = {}, 0, 0, []
    options = ["--window", args.window] if args.window else []
    trace = os.path.join(tmp, "x.hwt")
    for name, command, stdin in workloads(tmp, scale):
        if args.names and name not in args.names:
            continue
        if shutil.which(command[0], path=PATH) is None:
            print("%-8s not installed" % name, file=sys.stderr, flush=True)
            continue
        ratios = []
        for _ in range(args.runs):
            times = []
            for prefix in ([], [highwater, "record", "-q", *options, "-o", trace, "--"]):
                if os.path.exists(os.path.join(tmp, "table.db")):
                    os.unlink(os.path.join(tmp, "table.db"))
                times.append(cpu(prefix + command, stdin, tmp))
            ratios.append(times[1] / times[0])
        size += os.path.getsize(trace)
        events += events_of(trace)
        all_ratios.append(statistics.median(ratios))
        print("%-8s native %6.2f s, recorded %6.2f s, ratio %5.1f; %8.1f MiB, %.2f bytes per event" %
              (name, times[0], times[1], statistics.median(ratios), os.path.getsize(trace) / 2**20,
               os.path.getsize(trace) / events_of(trace)), file=sys.stderr, flush=True)
        result["record_ratio_" + name] = round(statistics.median(ratios), 2)
    if not all_ratios:
        sys.exit("bench/record.py: nothing to measure")
    result["record_ratio_median"] = round(statistics.median(all_ratios), 2)
    result["record_ratio_worst"] = round(max(all_ratios), 2)
    started = cpu([highwater, "record", "-q", "-o", trace, "--", "sh", "-c", "/bin/true;" * STARTS + ":"], None, tmp)
    result["record_exec_ms"] = round(started * 1000 / (STARTS + 1), 1)
    result["trace_bytes_per_event"] = round(size / events, 2)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one object on stdout")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--window", metavar="N", help="of record, instead of its default")
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these programs")
    args = parser.parse_args()
    highwater = os.path.abspath(os.environ.get("HIGHWATER", os.path.join(args.build, "highwater")))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as tmp:
        probe = subprocess.run([highwater, "record", "-q", "-o", os.path.join(tmp, "x"), "--", "true"],
                               stderr=subprocess.PIPE) if os.path.exists(highwater) else None
        if probe is None or probe.returncode != 0:
            print("SKIP: no recorder: %s" % (probe.stderr.decode().strip() if probe else highwater))
            sys.exit(77)
        result = measure(highwater, tmp, 5 if args.quick else 1, args)
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print("%-24s %8.2f" % (key, value))


if __name__ == "__main__":
    main()
