#!/usr/bin/env python3
"""failing_alloc_heavy.py - every one of the first 4,000 allocations of each verb fails, and 1,000 of the others. Prints TAP."""

import failing_alloc

failing_alloc.main(few=4000, sample=1000)
