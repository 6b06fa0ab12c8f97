"""failing_alloc.py - every verb of highwater, with one allocation failing after another.

What must hold for each N: the program says so in one line and exits with 1 (diagnose: 3), or it needs that allocation for nothing and prints
what it prints otherwise. It never dies of a signal, and leaves no file behind. A diagnosis that goes on without something says what.
"""

import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
INCOMPLETE = ("could not be", "Cannot allocate memory")


def make_tree(path):
    """A machine with control groups and processes."""
    def put(name, text):
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    put("proc/meminfo", "MemTotal: 1600000 kB\nMemFree: 80000 kB\nMemAvailable: 90000 kB\nSwapTotal: 1000 kB\nSwapFree: 0 kB\n")
    put("proc/pressure/memory", "some avg10=45.00 avg60=40.00 avg300=20.00 total=123456789\n"
        "full avg10=15.00 avg60=12.00 avg300=6.00 total=12345678\n")
    put("proc/vmstat", "nr_free_pages 20000\npgfault 12345\npswpin 12\n")
    put("proc/swaps", "Filename Type Size Used Priority\n/swap file 1000 1000 -2\n")
    put("proc/7/stat", "7 (x) S 1 7 7 0 -1 0 1 0 1 0 0 0 0 0 20 0 1 0 1 1000000000 100000\n")
    for group in ("", "web/", "web/a/", "db/"):
        base = "sys/fs/cgroup/" + group
        put(base + "cgroup.controllers", "memory\n")
        put(base + "memory.current", "99000000\n")
        put(base + "memory.max", "100000000\n")
        put(base + "memory.stat", "anon 98000000\nactive_file 500000\ninactive_file 500000\n")
    return path


def cases(inputs):
    """(name, arguments, exit code of a failure); `inputs` holds what they read."""
    def path(name):
        return str(inputs / name)
    demo, tree, capture = path("demo.hwt"), path("tree"), path("tree.hwc")
    return [
        ("version", ["--version"], 1),
        ("help", ["run", "--help"], 1),
        ("unknown option", ["run", "--memry-max", "1M"], 1),
        ("explain", ["explain", "pgfault"], 1),
        ("explain json", ["explain", "-f", "json"], 1),
        ("trace info", ["trace", "info", demo], 1),
        ("trace info json", ["trace", "info", demo, "-f", "json"], 1),
        ("trace verify", ["trace", "verify", demo, "-f", "json"], 1),
        ("trace dump", ["trace", "dump", "--limit", "50", demo], 1),
        ("record", ["record", "-o", "out.hwt", "--", "/bin/echo", "hello"], 1),
        ("import lackey", ["trace", "import", "--from", "lackey", path("lackey.txt"), "-o", "out.hwt"], 1),
        ("import oracle", ["trace", "import", "--from", "oracle", path("oracle.bin"), "-o", "out.hwt"], 1),
        ("run", ["run", demo, "--memory-max", "8M", "--swap", "64M", "-o", "out.txt"], 1),
        ("run json, proc, series, capture",
         ["run", path("small.ini"), "-f", "json", "--proc", "p", "--series", "s.json", "--capture", "c.hwc"], 1),
        ("run csv", ["run", path("small.ini"), "--series", "s.csv"], 1),
        ("size", ["size", demo, "--jobs", "2"], 1),
        ("size json", ["size", demo, "-f", "json", "-o", "out.json"], 1),
        ("diagnose", ["diagnose", tree], 3),
        ("diagnose json", ["diagnose", tree, "-f", "json"], 3),
        ("diagnose capture", ["diagnose", capture], 3),
        ("capture", ["capture", "--root", tree, "-o", "c.hwc"], 1),
        ("capture info", ["capture", "info", capture, "-f", "json"], 1),
        ("capture list", ["capture", "list", capture], 1),
        ("capture cat", ["capture", "cat", capture, "proc/meminfo"], 1),
        ("top once", ["top", capture, "--once"], 1),
        ("top", ["top", capture], 1),
    ]


def make_inputs(program, folder):
    make_tree(folder / "tree")
    shutil.copy(TOP / "tests/golden/recordings/file-write-seq.hwt", folder / "demo.hwt")
    (folder / "lackey.txt").write_text("".join(f" L {0x4000000 + i * 4096:x},8\n" for i in range(3000)))
    (folder / "oracle.bin").write_bytes(b"".join(
        (i).to_bytes(4, "little") + (i % 7).to_bytes(8, "little") + (4096).to_bytes(4, "little") + b"\xff" * 8
        for i in range(100)))
    (folder / "small.ini").write_text(
        "[machine]\nram = 64M\nruntime = 200ms\n[device d]\nprofile = nvme\nswap = 64M\n[cgroup a]\nmemory.max = 4M\n"
        "[file f]\nsize = 2M\n[task t]\ncgroup = a\nmemory = 6M\n[task u]\nfile = f\nread = random\n")
    subprocess.run([program, "capture", "-q", "--root", folder / "tree", "-o", folder / "tree.hwc"], check=True)
    return folder


