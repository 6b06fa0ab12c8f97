#!/usr/bin/env python3
"""terminal_test.py - the recorder on a terminal: what it says there, Ctrl-C, and who is told to end when the time is up."""
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import TIMEOUT, Failure, build_c, expect, highwater, run_tests, start  # noqa: E402
from hwt import Trace  # noqa: E402

PROGRESS = re.compile(r"highwater record: (\d+) s, [0-9.]+ MiB, events: (\d+)")


class Terminal:
    """A recording that has a terminal of its own, with input, output and errors on it."""

    def __init__(self, tmp, command, options=()):
        self.path = os.path.join(tmp, "x.hwt")
        self.master, slave = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen([highwater(), "record", "-o", self.path, *options, "--", *command], stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    def read(self, seconds):
        """Whatever comes within the time. False when the terminal is closed."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has it open any more
            return False
        self.text += data.decode(errors="replace")
        return data != b""

    def wait_for(self, what):
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until:
            found = re.search(what, self.text)
            if found:
                return found
            if not self.read(0.2):
                break
        raise Failure("waited in vain for %r: %r" % (what, self.text))

    def end(self):
        """The exit code, after all that was printed."""
        until = time.monotonic() + TIMEOUT
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.05)
        code = self.process.wait(timeout=1)
        while select.select([self.master], [], [], 0)[0] and self.read(0):
            pass
        return code


def trace_of(terminal):
    trace = Trace(terminal.path)
    expect(trace.damage is None and trace.end is not None, "closed properly", trace.damage)
    return trace


def wait_for_daemon_is_told_and_ctrl_c_ends_it(tmp):
    pid_file = os.path.join(tmp, "pid")
    with Terminal(tmp, [build_c("subject.c", tmp), "daemonizes", pid_file, "60000"]) as terminal:
        found = terminal.wait_for(r"has ended and left 1 process, still recorded: subject \((\d+)\); Ctrl-C")
        pid = int(found.group(1))
        try:
            until = time.monotonic() + TIMEOUT
            while not (os.path.exists(pid_file) and os.path.getsize(pid_file)) and time.monotonic() < until:
                terminal.read(0.05)
            os.write(terminal.master, b"\x03")
            code = terminal.end()
            os.kill(pid, 0)  # it lives
        finally:
            os.kill(pid, signal.SIGKILL)
        expect(code == 0 and "1 process goes on unrecorded: subject (%d)" % pid in terminal.text, "the end", code, terminal.text)
        expect(terminal.text.count("still recorded") == 1, "told once", terminal.text)
        trace_of(terminal)


def progress_counts_and_goes(tmp):
    program = build_c("subject.c", tmp)
    with Terminal(tmp, ["sh", "-c", "for i in 1 2 3 4 5 6; do %s busy 10; sleep 0.7; done" % program]) as terminal:
        terminal.wait_for(PROGRESS)
        code = terminal.end()
        shown = [(int(seconds), int(events)) for seconds, events in PROGRESS.findall(terminal.text)]
        expect(code == 0 and len(shown) >= 3, "progress", code, shown, terminal.text[-300:])
        expect(shown == sorted(shown) and shown[0][0] >= 2 and shown[-1][1] > shown[0][1], "it counts", shown)
        last = terminal.text.rindex("events: ")
        expect("\r\x1b[K" in terminal.text[last:], "its line is wiped", terminal.text[last:])
        expect("bytes per event" in terminal.text[last:], "the summary", terminal.text[last:])


def program_that_takes_the_terminal_is_left_alone(tmp):
    with Terminal(tmp, ["sh", "-c", "stty -icanon; echo ready; sleep 4"]) as terminal:
        code = terminal.end()
        expect(code == 0 and "ready" in terminal.text and not PROGRESS.search(terminal.text), "no progress", code, terminal.text)


def quiet_is_quiet(tmp):
    with Terminal(tmp, ["sh", "-c", "sleep 3"], ["--quiet"]) as terminal:
        expect(terminal.end() == 0 and terminal.text == "", "nothing is said", terminal.text)


def program_in_the_foreground_is_told_to_end(tmp):
    with Terminal(tmp, [build_c("subject.c", tmp), "catches"], ["--stop-after", "2s"]) as terminal:
        code = terminal.end()
        expect(code == 5 and "got %d" % signal.SIGTERM in terminal.text, "SIGTERM", code, terminal.text)
        expect(trace_of(terminal).end["exit_status"] == str(5 << 8), "its end is recorded", trace_of(terminal).end)


def program_in_no_foreground_goes_on(tmp):
    path, process = start(tmp, [build_c("subject.c", tmp), "sleeps", "8000"], ["--stop-after", "2s"], start_new_session=True)
    began = time.monotonic()
    process.stdout.readline()
    code = process.wait(timeout=TIMEOUT)
    took = time.monotonic() - began
    err = process.stderr.read()
    process.stdout.read()  # until the program ends too
    expect(code == 0 and b"1 process goes on unrecorded: subject" in err, "words", code, err)
    expect(took < time.monotonic() - began, "the recorder was first", took)
    trace = Trace(path)
    expect(trace.damage is None and trace.end is not None and "exit_status" not in trace.end, "its end is not known", trace.end)


if __name__ == "__main__":
    run_tests(wait_for_daemon_is_told_and_ctrl_c_ends_it, progress_counts_and_goes,
              program_that_takes_the_terminal_is_left_alone, quiet_is_quiet, program_in_the_foreground_is_told_to_end,
              program_in_no_foreground_goes_on)
