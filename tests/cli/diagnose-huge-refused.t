# What programs say that got no huge pages of the pool is told as that; PostgreSQL's words are the same for both, and the pool's figures tell.
$ echo 'qemu-system-x86_64: unable to map backing store for guest RAM: Cannot allocate memory' | highwater diagnose - | head -1
> WARNING: qemu did not get its huge pages: the pool (vm.nr_hugepages) has too few
$ echo 'EAL: FATAL: Cannot get hugepage information.' | highwater diagnose - | head -1
> WARNING: A program did not get its huge pages: the pool (vm.nr_hugepages) has too few
$ echo 'OpenJDK 64-Bit Server VM warning: Failed to reserve large pages memory req_addr: 0x0 bytes: 1073741824 (errno = 12).' | highwater diagnose - --format json | grep -c huge-page-pool-short
> 1
$ echo '  Warning  FailedScheduling  12s   default-scheduler  0/3 nodes are available: 3 Insufficient hugepages-2Mi.' | highwater diagnose - | head -1
> WARNING: A pod did not get its huge pages: the pool (vm.nr_hugepages) has too few
@ pg.log
| 2026-11-20 10:11:12.345 UTC [1234] FATAL:  could not map anonymous shared memory: Cannot allocate memory
| 2026-11-20 10:11:12.345 UTC [1234] HINT:  This error usually means that PostgreSQL's request for a shared memory segment exceeded available memory, swap space, or huge pages. To reduce the request size (currently 148897792 bytes), reduce PostgreSQL's shared memory usage
| MemTotal:       16384000 kB
| MemFree:         9000000 kB
| MemAvailable:    9384000 kB
| HugePages_Total:      20
| HugePages_Free:       20
| HugePages_Rsvd:        0
| Hugepagesize:       2048 kB
$ highwater diagnose pg.log | head -1
> WARNING: postgres did not get its huge pages: the pool (vm.nr_hugepages) has too few
$ sed 's/^HugePages_\(Total\|Free\): .*/HugePages_\1: 200/' pg.log >enough.log; highwater diagnose enough.log | head -1
> WARNING: The kernel refused postgres 142.0 MiB memory (ENOMEM), though 8.9 GiB is available
# An allocation that stalls goes on trying: kernels 4.10 to 5.x say so every ten seconds.
@ stall.log
| [ 1234.567890] kworker/u16:2: page allocation stalls for 10044ms, order:0, mode:0x14000c0(GFP_KERNEL), nodemask=(null)
| [ 1234.567891] kworker/u16:2 cpuset=/ mems_allowed=0
$ highwater diagnose stall.log | head -1
> WARNING: An allocation has waited 10.0 s for memory (order 0, GFP_KERNEL) for kworker/u16:2
