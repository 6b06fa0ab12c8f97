#!/usr/bin/env python3
"""removed_v1_test - a container of cgroup v1 that is killed and removed between two looks is no kill by the machine. Prints TAP."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = Path(os.environ.get("BUILD", Path(__file__).parents[2] / "build")) / "highwater"
TOP = Path("/sys/fs/cgroup/memory")
LIMIT = 20 << 20
FILL = "x = bytearray(80 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1"


def kill_in(group):
    """Fill a group's limit and remove the group; how the process ended."""
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(LIMIT))
        swap = group / "memory.memsw.limit_in_bytes"
        if swap.exists():
            swap.write_text(str(LIMIT))
        done = subprocess.run(["sh", "-c", f'echo $$ > "{group}/cgroup.procs" && exec "{sys.executable}" -c "{FILL}"'],
                              capture_output=True, timeout=20, check=False)
        return done.returncode
    finally:
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.02)


def main():
    if not (TOP / "memory.limit_in_bytes").exists() or not os.access(TOP, os.W_OK):
        print("1..0 # SKIP there is no cgroup v1 memory hierarchy to make a group in")
        return 0
    look = subprocess.Popen([PROGRAM, "diagnose", "2", "2", "--format", "json"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
    time.sleep(0.7)
    try:
        ended = kill_in(TOP / f"highwater-removed-{os.getpid()}")
    except OSError as error:
        look.kill()
        print(f"1..0 # SKIP no group can be made: {error}")
        return 0
    document = json.loads(look.communicate(timeout=30)[0])
    said = [f for f in document["findings"] if f["rule"] == "host-oom" and f["severity"] != "info"]
    of_machine = [f["title"] for f in said if f["severity"] == "critical" or "by which limit, is not known" not in f["title"]]
    checks = (("the group's limit killed", ended in (-9, 137), str(ended)),
              ("nobody says that the machine ran out", not of_machine, "; ".join(of_machine)))
    for number, (name, good, why) in enumerate(checks, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# {why}")
    print("1..2")
    return not all(good for _, good, _ in checks)


if __name__ == "__main__":
    sys.exit(main())
