# Nodes, memory policies and affinity: options that agree, and errors that say where.
@ two.ini
| [machine]
| ram = 512M
| nodes = 2
| thp = never
| [task work]
| memory = 64M
| touch = random
| requests = 10
$ highwater run two.ini --proc default -o /dev/null
$ highwater run two.ini --membind 1 --proc bound -o /dev/null
$ highwater run two.ini --numa bind:1 --proc same -o /dev/null
$ diff -r bound same
$ sed -n s/other_node//p bound/sys/devices/system/node/node0/numastat
>~  \d+
$ test $(sed -n 's/numa_hit //p' default/sys/devices/system/node/node1/numastat) -lt 1000 && test $(sed -n 's/numa_hit //p' bound/sys/devices/system/node/node1/numastat) -gt 16384 && echo moved
> moved
$ highwater run two.ini --interleave all --cpunodebind 1 --proc spread -o /dev/null && grep -h interleave_hit spread/sys/devices/system/node/node*/numastat | awk '{ print ($2 > 8192) }'
> 1
> 1
# What distance costs is told by program, with what mends it.
$ highwater run two.ini --membind 1 --cpunodebind 0 | sed -n '/^Nodes/,/^$/p'
> Nodes
>   node   CPUs            memory    free now       numa_hit      numa_miss   numa_foreign
>~   0      0 .* 0 +0
>~   1      1 .* 0 +0
>   program           accesses   remote   its cost   CPU time  accesses by node
>~   work .* 100 % .* 1: 100 %
>~   work: 100 % of accesses were remote: .* of .* CPU time. Its policy \(bind:1\) has its memory on node 1: try --cpunodebind 1.
> 
$ highwater run two.ini --interleave all --cpunodebind 0 | grep 'remote:'
>~   work: 50 % of accesses were remote: .* Its memory is interleaved and it runs on one node: try --numa local.
$ highwater run two.ini --membind 1 --cpunodebind 1 | grep 'remote:'
= 1
$ highwater run two.ini --membind 1 --cpunodebind 0 --format json | python3 -c 'import json, sys; n = json.load(sys.stdin)["numa"]; p = n["programs"][0]; print(p["comm"], p["accesses"] == p["remote_accesses"] == p["by_node"][1] > 16384, p["remote_walks"] > 16384, p["remote_ns"] == 60 * p["remote_accesses"] + 12 * p["remote_walks"], len(n["nodes"]))'
> work True True True 2
$ highwater run two.ini --nodes 1 --format json | python3 -c 'import json, sys; print("numa" in json.load(sys.stdin))'
> False
$ highwater run two.ini --membind 2
! highwater run: --membind: there is no node 2: the machine has 0-1
= 2
$ highwater run two.ini --interleave ''
! highwater run: --interleave: interleave wants nodes: interleave:0 or interleave:all
! Try 'highwater run --help'.
= 2
$ highwater run two.ini --set node.1.ram=100M
! highwater run: --set: the memory of a node is a multiple of 32M, not 100M
! Try 'highwater run --help'.
= 2
@ overlap.ini
| [node 0]
| ram = 256M
| cpus = 0-1
| [node 1]
| ram = 256M
| cpus = 1
| [task work]
| memory = 1M
| requests = 1
$ highwater run overlap.ini
! highwater run: overlap.ini:4: node 1: CPU 1 is part of another node already
= 2
@ absent.ini
| [machine]
| nodes = 2
| [task work]
| memory = 1M
| requests = 1
| numa = bind:2
$ highwater run absent.ini
! highwater run: absent.ini:6: [task work]: numa: there is no node 2: the machine has 0-1
= 2
# "cpus =" says that a node has no processors. One without memory too is none.
@ nothing.ini
| [machine]
| [node 0]
| ram = 512M
| cpus = 0-1
| [node 1]
| ram = 0
| cpus =
| [task work]
| memory = 1M
| requests = 1
$ highwater run nothing.ini
! highwater run: nothing.ini:5: node 1 has neither memory nor CPUs
= 2
# What a scenario chose itself, options do not change: its own key is named.
@ chosen.ini
| [machine]
| ram = 512M
| nodes = 2
| thp = never
| [task work]
| cpus = 0
| numa = preferred:1
| memory = 64M
| touch = random
| requests = 10
$ highwater run chosen.ini | grep 'remote:'
>~   work: 100 % .* Its policy \(preferred:1\) has its memory on node 1: try cpus = 1 in its \[task\].
# A kill for a policy or a cpuset says so, and what was free elsewhere.
@ full.ini
| [machine]
| ram = 512M
| nodes = 2
| [cgroup tight]
| cpuset.mems = 1
| [task work]
| memory = 300M
| touch = random
| requests = 100
$ highwater run full.ini --membind 0 | grep -E '^Note|Yes'
>   Yes: the nodes that it may use ran out of memory.
>~ Note: node 0 had nothing left for work, whose memory policy allows no other, while 2\d+.\d MiB were free elsewhere \(CONSTRAINT_MEMORY_POLICY\). To let it overflow: --numa preferred:0.
$ sed 's/^requests/cgroup = tight\n&/' full.ini >tight.ini && highwater run tight.ini | grep -E '^Note|Yes'
>   Yes: the nodes that it may use ran out of memory.
>~ Note: node 1 had nothing left for work, whose cpuset allows no other, while 2\d+.\d MiB were free elsewhere \(CONSTRAINT_CPUSET\). To let it overflow: cpuset.mems = 0-1 in \[cgroup tight\].
@ reclaim.ini
| [machine]
| ram = 512M
| nodes = 2
| vm.zone_reclaim_mode = 1
| [file db]
| size = 300M
| [task reader]
| cpus = 0
| file = db
| read = random
| block = 64K
| requests = 20000
$ highwater run reclaim.ini | grep ^Note
>~ Note: memory of node 0 was reclaimed while node 1 had 2\d+.\d MiB free: vm.zone_reclaim_mode is 1. With 0 memory overflows to the next node instead.
# Programs have one policy, of as many nodes as it takes; a node that is too small is told with the line of its section.
$ highwater run two.ini --membind 0 --interleave 1
! highwater run: --membind and --interleave: programs have one memory policy; leave one of them out
! Try 'highwater run --help'.
= 2
$ highwater run two.ini --preferred 0,1
! highwater run: --preferred: preferred has one node, as in preferred:0; of several, preferred-many:0,1
! Try 'highwater run --help'.
= 2
$ highwater run two.ini --preferred-many 0,1 --cpunodebind all -o /dev/null
@ small.ini
| [machine]
| [node 0]
| ram = 32M
| cpus = 0
| [node 1]
| ram = 1G
| [task work]
| memory = 1M
| requests = 1
$ highwater run small.ini
! highwater run: small.ini:2: node 0 is too small for what the kernel keeps there: want 64 MiB or more
= 2
# A kill for a policy is in the document as well.
$ highwater run full.ini --membind 0 --format json | python3 -c 'import json, sys; k = json.load(sys.stdin)["numa"]["bound_kill"]; print(k["constraint"], k["comm"], k["nodes"], k["free_elsewhere_bytes"] >> 27)'
> CONSTRAINT_MEMORY_POLICY work 0 1
# Memory that no node holds: nobody is sent to one.
@ ring.ini
| [machine]
| nodes = 4
| ram = 1G
| cpus = 4
| [task work]
| cpus = 0
| memory = 600M
| touch = random
| touches = 64
| requests = 20000
$ highwater run ring.ini | grep 'work: '
>~   work: \d+ % of accesses were remote: .* of .* CPU time. Node 0 was short of memory when (it|the rest) was allocated\.
# Each program that pays is told what mends it, the dearest first; a kill has its command.
@ many.ini
| [machine]
| nodes = 4
| ram = 2G
| cpus = 8
| runtime = 3s
| [task spread]
| numa = interleave:all
| workers = 4
| memory = 40M
| touch = random
| rate = 1000/s
| [task kept]
| cpus = 0-1
| numa = preferred:3
| memory = 100M
| touch = random
| rate = 1900/s
| [task local]
| cpus = 4-5
| memory = 10M
| touch = random
| rate = 1000/s
$ highwater run many.ini | grep remote:
>~   spread: 75 % .* It runs on nodes 0-3, and node \d has memory and CPUs for all of it: try cpus = .* and numa = local in its \[task\].
>~   kept: 100 % .* Its policy \(preferred:3\) has its memory on node 3: try cpus = 6-7 in its \[task\].
@ held.ini
| [machine]
| nodes = 2
| ram = 1G
| cpus = 4
| runtime = 3s
| [cgroup outer]
| [cgroup outer/db]
| cpuset.mems = 1
| [task db]
| memory = 700M
| touch = random
| rate = 2000/s
| numa = bind:1
$ highwater run held.ini | grep -E 'remote:|^Note'
>~   db: 100 % of accesses were remote: .* It was killed for want of memory there: see the note.
>~ Note: node 1 had nothing left for db, whose memory policy .* \(CONSTRAINT_MEMORY_POLICY\). To let it overflow: numa = preferred:1 in its \[task\].
$ sed 's/numa = bind:1/cgroup = outer\/db/' held.ini > cpuset.ini && highwater run cpuset.ini | grep -E '^Note'
>~ Note: node 1 had nothing left for db, whose cpuset .* \(CONSTRAINT_CPUSET\). To let it overflow: cpuset.mems = 0-1 in \[cgroup outer/db\].
$ sed 's/numa = bind:1/numa = preferred:1/' held.ini > over.ini && highwater run over.ini | grep Outcome
>~ Outcome   completed .*
# Node 0 is full of huge pages, and the policy keeps memory on it: nobody is sent away from there.
@ bound.ini
| [machine]
| nodes = 2
| ram = 1G
| cpus = 2
| runtime = 2s
| [write pool]
| file = /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
| value = 400
| [task db]
| start = 100ms
| memory = 2M
| touch = random
| rate = 500/s
| cpus = 0
| numa = bind:0
$ highwater run bound.ini --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["numa"]["programs"][0]["by_node"][1])'
> 0
$ highwater run bound.ini | sed -n '/try cpus = 1/p'
# Wrong nodes are told with the option, the line and what there is.
$ highwater run two.ini --cpunodebind 1-5
! highwater run: --cpunodebind: there is no node 2: the machine has 0-1
= 2
$ highwater run two.ini --interleave 0,,1
!~ highwater run: --interleave: interleave: .*
! Try 'highwater run --help'.
= 2
$ highwater run two.ini --numa preferred
! highwater run: --numa: preferred wants a node, as in preferred:0
! Try 'highwater run --help'.
= 2
@ line.ini
| [machine]
| nodes = 2
| numa = bind:5
| [task t]
| memory = 1M
$ highwater run line.ini
! highwater run: line.ini:3: numa: there is no node 5: the machine has 0-1
= 2
# Settings of nodes are compared by where memory lay.
$ highwater run two.ini --cpunodebind 0 --compare numa=bind:0,bind:1 | sed -n '/^bind/s/.* \([0-9]* %\).*/\1/p'
> 0 %
> 100 %
# Whoever wants what its cpuset has not is told, and how much RAM many nodes need.
@ against.ini
| [machine]
| nodes = 2
| cpus = 4
| ram = 1G
| [cgroup g]
| cpuset.mems = 0
| cpuset.cpus = 0
| [cgroup g/inner]
| [task t]
| cgroup = g/inner
| numa = bind:1
| memory = 1M
$ highwater run against.ini
! highwater run: against.ini:11: [task t]: numa: no node of it is in cpuset.mems of [cgroup g/inner]
= 2
$ sed 's/numa = bind:1/cpus = 3/' against.ini > cpus.ini && highwater run cpus.ini
! highwater run: cpus.ini:11: [task t]: cpus: none of them is in cpuset.cpus of [cgroup g/inner]
= 2
@ sixty.ini
| [machine]
| nodes = 64
| cpus = 64
| ram = 2G
| runtime = 1ms
| [task t]
| memory = 1M
$ highwater run sixty.ini
!~ highwater run: sixty.ini:[24]: 2G of RAM is too small for the kernels of 64 nodes: want 6G or more \(ram = 6G\)
= 2
$ sed 's/ram = 2G/ram = 6G/' sixty.ini > enough.ini && highwater run enough.ini -o /dev/null
$ sed 's/ram = 2G/ram = 1G/' sixty.ini > less.ini && highwater run less.ini
!~ highwater run: less.ini:[24]: 1G of RAM is too small for the kernels of 64 nodes: want 6G or more \(ram = 6G\)
= 2
# Huge pages lie where the pool has them, whatever a policy says; a cpuset that forbids the near node is told of interleaving too.
@ pool.ini
| [machine]
| nodes = 2
| ram = 1G
| cpus = 4
| runtime = 2s
| [task a]
| start = 1s
| cpus = 0
| numa = local
| hugetlb = yes
| memory = 64M
| touch = random
| [write p]
| file = /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
| value = 64
$ highwater run pool.ini | grep -o 'CPU time\. .*'
> CPU time. Its memory is huge pages, of which node 0 has 0 in its pool and it uses 32: put them there (/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages).
@ forbidden.ini
| [machine]
| nodes = 3
| ram = 1536M
| cpus = 3
| runtime = 2s
| thp = never
| [cgroup x]
| cpuset.mems = 1-2
| [task i]
| cgroup = x
| cpus = 0
| numa = interleave:all
| memory = 100M
| touch = random
$ highwater run forbidden.ini | grep -o 'CPU time\. .*'
> CPU time. Its cpuset lets it have no memory of node 0 (cpuset.mems).
# Where all nodes are full no policy is to blame.
@ short.ini
| [machine]
| runtime = 8s
| thp = never
| swap = none
| kernel.numa_balancing = 2
| numa/demotion_enabled = 1
| [node 0]
| ram = 512M
| cpus = 0-1
| [node 1]
| ram = 256M
| [cgroup web]
| memory.max = 300M
| [task a]
| cgroup = web
| memory = 280M
| touch = hotspot:90:10
| think = 1ms
| [task b]
| memory = 500M
| start = 1s
| numa = bind:0
| touch = hotspot:90:10
| think = 1ms
$ highwater run short.ini --proc short | grep -o '^Note.*full as well'
> Note: node 0 had nothing left for b, whose memory policy allows no other; the other nodes were full as well
$ highwater diagnose short | head -1 | grep -c 'b filled memory'
> 1
# An option of which a cpuset leaves nothing is told.
@ left.ini
| [machine]
| runtime = 1s
| nodes = 2
| ram = 1G
| cpus = 4
| [cgroup g]
| cpuset.mems = 0
| cpuset.cpus = 0-1
| [task a]
| cgroup = g
| memory = 10M
$ highwater run left.ini --membind 1 --cpunodebind 1 | grep 'does not count'
>   a: --membind does not count for it: its cpuset.mems is 0.
>   a: --cpunodebind does not count for it: its cpuset.cpus is 0-1.
$ highwater run left.ini --membind 0 --cpunodebind 0 | grep 'does not count'
= 1
# What a node must have is said in the units that it may have.
$ sed 's/^nodes.*//; s/^ram.*//; s/^cpus.*//' left.ini >tiny.ini && printf '[node 0]\nram = 32M\ncpus = 0-3\n[node 1]\nram = 512M\n' >>tiny.ini && highwater run tiny.ini
!~ highwater run: tiny.ini:\d+: node 0 is too small for what the kernel keeps there: want (64|96|128) MiB or more
= 2
