# --from and --to judge a part of a recording: counters, times and peaks are of that part.
$ highwater run --thp never $TOP/tests/trace/later.hwt --from warm | sed -n 5,8p
>~ Judged    from warm \(reached after [\d.]+ us\) to the end
>~ Outcome   completed after \d+ us of virtual time
>
>~ 1. Used for what .*
$ highwater run --thp never $TOP/tests/trace/later.hwt --from 10us --to 10ms | sed -n 5p
>~ Judged    from 10us \(reached after [\d.]+ us\) to 10ms, which it did not reach
# A time becomes work: it is the same under a limit.
$ for limit in max 300K; do highwater run --thp never $TOP/tests/trace/later.hwt --allow-incomplete --from 100us --memory-max $limit --format json -o x.json; python3 -c 'import json; d=json.load(open("x.json")); print(d["window"]["begun"], d["replay"]["events"], d["window"]["begun_ns"] >= 100000)'; done | uniq | wc -l
> 1
$ for at in "--to warm" "--from warm" ""; do highwater run --thp never $TOP/tests/trace/later.hwt --allow-incomplete $at --format json -o x.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json x.json; python3 -c 'import json; d=json.load(open("x.json")); print(d["replay"]["events"], d["vmstat"]["pgfault"], d["virtual_ns"], d["pressure"]["cpu"]["some"]["total"])'; done > sums; python3 -c 'a, b, c = [[int(n) for n in line.split()] for line in open("sums")]; print(a[0] + b[0] == c[0], a[1] + b[1] == c[1], a[2] + b[2] == c[2], a[3] + b[3] == c[3])'
> True True True True
$ highwater size --thp never -q $TOP/tests/trace/later.hwt --allow-incomplete --from warm --limits 8M --format json -o size.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json size.json; grep '"from"' size.json
>   "from": "warm",
$ highwater run --thp never $TOP/tests/trace/later.hwt --from wram
!~ highwater run: --from: .*/later.hwt has no mark 'wram'; did you mean 'warm'\?
! Try 'highwater run --help'.
= 2
$ highwater size --thp never $TOP/tests/trace/later.hwt --to nonsense
!~ highwater size: --to: .*/later.hwt has no mark 'nonsense'; it has 'warm'
! Try 'highwater size --help'.
= 2
$ highwater run --thp never $TOP/tests/trace/version1.hwt --from warm
!~ highwater run: --from: .*/version1.hwt has no mark 'warm': it has none, and a time is a number with a unit, like 5s
! Try 'highwater run --help'.
= 2
$ highwater run --thp never $TOP/tests/trace/later.hwt --from 10s
!~ highwater run: --from 10s is never reached: without a limit .*/later.hwt ends after \d+ us
! Try 'highwater run --help'.
= 2
$ highwater run --thp never $TOP/tests/trace/later.hwt --from warm --to warm
! highwater run: --to warm does not come after --from warm
! Try 'highwater run --help'.
= 2
$ highwater run --thp never $TOP/scenarios/swap-thrash.ini --from 1s
! highwater run: --from is for recordings; a scenario says itself what happens when
! Try 'highwater run --help'.
= 2
# Samples are of the part, files of the machine as it is at the end of the part.
$ highwater run -q $EXAMPLES/demo.hwt --from 400ms --to 800ms --series s.csv --every 200ms --capture c.hwc --proc tree -o out; cut -d, -f1 s.csv; cat tree/proc/uptime
> time_s
>~ 0\.60\d+
>~ 0\.80\d+
>~ 0\.80\d+
>~ 0\.8\d 0\.\d+
$ highwater capture info c.hwc | grep samples
>~ samples +3, in 1 chunk
# trace info counts a part as well.
$ highwater trace info $TOP/tests/trace/later.hwt --from warm | grep -e counted -e accesses -e touched
> counted         from warm to the end
> accesses        0: 0 reads, 0 writes, 0 fetches
> touched         64.0 KiB anonymous, 128.0 KiB of files
$ highwater trace info $TOP/tests/trace/later.hwt --to warm --format json | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d["to"], d["writes"])'
> warm 32
$ highwater trace verify $TOP/tests/trace/later.hwt --from warm
! highwater trace: --from is for trace info, heat and wss, not verify
! Try 'highwater trace --help'.
= 2
