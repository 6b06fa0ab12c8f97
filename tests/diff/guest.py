"""guest.py - boot a Debian cloud kernel (6.1, 6.12) in an emulated machine, run one shell script in it, bring back files.

Needs qemu-system-x86_64, a static busybox, mke2fs and an unpacked linux-image-*-cloud-amd64 package (README.md).
The initial RAM file system is written here, with fixed times and order, so that it is the same bytes every time:
one changed byte moves some counters of the guest.
"""
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUSYBOX = "/bin/busybox"
EPOCH = "1704067200"  # 2024-01-01, also the guest's clock

# What every job finds mounted, then the job; its results go to the second serial port as a tar archive.
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup /sys/fs/cgroup
insmod /brd.ko rd_nr=2 rd_size=%(ram_disk_kib)d
mkdir -p /out /mnt
(. /job.sh) >/out/log 2>&1
stty -F /dev/ttyS1 raw
cd /out && tar c%(packed)sf /dev/ttyS1 .
sync
poweroff -f
"""

APPEND = ("console=ttyS0 quiet panic=-1 random.trust_cpu=1 nokaslr mitigations=off "
          "transparent_hugepage=never norandmaps")


def cpio(entries):
    """entries: (path, mode, bytes). Returns an archive in cpio's "newc" format."""
    out = io.BytesIO()
    for inode, (path, mode, data) in enumerate(entries + [("TRAILER!!!", 0, b"")], 1):
        name = path.encode() + b"\0"
        fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        out.write(b"070701" + b"".join(b"%08X" % f for f in fields) + name)
        out.write(b"\0" * (-out.tell() % 4) + data)
        out.write(b"\0" * (-out.tell() % 4))
    return out.getvalue()


def file_system_image(work, kib, root=None):
    """An ext4 file system of the given size with the files below root, the same bytes every time; returned gzipped."""
    path = os.path.join(work, "ext4.img")
    if os.path.exists(path):
        os.unlink(path)
    uuid = "00000000-0000-4000-8000-000000000001"
    subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", "-b", "4096", "-m", "0", "-U", uuid,
                    "-E", "hash_seed=%s,lazy_itable_init=0,lazy_journal_init=0,nodiscard" % uuid,
                    *(["-d", root] if root else []), path, "%dk" % kib],
                   check=True, stdout=subprocess.DEVNULL, env={"E2FSPROGS_FAKE_TIME": EPOCH, "PATH": "/sbin:/bin:/usr/bin"})
    with open(path, "rb") as f:
        image = gzip.compress(f.read(), mtime=0)
    os.unlink(path)
    return image


def compile_static(work, name):
    """Compile tests/diff/NAME.c into the work directory; returns the program's path."""
    program = os.path.join(work, name)
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-static", "-o", program, os.path.join(HERE, name + ".c")],
                   check=True)
    return program


def nodes(sizes_mib, distances=()):
    """qemu options for nodes of the given MiB, one CPU each; a size written as (MiB, 0) has none. distances: (from, to, value)."""
    options, cpu = [], 0
    for number, size in enumerate(sizes_mib):
        mib, cpus = size if isinstance(size, tuple) else (size, 1)
        options += ["-object", "memory-backend-ram,id=m%d,size=%dM" % (number, mib), "-numa",
                    "node,nodeid=%d,memdev=m%d" % (number, number) + (",cpus=%d" % cpu if cpus else "")]
        cpu += cpus
    for a, b, value in distances:
        options += ["-numa", "dist,src=%d,dst=%d,val=%d" % (a, b, value)]
    return options


def compile_module(work, kernel_dir, name):
    """Compile tests/diff/NAME.c as a module of the guest's kernel, with the headers installed here; returns its path."""
    release = find_kernel(kernel_dir)[1]
    headers = "/usr/src/linux-headers-" + release
    if not os.path.isdir(headers):
        raise SystemExit("guest: a module is needed: apt-get install linux-headers-" + release)
    folder = os.path.join(work, "module-" + name)
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(HERE, name + ".c"), folder)
    with open(os.path.join(folder, "Makefile"), "w", encoding="utf-8") as f:
        f.write("obj-m := %s.o\n" % name)
    subprocess.run(["make", "-s", "-C", headers, "M=" + folder, "modules"], check=True)
    return os.path.join(folder, name + ".ko")


