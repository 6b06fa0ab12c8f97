# The log tells one failed allocation in 10 s, and before the next how many it kept to itself, as Linux does.
@ array.ini
| [machine]
| ram = 512M
| runtime = 11s
| [file data]
| size = 8G
| [task reader]
| file = data
| read = seq
| block = 128K
| [task heap]
| memory = 250M
| touch = sparse:2
| rate = 100/s
| [task fs]
| array = 2M
| rate = 10/s
$ highwater run -q array.ini --proc tree -o out
$ grep -oE 'warn_alloc: [0-9]+ callbacks suppressed|fs: page allocation failure: order:9' tree/var/log/dmesg
> fs: page allocation failure: order:9
>~ warn_alloc: [1-9][0-9]* callbacks suppressed
> fs: page allocation failure: order:9
