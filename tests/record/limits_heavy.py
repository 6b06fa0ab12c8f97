#!/usr/bin/env python3
"""limits_heavy.py - programs of Debian: their peak and the smallest limit they live under, as `size` tells them and as this kernel does. Prints TAP.

    limits_heavy.py [NAME...]

Natively each runs in a control group of its own (version 1 or 2, no swap), with copies of its files and libraries that the host has not in its cache, so that
the group is charged for them as in a replay. The peak is the group's highest usage; the smallest limit is searched for, to 3 % of it: under it the
program ends as without a limit, in at most three times the time. The recording's are those of `size`, with the host's settings and
without swap. What must agree is in TOLERANCE and HELD.
"""
import functools
import glob
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import Failure, expect, highwater, why_not_here  # noqa: E402

MIB = 1 << 20
WAIT_S = 600
SLOWER = 3.0  # as `size` has it
STEP = 1.03
TOLERANCE = 0.05
# Below a quarter of the peak a program is not killed: the smallest limit is where waiting for the device triples the time. That is the device's
# speed and readahead, and is printed alone.
HELD = 0.25
# Both kernels charge ahead, 64 pages for each CPU that the program ran on, and `size` searches in steps of 64 KiB or 1 %.
APART = MIB // 2

LUA = """
local t, n = {}, 0
for i = 1, 600000 do t[i * 7919 % 1000003] = "item " .. i end
for k, v in pairs(t) do n = n + #v end
print(n)
"""

C = "".join("int f%d(int *a, int n) { int s = 0; for (int i = 0; i < n; i++) { s += a[i] * %d; if (s > %d) s ^= a[i %% 7]; "
            "switch (s & 3) { case 0: s += i; break; case 1: s -= i; break; default: s *= 3; } } return s; }\n" % (i, i, i) for i in range(700))


def write(path, text):
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


@functools.lru_cache(maxsize=None)
def words(seed, size):
    r = random.Random(seed)
    some = ["".join(r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(r.randrange(2, 12))) for _ in range(5000)]
    out = []
    while size > 0:
        out.append(" ".join(r.choice(some) for _ in range(12)))
        size -= len(out[-1]) + 1
    return "\n".join(out) + "\n"


def tree(folder, files=40):
    source = os.path.join(folder, "tree")
    os.mkdir(source)
    for i in range(files):
        write(os.path.join(source, "file%d" % i), words(i, MIB))
    return source


def jq(folder):
    r = random.Random(1)
    rows = [{"id": i, "name": "n%d" % (i % 977), "values": [r.randrange(1000) for _ in range(6)]} for i in range(60000)]
    return ["jq", "[.[] | .values | add] | add", write(os.path.join(folder, "big.json"), json.dumps(rows))]


def lua(folder):
    return ["lua5.4", write(os.path.join(folder, "script"), LUA)]


def tar_xz(folder):
    return ["tar", "-I", "xz -6 -T1", "-cf", os.path.join(folder, "out.tar.xz"), "-C", folder, os.path.basename(tree(folder, 4))]


def gcc(folder):
    return ["gcc", "-O2", "-c", "-o", os.path.join(folder, "object"), write(os.path.join(folder, "source.c"), C)]


def rsync(folder):
    return ["rsync", "-a", tree(folder) + "/", os.path.join(folder, "copy") + "/"]


def rg(folder):
    return ["rg", "-j1", "-c", "qu+e?z", tree(folder)]


def sqlite(folder):
    return ["sqlite3", ":memory:", "create table t(k integer, s text); with recursive c(i) as (select 1 union all select i + 1 from c where i < 150000) "
            "insert into t select i * 7919 % 100003, hex(i * 104729) || printf('%040d', i) from c; create index tk on t(s); "
            "select count(*), max(length(s)) from t where s > '5';"]


# name -> how to make the command in a folder
PROGRAMS = {"jq": jq, "lua5.4": lua, "gcc": gcc, "sqlite3": sqlite, "rsync": rsync, "rg": rg, "tar": tar_xz}


# ---- native ----

class Group:
    """A control group without swap."""

    def __init__(self):
        for parent, peak, limit in (("/sys/fs/cgroup/memory", "memory.max_usage_in_bytes", "memory.limit_in_bytes"),
                                    ("/sys/fs/cgroup", "memory.peak", "memory.max")):
            self.folder = os.path.join(parent, "highwater-limits-%d" % os.getpid())
            try:
                os.mkdir(self.folder)
            except OSError:
                continue
            self.peak, self.limit = os.path.join(self.folder, peak), os.path.join(self.folder, limit)
            self.kernel = os.path.join(self.folder, "memory.kmem.max_usage_in_bytes")  # version 1 alone
            if os.path.exists(self.peak):
                return
            os.rmdir(self.folder)
        raise FileNotFoundError("no control group can be made here")

    def bound(self, limit):
        with open(self.limit, "w", encoding="ascii") as f:
            f.write(str(limit))

    def join(self):
        with open(os.path.join(self.folder, "cgroup.procs"), "w", encoding="ascii") as f:
            f.write(str(os.getpid()))

    def remove(self):
        for _ in range(100):
            with open(os.path.join(self.folder, "cgroup.procs"), encoding="ascii") as f:
                for pid in f.read().split():
                    os.kill(int(pid), signal.SIGKILL)
            try:
                os.rmdir(self.folder)
                return
            except OSError:
                time.sleep(0.1)


