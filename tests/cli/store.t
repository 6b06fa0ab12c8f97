# Results go into a store, whole or not at all, and a file of something else is left as it is.
needs: sqlite3
time: 60 s
$ highwater size $EXAMPLES/python.hwt --store fleet.db --service shop --swap 0 -o size.txt
! highwater size: stored as 'shop' in fleet.db
$ highwater check $EXAMPLES/pipeline.hwt --memory-max 10M --store fleet.db -o check.txt
! highwater check: stored as 'sh' in fleet.db
= 1
$ sqlite3 fleet.db "select service, verb, outcome, settings, need_bytes > 0, need_bytes <= max_bytes, json_valid(document) from result order by service"
> sh|check|does not fit|usable-slowdown=1.1
> |1|1|1
> shop|size|found|swap=0
> usable-slowdown=1.1
> |1|1|1
# The same again takes its place; other settings stand beside it.
$ highwater size $EXAMPLES/python.hwt --store fleet.db --service shop --swap 0 -q -o size.txt && highwater size $EXAMPLES/python.hwt --store fleet.db --service shop --swap 1G -q -o size.txt && sqlite3 fleet.db "select count(*) from result where service='shop'; pragma integrity_check" && ls fleet.db*
> 2
> ok
> fleet.db
# Before anything is replayed it is said that nothing could be stored.
$ echo hello there, this is no store > x.db; highwater size $EXAMPLES/python.hwt --store x.db; cat x.db
> hello there, this is no store
! highwater size: x.db: it is no store of results: not a file of SQLite
$ sqlite3 o.db "create table t(a)"; highwater size $EXAMPLES/python.hwt --store o.db
! highwater size: o.db: it is no store of results: a file of SQLite, but of another program
= 1
$ sqlite3 fleet.db "pragma user_version=99"; highwater size $EXAMPLES/python.hwt --store fleet.db 2>&1 | sed 's/versions up to [0-9]*/versions up to N/'
> highwater size: fleet.db: the store has version 99 and this highwater knows versions up to N; use the one that wrote it or a later one
$ highwater size $EXAMPLES/python.hwt --store .
! highwater size: .: a store of results is a file, and this is none
= 1
$ highwater check $EXAMPLES/python.hwt --memory-max 1G --store no/such/fleet.db
! highwater check: no/such/fleet.db: cannot make the store: No such file or directory
= 3
$ highwater size $EXAMPLES/python.hwt --service shop
! highwater size: --service names a result in a store: say --store FILE as well
! Try 'highwater size --help'.
= 2
$ highwater size $EXAMPLES/python.hwt --store f.db --compare swap=0,1G
! highwater size: --store keeps what one machine needs; 'highwater sweep' keeps what several do
! Try 'highwater size --help'.
= 2
