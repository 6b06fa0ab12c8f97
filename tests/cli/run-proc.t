# --proc writes the machine's files, whole or not at all.
$ highwater run --thp never "$EXAMPLES/demo.hwt" --memory-max 48M --proc tree -q >/dev/null
$ cd tree && find . -path ./proc/sys -prune -o -type f -print | sort
> ./highwater
> ./proc/buddyinfo
> ./proc/cpuinfo
> ./proc/diskstats
> ./proc/loadavg
> ./proc/meminfo
> ./proc/pagetypeinfo
> ./proc/pressure/cpu
> ./proc/pressure/io
> ./proc/pressure/memory
> ./proc/slabinfo
> ./proc/stat
> ./proc/swaps
> ./proc/uptime
> ./proc/vmstat
> ./proc/zoneinfo
> ./sys/devices/system/cpu/online
> ./sys/devices/system/cpu/possible
> ./sys/devices/system/node/has_cpu
> ./sys/devices/system/node/has_memory
> ./sys/devices/system/node/has_normal_memory
> ./sys/devices/system/node/node0/cpulist
> ./sys/devices/system/node/node0/cpumap
> ./sys/devices/system/node/node0/distance
> ./sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages
> ./sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
> ./sys/devices/system/node/node0/hugepages/hugepages-2048kB/surplus_hugepages
> ./sys/devices/system/node/node0/meminfo
> ./sys/devices/system/node/node0/numastat
> ./sys/devices/system/node/node0/vmstat
> ./sys/devices/system/node/online
> ./sys/devices/system/node/possible
> ./sys/fs/cgroup/app/cgroup.controllers
> ./sys/fs/cgroup/app/cgroup.events
> ./sys/fs/cgroup/app/cgroup.pressure
> ./sys/fs/cgroup/app/cgroup.procs
> ./sys/fs/cgroup/app/cgroup.stat
> ./sys/fs/cgroup/app/cpu.pressure
> ./sys/fs/cgroup/app/io.pressure
> ./sys/fs/cgroup/app/memory.current
> ./sys/fs/cgroup/app/memory.events
> ./sys/fs/cgroup/app/memory.events.local
> ./sys/fs/cgroup/app/memory.high
> ./sys/fs/cgroup/app/memory.low
> ./sys/fs/cgroup/app/memory.max
> ./sys/fs/cgroup/app/memory.min
> ./sys/fs/cgroup/app/memory.numa_stat
> ./sys/fs/cgroup/app/memory.oom.group
> ./sys/fs/cgroup/app/memory.peak
> ./sys/fs/cgroup/app/memory.pressure
> ./sys/fs/cgroup/app/memory.stat
> ./sys/fs/cgroup/app/memory.swap.current
> ./sys/fs/cgroup/app/memory.swap.events
> ./sys/fs/cgroup/app/memory.swap.high
> ./sys/fs/cgroup/app/memory.swap.max
> ./sys/fs/cgroup/cgroup.controllers
> ./sys/fs/cgroup/cgroup.pressure
> ./sys/fs/cgroup/cgroup.procs
> ./sys/fs/cgroup/cgroup.stat
> ./sys/fs/cgroup/cpu.pressure
> ./sys/fs/cgroup/io.pressure
> ./sys/fs/cgroup/memory.numa_stat
> ./sys/fs/cgroup/memory.pressure
> ./sys/fs/cgroup/memory.stat
> ./sys/kernel/debug/extfrag/extfrag_index
> ./sys/kernel/debug/extfrag/unusable_index
> ./sys/kernel/debug/lru_gen
> ./sys/kernel/debug/lru_gen_full
> ./sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages
> ./sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
> ./sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages_mempolicy
> ./sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages
> ./sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages
> ./sys/kernel/mm/hugepages/hugepages-2048kB/surplus_hugepages
> ./sys/kernel/mm/lru_gen/enabled
> ./sys/kernel/mm/lru_gen/min_ttl_ms
> ./sys/kernel/mm/numa/demotion_enabled
> ./sys/kernel/mm/swap/vma_ra_enabled
> ./sys/kernel/mm/transparent_hugepage/defrag
> ./sys/kernel/mm/transparent_hugepage/enabled
> ./sys/kernel/mm/transparent_hugepage/hpage_pmd_size
> ./sys/kernel/mm/transparent_hugepage/khugepaged/alloc_sleep_millisecs
> ./sys/kernel/mm/transparent_hugepage/khugepaged/defrag
> ./sys/kernel/mm/transparent_hugepage/khugepaged/full_scans
> ./sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none
> ./sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_shared
> ./sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_swap
> ./sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed
> ./sys/kernel/mm/transparent_hugepage/khugepaged/pages_to_scan
> ./sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
> ./sys/kernel/mm/transparent_hugepage/shmem_enabled
> ./sys/kernel/mm/transparent_hugepage/use_zero_page
> ./var/log/dmesg
$ cat tree/sys/fs/cgroup/app/memory.max tree/sys/fs/cgroup/app/memory.peak tree/sys/fs/cgroup/app/memory.high tree/proc/sys/vm/swappiness
> 50331648
>~ 5033[0-9]{4}
> max
> 60
$ cat tree/sys/fs/cgroup/app/memory.pressure tree/proc/pressure/cpu
>~ some avg10=[0-9]+\.[0-9][0-9] avg60=[0-9]+\.[0-9][0-9] avg300=[0-9]+\.[0-9][0-9] total=[1-9][0-9]*
>~ full avg10=[0-9.]+ avg60=[0-9.]+ avg300=[0-9.]+ total=[1-9][0-9]*
>~ some .*
> full avg10=0.00 avg60=0.00 avg300=0.00 total=0
$ head -1 tree/proc/meminfo
>~ MemTotal:       [0-9]{8} kB

# Memory of the group is what memory.stat adds up to, but for what CPUs charged in advance.
$ awk '/^(anon|file|kernel) /{s+=$2} END{print s}' tree/sys/fs/cgroup/app/memory.stat >sum; test $(($(cat tree/sys/fs/cgroup/app/memory.current) - $(cat sum))) -le $((64 * 4096 * 4)) && test $(cat tree/sys/fs/cgroup/app/memory.current) -ge $(cat sum)

# What is there is not overwritten, and nothing is left of what could not be written.
$ highwater run --thp never "$EXAMPLES/demo.hwt" --proc tree -q
! highwater run: tree: cannot write the files there: it exists and is not empty
= 1
$ highwater run --thp never "$EXAMPLES/demo.hwt" --proc missing/tree -q
! highwater run: missing/tree: cannot make directory: No such file or directory
= 1
$ ls
> sum
> tree