def number(path):
    if not os.path.exists(path):
        return 0
    with open(path, encoding="ascii") as f:
        return int(f.read())


def libraries(program):
    out = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    return re.findall(r"=> (/\S+)", out)


def forget(paths):
    for path in paths:
        if os.path.isfile(path):
            with open(path, "rb") as f:
                os.fsync(f.fileno())
                os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def everything(folder):
    return [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]


def helpers():
    """What is found by its path and mapped by nobody else."""
    return glob.glob("/usr/lib/gcc/x86_64-linux-gnu/*/*") + ["/usr/bin/xz", "/usr/bin/as"]


class Program:
    def __init__(self, name, parent):
        self.name, self.parent, self.runs = name, parent, 0
        self.lib = os.path.join(parent, "lib")
        os.mkdir(self.lib)
        for used in (name, "xz", "as"):
            path = shutil.which(used)
            for library in libraries(os.path.realpath(path)) if path else []:
                if used == name or name in ("tar", "gcc"):
                    shutil.copy(library, self.lib)
        self.env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "LD_LIBRARY_PATH": self.lib, "HOME": parent}

    def prepare(self):
        """The command in a folder of its own, with nothing of it in the cache."""
        self.runs += 1
        folder = os.path.join(self.parent, "run%d" % self.runs)
        os.mkdir(folder)
        command = PROGRAMS[self.name](folder)
        forget(everything(folder) + everything(self.lib) + helpers() + [os.path.realpath(shutil.which(self.name))])
        return folder, command

    def native(self, limit=None, timeout=WAIT_S):
        """(seconds, peak, kernel memory); seconds is None when it did not end well in time."""
        folder, command = self.prepare()
        group = Group()
        try:
            if limit:
                group.bound(limit)
            began = time.monotonic()
            process = subprocess.Popen(command, env=self.env, preexec_fn=group.join, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)
            try:
                code = process.wait(timeout=timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                code = process.wait()
            seconds = time.monotonic() - began
            return seconds if code == 0 else None, number(group.peak), number(group.kernel)
        finally:
            group.remove()
            shutil.rmtree(folder)

    def recorded(self):
        folder, command = self.prepare()
        trace = os.path.join(self.parent, "x.hwt")
        subprocess.run([highwater(), "record", "-q", "-o", trace, "--", *command], env=self.env, stdout=subprocess.DEVNULL,
                       check=True, timeout=WAIT_S)
        shutil.rmtree(folder)
        out = subprocess.run([highwater(), "size", "-q", "--swap", "0", "--format", "json", trace], stdout=subprocess.PIPE, check=True,
                             timeout=WAIT_S).stdout
        return json.loads(out)


def smallest(program, seconds, low, high):
    """The smallest limit that the program lives under; low does not do."""
    while high > low * STEP:
        middle = (low + high) // 2 & ~4095
        if program.native(middle, max(seconds * SLOWER, 1))[0] is None:
            low = middle
        else:
            high = middle
    return high


def off(ours, native):
    return "%.1f / %.1f MiB %+.1f %%" % (ours / MIB, native / MIB, 100 * (ours - native) / native)


def agrees(ours, native, kernel):
    """A replay has little of the kernel's memory: no sockets, pipes, inodes, per-CPU counters of the group."""
    apart = APART + TOLERANCE * native
    return native - kernel - apart <= ours <= native + apart


def test(name, parent):
    program = Program(name, parent)
    size = program.recorded()
    seconds, peak, kernel = program.native()
    expect(seconds is not None, "it fails natively")
    limit = smallest(program, seconds, peak // 50, peak)
    ours, lives = size["unlimited"]["memory.peak"], size["smallest_surviving"]["bytes"]
    text = "peak %s, smallest limit %s (kernel memory %.1f MiB)" % (off(ours, peak), off(lives, limit), kernel / MIB)
    print("# result %s = %s" % (name, text), flush=True)
    expect(agrees(ours, peak, kernel), "peak", text)
    if limit > peak * HELD:
        expect(agrees(lives, limit, kernel), "smallest limit", text)


def main():
    names = [n for n in PROGRAMS if not sys.argv[1:] or n in sys.argv[1:]]
    reason = why_not_here()
    if not reason:
        try:
            Group().remove()
        except OSError as error:
            reason = "no control group: %s" % error
    if reason:
        print("SKIP: " + reason)
        sys.exit(77)
    failed = 0
    print("1..%d" % len(names))
    for number, name in enumerate(names, 1):
        if shutil.which(name, path="/usr/bin:/bin") is None:
            print("ok %d - %s # SKIP %s is not installed" % (number, name, name), flush=True)
            continue
        with tempfile.TemporaryDirectory(dir="/var/tmp") as parent:
            try:
                test(name, parent)
                print("ok %d - %s" % (number, name), flush=True)
            except Failure as f:
                failed += 1
                print("not ok %d - %s\n# %s" % (number, name, f), flush=True)
            except Exception:  # a broken test is a failed test, and the next one runs
                failed += 1
                print("not ok %d - %s\n# %s" % (number, name, traceback.format_exc().replace("\n", "\n# ")), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
