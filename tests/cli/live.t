# live says what is wrong with its command line and with a group, and writes nothing then.
$ highwater live
! highwater live: want the CGROUP to size: a path below /sys/fs/cgroup, or web.service
! Try 'highwater live --help'.
= 2
$ highwater live web --budget 0
! highwater live: --budget is between 1/s and 1000000/s, not 0
!...
= 2
$ highwater size --live web --budget 5/min
! highwater live: --budget: want refaults a second, like 50/s, not '5/min'
!...
= 2
$ highwater live web --duration 1s
!~ highwater live: --duration is between 10.0 s and .*, not 1s
!...
= 2
$ highwater live web --duration 20s --hold 10s
! highwater live: --duration is at least three times --hold
!...
= 2
$ highwater live --restore --dry-run
! highwater live: --restore does nothing else: leave out --dry-run and --watch-only
!...
= 2
$ highwater live web --dry-run --format systemd
! highwater live: --dry-run has no limit to print as systemd
!...
= 2

# Trees of files stand for machines: a group of version 1, a kernel before 5.19, a limit of somebody else's.
$ mkdir -p old/sys/fs/cgroup/memory/web early/sys/fs/cgroup/web set/sys/fs/cgroup/kubepods.slice/web
$ echo 4096 >old/sys/fs/cgroup/memory/web/memory.usage_in_bytes
$ highwater live web --root old
! highwater live: /web is refused: this is a group of cgroup v1, which has neither memory.reclaim nor memory.high nor pressure of a group; --watch-only works, and so do record and size
= 1
$ for d in early/sys/fs/cgroup/web set/sys/fs/cgroup/kubepods.slice/web; do echo 8388608 >$d/memory.current; echo max >$d/memory.high; printf 'anon 4194304\nfile 4194304\n' >$d/memory.stat; echo 'max 0' >$d/memory.events; done
$ highwater live web --root early
! highwater live: /web is refused: this kernel has no memory.reclaim (Linux 5.19 and later have it); --watch-only works
= 1
$ cd set/sys/fs/cgroup/kubepods.slice/web && touch memory.reclaim && echo 6291456 >memory.high
$ highwater live kubepods.slice/web --root set --dry-run
! highwater live: /kubepods.slice/web is refused: memory.high is 6.0 MiB already, probably set by the kubelet (MemoryQoS, from the pod's memory request), which may set it again at any moment; --override-high changes it for a while and writes it back
= 1
$ highwater live kubepods.slice/web --root set --dry-run --override-high | grep -c "memory.high back to 6291456"
> 1
$ cat set/sys/fs/cgroup/kubepods.slice/web/memory.high
> 6291456
$ highwater live nosuch --root set
! highwater live: no group 'nosuch' below set/sys/fs/cgroup (systemd-cgls lists them; the root of all groups has no limit to find)
= 1

# A note that nobody of ours wrote is named and left alone.
$ mkdir notes && echo nonsense >notes/live-web-0123456789abcdef
$ highwater live --restore --state notes
> notes/live-web-0123456789abcdef: no note of ours: want 'highwater-live 1' as its first line
= 1
$ cat notes/live-web-0123456789abcdef
> nonsense
