#!/usr/bin/env python3
"""make.py - writes the recordings of this folder, byte by byte after docs/trace-format.md.

version1.hwt    version 1 with each of its operations: every later program must read it as the first one did. Never made anew.
host.hwt        version 2 with all settings of a host that differs from the default machine in each
policy.hwt      version 2 from a kernel with multi-generational LRU; classic.hwt, broken.hwt: the same turned off, and with a value that none has
nodes.hwt       version 2 with memory policies and affinities, on a machine of five nodes
later.hwt       version 2 with settings of a host, marks, reasons why it is incomplete, and what only a later version would know
"""
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "record"))
import hwt  # noqa: E402

CODES = {row[0]: code for code, row in hwt.OPS.items()}


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def chunk(version, kind, stream, seq, order, raw, accesses=0, ops=0):
    head = struct.pack("<IHBBIIQIIII", hwt.MAGIC, version, kind, 0, stream, seq, order, len(raw), len(raw), accesses, ops)
    return head + struct.pack("<Q", hwt.xxh64(head + raw)) + raw


class Stream:
    """Records of one chunk."""

    def __init__(self, order):
        self.raw, self.last, self.accesses, self.ops = b"", [0, 0], 0, 0
        self.order = self.stamp = order

    def access(self, kind, page, icount):
        delta = page - self.last[kind == 2]
        self.raw += varint(((delta << 1 ^ delta >> 63) & (1 << 64) - 1) << 2 | kind)
        self.raw += varint(icount)
        self.last[kind == 2] = page
        self.accesses += 1

    def op(self, stamp, name, icount, *fields, string=None, more=b""):
        body = b"".join(varint(f) for f in fields)
        if string is not None:
            body += varint(len(string)) + string
        code = name if isinstance(name, int) else CODES[name]
        self.raw += varint(code << 2 | 3) + varint(icount) + varint(stamp - self.stamp) + varint(len(body + more)) + body + more
        self.stamp = stamp
        self.ops += 1

    def chunk(self, version, stream, seq):
        return chunk(version, 2, stream, seq, self.order, self.raw, self.accesses, self.ops)


def version1():
    out = chunk(1, 1, 0, 0, 0, b"tool=by hand, version 1\ncommand=everything --once\ncwd=/\nkernel=6.1.0\npage_size=4096\ncpus=2\ndate=2026-01-01T00:00:00Z\n")
    a = Stream(0)
    a.op(1, "proc_start", 0, 100, 1, 100, 0, string=b"every")
    a.op(2, "file", 5, 1, 8, 77, 1<<20, 0, string=b"/data/file")
    a.op(3, "mmap", 5, 0x10000000, 0x40000, 3, 32|64, 0, 0)
    a.op(4, "mmap", 5, 0x20000000, 0x10000, 1, 1, 1, 0)
    for p in range(32):
        a.access(1, 0x10000+p, 1000)
    for p in range(16):
        a.access(0, 0x20000+p, 900)
    a.access(2, 0x20000, 50)
    a.op(5, "brk", 1, 0x10000000, 0x10048000)
    a.op(6, "munmap", 1, 0x10030000, 0x1000)
    a.op(7, "mprotect", 1, 0x10020000, 0x1000, 1)
    a.op(8, "mremap", 1, 0x20000000, 0x10000, 0x21000000, 0x10000)
    a.op(9, "madvise", 1, 0x10010000, 0x2000, 4)
    a.op(10, "mlock", 1, 0x10000000, 0x2000, 0)
    a.op(11, "munlock", 1, 0x10000000, 0x2000)
    a.op(12, "mlockall", 1, 0)
    a.op(13, "open", 1, 1, 1, 3)
    a.op(14, "read", 1, 1, 1, 0, 65536, 0x10000000)
    a.op(15, "write", 1, 1, 1, 65536, 8192, 0x10004000)
    a.op(16, "fadvise", 1, 1, 1, 0, 65536, 4)
    a.op(17, "fsync", 1, 1, 0)
    a.op(18, "punch", 1, 1, 0, 8192)
    a.op(19, "truncate", 1, 1, 1<<19)
    a.op(20, "unlink", 1, 1)
    a.op(21, "close", 1, 1)
    a.op(22, "comm", 1, string=b"renamed")
    a.op(23, "oom_score_adj", 1, 1200)
    a.op(24, "lost", 1, 3)
    out += a.chunk(1, 1, 0)
    b = Stream(24)
    b.op(25, "thread_start", 0, 100, 101)
    b.access(1, 0x10005, 2000)
    b.op(27, "wait", 10, 1, 1000000, 1)
    b.op(28, "exit", 10, 0)
    out += b.chunk(1, 2, 0)
    c = Stream(28)
    c.op(29, "fork", 10, 200, 0)
    c.op(34, "wait", 10, 6, 2000000, 4)
    c.op(35, "exit_group", 10, 0)
    d = Stream(29)
    d.op(30, "proc_start", 0, 200, 100, 200, 2, string=b"every")
    d.access(1, 0x10006, 10)
    d.op(31, "exec", 10, string=b"other")
    out += d.chunk(1, 3, 0)
    e = Stream(31)
    e.op(32, "proc_start", 0, 200, 100, 200, 1, string=b"other")
    e.op(33, "mmap", 1, 0x400000, 0x4000, 7, 32, 0, 0)
    e.access(1, 0x400, 77)
    e.op(34, "exit_group", 10, 0)
    out += e.chunk(1, 4, 0)
    out += c.chunk(1, 1, 1)

    streams = (a, b, c, d, e)
    out += chunk(1, 3, 0, 0, 35, b"streams=4\naccesses=%d\nops=%d\nexit_status=0\n" % (sum(s.accesses for s in streams), sum(s.ops for s in streams)))
    return out


