#!/usr/bin/env python3
"""mount_test.py - a mounted machine shows the files of `run --proc` while its time goes on, takes writes as Linux does, repeats what was
written by a script, and leaves nothing behind. Skipped where nothing can be mounted. Prints TAP."""

import contextlib
import errno
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mounted import HIGHWATER, Skip, main, mounted, wait_until  # noqa: E402

MACHINE = "[machine]\nram = 256M\ncpus = 2\nswap = 64M\nthp = never\nruntime = 1h\n"
WORK = """
[cgroup web]
memory.max = 64M
[file db]
size = 40M
[task httpd]
cgroup = web
workers = 2
memory = 12M
touch = random
file = db
map = zipf:0.9
rate = 50/s
[task idle]
memory = 4M
hold = 1h
"""


def files_are_those_of_a_run_of_the_same_time():
    scenario = MACHINE.replace("1h", "2s") + WORK
    with tempfile.TemporaryDirectory() as folder:
        file, tree = pathlib.Path(folder) / "s.ini", pathlib.Path(folder) / "tree"
        file.write_text(scenario)
        subprocess.run([HIGHWATER, "run", file, "--proc", tree, "-o", os.devnull], check=True)
        want = {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    want.pop("highwater")  # a folder here
    with mounted(scenario, "--speed", "100x") as machine:
        assert wait_until(lambda: "ended" in machine.read("highwater/time"))
        assert machine.time() == 2.0
        got = machine.tree()
    differ = [name for name in want if got.get(name) != want[name]]
    assert not differ, differ


def who_reads_changes_nothing_and_does_not_wait_for_the_machine():
    """On one that is always behind its clock: readers are answered while it moves on, and what it comes to is what it comes to unseen."""
    scenario = MACHINE.replace("1h", "6s") + WORK.replace("50/s", "400/s").replace("memory = 12M", "memory = 40M")
    names = ("proc/meminfo", "proc/pressure/memory", "sys/fs/cgroup/web/memory.stat", "proc/1000/smaps", "proc/1001/stat", "proc/zoneinfo")
    with mounted(scenario, "--pause", "--skip", "6s") as machine:
        want = machine.tree()
    with mounted(scenario, "--pause") as machine:
        waits, go_on = [], True

        def reader(number):
            fd = os.open(machine / names[number], os.O_RDONLY)
            while go_on:
                began = time.perf_counter()
                os.pread(fd, 1 << 16, 0)
                waits.append(time.perf_counter() - began)
                time.sleep(0.0005)
            os.close(fd)

        readers = [threading.Thread(target=reader, args=(number,)) for number in range(len(names))]
        machine.write("highwater/speed", "1000x")
        for thread in readers:
            thread.start()
        ended = wait_until(lambda: "ended" in machine.read("highwater/time"), 60)
        go_on = False
        for thread in readers:
            thread.join(20)
        got = machine.tree()
        given_up = float(machine.values("highwater/time")["given_up"])
    assert ended and given_up > 1, given_up
    differ = [name for name in sorted(set(want) | set(got)) if want.get(name) != got.get(name)]
    assert not differ, differ
    waits.sort()
    print(f"# {len(waits)} reads, median {waits[len(waits) // 2] * 1e6:.0f} us, longest {waits[-1] * 1e3:.1f} ms")
    assert waits[len(waits) // 4] < 1e-3, waits[len(waits) // 4]  # an advance takes 2 ms; others may have the CPU


def time_follows_the_clock_at_its_speed():
    with mounted(MACHINE + WORK, "--speed", "4x") as machine:
        began, virtual = time.monotonic(), machine.time()
        time.sleep(1)
        passed = (machine.time() - virtual) / (time.monotonic() - began)
        # A reader sees a tick that is at most 8 ms old, and this host may hold the program up for a while.
        assert 3.2 < passed < 4.4, passed
        uptime = float(machine.read("proc/uptime").split()[0])
        assert abs(uptime - machine.time()) < 0.5, uptime
        assert machine.write("highwater/speed", "pause") == 0
        stood = machine.read("proc/vmstat"), machine.time()
        time.sleep(0.1)
        assert (machine.read("proc/vmstat"), machine.time()) == stood
        machine.step("1s")
        assert round(machine.time() - stood[1], 3) == 1.0
        assert machine.write("highwater/speed", "fast") == errno.EINVAL


def our_own_tools_go_by_the_machines_time():
    with mounted(MACHINE + WORK, "--speed", "20x", "--skip", "1s") as machine, tempfile.TemporaryDirectory() as folder:

        def tool(*arguments):
            return subprocess.run([HIGHWATER, *arguments], check=True, capture_output=True, text=True, timeout=30).stdout

        def capture(name):
            file = pathlib.Path(folder) / name
            tool("capture", "--root", machine.dir, "-o", file, "0.2", "3")
            up = [float(tool("capture", "cat", file, "--at", at, "proc/uptime").split()[0]) for at in ("+0s", "-0s")]
            info = json.loads(tool("capture", "info", file, "--format", "json"))
            return up[1] - up[0], info["duration_ns"] / 1e9, info["last_us"] / 1e6 - 1704067200 - up[1]

        passed, stamped, off = capture("running")
        # Files are read a little after the sample's stamp, at 20 times that on the machine; by the host's clock it would be a twentieth.
        assert passed > 4 and passed / 2 < stamped < passed * 2 and abs(off) < passed, (passed, stamped, off)
        machine.write("highwater/speed", "pause")
        passed, stamped, off = capture("paused")
        assert passed == 0 and stamped < 0.001 and abs(off) < 0.02, (passed, stamped, off)
        said = subprocess.run([HIGHWATER, "diagnose", "--root", machine.dir, "1", "2"], check=False, capture_output=True, text=True, timeout=30)
        assert "time stood still" in said.stdout, said


def writes_are_taken_and_refused_as_by_linux():
    with mounted(MACHINE + WORK, "--pause", "--skip", "1s") as machine:
        web = "sys/fs/cgroup/web/"
        want = [
            ("proc/sys/vm/swappiness", "10\n", 0),
            ("proc/sys/vm/swappiness", "300", errno.EINVAL),
            ("proc/sys/vm/swappiness", "abc", errno.EINVAL),
            ("proc/sys/vm/laptop_mode", "5", 0), ("proc/sys/vm/swappiness", "10\n20\n", 0),
            ("proc/sys/vm/page-cluster", "31", 0), ("proc/sys/vm/page-cluster", "32", errno.EINVAL),
            ("proc/sys/vm/zone_reclaim_mode", "301", 0), ("proc/sys/vm/zone_reclaim_mode", "0", 0),
            ("proc/sys/vm/overcommit_ratio", "20000", 0), ("proc/sys/vm/overcommit_ratio", "50", 0),
            ("proc/sys/vm/nr_hugepages_mempolicy", "0", 0),
            ("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages_mempolicy", "0", 0),
            ("proc/1000/status", "1", errno.EACCES if os.geteuid() else errno.EINVAL),
            ("proc/sys/vm/swappiness", "0x1G", errno.EINVAL), ("proc/sys/vm/swappiness", "08", errno.EINVAL),
            ("proc/sys/vm/swappiness", "-1", errno.EINVAL), ("proc/sys/vm/dirty_bytes", "16M", errno.EINVAL),
            ("proc/sys/vm/dirty_bytes", "0x1000000", 0), ("proc/sys/vm/page-cluster", "02", 0),
            ("proc/sys/vm/watermark_scale_factor", "20 and what follows", 0), ("proc/sys/vm/nr_hugepages", "0x0", 0),
            ("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0x0", errno.EINVAL),
            ("sys/kernel/mm/transparent_hugepage/khugepaged/defrag", "0", 0),
            ("sys/kernel/mm/transparent_hugepage/khugepaged/defrag", "true", errno.EINVAL),
            ("sys/kernel/mm/transparent_hugepage/khugepaged/pages_to_scan", "0x200", errno.EINVAL),
            ("sys/kernel/mm/lru_gen/min_ttl_ms", "0x3e8", 0), ("sys/kernel/mm/lru_gen/enabled", "07", 0),
            ("sys/kernel/mm/swap/vma_ra_enabled", "No", 0), ("sys/kernel/mm/swap/vma_ra_enabled", "2", errno.EINVAL),
            ("sys/kernel/mm/numa/demotion_enabled", "on", 0), ("sys/kernel/mm/numa/demotion_enabled", "perhaps", errno.EINVAL),
            ("proc/meminfo", "1", errno.EACCES if os.geteuid() else errno.EIO),
            (web + "memory.max", "32M", 0),
            (web + "memory.high", "max", 0),
            (web + "memory.low", "8M", 0),
            (web + "memory.min", "x", errno.EINVAL),
            (web + "memory.current", "1", errno.EACCES if os.geteuid() else errno.EINVAL),
            (web + "memory.swap.max", "0", 0),
            (web + "cgroup.procs", "999999", errno.ESRCH),
            (web + "memory.nothing", "1", errno.ENOENT),
            (web + "cgroup.subtree_control", "+memory +io", errno.EBUSY),  # it has processes
            (web + "cgroup.subtree_control", "+pids", 0),  # which may be beside groups of a threaded controller
            (web + "cgroup.subtree_control", "-memory", 0),  # it is off
            (web + "cgroup.subtree_control", "+gpu", errno.EINVAL),
            ("proc/sys/vm/drop_caches", "3", 0),
            ("proc/sys/vm/drop_caches", "9", errno.EINVAL),
            ("proc/sys/vm/compact_memory", "1", 0), ("proc/sys/vm/compact_memory", "0", 0),
            ("proc/1000/oom_score_adj", "-500", 0),
            ("proc/1000/oom_score_adj", "2000", errno.EINVAL),
            ("sys/kernel/mm/transparent_hugepage/enabled", "always", 0),
            ("sys/kernel/mm/transparent_hugepage/enabled", "perhaps", errno.EINVAL),
            ("highwater/kill", "12345678", errno.ESRCH),
            ("highwater/swapon", "/dev/nothing", errno.ENOENT),
            (web + "cgroup.kill", "0", errno.ERANGE),
            (web + "cgroup.kill", "all", errno.EINVAL),
            (web + "cgroup.pressure", "2", errno.ERANGE),
            (web + "memory.oom.group", "2", errno.EINVAL),
            (web + "memory.oom.group", "9" * 30, errno.ERANGE),
            (web + "memory.max", "1" * 5000, errno.E2BIG),
            ("proc/sys/vm/swappiness", "1" * 5000, errno.EINVAL),
            ("proc/1000/oom_adj", "16", errno.EINVAL),
            ("proc/1000/oom_score_adj", "9" * 11, errno.ERANGE),
            ("proc/sys/vm/lowmem_reserve_ratio", "256 x", errno.EINVAL),
            ("proc/sys/vm/lowmem_reserve_ratio", "64 64", 0),
        ]
        got = [(name, text, machine.write(name, text)) for name, text, _ in want]
        assert got == want, [(a, b) for a, b in zip(got, want) if a != b]
        assert machine.read("proc/sys/vm/swappiness") == "10\n"
        with open(machine / "proc/sys/vm/swappiness", "wb", buffering=0) as file:  # the first write counts
            assert file.write(b"30\n") == 3 and file.write(b"40\n") == 3
        assert machine.read("proc/sys/vm/swappiness") == "30\n"
        machine.write("proc/sys/vm/swappiness", "10")
        assert (machine / "proc/sys/vm/nr_hugepages_mempolicy").stat().st_mode & 0o777 == 0o644
        assert machine.read("proc/sys/vm/dirty_bytes") == "16777216\n" and machine.read("proc/sys/vm/page-cluster") == "2\n"
        assert machine.read("proc/sys/vm/watermark_scale_factor") == "20\n"
        assert machine.read("sys/kernel/mm/lru_gen/min_ttl_ms") == "1000\n" and machine.read("sys/kernel/mm/lru_gen/enabled") == "0x0007\n"
        assert machine.read("sys/kernel/mm/numa/demotion_enabled") == "true\n"
        assert machine.read("sys/kernel/mm/swap/vma_ra_enabled") == "false\n"
        assert machine.read("proc/sys/vm/lowmem_reserve_ratio") == "64\t64\t32\t0\t0\n"
        assert machine.write("proc/1000/oom_adj", "3") == 0 and machine.read("proc/1000/oom_score_adj") == "176\n"
        machine.write("proc/1000/oom_score_adj", "-500")
        assert machine.read("proc/sys/vm/laptop_mode") == "5\n"
        assert machine.read(web + "memory.max") == f"{32 << 20}\n"
        assert machine.read("proc/1000/oom_score_adj") == "-500\n"
        assert machine.read("sys/kernel/mm/transparent_hugepage/enabled").startswith("[always]")


def groups_are_made_filled_killed_and_removed():
    with mounted(MACHINE + WORK, "--pause", "--skip", "1s") as machine:
        groups = machine / "sys/fs/cgroup"
        os.mkdir(groups / "new")
        os.mkdir(groups / "new/below")
        for name, error in (("new", errno.EEXIST), ("no/where", errno.ENOENT), ("memory.stat", errno.EEXIST)):
            try:
                os.mkdir(groups / name)
                raise AssertionError(name)
            except OSError as got:
                assert got.errno == error, (name, got)
        pid = machine.read("sys/fs/cgroup/web/cgroup.procs").split()[0]
        assert machine.write("sys/fs/cgroup/new/cgroup.procs", pid) == 0
        assert machine.read("sys/fs/cgroup/new/cgroup.procs").split() == [pid]
        assert machine.read(f"proc/{pid}/cgroup") == "0::/new\n"
        for name, error in (("new", errno.EBUSY), ("", errno.EBUSY)):
            try:
                os.rmdir(groups / name)
                raise AssertionError(name)
            except OSError as got:
                assert got.errno == error, (name, got)
        assert machine.write("sys/fs/cgroup/new/cgroup.kill", "1") == 0
        assert not (machine / f"proc/{pid}").exists()
        machine.step("100ms")
        os.rmdir(groups / "new/below")
        os.rmdir(groups / "new")
        assert "new" not in os.listdir(groups)


def names_that_are_no_groups_get_the_errors_of_linux():
    """As a kernel 6.18 answered for root in its own /proc and in a cgroup of its own."""
    with mounted(MACHINE + WORK, "--pause") as machine:
        def answer(call, *arguments):
            try:
                call(*arguments)
                return 0
            except OSError as error:
                return error.errno

        def create(path):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))

        web, proc = machine / "sys/fs/cgroup/web", machine / "proc"
        got = {(call.__name__, folder.name): answer(call, *arguments)
               for folder, name in ((web, "memory.max"), (proc, "meminfo"))
               for call, *arguments in ((create, folder / "new"), (os.mknod, folder / "new"), (os.symlink, "x", folder / "new"),
                                        (os.link, folder / name, folder / "new"), (os.rename, folder / name, folder / "new"),
                                        (os.unlink, folder / name), (os.rmdir, folder / name), (os.truncate, folder / name, 0))}
        e = errno
        want = {"create": (e.EACCES, e.ENOENT), "mknod": (e.EACCES, e.ENOENT), "symlink": (e.EPERM, e.ENOENT), "link": (e.EPERM, e.ENOENT),
                "rename": (e.EPERM, e.ENOENT), "unlink": (e.EPERM, e.EPERM), "rmdir": (e.ENOTDIR, e.ENOTDIR), "truncate": (0, 0)}
        assert got == {(call, folder): error for call, errors in want.items() for folder, error in zip(("web", "proc"), errors)}, got
        assert answer(os.mkdir, proc / "new") == e.ENOENT and answer(os.mkdir, machine / "sys/kernel/new") == e.EPERM
        assert answer(os.mkdir, web / "a\nb") == e.EINVAL
        for name in ("memory.max", "cgroup.kill", "pids.max"):
            assert answer(os.mkdir, web / name) == e.EEXIST, name
        deep = web.parent
        for _ in range(4):  # as long as the paths of containers
            deep = deep / ("kubepods-burstable-pod" + "0" * 60 + ".slice")
            os.mkdir(deep)
            assert machine.write(str((deep / "cgroup.subtree_control").relative_to(machine.dir)), "+memory") == 0
        assert machine.write(str((deep / "memory.max").relative_to(machine.dir)), "8M") == 0
        assert (deep / "memory.max").read_text() == f"{8 << 20}\n"


