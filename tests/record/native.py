#!/usr/bin/env python3
"""native.py - a workload in a control group of this kernel (version 1 or 2), without swap: does it live, how long does it take. Needs Python alone.

    native.py ROOT PLAN OUTPUT [RUNS]

ROOT is a folder with all that the workloads of the plan need (advice.py makes it), which they take for the whole file system: nothing of it is in
the cache when one starts, so that the group is charged for it as in a replay. PLAN is a list of {"name", "limits": {LABEL: BYTES}, "guess": BYTES}.
OUTPUT gets a line of JSON for each: a run without a limit (RUNS of a short one, their median), RUNS (5) under each limit, and the kernel's own bracket: the largest limit that
some run of RUNS does not survive, and the smallest limit above it that all do. Without a guess there is no search, but RUNS rounds of a run without
a limit and one under each.

A run's time is that in which its group ran, or in which all its tasks that did not sleep waited for a device: what `size` judges by. Waiting for
a CPU that others have is not in it, nor is a server's client. Where the kernel does not tell (CONFIG_PSI), it is the time of the clock.
"""
import collections
import json
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workloads  # noqa: E402

SLOWER = 3.0  # what `size` takes for thrashing
RUNS = 5
SHORT_S = 1.0  # a run without a limit is made as often as the others
LOOK_S = 0.2  # from one look at the time to the next
FINE = 0.005  # of the limit: how near the ends of the bracket are to each other
FLOOR = 128 << 10
PROMISED = ("recommended", "usable")  # limits at which all runs are made
SPAN = 1.2  # around the guess, the first steps of the search
COUNTERS = ("workingset_refault_file", "workingset_refault_anon", "pgmajfault", "pgscan", "workingset_activate_file", "total_pgmajfault")

Run = collections.namedtuple("Run", "outcome seconds wall peak kernel counters")


class Group:
    """A control group. FileNotFoundError: none can be made here."""

    def __init__(self):
        self.folder = self.make()
        self.timed = self.folder
        if not os.path.exists(self.path("io.pressure")):  # a group of version 2 beside one of version 1, for its figures alone
            self.timed = os.path.join("/sys/fs/cgroup/unified", os.path.basename(self.folder))
            try:
                os.mkdir(self.timed)
            except OSError:
                self.timed = None

    def make(self):
        for parent, names in (("/sys/fs/cgroup/memory", ("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.kmem.max_usage_in_bytes")),
                              ("/sys/fs/cgroup", ("memory.max", "memory.peak", None))):
            folder = os.path.join(parent, "highwater-native-%d" % os.getpid())
            try:
                os.mkdir(folder)
            except OSError:
                continue
            if os.path.exists(os.path.join(folder, names[0])):
                self.limit, self.peak, self.kernel = names
                return folder
            os.rmdir(folder)
        raise FileNotFoundError("no control group can be made here")

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        try:
            with open(self.path(name), encoding="ascii") as f:
                return f.read()
        except OSError:
            return ""

    def bound(self, limit):
        with open(self.path(self.limit), "w", encoding="ascii") as f:
            f.write(str(limit))

    def join(self):
        for folder in {self.folder, self.timed or self.folder}:
            with open(os.path.join(folder, "cgroup.procs"), "w", encoding="ascii") as f:
                f.write("0")

    def seconds(self):
        """Seconds in which it ran or waited for a device. None where the kernel does not tell."""
        try:
            with open(os.path.join(self.timed or "", "cpu.stat"), encoding="ascii") as f:
                ran = next(int(line.split()[1]) for line in f if line.startswith("usage_usec"))
            with open(os.path.join(self.timed or "", "io.pressure"), encoding="ascii") as f:
                waited = next(int(line.rsplit("total=", 1)[1]) for line in f if line.startswith("full"))
            return (ran + waited) / 1e6
        except (OSError, StopIteration):
            return None

    def kills(self):
        """Processes that were killed for want of memory."""
        lines = (self.read("memory.events") + self.read("memory.oom_control")).splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def counters(self):
        stat = dict(line.split() for line in self.read("memory.stat").splitlines())
        return {name: int(stat[name]) for name in COUNTERS if name in stat}

    def kill(self):
        for pid in self.read("cgroup.procs").split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def remove(self):
        for _ in range(200):
            self.kill()
            try:
                for folder in filter(os.path.isdir, {self.folder, self.timed or self.folder}):
                    os.rmdir(folder)
                return
            except OSError:
                time.sleep(0.05)


