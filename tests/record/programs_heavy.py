#!/usr/bin/env python3
"""programs_heavy.py - eight servers, interpreters and compilers of Debian do the same recorded as natively. Prints TAP.

    programs_heavy.py [NAME...]

A server gets a bounded load from this process over loopback, then SIGTERM; the others run one file. Compared are the exit
code and a digest of all replies, of the output or of the object file. The recording is whole, and its replay without
a limit completes. What it cost is printed: CPU time of all processes of the program, recorded (the recorder's own
too) and native. Run by root, the programs run as nobody, because three of the servers refuse to run as root.
"""
import collections
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workloads  # noqa: E402
from common import Failure, expect, program_for_all, run_programs  # noqa: E402

Outcome = collections.namedtuple("Outcome", "code digest")
PROGRAMS = ("redis", "memcached", "nginx", "postgresql", "python3", "perl", "node", "gcc")


def cpu_of(process):
    """Exit code and CPU seconds of a process and all it waited for."""
    until = time.monotonic() + workloads.WAIT_S
    while time.monotonic() < until:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_utime + usage.ru_stime
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise Failure("did not end within %d s" % workloads.WAIT_S)


def run_once(name, parent, prefix):
    """Outcome and CPU seconds."""
    workload = workloads.PROGRAMS[name]
    folder, port = tempfile.mkdtemp(dir=parent), workloads.free_port()
    command = workload.make(folder, port)
    workloads.own(folder)
    with open(os.path.join(parent, "output"), "wb") as output:
        process = subprocess.Popen(prefix + command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL, cwd=folder,
                                   env=dict(workloads.ENV, HOME=folder), **workloads.user())

    def alive():
        expect(process.poll() is None, "the server ended", process.returncode)
    digest = None
    try:
        if workload.client:
            digest = workload.client(port, alive)
            process.terminate()
        code, seconds = cpu_of(process)
    finally:
        if process.returncode is None:
            process.terminate()
            process.wait(timeout=workloads.WAIT_S)
    if not workload.client:
        made = os.path.join(folder, "object")
        with open(made if os.path.exists(made) else os.path.join(parent, "output"), "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
    return Outcome(code, digest), seconds


def test(name, parent):
    """What recording it costs."""
    program = program_for_all(parent)
    folder = tempfile.mkdtemp(dir=parent)
    workloads.own(folder)
    trace = os.path.join(folder, "x.hwt")
    native, native_s = run_once(name, parent, [])
    expect(native.code == 0, "natively", native)
    recorded, recorded_s = run_once(name, parent, [program, "record", "-q", "-o", trace, "--"])
    expect(recorded == native, "recorded and native differ", recorded, native)
    done = subprocess.run([program, "trace", "verify", trace], stdout=subprocess.PIPE, timeout=workloads.WAIT_S)
    expect(done.returncode == 0, "trace verify", done.stdout)
    done = subprocess.run([program, "run", "-q", "--format", "json", trace], stdout=subprocess.PIPE, check=True, timeout=workloads.WAIT_S)
    result = json.loads(done.stdout)
    expect(result["outcome"] == "completed", "the replay", result["outcome"])
    expect(result["replay"]["unexplained"] == 0, "operations on files that nobody named", result["replay"])
    return "%.1f x (native %.2f s, recorded %.2f s, %.1f MiB)" % (recorded_s / native_s, native_s, recorded_s, os.path.getsize(trace) / 2**20)


if __name__ == "__main__":
    run_programs("CPU time", PROGRAMS, workloads.missing, test)
