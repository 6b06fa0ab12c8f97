# diagnose says whether a machine is healthy: of a live one, of an archive, of a capture; its exit codes are those of monitoring plug-ins.
@ healthy/proc/meminfo
| MemTotal:       16384000 kB
| MemFree:          512000 kB
| MemAvailable:   12288000 kB
| Buffers:          102400 kB
| Cached:         11468800 kB
| Active(file):    4096000 kB
| Inactive(file):  7168000 kB
| SwapTotal:             0 kB
| SwapFree:              0 kB
| Dirty:              1024 kB
| Writeback:             0 kB
| AnonPages:       3072000 kB
| Shmem:            204800 kB
| SReclaimable:     819200 kB
| SUnreclaim:       204800 kB
@ healthy/proc/pressure/memory
| some avg10=0.00 avg60=0.00 avg300=0.00 total=1234
| full avg10=0.00 avg60=0.00 avg300=0.00 total=1000

$ highwater diagnose healthy
> HEALTHY: 11.7 GiB of 15.6 GiB available, memory pressure 0.0 %
> archive healthy; one sample, so no rates
>...
>   good      Only 3.1 % is free, and that is fine: 11.7 GiB can be had at once
>...
>   MemTotal                     15.6 GiB
>     free                      500.0 MiB    3 %
>     anonymous                   2.9 GiB   19 %  heaps, stacks, private data
>     file cache                 10.8 GiB   69 %  contents of files
>...
> Not measurable here
>...
>   whether evicted file pages are wanted again; whether programs have to reclaim
>     memory themselves (/proc/vmstat: not in this archive)
>...

# The lines of the tree add up.
$ highwater diagnose healthy --format json -o healthy.json; echo $?
> 0
$ python3 -c 'import json; a=[l for l in json.load(open("healthy.json"))["accounting"]["lines"]]; print(a[0]["bytes"] == sum(l["bytes"] for l in a if l["depth"] == 1))'
> True

# A starved one.
@ starved/proc/meminfo
| MemTotal:       16384000 kB
| MemFree:           92000 kB
| MemAvailable:     102400 kB
| Cached:           102400 kB
| SwapTotal:             0 kB
| SwapFree:              0 kB
| AnonPages:      15872000 kB
| Shmem:                 0 kB
@ starved/proc/pressure/memory
| some avg10=45.00 avg60=40.00 avg300=20.00 total=123456789
| full avg10=15.00 avg60=12.00 avg300=6.00 total=12345678
$ highwater diagnose --quiet starved
> CRITICAL: 100.0 MiB of 15.6 GiB available, and no swap
= 2
$ highwater diagnose starved --only no-swap-low-available,swap --explain | sed -n '/^Findings/,/^Time/p'
> Findings
>   critical  100.0 MiB of 15.6 GiB available, and no swap
>             15.1 GiB of anonymous memory cannot be reclaimed.
>             no-swap-low-available: host, confidence high
>             MemAvailable                      100.0 MiB  under 1.6 GiB
>             MemTotal                           15.6 GiB  /proc/meminfo
>             anonymous memory                   15.1 GiB  /proc/meminfo
>             SwapTotal                               0 B  0  /proc/meminfo
>             memory pressure, some                  45 %  warning from 10 %
>             memory pressure, full                  15 %  warning from 5 %
>~             Means     Without swap .*
>...
>~             Why       Without swap .*
>...
> Time lost waiting (10 s, 1 min, 5 min)
$ highwater diagnose starved --only cache -q
> HEALTHY: 100.0 MiB of 15.6 GiB available, memory pressure 45 %

# Nothing to go by is no health.
@ bare/proc/meminfo
| MemTotal:       16384000 kB
| MemFree:          512000 kB
$ highwater diagnose bare -q
> CANNOT TELL: how much memory is left is not told here: it takes MemAvailable (free -m, /proc/meminfo)
= 3

# A live machine, twice a second apart.
$ highwater diagnose --format json -o live.json; test $? -le 3
$ python3 -c 'import json; d=json.load(open("live.json")); print(d["source"]["samples"], d["source"]["interval_seconds"] > 0.9)'
> 2 True
$ highwater diagnose 1 1 --quiet | wc -l
> 1
$ test $(highwater diagnose 1 3 | grep -c '^Memory$') -eq 1

# A wrong command line is no emergency.
$ highwater diagnose --only swap-trash
! highwater diagnose: --only: unknown finding 'swap-trash'; did you mean 'swap-thrash'?
! Try 'highwater diagnose --help'.
= 3
$ highwater diagnose nowhere
!~ highwater diagnose: nowhere: .*
= 3
$ highwater diagnose healthy 1
!~ highwater diagnose: DELAY is for a live machine; 'healthy' stands still
! Try 'highwater diagnose --help'.
= 3
$ highwater diagnose --at 03:10 healthy
! highwater diagnose: --at is for captures, and 'healthy' is none
! Try 'highwater diagnose --help'.
= 3
$ highwater diagnose 0.5
! highwater diagnose: DELAY 0.5: want 1 s to 24 h
! Try 'highwater diagnose --help'.
= 3
$ highwater diagnose 1 two
! highwater diagnose: COUNT 'two': want a number of samples
! Try 'highwater diagnose --help'.
= 3
$ highwater diagnose --cgroup /nowhere -q healthy
> CANNOT TELL: there is no cgroup /nowhere
= 3
$ highwater diagnose --pid 0
! highwater diagnose: --pid 0: not a process
! Try 'highwater diagnose --help'.
= 3
