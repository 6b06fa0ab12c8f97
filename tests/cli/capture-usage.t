# Wrong capture command lines say what would be right, and leave no file behind.
$ highwater capture
! highwater capture: needs -o FILE, the capture to write
! Try 'highwater capture --help'.
= 2
$ highwater capture -o x.hwc 5parsecs
!~ highwater capture: DELAY: .*; or info, list, cat, cut, anonymise or dump FILE
! Try 'highwater capture --help'.
= 2
$ highwater capture -o x.hwc 0.01
! highwater capture: DELAY 0.01: want 0.1 s to 24 h
! Try 'highwater capture --help'.
= 2
$ highwater capture -o x.hwc 1 0
! highwater capture: COUNT '0': want a number of samples
! Try 'highwater capture --help'.
= 2
$ highwater capture -o x.hwc --max-size 10K
! highwater capture: --max-size 10K: want at least 1 MiB
! Try 'highwater capture --help'.
= 2
$ highwater capture -o x.hwc --keep soon
!~ highwater capture: --keep: .*
! Try 'highwater capture --help'.
= 2
$ highwater capture -o x.hwc --at 03:10
! highwater capture: --at is for list and cat
! Try 'highwater capture --help'.
= 2
$ highwater capture cat x.hwc
! highwater capture: cat wants FILE and PATH
! Try 'highwater capture --help'.
= 2
$ highwater capture --root nowhere -o x.hwc
!~ highwater capture: nowhere.*
= 1
$ mkdir empty; highwater capture --root empty -o x.hwc
!~ highwater capture: empty.*
= 1
$ ls x.hwc 2>/dev/null
= 2
@ text.hwc
| not a capture, but somebody's text
$ highwater capture --root / -o text.hwc 1 1
! highwater capture: text.hwc: exists and is no capture (.hwc); name another file, or remove it
= 1
$ highwater capture info text.hwc
! highwater capture: text.hwc: not a capture (.hwc): it does not begin with 'HWCR'
= 1
$ highwater capture info /dev/zero
! highwater capture: /dev/zero: a capture is a regular file
= 1
$ highwater capture -q -o x.hwc 1 1 && highwater capture cat --at yesterday x.hwc proc/meminfo
! highwater capture: --at: 'yesterday' is no time: want 2026-11-25 03:10:00, 03:10, +90s from the start or -5min from the end
! Try 'highwater capture --help'.
= 2
$ highwater capture cut x.hwc
! highwater capture: cut needs -o FILE, the capture to write
! Try 'highwater capture --help'.
= 2
$ highwater capture cut -o y.hwc
! highwater capture: cut wants FILE
! Try 'highwater capture --help'.
= 2
$ highwater capture info x.hwc --to 03:10
! highwater capture: --to is for cut and dump
! Try 'highwater capture --help'.
= 2
$ highwater capture cut x.hwc --from +30h -o y.hwc
!~ highwater capture: --from: '\+30h' is outside of the capture, which is of .*
! Try 'highwater capture --help'.
= 2
$ highwater capture cut x.hwc --keep 1h -o y.hwc
! highwater capture: cut takes --from, --to, -o and --mode alone
! Try 'highwater capture --help'.
= 2
$ highwater capture cut text.hwc -o y.hwc
! highwater capture: text.hwc: not a capture (.hwc): it does not begin with 'HWCR'
= 1
$ ls y.hwc 2>/dev/null
= 2
$ highwater capture cut x.hwc -o y.hwc
!~ highwater capture: y.hwc: 1 sample of that time, .*
$ highwater capture list x.hwc > x.list; highwater capture list y.hwc | cmp - x.list
