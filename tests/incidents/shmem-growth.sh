# shmem-growth - a tmpfs that nobody empties grows: it counts as cache and cannot be dropped
#: memory 384M
#: variant a RATE=6
#: variant b RATE=9
mount -t tmpfs -o size=90% tmpfs /shm
in_group logger load grab /shm/log 250 $RATE
sleep 5
watch 20
