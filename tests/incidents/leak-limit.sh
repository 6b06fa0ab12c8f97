# leak-limit - a container leaks towards its own limit
#: memory 512M
#: variant a RATE=3 MAX=200M
#: variant b RATE=5 MAX=300M
limit service memory.max $MAX
in_group service load grow $RATE 400
sleep 6
watch 40