def groups_and_processes_do_not_compete():
    """The rule of no internal processes, and what controllers that are off leave of a group's files."""
    with mounted(MACHINE + WORK, "--pause", "--skip", "1s") as machine:
        groups = machine / "sys/fs/cgroup"
        pid, other = machine.read("sys/fs/cgroup/web/cgroup.procs").split()[:2]
        os.makedirs(groups / "a/b")

        def control(group, text):
            return machine.write(f"sys/fs/cgroup/{group}cgroup.subtree_control", text)

        def enter(group, who):
            return machine.write(f"sys/fs/cgroup/{group}/cgroup.procs", who)

        assert not (groups / "a/b/memory.max").exists() and (groups / "a/b/memory.pressure").exists() and (groups / "a/memory.max").exists()
        assert machine.read("sys/fs/cgroup/a/b/cgroup.controllers") == "\n"
        assert control("a/b/", "+memory") == errno.ENOENT
        assert enter("a", other) == 0 and control("a/", "+memory") == errno.EBUSY
        assert enter("web", other) == 0 and control("a/", "+memory +pids") == 0
        assert machine.read("sys/fs/cgroup/a/cgroup.subtree_control") == "memory pids\n"
        assert enter("a", other) == errno.EBUSY and enter("a/b", other) == 0
        assert machine.write("sys/fs/cgroup/a/b/memory.high", "1M") == 0
        assert control("", "-memory") == errno.EBUSY  # a needs it
        assert control("a/b/", "+memory") == errno.EBUSY  # b has a process
        assert control("a/", "-memory -pids") == 0 and not (groups / "a/b/memory.max").exists()
        assert enter("a", pid) == 0 and machine.write("sys/fs/cgroup/a/b/memory.high", "2M") == errno.ENOENT
        assert enter("a", "123456") == errno.ESRCH and control("a/", "+rdma") == errno.EINVAL
        machine.step("1s")
        assert machine.read(f"proc/{other}/cgroup") == "0::/a/b\n"


