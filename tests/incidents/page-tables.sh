# page-tables - many processes map the same shared memory, each with page tables of its own
#: memory 640M
#: variant a SHARED=120 PROCS=320
#: variant b SHARED=200 PROCS=220
in_group db load shared $SHARED $PROCS
sleep 30
watch 6
