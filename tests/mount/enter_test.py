#!/usr/bin/env python3
"""enter_test.py - ordinary programs, entered into a machine of ours, print its numbers, and rates over time that are right to a sampling interval.

Each test is one `highwater enter`; a program that is not installed makes its test a skip that names it. Skipped where nothing can be
mounted or no namespace can be had. Prints TAP."""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mounted import HIGHWATER, TOP, Skip, main  # noqa: E402

SCENARIO = """
[machine]
ram = 512M
cpus = 2
swap = 256M
thp = never
runtime = 1h
[cgroup web]
memory.max = 100M
[file db]
size = 300M
[task httpd]
cgroup = web
workers = 3
memory = 12M
touch = random
file = db
map = zipf:0.9
rate = 50/s
[task keeper]
memory = 100M
fill = yes
touch = random
rate = 1/s
"""
SECONDS = 25  # of one enter on a host that others keep busy


def enter(command, *options, need=(), without_admin=False, status=0):
    """The output of a shell command on the machine."""
    missing = [tool for tool in need if not shutil.which(tool)]
    if missing:
        raise Skip(f"no {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "machine.ini"
        file.write_text(SCENARIO)
        drop = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"] if without_admin else []
        done = subprocess.run([*drop, HIGHWATER, "enter", file, *options, "--", "bash", "-c", command], capture_output=True,
                              text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, LC_ALL="C", TERM="xterm", COLUMNS="200", S_TIME_FORMAT="ISO"))
        assert done.returncode == status, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout


def still(command, **options):
    """On a machine that has run for two seconds and stands still: its files, and what the command says."""
    text = enter("cat /proc/meminfo; echo ----; cat /proc/vmstat; echo ----; " + command, "--pause", "--skip", "2s", **options)
    meminfo, vmstat, said = text.split("----\n", 2)
    return numbers(meminfo), numbers(vmstat), said


def numbers(text):
    return {line.split()[0].rstrip(":"): int(line.split()[1]) for line in text.splitlines()}


def free_slabtop_and_vmstat_print_its_memory():
    memory, counters, said = still("free -k; vmstat -s; slabtop -o | head -3", need=("free", "vmstat", "slabtop"))
    lines = said.splitlines()
    assert list(map(int, lines[1].split()[1:4])) == [memory["MemTotal"], memory["MemTotal"] - memory["MemAvailable"],
                                                     memory["MemFree"]], said
    assert re.search(rf"^ *{counters['pgpgin']} K paged in", said, re.MULTILINE), said
    assert counters["pgpgin"] > 0 and "Active / Total Objects" in said


def cat_and_awk_print_its_files_and_scripts_find_what_they_look_for():
    memory, _, said = still("awk '/^MemFree/ {print $2}' /proc/meminfo; cat /proc/sys/vm/swappiness; cat /proc/version /proc/cmdline /proc/partitions; "
                            "grep -c . /proc/filesystems; grep -w proc /proc/mounts | wc -l; wc -l < /proc/swaps", need=("awk",))
    lines = said.splitlines()
    assert int(lines[0]) == memory["MemFree"] and lines[1] == "60" and re.match(r"Linux version 6\.1\S* .*simulated", lines[2]), said
    assert lines[3] == "" and re.search(rf"^ +259 +\d+ +{256 << 10} nvme1n1$", said, re.MULTILINE), said
    assert int(lines[-3]) > 1 and int(lines[-2]) >= 1 and lines[-1] == "2", said


