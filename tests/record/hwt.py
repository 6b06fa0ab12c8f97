#!/usr/bin/env python3
"""hwt.py - a second reader of the trace format, for the recorder's tests.

Written from docs/trace-format.md alone and independent of src/trace, so that an error of one is not
repeated in the other. Needs the `zstd` program for compressed chunks (or record with --codec stored).

    hwt.py FILE            one line a record
    hwt.py --summary FILE  counts of streams, accesses and operations
"""
import struct
import subprocess
import sys

HEADER = struct.Struct("<IHBBIIQIIIIQ")
MAGIC = 0x43545748
PAGE = 4096
READ, WRITE, EXEC, OP = range(4)

#       code: (name, varint fields, has string[, varint fields after the string that may be absent])
OPS = {
    1: ("proc_start", "pid ppid tid flags", True), 2: ("thread_start", "pid tid", False),
    3: ("file", "fid dev ino size kind", True, "instance"), 4: ("mmap", "addr len prot mflags fid offset", False),
    5: ("munmap", "addr len", False), 6: ("mprotect", "addr len prot", False),
    7: ("mremap", "old old_len new new_len", False, "flags"), 8: ("madvise", "addr len advice", False),
    9: ("brk", "start end", False), 10: ("mlock", "addr len flags", False),
    11: ("munlock", "addr len", False), 12: ("mlockall", "flags", False),
    13: ("open", "handle fid oflags", False), 14: ("close", "handle", False),
    15: ("read", "handle fid offset len addr", False), 16: ("write", "handle fid offset len addr", False),
    17: ("fsync", "fid flags", False), 18: ("truncate", "fid size", False), 19: ("unlink", "fid", False),
    20: ("fadvise", "handle fid offset len advice", False), 21: ("fork", "child_pid flags", False),
    22: ("exec", "", True), 23: ("exit", "status", False), 24: ("exit_group", "status", False),
    25: ("wait", "kind duration back", False), 26: ("comm", "", True),
    27: ("oom_score_adj", "value", False), 28: ("punch", "fid offset len", False),
    29: ("lost", "count", False), 30: ("incomplete", "reason count", True), 31: ("thp_disable", "on", False),
    32: ("set_mempolicy", "mode nodes", False), 33: ("mbind", "addr len mode nodes flags", False),
    34: ("home_node", "addr len node", False), 35: ("migrate_pages", "pid from to", False),
    36: ("move_pages", "addr len node pid flags", False), 37: ("affinity", "tid cpus", False),
    38: ("setting", "", True), 39: ("numa_refused", "call mode set error", False),
    40: ("hugetlb_refused", "len error", False),
}


class Damage(Exception):
    pass


class Access:
    def __init__(self, stream, kind, page, icount):
        self.stream, self.kind, self.page, self.icount = stream, kind, page, icount

    def __str__(self):
        return "%d %s %#x +%d" % (self.stream, "rwx"[self.kind], self.page, self.icount)


