#!/usr/bin/env python3
"""parsers_heavy.py - ten minutes of CPU time of each parser of what users hand in, under the sanitizers. Prints TAP.

    parsers_heavy.py [NAME...]      PARSER_SECONDS=600

Each round has a seed of its own; a finding names it, so that it can be had again.
"""
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

BUILD = Path(os.environ.get("BUILD_SAN") or Path(__file__).parents[2] / "build-san")
SECONDS = float(os.environ.get("PARSER_SECONDS", 600))
PARSERS = {
    "pastes": "paste-paste_fuzz", "kernel logs": "observe-klog_fuzz", "captures": "observe-capture_fuzz",
    "cgroup files": "observe-group_fuzz", "snapshots": "observe-snapshot_fuzz", "totals": "observe-totals_fuzz",
    "diagnoses": "report-diagnose_fuzz", "anonymised copies": "report-anonymise_fuzz",
}
FIRST_SEED = int(time.time())


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fuzz(program):
    """Rounds run and operations of the smoke test in them, CPU seconds; output of the round that failed."""
    begin, rounds = cpu_seconds(), 0
    while cpu_seconds() - begin < SECONDS:
        seed = FIRST_SEED + rounds
        done = subprocess.run([BUILD / program, "x10", str(seed)], capture_output=True, text=True, check=False)
        if done.returncode:
            return rounds, cpu_seconds() - begin, f"seed {seed}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-6000:]}"
        rounds += 1
    return rounds, cpu_seconds() - begin, ""


def main():
    # As tools/run_tests.py has it: shadow that is mapped anew at each malloc() costs more than half of some programs.
    os.environ.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1:clear_shadow_mmap_threshold=67108864:"
                          "allocator_release_to_os_interval_ms=-1")
    os.nice(10)
    wanted = sys.argv[1:] or list(PARSERS)
    failed = 0
    if not (BUILD / PARSERS["pastes"]).exists():
        print("SKIP: there is no build with sanitizers; ./dev test makes it")
        return 77
    for number, name in enumerate(wanted, 1):
        rounds, seconds, finding = fuzz(PARSERS[name])
        failed += bool(finding)
        print(f"{'not ok' if finding else 'ok'} {number} - {name}")
        for line in finding.splitlines():
            print(f"# {line}")
        print(f"# result {name} = {rounds} rounds of 10 smoke tests, {seconds:.0f} s of CPU time from seed {FIRST_SEED}", flush=True)
    print(f"1..{len(wanted)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