def slabtop_top_numastat_and_smem_agree_with_its_files():
    memory, _, said = still("awk 'NR > 2 {active += $2; all += $3} END {print \"objects\", active, all}' /proc/slabinfo; slabtop -o; top -b -n 2 -d 0.1; numastat; numastat -m; "
                            "cat /sys/devices/system/node/node0/numastat; smem -c 'pid rss'; cat /proc/1001/smaps_rollup; vmstat -n 1 2",
                            need=("slabtop", "top", "numastat", "smem", "vmstat"))
    active, objects = re.search(r"^objects (\d+) (\d+)$", said, re.MULTILINE).groups()
    assert int(active) > 1000 and f"Active / Total Objects (% used)    : {active} / {objects} (" in said, said[:1000]
    mem, swap = (f"{memory[total] / 1024:.1f} total, *{memory[free] / 1024:.1f} free" for total, free in (("MemTotal", "MemFree"), ("SwapTotal", "SwapFree")))
    assert len(re.findall(rf"^MiB Mem : *{mem}", said, re.MULTILINE)) == 2 and len(re.findall(rf"^MiB Swap: *{swap}", said, re.MULTILINE)) == 2, said
    assert len(set(re.findall(r"^numa_hit +(\d+)$", said, re.MULTILINE))) == 1 and len(re.findall(r"^numa_hit ", said, re.MULTILINE)) == 2, said
    assert re.search(rf"^MemFree +{memory['MemFree'] / 1024:.2f} +{memory['MemFree'] / 1024:.2f}$", said, re.MULTILINE), said
    rss = re.search(r"^Rss: +(\d+) kB$", said, re.MULTILINE).group(1)
    assert re.search(rf"^ *1001 +{rss} *$", said, re.MULTILINE), said
    rows = [line.split() for line in said.splitlines() if re.fullmatch(r"[ \d]+", line) and len(line.split()) == 17]
    assert len(rows) == 2 and all(int(row[3]) == memory["MemFree"] for row in rows), (rows, memory)
    assert int(rows[0][2]) == memory["SwapTotal"] - memory["SwapFree"] > 0, rows


def ps_top_and_pmap_print_its_processes_and_themselves():
    _, _, said = still("ps -eo pid,rss,comm; top -b -n 2 -d 0.1; pmap 1001; pmap -x 1001; grep -E '^Vm(Size|RSS)' /proc/1001/status; cat /proc/1001/statm; echo $$; readlink /proc/self/exe; "
                       "cat <(echo pipes work)", need=("ps", "top", "pmap"))
    workers = re.findall(r"^ *(\d+) +(\d+) httpd$", said, re.MULTILINE)
    assert [pid for pid, _ in workers] == ["1000", "1001", "1002", "1003"], said
    own = re.findall(r"^ *(\d+) +\d+ ps$", said, re.MULTILINE)
    assert len(own) == 1 and int(own[0]) > 1004, said
    assert len(re.findall(r"^ *1001 .*httpd", said, re.MULTILINE)) == 3, said  # of ps, and of both frames of top
    kib, rss = re.search(r"^total kB +(\d+) +(\d+) ", said, re.MULTILINE).groups()
    assert re.search(rf"^VmSize:\s+{kib} kB\nVmRSS:\s+{rss} kB$", said, re.MULTILINE) and int(rss) > 1000, said
    pages = int(re.search(r"^(\d+) \d+ \d+ \d+ 0 \d+ 0$", said, re.MULTILINE).group(1))
    assert f" total {pages * 4:16}K" in said, said
    assert "pipes work" in said and shutil.which("readlink") in said, said


def vmstat_1_5_prints_five_seconds_of_the_machine():
    said = enter(SWAPS + "grep -E '^(Mem|Swap)Total' /proc/meminfo; swaps; vmstat 1 5; swaps", "--skip", "2s", need=("vmstat",))
    count = {key: [int(n) for n in re.findall(rf"^{key} (\d+)$", said, re.MULTILINE)] for key in ("pswpin", "pswpout")}
    up = [float(n) for n in re.findall(r"^(\d+\.\d+) \d+\.\d+$", said, re.MULTILINE)]
    total = {key: int(value) for key, value in re.findall(r"^(\w+): +(\d+) kB$", said, re.MULTILINE)}
    rows = [line.split() for line in said.splitlines() if re.fullmatch(r"[ \d]+", line) and len(line.split()) == 17]
    assert len(rows) == 5 and up[1] - up[0] > 3.5, said
    for column, key in (6, "pswpin"), (7, "pswpout"):
        rate = (count[key][1] - count[key][0]) * 4 / (up[1] - up[0])  # KiB of pages of 4 KiB
        assert rate > 100 and near(sum(int(row[column]) for row in rows[1:]) / 4, rate), (key, rate, said)
    assert all(0 < int(row[2]) <= total["SwapTotal"] and 0 < int(row[3]) < total["MemTotal"] for row in rows), said
    assert all(98 <= sum(map(int, row[12:17])) <= 102 for row in rows), said  # shares of the CPUs' time


