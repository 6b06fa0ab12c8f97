#!/usr/bin/env python3
"""numactl_test.py - numactl -H, numastat and vmstat read machines of one and of several nodes and print their numbers.

The machine's /proc and /sys are bind-mounted over the host's in a mount namespace of their own, so that the tools read them as
they would any kernel's. Needs root (or a user namespace), unshare, numactl and procps; skipped without them. numactl wants to see
itself: /proc/self is made in the copy. Prints TAP.
"""

import re
import sys

import rendered
from rendered import pairs, run_checks

TOOLS = ("numactl", "numastat", "vmstat")
TASKS = """
[file db]
size = 40M
[task big]
memory = 300M
touch = random
rate = 100/s
[task reader]
memory = 8M
file = db
map = seq
rate = 100/s
"""
HEAD = """
[machine]
swap = 64M
runtime = 1s
"""
MACHINES = {
    # What big asks of node 0 overflows; node 2 has processors alone, node 3 memory alone.
    "of_4_nodes": HEAD + """
[node 0]
ram = 256M
cpus = 0-1
distance = 10 12 21 31
[node 1]
ram = 128M
cpus = 2
[node 2]
ram = 0
cpus = 3
[node 3]
ram = 128M
""" + TASKS,
    "of_1_node": HEAD + "ram = 512M\ncpus = 2\n" + TASKS,
    "of_2_nodes": HEAD + "ram = 1G\ncpus = 4\nnodes = 2\n" + TASKS,
    "of_8_nodes": HEAD + "ram = 2G\ncpus = 8\nnodes = 8\n" + TASKS,
    "with_a_node_of_memory_alone": HEAD + """
[node 0]
ram = 256M
cpus = 0-1
[node 1]
ram = 256M
""" + TASKS,
}


def inside(tree, command):
    return rendered.inside(tree, command, ("proc", "sys"))


def nodes(tree):
    return range(len(list((tree / "sys/devices/system/node").glob("node[0-9]*"))))


def node(tree, nid, name):
    return (tree / f"sys/devices/system/node/node{nid}" / name).read_text()


def meminfo_kib(tree, nid, key):
    return int(re.search(rf"^Node {nid} {re.escape(key)}: +(\d+) kB$", node(tree, nid, "meminfo"), re.M).group(1))


def numbers_of(text):
    """The members of a list like 0-2,5."""
    out = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        out += range(int(first), int(last or first) + 1) if part else []
    return out


def rows(tree, text):
    """NAME and its numbers of every line of a table of numastat."""
    found, columns = {}, len(nodes(tree))
    for line in text.splitlines():
        words = line.split()
        if len(words) > columns and all(re.fullmatch(r"\d+(\.\d+)?", word) for word in words[-columns:]):
            found[words[0]] = [float(word) for word in words[1:]]
    return found


