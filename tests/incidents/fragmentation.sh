# fragmentation - much memory is free, hardly any of it in one piece, and programs ask for huge pages
#: memory 512M
#: variant a FILL=380 KEEP=12
#: variant b FILL=400 KEEP=20
echo always >/sys/kernel/mm/transparent_hugepage/enabled # off by default on so small a machine
echo never >/sys/kernel/mm/transparent_hugepage/defrag
echo 0 >/proc/sys/vm/compact_unevictable_allowed
echo 0 >/proc/sys/vm/compaction_proactiveness
in_group cache load fragment $FILL $KEEP
sleep 10
in_group app load thp 60
sleep 6
watch 12
