# --series writes all counters over virtual time, and changes nothing by it.
@ s.ini
| [machine]
| ram = 256M
| swap = 64M
| runtime = 2300ms
| [cgroup app]
| memory.max = 32M
| [task a]
| cgroup = app
| memory = 40M
| touch = random
| rate = 100/s
$ highwater run --thp never s.ini --series s.csv --every 500ms --format json >with.json
$ highwater run --thp never s.ini --format json | cmp - with.json
$ cut -d, -f1,2 s.csv
>~ time_s,nr_free_pages
>~ 0\.500000000,[0-9]+
>~ 1\.000000000,[0-9]+
>~ 1\.500000000,[0-9]+
>~ 2\.000000000,[0-9]+
>~ 2\.300[0-9]+,[0-9]+
# Events add up to what the run counted; levels are what they are at the end.
@ sums.py
| import csv, json, re
| rows = list(csv.DictReader(open("s.csv")))
| run = json.loads(re.sub(r",(\s*})", r"\1", open("with.json").read()))
| for name in ("pgfault", "pswpin", "pswpout", "pgscan_direct"):
|     print(name, sum(int(row[name]) for row in rows) == run["vmstat"][name])
| print(int(rows[-1]["nr_free_pages"]) == run["vmstat"]["nr_free_pages"])
| print(max(int(row["/app memory.current"]) for row in rows) <= 32 << 20)
| print(sum(int(row["/ memory.pressure some"]) for row in rows) == run["pressure"]["memory"]["some"]["total"] > 0)
| print(sum(int(row["[a] requests"]) for row in rows) == run["scenario"]["tasks"][0]["requests"])
$ python3 sums.py
> pgfault True
> pswpin True
> pswpout True
> pgscan_direct True
> True
> True
> True
> True
$ highwater run --thp never s.ini --series s.json -q >/dev/null
$ "$TOP/tools/check_json.py" "$TOP/docs/schema/series.schema.json" s.json
$ grep -c at_ns s.json
> 3

# Of a recording, too.
$ highwater run --thp never "$EXAMPLES/demo.hwt" --memory-max 40M --swap 64M --series d.json --every 100ms -q >/dev/null
$ "$TOP/tools/check_json.py" "$TOP/docs/schema/series.schema.json" d.json

$ highwater run --thp never s.ini --series s.txt
! highwater run: --series wants a name that ends with .json or .csv, not s.txt
! Try 'highwater run --help'.
= 2
$ highwater run --thp never s.ini --every 1s
! highwater run: --every says how often --series FILE or --capture FILE takes a sample; both are missing
! Try 'highwater run --help'.
= 2
$ highwater run --thp never s.ini --series s.csv --every 0s
!~ highwater run: --every.*
! Try 'highwater run --help'.
= 2
