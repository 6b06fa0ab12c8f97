# A pool of huge pages: made at the start, asked for while it runs, limited, empty.
@ pool.ini
| [machine]
| ram = 512M
| vm.nr_hugepages = 8
| runtime = 3s
| [cgroup app]
| hugetlb.2MB.max = 12M
| [task db]
| cgroup = app
| hugetlb = yes
| memory = 12M
| requests = 1
| hold = 1h
| [write more]
| at = 1s
| file = /proc/sys/vm/nr_hugepages
| value = 20
$ highwater run pool.ini --proc tree -q >/dev/null; grep HugePages_ tree/proc/meminfo
> HugePages_Total:      20
> HugePages_Free:       14
> HugePages_Rsvd:        0
> HugePages_Surp:        0
$ grep . tree/sys/fs/cgroup/app/hugetlb.2MB.* | cut -d/ -f6-
> hugetlb.2MB.current:12582912
> hugetlb.2MB.events:max 0
> hugetlb.2MB.events.local:max 0
> hugetlb.2MB.max:12582912
> hugetlb.2MB.numa_stat:total=12582912 N0=12582912
> hugetlb.2MB.numa_stat:hierarchical_total=12582912 N0=12582912
> hugetlb.2MB.rsvd.current:12582912
> hugetlb.2MB.rsvd.max:max
# A page beyond the limit is SIGBUS, a mapping beyond the pool is refused.
$ sed 's/^memory = 12M/memory = 16M/' pool.ini >limit.ini; highwater run limit.ini -q | grep -e ^Outcome -e ^Note | cut -c-90
>~ Outcome   refused after .*
> Note: 1 process was ended by SIGBUS: a limit of the hugetlb controller forbade it a huge p
> Note: at most 6 of the pool's huge pages were in use: at most db 12.0 MiB. They are in no 
> Note: 1 first touch of huge pages was refused (SIGBUS) by a limit: hugetlb.2MB.max of /app
$ highwater run limit.ini -q | grep -o -e 'hugetlb.2MB.max of .*' -e 'Yes: .*'
> Yes: a limit of the hugetlb controller refused it huge pages.
> hugetlb.2MB.max of /app was 12.0 MiB.
$ highwater run limit.ini -q --format json -o run.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json
$ sed 's/^memory = 12M/memory = 18M/' pool.ini >empty.ini; highwater run empty.ini -q | grep ^Note | cut -c-86
> Note: 1 call was refused huge pages of the pool (ENOMEM); the program exited.
> Note: nobody used a huge page of the pool.
> Note: 1 mapping of huge pages was refused (ENOMEM): it wanted 9, and only 8 of the poo
$ highwater run empty.ini -q | grep -o -e 'it wanted .*' -e 'Yes: .*'
> Yes: the pool of huge pages (vm.nr_hugepages) had too few for it.
> it wanted 9, and only 8 of the pool's 8 were neither used nor promised: vm.nr_hugepages=9 would have had room for it.
# On the nodes to which a program is bound there are too few, and others have some.
@ bound.ini
| [machine]
| ram = 1G
| nodes = 2
| runtime = 2s
| [write n0]
| file = /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
| value = 30
| [write n1]
| file = /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
| value = 10
| [task db]
| start = 1s
| numa = bind:1
| hugetlb = yes
| memory = 30M
$ highwater run bound.ini -q | grep -o -e 'it wanted .* on others)' -e 'Yes: .*'
> Yes: the pool of huge pages had too few for it on the nodes that it may use.
> it wanted 15, and only 10 of the pool's 40 were free on node 1, to which it is bound (30 on others)
# A pool that is made smaller keeps what is in use beyond it.
$ sed 's/^value = 20/value = 2/; s/^hugetlb.2MB.max.*//' pool.ini >less.ini; highwater run less.ini -q | grep -o 'asked 2, .*'
> asked 2, got 2; 4 more are in use or promised, and stay till they are given back
# More than the machine has.
$ sed 's/^value = 20/value = 2000/' pool.ini >much.ini; highwater run much.ini -q | grep '^Note: the pool' | cut -d: -f2
>~  the pool was to have 2,000 huge pages \(nr_hugepages\) and got [0-9]+
$ highwater run much.ini -q | grep '^  more'
>~   more +1\.00 s  2000 > /proc/sys/vm/nr_hugepages: asked 2,000, got [0-9]+
# diagnose tells both: the pool that did not get its pages, and the limit that refused a cgroup, with its name.
$ sed 's/^value = 20/value = 2000/' limit.ini >both.ini; highwater run both.ini --proc both -q >/dev/null; highwater diagnose both --only huge-pages --format json -o both.json; python3 -c "import json; print(*[f['rule'] + ' ' + f['scope'] for f in json.load(open('both.json'))['findings'] if f['rule'] != 'hugepages-unused'], sep='\n')"
> hugetlb-limit /app
> hugepages-short host
$ highwater diagnose both --only hugetlb-limit | tr -s ' \n' ' ' | grep -o "The limit of use (max) of /app is 12.0 MiB"
> The limit of use (max) of /app is 12.0 MiB
# What is not modelled, or would do nothing.
$ sed 's/^hold = 1h/pin_user = 2M/' pool.ini >pin.ini; highwater run pin.ini
! highwater run: pin.ini:12: [task db]: pin_user is not for pages of the pool: that is not modelled; want it without hugetlb
= 2
$ sed 's/^hold = 1h/ring = 64/' pool.ini >ring.ini; highwater run ring.ini
! highwater run: ring.ini:12: [task db]: ring is of network packets; want receive = NUMBER/s
= 2
$ sed 's/^memory = 12M/leak = 1K\/s/' pool.ini >leak.ini; highwater run leak.ini
! highwater run: leak.ini:9: [task db]: hugetlb needs memory = SIZE (or preload)
= 2
# What is no number of pages is said before anything runs.
$ sed 's/^value = 20/value = many/' pool.ini >wrong.ini; highwater run wrong.ini
! highwater run: wrong.ini:16: [write more]: nr_hugepages wants a number of huge pages, not 'many'
= 2
# A process that has some already: how many more it wanted.
$ sed 's/^memory = 30M/preload = 8M\nmemory = 22M/' bound.ini >beside.ini; highwater run beside.ini -q | grep -o -e 'it wanted .* on others)'
> it wanted 11 beside the 4 it had, and only 10 of the pool's 40 were free on node 1, to which it is bound (30 on others)
# Pages of the pool on nodes that the cpuset forbids are not had: a mapping is refused, a touch is SIGBUS.
@ cpuset.ini
| [machine]
| nodes = 2
| ram = 1G
| cpus = 4
| runtime = 4s
| vm.nr_hugepages = 40
| [cgroup c]
| cpuset.mems = 0
| [task a]
| cgroup = c
| cpus = 0
| hugetlb = yes
| memory = 64M
| touch = random
$ highwater run cpuset.ini -q | grep -o -e 'it wanted .* on others)'
> it wanted 32, and only 20 of the pool's 40 were free on node 0, all that its cpuset allows (20 on others)
$ sed 's/^memory.*/memory = 40M/' cpuset.ini >fits.ini; highwater run fits.ini -q --proc fits >/dev/null; grep -o 'N[01]=.* ' fits/proc/[1-9]*/numa_maps | grep -o 'N[01]=20'
> N0=20
# A pool of another size is said to be none of ours.
@ giant.ini
| [machine]
| ram = 2G
| runtime = 3s
| [task a]
| memory = 1M
| [write giant]
| at = 1s
| file = /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages
| value = 1
$ highwater run giant.ini
!~ highwater run: giant.ini:8: \[write giant\]: no file .*: pools have pages of 2 MiB alone \(hugepages-2048kB\), no others are modelled
= 2
# The pool of the boot, of any node or of each.
$ printf '[machine]\nram = 4G\nnodes = 2\nruntime = 100ms\nhugepages = 0:300,1:100\n[task t]\nmemory = 1M\n' >boot.ini; highwater run boot.ini -q --proc boot --format json | python3 -c "import json, sys; print(json.load(sys.stdin)['machine']['options']['hugepages'])"; cat boot/sys/devices/system/node/node?/hugepages/*/nr_hugepages
> 0:300,1:100
> 300
> 100
$ sed 's/1:100/1:1200/' boot.ini >short.ini; highwater run short.ini -q --proc short >/dev/null; grep -c 'HugeTLB: allocating 1200 of page size 2.00 MiB failed node1.  Only allocated ' short/var/log/dmesg; highwater diagnose short | head -1
> 1
>~ WARNING: The pool of huge pages got [0-9]+ of the 1,200 pages of 2.00 MiB of node 1 that it was to have
$ sed 's/1:100/5:100/' boot.ini >node.ini; highwater run node.ini
! highwater run: hugepages asks for pages of node 5, and there are nodes 0 to 1
= 2
$ highwater run boot.ini --set vm.nr_hugepages=5
! highwater run: hugepages and vm.nr_hugepages are both given: want one, since both say how large the pool is at boot
= 2
$ highwater run boot.ini --hugepages 0:1,0:2
! highwater run: --hugepages: want huge pages of 2 MiB, up to 16777216, as 512, or of each node, named once, as 0:512,1:256; not '0:1,0:2'
! Try 'highwater run --help'.
= 2
