#!/usr/bin/env python3
"""cost_test.py - small recordings of many mappings cost what they do, not its square. Prints TAP.

Each is made with n and with 4 n of its thing, and replayed; the CPU time of the second may be 10 times that of the first. 4 is what
follows the work (7 is seen, for the caches of the host), 16 a loop that goes over everything each time."""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import make

PAGE, BASE, GROW, MOST = 4096, 0x10000000, 4, 10
PRIVATE, SHARED = 32, 1  # flags of mmap: anonymous, and of a file
TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HIGHWATER", TOP / "build" / "highwater")


class Recording:
    """One process. A chunk is 1 MiB at most."""

    def __init__(self):
        self.chunks, self.stamp = [make.Stream(0)], 0
        self.op("proc_start", 100, 1, 100, 0, string=b"x")

    def room(self):
        if len(self.chunks[-1].raw) > 1 << 19:
            self.chunks.append(make.Stream(self.stamp))
        return self.chunks[-1]

    def op(self, name, *fields, string=None):
        self.stamp += 1
        self.room().op(self.stamp, name, 1, *fields, string=string)

    def touch(self, kind, address):
        self.room().access(kind, address // PAGE, 1)

    def write(self, path):
        out = make.chunk(2, 1, 0, 0, 0, b"page_size=4096\n")
        for seq, c in enumerate(self.chunks):
            out += c.chunk(2, 1, seq)
        totals = sum(c.accesses for c in self.chunks), sum(c.ops for c in self.chunks)
        path.write_bytes(out + make.chunk(2, 3, 0, 0, 0, b"streams=1\naccesses=%d\nops=%d\n" % totals))


def mprotect(n):
    """One mapping cut into pieces page by page, while its pages are evicted."""
    r = Recording()
    r.op("mmap", BASE, 2 * n * PAGE, 3, PRIVATE, 0, 0)
    r.touch(1, BASE + PAGE)  # from now on the pieces are kept together, as those that may map one page
    for i in range(n):
        r.op("mprotect", BASE + 2 * i * PAGE, PAGE, 1)
    for again in range(2):
        for i in range(n):
            r.touch(1, BASE + (2 * i + 1) * PAGE)
    return r


def file_pieces(n):
    """A file mapped page by page and evicted, which is truncated then: shadows lie before its pages."""
    r = Recording()
    r.op("file", 1, 8, 77, 1 << 30, 0, string=b"/f")
    for i in range(n):
        r.op("mmap", BASE + 2 * i * PAGE, PAGE, 3, SHARED, 1, i * PAGE)
    for i in range(n):
        r.touch(0, BASE + 2 * i * PAGE)
    r.op("truncate", 1, 0)
    return r


def cpu_seconds(path, memory):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([PROGRAM, "run", "-q", "--swap", "1G", "--memory-max", memory, path, "-f", "json"], check=True,
                   stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def ratio(what, n, folder):
    """The least of three, as others run on the host too."""
    times = []
    for k in (n, GROW * n):
        path = folder / f"{what.__name__}-{k}.hwt"
        what(k).write(path)
        times.append(min(cpu_seconds(path, f"{k * PAGE // 3 // 1024}K") for _ in range(3)))
    return times[1] / max(times[0], 1e-3), times


def main():
    cases = ((mprotect, 8000), (file_pieces, 10000))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (what, n) in enumerate(cases, 1):
            grew, times = ratio(what, n, pathlib.Path(folder))
            failed += grew > MOST
            print(f"{'not ok' if grew > MOST else 'ok'} {number} - {what.__name__} follows the work")
            print(f"# {GROW} times as much took {grew:.1f} times as long: {times[0]:.3f} s, {times[1]:.3f} s")
    print(f"1..{len(cases)}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
