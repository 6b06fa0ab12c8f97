#!/usr/bin/env python3
"""pools_heavy.py - pools asked for beside clean page cache, against Linux 6.1's. Prints TAP."""

import pools
import steps

steps.test(pools.TABLE, heavy=True)
