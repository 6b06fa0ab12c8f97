#!/usr/bin/env python3
"""texts_test.py - names and order of the lines of our files and OOM reports against those of the real kernels, file by file. Prints TAP.

One machine as the guest of fixtures-6.1 and fixtures-6.12 (384 MiB, one CPU, swap, a nested group) is run with each profile. Every run of
digits counts as one, and blanks are one blank: what a value is, other tests compare."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
HIGHWATER = os.environ.get("HIGHWATER", HERE.parents[1] / "build" / "highwater")
THP = "sys/kernel/mm/transparent_hugepage"
NODE = "sys/devices/system/node/node0"

MACHINE = """[machine]
ram = 384M
cpus = 1
swap = 64M
thp = never
runtime = 3s
[cgroup nest]
memory.max = 64M
[cgroup nest/inner]
memory.max = 48M
[task inner]
cgroup = nest/inner
memory = 20M
rate = 500/s
"""
# A group without swap that is too small; and a machine without.
GROUP_OOM = """[machine]
ram = 384M
cpus = 1
thp = never
runtime = 3s
[cgroup oom]
memory.max = 16M
[task pattern]
cgroup = oom
memory = 32M
rate = 500/s
"""
GLOBAL_OOM = GROUP_OOM.replace("[cgroup oom]\nmemory.max = 16M\n", "").replace("cgroup = oom\n", "").replace("memory = 32M", "memory = 600M")


def digits(line):
    return " ".join(re.sub(r"\d+", "N", line).split())


def whole(text):
    """Each line with its values."""
    return [digits(line) for line in text.splitlines()]


def keys(text):
    """What stands before the value of each line: "VmRSS:" or "nr_free_pages"."""
    return [line.split(":")[0].strip() if ":" in line else digits(line.split()[0]) for line in text.splitlines()]


def mapping(text):
    """Of smaps the lines below the first mapping's head."""
    lines = text.splitlines()[1:]
    return keys("\n".join(lines[:1 + next(i for i, line in enumerate(lines) if line.startswith("VmFlags"))]))


def rollup(text):
    """Without its first line, which has addresses."""
    return keys("\n".join(text.splitlines()[1:]))


# What each file is compared by.
FILES = (("proc/meminfo", whole), ("proc/vmstat", whole), ("proc/zoneinfo", whole), ("proc/PID/status", keys),
         ("proc/PID/smaps", mapping), ("proc/PID/smaps_rollup", rollup), (NODE + "/vmstat", whole), (NODE + "/meminfo", whole),
         ("sys/fs/cgroup/nest/memory.stat", whole), ("sys/fs/cgroup/nest/memory.numa_stat", whole),
         ("sys/fs/cgroup/nest/cgroup.stat", whole))

# Lines of a kernel's report that a model has not: registers, the code around them, uncertain callers ("? name"), the hardware.
UNKNOWN = re.compile(r"^(RIP|Code|RSP|RAX|RDX|RBP|R\d+|ORIG_RAX|Hardware name|CR\d)\b|^ *\? ")


def report(text):
    """An OOM report: of a task's row the number of its columns, each once; without migrate types of free blocks, which differ from boot to boot."""
    lines = []
    for line in text.splitlines():
        line = re.sub(r"^\[ *\d+\.\d+\] ", "", line)
        if UNKNOWN.match(line.strip()):
            continue
        line = re.sub(r"Not tainted .*", "Not tainted", re.sub(r"0x[0-9a-f]+", "N", line))
        line = re.sub(r" \([UMEHC]+\)", "", line)
        line = re.sub(r"all_unreclaimable\? \w+", "all_unreclaimable?", line)
        if re.match(r"\[ +\d+\]", line):
            line = "task: %d columns" % len(line.split("]")[1].split())
        lines.append(digits(line))
    return [line for i, line in enumerate(lines) if not (line.startswith("task:") and line in lines[:i])]


def directory_of(root, name):
    return sorted(str(path.relative_to(root)) for path in (root / name).rglob("*") if path.is_file())


def find(root, name):
    if "PID" not in name:
        return root / name
    return sorted(root.glob(name.replace("PID", "[0-9]*")), key=lambda path: int(path.parent.name))[-1]


def run(work, scenario, kernel):
    (work / "scenario.ini").write_text(scenario)
    done = subprocess.run([HIGHWATER, "run", work / "scenario.ini", "--kernel", kernel, "--proc", work / "tree"],
                          capture_output=True, text=True, check=False)
    if not (work / "tree" / "proc").is_dir():
        raise AssertionError(f"run says {done.returncode}: {done.stderr}")
    return work / "tree"


def first_difference(real, ours):
    for i in range(max(len(real), len(ours))):
        a, b = (lines[i] if i < len(lines) else "(end)" for lines in (real, ours))
        if a != b:
            return f"line {i + 1}: the kernel has '{a}', ours '{b}'"
    return None


def compare_files(fixtures, tree):
    for name, by in FILES:
        if not list(fixtures.glob(name.replace("PID", "[0-9]*"))):
            continue  # fixtures-6.12 has what 6.12 changed
        yield name, first_difference(by(find(fixtures, name).read_text()), by(find(tree, name).read_text()))


def compare_thp(fixtures, tree):
    """Names of files in each directory, and the settings, of which a switch says what may be chosen; ours may have more sizes."""
    dirs = {os.path.dirname(name) for name in directory_of(fixtures, THP)}
    real = directory_of(fixtures, THP)
    ours = [name for name in directory_of(tree, THP) if os.path.dirname(name) in dirs]
    yield "files of " + THP, first_difference(real, ours)
    for name in real:
        if name in ours and name.split("/")[-1].endswith("enabled"):
            yield name, first_difference((fixtures / name).read_text().split(), (tree / name).read_text().split())


def first_kill(log):
    """The log up to the line that says who was killed first."""
    lines = log.splitlines()
    return "\n".join(lines[:1 + next(i for i, line in enumerate(lines) if ": Killed process" in line)])


def compare_reports(fixtures, kernel, work):
    for name, scenario in (("memcg", GROUP_OOM), ("global", GLOBAL_OOM)):
        (work / name).mkdir()
        tree = run(work / name, scenario, kernel)
        ours = (tree / "var/log/dmesg").read_text()
        real = (fixtures / f"dmesg-oom-{name}.txt").read_text()
        yield f"OOM report, {name}", first_difference(report(first_kill(real)), report(first_kill(ours)))


def main():
    number = failed = 0
    with tempfile.TemporaryDirectory(prefix="texts-") as work:
        for kernel in ("6.1", "6.12"):
            fixtures = HERE / ("fixtures-" + kernel) / "384M"
            place = pathlib.Path(work) / kernel
            place.mkdir()
            tree = run(place, MACHINE, kernel)
            for part in (compare_files(fixtures, tree), compare_thp(fixtures, tree), compare_reports(fixtures, kernel, place)):
                for name, wrong in part:
                    number += 1
                    failed += wrong is not None
                    print(f"{'not ok' if wrong else 'ok'} {number} - {kernel}: {name}")
                    if wrong:
                        print("# " + wrong)
    print(f"1..{number}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