class Op:
    def __init__(self, stream, name, fields, string, icount, stamp):
        self.stream, self.name, self.string = stream, name, string
        self.icount, self.stamp = icount, stamp
        self.__dict__.update(fields)
        self.fields = fields

    def __str__(self):
        text = "%d @%d %s" % (self.stream, self.stamp, self.name)
        for key, value in self.fields.items():
            text += " %s=%s" % (key, hex(value) if key in ("addr", "old", "new", "start", "end") else value)
        return text + (" %r" % self.string if self.string is not None else "") + " +%d" % self.icount


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Damage("a varint is cut or too long")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def xxh64(data):
    """XXH64, seed 0."""
    p1, p2, p3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
    p4, p5, mask = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5, (1 << 64) - 1

    def rotl(x, r):
        return ((x << r) | (x >> (64 - r))) & mask

    def mix(acc, lane):
        return rotl((acc + lane * p2) & mask, 31) * p1 & mask

    at, size = 0, len(data)
    if size >= 32:
        acc = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        lanes = struct.unpack_from("<%dQ" % (size // 32 * 4), data)
        for i in range(0, len(lanes), 4):
            for j in range(4):
                acc[j] = mix(acc[j], lanes[i + j])
        at = size // 32 * 32
        h = (rotl(acc[0], 1) + rotl(acc[1], 7) + rotl(acc[2], 12) + rotl(acc[3], 18)) & mask
        for a in acc:
            h = ((h ^ mix(0, a)) * p1 + p4) & mask
    else:
        h = p5
    h = (h + size) & mask
    while at + 8 <= size:
        h = (rotl(h ^ mix(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4) & mask
        at += 8
    if at + 4 <= size:
        h = (rotl(h ^ struct.unpack_from("<I", data, at)[0] * p1 & mask, 23) * p2 + p3) & mask
        at += 4
    while at < size:
        h = rotl(h ^ data[at] * p5 & mask, 11) * p1 & mask
        at += 1
    h = (h ^ h >> 33) * p2 & mask
    h = (h ^ h >> 29) * p3 & mask
    return h ^ h >> 32


def decompress(stored):
    return subprocess.run(["zstd", "-dcq"], input=stored, stdout=subprocess.PIPE, check=True).stdout


def records(stream, order, raw):
    last = {False: 0, True: 0}
    at, stamp = 0, order
    while at < len(raw):
        first, at = varint(raw, at)
        icount, at = varint(raw, at)
        kind = first & 3
        if kind != OP:
            delta = first >> 2
            delta = (delta >> 1) ^ -(delta & 1)
            page = (last[kind == EXEC] + delta) & ((1 << 64) - 1)
            last[kind == EXEC] = page
            if page >= 1 << 35:
                raise Damage("page %#x is out of range" % page)
            yield Access(stream, kind, page, icount)
            continue
        delta, at = varint(raw, at)
        stamp += delta
        size, at = varint(raw, at)
        body, at = raw[at:at + size], at + size
        if len(body) != size:
            raise Damage("an operation is cut")
        name, names, has_string, *more = OPS.get(first >> 2, ("op%d" % (first >> 2), "", False))
        fields, string, b = {}, None, 0
        for field in names.split():
            fields[field], b = varint(body, b)
        if has_string:
            n, b = varint(body, b)
            string = body[b:b + n].decode("utf-8", "replace")
            b += n
        for field in " ".join(more).split():
            if b < len(body):
                fields[field], b = varint(body, b)
            else:
                fields[field] = 0
        yield Op(stream, name, fields, string, icount, stamp)


class Trace:
    """meta, host, end: dicts, end is None when cut. chunks: in file order. marks: (order, dict). damage: None or what was met where."""

    def __init__(self, path, verify=True):
        with open(path, "rb") as f:
            self.data = f.read()
        self.meta, self.host, self.marks, self.end, self.chunks, self.damage = {}, {}, [], None, [], None
        at, seqs = 0, {}
        while at < len(self.data):
            try:
                at = self.chunk(at, seqs, verify)
            except Damage as d:
                self.damage = "at %d: %s" % (at, d)
                break

    def chunk(self, at, seqs, verify):
        if at + HEADER.size > len(self.data):
            raise Damage("the header is cut")
        (magic, version, kind, codec, stream, seq, order, raw_len, stored_len, accesses, ops,
         digest) = HEADER.unpack_from(self.data, at)
        stored = self.data[at + HEADER.size:at + HEADER.size + stored_len]
        if magic != MAGIC or version not in (1, 2) or kind not in ((1, 2, 3), (1, 2, 3, 4, 5))[version - 1] or codec not in (0, 1):
            raise Damage("no chunk")
        if len(stored) != stored_len:
            raise Damage("the payload is cut")
        if verify and xxh64(self.data[at:at + 40] + stored) != digest:
            raise Damage("wrong checksum")
        raw = stored if codec == 0 else decompress(stored)
        if len(raw) != raw_len:
            raise Damage("wrong length")
        if kind == 2:
            if seqs.get(stream, 0) != seq:
                raise Damage("stream %d lacks chunk %d" % (stream, seqs.get(stream, 0)))
            seqs[stream] = seq + 1
            self.chunks.append((stream, order, raw, accesses, ops))
        else:
            text = dict(line.split("=", 1) for line in raw.decode("utf-8", "replace").splitlines())
            if kind == 1:
                self.meta = text
            elif kind == 4:
                self.host = text
            elif kind == 5:
                self.marks.append((order, text))
            else:
                self.end = text
        return at + HEADER.size + stored_len

    def records(self):
        for stream, order, raw, accesses, ops in self.chunks:
            n = [0, 0]
            for record in records(stream, order, raw):
                n[isinstance(record, Op)] += 1
                yield record
            if n != [accesses, ops]:
                raise Damage("stream %d: counts differ: %r, header %r" % (stream, n, [accesses, ops]))

    def ops(self, *names):
        """All operations, or those of the names, in the order of their stamps."""
        found = [r for r in self.records() if isinstance(r, Op) and (not names or r.name in names)]
        return sorted(found, key=lambda op: op.stamp)

    def streams(self):
        return sorted({c[0] for c in self.chunks})


def main():
    arguments = sys.argv[1:]
    summary = "--summary" in arguments
    arguments = [a for a in arguments if a != "--summary"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    trace = Trace(arguments[0])
    counts = {}
    for record in trace.records():
        key = record.name if isinstance(record, Op) else "access"
        counts[key] = counts.get(key, 0) + 1
        if not summary:
            print(record)
    if summary:
        print("streams=%d" % len(trace.streams()), *("%s=%d" % kv for kv in sorted(counts.items())))
    print("meta:", trace.meta, file=sys.stderr)
    print("end:", trace.end, file=sys.stderr)
    if trace.damage:
        sys.exit("damaged " + trace.damage)


if __name__ == "__main__":
    main()
