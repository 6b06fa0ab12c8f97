# A directory is read as the archive that it came from: what stands in proc/meminfo counts, whatever `free` has beside it.
@ meminfo
| MemTotal:       16303412 kB
| MemFree:          288120 kB
| MemAvailable:     612120 kB
| Buffers:           20120 kB
| Cached:           512120 kB
| SwapTotal:       2097148 kB
| SwapFree:        1201200 kB
| AnonPages:       2300120 kB
| Mapped:           101200 kB
| Shmem:             13012 kB
| Slab:           11801200 kB
| SReclaimable:      90120 kB
| SUnreclaim:     11711080 kB
| KernelStack:       12120 kB
| PageTables:        41200 kB
@ free
| $ free -m
|               total        used        free      shared  buff/cache   available
| Mem:          15921       14900         281          12         739         597
| Swap:          2047         874        1173
$ mkdir -p machine/proc machine/sos_commands/memory above; cp meminfo machine/proc; cp free machine/sos_commands/memory/free_-m; cp -r machine above/web1
$ tar -C machine -czf machine.tgz .
$ for input in machine machine.tgz above; do highwater diagnose $input | head -n 1; done
> WARNING: Unreclaimable kernel objects hold 11.2 GiB, 72 % of memory
> WARNING: Unreclaimable kernel objects hold 11.2 GiB, 72 % of memory
> WARNING: Unreclaimable kernel objects hold 11.2 GiB, 72 % of memory

# Of two machines in one directory each is judged by itself, and the worst comes first, by the name of its folder.
$ mkdir -p above/web2/proc; sed 's/MemTotal:.*/MemTotal: 1 kB/' meminfo >above/web2/proc/meminfo
$ highwater diagnose above | grep -c 'MemTotal.*1 kB\|of 1 KiB'
> 0
= 1
$ highwater diagnose above | head -n 1
> WARNING: web1: Unreclaimable kernel objects hold 11.2 GiB, 72 % of memory; the worst of 2 machines in this text
