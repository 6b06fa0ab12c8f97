# A recording can be imported, looked at, verified and dumped; damage is named with its place.
@ lackey.txt
| ==1== Lackey
| I  00401000,3
|  S 1ffeffe7e0,8
| I  00401003,4
|  L 00601018,4
$ highwater trace import --from lackey lackey.txt -o x.hwt
! highwater trace: 4 records, 3 events, 12.0 KiB touched
$ highwater trace verify x.hwt
> x.hwt: whole: 3 chunks, 9 events
$ highwater trace dump x.hwt
> # stream 1: pid 1, tid 1
> 1 0 proc_start @1 1 0 1 0 "lackey"
> 1 0 file @2 1 4095 1 268435456 0 "lackey:image@0"
> 1 0 mmap @3 0x400000 65536 7 0 1 4194304
> 1 1 exec 0x401000
> 1 0 mmap @4 0x1ffeff0000 65536 7 0 0 0
> 1 0 write 0x1ffeffe000
> 1 0 mmap @5 0x600000 65536 7 0 1 6291456
> 1 1 read 0x601000
> 1 0 exit_group @6 0
$ highwater trace info x.hwt | tail -4
> touched         4.0 KiB anonymous, 8.0 KiB of files
> at most         12.0 KiB at one time without a limit, of it 4.0 KiB anonymous at its own peak
> files           8.0 KiB  lackey:image@0
> besides         readahead, page tables and kernel memory: 'highwater run' and 'size' count them too
$ highwater trace info --format json x.hwt | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d["schema_version"], d["integrity"]["whole"], d["anon_pages"], d["ops"]["mmap"])'
> 1 True 1 3
$ head -c 150 x.hwt > cut.hwt; highwater trace verify cut.hwt
! highwater trace: cut.hwt: no usable stream: at offset 94 the file ends inside a chunk
= 1
$ head -c 240 /dev/zero | highwater trace import --quiet --from oracle - -o y.hwt
$ head -c $(($(stat -c %s y.hwt) - 1)) y.hwt > cut.hwt; highwater trace verify cut.hwt
>~ cut.hwt: damaged: usable up to offset \d+ of \d+, 16 events
>~   at offset \d+: the file ends inside a chunk \(cut\); \d+ bytes lost
= 1
$ highwater trace verify lackey.txt
! highwater trace: lackey.txt: not a trace (.hwt): it does not begin with 'HWTC'
= 1
$ highwater trace import --from lackey lackey.txt
! highwater trace: import needs -o FILE, the trace to write
! Try 'highwater trace --help'.
= 2
$ head -c 30 /dev/zero > oracle.bin; highwater trace import --from oracle oracle.bin -o z.hwt; ls z.hwt* 2>/dev/null
! highwater trace: oracle.bin: ends inside record 2 (of 24 bytes)
= 2
