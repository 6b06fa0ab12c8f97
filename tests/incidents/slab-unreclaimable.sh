# slab-unreclaimable - a program leaks file descriptors: objects of the kernel that nothing can reclaim
#: memory 384M
#: variant a COUNT=260000
#: variant b COUNT=180000
in_group server load events $COUNT 0
sleep 12
watch 12