def htop_shows_its_memory_its_swap_and_its_processes():
    """On a terminal, drawn as top draws: the figures are those of the files."""
    memory, _, said = still("grep -E '^Vm(Size|RSS)' /proc/1004/status; (sleep 1; echo q) | script -qc 'stty rows 40 cols 200; htop -C' /dev/null", need=("htop", "script"))
    size, rss = map(int, re.findall(r"^Vm\w+:\s+(\d+) kB$", said, re.MULTILINE))
    screen = re.sub(r"[ \x0f]+", " ", re.sub(r"\x1b(\[[?\d;]*[a-zA-Z]|[()][0-9A-B]|[=>78])", " ", said))
    for total, meter in (memory["MemTotal"], "Mem"), (memory["SwapTotal"], "Swp"):
        assert re.search(rf"{meter} ?\[[^\]]*/ ?{total / 1024:.0f}(\.0+)?M ?\]", screen), (meter, screen)
    row = re.search(r" 1004 \S+ \d+ \d+ ((?:[\d ]|M)+?) \d+ [SRD] ", screen)
    assert row, screen
    assert htop_figures(size) + htop_figures(rss) == row.group(1).replace(" ", ""), (size, rss, row.group(0))
    assert len(re.findall(r" 100[1-3] [^\x1b]*?httpd", screen)) >= 3, screen


def htop_figures(kib):
    """As htop writes what it counts in KiB."""
    return str(kib) if kib < 100000 else f"{kib / 1024:.0f}M"


def smem_shows_its_processes():
    _, _, said = still("smem -c 'pid name rss'", need=("smem",))
    assert re.search(r"^ *1001 +httpd +\d+", said, re.MULTILINE), said
    assert re.search(r"1004.*keeper", said), said


def numactl_and_numastat_print_its_node():
    memory, counters, said = still("numactl -H; numastat -c; numastat -m", need=("numactl", "numastat"))
    assert f"node 0 size: {memory['MemTotal'] // 1024} MB" in said and re.search(r"^node 0 cpus: 0 1$", said, re.MULTILINE), said
    assert f"node 0 free: {memory['MemFree'] // 1024} MB" in said and re.search(r"^ +0: +10 *$", said, re.MULTILINE), said
    hits = re.search(r"^Numa_Hit +(\d+) +(\d+)$", said, re.MULTILINE)
    assert hits and {int(n) for n in hits.groups()} == {round(counters["numa_hit"] / 256)}, (hits, counters["numa_hit"])


def lscpu_lsmem_lsblk_iostat_and_pidstat_show_its_devices_and_switches():
    said = enter("lscpu; lsblk -rno NAME,SIZE,MOUNTPOINT; find /sys/dev/block -type l; iostat -dx 1 2; pidstat -w 1 1; ps -o etimes= -p $$; "
                 "ps -o lstart= -p 1000; date +%s; cat /proc/swaps; lsmem -o SIZE,BLOCK,NODE,ZONES", "--skip", "1s",
                 need=("lscpu", "lsmem", "lsblk", "iostat", "pidstat"))
    assert re.search(r"^CPU\(s\): +2$", said, re.MULTILINE) and re.search(r"^Socket\(s\): +1$", said, re.MULTILINE), said
    swap = re.search(r"^/dev/(\w+) ", said, re.MULTILINE).group(1)
    assert re.search(rf"^{swap} 256M \[SWAP\]$", said, re.MULTILINE) and len(re.findall(r"^/sys/dev/block/\d+:\d+$", said, re.MULTILINE)) == 2, said
    assert float(re.findall(r"^nvme0n1 +([\d.]+)", said, re.MULTILINE)[-1]) > 100, said  # reads per second, of db
    assert float(re.search(r"^Average: +0 +1001 +([\d.]+)", said, re.MULTILINE).group(1)) > 50, said  # it waits for each request
    assert re.findall(r"^ *(\d+M) +([\d-]+) +0 +(\w+)$", said, re.MULTILINE) == [("128M", "0", "None"), ("384M", "1-3", "DMA32")], said
    own, boot, now = re.search(r"^ *(\d+)\n(\w{3} \w{3} +\d+ [\d:]+ \d{4})\n(\d+)$", said, re.MULTILINE).groups()
    assert int(own) < SECONDS and 0 <= int(now) - time.mktime(time.strptime(boot)) < SECONDS, said


