# The mode of transparent huge pages: the user's word, else that of the host which was recorded, else the kernel's.
$ highwater run --format json $TOP/tests/trace/host.hwt -o run.json; python3 -c 'import json; m=json.load(open("run.json"))["machine"]; print(m["options"]["thp"], m["tunables"]["transparent_hugepage/enabled"], m["tunables"]["transparent_hugepage/defrag"])'
> always always madvise
$ highwater run --thp madvise --format json $TOP/tests/trace/host.hwt -o run.json; python3 -c 'import json; m=json.load(open("run.json")); print(m["machine"]["tunables"]["transparent_hugepage/enabled"], "thp" in m["input"]["host_taken"])'
> madvise False
$ highwater run --set transparent_hugepage/enabled=never --format json $TOP/tests/trace/host.hwt -o run.json; python3 -c 'import json; m=json.load(open("run.json")); print(m["machine"]["tunables"]["transparent_hugepage/enabled"], "thp" in m["input"]["host_taken"])'
> never False
$ highwater run --format json $TOP/examples/demo.hwt -o run.json; python3 -c 'import json; m=json.load(open("run.json"))["machine"]; print(m["options"]["thp"], m["tunables"]["transparent_hugepage/enabled"])'
> None always
# The answer and the document tell about huge pages where there may be some, and whose layout a recording has.
$ highwater run --thp never $TOP/examples/pipeline.hwt | grep -c -i -e "huge pages"
> 0
= 1
$ highwater run $TOP/examples/pipeline.hwt | grep -e ^4 -e layout
> 4. Huge pages (always, defrag madvise)
>   Huge pages as in the recorder's layout: the recording does not say who chose its addresses.
$ highwater run --format json $TOP/examples/pipeline.hwt -o run.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json; python3 -c 'import json; h=json.load(open("run.json"))["huge_pages"]; print(h["enabled"], h["defrag"], h["layout"])'
> always madvise recorded
# Settings of huge pages are compared by what these do.
$ highwater run $TOP/examples/pipeline.hwt --compare thp=always,never | sed -n 4p
>~ thp +outcome +time .*pages +touched +walks +cost to make
# The machine's own files say the same.
$ highwater run -q --thp madvise --proc tree $TOP/examples/pipeline.hwt -o run.txt; cat tree/sys/kernel/mm/transparent_hugepage/enabled tree/sys/kernel/mm/transparent_hugepage/defrag tree/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none
> always [madvise] never
> always defer defer+madvise [madvise] never
> 511
# What does not exist is named, with what does.
$ highwater run --thp sometimes $TOP/examples/pipeline.hwt
! highwater run: --thp: unknown mode of huge pages 'sometimes'; known: always, madvise, never
! Try 'highwater run --help'.
= 2
$ highwater run --set transparent_hugepage/defrag=maybe $TOP/examples/pipeline.hwt
! highwater run: --set: transparent_hugepage/defrag is one of always|defer|defer+madvise|madvise|never, not 'maybe'
! Try 'highwater run --help'.
= 2
$ highwater run --set khugepaged/max_ptes_none=512 $TOP/examples/pipeline.hwt
! highwater run: --set: khugepaged/max_ptes_none goes from 0 to 511, not 512
! Try 'highwater run --help'.
= 2
@ bad.ini
| [machine]
| thp = on
$ highwater run bad.ini
! highwater run: bad.ini:2: thp: unknown mode of huge pages 'on'; known: always, madvise, never
= 2
$ highwater explain transparent_hugepage.defrag | sed -n 3p
>   Default madvise, of always|defer|defer+madvise|madvise|never; set with --set transparent_hugepage/defrag=VALUE.
# One setting has two names; saying it twice is a contradiction, whatever the values, and the last word of the command line wins over a scenario's.
$ highwater run --thp never --set transparent_hugepage/enabled=always $TOP/examples/pipeline.hwt
! highwater run: thp=never and transparent_hugepage/enabled=always set the same; want one of them
! Try 'highwater run --help'.
= 2
$ highwater run --set queue.read_ahead_kb=64 --readahead 128K $TOP/examples/pipeline.hwt
! highwater run: queue.read_ahead_kb=64 and readahead=128K set the same; want one of them
! Try 'highwater run --help'.
= 2
$ highwater run --compare thp=always,never --compare transparent_hugepage/enabled=always,never $TOP/examples/pipeline.hwt
! highwater run: --compare: thp and transparent_hugepage/enabled set the same; want one of them
! Try 'highwater run --help'.
= 2
@ advised.ini
| [machine]
| ram = 256M
| transparent_hugepage/enabled = madvise
| transparent_hugepage/defrag = never
| [task plain]
| memory = 16M
| requests = 1
| [task advised]
| memory = 16M
| madvise = hugepage
| requests = 1
$ highwater run advised.ini | sed -n -e '/^4/,/^$/p' -e '/^Tasks/,$p'
> 4. Huge pages (madvise, defrag never)
>~   Huge pages cover \d+ % .*
>~ .*
>~   anonymous, in huge pages   16\.0 MiB .*
>~     of it never touched .*
>~   page walks saved .*
>   huge pages at once                8  faults; for 0 more there was none free
> 
> Tasks
>~   task .*
>~   plain +1  1 ended +1 .*
>~   advised +1  1 ended +1 .*
$ sed 's/= madvise/= always/; s/= hugepage/= nohugepage/' advised.ini >not.ini; highwater run not.ini | grep 'at once'
>   huge pages at once                8  faults; for 0 more there was none free
$ highwater run advised.ini --thp never | grep -c '^4'
> 0
= 1
$ highwater run advised.ini --set transparent_hugepage/enabled=always | grep 'at once'
>   huge pages at once               16  faults; for 0 more there was none free
$ sed 's/= hugepage/= dontneed/' advised.ini >bad.ini; highwater run bad.ini
! highwater run: bad.ini:10: madvise is hugepage or nohugepage, not 'dontneed'
= 2
$ sed 's/^madvise = hugepage/hugetlb = yes\nmadvise = hugepage/' advised.ini >bad.ini; highwater run bad.ini
! highwater run: bad.ini:11: [task advised]: madvise is not for pages of the pool; want it without hugetlb
= 2
$ sed 's/defrag = never/defrag = sometimes/' advised.ini >bad.ini; highwater run bad.ini
! highwater run: bad.ini:4: transparent_hugepage/defrag is one of always|defer|defer+madvise|madvise|never, not 'sometimes'
= 2
$ sed 's/^ram/thp = never\nram/' advised.ini >bad.ini; highwater run bad.ini
! highwater run: bad.ini:4: thp and transparent_hugepage/enabled set the same; want one of them
= 2
$ sed 's/hugepage.defrag = never/hugepage\/enabled = never/' advised.ini >bad.ini; highwater run bad.ini
! highwater run: bad.ini:4: transparent_hugepage/enabled is given twice in [machine]
= 2
# Reads of memory that nobody has written share the huge page of zeros.
@ zeros.ini
| [machine]
| ram = 256M
| thp = always
| [task reader]
| memory = 16M
| fill = no
| touch = random
| writes = 0%
| requests = 100
$ highwater run zeros.ini | sed -n '/^4/,/^$/p'
> 4. Huge pages (always, defrag madvise)
>   No transparent huge page was used but that of zeros, which is read in place of memory that
>~   nobody has written; it saves .* of .* page walks\.
> 
