#!/usr/bin/env python3
"""run_tests.py - run every test there is and count.

What is found, and how it is run:

    unit      src/*/*_test.c   in the release build, in the sanitizer build and in clang's, whose UBSan sees more
    property  src/*/*_fuzz.c   in both; in the sanitizer build the machine checks itself (HW_CHECKS)
    cli       tests/cli/*.t    against the release build (format: tests/cli/README.md)
    script    tests/*/*_test.{py,sh}   with HIGHWATER, BUILD, BUILD_SAN, BUILD_CLANG, TOP in the environment
    heavy     tests/*/*_heavy.{py,sh}  only with --heavy: the same, but what takes minutes to hours

A program passes with exit code 0 and is skipped with 77, the last line of its output being the reason. When its
output is TAP ("ok 1 - name", "not ok 2 - name", "ok 3 - name # SKIP reason"), each line counts as a test.
Unit tests are cmocka programs and are asked for TAP. The last lines are the ten slowest programs, the total time, and
"N passed, N failed[, N skipped]".

What a heavy test found is kept in tests/results/FOLDER-NAME.json, which is meant to be committed: date, commit,
seconds, the outcome of each case, and the figures that the test printed as lines "# result NAME = VALUE".
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import cli_test

TOP = pathlib.Path(__file__).resolve().parent.parent
SKIP_CODE = 77
TIMEOUT_S = 420  # one program; far above what any needs, far below the twenty minutes of all
TIMEOUT_HEAVY_S = 4 * 3600
BUDGET_S = 20 * 60  # of everything but the heavy tests, builds included, on two cores
NR_SLOWEST = 10
RESULTS = TOP / "tests/results"
OUTPUT_LINES = 60  # of a failed test that are shown

PASS, FAIL, SKIP = "pass", "FAIL", "skip"


class Case:
    """One counted test: its outcome, its name within the program, and a reason or the output."""

    def __init__(self, outcome, name="", text=""):
        self.outcome, self.name, self.text = outcome, name, text


class Program:
    """Something to run that yields cases. `weight` says what to start first: the long ones."""

    def __init__(self, kind, name, command, env=None, weight=0, timeout_s=None):
        self.kind, self.name, self.command = kind, name, command
        self.env, self.weight = env or {}, weight
        self.timeout_s = timeout_s or TIMEOUT_S

    def label(self):
        return f"{self.kind} {self.name}"

    def run(self):
        if not os.access(self.command[0], os.X_OK):
            return [Case(FAIL, text=f"{self.command[0]} was not built")]
        code, output = run_command(self.command, {**os.environ, **self.env}, self.timeout_s)
        return read_outcome(code, output, self.timeout_s)


class HeavyProgram(Program):
    """Keeps what it found: see the head of this file."""

    def __init__(self, path, env):
        super().__init__(path.parent.name, path.stem, [str(path)], env, weight=8, timeout_s=TIMEOUT_HEAVY_S)
        self.result_path = RESULTS / f"{path.parent.name}-{path.stem.removesuffix('_heavy')}.json"

    def run(self):
        if not os.access(self.command[0], os.X_OK):
            return [Case(FAIL, text=f"{self.command[0]} is not executable")]
        start = time.monotonic()
        code, output = run_command(self.command, {**os.environ, **self.env}, self.timeout_s)
        cases = read_outcome(code, output, self.timeout_s)
        if code != SKIP_CODE:  # what could not run here leaves the result of where it could
            self.keep(cases, output, time.monotonic() - start)
        return cases

    def keep(self, cases, output, seconds):
        git = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=TOP, capture_output=True, text=True)
        result = {
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            "commit": git.stdout.strip() or "unknown",
            "seconds": round(seconds),
            "cases": {case.name or self.name: case.outcome.lower() for case in cases},
            "results": dict(re.findall(r"^# result ([^=\n]+?) *= *(.*?) *$", output, re.MULTILINE)),
        }
        self.result_path.parent.mkdir(exist_ok=True)
        self.result_path.write_text(json.dumps(result, indent=2) + "\n")


class CliProgram(Program):
    def __init__(self, path, build):
        super().__init__("cli", path.stem, [str(path)])
        self.path, self.build = path, build

    def run(self):
        if not os.access(self.build / "highwater", os.X_OK):
            return [Case(FAIL, text=f"{self.build}/highwater was not built")]
        outcome, text = cli_test.run_file(self.path, self.build)
        return [Case({"pass": PASS, "fail": FAIL, "skip": SKIP}[outcome], text=text)]


def run_command(command, env, timeout_s):
    """Exit code (negative: signal; None: took too long) and stdout with stderr. Kills the whole process group."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                                   cwd=TOP, start_new_session=True)
        with cli_test.group_of(process):
            try:
                code = process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                code = None
        process.wait()
        out.seek(0)
        return code, out.read().decode(errors="replace")


