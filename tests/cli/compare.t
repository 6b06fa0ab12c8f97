# --compare runs the same work on machines that differ in settings: one table, one document.
$ head -c 48000 /dev/zero | python3 -c 'import sys, struct; sys.stdout.buffer.write(b"".join(struct.pack("<IQIq", 0, i % 1000, 4096, -1) for i in range(20000)))' > o.bin
$ highwater trace import --quiet --from oracle --as anon o.bin -o o.hwt
$ highwater size --thp never o.hwt --swap 64M --limits 2M,3M,8M --compare vm.swappiness=10,60,150 --compare disk=nvme,hdd
>~ o.hwt under 6 settings and 3 limits \(\d+ replays\)
> 
>~ \s+no limit: .*
>~ vm.swappiness  disk +time +grows to +usable +survived +2.0 MiB +3.0 MiB +8.0 MiB
>~ 10             nvme +[0-9.]+ ms .* 1\.00x
>~ 10             hdd .*
>~ 60             nvme .*
>~ 60             hdd .*
>~ 150            nvme .*
>~ 150            hdd .*
> 
> Below each memory.max: the time it takes, over the time without a limit.
> * survives, and is too slow to be usable
> Judged by Linux 6.1, classic LRU.

# Each combination is what the verb says of it alone.
$ highwater size --thp never o.hwt --swap 64M --limits 2M,8M --compare vm.swappiness=10,60 --compare disk=nvme,hdd --format json --jobs 1 -o size.json
$ highwater size --thp never o.hwt --swap 64M --limits 2M,8M --compare vm.swappiness=10,60 --compare disk=nvme,hdd --format json --jobs 3 | cmp - size.json
$ highwater size --thp never o.hwt --swap 64M --limits 2M,8M --set vm.swappiness=60 --disk hdd --format json -o alone.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/compare.schema.json size.json
$ python3 -c 'import json; d = json.load(open("size.json")); r = d["results"][3]; print(len(d["results"]), r["settings"], r["result"] == json.load(open("alone.json")))'
> 4 {'vm.swappiness': '60', 'disk': 'hdd'} True
$ python3 -c 'import json; print(json.dumps(json.load(open("size.json"))["results"][0]["result"]))' | python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json

# Without --limits all settings are tried under one grid, and each has its own boundaries.
$ highwater size --thp never o.hwt --swap 64M --swap-device zram --grid 3 --compare cost.minor_fault=500,900000 --format json -o grid.json
$ python3 -c 'import json; a, b = (r["result"] for r in json.load(open("grid.json"))["results"]); g = [{x["memory.max"] for x in r["limits"] if x["source"] == "grid"} for r in (a, b)]; print(len(g[0]) >= 3, g[0] <= g[1] or g[1] <= g[0], a["smallest_usable"]["found"])'
> True True True

$ highwater run --thp never o.hwt --memory-max 2M --swap 64M --compare swap-device=nvme,hdd,zram --format json --jobs 2 -o run.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/compare.schema.json run.json
$ python3 -c 'import json; print(json.dumps(json.load(open("run.json"))["results"][2]["result"]))' | python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json
$ highwater run --thp never o.hwt --memory-max 2M --swap 64M --swap-device zram --format json -o zram.json
$ python3 -c 'import json; r = json.load(open("run.json"))["results"][2]["result"]; z = json.load(open("zram.json")); print(len(z.pop("over_time")["at_ns"]) > 1, z.pop("heat")["events"] > 0, z.pop("working_set")["events"] > 0, r == z)'
> True True True True
$ highwater run --thp never o.hwt --memory-max 2M --swap 64M --compare swap-device=nvme,zram | cut -c1-23
> o.hwt under 2 settings;
> 
>                        
> swap_device  outcome   
> nvme         completed 
> zram         completed 
> 
>~ Left out, as zero every.*

# A scenario: what is compared wins over what it says, a default too; its recordings are decoded once.
@ web.ini
| [machine]
| ram = 256M
| swap = 64M
| vm.swappiness = 0
| runtime = 1s
| [cgroup web]
| memory.max = 4M
| [task web]
| cgroup = web
| memory = 6M
| touch = random
| rate = 2000/s
| [task old]
| trace = o.hwt
$ highwater run --thp never web.ini --compare vm.swappiness=0,60 --compare swap_device=nvme,ram --format json -o web.json
$ python3 -c 'import json; print([(r["settings"]["vm.swappiness"], r["result"]["machine"]["tunables"]["vm.swappiness"], r["result"]["machine"]["swap"][0]["device"]) for r in json.load(open("web.json"))["results"]])'
> [('0', 0, 'nvme'), ('0', 0, 'ram'), ('60', 60, 'nvme'), ('60', 60, 'ram')]
$ highwater run --thp never web.ini --compare vm.swappiness=0,60 | sed -n 5,6p | cut -c1-25
> 0              oom       
> 60             completed 

# What is wrong is said in one line.
$ highwater size --thp never o.hwt --compare swappines=1,2
! highwater size: --compare: unknown key 'swappines'; did you mean 'vm.swappiness'?
! Try 'highwater size --help'.
= 2
$ highwater size --thp never o.hwt --compare vm.swapiness=1,2
! highwater size: --compare: unknown tunable 'vm.swapiness'; did you mean 'vm.swappiness'?
! Try 'highwater size --help'.
= 2
$ highwater run --thp never o.hwt --compare dsik=nvme,hdd
! highwater run: --compare: unknown key 'dsik'; did you mean 'disk'?
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --compare disk=nvme,zram
! highwater run: --compare: disk: files cannot be on zram
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --compare vm.swappiness=10,201
! highwater run: --compare: vm.swappiness goes from 0 to 200, not 201
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --compare vm.swappiness=10,,20
!~ highwater run: --compare: vm.swappiness wants a number from 0 to 200, not ''
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --compare cpus=1,1
! highwater run: --compare: cpus has the value 1 twice
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --compare swap-device=ssd --compare swap_device=hdd
! highwater run: --compare: swap_device is given twice; want all its values in one: swap_device=ssd,hdd
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --compare disk
! highwater run: --compare wants KEY=VALUE,VALUE, not 'disk'
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --compare seed=$(seq -s, 1 20) --compare cpus=$(seq -s, 1 20)
! highwater run: --compare: 400 combinations; want at most 256
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --compare disk=nvme,hdd --proc tree
! highwater run: --compare makes several machines: --proc is for a run of one
! Try 'highwater run --help'.
= 2
$ highwater run --thp never o.hwt --jobs 2
! highwater run: --jobs is for --compare: a single run has one thread
! Try 'highwater run --help'.
= 2
$ highwater size --thp never o.hwt --compare x.compress_same=50,100
!~ highwater size: with x.compress_same=100: x.compress_same and x.compress_none are parts of the same whole.*
= 2
$ highwater run --thp never o.hwt --compare x.compress_same=100,50 --compare cpus=1,2
!~ highwater run: with x.compress_same=100 cpus=1: x.compress_same and .*
= 2
$ highwater run --thp never o.hwt --compare memory-max=8M,16M
! highwater run: --compare: limits are compared by 'highwater size --limits 8M,16M'
! Try 'highwater run --help'.
= 2
$ highwater size --thp never o.hwt --compare colour=red
! highwater size: --compare: unknown key 'colour'; 'highwater explain' lists options of a machine, tunables and costs
! Try 'highwater size --help'.
= 2
$ highwater run --thp never missing.hwt --compare disk=nvme,hdd
! highwater run: missing.hwt: cannot read it: No such file or directory
= 1
