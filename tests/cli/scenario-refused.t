# What a machine does not promise is refused: the program exits, and the report says so.
@ strict.ini
| [machine]
| ram = 256M
| vm.overcommit_memory = 2
| runtime = 2s
| [task redis]
| workers = 2
| preload = 40M
| memory = 1M
| touch = random
| rate = 10/s
| [task app]
| start = 100ms
| memory = 80M
| touch = random
| rate = 10/s
$ highwater run --thp never strict.ini | grep -E '^  (redis|app) |^Outcome|^Note'
>~ Outcome   refused after 2\.00 s .*
>~   redis +2  2 running .*
>~   app +1  1 refused .*
> Note: 2 calls were refused for want of memory that may be promised (ENOMEM, ENOSPC); the program exited, or went on without the child it could not fork.
$ highwater run --thp never strict.ini --format json -o run.json && "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json" run.json && grep -c '"error": "ENOMEM"' run.json
> 1

# A machine that panics when memory runs out stops everything.
@ panic.ini
| [machine]
| ram = 128M
| vm.panic_on_oom = 1
| runtime = 20s
| [task leak]
| leak = 100M/s
$ highwater run --thp never panic.ini --proc tree | grep Outcome
>~ Outcome   panic after .*
$ tail -1 tree/var/log/dmesg
>~ .*Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled
# ZONE_MOVABLE leaves the kernel something that stays, and is of one node.
@ movable.ini
| [machine]
| ram = 1G
| runtime = 1s
| movablecore = 1G
| [task a]
| memory = 4M
$ highwater run movable.ini
!~ highwater run: movable.ini:4: movablecore leaves the kernel too little.*want 960M at most
= 2
$ sed 's/^movablecore/kernelcore/' movable.ini >kernel.ini; highwater run kernel.ini
!~ highwater run: kernel.ini:4: unknown key 'kernelcore' in \[machine\]; give ZONE_MOVABLE its own size: movablecore is RAM less kernelcore
= 2
$ highwater run --kernelcore 1G movable.ini 2>&1 | head -1
>~ highwater run: unknown option '--kernelcore'; .*movablecore is RAM less kernelcore
$ sed 's/^movablecore = 1G/nodes = 2\nmovablecore = 512M/' movable.ini >two.ini; highwater run two.ini
! highwater run: two.ini:5: ZONE_MOVABLE is for machines of one node
= 2
$ sed 's/^movablecore = 1G/movablecore = 512M/' movable.ini >half.ini; highwater run half.ini -q --proc half >/dev/null; grep -A11 'zone  Movable' half/proc/zoneinfo | grep -c 'managed  0'
> 0
= 1
