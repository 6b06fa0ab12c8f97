#!/usr/bin/env python3
"""events_test.py - programs that poll a mounted machine are woken as by Linux; many readers, many groups and clients that die do it no harm;
a capture is played. Skipped where nothing can be mounted. Prints TAP."""

import errno
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mounted import HIGHWATER, main, mounted, wait_until  # noqa: E402

SHORT = """
[machine]
ram = 256M
cpus = 2
swap = 64M
thp = never
runtime = 1h
[cgroup web]
memory.max = 40M
[task web]
cgroup = web
memory = 60M
touch = random
touches = 16
rate = 200/s
[task idle]
memory = 4M
hold = 1h
"""
GROUPS = 2000


def poll_of_memory_events_tells_of_a_change():
    with mounted(SHORT, "--pause") as machine:
        fd = os.open(machine / "sys/fs/cgroup/web/memory.events", os.O_RDONLY)
        other = os.open(machine / "proc/meminfo", os.O_RDONLY)
        poll = select.poll()
        poll.register(fd, select.POLLPRI | select.POLLERR)
        poll.register(other, select.POLLPRI | select.POLLERR)
        before = os.read(fd, 4096)
        assert poll.poll(100) == []
        machine.write("highwater/speed", "10x")
        got = poll.poll(10000)
        assert [who for who, _ in got] == [fd] and got[0][1] & select.POLLPRI and got[0][1] & select.POLLERR, got
        assert os.pread(fd, 4096, 0) != before
        os.close(fd)
        os.close(other)


def a_pressure_trigger_fires_and_each_event_is_told_once():
    with mounted(SHORT, "--pause") as machine:
        for name in ("proc/pressure/memory", "sys/fs/cgroup/web/memory.pressure"):
            assert machine.write(name, "some 1 2") == errno.EINVAL
        fd = os.open(machine / "sys/fs/cgroup/web/memory.pressure", os.O_RDWR | os.O_NONBLOCK)
        os.write(fd, b"some 4000 1000000\0")
        try:
            os.write(fd, b"some 4000 1000000")
            raise AssertionError("a second trigger of one file")
        except OSError as error:
            assert error.errno == errno.EBUSY
        poll = select.poll()
        poll.register(fd, select.POLLPRI)
        assert poll.poll(50) == []
        machine.write("highwater/speed", "10x")
        assert poll.poll(15000) == [(fd, select.POLLPRI)]
        machine.write("highwater/speed", "pause")
        poll.poll(0)
        assert poll.poll(50) == [], "one event, told twice"
        os.mkdir(machine / "sys/fs/cgroup/new")
        gone = os.open(machine / "sys/fs/cgroup/new/memory.pressure", os.O_RDWR)
        os.write(gone, b"some 4000 1000000")
        os.rmdir(machine / "sys/fs/cgroup/new")
        poll.register(gone, select.POLLPRI)
        assert dict(poll.poll(1000))[gone] & select.POLLERR, "the group has gone"
        os.close(gone)
        os.close(fd)


def what_has_no_trigger_or_was_not_read_is_an_error_to_poll():
    """As Linux answers: who forgot the trigger does not wait for ever, and a file of a cgroup or of sysfs counts as changed until it is read."""
    with mounted(SHORT, "--pause") as machine:
        names = {"proc/pressure/memory": "always", "sys/fs/cgroup/web/memory.pressure": "always", "proc/meminfo": "never",
                 "sys/fs/cgroup/web/memory.current": "unread", "sys/fs/cgroup/web/cgroup.events": "unread",
                 "sys/kernel/mm/transparent_hugepage/enabled": "unread", "proc/sys/vm/swappiness": "never"}
        for name, when in names.items():
            fd = os.open(machine / name, os.O_RDONLY)
            poll = select.poll()
            poll.register(fd, select.POLLPRI)
            for read, expected in (False, when != "never"), (True, when == "always"):
                if read:
                    os.read(fd, 65536)
                got = poll.poll(0)
                assert got == ([(fd, select.POLLPRI | select.POLLERR)] if expected else []), (name, read, got)
            os.close(fd)


