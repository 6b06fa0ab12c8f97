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
$ sed 's/^memory = 12M/memory = 16M/' pool.ini >limit.ini; highwater run limit.ini -q | grep -e ^Outcome -e SIGBUS | cut -d' ' -f-10
>~ Outcome   refused after .*
> Note: 1 process was ended by SIGBUS: no huge page
$ highwater run limit.ini -q --format json -o run.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json
$ sed 's/^memory = 12M/memory = 18M/' pool.ini >empty.ini; highwater run empty.ini -q | grep -c "refused for want of memory"
> 1
# What is no number of pages is said before anything runs.
$ sed 's/^value = 20/value = many/' pool.ini >wrong.ini; highwater run wrong.ini
! highwater run: wrong.ini:13: [write more]: nr_hugepages wants a number of huge pages, not 'many'
= 2