def later():
    a = Stream(0)
    a.op(1, "proc_start", 0, 100, 1, 100, 0, string=b"later")
    a.op(2, "mmap", 5, 0x10000000, 0x40000, 3, 0, 0, 0)
    for page in range(32):
        a.access(1, 0x10000 + page, 1000)
    a.op(3, "file", 5, 1, 8, 77, 65536, 0, string=b"/data/one", more=varint(1))
    a.op(4, "open", 1, 1, 1, 3)
    a.op(5, "read", 1, 1, 1, 0, 65536, 0x10000000)
    a.op(6, "file", 5, 2, 8, 77, 65536, 0, string=b"/data/two", more=varint(2))
    a.op(7, "open", 1, 2, 2, 3)
    a.op(8, "read", 1, 2, 2, 0, 65536, 0x10000000)
    a.op(9, "incomplete", 1, 1, 7, string=b"io_uring_enter")
    a.op(10, 4000, 500, 1, 2, 3)
    a.op(11, "munmap", 1, 0x10000000, 0x1000, more=b"\x05")
    a.op(12, "exit_group", 1, 0)
    return (chunk(2, 1, 0, 0, 0, b"tool=by hand\ncommand=later --once\n") +
            chunk(2, 4, 0, 0, 0, b"kernel=6.12.0\nram=8589934592\ncpus=4\nmemory.max=max\nreadahead.2049=131072\nnew.key=so\n") +
            chunk(2, 5, 0, 0, 2, b"name=warm\ntime_ns=1500000\n") + a.chunk(2, 1, 0) + chunk(2, 77, 5, 6, 7, b"anything") +
            chunk(2, 3, 0, 0, 12, b"streams=1\nexit_status=0\nincomplete.processes=1\n"))


def policy(lru_gen):
    a = Stream(0)
    a.op(1, "proc_start", 0, 100, 1, 100, 0, string=b"host")
    a.op(2, "mmap", 5, 0x10000000, 0x40000, 3, 0, 0, 0)
    for page in range(32):
        a.access(1, 0x10000 + page, 1000)
    a.op(3, "exit_group", 1, 0)
    return (chunk(2, 1, 0, 0, 0, b"tool=by hand\ncommand=host --once\n") +
            chunk(2, 4, 0, 0, 0, b"kernel=6.14.2\nlru_gen=" + lru_gen + b"\n") +
            a.chunk(2, 1, 0) + chunk(2, 3, 0, 0, 3, b"streams=1\nexit_status=0\n"))


