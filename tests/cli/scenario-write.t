# What is written to the machine's files meanwhile is done in time, and what came of it is shown.
@ squeeze.ini
| [machine]
| ram = 256M
| swap = 128M
| swap_device = hdd
| runtime = 4s
|
| [cgroup web]
| [cgroup old]
|
| [task httpd]
| cgroup = web
| memory = 48M
| touch = random
| rate = 200/s
|
| [write watchdog]
| file = /proc/pressure/memory
| value = some 150000 1000000
|
| [write squeeze]
| at = 1s
| file = /sys/fs/cgroup/web/memory.max
| value = 24M
|
| [write ever]
| at = 10s
| file = /proc/sys/vm/swappiness
| value = 0
|
| [rmdir busy]
| at = 2s
| cgroup = web
|
| [rmdir gone]
| at = 2s
| cgroup = old
$ highwater run --thp never squeeze.ini --proc tree | sed -n '/^Meanwhile/,$p'
> Meanwhile
>~   watchdog +0 ns  some 150000 1000000 > /proc/pressure/memory: [1-9] events?, the first at [1-4].*
>~   squeeze +1\.00 s  24M > /sys/fs/cgroup/web/memory\.max
>~   ever +10\.0 s  0 > /proc/sys/vm/swappiness: not reached
>~   busy +2\.00 s  rmdir web: EBUSY
>~   gone +2\.00 s  rmdir old
$ cat tree/sys/fs/cgroup/web/memory.max
> 25165824
$ ls tree/sys/fs/cgroup | grep -c old
> 0
= 1
$ highwater run --thp never squeeze.ini --format json -o run.json && "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json" run.json && grep -c '"error": "EBUSY"' run.json
> 1

# A wrong one is refused before anything runs.
$ sed 's/memory.max/memory.mex/' squeeze.ini >bad.ini; highwater run --thp never bad.ini
! highwater run: bad.ini:22: [write squeeze]: no file '/sys/fs/cgroup/web/memory.mex' that can be written; did you mean 'memory.max', 'memory.min' or 'memory.low'?
= 2
