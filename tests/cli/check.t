# A budget is a gate: 0 fits, 1 does not, 2 usage, 3 cannot tell.
time: 120 s
$ python3 -c 'import struct; [open(f"{n}.bin", "wb").write(b"".join(struct.pack("<IQIq", 0, i % n, 4096, -1) for i in range(20000))) for n in (1000, 1020, 1500, 2000)]'
$ for n in 1000 1020 1500 2000; do highwater trace import --quiet --from oracle --as anon $n.bin -o $n.hwt; done
$ highwater check 1000.hwt --memory-max 64M --swap 0 --thp never
> FITS
>~   1000.hwt fits in 64.0 MiB: it needs 4.[0-9]+ MiB
$ highwater check 1000.hwt --memory-max 3M --swap 0 --thp never
> DOES NOT FIT
>~   1000.hwt does not fit in 3.0 MiB: it needs 4.[0-9]+ MiB, and with the budget ends in 'oom'
= 1
$ highwater check 1000.hwt 2000.hwt --memory-max 6M --swap 0 --thp never
> DOES NOT FIT
>~   1000.hwt fits in 6.0 MiB: it needs 4.[0-9]+ MiB
>~   2000.hwt does not fit in 6.0 MiB: it needs [78].[0-9]+ MiB, and with the budget ends in 'oom'
>~   2 recordings need from 4.[0-9]+ MiB \(1000.hwt\) to [78].[0-9]+ MiB \(2000.hwt\): a spread of .* of the largest.
= 1

# The need is that of size, and --slowdown its --usable-slowdown.
$ highwater check 1000.hwt 2000.hwt --memory-max 6M --swap 0 --thp never --format json -o old.json; echo $?
> 1
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/check.schema.json old.json
$ highwater size 2000.hwt --swap 0 --thp never --format json -o size.json
$ python3 -c 'import json; c = json.load(open("old.json")); s = json.load(open("size.json")); print(c["need_bytes"] == s["smallest_usable"]["bytes"], c["decided_by"], c["outcome"], [r["outcome"] for r in c["recordings"]], c["recordings"][0]["with_budget"]["usable"])'
> True 2000.hwt does not fit ['fits', 'does not fit'] True
$ highwater check 2000.hwt --memory-max 6M --swap 1G --swap-device zram --thp never --slowdown 50 -q | head -1
> FITS

# Against an earlier version: a change counts beyond the spread of its recordings, and 2 %.
$ highwater check 1000.hwt --memory-max 64M --swap 0 --thp never --format json -o one.json
$ highwater check 1020.hwt --swap 0 --thp never --against one.json | sed -n '1p;3p'
> FITS
>~   need against one.json is the same.*
$ highwater check 1500.hwt --swap 0 --thp never --against one.json
> DOES NOT FIT
>~   1500.hwt needs [56].* MiB
>~   need against one.json grew: [56].* MiB after 4.* MiB, more by .*, where runs differ by up to .*
= 1
$ highwater check 1500.hwt --swap 0 --thp never --against old.json | tail -1
>~   need against old.json is the same: .*, less by .*, where runs differ by up to 3.* MiB
$ highwater check 1000.hwt --swap 0 --thp never --against size.json --format json -o shrank.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/check.schema.json shrank.json
$ python3 -c 'import json; d = json.load(open("shrank.json")); print(d["against"]["change"], d["against"]["outcome"], d["memory.max"])'
> shrank fits None
$ highwater size 1000.hwt 2000.hwt --swap 0 --thp never --format json -o envelope.json; highwater check 1500.hwt --swap 0 --thp never --against envelope.json -q | head -1
> FITS

