#!/usr/bin/env python3
"""procps_test.py - free, ps, pmap, slabtop and vmstat read a machine of ours and print its numbers.

The machine's /proc is bind-mounted over /proc in a mount namespace of its own, so the tools read it as they would any
kernel's. Needs root (or a user namespace), unshare and procps; skipped without them. ps wants to see itself: for it
one more name of a process is made in the copy. Prints TAP.
"""

import sys

from rendered import inside, pairs, run_checks

TOOLS = ("free", "ps", "pmap", "slabtop", "vmstat")
SCENARIO = """
[machine]
ram = 256M
cpus = 2
swap = 64M
runtime = 2s
[cgroup web]
memory.max = 48M
[file db]
size = 40M
[task httpd]
cgroup = web
workers = 2
preload = 8M
memory = 12M
touch = random
file = db
map = zipf:0.9
rate = 50/s
nice = 5
[task walker]
walk = 20000/s
memory = 4M
touch = seq
uid = 33
"""


def check_free(tree):
    memory = pairs((tree / "proc/meminfo").read_text())
    want = [memory["MemTotal"], memory["MemTotal"] - memory["MemAvailable"], memory["MemFree"], memory["Shmem"],
            memory["Buffers"] + memory["Cached"] + memory["SReclaimable"], memory["MemAvailable"]]
    lines = inside(tree, "free -k").splitlines()
    got = [int(n) for n in lines[1].split()[1:]]
    swap = [int(n) for n in lines[2].split()[1:]]
    return got == want and swap == [memory["SwapTotal"], memory["SwapTotal"] - memory["SwapFree"], memory["SwapFree"]]


def check_vmstat(tree):
    counters = pairs((tree / "proc/vmstat").read_text())
    lines = inside(tree, "vmstat -s").splitlines()
    got = {" ".join(line.split()[1:]): int(line.split()[0]) for line in lines}
    return (got["pages swapped in"] == counters["pswpin"] and got["pages swapped out"] == counters["pswpout"] > 0 and
            got["K paged in"] == counters["pgpgin"] > 0 and got["non-nice user cpu ticks"] + got["nice user cpu ticks"] > 0)


def check_ps(tree):
    pids = sorted(p.name for p in (tree / "proc").iterdir() if p.name.isdigit())
    command = (f"ln -s {pids[0]} /proc/self && ln -s {pids[0]} /proc/$$ && exec ps -o pid=,ppid=,comm=,rss=,vsz=,ni=,nlwp=,uid= -p {','.join(pids)}")
    got = {}
    for line in inside(tree, command).splitlines():
        words = line.split()
        got[words[0]] = words[1:]
    for link in (tree / "proc").iterdir():
        if link.is_symlink():
            link.unlink()
    for pid in pids:
        status = dict(line.split(":\t", 1) for line in (tree / "proc" / pid / "status").read_text().splitlines())
        want = [status["PPid"], status["Name"], status["VmRSS"].split()[0], status["VmSize"].split()[0],
                "5" if status["Name"] == "httpd" else "0", status["Threads"], status["Uid"].split()[0]]
        if got.get(pid) != want:
            print(f"# ps: {pid}: wanted {want}, got {got.get(pid)}")
            return False
    return len(pids) == 4


def check_pmap(tree):
    smaps = (tree / "proc/1001/smaps").read_text()
    rss = sum(int(line.split()[1]) for line in smaps.splitlines() if line.startswith("Rss:"))
    last = inside(tree, "pmap -x 1001").splitlines()[-1].split()
    return last[:2] == ["total", "kB"] and int(last[3]) == rss > 0


def check_slabtop(tree):
    lines = [line.split() for line in (tree / "proc/slabinfo").read_text().splitlines()[2:]]
    dentry = next(line for line in lines if line[0] == "dentry")
    shown = [line.split() for line in inside(tree, "slabtop -o -s c").splitlines()]
    row = next((line for line in shown if line and line[-1] == "dentry"), None)
    return row is not None and row[0] == dentry[2] and row[1] == dentry[1] and int(row[1]) > 10000


def main():
    checks = (("free_shows_meminfo", check_free), ("vmstat_shows_the_counters", check_vmstat),
              ("ps_shows_the_processes", check_ps), ("pmap_shows_the_mappings", check_pmap),
              ("slabtop_shows_the_caches", check_slabtop))
    return run_checks(TOOLS, {SCENARIO: checks})


if __name__ == "__main__":
    sys.exit(main())
