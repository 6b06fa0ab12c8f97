# well-hugepages - huge pages are reserved, and used
#: memory 512M
#: variant a HUGE=100 USED=196
#: variant b HUGE=80 USED=150
echo $HUGE >/proc/sys/vm/nr_hugepages
in_group db load hugetlb $USED
sleep 14
watch 8
