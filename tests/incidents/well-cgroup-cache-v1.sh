# well-cgroup-cache-v1 - a container on a 6.18 host with cgroup v1 stands at its limit because it wrote and read a file once
#: host v1
#: variant a MAX=64M FILE=100
#: variant b MAX=96M FILE=200
limit web memory.limit_in_bytes $MAX
in_group web load make $WORK/file $FILE
sleep 5
in_group web load read $WORK/file
in_group web load anon 10
sleep 14
watch 8