def who_writes_to_a_paused_machine_is_told_that_nothing_moves():
    with mounted(MACHINE + WORK, "--pause", "--skip", "1s") as machine:
        assert machine.write("highwater/swapoff", "swap") == errno.ENOENT
        area = machine.read("proc/swaps").splitlines()[1].split()[0].removeprefix("/dev/")
        machine.write("sys/fs/cgroup/web/memory.max", "16M")
        machine.step("1s")
        assert machine.read("proc/swaps").splitlines()[1].split()[3] != "0"
        with subprocess.Popen(["sh", "-c", f"echo {area} > {machine.dir}/highwater/swapoff"]) as writer:
            said = machine.process.stderr.readline()
            assert "waits for the machine" in said and "highwater/speed" in said, said
            assert machine.values("highwater/time")["waiting"] == "1"
            machine.write("highwater/speed", "100x")
            assert writer.wait(timeout=10) == 0
        assert len(machine.read("proc/swaps").splitlines()) == 1


def a_signal_to_a_writer_ends_what_it_began():
    scenario = MACHINE + WORK.replace("memory = 12M", "memory = 36M")
    with mounted(scenario, "--skip", "2s") as machine:

        def interrupted(name, text):
            """The exit code of a shell that is told to end half a second later."""
            with subprocess.Popen(["timeout", "0.5", "sh", "-c", f"echo {text} > {machine.dir}/{name}"], stderr=subprocess.DEVNULL) as writer:
                return writer.wait(timeout=20)

        area = machine.read("proc/swaps").splitlines()[1].split()[0]
        machine.write("highwater/speed", "pause")
        for _ in range(2):  # the second begins anew
            assert interrupted("highwater/swapoff", area) == 124
            assert machine.read("proc/swaps").splitlines()[1].split()[0] == area and machine.values("highwater/time")["waiting"] == "0"
        assert interrupted("highwater/step", "1000h") == 124
        machine.step("10ms")
        assert "paused" in machine.read("highwater/time")
        machine.write("highwater/speed", "1x")
        interrupted("sys/fs/cgroup/memory.reclaim", "1G")
        machine.write("highwater/speed", "pause")
        at, notes, first = machine.time(), machine.read("highwater/writes"), machine.tree()
        assert notes.count("interrupt highwater/swapoff 0") == 2, notes
    with tempfile.NamedTemporaryFile("w", suffix=".script") as script:
        script.write(notes)
        script.flush()
        with mounted(scenario, "--pause", "--skip", f"{round(at * 1000)}ms", "--script", script.name) as machine:
            again = machine.tree()
            assert machine.read("highwater/writes") == notes
    differ = [name for name in sorted(set(first) | set(again)) if first.get(name) != again.get(name)]
    assert not differ, differ


