# A capture of a tree: made, gone on with, looked at at a time, and readable when it was cut.
memory: 24 MiB
@ proc/meminfo
| MemTotal:       24684084 kB
| MemFree:        21257192 kB
@ proc/vmstat
| pgfault 1000
| pswpin 7
@ proc/1/cmdline
| a secret
@ proc/1/environ
| another secret
@ proc/1/stat
| 1 (init) S 0 1 1 0 -1 4194560 100 0 5 0 1 2 0 0 20 0 1 0 3 1000000 100 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
$ highwater capture --root . -o x.hwc
!~ highwater capture: x.hwc: 1 sample, \d.*
$ sed -i 's/1000/2000/' proc/vmstat; rm proc/meminfo; highwater capture --root . -o x.hwc 0.1 2
!~ highwater capture: x.hwc: goes on after 1 sample
!~ highwater capture: x.hwc: 3 samples, [0-9.]+ (B|KiB)
$ highwater capture cat x.hwc --at +0 proc/meminfo /proc/vmstat
> MemTotal:       24684084 kB
> MemFree:        21257192 kB
> pgfault 1000
> pswpin 7
$ highwater capture cat x.hwc proc/vmstat
> pgfault 2000
> pswpin 7
$ highwater capture cat x.hwc proc/meminfo
! highwater capture: x.hwc: no 'proc/meminfo' at that time; 'highwater capture list' has the names
= 1
# Neither command lines nor environments are in it.
$ highwater capture list x.hwc --at +0 | grep -E 'proc/(meminfo|vmstat|1/)'
>~ \s*56  proc/meminfo
>~ \s*22  proc/vmstat
>...
$ highwater capture list x.hwc | grep -cE 'cmdline|environ'
> 0
= 1
$ highwater capture info x.hwc
>~ file +x.hwc, [0-9.]+ (B|KiB), .* a sample
> samples         3, in 2 chunks
>~ from  +20\d\d-.*
>~ to    +20\d\d-.* later
> damage          none
$ head -c $(($(stat -c %s x.hwc) - 5)) x.hwc >cut.hwc; highwater capture info cut.hwc | tail -n 2
>~ damage +\d+ B lost in 1 place
>~   at offset \d+, \d+ bytes: the file ends inside a record
$ highwater capture info --format json cut.hwc >cut.json; "$TOP/tools/check_json.py" "$TOP/docs/schema/capture.schema.json" cut.json
$ highwater capture --root . -o cut.hwc
!~ highwater capture: cut.hwc: goes on after 2 samples, with the unfinished one at its end cut off
!~ highwater capture: cut.hwc: 3 samples, [0-9.]+ (B|KiB)
# A signal ends it with a whole sample.
$ highwater capture -q --root . -o s.hwc 0.1 1000 & pid=$!; sleep 0.4; kill -TERM $pid; wait $pid; echo $?; highwater capture info s.hwc | grep damage
> 0
> damage          none
