# cgroup-oom - the limit of a parent kills in a child that has none, while the machine has plenty
#: memory 512M
#: variant a MAX=80M RATE=30
#: variant b MAX=120M RATE=50
parent pod
limit pod memory.max $MAX
in_group pod/sidecar load anon 20
in_group pod/app load grow $RATE 400
in_group other load anon 30
sleep 1
watch 14
