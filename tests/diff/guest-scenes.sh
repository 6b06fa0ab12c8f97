# guest-scenes.sh - job of a guest: scenes, that is several programs at once in a tree of cgroups, on devices whose speed is
# counted in the guest's own time. Sourced by guest.py's init; scenes.py puts variables before it and lines "scene ..." after.
#
# /out/NAME.REPEAT/ gets what highwater run --proc writes: proc/..., sys/fs/cgroup/..., dmesg; and "stage", what stage.c says.
# Devices are of null_blk with memory behind it: each request takes a fixed time by the guest's timer, and, where a rate is given,
# waits for its share of 20 ms. They do not use the CPU while they wait, as RAM disks do.

for module in configfs null_blk zsmalloc lzo-rle zram; do
    insmod /$module.ko $([ $module = null_blk ] && echo nr_devices=0)
done
mount -t configfs config /sys/kernel/config
echo "+memory +io" >/sys/fs/cgroup/cgroup.subtree_control
mount -o remount,memory_recursiveprot /sys/fs/cgroup
echo 1 >/proc/sys/vm/overcommit_memory

device() { # NAME LATENCY_NS MIB_PER_S SIZE_MIB: makes /dev/NAME
    d=/sys/kernel/config/nullb/$1
    mkdir "$d"
    echo 1 >"$d/memory_backed"
    echo 2 >"$d/irqmode"
    echo "$2" >"$d/completion_nsec"
    echo "$3" >"$d/mbps"
    echo "$4" >"$d/size"
    echo 4096 >"$d/blocksize"
    echo 1 >"$d/power"
    echo none >"/sys/block/$1/queue/scheduler"
    # A request must fit into what passes in 20 ms.
    [ "$3" = 0 ] || echo 128 >"/sys/block/$1/queue/max_sectors_kb"
}

# The files of a scene are on one of two file systems, both with the same content.
file_system() { # NAME
    zcat /ext4.img.gz >"/dev/$1"
    mount -t ext4 "/dev/$1" /mnt
    cp /pattern /mnt/pattern
    for name in $TASK_NAMES; do
        ln /mnt/pattern "/mnt/$name"
    done
    /pattern make-file --pages "$FILE_PAGES" --file /mnt/data
    umount /mnt
    blockdev --flushbufs "/dev/$1"
}

# The machine's texts, as they are; run while the programs still exist.
cat >/capture.sh <<'EOF'
mkdir -p $DIR/proc/pressure
echo 1 >/proc/sys/vm/stat_refresh
cat /proc/vmstat >$DIR/proc/vmstat
cat /proc/meminfo >$DIR/proc/meminfo
cat /proc/swaps >$DIR/proc/swaps
for f in cpu io memory; do
    cat /proc/pressure/$f >$DIR/proc/pressure/$f
done
find /sys/fs/cgroup -mindepth 1 -type d | while read -r group; do
    mkdir -p "$DIR$group"
    for f in "$group"/memory.* "$group"/io.pressure "$group"/cpu.pressure; do
        cat "$f" >"$DIR$f" 2>/dev/null || rm -f "$DIR$f"
    done
done
dmesg -c >$DIR/dmesg
[ ! -e /sys/block/zram0/mm_stat ] || cat /sys/block/zram0/mm_stat >$DIR/mm_stat
EOF

set_vm() { # NAME VALUE: a sysctl below vm, until the end of the scene
    cp "/proc/sys/vm/$1" "/was.$1"
    echo "$2" >"/proc/sys/vm/$1"
}

begin_scene() { # NAME DISK: the files are not cached, the counters and the log are put aside
    DIR=/out/$1.$REPEAT
    export DIR
    mkdir -p "$DIR/before"
    echo "$1 $REPEAT $(cut -d' ' -f1 /proc/uptime)" >/dev/console
    mount -t ext4 "/dev/$2" /mnt
}

swap_on() { # NAME PRIORITY KIB
    [ "$1" != zram0 ] || echo "$3K" >/sys/block/zram0/disksize
    mkswap "/dev/$1" "$3" >/dev/null
    /stage swapon "/dev/$1" "$2"
    SWAPS="$1 $SWAPS"
}

group() { # PATH FILE=VALUE...
    path=/sys/fs/cgroup/$1
    mkdir "$path"
    GROUPS_MADE="$1 $GROUPS_MADE"
    shift
    for setting in "$@"; do
        echo "${setting#*=}" >"$path/${setting%%=*}"
    done
}

has_children() { # PATH
    echo "+memory +io" >"/sys/fs/cgroup/$1/cgroup.subtree_control"
}

play() { # RUNTIME_MS SAMPLE_MS; the plan on standard input
    for _ in 1 2 3 4 5 6 7 8; do
        /bin/busybox true
    done
    echo 1 >/proc/sys/vm/stat_refresh
    dmesg -c >/dev/null
    cat /proc/vmstat >"$DIR/before/vmstat"
    /stage "$1" "$2" "/bin/sh /capture.sh" >"$DIR/stage"
}

end_scene() {
    sync
    umount /mnt
    for name in $SWAPS; do
        swapoff "/dev/$name"
        [ "$name" != zram0 ] || echo 1 >/sys/block/zram0/reset
    done
    for path in $GROUPS_MADE; do
        rmdir "/sys/fs/cgroup/$path"
    done
    for f in /was.*; do
        [ "$f" = "/was.*" ] || cat "$f" >"/proc/sys/vm/${f#/was.}"
        rm -f "$f"
    done
    SWAPS="" GROUPS_MADE=""
}

SWAPS="" GROUPS_MADE=""

cat /proc/version >/out/version
/tlbflush 500 &
