# Heat, working set and pages of a recording are told, drawn in the size that is asked for, and refused where they make no sense.
time: 20 s
@ make.py
| # make.py: 240 requests of 4 KiB objects: 0 to 9 for the first half, 10 to 29 for the second, and 0 at the very end
| import struct, sys
| ids = [i % 10 for i in range(120)] + [10 + i % 20 for i in range(119)] + [0]
| sys.stdout.buffer.write(b"".join(struct.pack("<IQIq", 0, i, 4096, -1) for i in ids))
$ python3 make.py > known.bin; highwater trace import -q --from oracle --as anon known.bin -o known.hwt
$ highwater trace wss known.hwt --format json -o wss.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/trace.schema.json wss.json; python3 -c 'import json; w = json.load(open("wss.json"))["working_set"]; print(w["touched_bytes"] // 4096, w["percentiles"]["max"] // 4096 <= 3, sum(w["bytes"]) // 4096, sum(w["last_touched_bytes"]) // 4096, [n // 4096 for n in w["longest_rest_bytes"] if n][-1], w["one_page_in"])'
> 30 True 240 30 1 1
$ highwater trace wss known.hwt --format csv | head -n 2
> part,from_percent,bytes,last_touched_bytes,longest_rest_bytes
>~ 0,0,\d+,0,0
$ highwater trace wss known.hwt --format csv | wc -l
> 121
$ highwater trace wss known.hwt | tail -n 6
> of the time                 50 %        90 %        95 %        99 %       100 %
> in use, at most          8.0 KiB     8.0 KiB     8.0 KiB    12.0 KiB    12.0 KiB
> 
> of the run                   1 %         5 %        10 %        25 %        50 %
> idle, then used        120.0 KiB    84.0 KiB     4.0 KiB     4.0 KiB     4.0 KiB
> idle until the end     104.0 KiB    72.0 KiB    36.0 KiB    36.0 KiB    32.0 KiB
$ highwater trace heat known.hwt --format json -o heat.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/trace.schema.json heat.json; python3 -c 'import json; h = json.load(open("heat.json"))["heat"]; r = h["processes"][0]["rows"]; print(len(r), sum(sum(x["touches"]) for x in r))'
> 30 240
# As large as is asked for, and no larger than the terminal.
$ for size in 72x12 80x24 200x60; do highwater trace heat $EXAMPLES/python.hwt --size $size | awk '{ if (length > most) most = length } END { print most, NR }'; done
> 72 11
> 80 23
> 200 59
$ for size in 80x24 200x60; do highwater trace wss $EXAMPLES/python.hwt --size $size | awk '{ if (length > most) most = length } END { print most, NR }'; done
> 80 23
> 132 30
$ highwater trace heat $EXAMPLES/pipeline.hwt | head -n 2
>~ .*examples/pipeline.hwt: touches of memory by address over 292,521 events
> sort (10996): 244,217 touches, 86 %
$ highwater trace heat $EXAMPLES/pipeline.hwt --files | sed -n 2p
> /usr/lib/x86_64-linux-gnu/libc.so.6: 11,011 touches, 48 %
$ highwater trace heat $EXAMPLES/pipeline.hwt --process 10972 | sed -n '2p; /^[a-z]* (/p' | sort -u | wc -l
> 1
# Two windows have the events of the whole.
$ for to in "--to warm" "--from warm" ""; do highwater trace wss $TOP/tests/trace/later.hwt $to --format json | python3 -c 'import json, sys; w = json.load(sys.stdin)["working_set"]; print(w["events"], sum(w["bytes"]) > 0)'; done > parts; python3 -c 'p = [line.split() for line in open("parts")]; print(int(p[0][0]) + int(p[1][0]) == int(p[2][0]), p[0][1], p[1][1])'
> True True True
# What is no recording, and what is half of one.
$ highwater trace heat none.hwt
! highwater trace: none.hwt: cannot read it: No such file or directory
= 1
$ highwater trace wss .
! highwater trace: .: cannot read it: Is a directory
= 1
$ highwater trace heat make.py
! highwater trace: make.py: not a trace (.hwt): it does not begin with 'HWTC'
= 1
$ head -c 600000 $EXAMPLES/demo.hwt > cut.hwt; for verb in heat wss; do highwater trace $verb cut.hwt > out; echo $? $(wc -l < out); done
> 1 23
> 1 23
!~ highwater trace: cut.hwt: (damaged|cut, or still being written): that is of the first \d+ of 600000 bytes alone; 'trace verify' says more
!~ highwater trace: cut.hwt: (damaged|cut, or still being written): that is of the first \d+ of 600000 bytes alone; 'trace verify' says more
$ mkdir folder; highwater trace heat known.hwt -o folder
! highwater trace: folder: cannot create: Is a directory
= 1
$ highwater trace wss known.hwt > /dev/full
! highwater trace: cannot write to stdout: No space left on device
= 1
$ highwater trace heat known.hwt --format csv
! highwater trace: --format csv is for trace wss, not heat
! Try 'highwater trace --help'.
= 2
$ highwater trace heat known.hwt --size 10x10
! highwater trace: --size: '10x10' is not a size, want COLUMNSxROWS from 72x12 to 1000x1000, such as 80x24
! Try 'highwater trace --help'.
= 2
$ highwater trace heatt known.hwt
! highwater trace: unknown 'heatt', want info, heat, wss, dump, verify, export or import; did you mean 'heat'?
! Try 'highwater trace --help'.
= 2
