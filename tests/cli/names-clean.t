# Names that a recording carries cannot write to the terminal, nor spoil JSON.
$ printf 'I  04000000,4\n L 04001000,8\n' >t.txt; highwater trace import -q --from lackey t.txt -o t.hwt
$ b=$(printf '\033[2Jx\377'); cp t.hwt "$b"; highwater run -q "$b" | head -n 1
>~ Input     \?\[2Jx.
$ b=$(printf '\033[2Jx\377'); highwater run -q "$b" -f json | iconv -f UTF-8 -t UTF-8 | grep -c '\\u001b'
> 0
= 1
