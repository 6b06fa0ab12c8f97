# hugepages-unused - a third of memory is set aside for huge pages that nobody uses
#: memory 512M
#: variant a HUGE=90
#: variant b HUGE=140
echo $HUGE >/proc/sys/vm/nr_hugepages
in_group app load anon 40
sleep 3
watch 8
