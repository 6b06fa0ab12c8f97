#!/usr/bin/env python3
"""peaks_test.py - the peaks that trace info, run and size tell are those of the native run, or the difference is explained.

For the programs of peaks.c: the highest resident memory of each process beside that of the native run; memory.peak of the replay
beside that of a control group in which the program runs natively, where one can be made; the same of `size` without a limit; and the
peak of `trace info`, which is of touched pages alone.
"""
import glob
import json
import mmap
import os
import re
import resource
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import build_c, expect, highwater, record, run_tests  # noqa: E402

MIB = 1 << 20
# What a process maps of libc and the loader depends on what readahead and fault-around find in the cache: 1.1 MiB at most.
RSS_APART = MIB // 2
STOCK = MIB // 4  # Both charge ahead: 64 pages for a CPU.
OPTIONS = ["--no-host", "--thp", "never", "--ram", "1G", "--format", "json"]


def ask(*command):
    return json.loads(subprocess.run([highwater(), *command], stdout=subprocess.PIPE, check=True).stdout)


def memory_group():
    """(folder, file of its peak) of a new control group, or None where none can be made."""
    for parent, peak in (("/sys/fs/cgroup/memory", "memory.max_usage_in_bytes"), ("/sys/fs/cgroup", "memory.peak")):
        folder = os.path.join(parent, "highwater-peaks-%d" % os.getpid())
        try:
            os.mkdir(folder)
        except OSError:
            continue
        if os.path.exists(os.path.join(folder, peak)):
            return folder, os.path.join(folder, peak)
        os.rmdir(folder)
    return None


def native(command, group):
    """The highest resident memory of the program, and of the group that it runs in (None)."""
    def join():
        if group:
            with open(os.path.join(group[0], "cgroup.procs"), "w", encoding="ascii") as procs:
                procs.write(str(os.getpid()))

    out = subprocess.run(command, stdout=subprocess.PIPE, preexec_fn=join, check=True).stdout
    rss = int(re.search(rb"^VmHWM:\s+(\d+) kB$", out, re.M)[1]) << 10
    if not group:
        return rss, None
    with open(group[1], encoding="ascii") as f:
        return rss, int(f.read())


def forget(path):
    """Take the file out of the host's cache: the group is charged for what it reads itself."""
    with open(path, "rb") as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def is_as_natively(tmp, kind, processes=1, in_files=0):
    """in_files: bytes of the program's own work that count as file memory."""
    data = os.path.join(tmp, "data")
    with open(data, "wb") as f:
        f.write(bytes(range(256)) * (16 * MIB // 256))
    command = [build_c("peaks.c", tmp), kind, data]
    forget(data)
    group = memory_group()
    try:
        rss, group_peak = native(command, group)
    finally:
        if group:
            os.rmdir(group[0])
    path, _ = record(tmp, command)
    run, size, info = ask("run", path, *OPTIONS), ask("size", path, *OPTIONS), ask("trace", "info", path, "--format", "json")
    app = next(g for g in run["cgroups"] if g["path"] == "/app")
    stat, peak, touched = run["fullest"]["memory.stat"], app["memory.peak"], info["peak_pages"] * 4096
    # Text of the program, libc and the loader. The host has it in its cache, charged to somebody else; a replay begins with nothing in it.
    text = stat["file"] - in_files
    print("  %s: native %.2f MiB (group %s), run %.2f (group %.2f), size %.2f, info %.2f" %
          (kind, rss / MIB, "%.2f" % (group_peak / MIB) if group else "not measurable here", run["tasks"][0]["maxrss_bytes"] / MIB, peak / MIB,
           size["unlimited"]["memory.peak"] / MIB, touched / MIB))
    expect(len(run["tasks"]) == processes, "processes", len(run["tasks"]))
    expect(abs(run["tasks"][0]["maxrss_bytes"] - rss) <= RSS_APART, "resident", run["tasks"][0]["maxrss_bytes"], rss)
    if group:
        expect(group_peak - STOCK <= peak <= group_peak + text + stat["kernel"] + STOCK, "memory.peak", peak, group_peak)
    expect(size["unlimited"]["memory.peak"] == peak, "size", size["unlimited"]["memory.peak"], peak)
    # Besides touched pages: kernel memory, and what was read ahead or around of that text.
    expect(touched <= peak <= touched + stat["kernel"] + text + STOCK, "trace info", touched, peak, text, stat["kernel"])


def peak_of_a_heap_that_is_freed(tmp):
    is_as_natively(tmp, "heap")


def peak_of_mappings_that_come_and_go(tmp):
    is_as_natively(tmp, "anonymous")


def peak_of_shared_memory(tmp):
    is_as_natively(tmp, "shared", in_files=16 * MIB)


def peak_of_a_mapped_file(tmp):
    is_as_natively(tmp, "file", in_files=16 * MIB)


def peak_of_two_processes(tmp):
    is_as_natively(tmp, "forks", processes=2)


def peak_of_locked_memory(tmp):
    is_as_natively(tmp, "locked")


def peak_of_memory_that_mmap_populates(tmp):
    is_as_natively(tmp, "populated")


def untouched_memory_reads_as_zero_page():
    """Linux maps one shared page of zeros where anonymous memory is read before it is written; not every host's kernel does."""
    memory = mmap.mmap(-1, 16 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    before = resident_bytes()
    sum(memory[at] for at in range(0, 16 * MIB, 4096))
    return resident_bytes() - before < 8 * MIB


def resident_bytes():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def peak_of_memory_that_madvise_populates(tmp):
    if not untouched_memory_reads_as_zero_page():
        print("  this kernel gives memory that is only read pages of its own")
        return
    is_as_natively(tmp, "advised", in_files=16 * MIB)


def peak_of_a_tmpfs_that_is_allocated_and_punched(tmp):
    is_as_natively(tmp, "allocated", in_files=16 * MIB)


def peak_of_reads_past_the_cache(tmp):
    try:
        os.close(os.open(tmp, os.O_TMPFILE | os.O_RDWR | os.O_DIRECT, 0o600))
    except OSError as error:
        print("  the file system of %s has no O_DIRECT: %s" % (tmp, error))
        return
    is_as_natively(tmp, "direct")


def peak_of_children_at_one_time(tmp):
    is_as_natively(tmp, "children", processes=4)


def nothing_is_left_behind(tmp):
    expect(not glob.glob("/sys/fs/cgroup/highwater-peaks-*") and not glob.glob("/sys/fs/cgroup/memory/highwater-peaks-*"), tmp)


if __name__ == "__main__":
    run_tests(peak_of_a_heap_that_is_freed, peak_of_mappings_that_come_and_go, peak_of_shared_memory, peak_of_a_mapped_file,
              peak_of_two_processes, peak_of_locked_memory, peak_of_memory_that_mmap_populates,
              peak_of_memory_that_madvise_populates, peak_of_a_tmpfs_that_is_allocated_and_punched, peak_of_reads_past_the_cache, peak_of_children_at_one_time,
              nothing_is_left_behind)
