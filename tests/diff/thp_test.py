#!/usr/bin/env python3
"""thp_test.py - our counts of transparent huge pages against Linux 6.1's for each cell of thp.py. Prints TAP."""

import steps
import thp

steps.test(thp.TABLE)
