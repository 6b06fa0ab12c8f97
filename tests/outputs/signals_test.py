#!/usr/bin/env python3
"""signals_test.py - a signal ends the program soon, as the death that it means, and leaves nothing behind. Prints TAP."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = os.environ.get("HIGHWATER", str(TOP / "build/highwater"))
# What is promised is 100 ms from the signal to the end; the rest is for starting to wait on a machine that runs other tests.
ENDS_WITHIN_S = 0.1 + 0.4

# Endless as far as a test is concerned: a year of virtual time.
SCENARIO = """[machine]
ram = 1G
runtime = 100h

[task worker]
memory = 512M
touch = random
rate = 5000/s
"""


def recording():
    return str(TOP / "examples/python.hwt")


def commands():
    """(name, arguments): each takes far longer than the test waits."""
    size = ["size", recording(), "--grid", "256", "--jobs", "2", "-o", "size.txt"]
    run = ["run", "endless.ini", "--series", "x.csv", "--capture", "x.hwc", "--proc", "tree", "-o", "run.txt"]
    return [("size", size), ("run", run), ("import", ["trace", "import", "--from", "lackey", "-", "-o", "x.hwt"])]


def interrupt(arguments, number, folder, after=0.5):
    """Exit code, seconds from the signal to the end, what was printed."""
    process = subprocess.Popen([HIGHWATER, *arguments], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    if "import" in arguments:
        process.stdin.write(b" L 1ffeffe7e0,8\n" * 100000)
        process.stdin.flush()
    time.sleep(after)
    assert process.poll() is None, f"ended by itself: {process.communicate()}"
    start = time.monotonic()
    process.send_signal(number)
    code = process.wait(30)
    seconds = time.monotonic() - start
    out, err = process.stdout.read(), process.stderr.read()
    for stream in (process.stdin, process.stdout, process.stderr):
        try:
            stream.close()
        except BrokenPipeError:
            pass
    return code, seconds, out, err


def each_signal_ends_each_verb():
    for name, arguments in commands():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with tempfile.TemporaryDirectory() as folder:
                (pathlib.Path(folder) / "endless.ini").write_text(SCENARIO)
                code, seconds, out, err = interrupt(arguments, number, folder)
                left = sorted(os.listdir(folder))
                assert code == -number, f"{name}: exit code {code}, want death by {number}: {err}"
                assert seconds < ENDS_WITHIN_S, f"{name}: {seconds:.3f} s from {number} to the end"
                assert left == ["endless.ini"], f"{name}: left behind: {left}"
                assert out == b"", f"{name}: {out}"


def what_was_there_stays():
    with tempfile.TemporaryDirectory() as folder:
        old = pathlib.Path(folder) / "x.hwt"
        old.write_text("old")
        interrupt(["trace", "import", "--from", "lackey", "-", "-o", "x.hwt"], signal.SIGTERM, folder)
        assert old.read_text() == "old" and os.listdir(folder) == ["x.hwt"], os.listdir(folder)


def an_interrupted_run_shows_what_it_knows():
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "endless.ini").write_text(SCENARIO)
        code, _, out, _ = interrupt(["run", "endless.ini"], signal.SIGINT, folder)
        assert code == -signal.SIGINT and b"stopped" in out, (code, out)


def an_ignored_signal_stays_ignored():
    """As under nohup."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "endless.ini").write_text(SCENARIO)
        process = subprocess.Popen([HIGHWATER, "run", "endless.ini"], cwd=folder, stdout=subprocess.DEVNULL,
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        time.sleep(0.3)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        alive = process.poll() is None
        process.kill()
        process.wait()
        assert alive, "it ended"


TESTS = (each_signal_ends_each_verb, what_was_there_stays, an_interrupted_run_shows_what_it_knows,
         an_ignored_signal_stays_ignored)


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"not ok {number} - {test.__name__}", flush=True)
            print("\n".join("# " + line for line in str(error).splitlines()), flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
