# guest-fixtures-nodes.sh - job of a guest with nodes: policies, balancing, and out of memory under a constraint.
# Sourced by guest.py's init after guest-copy.sh. LAST is the number of the last node that has memory.

dmesg -c >/out/dmesg-boot.txt
echo 1 >/proc/sys/vm/overcommit_memory
echo "+memory +cpuset" >/sys/fs/cgroup/cgroup.subtree_control
mount -t debugfs debug /sys/kernel/debug
insmod /order.ko
mkfifo /never
exec 9<>/never

group bound max max
group spread max max
group moved max max
group set max max
echo $LAST >/sys/fs/cgroup/set/cpuset.mems
enter bound /steps cpu:0 map:a:16M bind:a:bind:$LAST touch:a:w map:p:8M bind:p:preferred:$LAST touch:p:w map:d:8M touch:d:w map:m:4M bind:m:many:0,$LAST touch:m:w at:here <&9 >/line.bound &
bound=$!
enter spread /steps cpu:0 map:i:16M:at=0 bind:i:interleave:0,$LAST touch:i:w policy:interleave:0,$LAST map:t:8M:at=0 touch:t:w at:here <&9 >/line.spread &
spread=$!
enter moved /steps cpu:0 map:a:16M touch:a:w move:a@0+8M:$LAST where:a map:h:8M:at=0 hugepage:h touch:h:w migrate:0:$LAST where:a where:h at:here <&9 >/line.moved &
moved=$!
enter set /steps map:a:8M touch:a:w where:a at:here <&9 >/line.set &
set=$!
# One whose memory is on the other node than its CPU: balancing, made swift, brings it.
copy /sys/kernel/debug/sched/numa_balancing/*
echo 50 >/sys/kernel/debug/sched/numa_balancing/scan_delay_ms
echo 100 >/sys/kernel/debug/sched/numa_balancing/scan_period_min_ms
/steps cpu:0 map:b:16M bind:b:bind:$LAST touch:b:w bind:b:default touch:b:m:times=20000 where:b at:here <&9 >/line.balance &
balance=$!
for t in bound spread moved set balance; do
    wait_at here /line.$t
    cp /line.$t /out/steps-$t.txt
done
sleep 3
copy_machine
copy_mm
copy /proc/stat /proc/slabinfo /proc/cpuinfo /proc/sys/kernel/numa_balancing*
copy_processes $bound $spread $moved $set $balance
for p in $bound $spread $moved $set $balance; do
    copy /proc/$p/sched
done
copy_groups bound spread moved set
kill -KILL $bound $spread $moved $set $balance
sleep 1
dmesg -c >/out/dmesg-quiet.txt
[ "$KILLS" = yes ] || return

oom() { # NAME COMMAND...
    name=$1
    shift
    ("$@") >/out/steps-oom-$name.txt
    dmesg -c >/out/dmesg-oom-$name.txt
    sleep 11
}
oom policy /steps map:a:1G policy:bind:$LAST touch:a:w
oom cpuset enter set /steps map:a:1G touch:a:w
oom interleave /steps map:a:2G policy:interleave:0,$LAST touch:a:w
group limit 64M 0
oom memcg enter limit /steps map:a:128M bind:a:bind:$LAST touch:a:w
dmesg -c >/dev/null
echo "alloc 9 1000 kernel this noretry comp" >/proc/order
cat /proc/order >/out/order.txt
dmesg -c >/out/dmesg-alloc-thisnode.txt
