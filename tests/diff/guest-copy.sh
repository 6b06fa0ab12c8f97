# guest-copy.sh - what the jobs share that copy the kernel's own text files, as they are, to $OUT.
# Layout of $OUT: proc/..., sys/... as on a live machine; dmesg-*.txt beside them. Sourced by guest.py's init before guest-fixtures*.sh.

OUT=/out

copy() { # FILE...: keep the path below /out
    for f in "$@"; do
        [ -r "$f" ] && [ -f "$f" ] || continue
        mkdir -p "$OUT${f%/*}"
        cat "$f" >"$OUT$f" 2>/dev/null || rm -f "$OUT$f"
    done
}

group() { # NAME MAX SWAP_MAX
    mkdir -p "/sys/fs/cgroup/$1"
    echo "$2" >"/sys/fs/cgroup/$1/memory.max"
    echo "$3" >"/sys/fs/cgroup/$1/memory.swap.max"
}

enter() { # GROUP COMMAND...: become the command, in the group; call as (enter ...) or enter ... &
    exec sh -c 'echo $$ >/sys/fs/cgroup/$0/cgroup.procs; exec "$@"' "$@"
}

copy_machine() {
    echo 1 >/proc/sys/vm/stat_refresh
    copy /proc/meminfo /proc/vmstat /proc/zoneinfo /proc/buddyinfo /proc/pagetypeinfo /proc/iomem \
        /proc/cmdline /proc/version /proc/sys/vm/*
    rm -f $OUT/proc/sys/vm/compact_memory $OUT/proc/sys/vm/drop_caches $OUT/proc/sys/vm/stat_refresh
}

copy_processes() { # PID...
    for p in "$@"; do
        copy /proc/$p/status /proc/$p/stat /proc/$p/statm /proc/$p/maps /proc/$p/smaps /proc/$p/smaps_rollup \
            /proc/$p/oom_score /proc/$p/oom_score_adj /proc/$p/cgroup /proc/$p/numa_maps /proc/$p/comm \
            /proc/$p/cmdline
    done
}

copy_mm() { # /sys/kernel/mm and the nodes
    for d in $(find /sys/kernel/mm /sys/devices/system/node -type d ! -path '*/power*'); do
        copy "$d"/*
    done
}

copy_groups() { # NAME...
    root=/sys/fs/cgroup
    copy $root/memory.stat $root/memory.numa_stat $root/memory.pressure $root/cgroup.controllers $root/cgroup.stat \
        $root/cgroup.procs $root/cpu.pressure $root/io.pressure
    for g in "$@"; do
        copy $root/$g/memory.* $root/$g/hugetlb.* $root/$g/cpuset.* $root/$g/cgroup.procs $root/$g/cgroup.controllers \
            $root/$g/cgroup.events $root/$g/cgroup.stat $root/$g/cpu.pressure $root/$g/io.pressure
    done
}

wait_at() { # LABEL FILE: until a program of steps.c has said so, or a minute has passed
    for _ in $(seq 300); do
        grep -q "^at $1\$" "$2" && return
        sleep 0.2
    done
    echo "$2: never at $1"
    cat "$2"
}
