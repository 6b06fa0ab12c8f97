#!/usr/bin/env python3
"""terminal_test.py - highwater top in a real terminal: tmux shows what a user would see.

Each test runs the program in a tmux server of its own (-L, no configuration) and waits for what should appear. Output is TAP.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
import time

HIGHWATER = os.environ["HIGHWATER"]
WAIT_S = 20  # for something to appear, on a machine that does other things as well
COLOUR = re.compile(r"\x1b\[[0-9;]*\b(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38|48)\b[0-9;]*m")
FOOT = "1 Overview"


class Terminal:
    """A tmux window in which a command runs; what is on it is text()."""

    count = 0

    def __init__(self, command, width=80, height=24, term="screen-256color", locale="C.UTF-8", **env):
        Terminal.count += 1
        self.socket = f"highwater-{os.getpid()}-{Terminal.count}"
        clean = {k: v for k, v in os.environ.items() if k not in ("TMUX", "NO_COLOR", "LC_ALL", "LANG", "COLUMNS", "LINES")}
        self.env = {**clean, "LC_ALL": "C.UTF-8"}
        words = {"TERM": term, "LC_ALL": locale, "TZ": "UTC", **env}
        line = "env " + " ".join(f"{k}={v}" for k, v in words.items()) + f" {command}"
        self.tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), line, ";",
                  "set-option", "-g", "status", "off", ";", "set-option", "-g", "remain-on-exit", "on", ";",
                  "resize-window", "-x", str(width), "-y", str(height))

    def tmux(self, *words):
        done = subprocess.run(["tmux", "-L", self.socket, *words], capture_output=True, env=self.env, timeout=WAIT_S)
        return done.stdout.decode(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    def text(self, escapes=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if escapes else []))

    def lines(self):
        return self.text().split("\n")

    def wait(self, what):
        """Until a text is there, or a function of the text is true."""
        wanted = what if callable(what) else lambda text: what in text
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            text = self.text()
            if wanted(text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {what!r}; the terminal shows:\n{self.text()}")

    def keys(self, *keys):
        self.tmux("send-keys", "--", *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def says(self, name):
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def child(self):
        """The pid of the program itself, which `env` has become."""
        return int(self.says("pane_pid"))


def top(*words, **options):
    return Terminal(" ".join([HIGHWATER, "top", *words]), **options)


def check(condition, text=""):
    if not condition:
        raise AssertionError(text or "check failed")


# --- the tests ---------------------------------------------------------------------------------------------------------
def overview_fills_a_terminal_of(width, height):
    with top(width=width, height=height) as t:
        text = t.wait(lambda text: FOOT in text and "Findings" in text)
        lines = text.split("\n")
        for section in ("Memory", "Flows", "Pressure", "Findings"):
            check(section in text, f"no {section}:\n{text}")
        check(lines[0].startswith(" highwater"), text)
        check(lines[height - 1].startswith(" " + FOOT), text)
        check(all(len(line) <= width for line in lines), text)


def overview_at_80x24(_):
    overview_fills_a_terminal_of(80, 24)


def overview_at_132x40(_):
    overview_fills_a_terminal_of(132, 40)


def every_screen_has_its_heads(_):
    heads = {"2": "CURRENT", "3": "COMMAND", "4": "watermarks", "5": "OBJSIZE", "1": "Pressure"}
    for width, height in ((80, 24), (132, 40)):
        with top(width=width, height=height) as t:
            t.wait(FOOT)
            for key, head in heads.items():
                t.keys(key)
                t.wait(head)
            t.keys("?")
            t.wait("q Back")
            t.keys("End")
            t.wait("close a page, quit")
            t.keys("q")
            t.wait(FOOT)


def filters_and_sorts(_):
    with top("--screen", "processes") as t:
        t.wait("RSS▼")
        t.keys("/")
        t.wait("Filter: _")
        t.keys(str(os.getpid()))  # a whole number filters by pid
        t.wait(lambda text: f"{os.getpid()} " in text.split("\n")[3] and not text.split("\n")[4].strip())
        t.keys("Escape")
        t.keys(">")  # PSS is not read: the next column that has figures
        t.wait("ANON▼")
        t.keys("I")
        t.wait("ANON▲")


def resizing_is_followed(_):
    with top() as t:
        t.wait(FOOT)
        for width, height in ((100, 30), (40, 12), (20, 5), (132, 40)):
            t.resize(width, height)
            text = t.wait(lambda text: text.split("\n")[height - 1].startswith(" " + FOOT))
            check(all(len(line) <= width for line in text.split("\n")), text)
        t.resize(15, 4)
        t.wait("15x4: too small")
        t.resize(80, 24)
        t.wait("Findings")


def without_utf8_all_is_ascii(_):
    with top(locale="C") as t:
        t.wait(FOOT)
        for key in "12345?":
            t.keys(key)
            time.sleep(0.2)
            text = t.text()
            check(text.isascii(), text)


def without_colour_there_is_none(_):
    for options in ({"NO_COLOR": "1"}, {"term": "vt100"}):
        with top(**options) as t:
            t.wait(FOOT)
            for key in "123451":
                t.keys(key)
                time.sleep(0.2)
                text = t.text(escapes=True)
                check(not COLOUR.search(text), repr(text))
            check("A anonymous" in t.text(), t.text())
    with top() as t:
        t.wait(FOOT)
        check(COLOUR.search(t.text(escapes=True)), "no colour with colours")
        check("A anonymous" not in t.text(), "letters with 256 colours")


def a_capture_is_stepped_through(folder):
    capture = folder / "a.hwc"
    subprocess.run([HIGHWATER, "capture", "-q", "-o", capture, "0.2", "14"], check=True, timeout=60)
    with top(str(capture)) as t:
        t.wait("14 of 14")
        last = t.lines()[0]
        for key, place in (("Left", 13), ("Left", 12), ("Right", 13), ("Home", 1), ("Left", 1), ("Right", 2),
                           ("NPage", 12), ("PPage", 2), ("End", 14), ("Right", 14)):
            t.keys(key)
            t.wait(f" {place} of 14")
        check(t.lines()[0] == last, "another last instant after going there and back")
        t.keys("Left", "g")
        t.wait("Go to time")
        t.keys("-2s", "Enter")
        t.wait(lambda text: re.search(r" [2-5] of 14", text))
        t.keys("g", "25:99", "Enter")
        t.wait(lambda text: FOOT not in text and "25:99" in text.split("\n")[23])
        t.keys("Home", "Space")
        t.wait("PLAYING")
        t.wait(" 3 of 14")
        t.keys("2")
        t.wait("CURRENT")


def there_and_back_shows_the_same(folder):
    capture = folder / "a.hwc"  # of the test before
    with top(str(capture), "--screen", "cgroups", width=132, height=40) as t:
        t.wait("14 of 14")
        t.keys("Left")
        t.wait("13 of 14")
        once = t.text()
        t.keys("Home")
        t.wait(" 1 of 14")
        t.keys("NPage", "Right", "Right")
        t.wait("13 of 14")
        check(t.text() == once, f"{once}\n{t.text()}")


def the_next_verdict_is_found(_):
    capture = pathlib.Path(os.environ["TOP"]) / "tests/incidents/cgroup-oom-a.hwc"
    with top(str(capture)) as t:
        t.wait("critical: The limit of")
        t.keys("Home")
        t.wait("healthy:")
        t.keys("N")
        t.wait("before this has another verdict")
        t.keys("n")
        t.wait("critical: The limit of")
        t.keys("n")
        t.wait("after this has another verdict")
        t.keys("N")
        t.wait("healthy:")
        t.keys("1", "End", "Down", "Enter")
        t.wait("Evidence")
        t.keys("NPage")  # the evidence of a kill fills the first 24 lines
        t.wait("What it means")
        t.keys("q", "2", "Enter")
        t.wait(lambda text: "Limits" in text and "Processes" in text)


def shell_around(command, folder, **options):
    """An interactive shell with the program in it, to see what it leaves behind."""
    t = Terminal("PS1=ready: bash --norc --noprofile -i", **options)
    t.wait("ready:")
    t.keys(f"stty -a >{folder}/before; {command}; echo code=$?; stty -a >{folder}/after", "Enter")
    return t


def expect_sane(t, folder):
    before, after = (folder / "before").read_text(), (folder / "after").read_text()
    check(before == after, f"stty before: {before}\nafter: {after}")
    check(t.says("alternate_on") == "0", "still on the alternate screen")
    check(t.says("cursor_flag") == "1", "the cursor stays hidden")
    t.keys("echo he''llo", "Enter")
    t.wait("hello")


def pid_of_top(t):
    """Below the pane's first process, which may be the user's shell, the bash of this test, or whatever else was put in between."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        done = subprocess.run(["ps", "-e", "-o", "ppid=,pid=,comm="], capture_output=True, text=True)
        rows = [line.split(None, 2) for line in done.stdout.splitlines()]
        below, comms = {t.says("pane_pid")}, {pid: comm for _, pid, comm in rows}
        for _ in range(8):
            below |= {pid for ppid, pid, _ in rows if ppid in below}
        found = [int(pid) for pid in below if comms.get(pid) == "highwater"]
        if found:
            return max(found)
        time.sleep(0.05)
    raise AssertionError("highwater does not run")


