# hugepages-unused - half of memory is set aside for huge pages that nobody uses, and the rest is short
#: memory 512M
#: variant a HUGE=140 LEFT=38
#: variant b HUGE=100 LEFT=30
echo $HUGE >/proc/sys/vm/nr_hugepages
in_group app load anon $(($(available) - LEFT))
sleep 12
watch 8
