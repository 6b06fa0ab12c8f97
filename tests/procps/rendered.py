#!/usr/bin/env python3
"""rendered.py - real programs in front of a machine of ours: its files are mounted over the host's, in a mount namespace of their own."""

import os
import pathlib
import shutil
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve() / "highwater"


def inside(tree, command, folders=("proc",)):
    """What a shell command prints that sees these folders of the tree as the host's."""
    script = " && ".join([*(f"mount --bind {tree}/{folder} /{folder}" for folder in folders), command])
    env = dict(os.environ, LC_ALL="C", TERM="dumb", COLUMNS="200")
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, env=env, timeout=60)
    return done.stdout + done.stderr


def pairs(text):
    """NAME VALUE lines, values as numbers of the first word."""
    return {line.split()[0].rstrip(":"): int(line.split()[1]) for line in text.splitlines() if len(line.split()) > 1}


def run_checks(tools, scenarios, prepare=None):
    """Run each scenario, write its tree, print for each of its (name, check of the tree) a line of TAP. The exit code; 77 where it cannot be done."""
    missing = [tool for tool in (*tools, "unshare", "mount") if not shutil.which(tool)]
    if missing:
        print(f"1..0 # SKIP no {', '.join(missing)}")
        return 77
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        print("1..0 # SKIP no mount namespace: not root")
        return 77
    failed = number = 0
    print(f"1..{sum(len(checks) for checks in scenarios.values())}")
    for scenario, checks in scenarios.items():
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder) / "tree"
            file = pathlib.Path(folder) / "machine.ini"
            file.write_text(scenario)
            subprocess.run([HIGHWATER, "run", file, "--proc", tree, "-o", os.devnull], check=True)
            if prepare:
                prepare(tree)
            for name, check in checks:
                good = check(tree)
                failed += not good
                number += 1
                print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)
    return 1 if failed else 0
