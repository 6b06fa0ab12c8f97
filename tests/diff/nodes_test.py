#!/usr/bin/env python3
"""nodes_test.py - where memory comes from on two and four nodes, against Linux 6.1 for each cell of nodes.py. Prints TAP."""

import nodes
import steps

steps.test(nodes.table(False), nodes.table(True))
