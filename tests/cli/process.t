# One process of a recording: listed in the tree, judged alone with its children.
$ highwater trace info --processes $TOP/tests/trace/version1.hwt | tail -2
>~ \s+100  renamed +49k +99.8 % +128.0 KiB +72.0 KiB +2
>~ \s+200    other +108 +0.2 % +4.0 KiB +0 B +1
$ highwater trace info --process 200 $TOP/tests/trace/version1.hwt | tail -n +3
>~ \s+200  other +108 +0.2 % +4.0 KiB +0 B +1
$ highwater run --thp never $TOP/tests/trace/version1.hwt --allow-incomplete --process other --format json -o run.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json; python3 -c 'import json; d=json.load(open("run.json")); print(d["process"], [t["pid"] for t in d["tasks"]], [g["path"] for g in d["cgroups"]])'
> other [200] ['/app', '/others']
$ highwater run --thp never $TOP/tests/trace/version1.hwt --process 200 | grep "^Process  "
> Process   200, with its children; the others run in /others
$ highwater size --thp never -q $TOP/tests/trace/version1.hwt --allow-incomplete --process 100 --limits 1M --format json -o size.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json size.json; grep '"process"' size.json
>   "process": "100",
$ highwater run --thp never $TOP/tests/trace/version1.hwt --process othr
!~ highwater run: --process: .*/version1.hwt has no process 'othr'; did you mean 'other'\? \(trace info --processes lists them\)
! Try 'highwater run --help'.
= 2
# A part in which it does nothing.
$ highwater run --thp never $TOP/tests/trace/version1.hwt --process other --to 10us | sed -n 5p
> Judged    from the beginning to 10us: nothing happens there
$ highwater size --thp never -q $TOP/tests/trace/version1.hwt --process other --to 10us | grep Nothing
> Nothing happens in what is judged, so no limit can be told from it.
$ highwater run --thp never $TOP/scenarios/swap-thrash.ini --process x
! highwater run: --process is for recordings; a scenario puts its tasks into cgroups
! Try 'highwater run --help'.
= 2
