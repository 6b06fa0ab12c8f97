#!/usr/bin/env python3
"""cli_test.py - run one command-line test of tests/cli. The format is in tests/cli/README.md.

usage: tools/cli_test.py BUILD_DIR FILE.t...
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

TOP = pathlib.Path(__file__).resolve().parent.parent
SIZE_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
TIME_DEFAULT_S = 60.0


class BadTest(Exception):
    """The .t file itself is wrong."""


class Command:
    def __init__(self, line, text, limits):
        self.line, self.text = line, text
        self.limits = dict(limits)
        self.stdin = []
        self.stdout, self.stderr = [], []  # patterns: ("line" | "regex" | "any", text)
        self.code = 0


def parse_limit(word, value, where):
    number, _, unit = value.partition(" ")
    try:
        if word in ("time", "cpu") and unit == "s":
            return float(number)
        if word == "memory" and unit in SIZE_UNITS:
            return float(number) * SIZE_UNITS[unit]
    except ValueError:
        pass
    raise BadTest(f"{where}: want 'time: 5 s', 'cpu: 5 s' or 'memory: 20 MiB', not '{word}: {value}'")


def pattern(rest):
    """What stands behind '>' or '!'."""
    if rest == "...":
        return ("any", "")
    if rest.startswith("~ "):
        return ("regex", rest[2:])
    return ("line", rest[1:] if rest.startswith(" ") else rest)


def parse(path):
    """A list of ("file", name, text), ("needs", word) and Command."""
    steps = []
    limits = {"time": TIME_DEFAULT_S}
    command, content = None, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.name}:{number}"
        word, colon, value = line.partition(":")
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("$ "):
            command = Command(number, line[2:], limits)
            steps.append(command)
        elif line.startswith("@ "):
            content = []
            steps.append(("file", line[2:].strip(), content))
        elif line.startswith("|") and content is not None:
            content.append(line[2:])
        elif word in ("time", "cpu", "memory") and colon:
            limits[word] = parse_limit(word, value.strip(), where)
        elif word == "needs" and colon:
            steps.append(("needs", value.strip()))
        elif command is None:
            raise BadTest(f"{where}: no command before this line: {line}")
        elif line[0] == "<":
            command.stdin.append(line[2:])
        elif line[0] == ">":
            command.stdout.append(pattern(line[1:]))
        elif line[0] == "!":
            command.stderr.append(pattern(line[1:]))
        elif line.startswith("= "):
            command.code = int(line[2:])
        else:
            raise BadTest(f"{where}: not a line of a test: {line}")
    if not any(isinstance(step, Command) for step in steps):
        raise BadTest(f"{path.name}: no command")
    return steps


def match_one(kind, text, line):
    return re.fullmatch(text, line) is not None if kind == "regex" else text == line


def first_mismatch(patterns, lines):
    """None when they match; else a sentence. `any` stands for the shortest run of lines that lets the rest match."""
    # reach[i]: positions in lines where patterns[:i] can end
    reach = {0}
    for index, (kind, text) in enumerate(patterns):
        if kind == "any":
            nearest = min(reach)
            reach = set(range(nearest, len(lines) + 1))
            continue
        after = {at + 1 for at in reach if at < len(lines) and match_one(kind, text, lines[at])}
        if not after:
            at = min(reach)
            got = repr(lines[at]) if at < len(lines) else "the end"
            sign = "~" if kind == "regex" else " "
            return f"wanted '{sign}{text}' (expectation {index + 1}), got {got} at line {at + 1}"
        reach = after
    if len(lines) in reach:
        return None
    at = max(reach)
    return f"unexpected line {at + 1}: {lines[at]!r}"


def missing_need(need):
    if need == "root":
        return None if os.geteuid() == 0 else "needs root"
    if need.startswith("file "):
        name = need[5:].strip()
        return None if (TOP / name).exists() else f"needs {name}"
    return None if shutil.which(need) else f"needs the program {need}"


# Process groups that are running now, so that an interrupt can end them.
_groups = set()


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kill_groups():
    for pid in list(_groups):
        kill_group(pid)


@contextlib.contextmanager
def group_of(process):
    """Whatever the process (started in a session of its own) leaves behind is killed at the end."""
    _groups.add(process.pid)
    try:
        yield
    finally:
        kill_group(process.pid)
        _groups.discard(process.pid)


def run_command(command, folder, env):
    """(exit code or None when out of time, stdout, stderr, cpu seconds, peak bytes)"""
    stdin = "".join(line + "\n" for line in command.stdin).encode()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as inp:
        inp.write(stdin)
        inp.seek(0)
        process = subprocess.Popen(["/bin/sh", "-c", command.text], stdin=inp, stdout=out, stderr=err,
                                   cwd=folder, env=env, start_new_session=True)
        timer_fired = []

        def stop():
            timer_fired.append(True)
            kill_group(process.pid)

        with group_of(process):
            timer = threading.Timer(command.limits["time"], stop)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        code = None if timer_fired else process.returncode
        return (code, out.read().decode(errors="replace"), err.read().decode(errors="replace"),
                usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def check_command(command, result):
    """Sentences about what is wrong."""
    code, out, err, cpu, peak = result
    wrong = []
    if code is None:
        return [f"still running after {command.limits['time']:g} s"]
    if code != command.code:
        wrong.append(f"exit code {code}, wanted {command.code}")
    for name, text, patterns in (("stdout", out, command.stdout), ("stderr", err, command.stderr)):
        mismatch = first_mismatch(patterns, text.splitlines())
        if mismatch:
            wrong.append(f"{name}: {mismatch}")
    if cpu > command.limits.get("cpu", cpu):
        wrong.append(f"took {cpu:.2f} s of CPU, limit {command.limits['cpu']:g} s")
    if peak > command.limits.get("memory", peak):
        wrong.append(f"peak memory {peak >> 20} MiB, limit {int(command.limits['memory']) >> 20} MiB")
    return wrong


def run_file(path, build):
    """("pass" | "fail" | "skip", text)"""
    try:
        steps = parse(path)
    except BadTest as error:
        return "fail", str(error)
    env = {key: value for key, value in os.environ.items() if key in ("HOME", "USER", "ASAN_OPTIONS")}
    env.update(PATH=f"{build}:{os.environ['PATH']}", LC_ALL="C.UTF-8", TERM="dumb", TOP=str(TOP),
               BUILD=str(build), EXAMPLES=str(TOP / "examples"))
    with tempfile.TemporaryDirectory(prefix="highwater-cli-") as folder:
        env["TMPDIR"] = folder
        for step in steps:
            if isinstance(step, Command):
                result = run_command(step, folder, env)
                wrong = check_command(step, result)
                if wrong:
                    shown = [f"line {step.line}: $ {step.text}"] + wrong
                    shown += ["stdout> " + line for line in result[1].splitlines()]
                    shown += ["stderr> " + line for line in result[2].splitlines()]
                    return "fail", "\n".join(shown)
            elif step[0] == "needs":
                reason = missing_need(step[1])
                if reason:
                    return "skip", reason
            else:
                target = pathlib.Path(folder) / step[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("".join(line + "\n" for line in step[2]))
    return "pass", ""


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    failed = False
    for name in sys.argv[2:]:
        outcome, text = run_file(pathlib.Path(name), pathlib.Path(sys.argv[1]).resolve())
        failed |= outcome == "fail"
        print(f"{outcome} {name}" + (f"\n{text}" if text else ""))
    sys.exit(failed)


if __name__ == "__main__":
    main()
