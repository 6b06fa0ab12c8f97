# What programs say that got no huge pages of the pool is told as that; PostgreSQL's words are the same for both, and the pool's figures tell.
$ echo 'qemu-system-x86_64: unable to map backing store for guest RAM: Cannot allocate memory' | highwater diagnose - | head -1
> WARNING: qemu did not get its huge pages: the pool (vm.nr_hugepages) has too few
$ echo 'EAL: FATAL: Cannot get hugepage information.' | highwater diagnose - | head -1
> WARNING: A DPDK program did not get its huge pages: the pool (vm.nr_hugepages) has too few
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
# The kernel's own line of a pool that stays too small, whatever stands before it.
$ echo 'host kernel: HugeTLB: allocating 4096 of page size 2.00 MiB failed.  Only allocated 3121 hugepages.' | highwater diagnose - | head -1
> WARNING: The pool of huge pages got 3,121 of the 4,096 pages of 2.00 MiB that it was to have
# SIGBUS beside a pool that is used up; without one it may be other things.
$ printf '%s\n' 'LOG:  server process (PID 31) was terminated by signal 7: Bus error' 'HugePages_Total:    1000' 'HugePages_Free:        0' 'HugePages_Rsvd:        0' 'Hugepagesize:       2048 kB' | highwater diagnose - | head -1 | cut -d: -f2
>  postgres was ended by SIGBUS (signal 7), as who touches a huge page that cannot be had
# What was asked for in pages, beside what is left.
$ printf '%s\n' 'HINT:  This error usually means that the request exceeded available memory, swap space, or huge pages. To reduce the request size (currently 8812347392 bytes), reduce' 'HugePages_Total:    1000' 'HugePages_Free:     1000' 'HugePages_Rsvd:        0' 'Hugepagesize:       2048 kB' | highwater diagnose - | tr -s ' \n' ' ' | grep -o 'That is [^.]*\.0 MiB'
> That is 4,203 pages of 2.0 MiB
# A node of its own, a size of its own, and a limit of locked memory, which is no lack of memory.
$ echo 'EAL: Not enough memory available on socket 1! Requested: 1024MB, available: 0MB' | highwater diagnose - | tr -s ' \n' ' ' | grep -o 'It asked for pages of node 1'
> It asked for pages of node 1
$ echo 'EAL: No available 1048576 kB hugepages reported' | highwater diagnose - | head -1
> WARNING: A DPDK program did not get its huge pages: the pool of 1 GiB pages has too few
$ echo '[  812.1] vfio_pin_pages_remote: RLIMIT_MEMLOCK (65536) exceeded' | highwater diagnose - | grep -o -e 'ulimit -l' -e 'The limit is 64.0 KiB' | sort -u
> The limit is 64.0 KiB
> ulimit -l
# DPDK tells which sizes it has no pages of, and goes on with those of another; the older words name the size too.
$ printf '%s\n' 'EAL: Detected 12 lcore(s)' 'EAL: No available 1048576 kB hugepages reported' 'EAL: VFIO support initialized' | highwater diagnose - | grep -c WARNING
> 0
= 1
$ printf '%s\n' 'EAL: No available 1048576 kB hugepages reported' 'HugePages_Total:    1000' 'HugePages_Free:      900' 'HugePages_Rsvd:        0' 'Hugepagesize:       2048 kB' | highwater diagnose - | grep -c WARNING
> 0
= 1
$ printf '%s\n' 'EAL: No available 1048576 kB hugepages reported' 'EAL: FATAL: Cannot get hugepage information.' | highwater diagnose - | head -1 | cut -d: -f1,2
> WARNING: A DPDK program did not get its huge pages
$ echo 'EAL: No free hugepages reported in hugepages-1048576kB' | highwater diagnose - | head -1
> WARNING: A DPDK program did not get its huge pages: the pool of 1 GiB pages has too few
# A child whose page its parent's copy took, in a pool that is short.
$ echo '[  77.1] PID 4711 killed due to inadequate hugepage pool' | highwater diagnose - | head -1
> WARNING: A program was ended by SIGBUS for a huge page that it shared after a fork: the pool (vm.nr_hugepages) had none left for the other's copy
# Locked memory of RDMA: UCX, NCCL, Open MPI, libfabric.
$ echo "[1668693503.473099] [node:1188443:0]  ib_log.c:246  UCX  ERROR mlx5_0: ibv_create_cq() failed: Cannot allocate memory. Please set max locked memory (ulimit -l) to 'unlimited' (current: 64 kbytes)" | highwater diagnose - | tr -s ' \n' ' ' | grep -o -e 'WARNING: An RDMA program could not lock memory' -e 'The limit is 64.0 KiB'
> WARNING: An RDMA program could not lock memory
> The limit is 64.0 KiB
$ echo 'gpu01:2031:2098 [3] misc/ibvwrap.cc:278 NCCL WARN Call to ibv_reg_mr_iova2 failed with error Cannot allocate memory' | highwater diagnose - | head -1 | cut -d: -f1,2
> WARNING: An RDMA program could not lock memory
$ echo 'node-1:18:122 [0] misc/ibvwrap.cc:252 NCCL WARN Call to ibv_create_cq failed with error Cannot allocate memory' | highwater diagnose - | head -1 | cut -d: -f1,2
> WARNING: An RDMA program could not lock memory
$ echo 'fi_mr_reg failed, ret is:-12, Cannot allocate memory' | highwater diagnose - | head -1 | cut -d: -f1,2
> WARNING: An RDMA program could not lock memory
