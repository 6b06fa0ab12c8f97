# cgroup-near-max - a container close to its limit with memory it cannot give back
#: memory 512M
#: variant a MAX=100M SET=95
#: variant b MAX=160M SET=154
limit web memory.max $MAX
in_group web load anon $SET
sleep 8
watch 8