def mpstat_counts_no_interrupts_as_its_files():
    said = enter("cat /proc/interrupts /proc/softirqs; grep -E '^(intr|softirq) ' /proc/stat; cat /sys/devices/system/cpu/isolated; mpstat -I ALL 1 1",
                 "--skip", "1s", need=("mpstat",))
    assert re.match(r" {11}CPU0 {7}CPU1 +\nERR: +0\n", said) and len(re.findall(r"^ +[A-Z_]+: +0 +0$", said, re.MULTILINE)) == 10, said
    assert "\nintr 0\n" in said and re.search(r"^softirq( 0){11}$", said, re.MULTILINE), said
    average = re.findall(r"^Average: +(all|[01]) +([\d.]+)", said, re.MULTILINE)
    assert {cpu for cpu, _ in average} == {"all", "0", "1"} and not any(float(rate) for _, rate in average), said


def node_exporter_serves_its_metrics():
    memory, counters, said = still(
        "ip link set lo up 2>/dev/null; cat /proc/pressure/memory; echo load $(cut -d' ' -f1 /proc/loadavg); "
        "prometheus-node-exporter --web.listen-address=127.0.0.1:19127 2>/dev/null & "
        "for i in $(seq 100); do python3 -c 'import urllib.request as r; "
        "print(r.urlopen(\"http://127.0.0.1:19127/metrics\").read().decode())' 2>/dev/null && break; sleep 0.1; done; kill %1",
        need=("prometheus-node-exporter",))
    metrics = dict(re.findall(r"^(node_\w+) ([0-9.e+]+)$", said, re.MULTILINE))
    assert float(metrics["node_memory_MemTotal_bytes"]) == memory["MemTotal"] * 1024, said[:2000]
    assert float(metrics["node_memory_MemFree_bytes"]) == memory["MemFree"] * 1024
    assert float(metrics["node_vmstat_pgmajfault"]) == counters["pgmajfault"]
    for name, file in ("pgpgin", "pgpgin"), ("pswpin", "pswpin"), ("pswpout", "pswpout"), ("pgfault", "pgfault"):
        assert float(metrics[f"node_vmstat_{name}"]) == counters[file] > 0, name
    for name in ("SwapTotal", "SwapFree", "Active_anon", "Inactive_file", "Mapped", "Slab"):
        key = name.replace("_anon", "(anon)").replace("_file", "(file)")
        assert float(metrics[f"node_memory_{name}_bytes"]) == memory[key] * 1024, name
    stalled = re.search(r"^some .* total=(\d+)$", said, re.MULTILINE).group(1)
    assert abs(float(metrics["node_pressure_memory_waiting_seconds_total"]) * 1e6 - int(stalled)) < 1 and int(stalled) > 0, stalled
    assert metrics["node_load1"] == re.search(r"^load (\S+)$", said, re.MULTILINE).group(1).rstrip("0").rstrip("."), said[:300]
    assert float(metrics["node_time_seconds"]) - float(metrics["node_boot_time_seconds"]) < SECONDS + 2


MARK = "grep -E '^(pgpgin|pgmajfault) ' /proc/vmstat; cat /proc/uptime; "


def between(said):
    """Per second of the machine's time, from the first marks to the second."""
    events = [int(n) for n in re.findall(r"^pgpgin (\d+)$", said, re.MULTILINE)]
    faults = [int(n) for n in re.findall(r"^pgmajfault (\d+)$", said, re.MULTILINE)]
    up = [float(n) for n in re.findall(r"^(\d+\.\d+) \d+\.\d+$", said, re.MULTILINE)]
    passed = up[1] - up[0]
    return passed, (events[1] - events[0]) / passed, (faults[1] - faults[0]) / passed


SWAPS = "swaps() { grep -E '^(pswpin|pswpout) ' /proc/vmstat; cat /proc/uptime; }; "


def near(a, b):
    """To a sampling interval: one of three may lie elsewhere for the tool than for us."""
    return abs(a - b) <= max(a, b) / 3


def rates_of_vmstat_and_sar_are_the_machines():
    said = enter(MARK + "vmstat -n 1 4 >/tmp/.v$$ & sar -B 1 3 >/tmp/.s$$; wait; " + MARK + "cat /tmp/.v$$ /tmp/.s$$; rm /tmp/.[vs]$$",
                 "--skip", "1s", need=("vmstat", "sar"))
    passed, read, faults = between(said)
    assert read > 1000 and faults > 100 and passed > 2.5, said
    rows = [line.split() for line in said.splitlines() if re.fullmatch(r"[ \d]+", line) and len(line.split()) == 17][1:]
    assert len(rows) == 3 and near(sum(int(row[8]) for row in rows) / 3, read), (read, said)
    average = re.search(r"^Average: +(.*)$", said, re.MULTILINE).group(1).split()
    assert near(float(average[0]), read) and near(float(average[3]), faults), (read, faults, said)


