# Recordings and captures are their owner's alone, and tell no secret of a command line (docs/privacy.md).
needs: valgrind
$ umask 0; highwater record -q -o x.hwt -- env PGPASSWORD=hunter2 sh -c 'exit 0' --token hunter3 https://bob:hunter4@example.org/
$ grep -c hunter x.hwt; stat -c %a x.hwt; highwater trace info x.hwt | grep ^command
> 0
> 600
> command         env PGPASSWORD=*** sh -c exit 0 --token *** https://bob:***@example.org/
$ highwater run --thp never x.hwt --format json | grep -c hunter
> 0
= 1
$ highwater record -q --mode 640 --no-args -o x.hwt -- sh -c 'exit 0' --name bob; stat -c %a x.hwt; highwater trace info x.hwt | grep ^command
> 640
> command         sh
$ umask 0; highwater capture -o z.hwc 0.1 1 -q; stat -c %a z.hwc; chmod 644 z.hwc; highwater capture -o z.hwc 0.1 1 -q; stat -c %a z.hwc
> 600
> 644
$ umask 077; highwater capture --mode 0644 -o y.hwc 0.1 1 -q; stat -c %a y.hwc
> 644
$ umask 0; highwater run --thp never x.hwt --capture s.hwc -o run.txt; stat -c %a s.hwc run.txt
> 600
> 666
$ umask 0; yes ' L 1ffeffe7e0,8' | head -100 | highwater trace import --from lackey - -o i.hwt -q; stat -c %a i.hwt
> 600
$ for mode in 0 077 1777 rw 64 999; do highwater capture -o n.hwc --mode $mode 0.1 1 2>&1 | head -1; done
> highwater capture: --mode: '0' is no mode of a file that you can read, want one from 400 to 777 such as 640
>...
$ ls n.hwc
!~ ls: .*
= 2
