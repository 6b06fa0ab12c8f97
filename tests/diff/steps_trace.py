"""steps_trace.py - the recording that a program of steps.c would make on a machine with all the nodes and pools that it asks for.

The recorder needs a host that can do what the steps ask; pools and nodes it has not. So the records are written here, from the same
steps, after docs/trace-format.md: what each call and each touch is, in the order in which parent and child take turns. Which steps fail is for the
machine that plays it to say.
"""
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "record"))
import hwt  # noqa: E402

CODES = {row[0]: code for code, row in hwt.OPS.items()}
PAGE, MASK = 4096, (1 << 64) - 1
FIXED_BASE, FIXED_STEP = 0x100000000000, 1 << 40
TOP = 0x7ffff7ff9000  # where the kernel puts mappings below, downwards
KERNEL_CHOSE, INITIAL = 256, 32
MAP_FLAGS = {"shared": 1, "stack": 2, "populate": 8, "noreserve": 16, "huge": 128}
ADVICE = {"dontneed": 4, "free": 8, "cold": 20, "pageout": 21, "hugepage": 14, "nohugepage": 15, "collapse": 25}
MODES = {"default": 0, "preferred": 1, "bind": 2, "interleave": 3, "local": 4, "many": 5}
BIND_FLAGS = {"strict": 1, "move": 2}
TOUCH_INSTRUCTIONS, CALL_INSTRUCTIONS = 13, 400
WINDOW, FILTER_PAGES = 1 << 20, 1024
WAIT_SLEEP, WAIT_PIPE, WAIT_OTHER = 1, 3, 8
CHUNK_BYTES = 900_000
# The program itself: pages of its text that it runs, of its data and stack that it writes, as smaps of the guest say.
TEXT_PAGES, DATA_PAGES, STACK_PAGES = 161, 12, 2


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def mix64(x):
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & MASK
    x = (x ^ x >> 27) * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


def nodes_of(words):
    """The set of nodes of words like "0,2"."""
    return sum(1 << int(n) for w in words[:1] if w not in BIND_FLAGS for n in w.split(","))


def size_of(text):
    return int(text[:-1], 0) << {"K": 10, "M": 20, "G": 30}[text[-1]] if text[-1] in "KMG" else int(text, 0)


class Stream:
    """One process. Records gather in a chunk, which goes to the file when it is full or at the end."""

    def __init__(self, writer, number):
        self.writer, self.number, self.seq = writer, number, 0
        self.icount, self.window, self.recent = 0, 0, {}
        self.begin()

    def begin(self):
        self.raw, self.last, self.accesses, self.ops = bytearray(), [0, 0], 0, 0
        self.order = self.stamp = self.writer.stamp

    def flush(self):
        if self.raw:
            self.writer.chunk(2, self.number, self.seq, self.order, bytes(self.raw), self.accesses, self.ops)
            self.seq += 1
        self.begin()

    def spend(self, instructions):
        self.icount += instructions
        self.window += instructions
        if self.window >= WINDOW:
            self.window = 0
            self.recent.clear()

    def access(self, kind, page, instructions=TOUCH_INSTRUCTIONS):
        """kind as in the format: 0 read, 1 write, 2 execute. A page seen a moment ago is not told again."""
        self.spend(instructions)
        slot = (kind == 2, page % FILTER_PAGES)
        seen = self.recent.get(slot)
        if seen is not None and seen[0] == page and seen[1] >= kind % 2:
            return
        self.recent[slot] = (page, kind % 2)
        delta = page - self.last[kind == 2]
        self.raw += varint((delta << 1 ^ delta >> 63) << 2 & MASK | kind) + varint(self.icount)
        self.last[kind == 2] = page
        self.icount = 0
        self.accesses += 1
        if len(self.raw) > CHUNK_BYTES:
            self.flush()

    def op(self, name, *fields, string=None):
        self.spend(CALL_INSTRUCTIONS)
        self.writer.stamp += 1
        body = b"".join(varint(f) for f in fields)
        if string is not None:
            body += varint(len(string)) + string
        self.raw += varint(CODES[name] << 2 | 3) + varint(self.icount) + varint(self.writer.stamp - self.stamp) + varint(len(body)) + body
        self.stamp = self.writer.stamp
        self.icount = 0
        self.ops += 1
        self.recent.clear()
        if len(self.raw) > CHUNK_BYTES:
            self.flush()


class Writer:
    def __init__(self):
        self.out, self.stamp, self.streams, self.ns = bytearray(), 0, [], 0
        self.chunk(1, 0, 0, 0, b"tool=steps_trace.py\ncommand=steps\nkernel=6.1.0\npage_size=4096\ncpus=1\n")

    def chunk(self, kind, stream, seq, order, raw, accesses=0, ops=0):
        head = struct.pack("<IHBBIIQIIII", hwt.MAGIC, 2, kind, 0, stream, seq, order, len(raw), len(raw), accesses, ops)
        self.out += head + struct.pack("<Q", hwt.xxh64(head + raw)) + raw

    def mark(self, name):
        self.chunk(5, 0, 0, self.stamp, f"name={name}\ntime_ns={self.ns}\n".encode())

    def stream(self):
        self.streams.append(Stream(self, len(self.streams) + 1))
        return self.streams[-1]

    def done(self):
        for s in self.streams:
            s.flush()
        self.chunk(3, 0, 0, self.stamp, f"streams={len(self.streams)}\nexit_status=0\n".encode())
        return bytes(self.out)


