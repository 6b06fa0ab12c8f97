# cgroup-thrash - a container's working set does not fit its limit; the machine has memory
#: memory 512M
#: swap throttling.iops-total=1500
#: variant a MAX=64M SET=90
#: variant b MAX=100M SET=130
swapon /dev/vdb
limit web memory.max $MAX
in_group web load touch $SET
in_group other load anon 40
sleep 10
watch 12
