# What does not begin as a trace is refused at once, even when it never ends.
time: 10 s
memory: 64 MiB
$ highwater run /dev/zero
! highwater run: /dev/zero: not a trace (.hwt): it does not begin with 'HWTC'
= 1
$ yes | highwater trace info -
! highwater trace: -: not a trace (.hwt): it does not begin with 'HWTC'
= 1