def sar_prints_its_swapping_its_memory_and_its_swap():
    said = enter(SWAPS + "grep -E '^(Mem|Swap)Total' /proc/meminfo; swaps; sar -W -r -S 1 3; swaps",
                 "--skip", "2s", need=("sar",))
    total = {key: int(value) for key, value in re.findall(r"^(\w+Total): +(\d+) kB$", said, re.MULTILINE)}
    count = {key: [int(n) for n in re.findall(rf"^{key} (\d+)$", said, re.MULTILINE)] for key in ("pswpin", "pswpout")}
    up = [float(n) for n in re.findall(r"^(\d+\.\d+) \d+\.\d+$", said, re.MULTILINE)]
    names, values = ([line.split()[1:] for line in re.findall(r"^Average: .*$", said, re.MULTILINE)][i::2] for i in (0, 1))
    average = {name: float(value) for row in zip(names, values) for name, value in zip(*row)}
    for key, (first, last) in count.items():
        assert last - first > 100 and near(average[key + "/s"], (last - first) / (up[1] - up[0])), (average, count, up)
    assert average["kbswpfree"] + average["kbswpused"] == total["SwapTotal"] and average["kbswpused"] > 0, (average, total)
    assert abs(average["kbmemused"] / average["%memused"] * 100 - total["MemTotal"]) < total["MemTotal"] / 100, (average, total)
    assert 0 < average["kbmemfree"] < total["MemTotal"] - average["kbmemused"], average


def our_own_tools_see_rates():
    said = enter(f"{HIGHWATER} diagnose 1 2 --format json >/tmp/.d$$ & {HIGHWATER} capture -o /tmp/.c$$ 1 2 & "
                 f"{HIGHWATER} top --once --size 100x30; wait; cat /tmp/.d$$; {HIGHWATER} capture info /tmp/.c$$; rm /tmp/.[cd]$$",
                 "--skip", "2s", status=0)
    assert '"kind": "simulated"' in said and "1.0-highwater" in said and '"pgmajfault"' in said and re.search(r"^samples +2", said, re.MULTILINE), said


def a_capture_is_entered_too():
    """With what follows from its files: processors, statm. And a command without -- before it."""
    for tool in ("vmstat", "ps", "top", "lscpu"):
        if not shutil.which(tool):
            raise Skip(f"no {tool}")
    with tempfile.TemporaryDirectory() as folder:
        file, capture = pathlib.Path(folder) / "s.ini", pathlib.Path(folder) / "c.hwc"
        file.write_text(SCENARIO.replace("1h", "4s"))
        subprocess.run([HIGHWATER, "run", file, "--capture", capture, "--every", "1s", "-o", os.devnull], check=True)

        def entered(*command):
            done = subprocess.run([HIGHWATER, "enter", capture, "--skip", "3s", *command], capture_output=True, text=True, timeout=SECONDS,
                                  check=False, stdin=subprocess.DEVNULL, env=dict(os.environ, LC_ALL="C", TERM="xterm", COLUMNS="200"))
            assert done.returncode == 0, (command, done)
            return done.stdout

        memory = numbers(entered("cat", "/proc/meminfo"))
        assert f"{memory['MemFree']} " in entered("vmstat", "1", "2"), memory
        resident = dict(re.findall(r"^ *(10\d\d) +(\d+) +(?:httpd|keeper)$", entered("ps", "-eo", "pid,rss,comm"), re.MULTILINE))
        assert set(resident) == {"1000", "1001", "1002", "1003", "1004"} and int(resident["1004"]) > 50000, resident
        assert re.search(rf"^ *1004 .* {resident['1004']} ", entered("top", "-b", "-n", "1"), re.MULTILINE)
        assert re.search(r"^CPU\(s\): +2$.*^Core\(s\) per socket: +2$.*^Socket\(s\): +1$.*^NUMA node0 CPU\(s\): +0,1$", entered("lscpu"), re.MULTILINE | re.DOTALL)
        said = entered(HIGHWATER, "diagnose", "--format", "json")
        assert '"kind": "capture"' in said, said[:500]