# What CI systems read.
$ highwater check 1000.hwt 2000.hwt --memory-max 6M --swap 0 --thp never --against one.json --format junit -o memory.xml; echo $?
> 1
$ python3 -c 'import xml.etree.ElementTree as x; s = x.parse("memory.xml").getroot()[0]; print(s.attrib["tests"], s.attrib["failures"], s.attrib["errors"], [(c.attrib["name"], c[0].tag) for c in s])'
> 3 1 0 [('1000.hwt', 'system-out'), ('2000.hwt', 'failure'), ('need against one.json', 'system-out')]
$ cp 1000.hwt '<&">#1.hwt'; highwater check '<&">#1.hwt' --memory-max 3M --swap 0 --thp never --format junit -o odd.xml; python3 -c 'import xml.etree.ElementTree as x; print(x.parse("odd.xml").getroot()[0][0].attrib["name"])'
> <&">#1.hwt
$ highwater check 1000.hwt 2000.hwt --memory-max 6M --swap 0 --thp never --format tap
> TAP version 14
> 1..2
>~ ok 1 - 1000.hwt fits in 6.0 MiB: it needs .*
>~ not ok 2 - 2000.hwt does not fit in 6.0 MiB: it needs .*
= 1
$ highwater check 1000.hwt 2000.hwt --memory-max 6M --swap 0 --thp never --format github
>~ ::notice title=highwater check::1000.hwt fits in .*
>~ ::error title=highwater check::2000.hwt does not fit in .*
= 1

# What cannot be told is a 3, unless what is there is too much already.
$ head -c -20 2000.hwt > cut.hwt
$ highwater check cut.hwt --memory-max 64M --swap 0 --thp never
> CANNOT TELL
>~   cut.hwt fits in 64.0 MiB: it needs .*, but the recording is incomplete, and what is missing may need memory too; record it again, or say --allow-incomplete
= 3
$ highwater check cut.hwt --memory-max 64M --swap 0 --thp never --allow-incomplete | head -1
> FITS
$ highwater check cut.hwt --memory-max 2M --swap 0 --thp never | head -1; highwater check cut.hwt --memory-max 2M --swap 0 --thp never -o /dev/null
> DOES NOT FIT
= 1
$ highwater check cut.hwt --memory-max 64M --swap 0 --thp never --against size.json -q --format json -o cut.json
= 3
$ highwater check 2000.hwt --swap 0 --thp never --against cut.json
! highwater check: cut.json: that result is of an incomplete recording, which may have needed more: record that version again
= 3
$ highwater check missing.hwt --memory-max 64M
! highwater check: missing.hwt: cannot read it: No such file or directory
= 3
$ highwater check 1000.hwt --memory-max 64M --against 1000.hwt
!~ highwater check: 1000.hwt: not JSON from byte .*
= 3
$ head -c 300 one.json > half.json; highwater check 1000.hwt --memory-max 64M --against half.json
!~ highwater check: half.json: not JSON from byte [0-9]+ on: it ends too early
= 3
$ highwater run 1000.hwt --format json -q > run.json; highwater check 1000.hwt --memory-max 64M --against run.json
! highwater check: run.json: it tells no need; want what 'check' or 'size' print with --format json
= 3
$ highwater check 1000.hwt --memory-max 64M --against one.json --slowdown 1.5
! highwater check: one.json: that need is one at 1.1 times the time without a limit, not 1.5: say --slowdown 1.1, or make that result again
= 3

# Usage.
$ highwater check 1000.hwt
! highwater check: no budget: say --memory-max SIZE, or --against OLD.json
! Try 'highwater check --help'.
= 2
$ highwater check 1000.hwt --memory-max max
! highwater check: --memory-max: everything fits in 'max'; want a size such as 64M
! Try 'highwater check --help'.
= 2
$ highwater check 1000.hwt --memory-max 64M --slowdown 0.9
! highwater check: --slowdown is at least 1, not 0.9
! Try 'highwater check --help'.
= 2
$ highwater check --memory-max 64M
! highwater check: FILE... is missing
! Try 'highwater check --help'.
= 2
$ highwater check 1000.hwt --memory-max 64M --format xml
! highwater check: unknown format 'xml', want text, json or one of junit|tap|github
! Try 'highwater check --help'.
= 2
