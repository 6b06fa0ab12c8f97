# guest-live.sh - job of a guest: size four services while they run, then measure each under fixed limits around the answer.
# Sourced by guest.py's init; live.py puts PAGES, RATE, BUDGET, LASTS and LRU before it.
#
# /out/KIND.json is what highwater said; /out/fixed has lines "KIND PERCENT REFAULTS_PER_S", /out/phase when memory.high was back.

cat /proc/version >/out/version
echo "$LRU" >/sys/kernel/mm/lru_gen/enabled
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
zcat /ext4.img.gz >/dev/ram1
mount -t ext4 /dev/ram1 /mnt
dd if=/dev/zero of=/mnt/data bs=4096 count="$PAGES" 2>/dev/null
umount /mnt
mount -t ext4 /dev/ram1 /mnt
mkswap /dev/ram0 >/dev/null
swapon /dev/ram0
mkdir -p /run
G=/sys/fs/cgroup
export LD_LIBRARY_PATH=/lib

refaults() { # KIND
    awk '/^workingset_refault_/ { n += $2 } END { print n }' "$G/$1/memory.stat"
}

for kind in zipf file loop phase; do
    mkdir $G/$kind
    file=
    [ $kind = file ] && file=/mnt/data
    sh -c 'echo $$ >/sys/fs/cgroup/'$kind'/cgroup.procs; exec /service "$@"' - $kind "$PAGES" "$RATE" $file >/$kind.ready &
    echo $! >/$kind.pid
done
for kind in zipf file loop phase; do
    while ! grep -q ready /$kind.ready; do sleep 1; done
done
sleep 5
for kind in zipf file loop phase; do
    /highwater live $kind --budget "$BUDGET" --duration "$LASTS" --format json -o /out/$kind.json 2>/out/$kind.err &
    echo $! >/$kind.live
done

# The phase changes in the middle of a hold; how long until memory.high is back?
while [ "$(cat $G/phase/memory.high)" = max ] && kill -0 "$(cat /phase.live)" 2>/dev/null; do sleep 0.2; done
sleep 1
if [ "$(cat $G/phase/memory.high)" != max ]; then
    kill -USR1 "$(cat /phase.pid)"
    from=$(cut -d' ' -f1 /proc/uptime)
    while [ "$(cat $G/phase/memory.high)" != max ]; do sleep 0.02; done
    echo "$from $(cut -d' ' -f1 /proc/uptime)" >/out/phase
fi
for kind in zipf file loop phase; do
    while kill -0 "$(cat /$kind.live)" 2>/dev/null; do sleep 1; done
done
kill "$(cat /phase.pid)"

for percent in 90 100 110; do
    for kind in zipf file loop; do
        bytes=$(sed -n '/"smallest_usable"/,/}/s/.*"bytes": \([0-9]*\).*/\1/p' /out/$kind.json)
        [ -n "$bytes" ] && awk -v b="$bytes" -v p=$percent 'BEGIN { printf "%d", b * p / 100 }' >$G/$kind/memory.high
    done
    sleep 15
    for kind in zipf file loop; do refaults $kind >/$kind.before; done
    sleep 20
    for kind in zipf file loop; do
        echo "$kind $percent $((($(refaults $kind) - $(cat /$kind.before)) / 20))" >>/out/fixed
    done
    for kind in zipf file loop; do echo max >$G/$kind/memory.high; done
    sleep 3
done
