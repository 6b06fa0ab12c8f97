#!/usr/bin/env python3
"""many_streams.py - writes to stdout a recording of 60 KB whose 400 processes run at once, each in a chunk of 1 MiB that packs well."""
import struct
import subprocess
import sys

import make

hwt = make.hwt
STREAMS, ACCESSES = 400, 1 << 19


def packed_chunk(stream, order, raw, packed):
    head = struct.pack("<IHBBIIQIIII", hwt.MAGIC, 2, 2, 1, stream, 1, order, len(raw), len(packed), ACCESSES, 0)
    return head + struct.pack("<Q", hwt.xxh64(head + packed)) + packed


def main():
    raw = bytes([1, 1]) * ACCESSES
    packed = subprocess.run(["zstd", "-cq"], input=raw, stdout=subprocess.PIPE, check=True).stdout
    out = make.chunk(2, 1, 0, 0, 0, b"page_size=4096\n")
    for stream in range(1, STREAMS + 1):
        start = make.Stream(stream - 1)
        start.op(stream, "proc_start", 0, 100 + stream, 1, 100 + stream, 0, string=b"x")
        out += start.chunk(2, stream, 0) + packed_chunk(stream, stream, raw, packed)
    sys.stdout.buffer.write(out)


if __name__ == "__main__":
    main()
