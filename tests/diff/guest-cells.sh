# guest-cells.sh - job of a guest: run patterns in a cgroup with memory.max and keep what the kernel counted.
# Sourced by guest.py's init. reference.py puts variables before this text and lines "cell ..." after it.
#
# /out/cells gets, for each cell, lines of "name value" between "cell ..." and "end": memory.stat of the group after the
# program's exit, its peak and events, and the differences of /proc/vmstat (prefixed "vmstat.") over the run.

zcat /ext4.img.gz >/dev/ram1
mount -t ext4 /dev/ram1 /mnt
cp /pattern /mnt/pattern
/mnt/pattern make-file --pages "$PAGES" --file /mnt/data
/mnt/pattern make-file --pages "$PAGES" --file /mnt/scratch
umount /mnt
mkswap /dev/ram0 >/dev/null
swapon /dev/ram0
cat /proc/version >/out/version
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
/tlbflush 500 &

# memory.stat is exact only after a flush; the kernel flushes on read once a few hundred updates are pending.
settle() {
    for _ in 1 2 3 4 5 6 7 8; do
        /bin/busybox true
    done
    echo 1 >/proc/sys/vm/stat_refresh
}

cell() { # NUMBER READAHEAD_KB PAGE_CLUSTER PATTERN LIMIT_BYTES SEED TOUCHES
    file=/mnt/data
    echo "$2" >/sys/block/ram1/queue/read_ahead_kb
    echo "$3" >/proc/sys/vm/page-cluster
    case $4 in *dirty* | *write*) file=/mnt/scratch ;; esac
    mount -t ext4 /dev/ram1 /mnt # nothing of it is cached yet, the program's own text neither
    mkdir /sys/fs/cgroup/run
    echo "$5" >/sys/fs/cgroup/run/memory.max
    settle
    cat /proc/vmstat >/vmstat.before
    sh -c 'echo $$ >/sys/fs/cgroup/run/cgroup.procs; exec "$@"' - \
        /mnt/pattern "$4" --pages "$PAGES" --touches "$7" --seed "$6" --file $file >/line
    status=$?
    cat /proc/vmstat >/vmstat.after
    settle
    {
        echo "cell $*"
        echo "status $status"
        echo "peak $(cat /sys/fs/cgroup/run/memory.peak)"
        sed 's/^/events./' /sys/fs/cgroup/run/memory.events
        cat /sys/fs/cgroup/run/memory.stat
        awk 'NR == FNR { old[$1] = $2; next } $2 != old[$1] { print "vmstat." $1, $2 - old[$1] }' \
            /vmstat.before /vmstat.after
        echo "line $(cat /line)"
        echo "uptime $(cut -d' ' -f1 /proc/uptime)"
        echo end
    } >>/out/cells
    umount /mnt
    rmdir /sys/fs/cgroup/run
}
