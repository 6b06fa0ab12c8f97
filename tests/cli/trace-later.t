# What a later version would write is skipped, counted and said; settings of the host and marks are shown.
$ highwater trace info $TOP/tests/trace/later.hwt | sed -n 4,13p
> recording       closed properly, exit status 0
> incomplete      it lacks reads and writes through io_uring (7); processes that ran unrecorded (1); operations of a later version (1); chunks of a later version (1)
> host            kernel 6.12.0
>                 ram 8.0 GiB
>                 cpus 4
>                 memory.max max
>                 readahead.2049 128.0 KiB
>                 new.key so
> marks           warm after 1.50 ms
> ran             1 process, 1 thread, 32,522 instructions, waited 0 ns
$ highwater trace info --format json $TOP/tests/trace/later.hwt | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d["host"]["ram"], d["marks"], [(x["reason"], x["count"]) for x in d["incomplete"]])'
> 8589934592 [{'name': 'warm', 'time_ns': 1500000, 'stamp': 2}] [('io_uring', 7), ('processes', 1), ('unknown_ops', 1), ('unknown_chunks', 1)]
# Two files that had the same inode number, one after the other, are two files.
$ highwater trace info $TOP/tests/trace/later.hwt | tail -3 | head -2
> files           64.0 KiB  /data/one
>                 64.0 KiB  /data/two
$ highwater trace dump $TOP/tests/trace/later.hwt | grep -e unknown -e incomplete -e file
> 1 5 file @3 1 8 77 65536 0 "/data/one" 1
> 1 5 file @6 2 8 77 65536 0 "/data/two" 2
> 1 1 incomplete @9 1 7 "io_uring_enter"
> 1 500 unknown 4000
$ highwater run --thp never $TOP/tests/trace/later.hwt | tail -2
> Note: the recording is incomplete: it lacks reads and writes through io_uring (7); processes
> that ran unrecorded (1); operations of a later version (1); chunks of a later version (1).
$ highwater run --thp never $TOP/tests/trace/later.hwt --allow-incomplete --format json -o run.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json; grep -A3 '"incomplete"' run.json
>~ \s+"incomplete": ?\[
>~ \s+\{
>~ \s+"reason": "io_uring",
>~ \s+"count": 7,
# A recording that was cut is incomplete too.
$ head -c 700 $TOP/tests/trace/later.hwt > cut.hwt; highwater size --thp never --quiet cut.hwt --limits 8M | grep -A9 Note
> Note: the recording is incomplete: it is damaged at byte 655 (the file ends inside a chunk
> header) and was replayed up to there; it lacks reads and writes through io_uring (7); operations
> of a later version (1); chunks of a later version (1). What is missing may need memory too.
$ highwater size --thp never --quiet cut.hwt --limits 8M --format json -o size.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json size.json; grep -o '"reason": "[a-z_]*"' size.json
> "reason": "io_uring"
> "reason": "unknown_ops"
> "reason": "unknown_chunks"
> "reason": "damage"
> "reason": "cut"
