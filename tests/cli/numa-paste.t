# What numactl, numastat and free say of nodes is read together, and numbers that cannot be are not.
@ range.txt
| $ numactl -H
| available: 2 nodes (0-1)
| node 0 cpus: 0-7
| node 0 size: 65536 MB
| node 0 free: 30000 MB
| node 1 cpus: 8-15
| node 1 size: 65536 MB
| node 1 free: 20000 MB
| $ numastat -p 4411
| Per-node process memory usage (in MBs) for PID 4411 (redis)
|                            Node 0          Node 1           Total
|                   --------------- --------------- ---------------
| Private                  60000.00          200.00        60200.00
| ----------------  --------------- --------------- ---------------
| Total                    60000.00          200.00        60200.00
| $ taskset -cp 4411
| pid 4411's current affinity list: 12-15
@ insane.txt
| $ numactl -H
| available: 2 nodes (0-1)
| node 0 cpus: 0 1 2 3
| node 0 size: 36300 MB
| node 0 free: 166 MB
| node 1 cpus: 4 5 6 7
| node 1 size: 36354 MB
| node 1 free: 9834 MB
| $ free -m
|              total       used       free     shared    buffers     cached
| Mem:         72654      62654      10000          0         24       2212
| -/+ buffers/cache:      60418      12236
| Swap:         8191       8124         67
@ more-free.txt
| $ numactl -H
| available: 2 nodes (0-1)
| node 0 cpus: 0 1 2 3
| node 0 size: 65536 MB
| node 0 free: 70000 MB
| node 1 cpus: 4 5 6 7
| node 1 size: 65536 MB
| node 1 free: 200 MB

# "8-15" is eight processors: a program on the last four of them runs on node 1.
$ highwater diagnose range.txt | head -1
> WARNING: redis (pid 4411) runs on node 1 and has 100 % of its 58.8 GiB of memory elsewhere, most on node 0
$ highwater diagnose range.txt | grep -o 'taskset -acp 0-7 4411'
> taskset -acp 0-7 4411

# All cache of the machine is 2.2 GiB: the rest of the full node is none, and swap is the node's.
$ highwater diagnose insane.txt | head -1
> WARNING: Node 0 has 166.0 MiB free of 35.4 GiB, while node 1 has 9.6 GiB: what is bound to node 0 runs out first
$ highwater diagnose insane.txt | grep -c -e 'At least 33.1 GiB there is no cache' -e 'but that of a node is: what may'
> 2
$ sed 's/2212/42212/' insane.txt | highwater diagnose - | head -1
> NOTE: Node 0 has 166.0 MiB free of 35.4 GiB, while node 1 has 9.6 GiB: how much of the rest is cache, which gives way, is not told

# More free than there is: of that node nothing is said.
$ highwater diagnose more-free.txt | head -1
> NOTE: Node 1 has the least free memory: 200.0 MiB of 64.0 GiB (0.3 %)
$ highwater diagnose more-free.txt | grep -c '68.4 GiB'
> 0
= 1

# A run without a limit that thrashes on its node is called that, before anything is advised.
$ highwater size $EXAMPLES/python.hwt --thp never --nodes 2 --ram 192M --membind 0 --swap 1G --limits 60M | sed -n '3,4p'
>~ Caution: it waits for memory for .* s of its .* s even without a limit: its memory policy or
>~ cpuset allows node 0 alone, with .* MiB\. All limits are measured against that.*
$ highwater size $EXAMPLES/python.hwt --thp never --nodes 2 --ram 192M --swap 1G --limits 60M | grep -c Caution
> 0
= 1
