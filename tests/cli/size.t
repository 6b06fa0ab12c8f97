# size prints a table and advice; its JSON matches the schema and does not depend on --jobs.
$ head -c 48000 /dev/zero | python3 -c 'import sys, struct; sys.stdout.buffer.write(b"".join(struct.pack("<IQIq", 0, i % 1000, 4096, -1) for i in range(20000)))' > o.bin
$ highwater trace import --quiet --from oracle --as anon o.bin -o o.hwt
$ highwater size --thp never o.hwt --swap 0 --limits 2M,8M
>~ o.hwt: without a limit it takes [0-9.]+ ms and grows to 4.0 MiB \(4 replays\)
>...
$ highwater size --thp never o.hwt --swap 64M --swap-device zram --format json --jobs 1 > one.json
$ highwater size --thp never o.hwt --swap 64M --swap-device zram --format json --jobs 3 -o three.json
$ cmp one.json three.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json one.json
>...
$ python3 -c 'import json; d = json.load(open("one.json")); print(d["smallest_usable"]["found"], d["advice"]["found"], len(d["limits"]) >= 6)'
> True True True
$ highwater size --thp never o.hwt --limits 2X
! highwater size: --limits: unknown unit 'X' in size '2X'; want K, M, G or T
! Try 'highwater size --help'.
= 2
$ highwater size --thp never o.hwt --limits ,
! highwater size: --limits: want sizes with commas between them, like 64M,96M
! Try 'highwater size --help'.
= 2
$ highwater size --thp never o.hwt --usable-slowdown 4
! highwater size: --max-slowdown (3) is at least --usable-slowdown (4)
! Try 'highwater size --help'.
= 2
$ highwater size --thp never o.hwt --memory-max 4M
! highwater size: --memory-max and --memory-high are what it finds; see --limits
! Try 'highwater size --help'.
= 2
$ highwater size --thp never nothing.hwt
! highwater size: nothing.hwt: cannot read it: No such file or directory
= 1
# The answer names the kernel that judged and its policy, and a comparison what its rows do not say.
$ highwater size --quiet --thp never o.hwt --swap 0 --limits 2M,8M --kernel 6.12 | grep 'judged by'
> as judged by:          Linux 6.12, multi-generational LRU
$ highwater size --quiet --thp never o.hwt --swap 0 --limits 8M --lru mglru --format json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["kernel"], d["lru"])'
> 6.1 mglru
$ highwater size --quiet --thp never o.hwt --limits 8M --compare kernel=6.1,6.12 | grep Judged
> Judged with the LRU that each kernel has by default (--lru chooses one for all).
$ highwater size --quiet --thp never o.hwt --limits 8M --compare lru=classic,mglru --kernel 6.12 | grep Judged
> Judged by Linux 6.12.
$ highwater size --quiet --thp never o.hwt --limits 8M --compare lru=classic,mglru --compare kernel=6.1,6.12 | grep -c Judged
> 0
= 1
