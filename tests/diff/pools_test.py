#!/usr/bin/env python3
"""pools_test.py - our pools of huge pages against Linux 6.1's for each cell of pools.py. Prints TAP."""

import pools
import steps

steps.test(pools.TABLE)
