# thp-compaction - page faults compact memory for huge pages, and mostly fail
#: memory 512M
#: variant a FILL=330 KEEP=24
#: variant b FILL=360 KEEP=40
echo always >/sys/kernel/mm/transparent_hugepage/enabled # off by default on so small a machine
echo always >/sys/kernel/mm/transparent_hugepage/defrag
echo 0 >/proc/sys/vm/compact_unevictable_allowed
in_group cache load fragment $FILL $KEEP
sleep 10
in_group app load thp 40
sleep 6
watch 12
