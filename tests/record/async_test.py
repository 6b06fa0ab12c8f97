#!/usr/bin/env python3
"""async_test.py - what the recorder cannot follow is said by every verb: io_uring, io_submit, userfaultfd.

The program's output is the native one, or it is told what a kernel without the call tells. `trace info`, `run` and `size`
say that the recording is incomplete, and why; so does `record` at its end. What this kernel refuses natively is left out, and said.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import SKIP, TIMEOUT, build_c, expect, highwater, run_tests, start  # noqa: E402


def native(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=TIMEOUT)
    if done.returncode == SKIP:
        print("  not here: %s" % done.stdout.decode().strip())
        return None
    expect(done.returncode == 0, "native", done)
    return done.stdout.decode()


def told(path, *command):
    """What lacks something is judged with exit code 1, unless that is allowed; info only tells."""
    done = subprocess.run([highwater(), *command, path], stdout=subprocess.PIPE, timeout=TIMEOUT)
    expect(done.returncode == (0 if command[0] == "trace" else 1), "exit code of %s" % command[0], done)
    return done.stdout.decode()


def says_incomplete(path, reason):
    size = ("size", "--quiet", "--limits", "64M")
    for verb in (("trace", "info"), ("run",), size):
        expect("incomplete" in told(path, *verb), "text of %s" % verb[0], told(path, *verb))
        found = json.loads(told(path, *verb, "--format", "json"))
        found = found["input"] if verb[0] == "run" else found
        expect(reason in [lack["reason"] for lack in found.get("incomplete", [])], "JSON of %s" % verb[0], found.get("incomplete"))


def file_case(what, reason):
    def test(tmp):
        command = [build_c("async.c", tmp), what, os.path.join(tmp, "scratch")]
        want = native(command)
        if want is None:
            return
        path, process = start(tmp, command)
        out, err = process.communicate(timeout=TIMEOUT)
        expect(process.returncode == 0, "exit code", process.returncode, err)
        expect(out.decode() == want, "output", out, want)
        expect(b"the recording is incomplete: it lacks " in err, "words of record", err)
        says_incomplete(path, reason)
    test.__name__ = what
    return test


def refused_case(what, error):
    def test(tmp):
        command = [build_c("async.c", tmp), what]
        if native(command) is None:
            return
        path, process = start(tmp, command)
        out, err = process.communicate(timeout=TIMEOUT)
        expect(process.returncode == SKIP and out.decode().endswith(": %s\n" % error), "refused", process.returncode, out)
        expect(b"userfaultfd" in err, "words", err)
        says_incomplete(path, "calls")
    test.__name__ = what
    return test


if __name__ == "__main__":
    run_tests(file_case("io_uring", "io_uring"), file_case("poll", "io_uring"), file_case("aio", "calls"),
              refused_case("userfaultfd", "ENOSYS"), refused_case("device", "ENOTTY"))
