# guest-common.sh - what the jobs of a guest share: a group for one run, and what the kernel counted for it.
# Sourced by guest.py's init before guest-cells.sh or guest-programs.sh.
#
# /out/cells gets, for each run, lines of "name value" between "cell ..." and "end": memory.stat of the group after the
# program's exit, its peak and events, and the differences of /proc/vmstat (prefixed "vmstat.") over the run.

# memory.stat is exact only after a flush; the kernel flushes on read once a few hundred updates are pending.
settle() {
    for _ in 1 2 3 4 5 6 7 8; do
        /bin/busybox true
    done
    echo 1 >/proc/sys/vm/stat_refresh
}

begin() { # LIMIT_BYTES|max
    mkdir /sys/fs/cgroup/run
    echo "$1" >/sys/fs/cgroup/run/memory.max
    settle
    cat /proc/vmstat >/vmstat.before
}

finish() { # STATUS LABEL LINE...
    cat /proc/vmstat >/vmstat.after
    settle
    {
        echo "cell $2"
        echo "status $1"
        echo "peak $(cat /sys/fs/cgroup/run/memory.peak)"
        sed 's/^/events./' /sys/fs/cgroup/run/memory.events
        cat /sys/fs/cgroup/run/memory.stat
        awk 'NR == FNR { old[$1] = $2; next } $2 != old[$1] { print "vmstat." $1, $2 - old[$1] }' \
            /vmstat.before /vmstat.after
        shift 2
        printf '%s\n' "$@"
        echo "uptime $(cut -d' ' -f1 /proc/uptime)"
        echo end
    } >>/out/cells
}

cat /proc/version >/out/version
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
