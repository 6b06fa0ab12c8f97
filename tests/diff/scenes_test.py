#!/usr/bin/env python3
"""scenes_test.py - our figures against Linux 6.1's for each scene: writers, groups below one limit, zram, mlock, OOM, pressure. Prints TAP."""

import os
import sys
import tempfile

import compare
import scenes


def main():
    with tempfile.TemporaryDirectory() as folder:
        comparison = scenes.Comparison(os.environ.get("HIGHWATER", compare.TOP / "build" / "highwater"), folder)
        failed = 0
        for number, name in enumerate(scenes.SCENES, 1):
            try:
                ours = comparison.ours(name)
            except RuntimeError as error:
                print(f"no recorder here: {error}")
                sys.exit(77)
            theirs = comparison.reference[name]
            wrong = scenes.misses(name, theirs, ours)
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {name}: {scenes.SCENES[name].doc}")
            for line in wrong:
                print(f"#   {line}")
            figures = ", ".join(f"{head} {text}" for head, text in scenes.cells_shown(name, theirs, ours))
            print(f"#   ours / Linux 6.1: {figures}", flush=True)
        print(f"1..{len(scenes.SCENES)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
