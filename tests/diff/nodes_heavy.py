#!/usr/bin/env python3
"""nodes_heavy.py - the cells of nodes.py whose replays take half a minute each: NUMA balancing over 65 million accesses. Prints TAP."""

import nodes
import steps

steps.test(nodes.table(False), nodes.table(True), heavy=True)
