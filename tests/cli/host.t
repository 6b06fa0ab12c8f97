# Settings of the host that was recorded are shown, used where the user says nothing, and warned about where they matter.
$ highwater run $TOP/tests/trace/host.hwt | sed -n 2,7p
> Recorded  on Linux 6.12.0, 4 CPUs, 8.0 GiB RAM, 1.0 GiB swap on zram, memory.max 512.0 MiB;
>           taken from it: vm.swappiness 10, vm.overcommit_memory 2, vm.overcommit_ratio 80,
>           readahead 8.0 MiB, swap 256.0 MiB, swap_device zram, zswap yes, thp always,
>           x.readahead_refaults 1
> Machine   Linux 6.1, 4 CPUs, 64.0 GiB RAM, 256.0 MiB swap on zram, files on nvme
> Group     /app, no memory.max
$ highwater run --thp never $TOP/tests/trace/host.hwt | sed -n '/^Note/,$p'
> Note: The recording's host promised no more memory than it had (vm.overcommit_memory 2): what
> may be promised goes by RAM, so give --ram. A device of the recording's host says that it turns,
> as virtual disks do too: --disk hdd if it is one. The recording's host had 2 NUMA nodes; the
> machine has 1 (--nodes). The program's memory was limited by cgroup version 1; limits here are
> those of version 2. The program ran under a memory.max of 512.0 MiB: one that sizes itself by
> its limit did so by that.
$ highwater run --thp never --nodes 2 $TOP/tests/trace/host.hwt | grep -c 'NUMA nodes'
> 0
= 1
# What the user says wins, by whatever name.
$ highwater run --thp never $TOP/tests/trace/host.hwt --set swappiness=30 --set overcommit_memory=0 --swap 0 --disk ssd --readahead 64K | sed -n 2,4p
> Recorded  on Linux 6.12.0, 4 CPUs, 8.0 GiB RAM, 1.0 GiB swap on zram, memory.max 512.0 MiB;
>           taken from it: vm.overcommit_ratio 80, x.readahead_refaults 1
> Machine   Linux 6.1, 4 CPUs, 64.0 GiB RAM, no swap, files on ssd
$ highwater run --thp never $TOP/tests/trace/host.hwt --format json -o run.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json; python3 -c 'import json; d=json.load(open("run.json")); print(d["input"]["host"]["swap_device"], d["input"]["host_taken"]["swap"], d["machine"]["tunables"]["vm.swappiness"], d["machine"]["options"]["readahead"])'
> /dev/zram0 268435456 10 8388608
$ highwater size --thp never -q $TOP/tests/trace/host.hwt --limits 8M --set vm.swappiness=60 | sed -n 3,5p
> recorded on Linux 6.12.0, 4 CPUs, 8.0 GiB RAM, 1.0 GiB swap on zram, memory.max 512.0 MiB; taken
>   from it: vm.overcommit_memory 2, vm.overcommit_ratio 80, readahead 8.0 MiB, swap 256.0 MiB,
>   swap_device zram, zswap yes, x.readahead_refaults 1
$ highwater size --thp never -q $TOP/tests/trace/host.hwt --limits 8M --format json -o size.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json size.json; grep -c host_taken size.json
> 1
# A recording of before says nothing of its host.
$ highwater run --thp never $TOP/tests/trace/version1.hwt | grep -c -e ^Recorded -e "The recording's host"
> 0
= 1
$ highwater run --thp never $TOP/tests/trace/host.hwt --no-host | sed -n 3,4p
>           nothing taken from it
> Machine   Linux 6.1, 4 CPUs, 64.0 GiB RAM, no swap, files on nvme
$ highwater run --thp never $TOP/tests/trace/host.hwt --set queue.read_ahead_kb=16 | grep -c "readahead 8"
> 0
= 1
# A recording that says which policy reclaimed is replayed by the nearest kernel profile and that policy; the user wins.
$ for f in policy classic; do highwater run $TOP/tests/trace/$f.hwt | sed -n '/^Recorded/,/^Machine/p'; done
> Recorded  on Linux 6.14.2; taken from it: kernel 6.12, lru mglru
> Machine   Linux 6.12 with MGLRU, 1 CPU, 64.0 GiB RAM, no swap, files on nvme
> Recorded  on Linux 6.14.2; taken from it: kernel 6.12, lru classic
> Machine   Linux 6.12, 1 CPU, 64.0 GiB RAM, no swap, files on nvme
$ highwater run $TOP/tests/trace/policy.hwt --kernel 6.1 --lru classic | sed -n 2,3p
> Recorded  on Linux 6.14.2; taken from it: x.readahead_refaults 1
> Machine   Linux 6.1, 1 CPU, 64.0 GiB RAM, no swap, files on nvme
$ highwater run $TOP/tests/trace/broken.hwt | grep -A2 ^Note
> Note: What the recording says of lru_gen, 0xffff, is no value of it: want 0x0000 to 0x0007.
