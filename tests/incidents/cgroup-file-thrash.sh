# cgroup-file-thrash - a container reads files that do not fit beside its memory, over and over
#: memory 512M
#: disk throttling.iops-total=1500
#: variant a MAX=64M FILE=90
#: variant b MAX=90M FILE=140
load make /mnt/file $FILE
echo 1 >/proc/sys/vm/drop_caches
limit web memory.max $MAX
in_group web load anon 30
sleep 2
in_group web load mapped /mnt/file
sleep 10
watch 12
