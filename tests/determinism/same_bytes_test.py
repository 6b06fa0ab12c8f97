#!/usr/bin/env python3
"""same_bytes_test.py - the same input gives the same bytes: again, and built by clang at -O0. Prints TAP.

Every recording of examples/ is run and sized, and some scenarios are run; what is printed and the files of --proc and
--series are compared. The only figure that may differ is the CPU time that the replay itself took, `cpu_seconds`.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

# Limits low enough to make every example reclaim. A run may end in any outcome: it must be the same.
COMMANDS = [
    ("run_unlimited", ["run", "{file}", "--thp", "never", "--format", "json", "--proc", "{proc}"]),
    ("run_limited", ["run", "{file}", "--thp", "never", "--memory-max", "8M", "--swap", "64M", "--format", "json", "--proc", "{proc}"]),
    ("run_as_text", ["run", "{file}", "--thp", "never", "--memory-max", "16M", "--swap", "64M"]),
    ("run_huge", ["run", "{file}", "--thp", "always", "--memory-max", "24M", "--swap", "64M", "--format", "json", "--proc", "{proc}"]),
    ("size", ["size", "{file}", "--thp", "never", "--limits", "8M,16M,64M", "--format", "json"]),
    ("size_with_two_jobs", ["size", "{file}", "--thp", "never", "--limits", "8M,16M,64M", "--format", "json", "--jobs", "2"]),
]
# Of a scenario everything that run writes. The quick ones stand for all; same_bytes_heavy.py takes the others.
SCENARIO_COMMANDS = [
    ("run", ["run", "{file}", "--format", "json", "--proc", "{proc}", "--series", "{proc}.csv", "--every", "250ms"]),
]
SCENARIOS = ["container-oom-healthy-node", "free-memory-vanished-tmpfs", "leak", "writeback-congestion"]
# What huge.ini is for.
HUGE = ["thp_fault_alloc", "thp_collapse_alloc", "thp_split_page", "thp_split_pmd", "thp_deferred_split_page", "thp_zero_page_alloc", "thp_swpout",
        "thp_swpout_fallback", "thp_scan_exceed_swap_pte", "thp_scan_exceed_share_pte"]
TIMES = re.compile(r'("cpu_seconds"\s*:\s*)[0-9.eE+-]+')


def tree_digest(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def result_of(program, arguments, file):
    """Exit code, stdout without times, and a digest of the --proc tree."""
    with tempfile.TemporaryDirectory() as folder:
        proc = pathlib.Path(folder) / "proc"
        command = [str(program)] + [word.format(file=file, proc=proc) for word in arguments]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=folder,
                              env={**os.environ, "TERM": "dumb", "LC_ALL": "C.UTF-8"})
        # A path of this run's own folder is not a difference.
        out = TIMES.sub(r"\g<1>0", done.stdout).replace(folder, "FOLDER")
        # Of the whole folder: the tree, and the series beside it.
        return done.returncode, out, tree_digest(pathlib.Path(folder))


def difference(first, second):
    if first[0] != second[0]:
        return f"exit codes {first[0]} and {second[0]}"
    for one, two in zip(first[1].splitlines(), second[1].splitlines()):
        if one != two:
            return f"{one!r} and {two!r}"
    if first[1] != second[1]:
        return "one output is longer"
    return "the files differ" if first[2] != second[2] else None


def check(files):
    """Prints TAP for these recordings and scenarios, and ends the program."""
    release = pathlib.Path(os.environ.get("BUILD", TOP / "build")) / "highwater"
    variants = [("again", release)]
    if os.environ.get("BUILD_CLANG"):
        variants.append(("clang_O0", pathlib.Path(os.environ["BUILD_CLANG"]) / "highwater"))
    for _, program in variants:
        if not program.exists():
            sys.exit(f"{program} was not built")

    number = failed = 0
    for file in files:
        if file.stem == "huge":  # else the same bytes of it would say little
            text = subprocess.run([release, "run", "-q", file, "--format", "json"], capture_output=True, text=True, check=True).stdout
            number += 1
            idle = [key for key in HUGE if not json.loads(text)["vmstat"][key]]
            failed += bool(idle)
            print(f"{'not ok' if idle else 'ok'} {number} - {file.stem} does all that huge pages do {' '.join(idle)}")
    if len(variants) == 1:
        number += 1
        print(f"ok {number} - clang_O0 # SKIP clang is not installed")
    for file in files:
        for name, arguments in COMMANDS if file.suffix == ".hwt" else SCENARIO_COMMANDS:
            first = result_of(release, arguments, file)
            if first[0] < 0 or first[0] == 2:
                number, failed = number + 1, failed + 1
                print(f"not ok {number} - {file.stem} {name}\n# {' '.join(arguments)}: exit code {first[0]}")
                continue
            for variant, program in variants:
                differs = difference(first, result_of(program, arguments, file))
                number += 1
                failed += differs is not None
                print(f"{'not ok' if differs else 'ok'} {number} - {file.stem} {name} {variant}")
                if differs:
                    print(f"# {' '.join(arguments)}: {differs}")
    print(f"1..{number}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    check(sorted((TOP / "examples").glob("*.hwt")) + [TOP / "scenarios" / f"{name}.ini" for name in SCENARIOS]
          + [pathlib.Path(__file__).parent / "huge.ini"])