def check_hardware(tree):
    text = inside(tree, "numactl -H")
    there = nodes(tree)
    cpus = [[int(n) for n in line.split(":")[1].split()] for line in text.splitlines() if " cpus:" in line]
    sizes = [int(n) for n in re.findall(r"^node \d+ size: (\d+) MB$", text, re.M)]
    free = [int(n) for n in re.findall(r"^node \d+ free: (\d+) MB$", text, re.M)]
    distances = [[int(n) for n in line.split()[1:]] for line in text.splitlines() if re.match(r" +\d+: ", line)]
    good = (f"available: {len(there)} nodes ({there[0]}{f'-{there[-1]}' if len(there) > 1 else ''})" in text and
            cpus == [numbers_of(node(tree, nid, "cpulist")) for nid in there] and
            sizes == [meminfo_kib(tree, nid, "MemTotal") // 1024 for nid in there] and
            free == [meminfo_kib(tree, nid, "MemFree") // 1024 for nid in there] and
            distances == [[int(n) for n in node(tree, nid, "distance").split()] for nid in there])
    if not good:
        print("# " + text.replace("\n", "\n# "))
    return good


def check_layout(tree):
    """The machine is the one that was asked for, in numactl's words."""
    text = inside(tree, "numactl -H")
    distances = [[int(n) for n in line.split()[1:]] for line in text.splitlines() if re.match(r" +\d+: ", line)]
    return (re.findall(r"node \d+ cpus:(.*)", text) == [" 0 1", " 2", " 3", ""] and re.search(r"^node 2 size: 0 MB$", text, re.M) is not None and
            distances == [[10, 12, 21, 31], [12, 10, 20, 20], [21, 20, 10, 20], [31, 20, 20, 10]])


def check_numastat(tree):
    got = rows(tree, inside(tree, "numastat"))
    want = {}
    for nid in nodes(tree):
        for name, value in pairs(node(tree, nid, "numastat")).items():
            want.setdefault(name, []).append(float(value))
    return got == want and sum(want["numa_hit"]) > 1000


def check_overflow(tree):
    got = rows(tree, inside(tree, "numastat"))
    return got["numa_miss"][1] + got["numa_miss"][3] > 0 and got["numa_foreign"][0] > 0


def check_numastat_m(tree):
    got = rows(tree, inside(tree, "numastat -m 2>/dev/null"))
    for key in ("MemTotal", "MemFree", "AnonPages", "FilePages", "Mapped", "Slab", "PageTables", "Inactive(anon)"):
        want = [meminfo_kib(tree, nid, key) / 1024 for nid in nodes(tree)]
        if any(abs(a - b) > 0.01 for a, b in zip(got[key], want + [sum(want)])):
            print(f"# numastat -m: {key}: wanted {want}, got {got[key]}")
            return False
    return got["AnonPages"][-1] > 250


def check_numastat_p(tree):
    pid = next(p.parent.name for p in (tree / "proc").glob("*/comm") if p.read_text() == "big\n" and p.parent.name != "self")
    pages = [0] * len(nodes(tree))
    for nid, n in re.findall(r" N(\d+)=(\d+)", (tree / "proc" / pid / "numa_maps").read_text()):
        pages[int(nid)] += int(n)
    total = rows(tree, inside(tree, f"numastat -p {pid}"))["Total"]
    want = [n * 4096 / 2**20 for n in pages]
    return sum(pages) > 250 * 256 and all(abs(a - b) <= 0.02 for a, b in zip(total, want + [sum(want)]))


def check_vmstat(tree):
    lines = inside(tree, "vmstat -s").splitlines()
    total = next(int(line.split()[0]) for line in lines if line.endswith("K total memory"))
    return total == sum(meminfo_kib(tree, nid, "MemTotal") for nid in nodes(tree))


def check_sums(tree):
    """Nodes add up to the machine, and so do the nodes of a group's memory.numa_stat."""
    machine, summed = pairs((tree / "proc/vmstat").read_text()), {}
    for nid in nodes(tree):
        for name, value in pairs(node(tree, nid, "vmstat")).items():
            summed[name] = summed.get(name, 0) + value
    wrong = [name for name, value in summed.items() if name in machine and machine[name] != value]
    group = tree / "sys/fs/cgroup"
    stat = {line.split()[0]: int(line.split()[1]) for line in (group / "memory.stat").read_text().splitlines()}
    for line in (group / "memory.numa_stat").read_text().splitlines():
        name, *parts = line.split()
        if sum(int(part.split("=")[1]) for part in parts) != stat[name] or len(parts) != len(nodes(tree)):
            wrong.append(name)
    if wrong:
        print(f"# does not add up: {wrong}")
    return not wrong and len(summed) > 50


def prepare(tree):
    pid = next(p.name for p in (tree / "proc").iterdir() if p.name.isdigit())
    (tree / "proc/self").symlink_to(pid)


def main():
    every = (("numactl_shows_the_nodes", check_hardware), ("numastat_shows_the_counters_of_each_node", check_numastat),
             ("numastat_m_shows_the_memory_of_each_node", check_numastat_m),
             ("numastat_p_shows_where_a_process_has_its_pages", check_numastat_p),
             ("vmstat_shows_all_memory", check_vmstat), ("nodes_add_up_to_the_machine", check_sums))
    here = {"of_4_nodes": (("numactl_shows_processors_and_distances", check_layout), ("numastat_shows_what_overflowed", check_overflow))}
    return run_checks(TOOLS, {scenario: [(f"{name}_{machine}", check) for name, check in (*every, *here.get(machine, ()))]
                              for machine, scenario in MACHINES.items()}, prepare)


if __name__ == "__main__":
    sys.exit(main())
