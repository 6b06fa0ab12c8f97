#!/usr/bin/env python3
"""observe_program_test.py - highwater-observe: one small static file that looks, and says what it does not read. Prints TAP."""

import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = pathlib.Path(os.environ.get("HIGHWATER", str(TOP / "build/highwater")))
OBSERVE = HIGHWATER.parent / "highwater-observe"
LOG = TOP / "tests/cases/1/var/log/messages"
MOST_BYTES = 3 << 20


def run(*arguments, program=OBSERVE, stdin=None):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, input=stdin)


def made(folder, name, *command):
    path = folder / name
    with open(path, "wb") as out:
        subprocess.run([*command, LOG], stdout=out, check=True)
    return path


def the_file_needs_no_other(_):
    headers = subprocess.run(["readelf", "-lW", OBSERVE], capture_output=True, text=True, check=True).stdout
    return "LOAD" in headers and "INTERP" not in headers


def it_is_under_3_mib_stripped(folder):
    subprocess.run(["strip", "-o", folder / "stripped", OBSERVE], check=True)
    size = (folder / "stripped").stat().st_size
    print(f"# {size} bytes")
    return size < MOST_BYTES and run("--version", program=folder / "stripped").returncode == 0


def it_has_the_verbs_that_look(_):
    text = run("--help").stdout
    verbs = [line.split()[0] for line in text.split("Verbs:\n")[1].split("\n\n")[0].splitlines()]
    return sorted(verbs) == ["capture", "diagnose", "export", "top"] and all(
        run(verb, "--help").stdout.startswith(f"Usage: highwater-observe {verb} ") for verb in verbs)


def help_offers_only_what_it_does(folder):
    subprocess.run([TOP / "tools/gen_man.py", OBSERVE, folder, "."], check=True)
    own = [run(verb, "--help").stdout for verb in ("capture", "diagnose", "export", "top")] + [(folder / "highwater-observe.1").read_text()]
    whole = "".join(run(verb, "--help", program=HIGHWATER).stdout for verb in ("diagnose", "export"))
    refused = (".xz", ".zip", "sosreport", "html", "--listen", "--host-header", "pictures")
    offered = [word for word in refused if any(word.replace("-", "\\-") in text or word in text for text in own)]
    marks = [text for text in (*own, whole) if re.search(r"\{!?[a-z]+\?", text)]
    if offered or marks:
        print(f"# offered: {offered} marks: {len(marks)}")
    return not offered and not marks and all(word in whole for word in refused) and "(.gz .zst;" in own[1]


def plain_gzip_and_zstd_say_what_highwater_says(folder):
    for name, command in (("a.gz", ["gzip", "-c"]), ("a.zst", ["zstd", "-qc"]), ("a", ["cat"])):
        path = made(folder, name, *command)
        ours, theirs = run("diagnose", path), run("diagnose", path, program=HIGHWATER)
        if ours.stdout != theirs.stdout or ours.returncode != theirs.returncode or "WARNING" not in ours.stdout:
            print(f"# {name}: {ours.stderr}")
            return False
    return True


def members_of_gzip_are_one_text(folder):
    lines = LOG.read_bytes().splitlines(keepends=True)
    cut = len(lines) // 2
    path = folder / "two.gz"
    path.write_bytes(gzip.compress(b"".join(lines[:cut])) + gzip.compress(b"".join(lines[cut:])) + bytes(512))
    plain = folder / "one.tx"
    plain.write_bytes(LOG.read_bytes())
    return run("diagnose", path).stdout.replace("two.gz", "one.tx") == run("diagnose", plain).stdout


def a_cut_or_damaged_file_is_told(folder):
    whole = made(folder, "cut.gz", "gzip", "-c").read_bytes()
    (folder / "cut.gz").write_bytes(whole[:16])
    (folder / "bad.gz").write_bytes(whole[:12] + bytes(200))
    for name in ("cut.gz", "bad.gz"):
        done = run("diagnose", folder / name)
        if done.returncode != 3 or "broken archive or compressed file" not in done.stderr:
            print(f"# {name}: {done.returncode} {done.stderr}")
            return False
    return True


def other_kinds_are_refused_by_name(folder):
    kinds = [("a.xz", "xz", ["xz", "-c"]), ("a.bz2", "bzip2", ["bzip2", "-c"]), ("a.tar", "tar", ["tar", "-cPf", "-"]),
             ("a.tgz", "tar", ["tar", "-czPf", "-"])]
    for name, kind, command in kinds:
        done = run("diagnose", made(folder, name, *command))
        if done.returncode != 3 or f"{name}: {kind}, which highwater-observe does not read" not in done.stderr:
            print(f"# {name}: {done.returncode} {done.stderr}")
            return False
    return True


def what_it_captures_highwater_reads(folder):
    path = folder / "x.hwc"
    done = run("capture", "-o", path, 1, 2)
    return done.returncode == 0 and run("diagnose", "-q", path, program=HIGHWATER).returncode in (0, 1, 2)


def the_textfile_is_written_and_http_refused(folder):
    path = folder / "x.prom"
    done = run("export", "--textfile", path, 1, 1)
    refused = run("export")
    return (done.returncode == 0 and "highwater_" in path.read_text() and refused.returncode == 1
            and "serves no HTTP" in refused.stderr)


def a_page_is_refused_before_anything_is_written(folder):
    done = run("diagnose", LOG, "-o", folder / "x.html")
    return done.returncode == 3 and "makes no pages" in done.stderr and not (folder / "x.html").exists()


TESTS = (the_file_needs_no_other, it_is_under_3_mib_stripped, it_has_the_verbs_that_look, help_offers_only_what_it_does, plain_gzip_and_zstd_say_what_highwater_says,
         members_of_gzip_are_one_text, a_cut_or_damaged_file_is_told, other_kinds_are_refused_by_name, what_it_captures_highwater_reads,
         the_textfile_is_written_and_http_refused, a_page_is_refused_before_anything_is_written)


def main():
    missing = [tool for tool in ("readelf", "strip", "zstd", "gzip", "xz", "bzip2", "tar") if not shutil.which(tool)]
    if not OBSERVE.exists() or missing:
        print(f"no {OBSERVE}" if not OBSERVE.exists() else f"not installed: {' '.join(missing)}")
        sys.exit(77)
    failed = 0
    print(f"1..{len(TESTS)}")
    with tempfile.TemporaryDirectory() as folder:
        for number, test in enumerate(TESTS, 1):
            good = test(pathlib.Path(folder))
            failed += not good
            print(f"{'' if good else 'not '}ok {number} - {test.__name__}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
