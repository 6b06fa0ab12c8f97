# direct-reclaim - bursts of allocation go past kswapd, so programs reclaim cache themselves
#: memory 384M
#: variant a JOBS=4 EACH=50
#: variant b JOBS=6 EACH=34
load make /mnt/file 400
in_group scan load read /mnt/file loop
for i in $(seq $JOBS); do in_group jobs load churn $EACH; done
sleep 8
watch 12
