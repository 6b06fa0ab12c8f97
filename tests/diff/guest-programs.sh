# guest-programs.sh - job of a guest: run real programs in a cgroup with memory.max and keep what the kernel counted.
# Sourced by guest.py's init after guest-common.sh. programs.py puts ENVIRONMENT before them and calls after.
#
# /dev/ram1 holds a small Debian; what a program adds to its folder there is removed after each run. A run that reads
# more than $PATIENCE pages of files again is killed: it thrashes. (Seconds would depend on the neighbours.)

mkswap /dev/ram0 >/dev/null
zcat /ext4.img.gz >/dev/ram1
rm /ext4.img.gz
/tlbflush 500 &

watch() {
    while sleep 2; do
        [ "$(awk '$1 == "workingset_refault_file" { print $2 }' /sys/fs/cgroup/run/memory.stat)" -lt "$PATIENCE" ] ||
            echo 1 >/sys/fs/cgroup/run/cgroup.kill
    done
}

run() { # PROGRAM COMMAND LIMIT_BYTES|max LABEL
    mount -t ext4 /dev/ram1 /mnt # nothing of it is cached yet
    find "/mnt/work/$1" -type f >/files.before
    begin "$3"
    sh -c 'echo $$ >/sys/fs/cgroup/run/cgroup.procs; exec env -i $1 chroot /mnt /usr/bin/dash -c "$2"' - \
        "$ENVIRONMENT" "cd /work/$1 && $2" &
    pid=$!
    watch &
    watchdog=$!
    since=$(cut -d' ' -f1 /proc/uptime)
    wait $pid
    status=$?
    finish $status "$1 $3 $4" "seconds $(cut -d' ' -f1 /proc/uptime | awk -v b="$since" '{ print $1 - b }')"
    echo "$1 $3 $4: $status" >/dev/console
    kill $watchdog
    wait $watchdog
    peak=$(cat /sys/fs/cgroup/run/memory.peak)
    grep -q '^oom_kill 0$' /sys/fs/cgroup/run/memory.events || status=137 # of a pipe any process may be the victim
    find "/mnt/work/$1" -type f | grep -vxFf /files.before | xargs rm -f
    umount /mnt
    rmdir /sys/fs/cgroup/run
}

# Without a limit, then with limits in percent of what the first such run of the program took.
with_swap() { # PROGRAM COMMAND PERCENT...
    name=$1 command=$2
    shift 2
    swapon /dev/ram0
    run "$name" "$command" max swap
    [ -e "/whole.$name" ] || echo "$peak" >"/whole.$name"
    whole=$(cat "/whole.$name")
    for percent in "$@"; do
        run "$name" "$command" $((whole * percent / 100 / 65536 * 65536)) swap
    done
    swapoff /dev/ram0
}

# After with_swap: at one limit, then the smallest limit that survives by bisection in steps of 64 KiB.
without_swap() { # PROGRAM COMMAND BISECTIONS PERCENT
    run "$1" "$2" $((whole * $4 / 100 / 65536 * 65536)) noswap
    low=$((whole * 3 / 10 / 65536 * 65536)) high=$whole
    for _ in $(seq "$3"); do
        middle=$(((low + high) / 2 / 65536 * 65536))
        run "$1" "$2" $middle noswap
        if [ $status = 0 ]; then high=$middle; else low=$middle; fi
    done
}
