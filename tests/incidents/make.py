#!/usr/bin/env python3
"""make.py --kernel DIR [--highwater FILE] [-o DIR] NAME[:VARIANT]... - bring up an incident on a real kernel and capture it.

NAME is a file NAME.sh here; all variants of it unless one is named; `all` means every one. It runs in an emulated machine
(qemu, no KVM needed, no root) with Debian's 6.1 cloud kernel and cgroup v2, where `highwater capture` watches. README.md has
the format of NAME.sh and where the kernel comes from.
"""

import argparse
import glob
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "diff"))
import guest  # noqa: E402

# In the order in which they need each other; those of a name come from anywhere below the kernel's modules.
MODULES = ("virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk "
           "zsmalloc lzo-rle zram virtio_balloon").split()

INIT = r"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup /sys/fs/cgroup
for module in %(modules)s; do insmod /$module.ko; done 2>/dev/null
hostname guest
mkdir -p /out /mnt /tmp /shm
mount -t tmpfs tmpfs /tmp
. /lib.sh
for disk in /sys/block/vd?; do echo 128 >$disk/queue/read_ahead_kb; done
mount -t ext4 /dev/vda /mnt
echo "+memory +cpu +io +pids" >/sys/fs/cgroup/cgroup.subtree_control
%(settings)s
(. /job.sh) >/out/log 2>&1
cat /out/log
stty -F /dev/ttyS1 raw
cat /out/x.hwc >/dev/ttyS1
poweroff -f
"""

# What the scripts have at hand. Loads run in the background, in a group of their own.
LIB = r"""
# in_group GROUP COMMAND...: run in the group, which is made
in_group() {
    group=/sys/fs/cgroup/$1
    shift
    mkdir -p "$group"
    sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$group" "$@" &
}
# limit GROUP FILE VALUE: such as limit web memory.max 64M
limit() {
    mkdir -p "/sys/fs/cgroup/$1"
    echo "$3" >"/sys/fs/cgroup/$1/$2"
}
# parent GROUP: let children of the group have controllers
parent() {
    mkdir -p "/sys/fs/cgroup/$1"
    echo "+memory +cpu +io +pids" >"/sys/fs/cgroup/$1/cgroup.subtree_control"
}
# available: MiB
available() {
    awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo
}
# watch SAMPLES: capture once a second, everything each time; this is what the incident is
watch() {
    highwater capture -o /out/x.hwc --full 1 "$1"
}
"""

# For a host of one's own with cgroup v1, as root: in namespaces, so that it sees its own processes and groups only, as in a container.
HOST_OUTER = r"""
for at in memory unified; do
    mkdir -p /sys/fs/cgroup/$at/highwater-incident
    echo $$ >/sys/fs/cgroup/$at/highwater-incident/cgroup.procs
done
exec unshare --mount --uts --pid --fork --cgroup --mount-proc sh "$WORK/inner.sh"
"""
HOST_INNER = r"""
hostname guest
mount --make-rprivate /
# Mounts that tell of the host and not of memory.
awk '$5 !~ "^/($|proc|sys|dev)" { print $5 }' /proc/self/mountinfo | while read -r at; do umount -l "$at" 2>/dev/null; done
umount -l /sys/fs/cgroup
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/memory /sys/fs/cgroup/unified
mount -t cgroup -o memory cgroup /sys/fs/cgroup/memory
mount -t cgroup2 cgroup /sys/fs/cgroup/unified
mount --bind /dev/null /dev/kmsg # the host's log is nobody's business
in_group() {
    group=$1
    shift
    mkdir -p "/sys/fs/cgroup/memory/$group" "/sys/fs/cgroup/unified/$group"
    sh -c 'for at in memory unified; do echo 0 >"/sys/fs/cgroup/$at/$0/cgroup.procs"; done; exec "$@"' "$group" "$@" &
}
limit() {
    mkdir -p "/sys/fs/cgroup/memory/$1"
    echo "$3" >"/sys/fs/cgroup/memory/$1/$2"
}
watch() {
    highwater capture -o "$WORK/x.hwc" --full 1 "$1"
}
. "$WORK/job.sh"
"""

DIRECTIVE = re.compile(r"^#: (\w+) (.*)$", re.M)


def directives(name):
    """What the script says about its machine, its variants and what must be found."""
    with open(os.path.join(HERE, name + ".sh"), encoding="utf-8") as f:
        text = f.read()
    found = {"memory": "512M", "cpus": "2", "append": "", "qemu": "", "disk": "", "swap": "", "host": ""}
    variants = {}
    for key, value in DIRECTIVE.findall(text):
        if key == "variant":
            letter, _, settings = value.partition(" ")
            variants[letter] = settings
        elif key in found:
            found[key] = value
        else:
            sys.exit(f"{name}.sh: no such directive: {key}")
    return found, variants or {"a": ""}, text


def programs(work, highwater):
    """Paths of the load and of a stripped highwater."""
    load, stripped = os.path.join(work, "load"), os.path.join(work, "highwater")
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-static", "-o", load, os.path.join(HERE, "load.c")], check=True)
    subprocess.run(["strip", "-o", stripped, highwater], check=True)
    return load, stripped


def initrd(work, kernel_dir, settings, job, highwater):
    _, release, _ = guest.find_kernel(kernel_dir)
    directory, regular = 0o040755, 0o100755
    entries = [(d, directory, b"") for d in ("bin", "dev", "proc", "sys")]
    modules = []
    for name in MODULES:
        path = glob.glob(os.path.join(kernel_dir, "lib/modules", release, "kernel/**", name + ".ko"), recursive=True)
        if path:
            modules.append(name)
            entries.append((name + ".ko", regular, guest.read(path[0])))
    init = INIT % {"modules": " ".join(modules), "settings": settings}
    load, stripped = programs(work, highwater)
    entries += [("bin/busybox", regular, guest.read(guest.BUSYBOX)), ("bin/load", regular, guest.read(load)),
                ("bin/highwater", regular, guest.read(stripped)), ("init", regular, init.encode()),
                ("lib.sh", regular, LIB.encode()), ("job.sh", regular, job.encode())]
    path = os.path.join(work, "initrd.gz")
    with open(path, "wb") as f:
        f.write(gzip.compress(guest.cpio(entries), compresslevel=1, mtime=0))
    return path


def disks(work, machine):
    """vda: ext4 of 1 GiB, for files; vdb: swap of 1 GiB. Both are sparse files; how slow they are is qemu's throttle."""
    files, swap = os.path.join(work, "files.img"), os.path.join(work, "swap.img")
    for path in (files, swap):
        with open(path, "wb") as f:
            f.truncate(1 << 30)
    subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", files],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["/sbin/mkswap", swap], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    args = []
    for path, throttle in ((files, machine["disk"]), (swap, machine["swap"])):
        # unsafe: what the host's disk does must not be part of it
        args += ["-drive", f"file={path},if=virtio,format=raw,cache=unsafe" + ("," + throttle if throttle else "")]
    return args


