# Wrong command lines exit with 2, name what is wrong and what was probably meant.
$ highwater
! highwater: a verb is missing
! Try 'highwater --help'.
= 2
$ highwater explan
! highwater: unknown verb 'explan'; did you mean 'explain'?
! Try 'highwater --help'.
= 2
$ highwater explain --fromat json
! highwater explain: unknown option '--fromat'; did you mean '--format'?
! Try 'highwater explain --help'.
= 2
# Where two options are as near, both are named.
$ highwater size --slowdown 1.2 app.hwt
! highwater size: unknown option '--slowdown'; did you mean '--max-slowdown' or '--usable-slowdown'?
! Try 'highwater size --help'.
= 2
$ highwater explain --format jsn
! highwater explain: unknown format 'jsn', want text or json
! Try 'highwater explain --help'.
= 2
$ highwater explain --format
! highwater explain: option '--format' wants a value
! Try 'highwater explain --help'.
= 2
$ highwater explain --names=3
! highwater explain: option '--names' takes no value
! Try 'highwater explain --help'.
= 2
$ highwater explain -x
! highwater explain: unknown option '-x'
! Try 'highwater explain --help'.
= 2

$ highwater --version
>~ highwater [0-9]+\.[0-9]+\.[0-9]+
$ highwater --help
> Usage: highwater VERB [options] [FILE] [-- COMMAND]
>...
# Every verb has help, on stdout, by --help, -h and 'help VERB'.
$ for verb in $(highwater --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do highwater $verb --help >a && highwater $verb -h >b && highwater help $verb >c && cmp a b && cmp a c && test -s a || echo "$verb fails"; done
