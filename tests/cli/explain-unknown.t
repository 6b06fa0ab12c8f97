# An unknown name is answered with the nearest ones and exit code 1.
$ highwater explain pgmajfualt
! highwater explain: unknown name 'pgmajfualt'; did you mean 'pgmajfault'?
= 1
$ highwater explain vm.swapiness
! highwater explain: unknown name 'vm.swapiness'; did you mean 'vm.swappiness'?
= 1
$ highwater explain refault
!~ highwater explain: unknown name 'refault'; did you mean 'workingset_refault_anon'.*
= 1
$ highwater explain zzzzzzzzz
! highwater explain: unknown name 'zzzzzzzzz'
= 1
# Of several names the known ones are explained, and the exit code tells of the others.
$ highwater explain pgfault zzzzzzzzz | head -1
> pgfault: counter
! highwater explain: unknown name 'zzzzzzzzz'
$ highwater explain pgfault zzzzzzzzz >/dev/null
! highwater explain: unknown name 'zzzzzzzzz'
= 1
