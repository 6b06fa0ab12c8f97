# A recording leaves as a plain sequence of pages, whole or not at all, with the next request of each.
time: 30 s
@ look.py
| # look.py FILE: requests, pages, and whether each next request is the one that follows
| import struct, sys
| data = open(sys.argv[1], "rb").read()
| records = list(struct.iter_unpack("<IQIq", data))
| later, good = {}, True
| for number, (time, page, size, following) in reversed(list(enumerate(records, 1))):
|     good = good and following == later.get(page, -1) and size == 4096
|     later[page] = number
| good = good and all(a[0] <= b[0] for a, b in zip(records, records[1:]))
| print(len(records), len(later), good)
$ highwater trace export $EXAMPLES/demo.hwt --to oracle -o x.bin
! highwater trace: x.bin: 603,476 requests for 20,903 pages, 13.8 MiB
$ python3 look.py x.bin; stat -c %a x.bin
> 603476 20903 True
> 600
$ highwater trace export $EXAMPLES/demo.hwt --to csv -o x.csv
! highwater trace: x.csv: 603,476 requests, 17.0 MiB
$ head -n 1 x.csv; python3 -c 'import csv, struct; rows = list(csv.DictReader(open("x.csv"))); pages = [r[1] for r in struct.iter_unpack("<IQIq", open("x.bin", "rb").read())]; print([int(r["page"]) for r in rows] == pages, sorted({r["type"] for r in rows}), all(int(a["time"]) <= int(b["time"]) for a, b in zip(rows, rows[1:])))'
> time,page,type
> True ['r', 'w', 'x'] True
$ highwater trace export $EXAMPLES/demo.hwt --to csv | cmp - x.csv
# Read back, it is as many objects.
$ highwater trace import --from oracle x.bin -o back.hwt
! highwater trace: 603,476 records, 603,476 events, 81.7 MiB touched
$ highwater trace export $EXAMPLES/pipeline.hwt --process 10972 --to csv | wc -l
>~ \d+
# The memory it takes does not grow with the recording.
memory: 120 MiB
$ highwater trace export -q $EXAMPLES/python.hwt --to csv -o y.csv
$ highwater trace export -q $EXAMPLES/python.hwt --to oracle -o y.bin; python3 -c 'import os; print(os.path.getsize("y.bin") % 24)'
> 0
memory: 400 MiB
# What goes wrong leaves nothing.
$ highwater trace export none.hwt --to csv -o z
! highwater trace: none.hwt: cannot read it: No such file or directory
= 1
$ highwater trace export look.py --to oracle -o z; ls z 2>/dev/null
! highwater trace: look.py: not a trace (.hwt): it does not begin with 'HWTC'
= 2
$ mkdir folder; highwater trace export $EXAMPLES/demo.hwt --to oracle -o folder
! highwater trace: folder: cannot create: Is a directory
= 1
$ highwater trace export $EXAMPLES/demo.hwt --to oracle -o /dev/full
! highwater trace: /dev/full: no file: oracle is filled in from its end, want a file that can be read back
= 1
$ highwater trace export $EXAMPLES/demo.hwt --to csv -o /dev/full
! highwater trace: /dev/full: cannot write: No space left on device
= 1
$ highwater trace export $EXAMPLES/demo.hwt --to csv > /dev/full
! highwater trace: /dev/stdout: cannot write: No space left on device
= 1
$ head -c 600000 $EXAMPLES/demo.hwt > cut.hwt; highwater trace export -q cut.hwt --to oracle -o cut.bin; test -s cut.bin && python3 look.py cut.bin | grep -c True
!~ highwater trace: cut.hwt: .*: that is of the first \d+ of 600000 bytes alone; 'trace verify' says more
> 1
$ highwater trace export $EXAMPLES/demo.hwt --to oracle
! highwater trace: export --to oracle needs -o FILE, the trace to write
! Try 'highwater trace --help'.
= 2
$ highwater trace export $EXAMPLES/demo.hwt --to pcap -o z
! highwater trace: --to: unknown format 'pcap', want oracle or csv
! Try 'highwater trace --help'.
= 2
$ highwater trace export $EXAMPLES/demo.hwt -o z
! highwater trace: export needs --to oracle or --to csv
! Try 'highwater trace --help'.
= 2
