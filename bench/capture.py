#!/usr/bin/env python3
"""capture.py - what watching costs: CPU, memory and bytes of `highwater capture` and `highwater export` on a host with 500 processes and 200 cgroups.

    bench/capture.py [--json] [--seconds N] [--build DIR]

Makes the processes (all but 40 asleep; those 40 do a little each second) and the cgroups, below highwater-bench of the memory hierarchy, and
removes them. Runs `capture 1 N` and takes its user and system time and its largest RSS from wait4(); then `capture --full 1`, where each
sample has everything, for the bytes of a sample at long delays; then `export`, which samples, diagnoses and writes a textfile every 15 s for a minute. The program is HIGHWATER if that is set, else DIR/highwater.
Exit code 77: not root, or no memory controller.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROCESSES, GROUPS, WORKING = 500, 200, 40
WORK = "while :; do head -c 300000 /dev/zero | tail -c 1 >/dev/null; sleep 1; done"


def memory_root():
    """Where memory groups are made: (directory, whether it is cgroup v2), or nothing."""
    if os.path.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes") or os.path.exists("/sys/fs/cgroup/memory/memory.stat"):
        return "/sys/fs/cgroup/memory", False
    try:
        with open("/sys/fs/cgroup/cgroup.subtree_control", encoding="ascii") as f:
            return ("/sys/fs/cgroup", True) if "memory" in f.read().split() else None
    except OSError:
        return None


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def start(base, children):
    """Groups in slices of 20; the processes go into all but every fourth."""
    groups = []
    for i in range(GROUPS):
        slice_ = f"{base}/slice{i // 20}"
        os.makedirs(slice_, exist_ok=True)
        groups.append(f"{slice_}/service{i}")
        os.mkdir(groups[-1])
    used = [g for i, g in enumerate(groups) if i % 4]
    for i in range(PROCESSES):
        command = ["/bin/sh", "-c", WORK] if i < WORKING else ["/bin/sleep", "1000"]
        child = subprocess.Popen(command, start_new_session=True)
        children.append(child)
        write(used[i % len(used)] + "/cgroup.procs", str(child.pid))


def stop(base, children):
    for child in children:
        os.killpg(child.pid, 9)
        child.wait()
    for _ in range(50):
        for folder, _, _ in os.walk(base, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                pass
        if not os.path.exists(base):
            return
        time.sleep(0.1)


def measure(command):
    """(CPU seconds, elapsed seconds, largest RSS in KiB) of a command."""
    begin = time.monotonic()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        sys.exit(f"capture.py: {' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begin, usage.ru_maxrss


def main():
    parser = argparse.ArgumentParser(description="Measure what watching costs.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--build", default="build")
    args = parser.parse_args()
    program = os.environ.get("HIGHWATER") or os.path.join(TOP, args.build, "highwater")
    root = memory_root()
    if os.geteuid() != 0 or not root:
        print("capture: skipped: needs root and a memory controller to make 200 cgroups")
        return 77
    base, children, figures = root[0] + "/highwater-bench", [], {}
    os.makedirs(base, exist_ok=True)
    try:
        if root[1]:
            write(base + "/cgroup.subtree_control", "+memory")
            for i in range((GROUPS + 19) // 20):
                os.makedirs(f"{base}/slice{i}", exist_ok=True)
                write(f"{base}/slice{i}/cgroup.subtree_control", "+memory")
        start(base, children)
        with tempfile.TemporaryDirectory() as work:
            file = work + "/x.hwc"
            cpu, elapsed, rss = measure([program, "capture", "-q", "-o", file, "1", str(args.seconds)])
            figures["capture_cpu_percent"] = round(100 * cpu / elapsed, 3)
            figures["capture_rss_mib"] = round(rss / 1024, 2)
            figures["capture_bytes_per_second"] = os.path.getsize(file) // args.seconds
            os.unlink(file)
            measure([program, "capture", "-q", "--full", "-o", file, "1", "30"])
            figures["capture_bytes_per_sample"] = os.path.getsize(file) // 30
            prom = work + "/x.prom"
            cpu, elapsed, rss = measure([program, "export", "--textfile", prom, "15", "5"])
            figures["export_cpu_percent"] = round(100 * cpu / elapsed, 3)
            figures["export_rss_mib"] = round(rss / 1024, 2)
            figures["export_bytes"] = os.path.getsize(prom)
            figures["capture_day_mib"] = round(figures["capture_bytes_per_sample"] * 8640 / 2**20, 1)
    finally:
        stop(base, children)
    if args.json:
        print(json.dumps(figures))
    else:
        print("watching a host of 500 processes and 200 cgroups")
        notes = {"capture_cpu_percent": "of one CPU, at 1 s", "capture_rss_mib": "MiB, largest RSS",
                 "capture_bytes_per_second": "bytes of the file, at 1 s",
                 "capture_bytes_per_sample": "bytes, of a sample with everything",
                 "export_cpu_percent": "of one CPU, at 15 s", "export_rss_mib": "MiB, largest RSS", "export_bytes": "bytes of a textfile",
                 "capture_day_mib": "MiB, 24 h of such samples every 10 s"}
        for key, value in figures.items():
            print(f"{key:<28} {value:>12}  {notes[key]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