def groups_can_be_given_to_others():
    if os.geteuid() != 0:
        raise Skip("only root can give files away")
    with mounted(MACHINE + WORK + "[task other]\nuid = 1234\nmemory = 1M\nhold = 1h\n", "--pause", "--skip", "10ms") as machine:
        groups = machine / "sys/fs/cgroup"
        other = [pid for pid in os.listdir(machine / "proc") if pid.isdigit() and machine.read(f"proc/{pid}/comm") == "other\n"]
        assert [(machine / f"proc/{other[0]}" / name).stat().st_uid for name in ("", "status")] == [1234, 1234]
        os.mkdir(groups / "given", 0o750)
        os.chown(groups / "given", 1234, 1234)
        assert machine.write("sys/fs/cgroup/given/cgroup.subtree_control", "+memory") == 0
        assert (groups / "given").stat().st_mode & 0o777 == 0o750 and (groups / "given/memory.max").stat().st_uid == 0
        shell = "mkdir a && echo 8M > a/memory.max && cat a/memory.max && stat -c %u a/memory.max; echo 1M > memory.max || rmdir a"
        done = subprocess.run(["setpriv", "--reuid=1234", "--clear-groups", "sh", "-c", shell], cwd=groups / "given", capture_output=True,
                              text=True, timeout=20, check=False)
        assert done.stdout.split() == [str(8 << 20), "1234"] and "ermission denied" in done.stderr and done.returncode == 0, done
        os.rmdir(groups / "given")
        os.mkdir(groups / "given")
        assert (groups / "given").stat().st_uid == 0
        try:
            os.chmod(machine / "proc/meminfo", 0o600)
            raise AssertionError("a file of /proc")
        except PermissionError:
            pass


