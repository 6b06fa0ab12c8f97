# A text of several machines: the worst is named and gives the exit code, the others follow.
@ two
| root@web1:~# free -m
|               total        used        free      shared  buff/cache   available
| Mem:          16012       15790         101           3         120          61
| Swap:          2047        2047           0
| root@web2:~# free -m
|               total        used        free      shared  buff/cache   available
| Mem:          64312       15990       40101           3        8220       47610
| Swap:             0           0           0
$ highwater diagnose two
> CRITICAL: web1: Little memory is left: 61.0 MiB of 15.6 GiB available (and 1 more); the worst of 2 machines in this text
>   web2: healthy: 46.5 GiB of 62.8 GiB available
>...
= 2

$ highwater diagnose two --format json | python3 -c 'import json,sys; [print(m["machine"], m["verdict"], m["exit_code"]) for m in json.load(sys.stdin)["machines"]]'
> web1 critical 2
> web2 healthy 0

$ highwater diagnose two --format markdown | sed -n 3p
> - web2: healthy: 46.5 GiB of 62.8 GiB available

# Names are replaced in all of these.
$ highwater diagnose two --anonymise | grep -c web
> 0
= 1

# Files of a directory are machines by their names.
$ mkdir d; head -4 two | tail -3 > d/a.txt; tail -3 two > d/b.txt; highwater diagnose d -q
> CRITICAL: a.txt: Little memory is left: 61.0 MiB of 15.6 GiB available (and 1 more); the worst of 2 machines in this text
= 2

# One machine has none.
$ tail -4 two | highwater diagnose - --format json | python3 -c 'import json,sys; print(json.load(sys.stdin)["machines"])'
> []
