#!/usr/bin/env python3
"""What a whole report says of a paste: figures quoted as they were pasted, sources by the names of what printed them, who died and who says so."""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HIGHWATER = Path(os.environ.get("HIGHWATER", HERE.parents[1] / "build/highwater"))

# A folder's text, words that the report has, words that it has not.
WORDS = {
    "free-quoted": (["text of standard input", "free says 3.2 GiB used here", "MemTotal  15.5 GiB  free", "not in this text"],
                    ["archive", "/proc/meminfo 15", "free says 13"]),
    "describe-finished": (["2025-03-04 03:02:31  killed  a process in /pay/api-0/api, says kubernetes", "(standard input:8)",
                           "daemon-kill: /pay/api-0/api"],
                          ["told killed", "no time", "the kernel log)", "daemon-kill: host"]),
    "oomd-pressure": (["71 %, and its limit is 50 %", "killed  a process in app-ui.scope, by systemd-oomd"],
                      ["% over its", "killed  systemd-oomd"]),
    "docker-stats-limit": (["511.0 MiB  docker stats"], ["the table"]),
    "unit-told-thrice": (["Timeline", "killed  java (pid 2211) in app.service", "Nov 28 09:00:00  killed"], ["signal 9", "no time"]),
    "seff": (["Job 5512 of Slurm", "Read: 9 lines of logs."], ["not understood"]),
    "sar-a-second": (["rates over 1.00 s", "sar"], ["10 min"]),
}


def squeezed(text):
    """Columns and line breaks as one or two blanks."""
    return " ".join(text.split())


def main():
    failed = count = 0
    for name, (wanted, unwanted) in WORDS.items():
        done = subprocess.run([HIGHWATER, "diagnose", "-"], input=(HERE / "words" / name).read_bytes(), capture_output=True,
                              timeout=60, check=False)
        report = squeezed(done.stdout.decode())
        wrong = [w for w in wanted if squeezed(w) not in report] + [w for w in unwanted if squeezed(w) in report]
        count += 1
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {count} - {name}")
        if wrong:
            print(f"# {wrong}: {report[:1500]}")
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