def forget(root):
    """Nothing below root is in the cache afterwards, but for what somebody uses."""
    os.sync()
    for where, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not os.path.ismount(os.path.join(where, f))]
        for name in names:
            path = os.path.join(where, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Native:
    """One workload in a root."""

    def __init__(self, root, name):
        self.root, self.name, self.workload = root, name, workloads.PROGRAMS[name]
        self.whole = None  # seconds without a limit

    def prepare(self):
        """The command as the program will see it, in a new folder. A path below the root is written as it is from inside."""
        outside = os.path.join(self.root, "work")
        shutil.rmtree(outside, ignore_errors=True)
        os.makedirs(outside)
        shared = os.path.join(self.root, "dev/shm")  # one that was killed leaves its memory there
        for name in os.listdir(shared) if os.path.ismount(shared) else ():
            os.unlink(os.path.join(shared, name))
        made = os.path.join(self.root, "made", self.name)
        if os.path.isdir(made):
            shutil.copytree(made, outside, dirs_exist_ok=True, symlinks=True)
        port = workloads.free_port()
        command = [word.replace(outside, "/work") for word in self.workload.make(outside, port)]
        for where, _, names in os.walk(outside):  # configurations name their folder, too
            for path in (os.path.join(where, n) for n in names if os.path.getsize(os.path.join(where, n)) < 1 << 16):
                with open(path, "rb") as f:
                    text = f.read()
                if outside.encode() in text:
                    workloads.write(path, text.replace(outside.encode(), b"/work"))
        workloads.own(outside)
        forget(self.root)
        return command, port

    def runs(self, limit, nr_runs, every):
        """The first that does not survive is the last one, unless every one counts: what thrashes takes three times as long."""
        found = []
        while len(found) < nr_runs and (every or all(map(lives, found))):
            found.append(self.run(limit))
        return found

    def whole_runs(self, nr_runs):
        """Without a limit; a short one several times, because it is what all others are compared with."""
        found = [self.run()]
        while len(found) < nr_runs and found[0].seconds < SHORT_S and all(map(lives, found)):
            found.append(self.run())
        return found

    def start(self, command, group):
        def inside():
            group.join()
            os.setsid()
            os.chroot(self.root)
            os.chdir("/work")
            os.setgroups([])
            os.setgid(workloads.NOBODY.pw_gid)
            os.setuid(workloads.NOBODY.pw_uid)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=inside,
                                env=dict(workloads.ENV, PATH=workloads.path_in(self.root), HOME="/work"))

    def run(self, limit=None):
        command, port = self.prepare()
        group = Group()
        patience = workloads.WAIT_S if self.whole is None else SLOWER * self.whole
        began = time.monotonic()

        def spent():
            wall = time.monotonic() - began
            seconds = group.seconds()
            return wall - workloads.slept(self.workload) if seconds is None else seconds, wall

        def is_over():
            seconds, wall = spent()
            return seconds >= patience or wall >= workloads.WAIT_S
        old = signal.signal(signal.SIGALRM, lambda *_: is_over() and group.kill())
        try:
            if limit:
                group.bound(limit)
            signal.setitimer(signal.ITIMER_REAL, LOOK_S, LOOK_S)
            process = self.start(command, group)
            answered = self.talk(process, port, group)
            code = process.wait()
            signal.setitimer(signal.ITIMER_REAL, 0)
            seconds, wall = spent()
            kernel = group.read(group.kernel) if group.kernel else ""
            outcome = "completed"
            if group.kills():
                outcome = "killed"
            elif is_over():
                outcome = "thrash"
            elif code or not answered:
                outcome = "failed"
            print("%s %s: %s in %.1f s" % (self.name, limit, outcome, seconds), file=sys.stderr, flush=True)
            return Run(outcome, seconds, wall, int(group.read(group.peak)), int(kernel or 0), group.counters())
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)
            group.remove()

    def talk(self, process, port, group):
        """False when the client of a server got no answers."""
        def alive():
            if process.poll() is not None:
                raise workloads.Failed("the server ended")
        if not self.workload.client:
            return True
        try:
            self.workload.client(port, alive)
        except (workloads.Failed, OSError, ValueError, EOFError, IndexError):
            group.kill()
            return False
        except Exception:  # http.client has a dozen of its own for a server that is gone
            group.kill()
            return False
        process.send_signal(signal.SIGTERM)
        return True


