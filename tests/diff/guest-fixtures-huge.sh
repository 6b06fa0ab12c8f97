# guest-fixtures-huge.sh - job of a guest: transparent huge pages, a hugetlb pool, fragmented memory and allocations that fail in it.
# Sourced by guest.py's init after guest-copy.sh. Leaves /out/{thp,hugetlb,fragmented}/.

prepare() {
    mount -t debugfs debug /sys/kernel/debug
    echo 1 >/proc/sys/vm/overcommit_memory
    echo "+memory +hugetlb" >/sys/fs/cgroup/cgroup.subtree_control
    mkswap /dev/ram0 >/dev/null
    swapon /dev/ram0
    insmod /order.ko
    /tlbflush 500 &
}

copy_fragmentation() {
    copy_machine
    copy_mm
    copy /sys/kernel/debug/extfrag/* /proc/stat /proc/slabinfo
}

prepare
mkfifo /never
exec 9<>/never

# Huge pages as they are made and lost: whole ones, a sparse heap, half-unmapped ones, one split by protection, a parent and its child.
OUT=/out/thp
mkdir -p $OUT
dmesg -c >$OUT/dmesg-boot.txt
group heap max max
group part max max
group fork max max
group tight 16M max
enter heap /steps map:a:32M touch:a:w map:s:16M:at=1M touch:s:w:stride=2M map:z:8M:at=0 touch:z:r:stride=2M map:n:4M:at=0 nohugepage:n touch:n:w at:here <&9 >/line.heap &
heap=$!
enter part /steps map:a:32M:at=0 touch:a:w unmap:a@0+16M:every=2M:length=1M readonly:a@16M+2M:every=4K:length=4K free:a@20M+4M lock:a@24M+2M at:here <&9 >/line.part &
part=$!
enter fork /steps map:a:16M:at=0 touch:a:w fork touch:a@0+6M:w yield end join touch:a@8M+4M:w at:here <&9 >/line.fork &
fork=$!
enter tight /steps map:a:32M:at=0 touch:a:w at:here <&9 >/line.tight &
tight=$!
for t in heap part fork tight; do
    wait_at here /line.$t
done
sleep 3
child=$(cat /proc/$fork/task/$fork/children)
copy_fragmentation
copy_processes $heap $part $fork $child $tight
copy_groups heap part fork tight
kill -KILL $heap $part $fork $child $tight
dmesg -c >$OUT/dmesg-quiet.txt

# A pool, a mapping of which one half is touched and the rest is reserved, one without reservation, surplus pages, a group's limit.
OUT=/out/hugetlb
mkdir -p $OUT
sleep 1
echo 1 >/proc/sys/vm/compact_memory
echo 20 >/proc/sys/vm/nr_hugepages
echo 4 >/proc/sys/vm/nr_overcommit_hugepages
group pool max max
echo 24M >/sys/fs/cgroup/pool/hugetlb.2MB.max
enter pool /steps map:a:16M:huge touch:a@0+8M:w map:s:8M:huge:shared touch:s@0+2M:w map:n:4M:huge:noreserve touch:n@0+2M:w at:here <&9 >/line.pool &
pool=$!
wait_at here /line.pool
enter pool /steps map:b:20M:huge touch:b@0+2M:w at:here <&9 >/line.more &
more=$!
wait_at here /line.more
sleep 3
copy_fragmentation
copy_processes $pool $more
copy_groups pool
kill -KILL $pool $more
sleep 1
echo 0 >/proc/sys/vm/nr_overcommit_hugepages
echo 0 >/proc/sys/vm/nr_hugepages
dmesg -c >$OUT/dmesg-quiet.txt

# Free memory in single pages: the module's pages cannot be moved, every second one is free.
OUT=/out/fragmented
mkdir -p $OUT
echo "alloc 0 200000 kernel noretry nowarn" >/proc/order
echo "thin 2" >/proc/order
cat /proc/order >$OUT/order.txt
sleep 3
copy_fragmentation
fail() { # NAME ORDER COUNT FLAG...: asks, and keeps the warning
    name=$1
    shift
    dmesg -c >/dev/null
    sleep 11 # one warning in ten seconds
    echo "alloc $*" >/proc/order
    cat /proc/order >>$OUT/order.txt
    dmesg -c >$OUT/dmesg-$name.txt
}
fail alloc-order4-kernel 4 100000 kernel comp
fail alloc-order4-atomic 4 100000 atomic comp
fail alloc-order3-atomic 3 100000 atomic comp
fail alloc-order9-noretry 9 100000 kernel noretry comp
fail alloc-order5-nofs 5 100000 nofs comp zero
copy_fragmentation
echo free >/proc/order
