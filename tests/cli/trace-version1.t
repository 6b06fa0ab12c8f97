# A recording of version 1 of the format, with every operation of it, is read for ever.
$ highwater trace verify $TOP/tests/trace/version1.hwt
>~ .*/version1.hwt: whole: 7 chunks, 87 events
$ highwater trace dump $TOP/tests/trace/version1.hwt | md5sum
> 3b1f3e67c20018690c7a4562a2823f7c  -
$ highwater trace dump $TOP/tests/trace/version1.hwt | cut -d' ' -f3 | sort -u | tr '\n' ' '
> 1: 2: 3: 4: brk close comm exec exit exit_group fadvise file fork fsync lost madvise mlock mlockall mmap mprotect mremap munlock munmap oom_score_adj open proc_start punch read thread_start truncate unlink wait write 
$ highwater trace info $TOP/tests/trace/version1.hwt | grep -A2 touched
> touched         136.0 KiB anonymous, 72.0 KiB of files
> at most         192.0 KiB at one time without a limit, of it 128.0 KiB anonymous at its own peak
> files           72.0 KiB  /data/file
$ highwater run --thp never $TOP/tests/trace/version1.hwt | grep -e Outcome -e Note
> Outcome   completed after 1.22 ms of virtual time, 634 us of it asleep
> Note: the recording is incomplete: it lacks system calls that the recorder could not follow (3).
$ highwater size --thp never $TOP/tests/trace/version1.hwt --limits 8M | tail -2
> Note: the recording is incomplete: it lacks system calls that the recorder could not follow (3).
> What is missing may need memory too.
$ highwater size --thp never $TOP/tests/trace/version1.hwt --limits 8M --format json | python3 $TOP/tools/check_json.py $TOP/docs/schema/size.schema.json -
$ highwater run --thp never $TOP/tests/trace/version1.hwt --format json | python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json -
$ python3 $TOP/tests/record/hwt.py --summary $TOP/tests/trace/version1.hwt 2>/dev/null
>~ streams=4 access=52 .*
