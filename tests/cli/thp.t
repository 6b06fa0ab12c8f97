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
= 1
$ highwater explain transparent_hugepage.defrag | sed -n 3p
>   Default madvise, of always|defer|defer+madvise|madvise|never; set with --set transparent_hugepage/defrag=VALUE.
