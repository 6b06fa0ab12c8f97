# writeback-congestion - half of the cache is dirty and the disk is slow: reclaim meets pages that are being written, and waits
#: memory 384M
#: disk throttling.bps-write=4000000
#: variant a ANON=40 CHURN=66
#: variant b ANON=70 CHURN=52
echo 55 >/proc/sys/vm/dirty_ratio
echo 45 >/proc/sys/vm/dirty_background_ratio
in_group app load anon $ANON
in_group backup load write /mnt/out 600
sleep 12
in_group jobs load churn $CHURN
in_group jobs load churn $CHURN
sleep 8
watch 12
