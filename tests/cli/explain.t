# A counter, a tunable, a meminfo field and cgroup files are explained, however they are spelled.
$ highwater explain pgmajfault
> pgmajfault: counter
>   Page faults that had to wait for a disk or swap device.
>   In /proc/vmstat and, per cgroup, memory.stat, counted since boot.

$ highwater explain swappiness vm/swappiness
> vm.swappiness: tunable
>~   Cost of swapping relative to file reads: .*
>   Default 60, from 0 to 200; set with --set vm.swappiness=VALUE.
> 
> vm.swappiness: tunable
>...

$ highwater explain memavailable:
> MemAvailable: meminfo field
>...
>   In /proc/meminfo, in KiB.

$ highwater explain memory.events:oom_kill memory.high anon | grep -v '^  '
> memory.events.oom_kill: cgroup counter
> 
> memory.high: cgroup file
> 
> anon: cgroup counter

# Upper and lower case are the same, so two topics may share a name.
$ highwater explain slab | grep -v '^  '
> slab: cgroup counter
> 
> Slab: meminfo field

# Without a name, everything is listed, a heading for each kind.
$ highwater explain | grep -c '^[A-Z].*:$'
> 13
$ test $(highwater explain | grep -c '^  ') -gt 300

$ highwater explain --format json vm.page-cluster
> {
>   "schema_version": 1,
>   "topics": [
>     {
>       "kind": "tunable",
>       "name": "vm.page-cluster",
>...
>       "default": 3,
>       "min": 0,
>       "max": 31,
>       "modelled": true
>     }
>   ]
> }

# Every known name can be explained.
$ highwater explain --names | sort | uniq -d
$ highwater explain --names | while read -r name; do highwater explain "$name" >/dev/null || exit 1; done

# Object caches are explained too.
$ highwater explain dentry
> dentry: object cache
>   Names of files that were looked up: the directory cache.
>   In /proc/slabinfo, 192 bytes each, counted as reclaimable, charged to the cgroup that makes them.

# A kernel profile says what it is made of, and which one can be chosen.
$ highwater explain 6.1
> 6.1: kernel profile
>   Linux 6.1 as Debian 12 builds it for clouds.
>~   uname -r says 6\.1\..*; reclaims by classic lists\.
>~   lru_batch +15  .*
>...

$ highwater explain --kernel 6.1 pgmajfault cma_alloc_fail | grep In
>   In /proc/vmstat and, per cgroup, memory.stat, counted since boot.
>   In /proc/vmstat of kernels built with it, counted since boot, in pages.

$ highwater explain --kernel 2.4 pgmajfault
! highwater explain: --kernel: unknown kernel profile '2.4'; known: 6.1, 6.12
! Try 'highwater explain --help'.
= 2

# Everything at once: the same tables as JSON, whole, and in full as text.
$ highwater explain swap-device | head -3
> swap_device: option of a machine
>   device of that swap area
>   Set with --swap-device nvme|ssd|hdd|network|ram|zram, or as swap_device = nvme|ssd|hdd|network|ram|zram in [machine] of a scenario; default as disk.
$ highwater explain --all --format json | python3 -c 'import json,sys; d = json.load(sys.stdin); print(sorted(k for k in d if isinstance(d[k], list) and d[k]), all(e["doc"] and e["name"] for k in d if isinstance(d[k], list) for e in d[k]))'
> ['causes', 'cgroup_files', 'costs', 'counters', 'figures', 'findings', 'machine_options', 'meminfo', 'memory_stat', 'metrics', 'pastes', 'scenario_keys', 'tunables'] True
$ highwater explain --all | grep -c ': tunable$'
>~ [0-9]+
$ highwater explain --all --names
! highwater explain: --all explains everything: no name, and no --names beside it
! Try 'highwater explain --help'.
= 2

# A figure of highwater's own is explained with its terms.
$ highwater explain needed | head -2
> needed: figure
>~   Memory that a cgroup or the machine needs: .*

# As JSON, figures of highwater's own have the terms of their formula.
$ highwater explain --all --format json | python3 -c 'import json, sys; f = json.load(sys.stdin)["figures"][0]; print(f["name"], f["unit"], "held" in [t["name"] for t in f["terms"]])'
> needed bytes True
