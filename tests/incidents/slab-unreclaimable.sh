# slab-unreclaimable - messages that nobody fetches fill memory: objects of the kernel that nothing can reclaim
#: memory 640M
#: variant a MESSAGES=290 LEFT=45
#: variant b MESSAGES=380 LEFT=38
echo 1000000000 >/proc/sys/kernel/msgmnb
in_group server load messages $MESSAGES
sleep 10
in_group web load anon $(($(available) - LEFT))
sleep 12
watch 8
