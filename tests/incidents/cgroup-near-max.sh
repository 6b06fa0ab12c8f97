# cgroup-near-max - a container is close to its limit with memory it cannot give back, and pushes against it
#: memory 512M
#: variant a MAX=100M SET=93
load make /mnt/file 60
echo 1 >/proc/sys/vm/drop_caches
limit web memory.max $MAX
in_group web load anon $SET
sleep 8
in_group web load read /mnt/file loop
sleep 4
watch 8
