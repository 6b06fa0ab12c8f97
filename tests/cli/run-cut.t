# A cut recording is replayed up to its last whole chunk, and the summary says so.
$ head -c 200000 "$EXAMPLES/demo.hwt" >cut.hwt; highwater run --thp never cut.hwt --memory-max 64M >cut.txt
$ grep -E '^(Outcome|Note)' cut.txt
>~ Outcome   completed after .*
>~ Note: the recording is (damaged|cut off).*
