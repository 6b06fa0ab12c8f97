#!/usr/bin/env python3
"""failing_alloc_test.py - all small N and a sample of the others; the heavy test takes every N. NAME... for some cases. Prints TAP."""

import failing_alloc

failing_alloc.main(few=24, sample=10)
