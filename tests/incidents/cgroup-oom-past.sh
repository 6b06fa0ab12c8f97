# cgroup-oom-past - a container was killed at its own limit some seconds before anybody looked
#: memory 512M
#: variant a MAX=64M
#: variant b MAX=100M
limit web memory.max $MAX
in_group web load grow 40 400
in_group other load anon 30
sleep 15
watch 8
