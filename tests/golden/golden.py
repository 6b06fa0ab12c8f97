#!/usr/bin/env python3
"""golden.py - checksums of what the machine prints, so that a refactoring shows that it changed nothing.

  golden.py                      compare with golden.tsv (golden_test.py does the same, as a test)
  golden.py --update             write golden.tsv anew: only in a commit that names the mechanism that changed
  golden.py --against PROGRAM    show what changed: the outputs of another build beside ours, as a diff
  golden.py --outputs DIR        write every output below DIR
  golden.py --record             record recordings/ again, by tests/diff/pattern.c

NAME... restricts all but --record to cases whose name contains NAME. README.md says what is in the set.
"""

import argparse
import concurrent.futures
import difflib
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(TOP / "tests/diff"))
import compare  # noqa: E402

GOLDEN = HERE / "golden.tsv"
RECORDINGS = HERE / "recordings"
JOBS = 2
# Recordings are patterns of tests/diff with an eighth of the pages and touches. Limits shrink as much, except for the part that does
# not: text, stack and page tables of the program.
SCALE = 8
UNSCALED_BYTES = 1 << 20
# What may differ between two runs or versions: the CPU time of the replay, and the version of the program.
VARIES = re.compile(r'("version"\s*:\s*)[^\s,}]+')
# Every run tells every tunable. They are compared once, in a case of their own, so that a new one changes one checksum and not all.
TUNABLES = re.compile(r'"tunables"\s*:\s*\{[^{}]*\}')
TUNABLES_CASE = "tunables json"
# Recordings say nothing of their host's huge pages; the scenarios say that they want none.
NEVER = ["--thp", "never"]
DIFF_LINES = 40  # of one file that are shown