def read_outcome(code, output, timeout_s):
    tap = []
    for match in re.finditer(r"^(not )?ok(?: \d+)?(?: - | )?([^#\n]*)(?:# *[Ss][Kk][Ii][Pp]\S*(.*))?$", output,
                             re.MULTILINE):
        failed, name, skip = match.groups()
        name = name.strip()
        if skip is not None:
            tap.append(Case(SKIP, name, skip.strip() or "no reason given"))
        else:
            tap.append(Case(FAIL if failed else PASS, name, output if failed else ""))
    if code == SKIP_CODE:
        lines = output.strip().splitlines()
        return [Case(SKIP, text=lines[-1] if lines else "no reason given")]
    if code is None:
        return tap + [Case(FAIL, text=f"{output}\n(still running after {timeout_s} s)")]
    plan = re.search(r"^1\.\.(\d+)", output, re.MULTILINE)
    if code and not any(case.outcome == FAIL for case in tap):
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return tap + [Case(FAIL, text=f"{output}\n({how})")]
    if tap and plan and len(tap) < int(plan.group(1)):
        return tap + [Case(FAIL, text=f"{output}\n(ended after {len(tap)} of {plan.group(1)} tests)")]
    return tap or [Case(PASS)]


def meson_tests(build):
    """What the build description lists, built or not: [(suite, name, command)]."""
    done = subprocess.run(["meson", "introspect", "--tests", str(build)], capture_output=True, text=True)
    if done.returncode:
        return []  # not even configured: `--broken` counts that
    return [(test["suite"][0].split(":")[-1], test["name"], test["cmd"]) for test in json.loads(done.stdout)]


def find_programs(args):
    builds = [(prefix, build) for prefix, build in (("", args.build), ("san-", args.san), ("clang-", args.clang)) if build]
    programs = []
    for prefix, build in builds:
        for suite, name, command in meson_tests(build):
            if args.fuzz:
                if suite == "property" and build != args.clang:
                    programs.append(Program(prefix + suite, name, command + [f"x{args.fuzz}", str(args.seed)]))
                continue
            if build == args.clang and suite != "unit":
                continue
            weight = 2 if suite == "property" else 0
            env = {"CMOCKA_MESSAGE_OUTPUT": "TAP"} if suite == "unit" else {}
            programs.append(Program(prefix + suite, name, command, env, weight + bool(prefix)))
    if args.fuzz:
        return programs
    env = {"HIGHWATER": str(args.build / "highwater"), "BUILD": str(args.build), "TOP": str(TOP),
           "BUILD_SAN": str(args.san or ""), "BUILD_CLANG": str(args.clang or "")}
    for path in sorted((TOP / "tests").glob("*/*_test.*")):
        if path.suffix in (".py", ".sh"):
            programs.append(Program(path.parent.name, path.stem, [str(path)], env, weight=4))
    if args.heavy:
        programs += [HeavyProgram(path, env) for path in sorted((TOP / "tests").glob("*/*_heavy.*"))
                     if path.suffix in (".py", ".sh")]
    programs += [CliProgram(path, args.build) for path in sorted((TOP / "tests/cli").glob("*.t"))]
    return programs


