# direct-reclaim - bursts of allocation go past kswapd, whose head start was made small, so programs reclaim cache themselves
#: memory 384M
#: variant a JOBS=10 EACH=20
#: variant b JOBS=16 EACH=13
echo 1000 >/proc/sys/vm/min_free_kbytes
echo 1 >/proc/sys/vm/watermark_scale_factor
load make /mnt/file 400
in_group scan load read /mnt/file loop
for i in $(seq $JOBS); do in_group jobs load churn $EACH; done
sleep 10
watch 12
