#!/usr/bin/env python3
"""same_bytes_heavy.py - what same_bytes_test.py checks, of the scenarios that take too long for every run. Prints TAP."""

import same_bytes_test

if __name__ == "__main__":
    same_bytes_test.check([path for path in sorted((same_bytes_test.TOP / "scenarios").glob("*.ini"))
                           if path.stem not in same_bytes_test.SCENARIOS])
