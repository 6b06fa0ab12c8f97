#!/usr/bin/env python3
"""gigabyte_heavy.py - 1 GiB of plain text is read in under 5 s of CPU time with under 64 MiB of memory. Prints TAP.

    gigabyte_heavy.py [MIB]

The text is made on the fly and handed over through a pipe; it has one report of the OOM killer in its middle, which must be found. CPU time
counts, because others may use the machine at the same time.
"""
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

TOP = Path(__file__).parents[2]
HIGHWATER = os.environ.get("HIGHWATER", str(TOP / "build/highwater"))
MIB = 1 << 20
SIZE_MIB = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
CPU_SECONDS_MAX = 5.0 * SIZE_MIB / 1024
MEMORY_MAX = 64 * MIB
PIECE = 4 * MIB

KERNEL = ("usb 1-1: new high-speed USB device number 2 using xhci_hcd", "eth0: link up, 10000 Mbps, full duplex",
          "audit: type=1400 audit(1732763400.123:456): apparmor=\"ALLOWED\" operation=\"open\" profile=\"x\" pid=77",
          "EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: (null)", "device eth0 entered promiscuous mode")
PROGRAMS = ("sshd[{n}]: Accepted publickey for deploy from 192.0.2.{b} port {n} ssh2", "CRON[{n}]: (root) CMD (run-parts /etc/cron.hourly)",
            "nginx[{n}]: 192.0.2.{b} - - \"GET /api/v1/items/{n}?limit=50 HTTP/1.1\" 200 {n} \"-\" \"curl/8.5\"",
            "app[{n}]: request id={n} total=12 ms size=88 state: done, cache hit, 4 of 9 free: yes",
            "dockerd[{n}]: time=\"2026-11-28T03:10:01Z\" level=info msg=\"ignoring event\" module=libcontainerd topic=/tasks/delete")
PLAIN = ("    for (unsigned i = 0; i < count; i++) total += items[i].size;", "The quick brown fox jumps over the lazy dog {n} times.",
         "INFO  [main] c.e.shop.OrderService - order {n} stored, status: paid, total {b}.00", "{{\"id\": {n}, \"name\": \"item\", \"price\": {b}}}",
         "GET /index.html {n} {b} 0.003", "")


def piece(rng, kind):
    lines, size = [], 0
    while size < PIECE:
        n, b, second = rng.randrange(100000), rng.randrange(256), len(lines) // 50 % 60
        if kind == "log":
            stamp = f"Nov 28 03:10:{second:02} web1 "
            text = f"kernel: [{1000 + second:5}.{n:06}] {rng.choice(KERNEL)}" if n % 5 == 0 else rng.choice(PROGRAMS).format(n=n, b=b)
            line = stamp + text
        elif kind == "iso log":
            line = f"2026-11-28T03:10:{second:02}.{n:06}+00:00 web1 " + rng.choice(PROGRAMS).format(n=n, b=b)
        else:
            line = rng.choice(PLAIN).format(n=n, b=b)
        lines.append(line)
        size += len(line) + 1
    return ("\n".join(lines) + "\n").encode()


def report():
    return (TOP / "tests/oom/reports/machine-anon-swap-full-6.1.log").read_bytes()


def measure(kind):
    """The first line, CPU seconds and the peak of resident memory for SIZE_MIB of text."""
    rng = random.Random(kind)
    pieces = [piece(rng, kind) for _ in range(3)]
    read_fd, write_fd = os.pipe()
    child = subprocess.Popen([HIGHWATER, "diagnose", "-", "-q"], stdin=read_fd, stdout=subprocess.PIPE)
    os.close(read_fd)

    peak = [0]

    def note_memory():
        # Of the program alone: what the kernel tells of a child that ended includes this process before exec.
        for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak[0] = int(line.split()[1]) * 1024

    def write():
        count = SIZE_MIB * MIB // PIECE
        with os.fdopen(write_fd, "wb", buffering=0) as out:
            for i in range(count):
                out.write(pieces[i % 3])
                if i == count // 2:
                    out.write(report())
            note_memory()

    writer = threading.Thread(target=write)
    writer.start()
    first = child.stdout.readline().decode().strip()
    writer.join()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    return first, used.ru_utime + used.ru_stime, peak[0]


def main():
    failed = 0
    for number, kind in enumerate(("log", "iso log", "text of any kind"), 1):
        first, seconds, memory = measure(kind)
        good = seconds < CPU_SECONDS_MAX and memory < MEMORY_MAX and "filled memory" in first
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {SIZE_MIB} MiB of {kind}\n# {first}")
        print(f"# result {kind} = {seconds:.2f} s of CPU time, {memory / MIB:.1f} MiB of memory", flush=True)
    print("1..3")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
