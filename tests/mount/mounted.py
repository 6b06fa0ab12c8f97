"""mounted.py - a machine of ours, mounted for as long as a test looks at it; and tests as TAP."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve() / "highwater"
START_S = 20  # until a machine is there: it is made, and runs nothing yet


def why_not():
    """The reason for which nothing can be mounted here; None: it can."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse"
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        return "no fusermount3"
    with tempfile.TemporaryDirectory() as folder:
        probe = pathlib.Path(folder)
        (probe / "m").mkdir()
        (probe / "s.ini").write_text("[machine]\nram = 64M\nruntime = 1h\n[task t]\nmemory = 1M\n")
        process = subprocess.Popen([HIGHWATER, "mount", probe / "s.ini", probe / "m", "--pause"],
                                   stderr=subprocess.PIPE, text=True)
        line = process.stderr.readline()
        process.terminate()
        process.wait(timeout=START_S)
        return None if " runs in " in line else f"nothing can be mounted here: {line.strip()}"


class Machine:
    """A mounted scenario: paths below it by machine / 'proc/meminfo'."""

    def __init__(self, folder, scenario, options):
        self.dir = folder / "machine"
        self.dir.mkdir()
        file = scenario
        if isinstance(scenario, str):
            file = folder / "machine.ini"
            file.write_text(scenario)
        self.process = subprocess.Popen([HIGHWATER, "mount", file, self.dir, *options], stderr=subprocess.PIPE, text=True)
        self.said = self.process.stderr.readline()
        if " runs in " not in self.said:
            self.process.terminate()
            raise AssertionError(self.said + self.process.stderr.read())

    def __truediv__(self, name):
        return self.dir / name

    def read(self, name):
        return (self.dir / name).read_text()

    def write(self, name, text):
        """As a shell does; returns the errno that the write got, or 0."""
        try:
            fd = os.open(self.dir / name, os.O_WRONLY | os.O_TRUNC)
        except OSError as error:
            return error.errno
        try:
            os.write(fd, text.encode())
            return 0
        except OSError as error:
            return error.errno
        finally:
            os.close(fd)

    def values(self, name):
        """NAME VALUE lines."""
        return {words[0].rstrip(":"): words[1] for words in map(str.split, self.read(name).splitlines()) if len(words) > 1}

    def time(self):
        return float(self.values("highwater/time")["time"])

    def step(self, text):
        assert self.write("highwater/step", text) == 0

    def tree(self, *folders):
        """Every file that can be read, as {name: text}."""
        found = {}
        for folder in folders or ("proc", "sys", "var"):
            for path, dirs, files in os.walk(self.dir / folder):
                dirs[:] = [name for name in dirs if name != "highwater"]
                for name in files:
                    file = pathlib.Path(path) / name
                    if file.stat().st_mode & 0o400:
                        found[str(file.relative_to(self.dir))] = file.read_bytes()
        return found

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=START_S)
        finally:
            subprocess.run(["umount", "-l", self.dir], capture_output=True, check=False)
            self.process.stderr.close()


@contextlib.contextmanager
def mounted(scenario, *options):
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(pathlib.Path(folder), scenario, options)
        try:
            yield machine
        finally:
            machine.end()


def wait_until(what, seconds=10):
    """True as soon as it is; False when it is not for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return what()


class Skip(Exception):
    """What is not there for a test: a program that ./dev installs. Where everything must be there (.ci/run) that is a failure."""


def run(tests):
    """Each function is a test, its name the sentence. The exit code."""
    reason = why_not()
    if reason:
        print(f"1..0 # SKIP {reason}")
        print(reason)
        return 77
    failed = 0
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        try:
            test()
            good = True
        except Skip as reason_of_one:
            strict = bool(os.environ.get("HIGHWATER_TEST_ALL"))
            failed += strict
            print(f"{'not ok' if strict else 'ok'} {number} - {test.__name__} # SKIP {reason_of_one}", flush=True)
            continue
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            good = False
            print(f"# {type(error).__name__}: {error}")
            print(f"# line {error.__traceback__.tb_next.tb_lineno}" if error.__traceback__.tb_next else "")
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {test.__name__}", flush=True)
    return 1 if failed else 0


def main(tests):
    sys.exit(run(tests))
