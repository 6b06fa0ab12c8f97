# A small recording may ask for a machine that is large for the host: it is refused before, in a line that names the cure.
$ python3 -c 'for i in range(30000): print(f" L {0x10000000 + i * 0x200000:x},8")' >sparse.txt
$ highwater trace import -q --from lackey sparse.txt -o sparse.hwt
memory: 64 MiB
$ highwater run --thp never sparse.hwt --host-memory 60M
! highwater run: this takes more than the 60.0 MiB of the host's memory it may have; --host-memory SIZE allows more
= 1
memory: 400 MiB
$ highwater run --thp never -q sparse.hwt --host-memory 1G -f json >a; highwater run --thp never -q sparse.hwt -f json | cmp - a
$ highwater run --thp never sparse.hwt --host-memory 1
! highwater run: --host-memory: want at least 1M, not 1
! Try 'highwater run --help'.
= 2
# 192 bytes of another tool's trace become 4 million accesses: info streams them, the machine is refused.
$ python3 -c 'import sys, struct; sys.stdout.buffer.write(b"".join(struct.pack("<IQIq", i, i, 1 << 31, -1) for i in range(8)))' >objects.bin
$ highwater trace import -q --from oracle --as anon objects.bin -o objects.hwt
memory: 64 MiB
$ highwater trace info objects.hwt >info
memory: 150 MiB
$ highwater run --thp never objects.hwt --host-memory 100M
! highwater run: this takes more than the 100.0 MiB of the host's memory it may have; --host-memory SIZE allows more
= 1
$ highwater size --thp never objects.hwt --host-memory 100M
! highwater size: this takes more than the 100.0 MiB of the host's memory it may have; --host-memory SIZE allows more
= 1
# A file of 60 KB whose 400 streams are decoded side by side, each with a chunk of 1 MiB.
needs: zstd
memory: 64 MiB
$ python3 $TOP/tests/trace/many_streams.py >streams.hwt
memory: 260 MiB
$ highwater trace info streams.hwt --host-memory 200M
! highwater trace: this takes more than the 200.0 MiB of the host's memory it may have; --host-memory SIZE allows more
= 1
$ highwater run --thp never streams.hwt --host-memory 200M
! highwater run: this takes more than the 200.0 MiB of the host's memory it may have; --host-memory SIZE allows more
= 1
$ highwater size --thp never streams.hwt --host-memory 200M
! highwater size: this takes more than the 200.0 MiB of the host's memory it may have; --host-memory SIZE allows more
= 1
