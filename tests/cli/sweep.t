# A sweep may be cut anywhere: killed, damaged, in parts and twice, it comes to the same bytes.
needs: sqlite3
time: 180 s
$ cp $EXAMPLES/pipeline.hwt $EXAMPLES/python.hwt .
@ plan.ini
| [sweep]
| recordings = p*.hwt
| limits = 6M, 10M-58M/8M, 100M
| [machine]
| swap = 0, 1G
| vm.swappiness = 60
$ highwater sweep plan.ini --store whole.db -o whole.txt && highwater sweep plan.ini --store whole.db -f csv -o whole.csv && highwater sweep plan.ini --store whole.db -f json -o whole.json && cat whole.txt
> 40 of 40 tasks: recordings 2, machines 2, limits 9 and none
>
>~ recording     machine +done +grows to +survives +usable at
>~ pipeline.hwt  swap=0 +10/10 .*
>~ pipeline.hwt  swap=1G +10/10 .*
>~ python.hwt    swap=0 +10/10 .* 100.0 MiB +100.0 MiB
>~ python.hwt    swap=1G +10/10 .*
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/sweep.schema.json whole.json && wc -l < whole.csv && head -1 whole.csv
> 41
> recording,machine,limit_bytes,outcome,survives,usable,slowdown,peak_bytes
# The rows are what size says under the same limits.
$ highwater size pipeline.hwt --swap 1G --set vm.swappiness=60 --limits 10M,34M -q -f json -o size.json
$ python3 -c 'import json; s = json.load(open("whole.json"))["results"]; rows = {r["result"]["memory.max"]: r["result"] for r in s if r["recording"].endswith("pipeline.hwt") and r["settings"]["swap"] == "1G"}; z = json.load(open("size.json")); print([all(rows[r["memory.max"]][k] == r[k] for k in ("outcome", "slowdown", "pgmajfault", "memory.peak", "virtual_ns")) for r in z["limits"] if r["source"] == "asked"])'
> [True, True]
# Killed later and later until a run ends by itself.
@ cut.sh
| cuts=0
| for i in $(seq 1 200); do
|     timeout -s KILL $(awk "BEGIN {print 0.05 * $i}") highwater sweep plan.ini --store cut.db -j 1 -q -o cut.txt
|     [ $? = 0 ] && break
|     cuts=$((cuts + 1))
| done 2> killed.txt
| [ $cuts -gt 0 ] && echo it was cut
$ sh cut.sh && highwater sweep plan.ini --store cut.db -f csv -o cut.csv && highwater sweep plan.ini --store cut.db -f json -o cut.json && cmp whole.txt cut.txt && cmp whole.csv cut.csv && cmp whole.json cut.json && sqlite3 cut.db "pragma integrity_check"
> it was cut
> ok
# Only what is missing is done: a result that is there stays, one that is gone comes again.
$ sqlite3 cut.db "delete from task where rowid % 3 = 0 and limit_bytes is not null; update task set slowdown = '7.7777' where limit_bytes is null and settings like 'swap=0%' and recording = 'python.hwt'; select count(*) < 40 from task"
> 1
$ highwater sweep plan.ini --store cut.db -f csv -o again.csv; diff whole.csv again.csv | grep -c '^[<>]'; sqlite3 cut.db "select count(*) from task"
> 2
> 40
# Parts, one of them killed before and two twice, in any order.
$ SLURM_ARRAY_TASK_ID=2 highwater sweep plan.ini --shard auto/3 --work w --store parts.db && JOB_COMPLETION_INDEX=0 highwater sweep plan.ini --shard auto/3 --work w --store parts.db && cp -r w again
$ highwater sweep plan.ini --collect --work w --store parts.db -f csv -o parts.csv
! highwater sweep: 13 of 40 tasks are missing
= 1
$ ls w; (timeout -s KILL 0.1 highwater sweep plan.ini --shard 1/3 --work w --store parts.db -q; true) 2> killed.txt; highwater sweep plan.ini --shard 1/3 --work w --store parts.db && highwater sweep plan.ini --shard 1/3 --work again --store other.db && cp again/* w
$ highwater sweep plan.ini --collect --work w --store parts.db -f csv -o parts.csv && highwater sweep plan.ini --collect --store parts.db -f json -o parts.json && highwater sweep plan.ini --collect --store parts.db -o parts.txt && cmp whole.csv parts.csv && cmp whole.json parts.json && cmp whole.txt parts.txt; ls w
# What is no result, cut or of another plan is left, and said.
$ sed 's/60/30/' plan.ini > other.ini; head -c 500 "$(ls again/* | head -1)" > w/cut.results; cp "$(ls again/0-*.results | head -1)" w/zero.results; highwater sweep other.ini --collect --work w --store o.db -o other.txt; ls w
> cut.results
> zero.results
! highwater sweep: w/cut.results: it is no file of results of a sweep, or is cut
!~ highwater sweep: w/zero.results: [0-9]+ results of other tasks; the plan, a recording or the version of highwater was another
! highwater sweep: 40 of 40 tasks are missing
# A plan is wrong in one line, before anything is made.
$ printf '[sweep]\nrecordings = p*.hwt\nlimits = 64M\nlimit = 3\n' > bad.ini; highwater sweep bad.ini --store bad.db; ls bad.db 2>&1
> ls: cannot access 'bad.db': No such file or directory
! highwater sweep: bad.ini:4: unknown key 'limit' in [sweep]; did you mean 'limits'?
= 2
$ printf '[sweep]\nrecordings = none-*.hwt\nlimits = 64M\n' > bad.ini; highwater sweep bad.ini
! highwater sweep: bad.ini:2: no recording 'none-*.hwt'
= 2
$ printf '[sweep]\nrecordings = python.hwt\nlimits = 64M-32M/1M\n' > bad.ini; highwater sweep bad.ini
! highwater sweep: bad.ini:3: limits: want FROM at most TO and a STEP of a page or more
= 2
$ highwater sweep plan.ini --shard 3/3 --work w
! highwater sweep: --shard: want I/N, I from 0 to N - 1 and N up to 10000, not '3/3'
! Try 'highwater sweep --help'.
= 2
$ highwater sweep plan.ini --on moon
! highwater sweep: --on: want local, not 'moon'; see --shard for machines of a cluster
! Try 'highwater sweep --help'.
= 2
