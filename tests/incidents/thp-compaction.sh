# thp-compaction - page faults compact memory for huge pages, in vain
#: memory 512M
#: variant a LEFT=40 KEEP=24 EACH=24
#: variant b LEFT=60 KEEP=40 EACH=40
echo always >/sys/kernel/mm/transparent_hugepage/enabled # off by default on so small a machine
echo always >/sys/kernel/mm/transparent_hugepage/defrag
echo 0 >/proc/sys/vm/compact_unevictable_allowed
in_group cache load fragment $(($(available) - LEFT)) $KEEP
sleep 12
in_group blocks load anon $((LEFT - 15)) # takes what is left in large blocks
sleep 5
in_group app load thp $EACH plain
in_group app load thp $EACH plain
sleep 8
watch 12
