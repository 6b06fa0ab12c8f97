# Names that a recording carries cannot write to the terminal, nor spoil JSON.
$ printf 'I  04000000,4\n L 04001000,8\n' >t.txt; highwater trace import -q --from lackey t.txt -o t.hwt
$ b=$(printf '\033[2Jx\377'); cp t.hwt "$b"; highwater run --thp never -q "$b" | head -n 1
>~ Input     \?\[2Jx.
$ b=$(printf '\033[2Jx\377'); highwater run -q "$b" -f json | iconv -f UTF-8 -t UTF-8 | grep -c '\\u001b'
> 0
= 1

# Neither on stdout nor on stderr does a name command a terminal, reorder a line or make two of one: ESC, CSI as U+009B, a right-to-left
# override, what has no width, a newline, bytes that are no UTF-8.
$ b=$(printf 'a\033[31m\302\233b\342\200\256c\342\200\213d\ne\200'); highwater run --thp never "$b.hwt"
!~ highwater run: a\?\[31m\?b\?c\?d\?e..hwt: .*
= 1
$ b=$(printf 'a\033[31m\302\233b\342\200\256c\342\200\213d\ne\200'); highwater "$b"
!~ highwater: unknown verb 'a\?\[31m\?b\?c\?d\?e.'
! Try 'highwater --help'.
= 2
$ b=$(printf 'a\033\302\233\342\200\256\n'); highwater diagnose --root / --cgroup "/$b." | LC_ALL=C grep -c "$(printf '[\033\233\256]')"
> 0
= 1
$ printf '[machine]\nram = 1\033[2J\302\233G\n' >x.ini; highwater run --thp never x.ini
!~ highwater run: x.ini:2: .*1\?\[2J\?G.*
= 2

# Names in the tree of a machine, in text and JSON.
$ d=tree/sys/fs/cgroup; mkdir -p $d/web; printf 'MemTotal: 1000000 kB\nMemFree: 500000 kB\nMemAvailable: 500000 kB\n' | { mkdir tree/proc; cat >tree/proc/meminfo; }
$ echo 4096 | tee tree/sys/fs/cgroup/memory.current >tree/sys/fs/cgroup/web/memory.current
$ printf 'h\033o\302\233st\n' >tree/proc/hostname; mkdir -p tree/proc/sys/kernel; cp tree/proc/hostname tree/proc/sys/kernel/hostname
$ mkdir tree/proc/7; printf '7 (\033]0;x\007\342\200\256) S 1 7 7 0 -1 0 1 0 1 0 0 0 0 0 20 0 1 0 1 1000000000 100000\n' >tree/proc/7/stat
$ highwater diagnose tree --explain >t.out; echo $?; highwater diagnose tree -f json >j.out; echo $?; python3 -c 'import json; json.load(open("j.out"))'; LC_ALL=C grep -c "$(printf '[\033\007\233\256]')" t.out j.out
> 0
> 0
> t.out:0
> j.out:0
= 1

# `capture cat` gives the bytes of a file as they were, but not to a terminal.
$ highwater capture -q --root tree -o tree.hwc; highwater capture cat tree.hwc proc/7/stat | cmp - tree/proc/7/stat
$ python3 -c 'import pty; pty.spawn(["highwater", "capture", "cat", "tree.hwc", "proc/7/stat"])' </dev/null | tr -d '\r'
> 7 (?]0;x??) S 1 7 7 0 -1 0 1 0 1 0 0 0 0 0 20 0 1 0 1 1000000000 100000
