# A small recording may ask for a machine that is large for the host: it is refused before, in a line that names the cure.
$ python3 -c 'for i in range(30000): print(f" L {0x10000000 + i * 0x200000:x},8")' >sparse.txt
$ highwater trace import -q --from lackey sparse.txt -o sparse.hwt
memory: 64 MiB
$ highwater run sparse.hwt --host-memory 60M
! highwater run: this takes more than the 60.0 MiB of the host's memory it may have; --host-memory SIZE allows more
= 1
memory: 400 MiB
$ highwater run -q sparse.hwt --host-memory 1G -f json | grep -v cpu_seconds >a; highwater run -q sparse.hwt -f json | grep -v cpu_seconds | cmp - a
$ highwater run sparse.hwt --host-memory 1
! highwater run: --host-memory: want at least 1M, not 1
! Try 'highwater run --help'.
= 2
