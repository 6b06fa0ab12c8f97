#!/usr/bin/env python3
"""What the first line of `diagnose` says of each case, as it is and as it travels."""
import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HIGHWATER = Path(os.environ.get("HIGHWATER", HERE.parents[1] / "build/highwater"))


def first_line(*arguments, text=None):
    done = subprocess.run([HIGHWATER, "diagnose", *map(str, arguments)], input=text,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, 1, 2, 3), f"{arguments}: ended with {done.returncode}"
    return done.stdout.decode().split("\n", 1)[0]


def quoted(text):
    return b"".join(b"> " + line for line in text.splitlines(True))


def between(text):
    return (b"Hello,\n\nour server is slow since this morning. Here is what I have:\n\n```\n" + text +
            b"\n```\n\nThanks for any help!\n")


def windows(text):
    return b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")


def escaped(text):
    return text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")


TRAVELS = {"quoted": quoted, "between sentences": between, "from Windows": windows,
           "as HTML": escaped, "twice quoted": lambda text: quoted(quoted(text))}


# Folders of a case that are another form of it.
OTHER_FORMS = ("minimal", "as-slabinfo")


def tar_of(path):
    def members(info):
        return None if Path(info.name).name in OTHER_FORMS else info

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        archive.add(path, arcname="sosreport-host1", filter=members)
    return buffer.getvalue()


def checks():
    for row in (HERE / "expected.tsv").read_text().splitlines():
        if not row or row.startswith("#"):
            continue
        name, wanted, *unwanted = row.split("\t")
        path = HERE / name
        words = wanted.split("|")
        line = first_line(path)
        yield f"{name}: {wanted}", all(word in line for word in words), line
        for word in filter(None, unwanted):
            yield f"{name}: not {word}", word not in line, line
        if path.is_dir():
            with tempfile.NamedTemporaryFile(suffix=".tar.xz") as archive:
                archive.write(tar_of(path))
                archive.flush()
                packed = first_line(archive.name)
            yield f"{name}: as an archive", all(word in packed for word in words), packed
            continue
        text = path.read_bytes()
        yield f"{name}: from a pipe", first_line("-", text=text) == line, ""
        for how, pack in (("gzip", gzip.compress), ("xz", lzma.compress), ("bzip2", bz2.compress)):
            yield f"{name}: {how}", first_line("-", text=pack(text)) == line, ""
        for how, travel in TRAVELS.items():
            changed = first_line("-", text=travel(text))
            yield f"{name}: {how}", all(word in changed for word in words), changed


def main():
    failed = count = 0
    for name, good, line in checks():
        count += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {name}")
        if not good:
            print(f"# {line}")
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
