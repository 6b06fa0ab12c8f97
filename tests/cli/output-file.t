# A result goes to --output whole or not at all.
$ highwater explain pgfault -o result.txt
$ head -1 result.txt
> pgfault: counter
$ highwater explain pgfault --format json --output=result.txt && head -c 1 result.txt
> {
# When it fails, what was there stays, and nothing half-written lies about.
$ highwater explain zzzzzzzzz -o result.txt
! highwater explain: unknown name 'zzzzzzzzz'
= 1
$ head -c 1 result.txt; ls
> {result.txt
$ highwater explain pgfault -o missing/result.txt
!~ highwater explain: missing/result.txt: cannot create: No such file or directory
= 1
$ highwater explain pgfault -o /dev/full
!~ highwater explain: /dev/full: cannot write: No space left on device
= 1
$ highwater explain pgfault >/dev/full
!~ highwater explain: cannot write to stdout: No space left on device
= 1
