# calibrate writes a profile that --host reads; it leaves no file, and says what is wrong.
time: 60 s
$ mkdir disk
$ highwater calibrate -q --disk disk -o here.ini; ls -A disk
$ grep -c -E '^(cost\.(minor_fault|zero_page|copy_page|compress_zstd|instruction_x100)|read_latency|write_rate|queue_depth|disk) = ' here.ini
> 9
$ highwater calibrate -q --format json -o here.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/calibrate.schema.json here.json
$ python3 -c 'import json; d = json.load(open("here.json")); print(d["disk"], d["costs"]["cost.minor_fault"]["ns"] > 0, d["seconds"] < 30)'
> None True True

# Its costs and its disk are those of the machine; what the command line says counts more.
$ head -c 48000 /dev/zero | python3 -c 'import sys, struct; sys.stdout.buffer.write(b"".join(struct.pack("<IQIq", 0, i % 1000, 4096, -1) for i in range(20000)))' > o.bin
$ highwater trace import --quiet --from oracle --as anon o.bin -o o.hwt
@ p.ini
| [machine]
| disk = slow
| vm.swappiness = 33
| cost.minor_fault = 123456
| [device slow]
| profile = nvme
| read_latency = 5ms
$ highwater run -q --thp never o.hwt --host p.ini --format json -o run.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json
$ python3 -c 'import json; d = json.load(open("run.json")); m = d["machine"]; print(m["options"]["disk"], m["tunables"]["vm.swappiness"], d["busy_ns"] > 1000 * 123456, d["input"]["host_profile"])'
> slow 33 True p.ini
$ highwater run -q --thp never o.hwt --host p.ini --disk hdd --set cost.minor_fault=500 --set vm.swappiness=10 --format json -o over.json
$ python3 -c 'import json; d = json.load(open("over.json")); m = d["machine"]; print(m["options"]["disk"], m["tunables"]["vm.swappiness"], d["busy_ns"] > 1000 * 123456)'
> hdd 10 False
$ highwater size -q --thp never o.hwt --swap 0 --limits 2M,8M --host p.ini | grep -- --host
> Costs and the disk are those of p.ini (--host).
@ s.ini
| [machine]
| ram = 256M
| runtime = 1s
| [device own]
| profile = ssd
| swap = 16M
| [task a]
| memory = 1M
$ highwater run -q s.ini --host p.ini --format json -o s.json
$ python3 -c 'import json; m = json.load(open("s.json"))["machine"]; print(m["options"]["disk"], m["swap"][0]["device"])'
> slow own

$ highwater run -q o.hwt --host s.ini
! highwater run: --host: s.ini is a scenario; want a profile, which has [machine] and [device] alone ('highwater calibrate' writes one)
! Try 'highwater run --help'.
= 2
$ highwater run -q o.hwt --host none.ini
! highwater run: none.ini: cannot open it: No such file or directory
= 1
$ highwater run -q o.hwt --host p.ini --host p.ini
! highwater run: --host is given twice: p.ini and p.ini
! Try 'highwater run --help'.
= 2
$ highwater calibrate --disk nowhere
! highwater calibrate: nowhere: cannot make a file there: No such file or directory
= 1
