# zombie-cgroups - thousands of short jobs left groups behind that files of theirs keep alive
#: memory 512M
#: variant a JOBS=1500
#: variant b JOBS=3000
parent batch
mount -t tmpfs tmpfs /shm
load zombies $JOBS /sys/fs/cgroup/batch /shm &
sleep 30
watch 6
