# overcommit - strict accounting, and nearly all of it is promised: the next malloc may fail with memory free
#: memory 512M
#: variant a PART=985
#: variant b PART=995
in_group app load anon 40
sleep 4
kib() { awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo; }
in_group app load promise $((($(kib CommitLimit) * PART / 1000 - $(kib Committed_AS)) / 1024))
sleep 2
echo 2 >/proc/sys/vm/overcommit_memory
sleep 1
watch 8
