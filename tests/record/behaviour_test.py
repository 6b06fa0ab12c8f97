#!/usr/bin/env python3
"""behaviour_test.py - the recorder and what programs do: threads, processes, signals, files, maps, waiting, and violent ends.

    behaviour_test.py [TEST...]
"""
import itertools
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import (TIMEOUT, Failure, build_c, expect, highwater, record, run_tests,  # noqa: E402
                    start)
from hwt import PAGE, WRITE, Access, Trace  # noqa: E402

ANYWHERE = 256  # of mflags
SLEEP, POLL, PIPE, SOCKET, LOCK, CHILD, SIGNAL = range(1, 8)


def subject(tmp, what, *arguments, flags=(), **kw):
    path, out = record(tmp, [build_c("subject.c", tmp, flags), what, *arguments], **kw)
    told = dict(line.split(" ", 1) for line in out.splitlines() if " " in line)
    trace = closed(path)
    return trace, told, out


def closed(path):
    trace = Trace(path)
    expect(trace.damage is None, "damaged", trace.damage)
    expect(trace.end is not None, "no end chunk")
    ops = trace.ops()
    stamps = [op.stamp for op in ops]
    expect(len(set(stamps)) == len(stamps) or trace.end["exit_status"] != "0", "a stamp twice")
    return trace


def written(trace, stream=None):
    return {r.page for r in trace.records()
            if isinstance(r, Access) and r.kind == WRITE and stream in (None, r.stream)}


def one(items, what):
    items = list(items)
    expect(len(items) == 1, "want one " + what, len(items), *map(str, items))
    return items[0]


# ---- pass-through ----

def output_input_and_exit_code_are_the_programs_own(tmp):
    data = bytes(range(256)) * 1000
    path, process = start(tmp, ["sh", "-c", "cat; echo oops >&2; exit 42"], ["--quiet"],
                          stdin=subprocess.PIPE)
    out, err = process.communicate(data, timeout=TIMEOUT)
    expect(out == data, "stdout differs")
    expect(err == b"oops\n", "stderr differs", err)
    expect(process.returncode == 42, "exit code", process.returncode)
    expect(closed(path).end["exit_status"] == str(42 << 8), "end chunk")


def environment_is_the_programs_own(tmp):
    env = dict(os.environ, LD_PRELOAD="")
    path, process = start(tmp, ["/usr/bin/env"], env=env)
    out, _ = process.communicate(timeout=TIMEOUT)
    native = subprocess.run(["/usr/bin/env"], env=env, stdout=subprocess.PIPE, check=True).stdout
    expect(out == native, "environment differs", out, native)


def settings_of_another_valgrind_are_not_taken(tmp):
    with open(os.path.join(tmp, ".valgrindrc"), "w", encoding="ascii") as f:
        f.write("--no-such-option\n")
    env = dict(os.environ, HOME=tmp, VALGRIND_OPTS="--no-such-option")
    path, process = start(tmp, ["sh", "-c", "/bin/echo $VALGRIND_OPTS; :"], env=env, cwd=tmp)
    out, err = process.communicate(timeout=TIMEOUT)
    expect(process.returncode == 0 and out == b"--no-such-option\n", "the program", process.returncode, out, err)
    expect("echo" in [r.string for r in closed(path).ops("exec")], "its child's record")


def descriptors_are_the_programs_own(tmp):
    """What was closed is closed, and the recorder occupies no number, in the program and in a child of it."""
    program = build_c("subject.c", tmp)
    trace, told = os.path.join(tmp, "x.hwt"), os.path.join(tmp, "told")

    def tells(closed_ones, command):
        def close_them():
            for fd in closed_ones:
                os.close(fd)

        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=TIMEOUT,
                       preexec_fn=close_them)
        with open(told) as f:
            return f.read()

    for closed_ones in ((), (0,), (1,), (1, 2), (0, 2), (0, 1, 2)):
        for command in ([program, "descriptors", told], ["sh", "-c", program + " descriptors " + told]):
            native = tells(closed_ones, command)
            recorded = tells(closed_ones, [highwater(), "record", "-q", "-o", trace, "--", *command])
            expect(recorded == native, "closed: %s" % (closed_ones,), command[0], native, recorded)
            closed(trace)


