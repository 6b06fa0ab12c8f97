# io-bottleneck - programs wait for a slow disk; memory is full of cache and has nothing to do with it
#: memory 512M
#: disk throttling.iops-total=120
#: variant a READERS=6
#: variant b READERS=12
load make /mnt/cache 200
load make /mnt/file 200
load read /mnt/cache
for i in $(seq $READERS); do in_group batch load direct /mnt/file; done
sleep 12
watch 12
