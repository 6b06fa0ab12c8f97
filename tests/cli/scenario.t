# A scenario is played, its result matches the schema, and what is wrong in one is named with its line.
@ web.ini
| # A server beside a backup.
| [machine]
| ram = 256M
| runtime = 2s
|
| [cgroup app/web]
| memory.max = 64M
|
| [file db]
| size = 300M
|
| [task httpd]
| cgroup = app/web
| workers = 3
| memory = 8M
| touch = zipf:0.9
| rate = 100/s
|
| [task backup]
| start = 1s
| file = db
| read = seq
| think = 1ms
$ highwater run --thp never web.ini | sed -n '1,4p; /^Tasks/,$p'
> Input     web.ini
> Machine   Linux 6.1, 2 CPUs, 256.0 MiB RAM, no swap, files on nvme
> Group     / (the whole machine)
>~ Outcome   completed after 2\.00 s of virtual time, .* of it asleep
> Tasks
>~   task +procs  state +requests +latency +major faults +memory wait +largest RSS
>~   httpd +4  4 running +(59[0-9]|600) .*
>~   backup +1  1 running .*
> 
> Cgroups
>~   path +memory.current +memory.max +max reached +OOM kills
>~   /app +2[4-9]\.[0-9] MiB +max +0 +0
>~   /app/web +2[4-9]\.[0-9] MiB +64.0 MiB +0 +0
$ highwater run --thp never web.ini --format json -o run.json --proc tree
$ "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json" run.json
$ grep -c '"task": "httpd"' run.json
> 4
$ ls tree/proc | grep -c '^[0-9]'
> 5
$ cat tree/proc/1001/cgroup
> 0::/app/web

# Options change the machine, not the limits of its cgroups.
$ highwater run --thp never web.ini --ram 512M --cpus 4 --swap 64M | sed -n 2p
> Machine   Linux 6.1, 4 CPUs, 512.0 MiB RAM, 64.0 MiB swap on nvme, files on nvme
$ highwater run --thp never web.ini --memory-max 64M
! highwater run: a scenario has no cgroup for --memory-max; give a [cgroup] of it memory.max
! Try 'highwater run --help'.
= 2

# It is known by its name, or by its first line.
$ cp web.ini web; highwater run --thp never web | sed -n 1p
> Input     web

# A recording may be a task among others.
@ mixed.ini
| [machine]
| ram = 1G
| [cgroup box]
| memory.max = 48M
| [task app]
| trace = demo.hwt
| cgroup = box
| start = 10ms
| [task other]
| memory = 10M
| touch = random
| stop = 100ms
$ cp "$EXAMPLES/demo.hwt" . && highwater run --thp never mixed.ini --format json -o mixed.json && "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json" mixed.json && grep -A3 '"name": "app"' mixed.json
>         "name": "app",
>         "cgroup": "/box",
>         "processes": 1,
>         "running": 0,

# What is wrong is named with its place and what would be right.
$ sed 's/^memory = /memery = /' web.ini >bad.ini; highwater run --thp never bad.ini
! highwater run: bad.ini:15: unknown key 'memery' in [task]; did you mean 'memory'?
= 2
$ sed 's/ram = 256M/ram = 12 parsecs/' web.ini >bad.ini; highwater run --thp never bad.ini
!~ highwater run: bad.ini:3: ram: .*parsecs.*
= 2
$ sed 's/cgroup = app.web/cgroup = app\/wob/' web.ini >bad.ini; highwater run --thp never bad.ini
! highwater run: bad.ini:13: no section for cgroup 'app/wob'; did you mean 'app/web'?
= 2
$ sed '/runtime/d' web.ini >bad.ini; highwater run --thp never bad.ini
! highwater run: bad.ini:11: [task httpd] never ends; want stop, requests, or runtime in [machine]
= 2
$ printf '[task idle]\nmemory = 1M\nrequests = 1\n' >idle.ini; highwater run idle.ini | grep '^  idle'
>~   idle +1  1 ended .*
$ highwater run --thp never missing.ini
!~ highwater run: missing.ini: .*No such file or directory
= 1
