#!/usr/bin/env python3
"""advice_heavy.py - what `size` says of programs of Debian holds on this kernel: advice.py with its assertions, and the peaks. Prints TAP.

    advice_heavy.py [NAME...]
"""
import os
import sys

import advice

sys.path.insert(0, str(advice.RECORD))
import common  # noqa: E402
import native  # noqa: E402
import workloads  # noqa: E402

PEAK = 0.05


def test(name, parent):
    cell = advice.measured(common.program_for_all(parent), name, parent, native.RUNS)
    wrong = advice.misses(cell)
    ours, theirs = cell["ours"]["peak"], cell["unlimited"]["peak"]
    # A replay has little of the kernel's memory: no sockets, pipes, inodes, counters of the group for each CPU.
    if not theirs - cell["unlimited"]["kernel"] - PEAK * theirs <= ours <= theirs * (1 + PEAK):
        wrong.append("peak %s / %s MiB" % (advice.mib(ours), advice.mib(theirs)))
    common.expect(not wrong, "; ".join(wrong), advice.line(cell))
    return advice.line(cell)


def main():
    try:
        native.Group().remove()
        reason = None if os.geteuid() == 0 else "not root"
    except OSError as error:
        reason = "no control group: %s" % error
    if reason:
        print("SKIP: " + reason)
        sys.exit(common.SKIP)
    common.run_programs("advice", advice.DEFAULT, workloads.missing, test)


if __name__ == "__main__":
    main()