def find_kernel(kernel_dir):
    """(vmlinuz, release, file of the module brd) of an unpacked linux-image package."""
    releases = sorted(os.listdir(os.path.join(kernel_dir, "lib/modules")))
    release = releases[-1]
    brd = os.path.join(kernel_dir, "lib/modules", release, "kernel/drivers/block/brd.ko")
    return (os.path.join(kernel_dir, "boot/vmlinuz-" + release), release, brd if os.path.exists(brd) else brd + ".xz")


def read(path):
    """The bytes of a file, unpacked: 6.12's modules are NAME.ko.xz."""
    with (lzma.open if path.endswith(".xz") else open)(path, "rb") as f:
        return f.read()


def modules(kernel_dir, names):
    """{NAME.ko: bytes} of an unpacked linux-image package."""
    base = os.path.join(kernel_dir, "lib/modules", find_kernel(kernel_dir)[1], "kernel")
    wanted = {name + ".ko" for name in names}
    return {f.removesuffix(".xz"): read(os.path.join(folder, f)) for folder, _, files in os.walk(base) for f in files
            if f.removesuffix(".xz") in wanted}


NO_TIMER = b"IO-APIC + timer doesn't work"  # an emulated CPU that a busy host kept from its first interrupts: nothing of the job has run
BOOTS = 3  # that are tried then


def boot(work, kernel_dir, job, memory, ram_disk_kib, qemu_extra=(), append_extra="", timeout=1800, root=None, extra=None, cpus=1,
         fs_kib=None, packed=False):
    """Run the shell text `job` as root in a fresh guest. Returns (files: {path: bytes}, qemu command line).

    The job finds /pattern, /tlbflush, /dev/ram0 (for swap), /ext4.img.gz (for /dev/ram1); it leaves files in /out.
    packed: the results take a minute for each 3 MiB on their way out, packed a tenth. The file system of /ext4.img.gz holds what is below the folder root, if that is given. extra: {path: bytes} of further files.
    """
    vmlinuz, _, brd = find_kernel(kernel_dir)
    directory, regular = 0o040755, 0o100755
    entries = [(d, directory, b"") for d in ("bin", "dev", "proc", "sys")]
    entries += [("bin/busybox", regular, read(BUSYBOX)),
                ("init", regular, (INIT % {"ram_disk_kib": ram_disk_kib, "packed": "z" if packed else ""}).encode()),
                ("job.sh", regular, job.encode()),
                ("brd.ko", regular, read(brd)),
                ("ext4.img.gz", regular, file_system_image(work, fs_kib or ram_disk_kib, root)),
                ("pattern", regular, read(compile_static(work, "pattern"))),
                ("tlbflush", regular, read(compile_static(work, "tlbflush")))]
    folders = {"/".join(path.split("/")[:n]) for path in extra or {} for n in range(1, path.count("/") + 1)}
    entries += [(folder, directory, b"") for folder in sorted(folders - {"bin", "dev", "proc", "sys"})]
    entries += [(path, regular, data) for path, data in sorted((extra or {}).items())]
    initrd = os.path.join(work, "initrd.gz")
    with open(initrd, "wb") as f:
        f.write(gzip.compress(cpio(entries), compresslevel=6, mtime=0))

    console = os.path.join(work, "console.txt")
    result = os.path.join(work, "result.tar")
    command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-cpu", "qemu64",
               "-m", memory, "-smp", str(cpus) if cpus == 1 else "%d,sockets=%d" % (cpus, cpus), *qemu_extra, "-seed", "42", "-nodefaults", "-display", "none",
               "-no-reboot", "-rtc", "base=2024-01-01,clock=vm", "-kernel", vmlinuz, "-initrd", initrd,
               "-serial", "file:" + console, "-serial", "file:" + result,
               "-append", (APPEND + " " + append_extra).strip()]
    for _ in range(BOOTS):
        subprocess.run(command, check=True, timeout=timeout)
        if NO_TIMER not in read(console):
            break
    files = {}
    try:
        with tarfile.open(result) as tar:
            for member in tar:
                if member.isfile():
                    files[member.name.removeprefix("./")] = tar.extractfile(member).read()
    except tarfile.ReadError as e:
        raise SystemExit("guest: no result (%s); the console is in %s" % (e, console)) from e
    return files, command