def lives(run):
    return run.outcome == "completed"


class Search:
    """The kernel's own bracket."""

    def __init__(self, native, nr_runs):
        self.native, self.nr_runs, self.runs = native, nr_runs, collections.defaultdict(list)

    def all_live(self, limit, runs):
        while len(self.runs[limit]) < runs and all(map(lives, self.runs[limit])):
            self.runs[limit].append(self.native.run(limit))
        return all(map(lives, self.runs[limit]))

    def bracket(self, guess, peak):
        """(fails, lives), fails 0 where nothing down to a quarter of the guess does."""
        step = lambda limit: max(int(limit * FINE), FLOOR) & ~4095  # noqa: E731
        high = int(guess) & ~4095
        while not self.all_live(high, 1) and high < 2 * peak:
            high = int(high * SPAN) & ~4095
        low = max([limit for limit, runs in self.runs.items() if not all(map(lives, runs)) and limit < high], default=0)
        at = high
        while not low and at > guess / 4:
            at = int(at / SPAN) & ~4095
            if self.all_live(at, 1):
                high = at
            else:
                low = at
        while low and high - low > step(high):
            middle = (low + high) // 2 & ~4095
            if self.all_live(middle, 1):
                high = middle
            else:
                low = middle
        for _ in range(12):  # running out is not monotonic: up to where all live
            if self.all_live(high, self.nr_runs):
                break
            low, high = high, high + step(high)
        return low, high


def told(runs):
    """Runs at one limit."""
    return {"outcomes": [r.outcome for r in runs], "seconds": round(statistics.median(r.seconds for r in runs), 3),
            "wall": round(statistics.median(r.wall for r in runs), 3), "peak": max(r.peak for r in runs), "kernel": max(r.kernel for r in runs), "counters": runs[-1].counters}


def slowdowns(native, limits, nr_runs):
    """Rounds of one run each: what the host does meanwhile comes to all of them. Each limit's slowdown is the median over the rounds."""
    rounds = [{label: native.run(limit) for label, limit in {"unlimited": None, **limits}.items()} for _ in range(nr_runs)]
    found = {label: dict(told([one[label] for one in rounds]), bytes=limit, slowdown=round(statistics.median(
        one[label].seconds / one["unlimited"].seconds for one in rounds), 3)) for label, limit in limits.items()}
    return {"unlimited": told([one["unlimited"] for one in rounds]), "limits": found}


def measure(root, plan, nr_runs):
    native = Native(root, plan["name"])
    native.run()  # the first one reads what others will find in the caches of the host
    whole = native.whole_runs(nr_runs)
    result = {"name": plan["name"], "unlimited": told(whole)}
    if not all(map(lives, whole)):
        return result
    native.whole = statistics.median(run.seconds for run in whole)
    if "guess" not in plan:
        return dict(result, **slowdowns(native, plan["limits"], nr_runs))
    result["limits"] = {label: dict(told(native.runs(limit, nr_runs, label in PROMISED)), bytes=limit) for label, limit in plan["limits"].items()}
    search = Search(native, nr_runs)
    low, high = search.bracket(plan["guess"], result["unlimited"]["peak"])
    result["bracket"] = {"fails": low, "lives": high, "killed": sum(r.outcome == "killed" for r in search.runs.get(low, []))}
    return result


def main():
    root, plan, output, *more = sys.argv[1:]
    nr_runs = int(more[0]) if more else RUNS
    with open(plan, encoding="ascii") as f:
        wanted = json.load(f)
    with open(output, "w", encoding="ascii") as f:
        for one in wanted:
            result = measure(root, one, nr_runs)
            print(json.dumps(result), file=f, flush=True)
            print("# %s %s" % (one["name"], json.dumps(result.get("bracket"))), flush=True)


if __name__ == "__main__":
    main()
