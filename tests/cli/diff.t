# What changed between two versions: of recordings, of results, of captures.
time: 120 s
$ python3 -c 'import struct; [open(f"{n}.bin", "wb").write(b"".join(struct.pack("<IQIq", 0, i % n, 4096, -1) for i in range(20000))) for n in (1000, 2000)]'
$ for n in 1000 2000; do highwater trace import --quiet --from oracle --as anon $n.bin -o $n.hwt; done
$ highwater diff 1000.hwt 2000.hwt --swap 0 --thp never -o text
$ sed -n '1,3p' text; grep -c '^  smallest usable limit .* +[34]...* MiB  *+[0-9]* %' text
> Two recordings
>   before  1000.hwt
>   after   2000.hwt
> 1
$ highwater diff 1000.hwt 2000.hwt --swap 0 --thp never --format json -o diff.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/diff.schema.json diff.json
$ for n in 1000 2000; do highwater size $n.hwt --swap 0 --thp never --format json -o $n.json; highwater trace info $n.hwt --format json > info$n.json; done
$ python3 -c 'import json; f = {(r["section"], r["name"]): r for r in json.load(open("diff.json"))["figures"]}; s = [json.load(open(f"{n}.json")) for n in (1000, 2000)]; t = [json.load(open(f"info{n}.json")) for n in (1000, 2000)]; n = f["need", "smallest usable limit"]; p = f["footprint", "at most at one time"]; print([n["before"], n["after"]] == [x["smallest_usable"]["bytes"] for x in s], n["change"] == n["after"] - n["before"], [p["before"], p["after"]] == [x["peak_pages"] * 4096 for x in t])'
> True True True
$ highwater diff 1000.hwt 2000.hwt --quick | grep -c '^need'
> 0
= 1

# Two results: every number by its path, growth first.
$ highwater diff 1000.json 2000.json | sed -n '1p;/^smallest_usable/,/^$/p' | head -4
> Two results of size
> smallest_usable
>~   .*bytes +[0-9.]+ MiB +[0-9.]+ MiB +\+[0-9.]+ MiB +\+[0-9]+ %
>~   .*bytes +[0-9.]+ MiB +[0-9.]+ MiB +\+[0-9.]+ MiB +\+[0-9]+ %
$ highwater diff 1000.json 1000.json --format json | python3 -c 'import json, sys; print({r["change"] for r in json.load(sys.stdin)["figures"]})'
> {0}
$ highwater diff - 2000.json < 1000.json --format json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["before"], d["kind"])'
> - results of size
$ for n in 1000 2000; do highwater check $n.hwt --memory-max 6M --swap 0 --thp never --format json > check$n.json; done; highwater diff check1000.json check2000.json | grep -c '^  need_bytes'
> 1
$ for n in 1000 2000; do highwater run $n.hwt -q --thp never --format json > run$n.json; done; highwater diff run1000.json run2000.json | grep -c '^  /app memory.peak .* MiB'
> 1

# Two captures: the last moments, and rates.
$ highwater capture -q -o a.hwc 0.1 3; highwater capture -q -o b.hwc 0.1 3; highwater diff a.hwc b.hwc --format json -o captures.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/diff.schema.json captures.json
$ python3 -c 'import json; f = json.load(open("captures.json"))["figures"]; r = [x for x in f if x["name"] == "vmstat_pgfault_total"][0]; print(r["section"], r["before"] > 0, any(x["section"] == "machine" and x["unit"] == "bytes" for x in f))'
> machine, by second of the capture True True

# What cannot be compared.
$ highwater diff 1000.json run1000.json
! highwater diff: 1000.json is one of the results of size, run1000.json one of the results of run: name two of one verb
= 1
$ highwater diff 1000.json 1000.hwt
! highwater diff: 1000.json is no recording and no capture, 1000.hwt is a recording: two of one kind can be compared
= 1
$ head -c 500 1000.json > half.json; highwater diff half.json 1000.json
! highwater diff: half.json: not JSON from byte 500 on: it ends too early
= 1
$ highwater diff info1000.json info2000.json
! highwater diff: info1000.json: it is JSON, but no result of highwater; want what 'size', 'run', 'diagnose' or 'fleet' print with --format json
= 1
$ highwater diff 1000.hwt 1000.hwt
! highwater diff: 1000.hwt is given twice; record the program again for another run of it
! Try 'highwater diff --help'.
= 2
$ highwater diff 1000.hwt
! highwater diff: BEFORE AFTER is missing
! Try 'highwater diff --help'.
= 2
$ head -c -20 2000.hwt > cut.hwt; highwater diff 1000.hwt cut.hwt --quick -o text; echo $?; grep -c 'the recording cut.hwt is incomplete' text
! highwater diff: cut.hwt is incomplete: exit code 1 (--allow-incomplete: 0)
> 1
> 1
$ highwater report check1000.json -o x.html
! highwater report: check1000.json: a result of 'check' has no page; 'check --format junit' is for CI systems, and 'size' of the same recordings has one
= 1
