# guest-fixtures.sh - job of a guest: groups under pressure and out of memory. Sourced by guest.py's init after guest-copy.sh.

dmesg -c >/out/dmesg-boot.txt
copy_machine
[ "$ONLY_BOOT" = yes ] && return
echo 1 >/proc/sys/vm/overcommit_memory
echo "+memory +io +cpu +pids" >/sys/fs/cgroup/cgroup.subtree_control
zcat /ext4.img.gz >/dev/ram1
mount -t ext4 /dev/ram1 /mnt
cp /pattern /mnt/pattern
mkswap /dev/ram0 >/dev/null
swapon /dev/ram0
/mnt/pattern make-file --pages 8192 --file /mnt/data
umount /mnt
mount -t ext4 /dev/ram1 /mnt
/tlbflush 500 &

# Three groups under pressure: a mapped file, anonymous memory with swap, both in a nested group.
group file 16M max
group anon 24M max
group nest 28M max
echo "+memory" >/sys/fs/cgroup/nest/cgroup.subtree_control
group nest/inner 24M 20M
enter file /mnt/pattern mmap-zipf --pages 8192 --touches 100000000 --file /mnt/data &
file=$!
enter anon /mnt/pattern anon-zipf --pages 8192 --touches 100000000 &
anon=$!
enter nest/inner /mnt/pattern mixed-zipf --pages 8192 --touches 100000000 --file /mnt/data &
mixed=$!
sleep 6
kill -STOP $file $anon $mixed
sleep 3
copy_machine
copy_processes $file $anon $mixed
copy /proc/slabinfo /proc/swaps /proc/stat /proc/loadavg /proc/uptime /proc/cpuinfo /proc/diskstats /proc/mounts \
    /proc/pressure/*
for d in /sys/kernel/mm/transparent_hugepage /sys/kernel/mm/transparent_hugepage/khugepaged /sys/kernel/mm/lru_gen \
    /sys/kernel/mm/transparent_hugepage/hugepages-* /sys/kernel/mm/transparent_hugepage/hugepages-*/stats \
    /sys/kernel/mm/swap /sys/kernel/mm/numa /sys/kernel/mm/hugepages/*; do
    copy "$d"/*
done
node=/sys/devices/system/node
copy $node/online $node/possible $node/has_memory $node/node0/meminfo $node/node0/numastat $node/node0/vmstat \
    $node/node0/distance $node/node0/cpulist
copy_groups file anon nest nest/inner
kill -KILL $file $anon $mixed
kill -CONT $file $anon $mixed
wait $file $anon $mixed
dmesg -c >/out/dmesg-quiet.txt # expected: nothing but the ext4 mounts

# A group out of memory: no swap; then with swap that runs out; then a group to be killed as a whole.
group oom 16M 0
(enter oom /mnt/pattern anon-seq --pages 8192)
dmesg -c >/out/dmesg-oom-memcg.txt
group oomswap 16M 8M
(enter oomswap /mnt/pattern mixed-zipf --pages 16384 --file /mnt/data)
(enter oomswap /mnt/pattern anon-seq --pages 8192)
dmesg -c >/out/dmesg-oom-memcg-swap.txt
group parent 16M 0
echo "+memory" >/sys/fs/cgroup/parent/cgroup.subtree_control
group parent/child max 0
echo 1 >/sys/fs/cgroup/parent/child/memory.oom.group
(enter parent/child /mnt/pattern fork-cow --pages 4800)
dmesg -c >/out/dmesg-oom-memcg-group.txt
for g in oom oomswap parent parent/child; do
    copy /sys/fs/cgroup/$g/memory.*
done

# The whole machine out of memory: first swap runs full, then without swap.
/mnt/pattern anon-seq --pages 131072
dmesg -c >/out/dmesg-oom-global-swap.txt
swapoff /dev/ram0
/mnt/pattern anon-seq --pages 131072
dmesg -c >/out/dmesg-oom-global.txt
