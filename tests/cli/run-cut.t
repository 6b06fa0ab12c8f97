# A cut recording is replayed up to its last whole chunk; the answer says so, and the exit code is 1 unless that is allowed.
$ head -c 200000 "$EXAMPLES/demo.hwt" >cut.hwt; highwater run --thp never cut.hwt --memory-max 64M >cut.txt; echo $?
> 1
$ grep -E '^(Outcome|Note)' cut.txt
>~ Outcome   completed after .*
>~ Note: the recording is (damaged|cut off).*
$ highwater run -q --thp never cut.hwt --memory-max 64M --allow-incomplete >/dev/null
$ highwater size -q --thp never cut.hwt --limits 64M | grep -A1 '^Note'
>~ Note: the recording is incomplete: it is damaged at byte .*
>...
$ highwater size --thp never cut.hwt --limits 64M -o size.txt
! highwater size: cut.hwt is incomplete: exit code 1 (--allow-incomplete: 0)
= 1
$ highwater size --thp never cut.hwt --limits 64M --allow-incomplete --format json | python3 -c 'import json,sys; print([i["reason"] for i in json.load(sys.stdin)["incomplete"]])'
>~ \[.*'damage'.*\]
