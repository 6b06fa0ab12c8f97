# What huge pages did is told of the moment with most anonymous memory, whatever cache filled before, and after the mode became never.
@ never.ini
| [machine]
| ram = 256M
| runtime = 3s
| thp = always
| transparent_hugepage/defrag = always
| [file f]
| size = 512M
| [task reader]
| file = f
| read = seq
| block = 128K
| rate = 4000/s
| stop = 2s
| [task a]
| start = 2s
| memory = 32M
| [write x]
| at = 2500ms
| file = /sys/kernel/mm/transparent_hugepage/enabled
| value = never
$ highwater run -q never.ini | grep -e '^4' -e 'anonymous, in huge'
> 4. Huge pages (never, defrag always)
>~   anonymous, in huge pages +(8|10|12|14|16|18|20)\.0 MiB +[0-9]+ %  of it, when it was most
# Memory that is taken and lost inside one call is part of the fullest moment; what is locked is named as what filled the limit.
@ lock.ini
| [machine]
| ram = 256M
| swap = 64M
| [cgroup a]
| memory.max = 20M
| [task heap]
| cgroup = a
| memory = 30M
| lock = yes
| stop = 1s
$ highwater run -q lock.ini --proc tree | grep -e ^1 -e '  anonymous  '; highwater diagnose -q tree | head -1
>~ 1\. Used for what \(at the fullest moment: (19\.[0-9]|20\.0) MiB\)
>~   anonymous +1[0-9]\.[0-9] MiB .*
>~ CRITICAL: Locked memory \(mlock, ramfs, SHM_LOCK\) holds 1[0-9]\.[0-9] MiB of the limit of /a \(20\.0 MiB\); most is held by heap