def a_capture_of_a_real_machine_is_entered_by_what_asks_for_its_own_process():
    """Such a capture has /proc/self of who captured: the command's own is another, with the mounts and the group of the capture."""
    for tool in ("ps", "top"):
        if not shutil.which(tool):
            raise Skip(f"no {tool}")
    capture = TOP / "tests/incidents/swap-thrash-a.hwc"

    def captured(name):
        return subprocess.run([HIGHWATER, "capture", "cat", capture, name], capture_output=True, text=True, check=True).stdout

    done = subprocess.run([HIGHWATER, "enter", "-q", "--pause", capture, "--", "bash", "-c",
                           "ps -o pid=,comm= -p $$; echo $$; ls /proc | grep -c self; readlink /proc/self; cat /proc/self/comm <(echo pipes); ps -eo pid,rss,comm; "
                           "echo ----; cat /proc/self/mountinfo; echo ----; cat /proc/self/cgroup; echo ----; top -b -n 1; echo ----; grep ^VmRSS /proc/113/status"],
                          capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL, env=dict(os.environ, LC_ALL="C", TERM="xterm"))
    assert done.returncode == 0, done
    said, mounts, group, top, status = done.stdout.split("----\n")
    lines = said.splitlines()
    assert lines[0].split() == [lines[1], "bash"] and int(lines[3]) > int(lines[1]) and lines[2] == "2" and lines[4:6] == ["cat", "pipes"], said
    assert mounts == captured("proc/self/mountinfo") and group == captured("proc/self/cgroup") and len(mounts) > 100, (mounts, group)
    rss = status.split()[1]
    assert re.search(rf"^ *113 +{rss} load$", said, re.MULTILINE) and re.search(rf"^ *113 .* {rss} .* load *$", top, re.MULTILINE), (rss, said, top)


def it_needs_no_root():
    said = enter("id -u; free -k | sed -n 2p; echo 7 > /proc/sys/vm/swappiness; cat /proc/sys/vm/swappiness; "
                 "mkdir /sys/fs/cgroup/new; rmdir /sys/fs/cgroup/new; slabtop -o | head -1", without_admin=True, need=("setpriv",))
    assert said.splitlines()[0] == "0" and "\n7\n" in said and "Active / Total" in said, said


def all_groups_of_who_moves_a_process_count():
    """Not the first alone: who may write to cgroup.procs by another group of theirs moves a process, and no one else does."""
    if os.geteuid() != 0:
        raise Skip("only root can take other groups")
    groups = "/sys/fs/cgroup/given"
    move = f"sh -c 'echo 1001 > {groups}/$1/cgroup.procs' -"
    user = "setpriv --reuid=1234 --regid=1234"
    said = enter(f"mkdir {groups} {groups}/a {groups}/b; chown 0:100 {groups}/cgroup.procs {groups}/*/cgroup.procs; "
                 f"chmod 664 {groups}/cgroup.procs {groups}/*/cgroup.procs; {move} a; "
                 f"{user} --clear-groups {move} b 2>&1; {user} --groups 7,101 {move} b 2>&1; cat {groups}/a/cgroup.procs; "
                 f"{user} --groups 7,100,2000 {move} b && cat {groups}/b/cgroup.procs", "--pause", "--skip", "1s", need=("setpriv",))
    refused = [line for line in said.splitlines() if "ermission denied" in line]
    assert len(refused) == 2 and [line for line in said.splitlines() if line not in refused] == ["1001", "1001"], said


