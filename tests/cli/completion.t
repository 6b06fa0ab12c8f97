# Completion of bash offers verbs, options, names and values.
needs: bash
@ complete.sh
| # complete.sh WORD...: what is offered for the last word
| . "$TOP/tools/completion/highwater.bash"
| COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
| _highwater 2>/dev/null
| printf '%s\n' "${COMPREPLY[@]}"
$ bash complete.sh highwater expl
> explain
$ bash complete.sh highwater explain --for
> --format
$ bash complete.sh highwater explain --format ""
> text
> json
$ bash complete.sh highwater explain pgmaj
> pgmajfault
$ bash complete.sh highwater run --set vm.swapp
> vm.swappiness=
$ bash complete.sh highwater size --compare sw
> swap=
> swap-device=
$ bash complete.sh highwater trace ve
> verify
$ bash complete.sh highwater run --swap-device z
> zram
$ bash complete.sh highwater size --disk n
> nvme
> network
$ bash complete.sh highwater run --zswap-compressor lz
> lzo-rle
> lzo
> lz4
$ bash complete.sh highwater explain -f j
> json
$ bash complete.sh highwater explain --kernel 6
> 6.1
> 6.12
$ bash complete.sh highwater capture li
> list
$ bash complete.sh highwater top --screen z
> zones
$ bash complete.sh highwater diagnose --only swap-t
> swap-thrash
