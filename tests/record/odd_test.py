#!/usr/bin/env python3
"""odd_test.py - what few programs do: code written anew, pointers to nowhere, later kernels' calls, many threads, odd files.

Each case of odd.c prints the same natively and recorded, but for what the recording then says that it lacks.

    odd_test.py [TEST...]
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import TIMEOUT, build_c, expect, highwater, record, run_tests  # noqa: E402
from hwt import Trace  # noqa: E402

NOBODY = 65534


def native(command, **kw):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT, **kw).stdout.decode()


def both(tmp, what):
    program = build_c("odd.c", tmp)
    want = native([program, what])
    path, out = record(tmp, [program, what])
    return want, out, Trace(path)


def lacking(trace):
    return {op.string for op in trace.ops("incomplete")}


def same(what):
    def test(tmp):
        want, out, trace = both(tmp, what)
        expect(out == want, what, "recorded:\n" + out, "native:\n" + want)
        expect(not lacking(trace), "it lacks", lacking(trace))
    test.__name__ = what
    return test


def a_process_has_the_name_of_the_thread_that_forked(tmp):
    want, out, trace = both(tmp, "names")
    expect(out == want, "names", out, want)
    starts = [op.string for op in trace.ops("proc_start")]
    expect(starts == ["odd", "main name", "forker"], "names in the recording", starts)
    expect([op.string for op in trace.ops("comm")] == ["main name"], "threads name no process", trace.ops("comm"))


def a_refused_call_is_named(tmp):
    _, out, trace = both(tmp, "refused")
    expect(out == "memfd_secret: -1\n", "refused", out)
    expect(lacking(trace) == {"memfd_secret"}, "named", lacking(trace))


def memory_written_through_proc_is_missed(tmp):
    want, out, trace = both(tmp, "memory")
    expect(out == want == "b\n" and lacking(trace) == {"/proc/PID/mem"}, "memory", out, lacking(trace))


def more_threads_than_can_be_are_refused(tmp):
    _, out, trace = both(tmp, "threads")
    expect(400 < int(out) < 600, "threads", out)
    expect(lacking(trace) == {"clone"}, "named", lacking(trace))
    expect(trace.end["exit_status"] == "0", "end", trace.end)


def odd_files(tmp):
    """Paths of files that an exec meets: text is the name, the second what is in it."""
    os.chmod(tmp, 0o755)
    paths = {}
    for name, data in (("garbage", b"\x7fELFgarbage\n\0\1"), ("binary", b"\1\2\0\3"), ("text", b"echo text $1\n"),
                       ("missing", b"#!/no/such/interpreter\n"), ("chain", ("#!%s/missing\n" % tmp).encode())):
        paths[name] = os.path.join(tmp, name)
        with open(paths[name], "wb") as f:
            f.write(data)
        os.chmod(paths[name], 0o755)
    os.symlink("loop", os.path.join(tmp, "loop"))
    for name in ("loop", "absent"):
        paths[name] = os.path.join(tmp, name)
    paths["directory"] = tmp
    return paths


def exec_fails_as_the_kernel_fails_it(tmp):
    program = build_c("odd.c", tmp)
    command = [program, "exec", *odd_files(tmp).values()]
    want = native(command)
    path, out = record(tmp, command)
    expect(out == want, "exec", "recorded:\n" + out, "native:\n" + want)
    expect(not lacking(Trace(path)), "lacks")


def what_cannot_be_run_says_so_with_a_shells_code(tmp):
    paths = odd_files(tmp)
    for name, code in (("garbage", 126), ("binary", 126), ("missing", 127), ("chain", 127), ("loop", 127),
                       ("directory", 126), ("absent", 127)):
        done = subprocess.run([highwater(), "record", "-o", tmp + "/x", "--", paths[name]], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=TIMEOUT)
        expect(done.returncode == code, "exit code of " + name, done.returncode, done.stderr)
        expect(done.stderr.count(b"\n") == 1 and not os.path.exists(tmp + "/x"), "message", done.stderr)
    _, out = record(tmp, [paths["text"]])
    expect(out == "text\n", "text without #!", out)


def what_may_only_be_executed_runs_natively(tmp):
    """Of another's file. Natively and as a child; it cannot be the first."""
    if os.getuid() != 0:
        return
    program = build_c("odd.c", tmp)
    closed = build_c("subject.c", tmp)
    os.chmod(tmp, 0o777)
    os.chmod(closed, 0o711)

    def as_nobody():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    if subprocess.run([highwater(), "--version"], stdout=subprocess.DEVNULL, preexec_fn=as_nobody).returncode != 0:
        return
    out = os.path.join(tmp, "x.hwt")
    command = [program, "exec", closed]
    want = native(command, preexec_fn=as_nobody)
    told = native([highwater(), "record", "-q", "-o", out, "--", *command], preexec_fn=as_nobody)
    expect(told == want, "as a child", told, want)
    expect(lacking(Trace(out)) == {closed}, "named", lacking(Trace(out)))
    done = subprocess.run([highwater(), "record", "-o", out, "--", closed], stderr=subprocess.PIPE, preexec_fn=as_nobody)
    expect(done.returncode == 126 and b"read" in done.stderr, "as the first", done)


def outputs_that_are_no_files(tmp):
    for output in ("", "-"):
        done = subprocess.run([highwater(), "record", "-o", output, "--", "true"], stderr=subprocess.PIPE, cwd=tmp)
        expect(done.returncode == 2 and not os.listdir(tmp), "exit code of -o '%s'" % output, done)


if __name__ == "__main__":
    run_tests(same("code"), same("pointers"), same("calls"), same("processes"), same("descriptors"),
              a_process_has_the_name_of_the_thread_that_forked, a_refused_call_is_named, memory_written_through_proc_is_missed,
              more_threads_than_can_be_are_refused, exec_fails_as_the_kernel_fails_it,
              what_cannot_be_run_says_so_with_a_shells_code, what_may_only_be_executed_runs_natively,
              outputs_that_are_no_files)
