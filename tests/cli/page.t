# -o NAME.html is a page, whole or not at all; report makes one of a result that was kept as JSON.
time: 60 s
$ highwater size -q "$EXAMPLES/demo.hwt" --thp never --limits 48M,96M --format json -o demo.json
$ highwater size -q "$EXAMPLES/demo.hwt" --thp never --limits 48M,96M -o direct.html && head -1 direct.html
> <!doctype html>
$ highwater report demo.json -o kept.html && diff direct.html kept.html | grep -c '^[<>]'
> 2
# The two differ in what the page is called; --format says what is written, whatever the name.
$ highwater size -q "$EXAMPLES/demo.hwt" --thp never --limits 96M --format html | grep -c '</html>'
> 1
$ highwater size -q "$EXAMPLES/demo.hwt" --thp never --limits 96M --format json -o x.html && head -c 1 x.html
> {
# The other verbs, and a capture or a recording as it is.
$ highwater run -q "$EXAMPLES/demo.hwt" --thp never --memory-max 48M -o run.html && grep -c '</html>' run.html
> 1
$ highwater run -q "$EXAMPLES/demo.hwt" --thp never --compare memory-max=48M -o y.html
!...
= 2
$ highwater run -q "$EXAMPLES/demo.hwt" --thp never --memory-max 48M --compare disk=nvme,hdd -o disks.html && grep -c 'data-kind="compare"' disks.html
> 1
$ highwater diagnose -q "$TOP/tests/incidents/swap-thrash-a.hwc" -o incident.html; echo $?; grep -c 'data-kind="diagnose"' incident.html
> 2
> 1
$ highwater report -q "$TOP/tests/incidents/swap-thrash-a.hwc" -o again.html && cmp incident.html again.html
$ highwater report -q "$EXAMPLES/demo.hwt" -o recording.html && grep -c 'data-kind="run"' recording.html
> 1
# What cannot be made a page of, and where no page can be.
$ highwater report demo.json
! highwater report: -o NAME.html is missing
! Try 'highwater report --help'.
= 2
$ highwater report demo.json -o page.txt
! highwater report: --output 'page.txt': want a name that ends with .html
! Try 'highwater report --help'.
= 2
$ mkdir folder.html; highwater report demo.json -o folder.html
!~ highwater report: folder.html: cannot create: Is a directory
= 1
$ highwater report demo.json -o missing/x.html
!~ highwater report: missing/x.html: cannot create: No such file or directory
= 1
$ highwater report missing.json -o y.html
! highwater report: missing.json: cannot open: No such file or directory
= 1
$ head -c 300 demo.json >cut.json; highwater report cut.json -o y.html
!~ highwater report: cut.json: not JSON from byte 300 on: it ends too early
= 1
$ echo 'kernel: Out of memory: Killed process 7 (java)' | highwater report - -o y.html
!~ highwater report: -: it is no result as --format json prints it, no capture and no recording; of a log .* 'highwater diagnose FILE -o NAME.html' makes a page
= 1
$ echo '{"a": 1}' | highwater report - -o y.html
!~ highwater report: -: it is JSON, but no result of highwater; want what .* with --format json
= 1
$ highwater explain pgfault --format html
! highwater explain: unknown format 'html', want text or json
! Try 'highwater explain --help'.
= 2
# A page of what cannot be told is made, and the exit code is explained.
$ mkdir -p bare/proc bare/sys; echo 1 2 3 >bare/proc/loadavg; highwater capture -q --root bare -o bare.hwc 0.1 1; highwater report -q bare.hwc -o told.html; echo $?; test -s told.html && rm -r bare bare.hwc told.html
> 1
!~ highwater diagnose: bare.hwc: cannot tell: .+
$ ls
> again.html
> cut.json
> demo.json
> direct.html
> disks.html
> folder.html
> incident.html
> kept.html
> recording.html
> run.html
> x.html
