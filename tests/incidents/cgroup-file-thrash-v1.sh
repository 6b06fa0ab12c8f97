# cgroup-file-thrash-v1 - a container on a 6.18 host with cgroup v1 reads files that do not fit beside its memory, over and over
#: host v1
#: variant a MAX=64M ANON=40 FILE=60
#: variant b MAX=100M ANON=50 FILE=100
load make $WORK/file $FILE
load forget $WORK/file
limit web memory.limit_in_bytes $MAX
in_group web load anon $ANON
sleep 2
in_group web load mapped $WORK/file
in_group web load mapped $WORK/file
sleep 8
watch 10