def as_user(machine, uid, code, *words):
    """What a piece of Python prints that runs as this user in the directory of the machine, which lies where only root comes by."""
    prelude = "import errno, os, sys\n" \
              "def write(name, text):\n" \
              "    try:\n        with open(name, 'w') as file:\n            file.write(text)\n        return 'done'\n" \
              "    except OSError as error:\n        return errno.errorcode[error.errno]\n" \
              "def read(name):\n" \
              "    try:\n        return open(name).read() and 'done'\n" \
              "    except OSError as error:\n        return errno.errorcode[error.errno]\n"
    done = subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", sys.executable, "-c", prelude + code,
                           *map(str, words)], cwd=machine.dir, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def processes_are_moved_within_what_was_given_alone():
    """Who moves one must be allowed to write to cgroup.procs of the group above both, as Linux has it (containment)."""
    if os.geteuid() != 0:
        raise Skip("only root can give files away")
    with mounted(MACHINE + WORK, "--pause", "--skip", "10ms") as machine:
        groups = machine / "sys/fs/cgroup"
        pid = (groups / "web/cgroup.procs").read_text().split()[0]
        for name in ("given", "given/a", "given/b"):
            os.mkdir(groups / name)
            os.chown(groups / name / "cgroup.procs", 1234, 1234)
        move = "print(*[write(os.path.join(sys.argv[1], name, 'cgroup.procs'), sys.argv[2]) for name in sys.argv[3:]])"
        assert as_user(machine, 1234, move, "sys/fs/cgroup", pid, "given/a", "web") == ["EACCES", "EACCES"]
        assert as_user(machine, 1234, move, "sys/fs/cgroup", 99999, "given/a") == ["ESRCH"]
        assert machine.write("sys/fs/cgroup/given/a/cgroup.procs", pid) == 0
        assert as_user(machine, 1234, move, "sys/fs/cgroup", pid, "given/b", "given/a", "web") == ["done", "done", "EACCES"]
        os.chown(groups / "given/cgroup.procs", 0, 1234)
        os.chmod(groups / "given/cgroup.procs", 0o664)
        assert as_user(machine, 1234, move, "sys/fs/cgroup", pid, "given/b") == ["done"]
        os.chmod(groups / "given/cgroup.procs", 0o644)
        assert as_user(machine, 1234, move, "sys/fs/cgroup", pid, "given/a") == ["EACCES"]
        assert (groups / "given/b/cgroup.procs").read_text().split() == [pid]


