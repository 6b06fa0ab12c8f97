# well-cgroup-cache - a container stands at its limit because it wrote and read files once
#: memory 512M
#: variant a MAX=100M FILE=160
#: variant b MAX=140M FILE=200
limit web memory.max $MAX
in_group web load make /mnt/file $FILE
sleep 8
in_group web load read /mnt/file
sleep 6
in_group web load anon 20
sleep 14
watch 8