def quitting_leaves_the_terminal_sane(folder):
    for how, code in (("q", 0), ("C-c", 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        with shell_around(f"{HIGHWATER} top", folder) as t:
            t.wait(FOOT)
            if isinstance(how, str):
                t.keys(how)
            else:
                os.kill(pid_of_top(t), how)
            t.wait(f"code={code}")
            time.sleep(0.2)
            expect_sane(t, folder)


def a_signal_ends_it_while_its_terminal_is_stopped(_):
    """A terminal that nobody reads takes no bytes once its buffers are full, and a drawing waits in write(2)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.execv(HIGHWATER, [HIGHWATER, "top", "0.1"])
        try:
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
            os.read(fd, 4096)
            os.write(fd, b"\x13")  # Ctrl-S
            for key in b"23451" * 200:  # as a user would who wonders why nothing happens
                os.write(fd, bytes([key]))
                time.sleep(0.002)
            os.kill(pid, number)
            end = time.monotonic() + 5
            while (ended := os.waitpid(pid, os.WNOHANG))[0] == 0 and time.monotonic() < end:
                time.sleep(0.02)
            check(ended[0] == pid, f"signal {number} did not end it")
            check(os.waitstatus_to_exitcode(ended[1]) == -number, f"exit code {os.waitstatus_to_exitcode(ended[1])}")
            modes = termios.tcgetattr(fd)
            check(modes[3] & termios.ECHO and modes[3] & termios.ICANON, "the terminal's modes are not what they were")
            pid = 0
        finally:
            if pid:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            os.close(fd)


def stopping_lends_the_terminal_to_the_shell(folder):
    with shell_around(f"{HIGHWATER} top", folder) as t:
        t.wait(FOOT)
        t.keys("C-z")
        t.wait("Stopped")
        check(t.says("alternate_on") == "0", "still on the alternate screen while stopped")
        t.keys("echo he''llo", "Enter")
        t.wait("hello")
        t.keys("fg", "Enter")
        t.wait(FOOT)
        # A stop nobody can take hold of, and the way back from it.
        pid = pid_of_top(t)
        os.kill(pid, signal.SIGSTOP)
        t.wait("Stopped")
        t.keys("fg", "Enter")
        t.wait(FOOT)
        t.keys("3")
        t.wait("COMMAND")
        t.keys("q")
        t.wait(lambda text: "ready:" in text and FOOT not in text)


def terminals_that_cannot_are_refused(folder):
    for term, text in (("dumb", "terminal 'dumb' cannot move its cursor"), ("nosuchterm", "unknown terminal 'nosuchterm'")):
        with shell_around(f"TERM={term} {HIGHWATER} top", folder) as t:
            t.wait("code=1")
            check(text in t.text().replace("\n", ""), t.text())
            expect_sane(t, folder)


def a_refresh_sends_little(_):
    """Bytes to the terminal of a refresh, against those of the first screen."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        os.environ.pop("NO_COLOR", None)
        time.sleep(0.2)  # until the size is set
        os.execv(HIGHWATER, [HIGHWATER, "top", "0.5"])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read_for(seconds):
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            if select.select([fd], [], [], left)[0]:
                count += len(os.read(fd, 65536))
        return count

    try:
        first = read_for(1.2)
        per_refresh = read_for(4) / 8
    finally:
        os.write(fd, b"q")
        time.sleep(0.3)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)
    print(f"# first screen {first} bytes, then {per_refresh:.0f} bytes a refresh")
    check(first > 1000, "nothing was drawn")
    # Numbers change everywhere on a machine that runs tests; frames, names and bars must not be sent again.
    check(per_refresh < first / 3, f"{per_refresh:.0f} bytes a refresh, {first} for the first screen")


TESTS = (
    overview_at_80x24,
    overview_at_132x40,
    every_screen_has_its_heads,
    filters_and_sorts,
    resizing_is_followed,
    without_utf8_all_is_ascii,
    without_colour_there_is_none,
    a_capture_is_stepped_through,
    there_and_back_shows_the_same,
    the_next_verdict_is_found,
    quitting_leaves_the_terminal_sane,
    a_signal_ends_it_while_its_terminal_is_stopped,
    stopping_lends_the_terminal_to_the_shell,
    terminals_that_cannot_are_refused,
    a_refresh_sends_little,
)


def main():
    if not shutil.which("tmux"):
        print("tmux is not installed, and it is the terminal these tests look at")
        sys.exit(77)
    chosen = [test for test in TESTS if not sys.argv[1:] or test.__name__ in sys.argv[1:]]
    failed = 0
    print(f"1..{len(chosen)}")
    with tempfile.TemporaryDirectory() as folder:
        for number, test in enumerate(chosen, 1):
            try:
                test(pathlib.Path(folder))
                print(f"ok {number} - {test.__name__}", flush=True)
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"not ok {number} - {test.__name__}", flush=True)
                print("\n".join("# " + line for line in str(error).splitlines()), flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
