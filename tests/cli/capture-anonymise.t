# A capture without its names is diagnosed as the one it was made of, and has none of them.
time: 60 s
@ same.sh
| # same.sh FILE...: verdict, findings and figures, but for names
| for file; do
|     highwater capture anonymise -q $TOP/tests/incidents/$file.hwc -o y.hwc || echo "$file: $?"
|     for x in $TOP/tests/incidents/$file.hwc y.hwc; do highwater diagnose $x --format json -o $x.json 2>/dev/null || true; mv $x.json $(basename $x).json 2>/dev/null; done
|     python3 look.py $file.hwc.json y.hwc.json || echo "$file: another diagnosis"
| done
@ look.py
| import json, sys
| def told(path):
|     d = json.load(open(path))
|     return d["verdict"], [(f["rule"], f["severity"], [(e["value"], e["name"].startswith("/") or e["name"]) for e in f["evidence"]]) for f in d["findings"]]
| a, b = told(sys.argv[1]), told(sys.argv[2])
| sys.exit(a != b or not a[1])
$ cp -r $TOP/tests/incidents incidents; sed -i 's|$TOP/tests/incidents|incidents|g' same.sh; sh same.sh cgroup-oom-a cgroup-oom-v1-b cgroup-thrash-a cgroup-file-thrash-v1-a fork-storm-a dirty-throttling-b direct-reclaim-a cgroup-oom-past-a
$ highwater capture anonymise incidents/cgroup-oom-a.hwc -o y.hwc
>...
!~ highwater capture: y.hwc: 14 samples, .*
$ highwater capture list y.hwc | grep -c "sidecar\|pod/app"
> 0
= 1
$ highwater capture cat y.hwc dev/kmsg | grep -o "oom_memcg=[^,]*,task_memcg=[^,]*" | head -n 1; highwater capture list y.hwc | grep -o "cgroup/group[/a-z0-9]*/$" | tail -n 2
> oom_memcg=/group2,task_memcg=/group2/group3
> cgroup/group2/group3/
> cgroup/group2/group4/
$ stat -c %a y.hwc
> 600
# A machine of our own has names of its own, which are gone from the whole file.
$ highwater capture -q --full -o own.hwc 0.1 2; highwater capture anonymise -q own.hwc -o own2.hwc; highwater capture cat own2.hwc proc/sys/kernel/hostname; test "$(highwater diagnose own.hwc -q | cut -d: -f1)" = "$(highwater diagnose own2.hwc -q | cut -d: -f1)"
> host1
# What cannot be read or written leaves nothing.
$ highwater capture anonymise none.hwc -o z.hwc; ls z.hwc 2>/dev/null
! highwater capture: none.hwc: cannot open it: No such file or directory
= 2
$ highwater capture anonymise . -o z.hwc
!~ highwater capture: \.: .*
= 1
$ highwater capture anonymise look.py -o z.hwc
!~ highwater capture: look.py: .*
= 1
$ mkdir folder; highwater capture anonymise own.hwc -o folder
!~ highwater capture: folder: .*
= 1
$ highwater capture anonymise own.hwc -o /dev/full
!~ highwater capture: /dev/full: .*
= 1
$ head -c -500 incidents/fork-storm-a.hwc > cut.hwc; highwater capture anonymise -q cut.hwc -o cut2.hwc; highwater capture info cut2.hwc > info && echo whole
!~ highwater capture: cut.hwc: parts of it are damaged and left out; 'highwater capture info' says which
> whole
$ highwater capture anonymise own.hwc
! highwater capture: anonymise needs -o FILE, the capture to write
! Try 'highwater capture --help'.
= 2
$ highwater capture anonymise own.hwc --at 03:10 -o z.hwc
! highwater capture: anonymise takes -o and --mode alone
! Try 'highwater capture --help'.
= 2
