# cgroup-oom-v1 - a container is killed at its limit, on a 6.18 host with cgroup v1, seen from inside a container
#: host v1
#: variant a MAX=64M RATE=20
#: variant b MAX=100M RATE=40
limit web memory.limit_in_bytes $MAX
in_group other load anon 30
in_group web load grow $RATE 400
watch 10