class Progress:
    """Prints each program as it ends, and what it found, in one piece."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {PASS: 0, FAIL: 0, SKIP: 0}
        self.failures = []
        self.seconds = []  # (seconds, label) of each program

    def show(self, program, cases, seconds):
        with self.lock:
            for case in cases:
                self.counts[case.outcome] += 1
            self.seconds.append((seconds, program.label()))
            failed = [case for case in cases if case.outcome == FAIL]
            skipped = [case for case in cases if case.outcome == SKIP]
            word = FAIL if failed else SKIP if len(skipped) == len(cases) else PASS
            print(f"{word} {program.label()} ({len(cases)} in {seconds:.1f} s)")
            for case in skipped:
                print(f"     skipped {case.name + ': ' if case.name else ''}{case.text}")
            for case in failed:
                self.failures.append(f"{program.label()} {case.name}".strip())
                print(f"     failed {case.name}")
            for text in dict.fromkeys(case.text for case in failed):
                lines = text.rstrip().splitlines()
                if len(lines) > OUTPUT_LINES:
                    lines = [f"(... {len(lines) - OUTPUT_LINES} lines)"] + lines[-OUTPUT_LINES:]
                print("\n".join("     | " + line for line in lines))
            sys.stdout.flush()

    def finish(self, build_s, test_s, heavy):
        if len(self.seconds) > NR_SLOWEST:
            print("\nSlowest:")
            for seconds, label in sorted(self.seconds, reverse=True)[:NR_SLOWEST]:
                print(f"  {seconds:6.1f} s  {label}")
        if self.failures:
            print("\nFailed:")
            print("\n".join("  " + name for name in self.failures))
        print(f"\nTotal: {build_s + test_s:.0f} s ({build_s:.0f} s to build, {test_s:.0f} s to test)")
        if build_s + test_s > BUDGET_S and not heavy:
            print(f"That is more than the {BUDGET_S // 60} minutes that all tests may take on two cores: make the slowest "
                  "faster, or name them *_heavy")
        skipped = f", {self.counts[SKIP]} skipped" if self.counts[SKIP] else ""
        print(f"{self.counts[PASS]} passed, {self.counts[FAIL]} failed{skipped}")


def run_one(program, progress):
    start = time.monotonic()
    try:
        cases = program.run()
    except Exception as error:  # a broken test must not hide the others
        cases = [Case(FAIL, text=f"the test runner failed: {error!r}")]
    progress.show(program, cases, time.monotonic() - start)


def main():
    # A shell starts what it puts into the background with Ctrl-C ignored, and the tests of signals would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the release build")
    parser.add_argument("--san", type=pathlib.Path, help="the build with sanitizers and checks")
    parser.add_argument("--clang", type=pathlib.Path, help="the program built by clang at -O0")
    parser.add_argument("--broken", action="append", default=[], metavar="DIR",
                        help="a build that did not compile: counts as one failed test")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--build-seconds", type=float, default=0, help="what the builds took, for the total")
    parser.add_argument("--heavy", action="store_true", help="also run tests/*/*_heavy.*, and keep their results")
    parser.add_argument("--fuzz", type=int, help="only property programs, this many times longer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("names", nargs="*", help="run only what contains one of these")
    args = parser.parse_args()
    for name in ("build", "san", "clang"):
        if getattr(args, name):
            setattr(args, name, getattr(args, name).resolve())
    global TIMEOUT_S
    if args.fuzz:
        TIMEOUT_S = None

    # Shadow of large blocks is cleared in place: mapping it anew flushes the TLB at each malloc(), which costs more than half of some programs.
    os.environ.setdefault("ASAN_OPTIONS", "abort_on_error=0:detect_stack_use_after_return=1:clear_shadow_mmap_threshold=67108864:"
                          "allocator_release_to_os_interval_ms=-1")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    start = time.monotonic()
    programs = find_programs(args)
    if args.names:
        programs = [p for p in programs if any(name in p.label() for name in args.names)]
    programs.sort(key=lambda program: -program.weight)
    progress = Progress()
    for build in args.broken:
        progress.show(Program("build", build, []), [Case(FAIL, text="it does not compile; see above")], 0)
    with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        futures = [pool.submit(run_one, program, progress) for program in programs]
        try:
            for future in futures:
                future.result()
        except KeyboardInterrupt:
            cli_test.kill_groups()
            print("\ninterrupted", file=sys.stderr)
            os._exit(130)
    progress.finish(args.build_seconds, time.monotonic() - start, args.heavy)
    sys.exit(progress.counts[FAIL] > 0 or not programs)


if __name__ == "__main__":
    main()
