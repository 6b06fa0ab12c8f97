# overcommit - strict accounting, and nearly all of it is promised: the next malloc may fail with memory free
#: memory 512M
#: variant a PROMISE=215
#: variant b PROMISE=222
in_group app load promise $PROMISE
sleep 1
echo 2 >/proc/sys/vm/overcommit_memory
sleep 1
grep -i commit /proc/meminfo
watch 8