def sixty_four_readers_at_once_read_whole_files():
    with mounted(SHORT, "--speed", "10x") as machine:
        wrong = []

        def reader(number):
            names = ("proc/meminfo", "proc/vmstat", "proc/1000/smaps", "sys/fs/cgroup/web/memory.stat")
            for round_ in range(8):
                text = machine.read(names[(number + round_) % len(names)])
                if not text.endswith("\n") or len(text) < 100:
                    wrong.append(text)

        threads = [threading.Thread(target=reader, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not wrong and not any(thread.is_alive() for thread in threads)


def many_groups_are_made_listed_and_removed():
    with mounted(SHORT, "--pause") as machine:
        root = machine / "sys/fs/cgroup"
        for number in range(GROUPS):
            os.mkdir(root / f"g{number}")
        assert sum(name.startswith("g") for name in os.listdir(root)) == GROUPS
        assert (root / f"g{GROUPS - 1}/memory.current").read_text() == "0\n"
        for number in range(GROUPS):
            os.rmdir(root / f"g{number}")
        assert not any(name.startswith("g") for name in os.listdir(root))


def a_client_that_dies_in_a_write_is_forgotten():
    with mounted(SHORT, "--pause") as machine:
        script = f"echo 1h > {machine.dir}/highwater/step"
        client = subprocess.Popen(["sh", "-c", script])
        assert wait_until(lambda: "stepping" in machine.read("highwater/time"))
        client.send_signal(signal.SIGKILL)
        assert client.wait(timeout=10) == -signal.SIGKILL
        with subprocess.Popen(["sh", "-c", script]) as client:  # one that waits is answered when somebody breaks off
            assert wait_until(lambda: "stepping" in machine.read("highwater/time"))
            time.sleep(0.2)
            assert machine.write("highwater/speed", "pause") == 0
            assert client.wait(timeout=10) == 0
        at = machine.time()
        machine.step("10ms")
        assert round(machine.time() - at, 3) == 0.01


def a_read_costs_little():
    with mounted(SHORT, "--pause", "--skip", "1s") as machine:
        fd = os.open(machine / "proc/meminfo", os.O_RDONLY)
        best = 1.0
        for _ in range(20):  # the quickest batch: others may have the CPU
            began = time.perf_counter()
            for _ in range(100):
                os.pread(fd, 8192, 0)
            best = min(best, (time.perf_counter() - began) / 100)
        os.close(fd)
        print(f"# {best * 1e6:.0f} us")
        assert best < 200e-6, best  # 100 us on a host of its own


def a_capture_is_played_and_refuses_writes():
    with tempfile.TemporaryDirectory() as name:
        file, capture = pathlib.Path(name) / "s.ini", pathlib.Path(name) / "c.hwc"
        file.write_text(SHORT.replace("1h\n[cgroup", "4s\n[cgroup"))
        subprocess.run([HIGHWATER, "run", file, "--capture", capture, "--every", "1s", "-o", os.devnull], check=True)
        with mounted(capture, "--pause") as machine:
            first = machine.values("proc/vmstat")["pgfault"]
            assert machine.write("proc/sys/vm/swappiness", "1") == errno.EROFS
            assert machine.write("sys/fs/cgroup/web/memory.max", "1M") == errno.EROFS
            try:
                os.mkdir(machine / "sys/fs/cgroup/new")
                raise AssertionError("made")
            except OSError as error:
                assert error.errno == errno.EROFS, error
            machine.step("1s")
            assert int(machine.values("proc/vmstat")["pgfault"]) > int(first)
            machine.write("highwater/speed", "100x")
            assert wait_until(lambda: "ended" in machine.read("highwater/time"))
            done = subprocess.run([HIGHWATER, "diagnose", "--root", machine.dir, "--format", "json"], capture_output=True,
                                  text=True, check=False, timeout=30)
            assert json.loads(done.stdout), done.stderr


if __name__ == "__main__":
    main([
        poll_of_memory_events_tells_of_a_change,
        a_pressure_trigger_fires_and_each_event_is_told_once,
        what_has_no_trigger_or_was_not_read_is_an_error_to_poll,
        sixty_four_readers_at_once_read_whole_files,
        many_groups_are_made_listed_and_removed,
        a_client_that_dies_in_a_write_is_forgotten,
        a_read_costs_little,
        a_capture_is_played_and_refuses_writes,
    ])