def an_owner_lowers_its_oom_score_no_further_than_root_did():
    if os.geteuid() != 0:
        raise Skip("only root can act as another user")
    with mounted(MACHINE + "[task other]\nuid = 1234\nmemory = 1M\nhold = 1h\n", "--pause", "--skip", "10ms") as machine:
        other = "proc/1000/oom_score_adj"
        code = "print(*[write(sys.argv[1], text) for text in sys.argv[2:]])"
        assert as_user(machine, 1234, code, other, 100, -5, 0, 50) == ["done", "EACCES", "done", "done"]
        assert machine.write("proc/1000/oom_score_adj", "-300") == 0
        assert as_user(machine, 1234, code, other, 7, -300, -301) == ["done", "done", "EACCES"]
        assert as_user(machine, 1234, code, "proc/1000/oom_adj", -10, 3) == ["EACCES", "done"]
        before = machine.read(other)
        assert as_user(machine, 4321, code, other, 200) == ["EACCES"] and machine.read(other) == before


def pressure_triggers_of_users_are_as_the_kernel_has_them():
    """6.1 refuses at open who is not root (EPERM); since 6.5 anybody may, with windows of whole 2 s."""
    if os.geteuid() != 0:
        raise Skip("only root can act as another user")
    code = "print(*[write('proc/pressure/memory', text) for text in sys.argv[1:]])"
    for kernel, want in ("6.1", ["EPERM", "EPERM"]), ("6.12", ["done", "EINVAL"]):
        with mounted(MACHINE + WORK, "--pause", "--skip", "10ms", "--kernel", kernel) as machine:
            assert as_user(machine, 1234, code, "some 150000 2000000", "some 150000 1000000") == want, kernel
            assert (machine / "proc/pressure/memory").stat().st_mode & 0o777 == 0o666
            assert machine.write("proc/pressure/memory", "some 150000 1000000") == 0


def memory_of_other_users_processes_is_not_shown():
    if os.geteuid() != 0:
        raise Skip("only root can act as another user")
    with mounted(MACHINE + WORK + "[task other]\nuid = 1234\nmemory = 1M\nhold = 1h\n", "--pause", "--skip", "10ms") as machine:
        pids = {machine.read(f"proc/{pid}/comm").strip(): pid for pid in os.listdir(machine / "proc") if pid.isdigit()}
        names = ["maps", "smaps", "smaps_rollup", "numa_maps", "task/%s/smaps", "status", "statm"]
        code = "print(*[read(name) for name in sys.argv[1:]])"
        for who, want in ("other", "done"), ("idle", "EACCES"):
            files = [f"proc/{pids[who]}/" + name.replace("%s", pids[who]) for name in names]
            assert as_user(machine, 1234, code, *files) == [want] * 5 + ["done"] * 2, who
            assert all((machine / file).stat().st_mode & 0o777 == 0o444 and machine.read(file) for file in files)


def what_was_refused_is_marked_in_the_notes():
    with mounted(MACHINE + WORK, "--pause", "--skip", "1s") as machine:
        with contextlib.suppress(OSError):
            os.rmdir(machine / "sys/fs/cgroup/web")
        assert machine.write("sys/fs/cgroup/web/cgroup.procs", "999999") == errno.ESRCH
        assert machine.write("proc/sys/vm/swappiness", "70") == 0
        assert machine.read("highwater/writes") == ("1.000s write sys/fs/cgroup/web/cgroup.procs 999999\n# refused: No such process\n"
                                                    "1.000s write proc/sys/vm/swappiness 70\n")


def the_mount_of_a_killed_machine_is_replaced():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "a b"
        (folder / "m").mkdir(parents=True)
        (folder / "s.ini").write_text(MACHINE + WORK)
        for first in (True, False):
            process = subprocess.Popen([HIGHWATER, "mount", "s.ini", "m", "--pause"], stderr=subprocess.PIPE, text=True, cwd=folder)
            said = process.stderr.readline()
            if not first:
                assert "killed" in said and "removed" in said, said
                said = process.stderr.readline()
            assert " runs in " in said, said
            assert (folder / "m/proc/meminfo").read_text()
            process.send_signal(signal.SIGKILL if first else signal.SIGTERM)
            process.wait(timeout=10)
            process.stderr.close()
        assert os.listdir(folder / "m") == []


