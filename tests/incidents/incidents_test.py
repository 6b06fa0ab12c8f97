#!/usr/bin/env python3
"""incidents_test.py - every incident captured on a real kernel yields its finding; no healthy state yields a warning.

Reads labels.tsv and the captures beside it; needs no root and no kernel. TAP on stdout. BUILD is the build directory.
"""

import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SERIOUS = ("warning", "critical")
EXIT_CODES = {"healthy": 0, "warning": 1, "critical": 2, "unknown": 3}


def labels():
    """{incident: ((wanted rules, severities, whether it is a healthy state), why it is not demanded yet)}"""
    found = {}
    with open(os.path.join(HERE, "labels.tsv"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("#") or not line.strip():
                continue
            name, wanted, severities, pending = (line.rstrip("\n").split("\t") + [""])[:4]
            healthy = wanted.split()[0] == "healthy"
            rules = wanted.split()[1:] if healthy else wanted.split(",")
            found[name] = ((rules, severities.split(","), healthy), pending)
    return found


def diagnose(program, capture):
    done = subprocess.run([program, "diagnose", "--format", "json", capture], capture_output=True, text=True)
    if done.returncode not in (0, 1, 2, 3):
        return None, f"exit code {done.returncode}: {done.stderr.strip()}"
    result = json.loads(done.stdout)
    if EXIT_CODES.get(result["verdict"]) != done.returncode:
        return None, f"verdict {result['verdict']}, but exit code {done.returncode}"
    return result["findings"], None


def judge(findings, rules, severities, healthy):
    """What is wrong, or nothing."""
    serious = [f for f in findings if f["severity"] in SERIOUS]
    said = "; ".join(f"{f['rule']} ({f['severity']}, {f['scope']}): {f['title']}" for f in findings[:6]) or "nothing"
    if healthy:
        if serious:
            return "alarm in a healthy state: " + said
        missing = [rule for rule in rules if rule not in [f["rule"] for f in findings]]
        return f"does not say {', '.join(missing)}: " + said if missing else None
    for f in serious[:2] + [f for f in findings if f["severity"] == "info" and len(serious) <= 1]:
        if f["rule"] in rules:
            return None if f["severity"] in severities else f"{f['rule']} is only {f['severity']}: " + said
    return f"{' or '.join(rules)} is not the first or second: " + said


def main():
    program = os.path.join(os.environ.get("BUILD") or os.path.join(TOP, "build"), "highwater")
    wanted = labels()
    captures = sorted(glob.glob(os.path.join(HERE, "*.hwc")))
    failed = number = 0
    for path in captures:
        name = os.path.basename(path)[:-len(".hwc")]
        incident = name.rpartition("-")[0]
        label, pending = wanted.get(incident, (None, ""))
        number += 1
        if not label:
            wrong = "labels.tsv does not have it"
        else:
            findings, wrong = diagnose(program, path)
            wrong = wrong or judge(findings, *label)
        if wrong and pending:
            print(f"ok {number} {name} # SKIP {pending}: {wrong}")
            continue
        print(f"{'not ok' if wrong else 'ok'} {number} {name}" + (f": {wrong}" if wrong else ""))
        failed += bool(wrong)
    missing = [name for name in wanted if not wanted[name][1] and not glob.glob(os.path.join(HERE, glob.escape(name) + "-?.hwc"))]
    number += 1
    print(f"{'not ok' if missing else 'ok'} {number} every label has a capture" + (": " + ", ".join(missing) if missing else ""))
    failed += bool(missing)
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
