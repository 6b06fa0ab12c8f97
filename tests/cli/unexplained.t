# Two operations on files that nobody named: whoever reads the recording says how many there are.
$ python3 -c 'import sys; sys.path[:0] = ["'$TOP'/tests/trace"]; import make; s = make.Stream(0); s.op(1, "proc_start", 0, 100, 1, 100, 0, string=b"one"); s.op(2, "mmap", 5, 0x10000000, 0x4000, 3, 0, 0, 0); s.access(1, 0x10000, 1000); s.op(3, "read", 1, 7, 9, 0, 4096, 0x10000000); s.op(4, "fsync", 1, 9, 0); s.op(5, "exit_group", 1, 0); open("x.hwt", "wb").write(make.chunk(2, 1, 0, 0, 0, b"tool=by hand\n") + s.chunk(2, 1, 0) + make.chunk(2, 3, 0, 0, 5, b"streams=1\nexit_status=0\n"))'
$ highwater trace info x.hwt | grep unexplained
> unexplained     2 operations name a file that the recording does not explain
$ highwater trace info x.hwt --format json | grep '"unexplained"'
>~ \s+"unexplained": 2,
$ highwater run --thp never x.hwt | tail -1
> Note: 2 operations name a file or a range that the recording does not explain; they did nothing.
$ highwater size --thp never -q x.hwt --limits 8M | tail -1
> Note: 2 operations name a file or a range that the recording does not explain; they did nothing.
$ highwater size --thp never -q x.hwt --limits 8M --format json -o size.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json size.json; grep '"unexplained"' size.json
>~ \s+"unexplained": 2
$ highwater size --thp never -q x.hwt --limits 8M --compare vm.swappiness=0,60 | tail -1
> Note: 2 operations name a file or a range that the recording does not explain; they did nothing.
$ highwater run --thp never x.hwt --compare vm.swappiness=0,60 | tail -1
> Note: 2 operations name a file or a range that the recording does not explain; they did nothing.
# A recording that explains everything says nothing of it.
$ highwater trace info $TOP/tests/trace/later.hwt | grep -c unexplained
> 0
= 1
$ highwater size --thp never -q $TOP/tests/trace/later.hwt --limits 8M | grep -c explain
> 0
= 1
