#!/usr/bin/env python3
"""slowdown_heavy.py - the slowdown that `size` predicts with this host's own costs is the native one. Prints TAP.

    slowdown_heavy.py [NAME...]

`highwater calibrate --disk` measures the host; each program (tests/record/workloads.py) is recorded and sized with that profile, and runs natively
in a control group without a limit and at up to three limits: the recommended one, and those where the predicted slowdown is nearest to 1.3 and 2,
2 % clear of the largest that does not survive: nearer to that it is the edge's place that decides, which advice_heavy.py asserts.
Asserted: the time over that without a limit is off by at most 20 % of the native one, or 0.1. Times are those in which the program ran or waited for
a device (native.py), so that neither a busy host nor a client of a server is in them.
"""
import json
import os
import shutil
import subprocess
import sys

import advice

sys.path.insert(0, str(advice.RECORD))
import common  # noqa: E402
import native  # noqa: E402
import workloads  # noqa: E402

PROGRAMS = ("jq", "lua5.4", "sqlite3", "perl", "memcached", "python3")
RUNS = 5
NEAR, FLOOR = 0.2, 0.1
WANTED = {"about 1.3": 1.3, "about 2": 2.0}


def limits_of(size):
    """{label: (bytes, predicted slowdown)}"""
    base = size["unlimited"]["busy_ns"]
    clear = size["smallest_surviving"].get("fails_at_bytes", 0) * (1 + advice.EDGE)
    rows = [(row["memory.max"], row["busy_ns"] / base) for row in size["limits"] if row["survives"] and row["memory.max"] >= clear]
    found = {}
    if size["advice"]["found"]:
        found["recommended"] = (size["advice"]["memory.max"], size["advice"]["verified"]["busy_ns"] / base)
    for label, slowdown in WANTED.items():
        limit = min(rows, key=lambda row: abs(row[1] - slowdown))
        if limit not in found.values():
            found[label] = limit
    return found


def profile(program, parent):
    path = os.path.join(parent, "host.ini")
    if not os.path.exists(path):
        subprocess.run([program, "calibrate", "-q", "--disk", parent, "-o", path], check=True)
        os.chmod(path, 0o644)
    return path


def test(name, parent):
    program = common.program_for_all(parent)
    folder = os.path.join(parent, "run")
    os.mkdir(folder)
    trace, files = advice.recorded(program, name, folder)
    size = json.loads(subprocess.run([program, "size", "-q", "--swap", "0", "--host", profile(program, parent), "--format", "json", trace],
                                     stdout=subprocess.PIPE, check=True).stdout)
    root = os.path.join(folder, "root")
    advice.make_root(root, [name], files)
    if os.path.isdir(os.path.join(folder, "made")):
        shutil.move(os.path.join(folder, "made"), os.path.join(root, "made", name))
    predicted = limits_of(size)
    cell = advice.native(root, [{"name": name, "limits": {label: limit for label, (limit, _) in predicted.items()}}], folder, RUNS)
    common.expect("limits" in cell, "does not run natively", cell)
    base = cell["unlimited"]["seconds"]
    told, wrong = [], []
    for label, (limit, slowdown) in predicted.items():
        found = cell["limits"][label]
        here = found["slowdown"]
        told.append("%s MiB %.2f / %.2f" % (advice.mib(limit), slowdown, here) + ("" if set(found["outcomes"]) == {"completed"} else " (%s)" % ", ".join(
            sorted(set(found["outcomes"])))))
        if abs(slowdown - here) > max(NEAR * here, FLOOR):
            wrong.append(told[-1])
    text = "size / kernel %s: %s; %.2f s without a limit" % (os.uname().release.split("-")[0], ", ".join(told), base)
    if wrong:  # kept whatever it is
        print("# result slowdown, %s = %s" % (name, text), flush=True)
    common.expect(not wrong, "; ".join(wrong))
    return text


def main():
    try:
        native.Group().remove()
        reason = None if os.geteuid() == 0 else "not root"
    except OSError as error:
        reason = "no control group: %s" % error
    if reason:
        print("SKIP: " + reason)
        sys.exit(common.SKIP)
    common.run_programs("slowdown", PROGRAMS, workloads.missing, test)


if __name__ == "__main__":
    main()
