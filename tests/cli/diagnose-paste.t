# diagnose takes whatever text there is of a machine: from files, directories, archives and the standard input, mixed.
@ ticket.txt
| Hello, why is it slow?
|
| > [root@web ~]# free -m
| >               total        used        free      shared  buff/cache   available
| > Mem:           7821        7402         131          12         287         152
| > Swap:          2047        2047           0
| > [root@web ~]# ps aux --sort=-rss | head -2
| > USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
| > tomcat      2133 45.0 73.4 9876544 5872025 ?     Sl   10:12 812:12 /usr/bin/java -jar app.jar
@ prose.txt
| The meeting is on Tuesday. Bring cake.
@ 13
| MemTotal:       16384000 kB
| MemAvailable:    8384000 kB
@ cut.log
| Sep  3 05:57:48 host1 kernel: [  10.5] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
| Sep  3 05:57:48 host1 kernel: [  10.5] Mem-Info:

$ highwater diagnose ticket.txt | head -3
> WARNING: java holds 5.6 GiB of 7.6 GiB (73 %) (and 2 more)
> text of ticket.txt; one sample, so no rates
> Read: free (line 4), processes: top, ps, smem, htop (line 8); 1 line not

$ gzip -c ticket.txt | highwater diagnose - | head -1
> WARNING: java holds 5.6 GiB of 7.6 GiB (73 %) (and 2 more)

$ highwater diagnose ticket.txt --format json | python3 -c 'import json,sys; print(json.load(sys.stdin)["source"]["read"])'
> Read: free (line 4), processes: top, ps, smem, htop (line 8); 1 line not understood (the first: line 1).

# Two files are one incident.
$ grep -A 3 free ticket.txt > a; grep -A 2 'ps aux' ticket.txt > b; highwater diagnose a b | head -1
> WARNING: java holds 5.6 GiB of 7.6 GiB (73 %) (and 2 more)

# What is cut is said to be.
$ highwater diagnose cut.log | grep -c 'ends within a report'
> 1

# Text of no known kind: what is read is listed.
$ highwater diagnose prose.txt
!~ highwater diagnose: prose.txt: no text of a known kind
!~ .*read are kernel and system logs behind any prefix, and: /proc/meminfo, .*uname -a.*
= 3

# A copy of /proc by what goes by a file's size is empty: how it is made is said, not what could be read.
$ mkdir -p tree/proc; : > tree/proc/meminfo; : > tree/proc/vmstat; highwater diagnose tree
!~ highwater diagnose: tree: its copies of /proc's files are empty: tar, rsync and .* copy with 'cp -r', .*
= 3
$ highwater diagnose tree/proc 2>&1 | grep -c 'are empty'
> 1

# A number is DELAY; the file of that name has another.
$ highwater diagnose --root . 13
!~ highwater diagnose: '13' is taken as a number; for the file or directory of that name say ./13
!...
= 3
$ highwater diagnose ./13 | head -1
>~ .* 8.0 GiB of 15.6 GiB available.*
$ highwater diagnose ticket.txt 5
!~ highwater diagnose: DELAY is for a live machine; 'ticket.txt' stands still
!...
= 3

# A directory of programs is not read as a log, whatever words they have; nor is one of many sources.
$ mkdir -p bin src; printf '#!/bin/sh\necho "cannot fork"\n' > bin/x; cp "$(command -v highwater)" bin/y; highwater diagnose bin
!~ highwater diagnose: bin: no text of a known kind, as far as 2 of its files were read
!~ .*read are kernel and system logs behind any prefix, and: /proc/meminfo, .*uname -a.*
= 3
$ for i in 1 2 3 4; do { yes '    sum += item->size;' | head -4000; echo 'fork: Cannot allocate memory'; } > src/$i.c; done; highwater diagnose src 2>&1 | head -1
> highwater diagnose: src: no text of a known kind, as far as 3 of its files were read
