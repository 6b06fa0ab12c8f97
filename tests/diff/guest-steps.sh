# guest-steps.sh - job of a guest: programs of steps.c, one at a time, in a cgroup of their own, looked at whenever they say "at LABEL".
# Sourced by guest.py's init; steps.py puts REPEAT before it and the cells after it.
#
# /out/CELL.REPEAT/ gets what highwater run --proc writes (proc/..., sys/...), at each label in a folder of its name and at the end in
# "end"; "before/vmstat"; "lines", what the program printed; "status", how it ended; dmesg.

GROUP=/sys/fs/cgroup/app

# memory.stat is exact only after a flush; the kernel flushes on read once a few hundred updates are pending.
settle() {
    for _ in 1 2 3 4 5 6 7 8; do
        /bin/busybox true
    done
    echo 1 >/proc/sys/vm/stat_refresh
}

keep() { # FOLDER FILE...: copies of the files, in that folder
    to=$1
    shift
    for f in "$@"; do
        [ -f "$f" ] || continue
        mkdir -p "$to${f%/*}"
        cat "$f" >"$to$f" 2>/dev/null || rm -f "$to$f"
    done
}

snapshot() { # FOLDER PID...
    to=$1
    shift
    settle
    keep "$to" /proc/vmstat /proc/meminfo $GROUP/memory.* $GROUP/hugetlb.*
    for f in $KEEP; do
        keep "$to" "$f"
    done
    for p in "$@"; do
        keep "$to" /proc/$p/smaps_rollup /proc/$p/numa_maps
    done
}

set_file() { # FILE VALUE: until the end of the cell
    was=/was$(echo "$1" | tr / .)
    [ -e "$was" ] || { echo "$1"; sed 's/.*\[\(.*\)\].*/\1/' "$1"; } >"$was"
    echo "$2" >"$1" || echo "$CELL: $1: refused $2"
}

khugepaged_scans() { # N: until khugepaged has been through everything N times more
    scans=/sys/kernel/mm/transparent_hugepage/khugepaged/full_scans
    target=$(($(cat $scans) + $1))
    for _ in $(seq 200); do
        [ "$(cat $scans)" -ge $target ] && return
        sleep 0.1
    done
    echo "$CELL: khugepaged did not get through"
}

begin_cell() { # NAME
    CELL=$1 DIR=/out/$1.$REPEAT
    echo "$CELL $REPEAT $(cut -d' ' -f1 /proc/uptime)" >/dev/console
    mkdir -p "$DIR/before" $GROUP
    rm -f /act.*
    mount -t ext4 /dev/ram1 /mnt # nothing of it is cached yet
}

at() { # LABEL COMMAND: what is done to the machine at that moment
    echo "$2" >"/act.$1"
}

play() { # STEP...
    settle
    dmesg -c >/dev/null
    cat /proc/vmstat >"$DIR/before/vmstat"
    for f in $KEEP; do
        keep "$DIR/before" "$f"
    done
    sh -c 'echo $$ >/sys/fs/cgroup/app/cgroup.procs; echo 0 >/proc/self/oom_score_adj; cd /mnt; exec /mnt/steps "$@" </in >/out.lines' - "$@" &
    pid=$!
    exec 8>/in
    while read -r line; do
        echo "$line" >>"$DIR/lines"
        case $line in
        "at "*)
            label=${line#at }
            [ ! -e "/act.$label" ] || . "/act.$label"
            snapshot "$DIR/$label" $pid
            echo >&8
            ;;
        esac
    done </out.lines
    wait $pid
    echo $? >"$DIR/status"
    exec 8>&-
    snapshot "$DIR/end"
    dmesg -c >"$DIR/dmesg"
}

end_cell() {
    umount /mnt
    rmdir $GROUP
    for was in /was.*; do
        [ -e "$was" ] || continue
        file=$(head -n 1 "$was")
        [ ! -e "$file" ] || tail -n 1 "$was" >"$file"
        rm "$was"
    done
}

cat /proc/version >/out/version
mount -t debugfs debug /sys/kernel/debug
echo 1 >/proc/sys/vm/overcommit_memory
for c in memory cpuset hugetlb; do
    echo +$c >/sys/fs/cgroup/cgroup.subtree_control
done
zcat /ext4.img.gz >/dev/ram1
rm /ext4.img.gz
mount -t ext4 /dev/ram1 /mnt
cp /steps /mnt/steps
umount /mnt
mkswap /dev/ram0 >/dev/null
mkfifo /in /out.lines
[ ! -e /order.ko ] || insmod /order.ko
echo -1000 >/proc/self/oom_score_adj # only the program is ever killed
/tlbflush 500 &
