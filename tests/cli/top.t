# top prints one screen with --once, refuses what is no terminal and says what else to do.
$ highwater top
! highwater top: stdout is not a terminal; 'highwater diagnose DELAY COUNT' prints what changes, 'highwater top --once' one screen
= 1
$ highwater top --screen grups
! highwater top: --screen: unknown screen 'grups', want overview, cgroups, processes, zones or slab; did you mean 'cgroups'?
! Try 'highwater top --help'.
= 2
$ highwater top --once --size 19x24
! highwater top: --size: '19x24' is not a size, want COLUMNSxROWS from 20x5 to 1000x1000, such as 80x24
! Try 'highwater top --help'.
= 2
$ highwater top --size 80x24
! highwater top: --size is for --once; the terminal knows its own size
! Try 'highwater top --help'.
= 2
$ highwater top 0
! highwater top: DELAY goes from 0.1 s to 1 h, not 0
! Try 'highwater top --help'.
= 2
$ highwater top nosuch.hwc
! highwater top: 'nosuch.hwc' is neither a DELAY such as 1 or 0.5s nor a file: No such file or directory
! Try 'highwater top --help'.
= 2
$ highwater top --root / /
! highwater top: there is a root already, '/', so '/' is one too many
! Try 'highwater top --help'.
= 2
$ highwater top --once --at 03:10
! highwater top: / is no capture, so it has no other time to go to
= 1
$ mkdir empty && highwater top --once empty
!~ highwater top: .*empty.*
= 1

# One sample of a tree has no rates, and says so; a capture has.
@ meminfo
| MemTotal:        1048576 kB
| MemFree:          524288 kB
| MemAvailable:     786432 kB
| Buffers:               0 kB
| Cached:           262144 kB
| AnonPages:        131072 kB
$ mkdir -p tree/proc && cp meminfo tree/proc && highwater top --once tree --size 60x12
>~  highwater  tree  Linux.*
>~  .*
>~ ─ Memory ─+ 768\.0 MiB of 1\.0 GiB available \(75 %\) ─
>  KKKKKKKAAAAAAAfffffffffffffff.............................
>...
$ highwater capture -q -o a.hwc 0.2 3 && highwater top --once a.hwc --size 80x24 >last && highwater top --once a.hwc --at +0s >first; wc -l <last; grep -c ' 3 of 3' last; grep -c ' 1 of 3' first; cmp -s first last || echo differ
> 24
> 1
> 1
> differ
$ highwater top 0.1 --once --screen zones | grep -c 'free against watermarks'
> 1
$ highwater top --once "$TOP/tests/incidents/swap-thrash-a.hwc" | grep -q 'CRITICAL *Swap thrash' || echo missing
