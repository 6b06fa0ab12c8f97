# shmem-growth - a tmpfs that nobody empties grows until little is left: it counts as cache and cannot be dropped
#: memory 384M
#: variant a RATE=14 ANON=20
#: variant b RATE=9 ANON=90
mount -t tmpfs -o size=90% tmpfs /shm
in_group web load anon $ANON
sleep 6
in_group logger load grab /shm/log $(($(available) - 12)) $RATE
sleep 5
watch 26
