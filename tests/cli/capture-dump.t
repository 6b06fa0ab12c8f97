# Figures of a capture as CSV, JSON and OpenMetrics, for the fields and the time that are asked for.
memory: 64 MiB
@ proc/meminfo
| MemTotal:       24684084 kB
| MemFree:        21257192 kB
@ proc/vmstat
| pgfault 1000
| pswpin 7
@ sys/fs/cgroup/cgroup.controllers
| memory
@ sys/fs/cgroup/we"b/memory.current
| 4096
@ sys/fs/cgroup/we"b/memory.max
| max
$ for n in 1 2 3; do highwater capture -q --root . -o x.hwc 1 1 || exit; sed -i "s/pgfault .*/pgfault ${n}500/" proc/vmstat; [ $n = 2 ] && sed -i /pswpin/d proc/vmstat; sleep 0.01; done; :
$ highwater capture dump x.hwc --fields vmstat_pgfault,vmstat_pswpin_pages,highwater_cgroup_memory_current_bytes | sed 's/^1[0-9.]*/T/'
> time_s,highwater_vmstat_pswpin_pages_total,highwater_vmstat_pgfault_total,"highwater_cgroup_memory_current_bytes{cgroup=""/we\""b""}"
> T,7,1000,4096
> T,7,1500,4096
> T,,2500,4096
$ highwater capture dump x.hwc --fields 'vmstat_p*' -f openmetrics --from +0 | sed 's/ 1[0-9.]*$/ T/'
> # HELP highwater_vmstat_pswpin_pages Pages read from swap. (pswpin of /proc/vmstat)
> # TYPE highwater_vmstat_pswpin_pages counter
> # UNIT highwater_vmstat_pswpin_pages pages
> highwater_vmstat_pswpin_pages_total 7 T
> highwater_vmstat_pswpin_pages_total 7 T
> # HELP highwater_vmstat_pgfault Page faults, minor and major together. (pgfault of /proc/vmstat)
> # TYPE highwater_vmstat_pgfault counter
> highwater_vmstat_pgfault_total 1000 T
> highwater_vmstat_pgfault_total 1500 T
> highwater_vmstat_pgfault_total 2500 T
> # EOF
$ highwater capture dump x.hwc -f json -o x.json && "$TOP/tools/check_json.py" "$TOP/docs/schema/dump.schema.json" x.json && grep pswpin x.json
> {"name":"highwater_vmstat_pswpin_pages_total","type":"counter","unit":"pages","labels":{},"values":[7,7,null]},
$ highwater capture dump x.hwc --from +0 --to +0 --fields memory_total_bytes | tail -n +2 | cut -d, -f 2
> 25276502016
>...
$ highwater capture dump --fields help | head -2
> highwater_memory_total_bytes
>     gauge, of each machine. Memory that the kernel manages (MemTotal).
$ highwater capture dump x.hwc --fields vmstat_pgfalut_total
! highwater capture: --fields: unknown field 'vmstat_pgfalut_total'; did you mean 'vmstat_pgfault_total', 'vmstat_pgmajfault_total' or 'vmstat_pgreuse_total'?; '--fields help' lists them all
! Try 'highwater capture --help'.
= 2
$ highwater capture dump x.hwc --from -0s --to +0
!~ highwater capture: --from -0s comes after --to \+0
! Try 'highwater capture --help'.
= 2
$ highwater capture dump .
! highwater capture: .: a directory; dump wants a capture (FILE.hwc)
= 1
$ highwater capture dump
! highwater capture: dump wants FILE
! Try 'highwater capture --help'.
= 2
$ highwater capture dump x.hwc -f text
! highwater capture: --format: dump prints csv, json or openmetrics, not text
! Try 'highwater capture --help'.
= 2
$ highwater capture info x.hwc -f csv
! highwater capture: --format csv is for dump
! Try 'highwater capture --help'.
= 2
$ highwater capture dump x.hwc --sync
! highwater capture: dump takes --fields, --from, --to, -f and -o alone
! Try 'highwater capture --help'.
= 2
$ mkdir out.csv; highwater capture dump x.hwc -o out.csv
!~ highwater capture: out.csv: .*[Dd]irectory
= 1
