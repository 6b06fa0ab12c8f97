#!/usr/bin/env python3
"""large.py - a machine of 1 TiB with 8 nodes: how long it takes to start, and what it needs of the host when its memory is full.

    bench/large.py [--json] [--build DIR]

large_start_s  CPU time until a program that touches 1 MiB has ended, on the empty machine
large_fill_s   CPU time until 8 programs, one on each node, have written 31/32 of its memory, in pages of 4 KiB
large_rss_gib  the largest resident size meanwhile: descriptors of pages, page tables and everything else

The program is HIGHWATER if that is set, else DIR/highwater. Exit code 77: the host has not got memory enough.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NODES = 8
RAM = 1 << 40
NODE_MIB = RAM // NODES >> 20
FILLED_MIB = NODE_MIB * 31 // 32  # 1/64 is descriptors of pages, and what watermarks keep free
HOST_BYTES = 12 << 30


def scenario(memory_mib):
    """Memory of each program; it does one request after it has written all of it, and ends."""
    text = f"[machine]\nram = {RAM >> 20}M\nnodes = {NODES}\ncpus = {NODES}\nswap = 0\nthp = never\nruntime = 200s\n"
    for node in range(NODES):
        text += f"\n[task fill{node}]\ncpus = {node}\nnuma = bind:{node}\nmemory = {memory_mib}M\ntouch = random\ntouches = 1\nrequests = 1\nhold = 1000s\n"
    return text


def run(program, folder, text):
    """(CPU seconds, largest resident size in GiB, result) of a run."""
    path = os.path.join(folder, "large.ini")
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    with subprocess.Popen([program, "run", path, "--quiet", "--no-host", "--format", "json"], stdout=subprocess.PIPE) as child:
        result = json.load(child.stdout)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
    if status:
        sys.exit(f"large.py: the run ended with {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1 << 20), result


def available():
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("MemAvailable"))


def main():
    parser = argparse.ArgumentParser(description="Start and fill a machine of 1 TiB.")
    parser.add_argument("--build", default="build")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    program = os.environ.get("HIGHWATER", os.path.join(TOP, args.build, "highwater"))
    if available() < HOST_BYTES:
        print(f"large: the host has {available() >> 30} GiB free, which is too little")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        start, _, _ = run(program, folder, scenario(1))
        fill, rss, result = run(program, folder, scenario(FILLED_MIB))
    free = sum(n["free_bytes"] for n in result["numa"]["nodes"]) / RAM
    if free > 0.03:
        sys.exit(f"large.py: {free:.1%} of memory stayed free")
    figures = {"large_start_s": start, "large_fill_s": fill, "large_rss_gib": rss}
    docs = {"large_start_s": ("s", "a machine of 1 TiB and 8 nodes starts, and a program touches 1 MiB"),
            "large_fill_s": ("s", "its memory is written once, in pages of 4 KiB"),
            "large_rss_gib": ("GiB", "memory of the host that it takes then")}
    if args.json:
        print(json.dumps(figures))
        return
    for key, value in figures.items():
        print(f"{key:<24} {value:>12.4g} {docs[key][0]:<8} {docs[key][1]}")


if __name__ == "__main__":
    main()
