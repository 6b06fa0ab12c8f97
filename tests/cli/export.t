# Metrics go to a textfile whole or not at all; what is wrong with an export is said in one line.
memory: 64 MiB
@ proc/meminfo
| MemTotal:       24684084 kB
| MemFree:        21257192 kB
| MemAvailable:   22257192 kB
@ proc/vmstat
| pgfault 1000
| pswpin 7
| pgpgin 12
| nr_free_pages 5314298
| oom_kill 3
$ highwater export --root . --textfile x.prom
$ stat -c %a x.prom; ls | grep -v -e proc -e x.prom
> 644
= 1
$ grep -e memory_total -e pswpin -e pgpgin -e nr_free x.prom
> # HELP highwater_memory_total_bytes Memory that the kernel manages (MemTotal).
> # TYPE highwater_memory_total_bytes gauge
> highwater_memory_total_bytes 25276502016
> # HELP highwater_vmstat_nr_free_pages_bytes Pages in the buddy free lists; pages parked on per-CPU lists are not among them. (nr_free_pages of /proc/vmstat, here in bytes)
> # TYPE highwater_vmstat_nr_free_pages_bytes gauge
> highwater_vmstat_nr_free_pages_bytes 21767364608
> # HELP highwater_vmstat_pgpgin_bytes_total Data read from block devices, in KiB: file reads and swap-in together. (pgpgin of /proc/vmstat, here in bytes)
> # TYPE highwater_vmstat_pgpgin_bytes_total counter
> highwater_vmstat_pgpgin_bytes_total 12288
> # HELP highwater_vmstat_pswpin_pages_total Pages read from swap. (pswpin of /proc/vmstat)
> # TYPE highwater_vmstat_pswpin_pages_total counter
> highwater_vmstat_pswpin_pages_total 7
# What nothing tells is not there.
$ grep -v '^# \|part_readable' x.prom | grep -e swap_total -e pressure; grep 'part_readable.*swaps' x.prom
> highwater_part_readable{file="/proc/swaps"} 0
$ highwater export --textfile metrics.txt
! highwater export: --textfile metrics.txt: node_exporter reads files that end in .prom alone
! Try 'highwater export --help'.
= 2
$ mkdir d.prom; highwater export --textfile d.prom
!~ highwater export: d.prom: .*[Dd]irectory
= 1
$ highwater export --textfile nowhere/x.prom
!~ highwater export: nowhere/x.prom: .*No such file or directory
= 1
$ highwater export --root nowhere --textfile y.prom
!~ highwater export: nowhere.*
= 1
$ mkdir empty; highwater export --root empty --textfile y.prom
!~ highwater export: empty.*
= 1
$ ls y.prom 2>/dev/null
= 2
$ highwater export --listen :80
!~ highwater export: --listen: ':80' is no address to listen on; want ADDR:PORT, such as .*
! Try 'highwater export --help'.
= 2
$ highwater export --listen web.example.org:80
!~ highwater export: --listen: 'web.example.org:80' is no address to listen on; .*
! Try 'highwater export --help'.
= 2
$ highwater export --listen 127.0.0.1:99999
! highwater export: --listen: '99999' is no port; want 1 to 65535, or 0 for any that is free
! Try 'highwater export --help'.
= 2
$ highwater export --listen 192.0.2.1:0
!~ highwater export: cannot listen on 192.0.2.1:0: Cannot assign requested address: this machine has no such address
= 1
$ highwater export --host-header http://web/
! highwater export: --host-header 'http://web/': want a name or an address, without a port
! Try 'highwater export --help'.
= 2
$ highwater export --groups 0
! highwater export: --groups 0: want 1 to 100000
! Try 'highwater export --help'.
= 2
$ highwater export 0.1
! highwater export: DELAY 0.1: want 1 s to 1 h
! Try 'highwater export --help'.
= 2
$ highwater export 1 5
! highwater export: COUNT is of --textfile FILE.prom
! Try 'highwater export --help'.
= 2