def run_on_host(work, settings, job, args):
    """Run the script in namespaces of this host. Returns the capture's path and what was printed."""
    programs(work, args.highwater)
    for file, text in (("job.sh", settings + "\n" + job), ("inner.sh", HOST_INNER), ("outer.sh", HOST_OUTER)):
        with open(os.path.join(work, file), "w", encoding="utf-8") as f:
            f.write(text)
    env = {"WORK": work, "PATH": work + ":/usr/sbin:/usr/bin:/sbin:/bin"}
    try:
        # The end of the namespace's first process is the end of all loads in it.
        done = subprocess.run(["sh", os.path.join(work, "outer.sh")], env=env, capture_output=True, text=True,
                              timeout=args.timeout)
        text = done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        text = "no end"
    for at in ("memory", "unified"):
        for folder, _, _ in os.walk(f"/sys/fs/cgroup/{at}/highwater-incident", topdown=False):
            os.rmdir(folder)
    return os.path.join(work, "x.hwc"), text


def run_in_guest(work, machine, settings, job, args):
    """Boot the emulated machine. Returns the capture's path and the console's text."""
    vmlinuz, _, _ = guest.find_kernel(args.kernel)
    console, result = os.path.join(work, "console.txt"), os.path.join(work, "result")
    command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-cpu", "qemu64",
               "-m", machine["memory"], "-smp", machine["cpus"], *machine["qemu"].split(),
               "-seed", "42", "-nodefaults", "-display", "none", "-no-reboot", "-kernel", vmlinuz,
               "-initrd", initrd(work, args.kernel, settings, job, args.highwater), *disks(work, machine),
               "-serial", "file:" + console, "-serial", "file:" + result,
               "-append", "console=ttyS0 quiet panic=-1 no_timer_check random.trust_cpu=1 mitigations=off psi=1 " + machine["append"]]
    try:
        subprocess.run(command, check=True, timeout=args.timeout)
    except subprocess.TimeoutExpired:
        print(f"no end after {args.timeout} s", file=sys.stderr)
    with open(console, errors="replace", encoding="utf-8") as f:
        return result, f.read()


def make(name, variant, args):
    machine, variants, job = directives(name)
    if variant not in variants:
        sys.exit(f"{name}.sh has no variant {variant}")
    target = os.path.join(args.output, f"{name}-{variant}.hwc")
    settings = "\n".join(variants[variant].split())
    work = tempfile.mkdtemp(prefix="highwater-incident.")
    try:
        if machine["host"]:
            result, text = run_on_host(work, settings, job, args)
        else:
            result, text = run_in_guest(work, machine, settings, job, args)
        if args.verbose:
            print(text, file=sys.stderr)
        done = subprocess.run([args.highwater, "capture", "info", result], capture_output=True, text=True)
        if done.returncode:
            print(f"{name}-{variant}: {done.stdout}{done.stderr}\n{text[-3000:]}", file=sys.stderr)
            return False
        shutil.copyfile(result, target)
        print(f"{target}: {os.path.getsize(target)} bytes", flush=True)
        return True
    finally:
        shutil.rmtree(work)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kernel", help="an unpacked linux-image-*-cloud-amd64 package")
    parser.add_argument("--highwater", default=os.path.join(TOP, "build-static", "highwater"), help="a static build of it")
    parser.add_argument("-o", "--output", default=HERE)
    parser.add_argument("--timeout", type=int, default=240)
    parser.add_argument("-v", "--verbose", action="store_true", help="show the guest's console")
    parser.add_argument("names", nargs="+", metavar="NAME")
    args = parser.parse_args()
    names = args.names
    if names == ["all"]:
        names = sorted(os.path.basename(p)[:-3] for p in glob.glob(os.path.join(HERE, "*.sh")))
    failed = 0
    for name in names:
        name, _, variant = name.partition(":")
        for letter in [variant] if variant else directives(name)[1]:
            failed += not make(name, letter, args)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
