#!/usr/bin/env python3
"""advice.py - the limits that `size` names, tried on real kernels with real programs of Debian.

  advice.py host [-o FILE] [NAME...]             on this machine, in control groups of version 1 or 2; as root
  advice.py guest --kernel DIR [-o FILE] [NAME...]   in an emulated machine with an unpacked 6.1 kernel (guest.py), control groups of version 2;
                                                 console.txt in its folder below /var/tmp says how far it is
  ... -o FILE                                    each program's results are added as soon as there are any; those of others stay
  advice.py host --fresh SEED [--count N] ...    of N programs drawn from those of the list that are not among the ones tried by default
  advice.py show FILE...                         a table of results

Each program (tests/record/workloads.py) is recorded here and sized without swap; for the host with what its operations cost and its disk takes, as
`highwater calibrate` measures it just before, because how slow a limit is depends on both. Then it runs natively five times at the limits that were named:
recommended, usable, survived, and 90 % of survived. The kernel's own bracket is searched for: the largest limit that some run of five does not
survive, and the smallest above it that all five do (tests/record/native.py). To survive is to end well in at most three times the time.
"""
import argparse
import glob
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
RECORD = HERE.parent / "record"
sys.path.insert(0, str(RECORD))
import common  # noqa: E402
import guest  # noqa: E402
import programs  # noqa: E402
import workloads  # noqa: E402

MIB = 1 << 20
DEFAULT = ("redis", "redis-idle", "memcached", "nginx", "postgresql", "python3", "perl", "node", "lua5.4", "gcc", "convert", "jq", "sqlite3", "python-sleeps",
           "rsync", "tar")
# Both kernels charge ahead, 64 pages for each CPU that the program ran on, and `size` searches in steps of 64 KiB or 1 %.
EDGE, EDGE_FLOOR = 0.02, MIB
SIZE = ("size", "--swap", "0")
PROFILE = "PROFILE"  # of `calibrate`, as stored
HOST_SIZE = (*SIZE, "--host", PROFILE)
# What the guest is: its kernel's own readahead and huge pages, one CPU, a disk that is this machine's memory.
GUEST_SIZE = (*SIZE, "--no-host", "--thp", "never", "--cpus", "1", "--disk", "ram")
GUEST_DEFAULT = ("gzip", "sqlite3", "xz", "perl", "lua5.4", "memcached")
GUEST_MODULES = ("virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk")


# Recording and sizing ---------------------------------------------------------------------------------------------------


