# What is promised is joined with what recordings need, and the worst comes first.
time: 60 s
@ k8s.json
| {"kind": "List", "items": [
|  {"kind": "Deployment", "metadata": {"name": "words", "namespace": "prod"}, "spec": {"replicas": 9, "template": {"spec": {"containers": [{"name": "app"}]}}}},
|  {"kind": "Pod", "metadata": {"name": "words-7d-a", "namespace": "prod", "labels": {"pod-template-hash": "7d"}, "ownerReferences": [{"kind": "ReplicaSet", "name": "words-7d"}]},
|   "spec": {"nodeName": "n1", "containers": [{"name": "app", "resources": {"requests": {"memory": "100Mi"}, "limits": {"memory": "1Gi"}}}]}},
|  {"kind": "Pod", "metadata": {"name": "words-7d-b", "namespace": "prod", "labels": {"pod-template-hash": "7d"}, "ownerReferences": [{"kind": "ReplicaSet", "name": "words-7d"}]},
|   "spec": {"nodeName": "n2", "containers": [{"name": "app", "resources": {"requests": {"memory": "100Mi"}, "limits": {"memory": "1Gi"}}}]}},
|  {"kind": "Pod", "metadata": {"name": "tiny", "namespace": "stage"}, "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "reg:5000/x/words:3", "resources": {"limits": {"memory": "16Mi"}}}]}},
|  {"kind": "StatefulSet", "metadata": {"name": "db", "namespace": "stage"}, "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "db"}]}}}}]}
@ docker.json
| [{"Name": "/queue", "HostConfig": {"Memory": 104857600}, "Config": {"Image": "rabbit:3"}, "State": {"Running": true}},
|  {"Name": "/gone", "HostConfig": {"Memory": 1}, "Config": {"Image": "x"}, "State": {"Running": false}}]
@ units.txt
| Id=batch.service
| MemoryMax=infinity
| MemoryHigh=33554432
| Slice=system.slice
| ActiveState=active
$ highwater fleet
! highwater fleet: fleet.db: there is no such store; 'highwater size FILE --store fleet.db' makes one
= 1
$ highwater size $EXAMPLES/python.hwt --swap 0 --store fleet.db --service words -q -o o && highwater size $EXAMPLES/pipeline.hwt --swap 0 --store fleet.db --service sort -q -o o
$ highwater fleet import k8s.json -q && highwater fleet import docker.json --node h1 -q && highwater fleet import units.txt --node h1 --map batch=sort --map unused=sort
! highwater fleet: fleet.db: 1 rows of requests and limits imported
$ highwater fleet import k8s.json -q && highwater fleet
> fleet.db: services with results 2, containers and units imported 8
>
>~ promised   316\.0 MiB as requests \(limits where there is no request\)
>~ needed     [0-9.]+ MiB by the 4 that are measured, which are promised 216\.0 MiB \([0-9]+ %\)
>~ waste      1\.8 GiB of limits above the need
> at risk    1 killed by their limit
> besides    1 without a limit, 1 not measured, 2 fit
>
> service        times    request      limit       peak       need     to set      waste  risk
>~ stage/tiny/c       1          -   16\.0 MiB   8.\.. MiB   7.\.. MiB   8.\.. MiB        0 B  killed
>~ stage/db           3          -          -          -          -          -          -  no limit
>~ prod/words/app     2  100\.0 MiB    1\.0 GiB   8.\.. MiB   7.\.. MiB   8.\.. MiB    1\.8 GiB  fits
>~ batch\.service      1          -   32\.0 MiB   3.\.. MiB   2.\.. MiB   2.\.. MiB          -  fits
>~ queue              1          -  100\.0 MiB          -          -          -          -  not measured
>...
$ highwater fleet --format json -o f.json && python3 $TOP/tools/check_json.py $TOP/docs/schema/fleet.schema.json f.json && highwater report f.json -o f.html && grep -c 'data-kind="fleet"' f.html
> 1
$ highwater fleet --sort waste --format csv | cut -d, -f 1-8,10 | head -n 2
> source,namespace,workload,container,node,service,risk,replicas,limit_bytes
> kubernetes,prod,words,app,2 nodes,words,fits,2,1073741824
# The same again changes nothing; what is not understood changes nothing either.
$ highwater fleet >before; highwater fleet import k8s.json docker.json -q --node h1; echo '{"kind": "Pod", "spec": {"containers": [{"name": "a", "resources": {"limits": {"memory": "64 MB"}}}]}}' | highwater fleet import k8s.json -; highwater fleet | diff before - && echo same
> same
! highwater fleet: -: unknown quantity '64 MB' in resources.limits.memory; want such as 128Mi or 1G
$ highwater fleet forget words sort && highwater fleet | head -n 1
> fleet.db: services with results 0, containers and units imported 8
! highwater fleet: 1 results of 'words' are forgotten
! highwater fleet: 1 results of 'sort' are forgotten
$ highwater fleet import
! highwater fleet: import wants files, or - for what is piped in
! Try 'highwater fleet --help'.
= 2
$ head -c 8192 fleet.db >cut.db; highwater fleet --store cut.db 2>&1 | sed 's/(.*)/(...)/'
> highwater fleet: cut.db: the store is damaged (...); 'sqlite3 FILE .recover' saves what is left