def host():
    a = Stream(0)
    a.op(1, "proc_start", 0, 100, 1, 100, 0, string=b"host")
    a.op(2, "mmap", 5, 0x10000000, 0x40000, 3, 0, 0, 0)
    for page in range(32):
        a.access(1, 0x10000 + page, 1000)
    a.op(3, "exit_group", 1, 0)
    settings = {"kernel": "6.12.0", "machine": "x86_64", "ram": 8 << 30, "cpus": 4, "nodes": 2, "swap": 1 << 30,
                "swap_kind": "zram", "swap_device": "/dev/zram0", "zswap": "yes", "thp": "always", "vm.swappiness": 10,
                "vm.overcommit_memory": 2, "vm.overcommit_ratio": 80, "cgroup": 1, "memory.max": 512 << 20,
                "memory.high": "max", "memory.swap.max": 256 << 20, "readahead.2049": 8 << 20, "readahead.2050": 8 << 20,
                "rotational.2049": 1, "filesystem.2049": "ext4"}
    return (chunk(2, 1, 0, 0, 0, b"tool=by hand\ncommand=host --once\n") +
            chunk(2, 4, 0, 0, 0, "".join("%s=%s\n" % pair for pair in settings.items()).encode()) +
            a.chunk(2, 1, 0) + chunk(2, 3, 0, 0, 3, b"streams=1\nexit_status=0\n"))


def nodes():
    a = Stream(0)
    a.op(1, "proc_start", 0, 100, 1, 100, 0, string=b"bound")
    a.op(2, "mmap", 5, 0x10000000, 0x1000000, 3, 0, 0, 0)
    a.op(3, "set_mempolicy", 5, 3, 0b111)
    a.op(4, "affinity", 5, 100, 0b10)
    a.op(5, "mbind", 5, 0x10000000, 0x400000, 2 | 1 << 15, 0b10, 0)
    a.op(6, "home_node", 5, 0x10000000, 0x400000, 1)
    for page in range(2048):
        a.access(1, 0x10000 + page, 1000)
    a.op(7, "set_mempolicy", 5, 2, 0b10000)
    a.op(8, "migrate_pages", 5, 0, 0b10, 0b1)
    a.op(9, "move_pages", 5, 0x10000000, 0x2000, 0, 0, 2)
    a.op(10, "numa_refused", 5, 33, 2, 0b1000, 22)
    a.op(11, "numa_refused", 5, 33, 2, 0b1000, 22)
    a.op(12, "numa_refused", 5, 37, 0, 0b1100, 1)
    a.op(13, "exit_group", 1, 0)
    return (chunk(2, 1, 0, 0, 0, b"tool=by hand\ncommand=bound\n") + a.chunk(2, 1, 0) +
            chunk(2, 3, 0, 0, 13, b"streams=1\nexit_status=0\n"))


def no_pool():
    a = Stream(0)
    a.op(1, "proc_start", 0, 100, 1, 100, 0, string=b"small")
    a.op(2, "hugetlb_refused", 5, 1 << 30, 12)
    a.op(3, "hugetlb_refused", 5, 1 << 31, 12)
    a.op(4, "hugetlb_refused", 5, 1 << 20, 22)
    a.op(5, "exit_group", 1, 0)
    return (chunk(2, 1, 0, 0, 0, b"tool=by hand\ncommand=small\n") + a.chunk(2, 1, 0) +
            chunk(2, 3, 0, 0, 5, b"streams=1\nexit_status=0\n"))


def main():
    (HERE / "no-pool.hwt").write_bytes(no_pool())
    (HERE / "nodes.hwt").write_bytes(nodes())
    (HERE / "later.hwt").write_bytes(later())
    (HERE / "host.hwt").write_bytes(host())
    (HERE / "policy.hwt").write_bytes(policy(b"0x0007"))
    (HERE / "classic.hwt").write_bytes(policy(b"0x0000"))
    (HERE / "broken.hwt").write_bytes(policy(b"0xffff"))
    if version1() != (HERE / "version1.hwt").read_bytes():
        sys.exit("make.py: it would make another version1.hwt; the one that is there stays")


if __name__ == "__main__":
    main()
