#!/usr/bin/env python3
"""fidelity_test.py - no figure of the summary of docs/fidelity.md got worse (`./dev fidelity --quick`), and what would be worse is found."""

import copy
import json
import sys

import fidelity


def main():
    summary = json.loads(fidelity.SUMMARY.read_text())["summary"]
    bad = copy.deepcopy(summary)
    name = next(iter(bad))
    bad[name]["all"]["inside"] -= 5
    bad[name]["all"]["error"]["median"] += 0.02
    if fidelity.worse(summary, summary) or len(fidelity.worse(summary, bad)) != 2:
        print("not ok - a summary with fewer cells inside and a larger median is worse, and the same one is not")
        sys.exit(1)
    sys.argv[1:] = ["--quick"]
    sys.exit(fidelity.main())


if __name__ == "__main__":
    main()
