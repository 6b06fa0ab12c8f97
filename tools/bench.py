#!/usr/bin/env python3
"""bench.py - measure speed and memory: ./dev bench [--json] [--large] [NAME...]

Three parts: the program build/bench (bench/*.c); bench/record.py, which records real programs and compares
their CPU time with and without the recorder; bench/capture.py, which watches a host of 500 processes and 200 cgroups.
--large adds bench/large.py: a machine of 1 TiB that fills up, which takes some minutes and 12 GiB.
NAMEs choose among the parts of the first; `record`, `capture` and `large` name the others.
With --json the result is one object on stdout. CPU times, the best of several runs; a figure that a budget
exists for is followed by it in the text.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
SKIP_CODE = 77
FIGURE = re.compile(r"([a-z]\w*)\s+([-+.0-9e]+)(\s|$)")

# key: (sign, required, goal), from the project's budgets
BUDGETS = {
    "hit_per_s": (">=", 60e6, 100e6),
    "fault_per_s": (">=", 2e6, 5e6),
    "huge_fault_ns": ("<=", 1000, 500),
    "sweep16_ratio": ("<=", 12, 10),
    "nodes_fault_ratio": (">=", 0.9, 0.95),
    "large_start_s": ("<=", 1, 0.5),
    "large_rss_gib": ("<=", 12, 11),
    "groups_fault_ratio": ("<=", 2, 1.5),
    "compact_64g_s": ("<=", 5, 3),
    "bytes_per_page": ("<=", 64, 64),
    "frame_bytes": ("<=", 32, 32),
    "record_ratio_median": ("<=", 12, 10),
    "record_ratio_worst": ("<=", 18, 15),
    "record_exec_ms": ("<=", 100, 60),
    "trace_bytes_per_event": ("<=", 3, 3),
    "capture_cpu_percent": ("<=", 1, 1),
    "capture_rss_mib": ("<=", 20, 20),
    "capture_day_mib": ("<=", 512, 256),
}


def run_json(command):
    """The object a program prints with --json; its stderr passes through. Nothing when it skips itself."""
    done = subprocess.run(command + ["--json"], cwd=TOP, stdout=subprocess.PIPE, text=True)
    if done.returncode == SKIP_CODE:
        print(done.stdout.strip(), file=sys.stderr)
        return {}
    if done.returncode:
        sys.exit(f"bench: {' '.join(command)} failed with {done.returncode}")
    return json.loads(done.stdout)


def run_text(command):
    """Pass its lines on as they come; collect those that begin with a key and a number."""
    figures = {}
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            print(line, end="", flush=True)
            match = FIGURE.match(line)
            if match:
                figures[match.group(1)] = float(match.group(2))
    if child.returncode not in (0, SKIP_CODE):
        sys.exit(f"bench: {' '.join(command)} failed with {child.returncode}")
    return figures


def print_budgets(figures):
    print("\nbudgets")
    for key, (sign, required, goal) in BUDGETS.items():
        if key not in figures:
            continue
        value = figures[key]
        met = [value >= limit if sign == ">=" else value <= limit for limit in (required, goal)]
        verdict = "goal met" if met[1] else "met" if met[0] else "MISSED"
        print(f"{key:<24} {value:>12.4g} {sign} {required:<8.4g} (goal {goal:.4g})  {verdict}")


def main():
    parser = argparse.ArgumentParser(description="Measure speed and memory.")
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("--json", action="store_true", help="one object on stdout")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these parts")
    parser.add_argument("--large", action="store_true", help="also the machine of 1 TiB: minutes, and 12 GiB of memory")
    args = parser.parse_args()

    figures = {}
    scripts = ("record", "capture", "large")
    own = [name for name in args.names if name not in scripts]
    commands = []
    chosen = args.names or ["record", "capture"]
    chosen += ["large"] * (args.large and "large" not in chosen)
    if own or not args.names:
        commands.append([str((TOP / args.build / "bench").resolve())] + own)
    for name in scripts:
        if name in chosen:
            commands.append([sys.executable, str(TOP / "bench" / f"{name}.py"), "--build", str(args.build)])
    for command in commands:
        figures.update(run_json(command) if args.json else run_text(command))
    if args.json:
        print(json.dumps(figures, indent=2))
    else:
        print_budgets(figures)


if __name__ == "__main__":
    main()