def its_exit_code_is_the_commands_and_nothing_outlives_it():
    enter("exit 3", status=3)
    enter("kill -9 $$", status=137)
    for command, status in ("/etc/passwd", 126), ("/nowhere/nothing", 127):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "machine.ini"
            file.write_text(SCENARIO)
            assert subprocess.run([HIGHWATER, "enter", file, command], capture_output=True, check=False).returncode == status
    mark = f"71{os.getpid()}"
    enter(f"setsid sleep {mark} & sleep 0.2")
    assert subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True, check=False).returncode == 1
    with tempfile.TemporaryDirectory() as folder:  # the program is killed: the command too
        file = pathlib.Path(folder) / "machine.ini"
        file.write_text(SCENARIO)
        process = subprocess.Popen([HIGHWATER, "enter", file, "--", "sleep", mark + "1"])
        for _ in range(200):
            if subprocess.run(["pgrep", "-fx", f"sleep {mark}1"], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        for _ in range(100):
            gone = subprocess.run(["pgrep", "-fx", f"sleep {mark}1"], capture_output=True, check=False).returncode == 1
            if gone:
                break
            time.sleep(0.05)
        assert gone


def on_terminal(arguments, keys, seconds=SECONDS):
    """What `enter` writes to a terminal where these keys are pressed, each once the text before it is there; and its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "machine.ini"
        file.write_text(SCENARIO)
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(SHELL="/bin/sh", PS1="ready> ", ENV="", LC_ALL="C")
            os.execv(HIGHWATER, [HIGHWATER, "enter", "-q", *arguments[0], file, *arguments[1]])
        said, since, end = "", 0, time.monotonic() + seconds
        while time.monotonic() < end:
            if keys and re.search(keys[0][0], said[since:]):
                since = len(said)
                time.sleep(0.5)  # what was started must be there
                os.write(terminal, keys.pop(0)[1].encode())
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    said += os.read(terminal, 4096).decode(errors="replace")
                except OSError:  # its other end is closed
                    break
        else:
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        os.close(terminal)
        return said, os.waitstatus_to_exitcode(status)


def ctrl_c_ends_what_runs_and_a_shell_goes_on():
    said, code = on_terminal(([], []), [("ready> $", "sleep 100\n"), ("sleep 100", "\x03"), ("ready> $", "echo go$((1 + 1))on; exit 7\n")])
    assert code == 7 and "go2on" in said and "process group" not in said, (code, said)
    assert on_terminal((["--skip", "100000h"], ["free"]), [("^", "\x03")])[1] == 128 + signal.SIGINT
    said, code = on_terminal(([], ["vmstat", "1"]), [(r"(?s)swpd.*\d+ +\d+ +\d+ *\r\n", "\x03")])
    assert code == 128 + signal.SIGINT, (code, said)


def what_is_unmounted_outside_goes_here_too():
    """Or a machine that is mounted elsewhere would go on for as long as somebody has entered another one."""
    if not shutil.which("unshare"):
        raise Skip("no unshare")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "machine.ini"
        file.write_text(SCENARIO)
        (pathlib.Path(folder) / "m").mkdir()
        script = (f'until_() {{ for _ in $(seq 200); do "$@" && return; sleep 0.05; done; return 1; }}; cd {folder}; '
                  f"{HIGHWATER} mount machine.ini m --pause 2>/dev/null & mounted=$!; until_ test -e m/proc/meminfo || echo not mounted; "
                  f"{HIGHWATER} enter machine.ini --pause sh -c 'touch {folder}/ready; sleep 30' & entered=$!; until_ test -e ready || echo not entered; "
                  "umount m; gone() { ! kill -0 $mounted 2>/dev/null; }; until_ gone && echo gone; kill -9 $entered")
        done = subprocess.run(["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "--propagation", "shared", "sh", "-c", script],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout == "gone\n", done


if __name__ == "__main__":
    main([
        free_slabtop_and_vmstat_print_its_memory,
        cat_and_awk_print_its_files_and_scripts_find_what_they_look_for,
        slabtop_top_numastat_and_smem_agree_with_its_files,
        ps_top_and_pmap_print_its_processes_and_themselves,
        vmstat_1_5_prints_five_seconds_of_the_machine,
        htop_shows_its_memory_its_swap_and_its_processes,
        smem_shows_its_processes,
        numactl_and_numastat_print_its_node,
        lscpu_lsmem_lsblk_iostat_and_pidstat_show_its_devices_and_switches,
        mpstat_counts_no_interrupts_as_its_files,
        node_exporter_serves_its_metrics,
        rates_of_vmstat_and_sar_are_the_machines,
        sar_prints_its_swapping_its_memory_and_its_swap,
        our_own_tools_see_rates,
        a_capture_is_entered_too,
        a_capture_of_a_real_machine_is_entered_by_what_asks_for_its_own_process,
        it_needs_no_root,
        all_groups_of_who_moves_a_process_count,
        ctrl_c_ends_what_runs_and_a_shell_goes_on,
        what_is_unmounted_outside_goes_here_too,
        its_exit_code_is_the_commands_and_nothing_outlives_it,
    ])