def summary_is_one_line_on_stderr(tmp):
    _, process = start(tmp, ["true"])
    out, err = process.communicate(timeout=TIMEOUT)
    expect(out == b"" and err.count(b"\n") == 1 and b"bytes per event" in err, "summary", out, err)


def errors_are_one_line_with_a_code(tmp):
    cases = [(["-o", tmp + "/x", "--", "no-such-program"], 127), (["-o", tmp + "/x", "--", "/etc/passwd"], 126),
             (["-o", "/no/such/dir/x", "--", "true"], 1), (["-o", "/dev/full", "--", "true"], 1),
             (["--window", "3", "--", "true"], 2), ([], 2)]
    for arguments, code in cases:
        done = subprocess.run([highwater(), "record", *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=TIMEOUT)
        expect(done.returncode == code, "exit code of %s" % arguments, done.returncode, done.stderr)
        expect(done.stdout == b"" and 1 <= done.stderr.count(b"\n") <= 2, "message", done)
    env = dict(os.environ, HIGHWATER_LIBEXEC=tmp)
    done = subprocess.run([highwater(), "record", "-o", tmp + "/x", "true"], env=env, stderr=subprocess.PIPE)
    expect(done.returncode == 1 and b"no recorder" in done.stderr, "without the tool", done)


def stored_chunks_say_the_same(tmp):
    path, _ = record(tmp, ["true"], ["--codec", "stored"])
    expect(len(closed(path).ops("exit_group")) == 1, "exit_group")


# ---- threads and processes ----

def threads_have_streams_of_their_own(tmp):
    trace, _, out = subject(tmp, "threads")
    expect(len(trace.ops("thread_start")) == 3 and len(trace.ops("exit")) == 3, "threads")
    regions = [int(line.split()[1], 16) // PAGE for line in out.splitlines()]
    owners = set()
    for region in regions:
        pages = set(range(region, region + 8))
        owners.add(one((s for s in trace.streams() if pages <= written(trace, s)), "owner of a region"))
    expect(len(owners) == 3, "owners", owners)
    locks = [op for op in trace.ops("wait") if op.kind == LOCK and op.duration > 10e6]
    expect(len(locks) >= 3, "lock waits", len(locks))


def fork_makes_a_child_that_inherits(tmp):
    trace, told, _ = subject(tmp, "forks")
    fork = one(trace.ops("fork"), "fork")
    first, child = trace.ops("proc_start")
    expect(fork.child_pid == child.pid == int(told["child"]) and child.ppid == first.pid, "pids", fork, child)
    expect(fork.stamp < child.stamp and child.flags == 2 and first.flags == 0, "order and flags")
    page = int(told["pages"], 16) // PAGE
    expect(page in written(trace, child.stream), "the child's store")
    expect(page + 1 in written(trace, first.stream), "the parent's store after the fork")
    ends = trace.ops("exit_group")
    expect([e.status for e in ends] == [7 << 8, 0], "statuses", *ends)
    wait = one((op for op in trace.ops("wait") if op.kind == CHILD), "wait for the child")
    expect(wait.stamp > ends[0].stamp, "the wait ends after the child")


def spawn_and_exec_start_new_images(tmp):
    trace, _, out = subject(tmp, "spawns")
    expect("from exec" in out, "output", out)
    expect(sorted(op.string for op in trace.ops("exec")) == ["echo", "true"], "execs")
    expect(sorted(op.string for op in trace.ops("proc_start") if op.flags == 1) == ["echo", "true"], "images")
    expect(all(op.flags == 1 for op in trace.ops("fork")), "a spawn shares memory")
    for image in (op for op in trace.ops("proc_start") if op.flags == 1):
        maps = [op for op in trace.ops("mmap") if op.stream == image.stream and op.mflags & 32]
        expect(len(maps) > 4 and any(op.mflags & 2 for op in maps), "initial map", len(maps))


def pipelines_keep_their_order(tmp):
    path, out = record(tmp, ["sh", "-c", "seq 1 20000 | sort -rn | head -n 1"])
    expect(out == "20000\n", "output", out)
    trace = closed(path)
    names = {op.string for op in trace.ops("proc_start")}
    expect({"seq", "sort", "head"} <= names, "programs", names)
    waits = [op for op in trace.ops("wait") if op.kind == PIPE]
    expect(waits and all(0 < op.back <= op.stamp for op in waits), "pipe waits")


def static_programs_work(tmp):
    trace, told, _ = subject(tmp, "forks", flags=["-static"])
    expect(int(told["pages"], 16) // PAGE in written(trace), "pages")


# ---- violent ends ----

def killed_program_leaves_everything_it_did(tmp):
    for sig in (signal.SIGKILL, signal.SIGTERM, signal.SIGABRT):
        trace, told, _ = subject(tmp, "dies", str(int(sig)), status=-sig)
        page = int(told["pages"], 16) // PAGE
        expect(set(range(page, page + 50)) <= written(trace), "pages before %s" % sig)
        expect(one(trace.ops("exit_group"), "end").status & 0x7f == sig, "status")


def crash_is_a_death_by_signal(tmp):
    trace, _, _ = subject(tmp, "dies", status=-signal.SIGSEGV)
    expect(one(trace.ops("exit_group"), "end").status & 0x7f == signal.SIGSEGV, "status")


def seccomp_does_not_end_the_program(tmp):
    command = [build_c("subject.c", tmp), "seccomp"]
    native = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    path, process = start(tmp, command)
    out, err = process.communicate(timeout=TIMEOUT)
    expect((process.returncode, out) == (native.returncode, native.stdout) == (5, b"strict\n"), "as natively", process.returncode, out, native)
    expect(b"seccomp" in err, "words", err)
    expect(one(closed(path).ops("exit_group"), "end").status == 5 << 8, "status")


def killed_child_of_a_shell_is_told(tmp):
    program = build_c("subject.c", tmp)
    path, out = record(tmp, ["sh", "-c", "%s dies 9; echo $?" % program])
    expect(out.endswith("137\n"), "output", out)
    expect(9 in [op.status for op in closed(path).ops("exit_group")], "the child's end")


def wait_for_records(path, process, count):
    """Until whole chunks in the file hold more records than that: on a busy machine the first second's may hold few."""
    until = time.time() + TIMEOUT
    while time.time() < until and process.poll() is None:
        if os.path.exists(path) and any(itertools.islice(Trace(path, verify=False).records(), count, None)):
            return
        time.sleep(0.02)
    raise Failure("too little was written")


def killed_recorder_leaves_program_and_whole_chunks(tmp):
    enough = os.path.join(tmp, "enough")
    path, process = start(tmp, [build_c("subject.c", tmp), "busy", "100000", enough])
    try:
        wait_for_records(path, process, 10000)
        process.kill()
    finally:
        open(enough, "wb").close()
    out = process.stdout.read()  # until the program ends too
    expect(out == b"finished\n", "the program's output", out)
    trace = Trace(path, verify=False)
    # A kill may come in the middle of a write: then the file ends inside its last chunk, and everything before it is whole.
    expect(trace.damage is None or trace.damage.endswith("is cut"), "damage", trace.damage)
    expect(trace.end is None and trace.chunks, "chunks", trace.damage)
    expect(any(itertools.islice(trace.records(), 10000, None)), "records")
    done = subprocess.run([highwater(), "run", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
    expect(done.returncode == 1 and b"Outcome   completed" in done.stdout, "its replay, of an incomplete recording", done)
    done = subprocess.run([highwater(), "run", "--allow-incomplete", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
    expect(done.returncode == 0, "its replay, allowed", done)


def full_disk_leaves_program_and_whole_chunks(tmp):
    program = build_c("subject.c", tmp)
    disk = os.path.join(tmp, "disk")
    os.mkdir(disk)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "highwater-test", disk],
                           stderr=subprocess.PIPE)
    if mount.returncode != 0:
        print("  not measurable here: cannot mount a small tmpfs: %s" % mount.stderr.decode().strip())
        return
    path = os.path.join(disk, "x.hwt")
    try:
        done = subprocess.run([highwater(), "record", "-o", path, "--", program, "busy", "40"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
        trace = Trace(path, verify=False)
        told = {verb: subprocess.run([highwater(), *verb.split(), "-q", path, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     timeout=TIMEOUT) for verb in ("run", "size --swap 0 --limits 64M")}
    finally:
        subprocess.run(["umount", disk], check=True)
    for verb, answer in told.items():
        document = json.loads(answer.stdout)
        lacks = document.get("incomplete") or document["input"]["incomplete"]
        expect(answer.returncode == 1 and "records" in [lack["reason"] for lack in lacks], verb + " of it", answer)
    expect(trace.end["ended_by"] == "disk" and trace.end["incomplete.records"] == "1", "end", trace.end)
    expect(done.stdout == b"finished\n", "the program's output", done)
    expect(done.returncode == 1 and b"ends early" in done.stderr, "message", done)
    expect(trace.damage is None and trace.chunks, "chunks", trace.damage)


def interrupt(tmp, what, sig, to_group):
    path, process = start(tmp, [build_c("subject.c", tmp), what], start_new_session=True)
    expect(process.stdout.readline() == b"ready\n", "ready")
    time.sleep(0.2)
    if to_group:
        os.killpg(process.pid, sig)
    else:
        process.send_signal(sig)
    out, _ = process.communicate(timeout=TIMEOUT)
    return closed(path), out, process.returncode


def ctrl_c_reaches_the_program(tmp):
    _, out, code = interrupt(tmp, "catches", signal.SIGINT, True)
    expect(out == b"got 2\n" and code == 5, "a program that catches it", out, code)
    trace, _, code = interrupt(tmp, "pauses", signal.SIGINT, True)
    expect(code == -signal.SIGINT, "a program that does not", code)
    expect(one(trace.ops("exit_group"), "end").status & 0x7f == signal.SIGINT, "status")


def terminating_the_recorder_terminates_the_program(tmp):
    _, out, code = interrupt(tmp, "catches", signal.SIGTERM, False)
    expect(out == b"got 15\n" and code == 5, "passed on", out, code)


# ---- what goes on after the program, and what is left when it does not end ----

def told(process):
    """Exit code and lines of the recorder's own."""
    _, err = process.communicate(timeout=TIMEOUT)
    return process.returncode, err.decode()


def wait_for_file(path):
    until = time.time() + TIMEOUT
    while time.time() < until:
        if os.path.exists(path) and os.path.getsize(path) > 0:
            with open(path, encoding="ascii") as f:
                return int(f.read())
        time.sleep(0.02)
    raise Failure("no daemon")


def daemon_is_recorded_to_its_end(tmp):
    pid_file = os.path.join(tmp, "pid")
    path, process = start(tmp, [build_c("subject.c", tmp), "daemonizes", pid_file, "1"])
    code, err = told(process)
    trace = closed(path)
    expect(code == 0 and "unrecorded" not in err, "the first process's exit code", code, err)
    daemon = one((op for op in trace.ops("proc_start") if op.pid == wait_for_file(pid_file)), "daemon")
    expect(len(written(trace, daemon.stream)) >= 2000, "the daemon's pages", len(written(trace, daemon.stream)))
    end = one((op for op in trace.ops("exit_group") if op.stream == daemon.stream), "the daemon's end")
    expect(end.status == 3 << 8, "the daemon's status", end)
    expect(int(trace.end["recorded_cpu_ns"]) > 5e8, "CPU time of orphans", trace.end["recorded_cpu_ns"])


def stopped(tmp, options, stop):
    """Stop the recording of a daemon that lives on. Returns the trace and the recorder's words."""
    pid_file = os.path.join(tmp, "pid")
    path, process = start(tmp, [build_c("subject.c", tmp), "daemonizes", pid_file, "60000"], options)
    pid = wait_for_file(pid_file)
    try:
        stop(process)
        code, err = told(process)
        os.kill(pid, 0)  # it lives
    finally:
        os.kill(pid, signal.SIGKILL)
    expect(code == 0 and "1 process goes on unrecorded: subject (%d)" % pid in err, "words", code, err)
    return closed(path), pid


def interrupt_ends_the_recording_of_a_daemon(tmp):
    def stop(process):
        process.send_signal(signal.SIGINT)

    trace, pid = stopped(tmp, [], stop)
    daemon = one((op for op in trace.ops("proc_start") if op.pid == pid), "daemon")
    expect(len(written(trace, daemon.stream)) >= 2000, "pages")


def recording_ends_with_its_time(tmp):
    trace, pid = stopped(tmp, ["--stop-after", "3s"], lambda process: None)
    expect(pid in [op.pid for op in trace.ops("proc_start")], "daemon")
    expect(trace.end["ended_by"] == "time" and int(trace.end["recorded_instructions"]) > 0, "end", trace.end)


def recording_ends_with_the_leader(tmp):
    began = time.time()
    trace, _ = stopped(tmp, ["--follow", "leader"], lambda process: None)
    expect(time.time() - began < 30 and trace.end["exit_status"] == "0", "end")


def killed_recorder_leaves_what_a_sleeper_did(tmp):
    path, process = start(tmp, [build_c("subject.c", tmp), "sleeps", "4000"])
    page = int(process.stdout.readline(), 16) // PAGE
    time.sleep(1.8)
    process.kill()
    process.stdout.read()  # until the program ends too
    trace = Trace(path, verify=False)
    expect(trace.damage is None and trace.end is None, "cut", trace.damage)
    expect(set(range(page, page + 1000)) <= written(trace), "the pages before its sleep")


def sleeper_that_was_flushed_and_killed_has_an_end(tmp):
    program = build_c("subject.c", tmp)
    path, _ = record(tmp, ["sh", "-c", "%s sleeps 60000 >/dev/null & sleep 2.5; kill -KILL $!; wait $!; echo $?" % program])
    trace = closed(path)
    expect(9 in [op.status for op in trace.ops("exit_group")], "the end", *trace.ops("exit_group"))


def signal_is_shown_as_a_signal(tmp):
    path, process = start(tmp, [build_c("subject.c", tmp), "dies"])
    process.communicate(timeout=TIMEOUT)
    out = subprocess.run([highwater(), "trace", "info", path], stdout=subprocess.PIPE, check=True).stdout
    expect(b"killed by signal 11, SIGSEGV" in out, "trace info", out)


def bounded_file_stays_below_its_bound(tmp):
    program = build_c("subject.c", tmp)
    path, _ = record(tmp, [program, "busy", "100"])
    unbounded = os.path.getsize(path)
    path, process = start(tmp, [program, "busy", "100"], ["--max-size", "1M"])
    code, err = told(process)
    expect(unbounded > 1 << 20, "a test of nothing", unbounded)
    expect(code == 0 and 0.9 * (1 << 20) <= os.path.getsize(path) <= 1 << 20, "size", code, os.path.getsize(path))
    expect("--max-size" in err and " 0.0 M instructions" not in err, "words", err)
    trace = closed(path)
    expect(trace.end["ended_by"] == "size" and trace.end["incomplete.size"] == "1", "end", trace.end)
    out = subprocess.run([highwater(), "trace", "info", path], stdout=subprocess.PIPE, check=True).stdout
    expect(b"ended early: the file reached --max-size" in out, "trace info", out)


def program_that_runs_unrecorded_is_named(tmp):
    program = os.path.join(tmp, "setuid")
    with open("/bin/true", "rb") as source, open(program, "wb") as copy:
        copy.write(source.read())
    os.chmod(program, 0o4755)
    path, process = start(tmp, ["sh", "-c", program + "; true"])
    code, err = told(process)
    expect(code == 0 and "not recorded" in err and program in err, "words", code, err)
    expect(program in [op.string for op in closed(path).ops("incomplete") if op.reason == 4], "in the trace")


def marks_stand_where_they_were_set(tmp):
    script = "%s mark --pid $1 before && dd if=/dev/zero of=%s/f bs=100000 count=1 2>/dev/null && %s mark --pid $1 'after it' && kill -USR2 $1; sleep 0.3" % (
        highwater(), tmp, highwater())
    path, process = start(tmp, ["sh", "-c", "read pid; set $pid; " + script], stdin=subprocess.PIPE)
    process.stdin.write(b"%d\n" % process.pid)
    process.stdin.flush()
    code, err = told(process)
    trace = closed(path)
    marks = [(mark["name"], order) for order, mark in trace.marks]
    expect(code == 0 and [name for name, _ in marks] == ["before", "after it", "usr2-1"], "marks", code, err, marks)
    write = one((op for op in trace.ops("write") if op.len > 4096), "write")
    expect(marks[0][1] < write.stamp <= marks[1][1] <= marks[2][1], "order", marks, write)
    done = subprocess.run([highwater(), "mark", "--pid", str(process.pid), "late"], stderr=subprocess.PIPE)
    expect(done.returncode == 1 and b"no recording" in done.stderr, "a recording that is over", done)


def mark_of_a_recorded_program_is_in_its_recording(tmp):
    os.mkdir(os.path.join(tmp, "other"))
    _, other = start(os.path.join(tmp, "other"), ["sleep", "60"])
    try:
        path, _ = record(tmp, ["sh", "-c", "sleep 0.1; (%s mark inner)" % highwater()])
    finally:
        other.terminate()
        other.communicate(timeout=TIMEOUT)
    expect([mark["name"] for _, mark in closed(path).marks] == ["inner"], "marks", closed(path).marks)


def settings_of_the_host_are_recorded(tmp):
    path, _ = record(tmp, ["true"])
    host = closed(path).host
    with open("/proc/meminfo", encoding="ascii") as f:
        total = int(f.readline().split()[1]) * 1024
    expect(host["ram"] == str(total) and host["kernel"] == os.uname().release, "host", host)
    expect("filesystem.%d" % os.stat("/").st_dev in host or any(k.startswith("filesystem.") for k in host), "devices", host)


# ---- waiting, files, maps ----

def waiting_is_told_as_waiting(tmp):
    trace, _, _ = subject(tmp, "waits")
    found = {}
    for op in trace.ops("wait"):
        found[op.kind] = max(found.get(op.kind, 0), op.duration)
    for kind, least in ((SLEEP, 119e6), (POLL, 79e6), (PIPE, 50e6), (SOCKET, 50e6), (CHILD, 50e6)):
        expect(found.get(kind, 0) >= least, "wait of kind %d" % kind, found.get(kind))
    parent = trace.ops("proc_start")[0].stream
    pipe = max((op for op in trace.ops("wait") if op.kind == PIPE and op.stream == parent),
               key=lambda op: op.duration)
    mark = [op for op in trace.ops("wait") if op.stream != parent and op.duration == 0]
    expect(any(pipe.stamp - pipe.back < op.stamp < pipe.stamp for op in mark), "the writer's mark")


def file_offsets_follow_the_position(tmp):
    name = os.path.join(tmp, "f")
    trace, _, _ = subject(tmp, "files", name)
    files = {op.fid: op for op in trace.ops("file")}
    a = one((f for f in files.values() if f.string == name), "first file").fid
    b = one((f for f in files.values() if f.string == name + ".b"), "second file").fid
    done = [(op.name, "ab"[op.fid == b], op.offset, op.len) for op in trace.ops("read", "write")
            if op.fid in (a, b)]
    want = [("write", "a", 0, 1000), ("write", "a", 1000, 500), ("read", "a", 200, 300),
            ("read", "a", 1400, 64), ("write", "a", 500, 100), ("write", "a", 600, 50),
            ("write", "a", 1500, 10), ("read", "a", 0, 5), ("read", "a", 10, 100),
            ("write", "b", 0, 100), ("read", "a", 110, 20), ("write", "b", 100, 20),
            ("read", "a", 650, 7)]
    expect(done == want, "reads and writes", *done)
    opens = [op for op in trace.ops("open") if op.fid in (a, b)]
    expect([op.oflags for op in opens] == [7, 2, 7], "opens", *opens)
    expect(len({op.handle for op in trace.ops("open")}) == len(trace.ops("open")), "handles are unique")
    expect([(op.fid, op.size) for op in trace.ops("truncate")] == [(b, 5000)], "truncate")
    expect([(op.fid, op.offset, op.len) for op in trace.ops("punch")] == [(b, 0, 4096)], "punch")
    expect([(op.fid, op.flags) for op in trace.ops("fsync")] == [(b, 1)], "fdatasync")
    expect([op.fid for op in trace.ops("unlink")] == [a, b], "unlink")
    expect([(op.fid, op.len, op.advice) for op in trace.ops("fadvise")] == [(b, 4096, 4)], "fadvise")
    closed_handles = [op.handle for op in trace.ops("close")]
    expect(opens[0].handle not in closed_handles, "a doubled description stays open")


def maps_are_followed(tmp):
    name = os.path.join(tmp, "f")
    trace, told, _ = subject(tmp, "maps", name)
    anon, moved, mapped = (int(told[k], 16) for k in ("anon", "moved", "file"))
    fid = one((f for f in trace.ops("file") if f.string == name), "file").fid
    mmaps = {(op.addr, op.len, op.prot, op.mflags, op.fid, op.offset) for op in trace.ops("mmap")}
    expect((anon, 8 * PAGE, 3, ANYWHERE, 0, 0) in mmaps, "anonymous")
    expect((mapped, 4 * PAGE, 3, 1 | ANYWHERE, fid, 0) in mmaps, "shared file")
    expect((mapped + PAGE, PAGE, 1, 0, fid, 2 * PAGE) in mmaps, "fixed over it")
    expect([(op.addr, op.prot) for op in trace.ops("mprotect") if op.addr == anon] == [(anon, 1), (anon, 3)], "mprotect")
    expect([op.addr for op in trace.ops("madvise") if op.advice == 4] == [anon + PAGE, anon + 2 * PAGE], "madvise")
    stores = sum(1 for r in trace.records()
                 if isinstance(r, Access) and r.kind == WRITE and r.page == anon // PAGE + 2)
    expect(stores == 2, "a store after MADV_DONTNEED is seen again", stores)
    move = one(trace.ops("mremap"), "mremap")
    expect((move.old, move.old_len, move.new, move.new_len, move.flags) == (anon, 8 * PAGE, moved, 64 * PAGE, 1), "mremap", move)
    expect([op.addr for op in trace.ops("madvise") if op.advice in (14, 15)] == [anon, anon], "huge pages asked for and not")
    expect([op.on for op in trace.ops("thp_disable")] == [1, 0], "huge pages of the process")
    expect([op.addr for op in trace.ops("mlock", "munlock")] == [moved, moved], "mlock")
    expect((moved, 64 * PAGE) in {(op.addr, op.len) for op in trace.ops("munmap")}, "munmap")
    expect([(op.fid, op.flags) for op in trace.ops("fsync")] == [(fid, 2)], "msync")
    kinds = {op.fid: op.kind for op in trace.ops("file")}
    for what, length in (("memfd", PAGE), ("shm", 3 * PAGE)):
        m = one((m for m in mmaps if m[0] == int(told[what], 16) and m[3] == 1 | ANYWHERE), what)
        expect(kinds[m[4]] == 1 and m[1] == length, what, m)
    expect((int(told["shm"], 16), 3 * PAGE) in {(op.addr, op.len) for op in trace.ops("munmap")}, "shmdt")
    expect(one(trace.ops("comm"), "comm").string == "renamed", "prctl")
    last = trace.ops("brk")[-1]
    expect(last.end == int(told["brk"], 16) + 10 * PAGE, "brk", last)


def policies_and_affinities_are_followed(tmp):
    trace, told, _ = subject(tmp, "nodes")
    anon = int(told["anon"], 16)
    expect([(op.mode, op.nodes) for op in trace.ops("set_mempolicy")] == [(3, 1)], "policy", *trace.ops("set_mempolicy"))
    bind = one(trace.ops("mbind"), "mbind")
    expect((bind.addr, bind.len, bind.mode, bind.nodes, bind.flags) == (anon, 4 * PAGE, 2 | 1 << 15, 1, 3), "mbind", bind)
    home = one(trace.ops("home_node"), "home node")
    expect((home.addr, home.len, home.node) == (anon, 4 * PAGE, 0), "home node", home)
    move = one(trace.ops("migrate_pages"), "migrate_pages")
    expect((move.pid, move.fields["from"], move.to) == (0, 1, 1), "migrate_pages", move)
    moved = [(op.addr - anon, op.len, op.node, op.pid, op.flags) for op in trace.ops("move_pages")]
    expect(moved == [(0, 2 * PAGE, 0, 0, 2), (4 * PAGE, PAGE, 0, 0, 2), (6 * PAGE, PAGE, 0, 0, 2)], "move_pages", moved)
    bound = one(trace.ops("affinity"), "affinity")
    expect((bound.tid, bound.cpus) == (trace.ops("proc_start")[0].tid, 1), "affinity", bound)


def hot_page_is_seen_in_every_window(tmp):
    path, _ = record(tmp, ["sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done"],
                     ["--window", "65536"])
    trace = closed(path)
    count, gap, seen = {}, {}, 0
    for r in trace.records():
        seen += r.icount
        if isinstance(r, Access):
            count[r.page] = count.get(r.page, 0) + 1
    hottest = max(count.values())
    expect(hottest >= seen // 65536 - 2, "windows", hottest, seen)


def only_the_programs_own_pages_are_told(tmp):
    path, _ = record(tmp, ["sh", "-c", "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; (:)"])
    wild = [r for r in closed(path).records() if isinstance(r, Access) and r.page < 16]
    expect(not wild, "accesses to pages where nothing can be mapped", len(wild), *map(str, wild[:3]))


def instructions_of_a_fork_are_counted_once(tmp):
    path, _ = record(tmp, ["sh", "-c", "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; (:); (:); (:)"])
    trace = closed(path)
    told, total = sum(r.icount for r in trace.records()), int(trace.end["recorded_instructions"])
    expect(told <= total <= told * 1.01 + 1000, "instructions", told, total)


def waiting_for_a_cpu_is_told(tmp):
    if not os.path.exists("/proc/self/schedstat"):
        print("# this kernel does not count how long a thread waits for a CPU")
        return
    cpu = {min(os.sched_getaffinity(0))}
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=lambda: os.sched_setaffinity(0, cpu)) for _ in range(3)]
    try:
        path, process = start(tmp, [build_c("subject.c", tmp), "busy", "200"], preexec_fn=lambda: os.sched_setaffinity(0, cpu))
        told(process)
    finally:
        for other in others:
            other.kill()
            other.wait()
    end = closed(path).end
    expect(int(end["recorded_starved_ns"]) > int(end["recorded_cpu_ns"]) / 2, "one of four on a CPU waits for it", end)


if __name__ == "__main__":
    run_tests(output_input_and_exit_code_are_the_programs_own, environment_is_the_programs_own,
              settings_of_another_valgrind_are_not_taken, descriptors_are_the_programs_own,
              summary_is_one_line_on_stderr, errors_are_one_line_with_a_code, stored_chunks_say_the_same,
              threads_have_streams_of_their_own, fork_makes_a_child_that_inherits,
              spawn_and_exec_start_new_images, pipelines_keep_their_order, static_programs_work,
              killed_program_leaves_everything_it_did, crash_is_a_death_by_signal,
              seccomp_does_not_end_the_program, killed_child_of_a_shell_is_told, killed_recorder_leaves_program_and_whole_chunks,
              full_disk_leaves_program_and_whole_chunks, ctrl_c_reaches_the_program,
              terminating_the_recorder_terminates_the_program, daemon_is_recorded_to_its_end,
              interrupt_ends_the_recording_of_a_daemon, recording_ends_with_its_time, recording_ends_with_the_leader,
              killed_recorder_leaves_what_a_sleeper_did, sleeper_that_was_flushed_and_killed_has_an_end,
              signal_is_shown_as_a_signal, bounded_file_stays_below_its_bound, program_that_runs_unrecorded_is_named,
              marks_stand_where_they_were_set, mark_of_a_recorded_program_is_in_its_recording, settings_of_the_host_are_recorded, waiting_is_told_as_waiting,
              file_offsets_follow_the_position, maps_are_followed, policies_and_affinities_are_followed, hot_page_is_seen_in_every_window,
              only_the_programs_own_pages_are_told, instructions_of_a_fork_are_counted_once, waiting_for_a_cpu_is_told)
