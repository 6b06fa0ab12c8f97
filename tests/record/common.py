"""common.py - what the recorder's tests share: find the program, record something, tell skips from failures.

A test is a function of a temporary directory that raises Failure. A test program exits 0, 1, or 77 with the reason when
there is no recorder. HIGHWATER names the program, build/highwater unless it is set.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SKIP = 77
TIMEOUT = 120


class Failure(Exception):
    pass


def highwater():
    return os.environ.get("HIGHWATER", os.path.join(TOP, "build", "highwater"))


def build_c(source, tmp, flags=()):
    program = os.path.join(tmp, os.path.splitext(os.path.basename(source))[0])
    subprocess.run(["gcc", "-mcx16", "-pthread", "-o", program, os.path.join(HERE, source), *flags],
                   check=True)
    return program


def start(tmp, command, options=(), **popen):
    """Start a recording into tmp/x.hwt. Returns the path and the process."""
    path = os.path.join(tmp, "x.hwt")
    process = subprocess.Popen([highwater(), "record", "-o", path, *options, "--", *command],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)
    return path, process


def record(tmp, command, options=(), status=0, stdin=None):
    """Record to the end. Returns the path and what the program printed."""
    path, process = start(tmp, command, options, stdin=subprocess.PIPE)
    out, err = process.communicate(stdin, timeout=TIMEOUT)
    if process.returncode != status:
        raise Failure("exit code %d, want %d; stderr: %s" % (process.returncode, status, err.decode()))
    return path, out.decode()


def expect(condition, what, *values):
    if not condition:
        raise Failure(what + (": " + ", ".join(map(str, values)) if values else ""))


def why_not_here():
    """The reason for a skip, or None."""
    with tempfile.TemporaryDirectory() as tmp:
        process = subprocess.run([highwater(), "record", "-o", os.path.join(tmp, "x.hwt"), "--", "true"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if process.returncode != 0 and b"not built" in process.stderr:
            return "the recorder is not built (package valgrind)"
    return None


def program_for_all(parent):
    """A copy that nobody may run, wherever it was built."""
    beside = os.path.join(os.path.dirname(highwater()), "src/record/valgrind")
    if not os.path.isdir(beside):
        return highwater()
    os.makedirs(os.path.join(parent, "src/record/valgrind"))
    for tool in glob.glob(beside + "/hwrecord-*-linux"):
        shutil.copy(tool, os.path.join(parent, "src/record/valgrind"))
    return shutil.copy(highwater(), os.path.join(parent, "highwater"))


def skip_if_not_here():
    reason = why_not_here()
    if reason:
        print("SKIP: " + reason)
        sys.exit(SKIP)


def run_programs(figure, names, missing, test):
    """The loop of tests that take a program of the list after the other, and print TAP; exits. missing(name): what this machine lacks for it, or None.
    test(name, folder) returns a figure to keep as "FIGURE, name", and raises Failure."""
    names = [n for n in names if not sys.argv[1:] or n in sys.argv[1:]]
    skip_if_not_here()
    failed = 0
    print("1..%d" % len(names))
    for number, name in enumerate(names, 1):
        if missing(name):
            print("ok %d - %s # SKIP %s is not installed" % (number, name, missing(name)), flush=True)
            continue
        with tempfile.TemporaryDirectory(dir="/var/tmp") as parent:
            os.chmod(parent, 0o755)
            try:
                print("# result %s, %s = %s\nok %d - %s" % (figure, name, test(name, parent), number, name), flush=True)
            except Failure as f:
                failed += 1
                print("not ok %d - %s\n# %s" % (number, name, f), flush=True)
            except Exception:  # a broken test is a failed test, and the next one runs
                failed += 1
                print("not ok %d - %s\n# %s" % (number, name, traceback.format_exc().replace("\n", "\n# ")), flush=True)
    sys.exit(1 if failed else 0)


def run_tests(*tests):
    if not os.path.exists(highwater()):
        print("SKIP: no %s" % highwater())
        sys.exit(SKIP)
    skip_if_not_here()
    wanted, failed = sys.argv[1:], 0
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory() as tmp:
            try:
                test(tmp)
                print("ok   " + test.__name__, flush=True)
            except Failure as f:
                failed += 1
                print("FAIL %s: %s" % (test.__name__, f), flush=True)
            except Exception:  # a broken test is a failed test, and the next one runs
                failed += 1
                print("FAIL %s" % test.__name__, flush=True)
                traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 0)
