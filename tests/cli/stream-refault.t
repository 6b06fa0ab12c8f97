# A stream that once read a page again is not taken to read all again for the rest of its life.
@ stream.ini
| [machine]
| ram = 256M
| runtime = 10s
| kernel = 6.12
| [file data]
| size = 4G
| [task reader]
| file = data
| read = seq
| block = 128K
| [task heap]
| memory = 125M
| touch = sparse:2
| rate = 100/s
$ highwater run -q stream.ini -o out
# Some pages were, and what was waited for them are milliseconds of 8 s of reading.
$ grep -E 'hardly needed|files read again|other waiting|file refaults' out
>   No: what was reclaimed was hardly needed again.
>~     files read again +[0-9.]+ ms
>~   other waiting for I/O +[0-9.]+ s .*
>~   file refaults +[1-9][0-9]* .*
