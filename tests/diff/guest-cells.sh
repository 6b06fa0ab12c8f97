# guest-cells.sh - job of a guest: run patterns in a cgroup with memory.max and keep what the kernel counted.
# Sourced by guest.py's init after guest-common.sh. reference.py puts variables before them and lines "cell ..." after.

zcat /ext4.img.gz >/dev/ram1
mount -t ext4 /dev/ram1 /mnt
cp /pattern /mnt/pattern
/mnt/pattern make-file --pages "$PAGES" --file /mnt/data
/mnt/pattern make-file --pages "$PAGES" --file /mnt/scratch
umount /mnt
mkswap /dev/ram0 >/dev/null
swapon /dev/ram0
/tlbflush 500 $READ &

cell() { # NUMBER READAHEAD_KB PAGE_CLUSTER PATTERN LIMIT_BYTES SEED TOUCHES PAGES SWAP_MAX
    file=/mnt/data
    echo "$2" >/sys/block/ram1/queue/read_ahead_kb
    echo "$3" >/proc/sys/vm/page-cluster
    case $4 in *dirty* | *write*) file=/mnt/scratch ;; esac
    mount -t ext4 /dev/ram1 /mnt # nothing of it is cached yet, the program's own text neither
    begin "$5"
    echo "$9" >/sys/fs/cgroup/run/memory.swap.max
    sh -c 'echo $$ >/sys/fs/cgroup/run/cgroup.procs; exec "$@"' - \
        /mnt/pattern "$4" --pages "$8" --touches "$7" --seed "$6" --file $file >/line
    finish $? "$*" "line $(cat /line)"
    umount /mnt
    rmdir /sys/fs/cgroup/run
}
