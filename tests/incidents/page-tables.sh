# page-tables - many processes map the same shared memory, each with page tables of its own, and memory is short
#: memory 640M
#: variant a SHARED=120 PROCS=320 LEFT=45
#: variant b SHARED=200 PROCS=220 LEFT=38
in_group db load shared $SHARED $PROCS
sleep 30
in_group web load anon $(($(available) - LEFT))
sleep 10
watch 6
