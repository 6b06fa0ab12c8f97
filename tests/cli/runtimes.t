# Programs that size themselves are told from the recording; recordings with several settings give one table.
needs: valgrind
$ seq 200000 > numbers
$ TOKEN=geheim highwater record -q -o plain.hwt -- sort numbers -o /dev/null
$ highwater record -q -o s1.hwt -- sh -c 'exec sort -S 1M numbers -o /dev/null'
$ highwater record -q -o s4.hwt -- env LC_ALL=C sort --buffer-size=4M numbers -o /dev/null
$ highwater run -q plain.hwt | tr '\n' ' ' | grep -o 'sort (pid.*'
>~ sort \(pid [0-9]+\) sizes its buffer by the machine's RAM, whatever the limit. It was .* set -S .*
$ highwater run -q s1.hwt | tr '\n' ' ' | grep -o 'sort (pid.*'
>~ sort \(pid [0-9]+\) would size its buffer by the machine's RAM, but was recorded with -S 1M: what .*
$ highwater run -q plain.hwt --format json -o run.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json
$ python3 -c 'import json; r = json.load(open("run.json"))["input"]["runtimes"][0]; print(r["name"], r["sizes_itself_by"], r["settings"], r["bounded_by_settings"], r["flag"])'
> sort ram [] False -S
$ highwater size -q --swap 0 s1.hwt --limits 16M --format json -o size.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json size.json
$ python3 -c 'import json; r = json.load(open("size.json"))["runtimes"]; print(len(r), r[0]["settings"], r[0]["bounded_by_settings"])'
> 1 ['-S 1M'] True

# One table: each recording has its own need, and the smallest pair is named.
$ highwater size -q --swap 0 --thp never --limits 8M,16M,64M s1.hwt s4.hwt plain.hwt -o table
$ sed -n '1p;5,7p' table
>~ 3 recordings under 3 limits \([0-9]+ replays\)
>~ s1.hwt     -S 1M             +[0-9.]+ ms .*
>~ s4.hwt     --buffer-size=4M  +[0-9.]+ ms .*
>~ plain.hwt                    +[0-9.]+ ms .*
$ grep -c '^Smallest within 1.10 times the fastest: .*memory.max' table
> 1
$ highwater size -q --swap 0 --thp never --limits 8M,16M,64M s1.hwt s4.hwt --format json -o both.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/recordings.schema.json both.json
$ python3 -c 'import json; d = json.load(open("both.json")); print([r["settings"] for r in d["recordings"]], d["smallest"]["slowdown"] <= 1.1)'
> ['-S 1M', '--buffer-size=4M'] True
$ highwater size -q --swap 0 --thp never --limits 8M,16M,64M s4.hwt --format json -o alone.json
$ python3 -c 'import json; print(json.load(open("both.json"))["recordings"][1]["result"] == json.load(open("alone.json")))'
> True
$ highwater size s1.hwt s4.hwt --compare disk=nvme,hdd
! highwater size: --compare is for one recording; 2 are given
! Try 'highwater size --help'.
= 2

# Nothing else of a command line or environment is written, and nothing with --no-args.
$ highwater record -q --no-args -o quiet.hwt -- sort -S 1M numbers -o /dev/null
$ highwater run -q quiet.hwt | tr '\n' ' ' | grep -c 'recorded with'
> 0
= 1
$ zstd -dc plain.hwt 2>/dev/null | grep -c geheim; python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import hwt; print(any("geheim" in (o.string or "") for f in ("plain", "s1") for o in hwt.Trace(f + ".hwt").ops()))' $TOP/tests/record
> 0
> False