def a_script_repeats_what_was_written_byte_for_byte():
    with mounted(MACHINE + WORK, "--speed", "20x") as machine:
        time.sleep(0.1)
        machine.write("proc/sys/vm/swappiness", "100")
        os.mkdir(machine / "sys/fs/cgroup/a b")
        time.sleep(0.05)
        machine.write("sys/fs/cgroup/web/memory.max", "20M")
        machine.write("sys/fs/cgroup/web/memory.reclaim", "4M")
        pid = machine.read("sys/fs/cgroup/web/cgroup.procs").split()[-1]
        machine.write("highwater/kill", pid)
        machine.write("sys/fs/cgroup/a b/cgroup.procs", "1000")
        machine.write("proc/sys/vm/drop_caches", "3")
        machine.write("highwater/speed", "pause")
        assert machine.time() < 20, "this host held the machine up for seconds"
        machine.step(f"{round((20 - machine.time()) * 1000)}ms")
        first, notes = machine.tree(), machine.read("highwater/writes")
    assert len(notes.splitlines()) == 7, notes
    with tempfile.NamedTemporaryFile("w", suffix=".script") as script:
        script.write(notes)
        script.flush()
        with mounted(MACHINE + WORK, "--pause", "--skip", "20s", "--script", script.name) as machine:
            assert machine.time() == 20
            again = machine.tree()
            assert machine.read("highwater/writes") == notes
    differ = [name for name in sorted(set(first) | set(again)) if first.get(name) != again.get(name)]
    assert not differ, differ