class Process:
    """Runs steps; a child has the steps between fork and end, and runs whenever its parent joins it."""

    def __init__(self, writer, steps, nap_ns, regions=None, parent=None, placed=None, pid=100):
        self.writer, self.steps, self.nap_ns, self.pid = writer, steps, nap_ns, pid
        self.stream = writer.stream()
        self.regions = dict(regions or {})
        self.placed = placed or {"fixed": 0, "top": TOP}
        self.children, self.at, self.parent, self.waiting_since = [], 0, parent, None
        self.files = 0

    def options(self, words):
        return dict(w.split("=", 1) for w in words if "=" in w)

    def range(self, text):
        """(address, bytes, offset in the region)"""
        name, _, rest = text.partition("@")
        base, size = self.regions[name]
        if not rest:
            return base, size, 0
        offset, _, length = rest.partition("+")
        offset = size_of(offset)
        return base + offset, size_of(length) if length else size - offset, offset

    def start(self):
        s = self.stream
        if self.parent:
            s.op("proc_start", self.pid, self.parent.pid, self.pid, 2, string=b"steps")
            return
        s.op("proc_start", self.pid, 1, self.pid, 0, string=b"steps")
        s.op("file", 1, 1, 2, 800 << 10, 0, string=b"/mnt/steps")
        s.op("mmap", 0x400000, 800 << 10, 5, INITIAL, 1, 0)
        s.op("mmap", 0x4a8000 + (400 << 12), DATA_PAGES << 12, 3, INITIAL | 64, 0, 0)
        s.op("mmap", 0x7ffffffde000, 132 << 10, 3, INITIAL | 2 | KERNEL_CHOSE, 0, 0)
        for page in range(TEXT_PAGES):
            s.access(2, 0x400 + page)
        for page in range(DATA_PAGES):
            s.access(1, 0x4a8 + 400 + page)
        for page in range(STACK_PAGES):
            s.access(1, 0x7ffffffff - 1 - page)

    def run(self):
        """Until the process yields or ends; True when it has ended."""
        if self.waiting_since is not None:
            self.waited(WAIT_PIPE)
        else:
            self.start()
        while self.at < len(self.steps):
            words = self.steps[self.at].split(":")
            self.at += 1
            if words[0] == "yield":
                self.stream.op("wait", WAIT_OTHER, 0, 0)
                self.waiting_since = self.writer.stamp
                return False
            self.step(words)
        for child in reversed(self.children):
            child.finish()
        self.finish()
        return True

    def finish(self):
        self.stream.op("exit_group", 0)

    def waited(self, kind):
        """An operation that ends a wait which began at waiting_since."""
        since, self.waiting_since = self.waiting_since, None
        self.stream.op("wait", kind, 1000, self.writer.stamp + 1 - since)

    def step(self, words):
        verb, s = words[0], self.stream
        if hasattr(self, "do_" + verb):
            getattr(self, "do_" + verb)(words)
        elif verb in ADVICE or verb in ("unmap", "lock", "unlock", "readonly", "writable"):
            base, size, _ = self.range(words[1])
            o = self.options(words)
            every = size_of(o.get("every", str(size)))
            length = size_of(o.get("length", str(every)))
            for at in range(0, size - length + 1, every):
                a = base + at
                if verb in ADVICE:
                    s.op("madvise", a, length, ADVICE[verb])
                elif verb == "unmap":
                    s.op("munmap", a, length)
                elif verb == "lock":
                    s.op("mlock", a, length, 0)
                elif verb == "unlock":
                    s.op("munlock", a, length)
                else:
                    s.op("mprotect", a, length, 1 if verb == "readonly" else 3)
        else:
            raise ValueError(f"no such step: {':'.join(words)}")

    def do_map(self, words):
        name, size = words[1], size_of(words[2])
        at = self.options(words).get("at")
        flags = sum(MAP_FLAGS[w] for w in words[3:] if w in MAP_FLAGS)
        if at is not None:
            base = FIXED_BASE + self.placed["fixed"] * FIXED_STEP + size_of(at)
            self.placed["fixed"] += 1
        else:
            unit = 2 << 20 if "huge" in words else PAGE
            self.placed["top"] = (self.placed["top"] - size) // unit * unit
            base = self.placed["top"]
            flags |= KERNEL_CHOSE
        self.regions[name] = (base, size)
        self.stream.op("mmap", base, size, 3, flags, 0, 0)

    def do_touch(self, words):
        base, size, _ = self.range(words[1])
        o = self.options(words)
        stride, first = size_of(o.get("stride", "4K")), size_of(o.get("from", "0"))
        n = (size - first + stride - 1) // stride
        draw = size_of(o["random"]) if "random" in o else None
        times = size_of(o.get("times", "1"))
        pages = [(base + first + i * stride) // PAGE for i in range(n)]
        kinds = {"r": (0,), "w": (1,), "m": (0, 1)}[words[2][0]]
        if draw is None and times > 64:
            self.touch_often(pages, kinds, times)
            return
        for _ in range(times):
            for i in range(n):
                if draw is not None:
                    draw = draw + 0x9e3779b97f4a7c15 & MASK
                    i = mix64(draw) % n
                for kind in kinds:
                    self.stream.access(kind, pages[i])

    def touch_often(self, pages, kinds, times):
        """Many loops: whatever is more than the filter is told in every loop, but one in eight tells the same of when a page is used."""
        for _ in range(times // 8):
            for page in pages:
                for kind in kinds:
                    self.stream.access(kind, page, 8 * TOUCH_INSTRUCTIONS)

    def do_check(self, words):
        self.do_touch(["touch", words[1], "r"])

    def do_cache(self, words):
        """A file without blocks costs no reading, as one on the guest's RAM disk; here it is one on the RAM disk."""
        n, o, s = size_of(words[2]) // PAGE, self.options(words), self.stream
        draw = size_of(o["random"]) if "random" in o else None
        self.files += 1
        fid = handle = 1 + self.files
        s.op("file", fid, 1, 2 + self.files, n * PAGE, 0, string=b"/mnt/" + words[1].encode())
        s.op("open", handle, fid, 1)
        for i in range(n * size_of(o.get("times", "1"))):
            if draw is not None:
                draw = draw + 0x9e3779b97f4a7c15 & MASK
                i = mix64(draw)
            s.op("read", handle, fid, i % n * PAGE, PAGE, 0)
        s.op("close", handle)

    def do_remap(self, words):
        base, size = self.regions[words[1]]
        new = size_of(words[2])
        place = base
        if new > size:
            self.placed["top"] = (self.placed["top"] - new) // PAGE * PAGE
            place = self.placed["top"]
        self.regions[words[1]] = (place, new)
        self.stream.op("mremap", base, size, place, new, 1)

    def do_away(self, words):
        base, size, _ = self.range(words[1])
        place = FIXED_BASE + self.placed["fixed"] * FIXED_STEP + base % (1 << 30)
        self.placed["fixed"] += 1
        name = words[1].partition("@")[0]
        if size == self.regions[name][1]:
            self.regions[name] = (place, size)
        self.stream.op("mremap", base, size, place, size, 0)

    def do_disable(self, words):
        self.stream.op("thp_disable", int(words[1]))

    def do_at(self, words):
        if self.nap_ns:
            self.writer.ns += self.nap_ns
            self.stream.op("wait", WAIT_SLEEP, self.nap_ns, 0)
        self.writer.mark(words[1])
        self.stream.op("mmap", 0x300000, PAGE, 0, 0, 0, 0)
        self.stream.op("munmap", 0x300000, PAGE)

    def do_sleep(self, words):
        self.stream.op("wait", WAIT_SLEEP, int(words[1]) * 1_000_000, 0)

    def do_fork(self, _):
        depth, end = 1, self.at
        while depth:
            depth += {"fork": 1, "end": -1}.get(self.steps[end], 0)
            end += 1
        pid = self.pid + 1 + len(self.writer.streams)
        self.stream.op("fork", pid, 0)
        child = Process(self.writer, self.steps[self.at:end - 1], self.nap_ns, self.regions, self, self.placed, pid)
        self.children.append(child)
        self.at = end

    def do_join(self, _):
        self.stream.op("wait", WAIT_OTHER, 0, 0)
        self.waiting_since = self.writer.stamp
        if self.children[-1].run():
            self.children.pop()
        self.waited(WAIT_PIPE)

    def do_repeat(self, words):
        """The steps up to "again" that many times."""
        end = self.steps.index("again", self.at)
        body = self.steps[self.at:end]
        self.steps = self.steps[:self.at] + body * int(words[1]) + self.steps[end + 1:]

    def nothing(self, _):
        """Asks only."""

    do_where = nothing

    def do_cpu(self, words):
        self.stream.op("affinity", self.pid, 1 << int(words[1]))

    def do_policy(self, words):
        self.stream.op("set_mempolicy", MODES[words[1]], nodes_of(words[2:]))

    def do_move(self, words):
        base, size, _ = self.range(words[1])
        self.stream.op("move_pages", base, size, int(words[2]), 0, BIND_FLAGS["move"])

    def do_migrate(self, words):
        self.stream.op("migrate_pages", 0, nodes_of(words[1:2]), nodes_of(words[2:3]))

    def do_bind(self, words):
        base, size, _ = self.range(words[1])
        self.stream.op("mbind", base, size, MODES[words[2]], nodes_of(words[3:]), sum(BIND_FLAGS.get(w, 0) for w in words[3:]))


def translate(steps, nap=0.0):
    """The bytes of the recording of a program with these steps."""
    writer = Writer()
    Process(writer, steps.split(), int(nap * 1e9)).run()
    return writer.done()


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_bytes(translate(" ".join(sys.argv[2:])))
