# Swap by kind, side by side, and a group's limit of it.
$ python3 -c 'import sys, struct; sys.stdout.buffer.write(b"".join(struct.pack("<IQIq", 0, i * 7919 % 2000, 4096, -1) for i in range(30000)))' > o.bin
$ highwater trace import --quiet --from oracle --as anon o.bin -o o.hwt
$ highwater size -q --thp never --ram 1G --max-slowdown 1000 o.hwt --limits 4M,6M,12M --compare swap=none,zram:25%,zram:50%,zswap,disk --jobs 2
>~ o.hwt under 5 settings and 3 limits \([0-9]+ replays\)
>...
>~ none .* oom +oom +1.00x
>~ zram:25% .* [0-9.]+x\* +[0-9.]+x\* +1.00x
>~ zram:50% .* [0-9.]+x\* +[0-9.]+x\* +1.00x
>~ zswap .* [0-9.]+x\* +[0-9.]+x\* +1.00x
>~ disk .* [0-9.]+x\* +[0-9.]+x\* +1.00x
>...
$ highwater run -q --thp never --ram 1G o.hwt --memory-max 6M --compare swap=none,zram:25%,zswap:64M,disk:32M --format json -o run.json
$ python3 -c 'import json; print([[(s["device"], s["bytes"] + 4096 >> 20) for s in r["result"]["machine"]["swap"]] for r in json.load(open("run.json"))["results"]])'
> [[], [('zram', 256)], [('nvme', 64)], [('nvme', 32)]]

# Each is what the options say one by one.
$ highwater run -q --thp never o.hwt --memory-max 6M --swap zswap:64M --format json -o a.json
$ highwater run -q --thp never o.hwt --memory-max 6M --swap 64M --zswap yes --format json -o b.json
$ python3 -c 'import json; a, b = (json.load(open(f)) for f in ("a.json", "b.json")); print(a == b)'
> True

# --swap-max: with as little swap as that the run ends as without any.
$ highwater size -q --thp never o.hwt --max-slowdown 1000 --swap 64M --swap-max 1M --limits 6M,12M --format json -o max.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json max.json
$ python3 -c 'import json; d = json.load(open("max.json")); print(d["memory.swap.max"], d["limits"][0]["outcome"], d["limits"][0]["memory.swap.peak"] <= 1 << 20)'
> 1048576 oom True
$ highwater size -q --thp never o.hwt --max-slowdown 1000 --swap 64M --swap-max max --limits 6M,12M --format json -o none.json
$ python3 -c 'import json; d = json.load(open("none.json")); print("memory.swap.max" in d, d["limits"][0]["outcome"], d["limits"][0]["memory.swap.peak"] > 1 << 20)'
> False completed True
$ highwater run -q --thp never o.hwt --memory-max 6M --swap 64M --swap-max 0 --format json -o run0.json
$ python3 -c 'import json; print(json.load(open("run0.json"))["outcome"])'
> oom
$ highwater run --thp never o.hwt --swap 0 --swap-max 1M -o out
! highwater run: --swap-max limits nothing: the machine has no swap (--swap SIZE)
$ highwater run o.hwt --swap zrma
! highwater run: --swap: unknown kind 'zrma'; want a size, none, disk, zram or zswap, or one of the last three with its size behind it (zram:4G, zram:50%)
! Try 'highwater run --help'.
= 2
@ s.ini
| [machine]
| ram = 256M
| swap = zram:50%
| runtime = 1s
| [task a]
| memory = 1M
$ highwater run -q s.ini --format json -o s.json
$ python3 -c 'import json; print([(s["device"], s["bytes"] + 4096 >> 20) for s in json.load(open("s.json"))["machine"]["swap"]])'
> [('zram', 128)]
$ highwater run s.ini --swap-max 1M
! highwater run: a scenario has no cgroup for --swap-max; give a [cgroup] of it memory.swap.max
! Try 'highwater run --help'.
= 2