class Bench:
    """Runs the program with the library, in an empty folder of its own each time."""

    def __init__(self, program, scratch):
        self.program, self.scratch = program, pathlib.Path(scratch)
        self.library = self.scratch / "failing_alloc.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, TOP / "tests/edges/failing_alloc.c"], check=True)
        (self.scratch / "inputs").mkdir()
        self.inputs = make_inputs(program, self.scratch / "inputs")

    def run(self, arguments, **settings):
        """(exit code, stdout, stderr, files left behind)"""
        folder = self.scratch / "work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TERM": "xterm", "TZ": "UTC", "LD_PRELOAD": str(self.library)}
        env |= {key: str(value) for key, value in settings.items()}
        if arguments[0] == "top" and "--once" not in arguments:
            return self.run_in_terminal(arguments, folder, env)
        done = subprocess.run([self.program, *arguments], cwd=folder, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        stdout = re.sub(r'.*(cpu_seconds|CPU time).*', "", done.stdout.decode())
        return done.returncode, stdout, done.stderr.decode(), sorted(p.name for p in folder.iterdir())

    def run_in_terminal(self, arguments, folder, env):
        """In a terminal of its own, which 'q' ends. stdout is not looked at: it is a screen; the terminal must be as it was."""
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        child = subprocess.Popen([self.program, *arguments], cwd=folder, env=env, stdin=slave, stdout=slave, stderr=subprocess.PIPE)
        os.write(master, b"q")
        while child.poll() is None:
            if select.select([master], [], [], 0.01)[0]:
                os.read(master, 65536)
        while select.select([master], [], [], 0)[0]:
            os.read(master, 65536)
        stderr = child.stderr.read().decode()
        child.stderr.close()
        if termios.tcgetattr(slave) != before:
            stderr += "the terminal is not as it was\n"
        os.close(master)
        os.close(slave)
        return child.returncode, "", stderr, sorted(p.name for p in folder.iterdir())


def complaint(code, stdout, stderr, files, whole, failed):
    """What is wrong with a run whose allocation failed; None when nothing is. `whole`: the run without a failure."""
    if code < 0:
        return f"died of signal {-code}: {stderr.strip()}"
    if code == failed and (code, stdout) != (whole[0], whole[1]):
        lines = stderr.splitlines()
        # "Out of memory" is what ncurses says itself, before it ends the program.
        if len([line for line in lines if line.startswith("highwater") or line.endswith("Out of memory")]) != 1 or len(lines) > 2:
            return f"exit code {code} with {len(lines)} lines: {stderr!r}"
        return f"left behind: {files}" if set(files) - set(whole[3]) else None
    if code != whole[0] and not any(text in stdout for text in INCOMPLETE):
        return f"exit code {code}, not {whole[0]} or {failed}: {stderr!r}"
    if files != whole[3]:
        return f"files {files}, not {whole[3]}"
    if stdout != whole[1] and not any(text in stdout for text in INCOMPLETE):
        return "prints something else, and does not say why"
    return None


def choose(total, few, sample):
    """All small N, and a sample of the rest."""
    chosen = set(range(1, min(total, few) + 1))
    rest = range(few + 1, total + 1)
    chosen.update(random.Random(total).sample(rest, min(sample, len(rest))))
    return sorted(chosen)


def walk(program, few, sample, only=()):
    """Prints TAP; returns the number of failures."""
    bad = 0
    with tempfile.TemporaryDirectory(prefix="highwater-alloc-") as scratch:
        bench = Bench(program, scratch)
        table = [case for case in cases(bench.inputs) if not only or any(word in case[0] for word in only)]
        print(f"1..{len(table)}")
        for number, (name, arguments, failed) in enumerate(table, 1):
            whole = bench.run(arguments, FAIL_COUNT=bench.scratch / "count")
            total = int((bench.scratch / "count").read_text())
            wrong = []
            for n in choose(total, few, sample):
                # ncurses crashes when all of its allocations fail.
                for how in ("FAIL_AT", "FAIL_FROM") if name != "top" else ("FAIL_AT",):
                    outcome = bench.run(arguments, **{how: n})
                    # ncurses 6.4 uses some of what it did not get; the terminal must be as it was all the same.
                    if name == "top" and outcome[0] == -signal.SIGSEGV and not outcome[2]:
                        continue
                    what = complaint(*outcome, whole, failed)
                    if what:
                        wrong.append(f"{how}={n}: {what}")
            bad += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {name}: each of {total} allocations may fail", flush=True)
            for line in wrong[:8]:
                print(f"# {line}")
            if len(wrong) > 8:
                print(f"# and {len(wrong) - 8} more")
    return bad


def main(few, sample):
    program = os.environ.get("HIGHWATER", str(TOP / "build" / "highwater"))
    sys.exit(walk(program, few, sample, sys.argv[1:]) > 0)
