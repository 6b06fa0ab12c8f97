# writeback-congestion - reclaim finds hardly anything but dirty pages, and waits for a slow disk
#: memory 384M
#: disk throttling.bps-write=4000000
#: variant a ANON=120
#: variant b ANON=160
echo 70 >/proc/sys/vm/dirty_ratio
echo 60 >/proc/sys/vm/dirty_background_ratio
in_group backup load write /mnt/out 600
sleep 15
in_group app load burst $ANON 1 0.5
sleep 6
watch 12
