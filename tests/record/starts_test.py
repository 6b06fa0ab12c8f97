#!/usr/bin/env python3
"""starts_test.py - however something is started, it does what it does natively, and is in the recording or said to be missing.

Each way of starts.c writes 4 MiB in each process or program that it starts: `trace info` counts the pages, or names what ran unrecorded.
"""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import TIMEOUT, build_c, expect, highwater, record, run_tests, start  # noqa: E402

PAGES = (4 << 20) // 4096
ROOT = os.geteuid() == 0


def info(path):
    return json.loads(subprocess.run([highwater(), "trace", "info", path, "--format", "json"], stdout=subprocess.PIPE, check=True).stdout)


def starts(tmp, way, program=None, eaters=1, lacks=()):
    """Record one way. `eaters`: how many of what it starts are in the recording; `lacks`: reasons of what is missing."""
    ours = build_c("starts.c", tmp)
    command = [ours, way, program or ours]
    want = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT).stdout.decode()
    path, out = record(tmp, command)
    told = info(path)
    missing = sorted({lack["reason"] for lack in told["incomplete"]})
    expect(out == want and "status" in out, way + ": recorded, natively", out, want)
    expect(eaters * PAGES <= told["anon_pages"] < (eaters + 1) * PAGES, way + ": pages", told["anon_pages"])
    expect(missing == sorted(lacks), way + ": what is missing", missing)


def copy(tmp, name, flags=()):
    os.mkdir(os.path.join(tmp, name))
    return build_c("starts.c", os.path.join(tmp, name), flags)


def script(tmp, name, interpreter):
    path = os.path.join(tmp, name)
    with open(path, "w", encoding="ascii") as f:
        f.write("#! %s eat\n" % interpreter)
    os.chmod(path, 0o755)
    return path


def execs_of_all_kinds_are_recorded(tmp):
    starts(tmp, "vfork")
    starts(tmp, "vfork", copy(tmp, "static", ["-static"]))
    starts(tmp, "memfd")
    starts(tmp, "undumpable", eaters=2)


def processes_of_all_kinds_are_recorded(tmp):
    starts(tmp, "descriptors")
    starts(tmp, "vforked")


def process_that_shares_memory_is_refused_and_said(tmp):
    path, out = record(tmp, [build_c("starts.c", tmp), "memory"])
    expect(out == "clone: Function not implemented\n", "words", out)
    expect([lack["reason"] for lack in info(path)["incomplete"]] == ["calls"], "what is missing", info(path)["incomplete"])


def memory_that_is_poked_is_said(tmp):
    starts(tmp, "poked", eaters=0, lacks=["memory"])


def privileged_programs_run_unrecorded(tmp):
    program = copy(tmp, "setuid")
    os.chmod(program, 0o4755)
    starts(tmp, "vfork", program, eaters=0, lacks=["processes"])
    starts(tmp, "vfork", script(tmp, "first", program), eaters=0, lacks=["processes"])
    starts(tmp, "vfork", script(tmp, "second", script(tmp, "inner", program)), eaters=0, lacks=["processes"])
    if shutil.which("setcap") and ROOT:
        program = copy(tmp, "capable")
        if subprocess.run(["setcap", "cap_net_raw+ep", program], stderr=subprocess.DEVNULL).returncode == 0:
            starts(tmp, "vfork", program, eaters=0, lacks=["processes"])


def program_that_is_linked_where_the_recorder_lies_runs_unrecorded(tmp):
    starts(tmp, "vfork", copy(tmp, "there", ["-static", "-no-pie", "-Wl,-Ttext-segment=0x58000000"]), eaters=0, lacks=["processes"])


def privileged_program_cannot_be_the_first(tmp):
    program = copy(tmp, "setuid")
    os.chmod(program, 0o4755)
    for first in (program, script(tmp, "script", program)):
        path, process = start(tmp, [first, "eat"])
        err = process.communicate(timeout=TIMEOUT)[1].decode()
        expect(process.returncode == 126 and err.count("\n") == 1 and program + " is set-user-id" in err, "words", process.returncode, err)
        expect(not os.path.exists(path), "a file of nothing")


def programs_of_another_user_or_root_are_recorded_or_said(tmp):
    if not ROOT:
        return
    os.chmod(tmp, 0o755)
    recorder = os.path.dirname(os.path.realpath(highwater()))
    reachable = subprocess.run(["test", "-x", os.path.join(recorder, "src/record/valgrind/hwrecord-amd64-linux")], user=65534).returncode == 0
    starts(tmp, "user", *([None, 2, ()] if reachable else [None, 1, ["processes"]]))
    starts(tmp, "root", copy(tmp, "root", ["-static"]), lacks=["processes"])


def program_is_executed_after_the_recording(tmp):
    out = os.path.join(tmp, "out")
    path, process = start(tmp, ["sh", "-c", "sleep 2; %s vfork > %s.new; mv %s.new %s" % (build_c("starts.c", tmp), out, out, out)], ["--stop-after", "1s"])
    process.communicate(timeout=TIMEOUT)
    until = time.time() + TIMEOUT
    while not os.path.exists(out) and time.time() < until:
        time.sleep(0.05)
    with open(out, encoding="ascii") as f:
        expect(f.read() == "status 0\n", "what ran on", out)
    expect(info(path)["end"]["ended_by"] == "time", "the end", info(path)["end"])


def cpu_time_of_who_goes_on_counts(tmp):
    path, process = start(tmp, ["timeout", "5", "sh", "-c", "while :; do :; done"], ["--stop-after", "3s"])
    err = process.communicate(timeout=TIMEOUT)[1].decode()
    expect("2 processes go on unrecorded: timeout" in err and ", sh (" in err, "words", err)
    expect(int(info(path)["end"]["recorded_cpu_ns"]) > 5e8, "CPU time", info(path)["end"])


if __name__ == "__main__":
    run_tests(execs_of_all_kinds_are_recorded, processes_of_all_kinds_are_recorded, process_that_shares_memory_is_refused_and_said,
              memory_that_is_poked_is_said, privileged_programs_run_unrecorded, program_that_is_linked_where_the_recorder_lies_runs_unrecorded,
              privileged_program_cannot_be_the_first,
              programs_of_another_user_or_root_are_recorded_or_said, program_is_executed_after_the_recording, cpu_time_of_who_goes_on_counts)