def recorded(program, name, folder):
    """The recording, the files of the system that it names, and what was made before the program ran."""
    workload = workloads.PROGRAMS[name]
    work, trace = os.path.join(folder, "work"), os.path.join(folder, "x.hwt")
    os.mkdir(work)
    workloads.own(folder)
    port = workloads.free_port()
    command = workload.make(work, port)
    workloads.own(work)
    if os.path.isdir(os.path.join(work, "data")):
        shutil.copytree(work, os.path.join(folder, "made"), symlinks=True)
    process = subprocess.Popen([program, "record", "-q", "-o", trace, "--", *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd=work, env=dict(workloads.ENV, HOME=work), **workloads.user())

    def alive():
        if process.poll() is not None:
            raise workloads.Failed("the server ended")
    try:
        if workload.client:
            workload.client(port, alive)
            process.terminate()
        if process.wait(timeout=workloads.WAIT_S):
            raise workloads.Failed("recording %s: exit code %d" % (name, process.returncode))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    info = json.loads(subprocess.run([program, "trace", "info", "--format", "json", trace], stdout=subprocess.PIPE, check=True).stdout)
    files = [f["path"] for f in info["files"] if os.path.isfile(f["path"]) and not f["path"].startswith((folder, "/proc", "/dev", "/sys"))]
    return trace, files


def sized(program, trace, how=SIZE):
    return json.loads(subprocess.run([program, *how, "-q", "--format", "json", trace], stdout=subprocess.PIPE, check=True).stdout)


def calibrated(program, parent):
    """The profile of this machine, of the disk that the programs' files are on."""
    profile = os.path.join(parent, "host.ini")
    subprocess.run([program, "calibrate", "-q", "--disk", parent, "-o", profile], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return profile


def limits_of(size):
    """{label: bytes}"""
    survived = size["smallest_surviving"]["bytes"]
    found = {"recommended": size["advice"].get("memory.max") if size["advice"]["found"] else None,
             "usable": size["smallest_usable"]["bytes"] if size["smallest_usable"]["found"] else None,
             "survived": survived, "survived - 10 %": survived * 9 // 10 & ~4095}
    return {label: limit for label, limit in found.items() if limit}


# A file system with what a program needs -----------------------------------------------------------------------------------


def copy_file(root, path):
    """With its time (python compiles a module anew whose time is not that in its .pyc), and every name in its folder that leads to it."""
    target = root + os.path.realpath(path)
    if os.path.exists(target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(os.path.realpath(path), target)


def copy_links(root):
    """The symbolic links of each folder that a file was copied from."""
    for where, _, _ in list(os.walk(root)):
        source = where[len(root):] or "/"
        for entry in os.scandir(source) if os.path.isdir(source) else []:
            if entry.is_symlink() and not os.path.lexists(os.path.join(where, entry.name)):
                os.symlink(os.readlink(entry.path), os.path.join(where, entry.name))


def copy_by_name(root, path):
    """A file and the chain of links that its name goes through."""
    while os.path.islink(path):
        os.makedirs(root + os.path.realpath(os.path.dirname(path)), exist_ok=True)
        link = root + os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if not os.path.lexists(link):
            os.symlink(os.readlink(path), link)
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    copy_file(root, path)


def make_root(root, names, files):
    for folder in ("dev", "proc", "work", "made", "tmp", "usr/bin", "usr/lib64", "etc"):
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    for link in ("bin", "sbin", "lib", "lib64"):
        if not os.path.lexists(os.path.join(root, link)):
            os.symlink("usr/" + link, os.path.join(root, link))
    for path in files:
        copy_file(root, path)
        if path.endswith(".pyc"):
            source = os.path.join(os.path.dirname(os.path.dirname(path)), os.path.basename(path).split(".")[0] + ".py")
            if os.path.exists(source):
                copy_file(root, source)
    for name in names:
        workload = workloads.PROGRAMS[name]
        copy_by_name(root, workloads.which(workload.binary))
        for pattern in workload.beside:
            for path in filter(os.path.isfile, glob.glob(pattern, recursive=True)):
                copy_file(root, path)
    for path in ("/etc/passwd", "/etc/group", "/etc/ld.so.cache", "/usr/bin/dash"):
        copy_file(root, path)
    copy_links(root)


# Measuring -------------------------------------------------------------------------------------------------------------------


def native(root, plan, work, runs):
    """Results of native.py. /dev, /proc and memory that programs share by name are mounted where nobody else sees it."""
    output = os.path.join(work, "native.json")
    with open(os.path.join(work, "plan.json"), "w", encoding="ascii") as f:
        json.dump(plan, f)
    subprocess.run(["unshare", "-m", "/bin/sh", "-c", 'mount --bind /dev "$1/dev" && mount -t tmpfs -o mode=1777 shm "$1/dev/shm" && '
                    'mount --bind /proc "$1/proc" && exec /usr/bin/python3 "$0" "$@"', str(RECORD / "native.py"), root, os.path.join(work, "plan.json"), output, str(runs)], check=True)
    with open(output, encoding="ascii") as f:
        return json.loads(f.read())


def measured(program, name, parent, runs):
    """The cell of a program."""
    folder = tempfile.mkdtemp(dir=parent)
    trace, files = recorded(program, name, folder)
    profile = calibrated(program, folder)
    size = sized(program, trace, [profile if word is PROFILE else word for word in HOST_SIZE])
    root = os.path.join(folder, "root")
    make_root(root, [name], files)
    if os.path.isdir(os.path.join(folder, "made")):
        shutil.move(os.path.join(folder, "made"), os.path.join(root, "made", name))
    limits = limits_of(size)
    found = native(root, [{"name": name, "limits": limits, "guess": limits["survived"]}], folder, runs)
    shutil.rmtree(folder)
    return dict(found, ours=ours(size))


# The guest -----------------------------------------------------------------------------------------------------------------


def harness(root, folder):
    """Python with what native.py imports, outside of the box in which the programs run: the box must not share its pages."""
    show = "import sys; [print(f) for m in list(sys.modules.values()) for f in (getattr(m, '__file__', 0), getattr(m, '__cached__', 0)) if f]"
    modules = subprocess.run(["/usr/bin/python3", "-I", "-c", "import encodings.ascii, encodings.idna, sys; sys.path.insert(0, %r); import native\n%s" % (
        str(RECORD), show)], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    for path in ("dev", "proc", "sys", "tmp", "box", "usr/bin", "usr/lib64", "etc"):
        os.makedirs(os.path.join(root, path), exist_ok=True)
    for link in ("bin", "lib", "lib64"):
        os.symlink("usr/" + link, os.path.join(root, link))
    for path in filter(os.path.isfile, ["/usr/bin/python3", "/etc/passwd", "/etc/group", *modules]):
        if path.startswith(str(RECORD)):
            continue
        programs.copy_into(root, path)
    os.makedirs(root + str(RECORD))
    for name in ("native.py", "workloads.py"):
        shutil.copy(RECORD / name, root + str(RECORD))
    shutil.copy(os.path.join(folder, "plan.json"), root + "/plan.json")


def guest_job(runs):
    return "\n".join(["insmod /%s.ko" % name for name in GUEST_MODULES] + [
        "ifconfig lo 127.0.0.1 up", "echo +memory >/sys/fs/cgroup/cgroup.subtree_control",
        "dd if=/dev/vda of=/dev/ram1 bs=1M", "echo 3 >/proc/sys/vm/drop_caches", "mount -t ext4 /dev/ram1 /mnt",
        "mkdir -p /dev/shm",
        "for where in /mnt /mnt/box; do mount --bind /dev $where/dev; mount --bind /proc $where/proc; done",
        "mount -t tmpfs -o mode=1777 shm /mnt/box/dev/shm",
        "mount --rbind /sys /mnt/sys", "cat /proc/version >/out/version",
        "chroot /mnt /usr/bin/python3 -I %s/native.py /box /plan.json /native.json %d 2>/dev/ttyS0" % (RECORD, runs),
        "cp /mnt/native.json /out/native.json"]) + "\n"


def in_guest(kernel, folder, plan, runs):
    """Results of native.py for all programs of the plan. One instruction takes one nanosecond, so that times repeat. The file system is
    in a RAM disk of the guest: while it waited for a disk of this machine, its clock would skip to whatever timer comes next."""
    root, image = os.path.join(folder, "outer"), os.path.join(folder, "disk.img")
    os.makedirs(root)
    with open(os.path.join(folder, "plan.json"), "w", encoding="ascii") as f:
        json.dump(plan, f)
    harness(root, folder)
    os.rmdir(root + "/box")
    os.rename(os.path.join(folder, "root"), root + "/box")
    size = int(subprocess.run(["du", "-sm", root], stdout=subprocess.PIPE, check=True).stdout.split()[0])
    size = size * 5 // 4 + 300
    subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", root, image, "%dm" % size], check=True, stdout=subprocess.DEVNULL)
    extra = guest.modules(kernel, GUEST_MODULES)
    files, command = guest.boot(folder, kernel, guest_job(runs), str(1024 + size), size << 10,
                                ["-drive", "file=%s,format=raw,if=virtio" % image, "-icount", "shift=0,sleep=off"], timeout=4 * 3600, extra=extra,
                                fs_kib=4096)
    print("# " + files["log"].decode(errors="replace")[-2000:].replace("\n", "\n# "), flush=True)
    if "native.json" not in files:
        raise SystemExit("guest: native.py left no results")
    return [json.loads(line) for line in files["native.json"].decode().splitlines()], files["version"].decode().strip(), command


def measured_in_guest(program, name, parent, kernel, runs):
    """The cell of a program, of a boot of its own: what was measured is there even if a later program hangs the guest."""
    folder = tempfile.mkdtemp(dir=parent)
    os.chmod(folder, 0o755)
    root, own = os.path.join(folder, "root"), tempfile.mkdtemp(dir=folder)
    trace, files = recorded(program, name, own)
    size = sized(program, trace, GUEST_SIZE)
    if os.path.isdir(os.path.join(own, "made")):
        os.makedirs(os.path.join(root, "made"), exist_ok=True)
        shutil.move(os.path.join(own, "made"), os.path.join(root, "made", name))
    shutil.rmtree(own)
    limits = limits_of(size)
    print("# %s: %s" % (name, ", ".join("%s %s" % (label, mib(limit)) for label, limit in limits.items())), flush=True)
    make_root(root, [name], sorted(files))
    found, version, _ = in_guest(kernel, folder, [{"name": name, "limits": limits, "guess": limits["survived"]}], runs)
    shutil.rmtree(folder)
    return dict(found[0], version=version, ours=ours(size))


def slowdowns_of(size):
    """What each of the limits was said to cost; none of those that were not replayed."""
    told = {row["memory.max"]: row["slowdown"] for row in [*size["limits"], *filter(None, [size["advice"].get("verified")])]}
    return {label: told[limit] for label, limit in limits_of(size).items() if limit in told}


def ours(size):
    return {"slowdown": slowdowns_of(size), "peak": size["unlimited"]["memory.peak"], "peak + 15 %": size["peak_plus_15_percent_bytes"], "limits": limits_of(size)}


def store(path, cells, kernel=None):
    """Cells of programs that were not measured this time stay in the file, with the kernel that they are of and how they were sized."""
    head = {"cgroups": 1 if not kernel and os.path.exists("/sys/fs/cgroup/memory") else 2,
            "command": "tests/diff/advice.py " + ("guest --kernel DIR" if kernel else "host")}
    cells = [dict(cell, kernel=kernel or os.uname().release, size=" ".join(GUEST_SIZE if kernel else HOST_SIZE)) for cell in cells]
    kept = []
    if os.path.exists(path):
        old = json.loads(pathlib.Path(path).read_text(encoding="ascii"))
        if {key: old[key] for key in head} != head:
            raise SystemExit("%s: measured in another way" % path)
        new = {cell["name"] for cell in cells}
        kept = [dict({key: old[key] for key in ("kernel", "version", "size") if key in old}, **cell) for cell in old["cells"] if cell["name"] not in new]
    text = json.dumps(head, indent=1)[:-2] + ",\n \"cells\": [\n  " + ",\n  ".join(map(json.dumps, kept + cells)) + "\n ]\n}\n"
    pathlib.Path(path).write_text(text, encoding="ascii")


# Judging ------------------------------------------------------------------------------------------------------------------------


def misses(cell):
    """What does not hold, as text."""
    if "bracket" not in cell:
        return ["does not run natively: %s" % cell["unlimited"]["outcomes"]]
    wrong = []
    for label in ("recommended", "usable"):
        found = cell["limits"].get(label)
        if found and set(found["outcomes"]) != {"completed"}:
            wrong.append("%s: %s" % (label, " ".join(found["outcomes"])))
    off = edge_off(cell)
    if abs(off) > max(EDGE_FLOOR, EDGE * cell["bracket"]["lives"]):
        wrong.append("edge %+.1f MiB" % (off / MIB))
    return wrong


def edge_off(cell):
    """Bytes from the kernel's bracket to the smallest limit that survives here: 0 inside."""
    ours, bracket = cell["ours"]["limits"]["survived"], cell["bracket"]
    return ours - bracket["lives"] if ours > bracket["lives"] else min(0, ours - bracket["fails"])


def mib(number):
    return "%.1f" % (number / MIB)


def line(cell):
    if "bracket" not in cell:
        return "| %s | %s |" % (cell["name"], misses(cell)[0])
    limits = cell["limits"]
    said = cell["ours"].get("slowdown", {})
    held = " ".join("%s %s %s x%.2f%s" % (label, mib(found["bytes"]), "%d/%d" % (found["outcomes"].count("completed"), len(found["outcomes"])),
                                          found["seconds"] / cell["unlimited"]["seconds"], " (said x%.2f)" % said[label] if label in said else "")
                    for label, found in limits.items())
    return "| %s | peak %s / %s (kernel %s) | %s | edge %s / %s to %s (%d killed) %+.1f %% | %s |" % (
        cell["name"], mib(cell["ours"]["peak"]), mib(cell["unlimited"]["peak"]), mib(cell["unlimited"]["kernel"]), held,
        mib(cell["ours"]["limits"]["survived"]), mib(cell["bracket"]["fails"]), mib(cell["bracket"]["lives"]), cell["bracket"]["killed"],
        100 * edge_off(cell) / cell["bracket"]["lives"], "; ".join(misses(cell)))


def over(limit, cell):
    """How much more than the smallest limit under which this kernel lets it live, in percent."""
    return 100 * (limit - cell["bracket"]["lives"]) / cell["bracket"]["lives"]


def summary(cells):
    """What was recommended beside the peak and 15 %, which takers of peaks set."""
    cells = [cell for cell in cells if "bracket" in cell]
    rows = []
    for label in ("recommended", "usable"):
        found = [cell["limits"][label] for cell in cells if label in cell["limits"]]
        runs = sum(len(f["outcomes"]) for f in found)
        live = sum(f["outcomes"].count("completed") for f in found)
        more = [over(cell["limits"][label]["bytes"], cell) for cell in cells if label in cell["limits"]]
        rows.append("%s: %d of %d runs live, %d programs; %+.0f %% over the smallest limit of this kernel in the median (%+.0f to %+.0f)" % (
            label, live, runs, len(found), statistics.median(more), min(more), max(more)))
    more = [over(cell["ours"]["peak + 15 %"], cell) for cell in cells]
    rows.append("peak + 15 %%: below that limit %d times; %+.0f %% in the median (%+.0f to %+.0f)" % (
        sum(m < 0 for m in more), statistics.median(more), min(more), max(more)))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("host", "guest", "show"))
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--fresh", type=int, metavar="SEED")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--runs", type=int, default=5, help="at each limit, and of each end of the kernel's bracket")
    parser.add_argument("--kernel", metavar="DIR", help="guest: an unpacked linux-image-6.1.*-cloud-amd64 package")
    parser.add_argument("-o", "--output")
    args = parser.parse_intermixed_args()
    if args.what == "show":
        for path in args.names:
            cells = json.loads(pathlib.Path(path).read_text(encoding="ascii"))["cells"]
            print("\n".join(list(map(line, cells)) + summary(cells)))
        return
    if args.what == "guest" and not args.kernel:
        parser.error("guest: --kernel is needed")
    names = args.names or list(GUEST_DEFAULT if args.what == "guest" else DEFAULT)
    if args.fresh is not None:
        names = random.Random(args.fresh).sample(sorted(set(workloads.PROGRAMS) - set(DEFAULT)), args.count)
    for name in filter(workloads.missing, names):
        print("# %s: %s is not installed" % (name, workloads.missing(name)), flush=True)
    names = [name for name in names if not workloads.missing(name)]
    cells = []
    with tempfile.TemporaryDirectory(dir="/var/tmp") as parent:
        os.chmod(parent, 0o755)
        program = common.program_for_all(parent)
        for name in names:
            try:
                if args.what == "guest":
                    cell = measured_in_guest(program, name, parent, args.kernel, args.runs)
                else:
                    cell = measured(program, name, parent, args.runs)
                cells.append(dict(cell, runs=args.runs, measured=time.strftime("%Y-%m-%d", time.gmtime())))
            except (workloads.Failed, subprocess.SubprocessError) as error:
                print("# %s: %s" % (name, error), flush=True)
                continue
            print(line(cells[-1]), flush=True)
            if args.output:
                store(args.output, cells, guest.find_kernel(args.kernel)[1] if args.what == "guest" else None)


if __name__ == "__main__":
    main()
