# Policies and affinities of a recording hold on the machine that plays it, as far as it has their nodes and CPUs.
$ highwater trace dump $TOP/tests/trace/nodes.hwt | grep -v -e "^#" -e mmap -e write -e proc -e exit
> 1 5 set_mempolicy @3 3 7
> 1 5 affinity @4 100 2
> 1 5 mbind @5 0x10000000 4194304 32770 2 0
> 1 5 home_node @6 0x10000000 4194304 1
> 1 5 set_mempolicy @7 2 16
> 1 5 migrate_pages @8 0 2 1
> 1 5 move_pages @9 0x10000000 8192 0 0 2
> 1 5 numa_refused @10 33 2 8 22
> 1 5 numa_refused @11 33 2 8 22
> 1 5 numa_refused @12 37 0 12 1
$ highwater run --thp never --nodes 2 --cpus 2 --proc two $TOP/tests/trace/nodes.hwt | grep 'recording sets'
> Note: the recording sets 2 memory policies or CPU affinities with nodes or CPUs that this machine has not (--nodes, --cpus): 1 did nothing, since it has none of theirs; of others those count that it has.
$ awk '/interleave_hit/ { n += $2 } END { print (n > 1000) }' two/sys/devices/system/node/node*/numastat
> 1
$ highwater run $TOP/tests/trace/nodes.hwt | grep 'recording sets'
> Note: the recording sets 5 memory policies or CPU affinities with nodes or CPUs that this machine has not (--nodes, --cpus): 4 did nothing, since it has none of theirs; of others those count that it has.
# Which policies, with the nodes of the host that it was made on, and that they count before options.
$ highwater trace info $TOP/tests/trace/nodes.hwt | grep ^policies
>~ policies        set_mempolicy interleave:0-2, mbind .*, set_mempolicy bind:4
$ highwater run $TOP/tests/trace/nodes.hwt --nodes 2 --cpus 2 --membind 1 | grep 'itself sets'
>~   .*: the recording itself sets its memory policy, interleave:0-1; the one of the command line does not count for it.
# Without an option nothing is said of one.
$ highwater run $TOP/tests/trace/nodes.hwt --nodes 2 --cpus 2 | grep 'itself sets'
>~   .*: the recording itself sets its memory policy, interleave:0-1.
# What the host of the recording refused the program, it runs without here as well.
$ highwater trace info $TOP/tests/trace/nodes.hwt | grep ^refused
> refused         mbind bind:3 (EINVAL, 2 times), affinity 2-3 (EPERM)
$ highwater trace info --format json $TOP/tests/trace/nodes.hwt | python3 -c 'import json, sys; print(*[(p["call"], p["times"], p["error"]) for p in json.load(sys.stdin)["policies"] if "error" in p])'
> ('mbind bind:3', 2, 'EINVAL') ('affinity 2-3', 1, 'EPERM')
$ highwater run $TOP/tests/trace/nodes.hwt --nodes 5 --cpus 2 | tail -1
> Note: when it was recorded, the host refused the program 3 calls that place memory or tasks (`highwater trace info` names them): it runs without, as it did there. --membind, --interleave and --preferred give a policy here.
$ highwater run $TOP/tests/trace/nodes.hwt --nodes 5 --cpus 2 --format json -o run.json; python3 $TOP/tools/check_json.py $TOP/docs/schema/run.schema.json run.json; python3 -c 'import json; print(json.load(open("run.json"))["replay"]["policies_refused"])'
> 3
