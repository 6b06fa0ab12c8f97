# What is wrong on run's command line is named, with what would be right.
$ highwater run
! highwater run: FILE is missing
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt b.hwt
! highwater run: unexpected 'b.hwt'
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --memory-max 12parsecs
!~ highwater run: --memory-max: unknown unit 'parsecs' .*
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --set vm.swapiness=3
! highwater run: --set: unknown tunable 'vm.swapiness'; did you mean 'vm.swappiness'?
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --set vm.swappiness=201
! highwater run: --set: vm.swappiness goes from 0 to 200, not 201
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --set vm.swappiness
! highwater run: --set wants KEY=VALUE, not 'vm.swappiness'
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --set cost.minor_fualt=3
! highwater run: --set: unknown cost 'cost.minor_fualt'; did you mean 'cost.minor_fault'?
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --swap-device floppy
! highwater run: --swap-device: unknown device 'floppy'; known: nvme, ssd, hdd, network, ram, zram
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --disk zram
! highwater run: --disk: files cannot be on zram
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --kernel 5.4
! highwater run: --kernel: unknown kernel profile '5.4'; known: 6.1, 6.12
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --max-slowdown 0.5
! highwater run: --max-slowdown is at least 1, not 0.5
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --lru mglu
! highwater run: --lru: unknown reclaim policy 'mglu'; known: classic, mglru
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --zswap perhaps
! highwater run: --zswap is yes or no, not 'perhaps'
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --readahead 65M
! highwater run: --readahead goes from 0 to 64M, not 65M
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --set dsik=hdd
! highwater run: --set: unknown key 'dsik'; did you mean 'disk'?
! Try 'highwater run --help'.
= 2
$ highwater run --thp never a.hwt --cpus 0
! highwater run: --cpus goes from 1 to 64, not 0
! Try 'highwater run --help'.
= 2

# A file that cannot be read or is no recording is a failure, not a usage error.
$ highwater run --thp never missing.hwt
!~ highwater run: missing.hwt: .*No such file or directory
= 1
$ highwater run /dev/null
!~ highwater run: /dev/null: .*
= 1
$ echo 'not a recording' >junk.hwt; highwater run --thp never junk.hwt
!~ highwater run: junk.hwt: .*
= 1