def usage_of_groups_is_their_tasks_and_the_roots_is_the_machines():
    with mounted(MACHINE + WORK.replace("memory = 12M", "memory = 36M"), "--pause", "--skip", "3s") as machine:
        web, root = machine.values("sys/fs/cgroup/web/cpu.stat"), machine.values("sys/fs/cgroup/cpu.stat")
        pids = machine.read("sys/fs/cgroup/web/cgroup.procs").split()
        ticks = 0
        for pid in pids:
            fields = machine.read(f"proc/{pid}/stat").rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        used = int(web["usage_usec"])
        assert used > 100000 and 0 <= used - ticks * 10000 < 20000 * len(pids), (used, ticks)
        assert abs(int(web["user_usec"]) + int(web["system_usec"]) - used) <= 1
        assert machine.read("sys/fs/cgroup/web/pids.current") == f"{len(pids)}\n" and len(pids) == 3
        stat = machine.read("proc/stat").split("\n", 1)[0].split()
        assert [int(root[key]) // 10000 for key in ("user_usec", "system_usec")] == [int(stat[1]), int(stat[3])], (root, stat)
        assert "nr_periods" in web and not os.path.exists(machine / "sys/fs/cgroup/pids.current")
        os.makedirs(machine / "sys/fs/cgroup/a/b")
        assert "nr_periods" not in machine.values("sys/fs/cgroup/a/b/cpu.stat") and not os.path.exists(machine / "sys/fs/cgroup/a/b/io.stat")

        def traffic(name):
            return {line.split()[0]: dict(word.split("=") for word in line.split()[1:]) for line in machine.read(name).splitlines()}

        disks = {f"{words[0]}:{words[1]}": words for words in map(str.split, machine.read("proc/diskstats").splitlines())}
        ours, whole = traffic("sys/fs/cgroup/web/io.stat"), traffic("sys/fs/cgroup/io.stat")
        assert len(ours) == 2 and {key: int(io["rbytes"]) // 512 for key, io in whole.items()} == {key: int(disks[key][5]) for key in whole}, (whole, disks)
        for key, io in ours.items():  # requests in flight are counted when they are submitted
            assert int(whole[key]["rbytes"]) <= int(io["rbytes"]) < int(whole[key]["rbytes"]) + (8 << 20), (ours, whole)
        assert machine.write("sys/fs/cgroup/a/cgroup.procs", pids[1]) == 0  # time stays where it was used
        assert int(machine.values("sys/fs/cgroup/web/cpu.stat")["usage_usec"]) == used and machine.values("sys/fs/cgroup/a/cpu.stat")["usage_usec"] == "0"


def who_reads_statistics_of_a_group_has_them_brought_up_to_date_in_6_12():
    """There reclaim goes by the same figures, so that reads are noted, and repeated by a script."""
    scenario = MACHINE + WORK.replace("memory = 12M", "memory = 36M")
    for kernel in "6.1", "6.12":
        with mounted(scenario, "--speed", "20x", "--kernel", kernel, "--lru", "classic") as machine:
            for _ in range(100):
                machine.read("sys/fs/cgroup/web/memory.stat")
                machine.read("sys/fs/cgroup/web/cpu.stat")
                machine.read("sys/fs/cgroup/cpu.stat")
            machine.write("highwater/speed", "pause")
            machine.step("5ms")
            until = machine.time()
            first, notes = machine.tree(), machine.read("highwater/writes")
        if kernel == "6.1":
            assert notes == "", notes
            continue
        assert notes.count("s read sys/fs/cgroup/web/memory.stat\n") > 10 and " sys/fs/cgroup/cpu.stat" not in notes, notes
        with tempfile.NamedTemporaryFile("w", suffix=".script") as script:
            for text, same in (notes, True), ("", False):
                script.seek(0)
                script.truncate()
                script.write(text)
                script.flush()
                with mounted(scenario, "--pause", "--skip", f"{round(until * 1000)}ms", "--kernel", kernel, "--lru", "classic", "--script",
                             script.name) as machine:
                    again = machine.tree()
                    assert machine.read("highwater/writes") == text
                assert (first == again) == same, [name for name in first if first[name] != again.get(name)]


def what_a_script_wants_and_is_refused_is_said():
    with tempfile.NamedTemporaryFile("w", suffix=".script") as script:
        script.write("# a group with tasks\n0s write sys/fs/cgroup/web/memory.low 1M\n1s rmdir sys/fs/cgroup/web\n")
        script.flush()
        with mounted(MACHINE + WORK, "--pause", "--script", script.name) as machine:
            assert machine.read("sys/fs/cgroup/web/memory.low") == f"{1 << 20}\n"
            machine.step("2s")
            assert "rmdir sys/fs/cgroup/web" in (said := machine.process.stderr.readline()) and "is refused" in said, said
        for text, error in (("1s write proc/meminfo 1", "can be written"), ("x write a b", "a time such as"),
                            ("2s mkdir a\n1s mkdir b", "comes before"), ("1s cat proc/meminfo", "want write, read, mkdir, rmdir or interrupt")):
            with open(script.name, "w", encoding="ascii") as wrong:
                wrong.write(text + "\n")
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "s.ini"
                file.write_text(MACHINE + WORK)
                (pathlib.Path(folder) / "m").mkdir()
                done = subprocess.run([HIGHWATER, "mount", file, f"{folder}/m", "--script", script.name], capture_output=True,
                                      text=True, timeout=20, check=False)
                assert done.returncode in (1, 2) and error in done.stderr and script.name in done.stderr, done.stderr


def it_ends_and_leaves_nothing_behind():
    def is_mounted(folder):
        return str(folder) in pathlib.Path("/proc/mounts").read_text()

    for how in ("interrupt", "unmount", "reader"):
        with mounted(MACHINE + WORK) as machine:
            assert is_mounted(machine.dir)
            if how == "interrupt":
                machine.process.send_signal(signal.SIGINT)
                assert machine.process.wait(timeout=10) == -signal.SIGINT
            elif how == "unmount":
                if subprocess.run(["fusermount3", "-u", machine.dir], check=False).returncode:
                    raise AssertionError("fusermount3")
                assert machine.process.wait(timeout=10) == 0
            else:  # somebody still has a file open
                reader = os.open(machine / "proc/meminfo", os.O_RDONLY)
                machine.process.send_signal(signal.SIGTERM)
                assert machine.process.wait(timeout=10) == -signal.SIGTERM
                with contextlib.suppress(OSError):  # ENOTCONN
                    os.close(reader)
            assert not is_mounted(machine.dir), how
            assert os.listdir(machine.dir) == []


def a_place_that_will_not_do_is_refused():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "s.ini").write_text(MACHINE + WORK)
        (folder / "empty").mkdir()
        want = [
            ([folder], "is not empty"),
            ([folder / "none"], "no such directory"),
            ([folder / "s.ini"], "is no directory"),
            ([folder / "empty", "--speed", "0"], "a speed is a number"),
            ([folder / "empty", "--script", folder / "none"], "No such file"),
        ]
        for arguments, text in want:
            done = subprocess.run([HIGHWATER, "mount", folder / "s.ini", *arguments], capture_output=True, text=True,
                                  timeout=20, check=False)
            assert done.returncode in (1, 2) and text in done.stderr, (arguments, done.stderr)
        with mounted(MACHINE + WORK) as machine:
            done = subprocess.run([HIGHWATER, "mount", folder / "s.ini", machine.dir], capture_output=True, text=True,
                                  timeout=20, check=False)
            assert done.returncode == 1 and "another machine is mounted there" in done.stderr, done.stderr


if __name__ == "__main__":
    main([
        files_are_those_of_a_run_of_the_same_time,
        who_reads_changes_nothing_and_does_not_wait_for_the_machine,
        time_follows_the_clock_at_its_speed,
        our_own_tools_go_by_the_machines_time,
        writes_are_taken_and_refused_as_by_linux,
        groups_are_made_filled_killed_and_removed,
        names_that_are_no_groups_get_the_errors_of_linux,
        groups_and_processes_do_not_compete,
        who_writes_to_a_paused_machine_is_told_that_nothing_moves,
        a_signal_to_a_writer_ends_what_it_began,
        groups_can_be_given_to_others,
        processes_are_moved_within_what_was_given_alone,
        an_owner_lowers_its_oom_score_no_further_than_root_did,
        memory_of_other_users_processes_is_not_shown,
        pressure_triggers_of_users_are_as_the_kernel_has_them,
        what_was_refused_is_marked_in_the_notes,
        the_mount_of_a_killed_machine_is_replaced,
        a_script_repeats_what_was_written_byte_for_byte,
        usage_of_groups_is_their_tasks_and_the_roots_is_the_machines,
        who_reads_statistics_of_a_group_has_them_brought_up_to_date_in_6_12,
        what_a_script_wants_and_is_refused_is_said,
        it_ends_and_leaves_nothing_behind,
        a_place_that_will_not_do_is_refused,
    ])
