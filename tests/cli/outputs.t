# Outputs appear whole, are made beside their place and follow no link; what is no file is written to as it is.
# A name that can be guessed, planted as a link: neither followed nor taken for the result.
$ echo precious >victim; for name in x.hwt x.hwt.tmp; do ln -s victim $name; done
$ yes ' L 1ffeffe7e0,8' | head -100 | highwater trace import --from lackey - -o x.hwt -q
$ cat victim; test -L x.hwt.tmp && test ! -L x.hwt && highwater trace verify x.hwt
> precious
>...
$ ln -sf victim y.hwc; highwater run --thp never "$EXAMPLES/demo.hwt" --capture y.hwc -q >out
! highwater run: y.hwc: exists already; a simulated capture is a new file
= 1
$ highwater capture -o y.hwc 0.1 1
! highwater capture: y.hwc: is a symbolic link; name the file itself
= 1
$ ln -sf victim y.txt; highwater explain pgfault -o y.txt && test ! -L y.txt && cat victim
> precious
# A descriptor by its name, whatever it is: a pipe, a file that is gone on with.
$ highwater explain pgfault -o /dev/stdout | head -1
> pgfault: counter
$ echo first >log; highwater explain pgfault -o /dev/stdout >>log; head -2 log; ls -d /dev/stdout
> first
> pgfault: counter
> /dev/stdout
$ highwater explain pgfault -o /dev/fd/3 3>three; head -1 three
> pgfault: counter
$ yes ' L 1ffeffe7e0,8' | head -100 | highwater trace import --from lackey - -o /dev/stdout -q | highwater trace verify - | head -1
>~ .*whole.*
$ mkfifo pipe; head -1 pipe & highwater explain pgfault -o pipe; wait
> pgfault: counter
$ highwater explain pgfault -o /dev/null
# What cannot be a result.
$ mkdir folder; highwater explain pgfault -o folder
! highwater explain: folder: cannot create: Is a directory
= 1
$ highwater capture -o folder 0.1 1
! highwater capture: folder: cannot open it for writing: Is a directory
= 1
$ highwater capture -o /dev/stdout 0.1 1
! highwater capture: /dev/stdout: is a symbolic link; name the file itself
= 1
# A disk that is full is called that, and costs no result that was there.
$ (ulimit -f 1; highwater explain -o y.txt)
! highwater explain: y.txt: cannot write: File too large
= 1
$ (ulimit -f 1; highwater run --thp never "$EXAMPLES/demo.hwt" --proc tree -q)
!~ highwater run: tree: cannot write [a-z0-9/_.]* in it: File too large
= 1
$ (ulimit -f 1; yes ' L 1ffeffe7e0,8' | highwater explain --names -o x.hwt)
! highwater explain: x.hwt: cannot write: File too large
= 1
$ head -1 y.txt; highwater trace verify x.hwt >out; ls
> pgfault: counter
> folder
> log
> out
> pipe
> three
> victim
> x.hwt
> x.hwt.tmp
> y.hwc
> y.txt
$ yes ' L 1ffeffe7e0,8' | head -100 | highwater trace import --from lackey - -o /dev/full -q
! highwater trace: /dev/full: cannot write: No space left on device
= 1