def cells():
    """(recording, options) of each cell of the differential reference, at our size. Cells that only differ in the limit share a recording."""
    for cell in json.loads(compare.REFERENCE.read_text())["cells"]:
        if cell["fraction"] > 1:
            continue
        limit = cell["limit_bytes"] // SCALE + UNSCALED_BYTES
        yield compare.name_of(cell), RECORDINGS / f"{cell['pattern']}.hwt", [
            "--memory-max", str(limit), "--swap", str(cell["swap_bytes"] // SCALE), "--swap-device", cell["swap_device"], "--disk", "ram",
            "--cpus", "1", "--ram", "256M", "--set", f"queue.read_ahead_kb={cell['readahead_kb']}",
            "--set", f"vm.page-cluster={cell['page_cluster']}", "--set", f"x.tlb_entries={compare.TLB_ENTRIES}", *NEVER]


def cases():
    """{name: arguments}; {out} in an argument is a folder for what the command writes."""
    found = {}
    for path in sorted((TOP / "scenarios").glob("*.ini")) + sorted(HERE.glob("*.ini")):
        found[f"{path.stem} text"] = ["run", path]
        found[f"{path.stem} json"] = ["run", path, "--format", "json", "--proc", "{out}/proc"]
    for path in sorted((TOP / "examples").glob("*.hwt")):
        for limit in ("none", "8M", "32M"):
            options = NEVER if limit == "none" else [*NEVER, "--memory-max", limit, "--swap", "64M"]
            found[f"{path.stem} {limit} text"] = ["run", path, *options]
            found[f"{path.stem} {limit} json"] = ["run", path, *options, "--format", "json", "--proc", "{out}/proc"]
        found[f"{path.stem} size text"] = ["size", path, *NEVER, "--limits", "8M,16M,64M", "--jobs", "1"]
        found[f"{path.stem} size json"] = ["size", path, *NEVER, "--grid", "4", "--swap", "64M", "--format", "json", "--jobs", "1"]
    for name, recording, options in cells():
        found[f"{name} json"] = ["run", recording, *options, "--format", "json", "--proc", "{out}/proc"]
    found[TUNABLES_CASE] = ["run", HERE / "groups.ini", "--format", "json"]
    return found


def outputs(program, name, arguments):
    """{file: bytes} of a case: what is printed, the exit code, and the files that are written."""
    with tempfile.TemporaryDirectory() as folder:
        words = [str(a.relative_to(TOP)) if isinstance(a, pathlib.Path) else a.format(out=folder) for a in arguments]
        done = subprocess.run([str(program), *words], capture_output=True, cwd=TOP, env={**os.environ, "TERM": "dumb", "LC_ALL": "C.UTF-8"})
        printed = VARIES.sub(r"\g<1>0", done.stdout.decode(errors="replace")).replace(folder, "OUT")
        printed = TUNABLES.search(printed)[0] if name == TUNABLES_CASE else TUNABLES.sub('"tunables": {}', printed)
        files = {"stdout": printed.encode(), "stderr": done.stderr, "exit": f"{done.returncode}\n".encode()}
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file():
                files[str(path.relative_to(folder))] = path.read_bytes()
        return files


def each(program, chosen):
    """(name, {file: bytes}) of every case, in order."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        yield from zip(chosen, pool.map(lambda name: outputs(program, name, chosen[name]), chosen))


def checksum(files):
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()[:16]


def read_golden():
    return dict(line.split("\t") for line in GOLDEN.read_text().splitlines()) if GOLDEN.exists() else {}


def compare_with_golden(program, chosen):
    """(name, what is wrong or None) of every case."""
    golden = read_golden()
    for name, files in each(program, chosen):
        wanted = golden.get(name, "none")
        wrong = None if checksum(files) == wanted else f"checksum {checksum(files)}, golden.tsv has {wanted}"
        if files["exit"] != b"0\n":
            wrong = f"exit code {files['exit'].decode().strip()}: {files['stderr'].decode(errors='replace').strip()}"
        yield name, wrong
    for name in golden:
        if name not in cases():
            yield name, "golden.tsv has it, and there is no such case"


def update(program, chosen):
    golden = {**read_golden(), **{name: checksum(files) for name, files in each(program, chosen)}}
    GOLDEN.write_text("".join(f"{name}\t{golden[name]}\n" for name in cases() if name in golden))


def show_difference(name, theirs, ours):
    for file in sorted({*theirs, *ours}):
        old, new = (files.get(file, b"").decode(errors="replace").splitlines() for files in (theirs, ours))
        lines = list(difflib.unified_diff(old, new, f"theirs/{name}/{file}", f"ours/{name}/{file}", n=0, lineterm=""))
        for line in lines[:DIFF_LINES]:
            print(line)
        if len(lines) > DIFF_LINES:
            print(f"... and {len(lines) - DIFF_LINES} lines more")


def write_outputs(folder, name, files):
    for file, data in files.items():
        path = pathlib.Path(folder) / name.replace(" ", "_") / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def record(program):
    """Every pattern of the reference once, at our size, in a folder whose name says nothing about this host."""
    RECORDINGS.mkdir(exist_ok=True)
    folder = pathlib.Path("/tmp/highwater-golden")
    folder.mkdir()
    try:
        os.chdir(folder)
        comparison = compare.Comparison(program, folder)
        comparison.build_pattern()
        for cell in comparison.cells():
            small = {**cell, **{key: cell[key] // SCALE for key in ("pages", "touches", "file_bytes")}}
            target = RECORDINGS / f"{cell['pattern']}.hwt"
            target.write_bytes(comparison.record(small).read_bytes())
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=os.environ.get("HIGHWATER", TOP / "build/highwater"), type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--against", metavar="PROGRAM", type=pathlib.Path)
    parser.add_argument("--outputs", metavar="DIR")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    if arguments.record:
        return record(program)
    chosen = {name: words for name, words in cases().items() if not arguments.names or any(n in name for n in arguments.names)}
    if arguments.update:
        return update(program, chosen)
    if arguments.outputs:
        for name, files in each(program, chosen):
            write_outputs(arguments.outputs, name, files)
        return None
    if arguments.against:
        differ = 0
        for (name, ours), (_, theirs) in zip(each(program, chosen), each(arguments.against.resolve(), chosen)):
            differ += ours != theirs
            show_difference(name, theirs, ours)
        print(f"{differ} of {len(chosen)} cases differ")
        return differ > 0
    wrong = {name: why for name, why in compare_with_golden(program, chosen) if why}
    for name, why in wrong.items():
        print(f"{name}: {why}")
    print(f"{len(wrong)} of {len(chosen)} cases differ")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
