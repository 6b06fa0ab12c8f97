# A sizing becomes a strategic-merge patch of a container in a manifest, and merges with it.
needs: file /usr/lib/python3/dist-packages/yaml/__init__.py
time: 60 s
@ shop.yaml
| # Source: shop/templates/deployment.yaml
| apiVersion: v1
| kind: Service
| metadata: {name: web}
| ---
| apiVersion: apps/v1
| kind: Deployment
| metadata:
|   name: web
|   namespace: shop
| spec:
|   template:
|     spec:
|       initContainers:
|       - {name: migrate, image: m}
|       containers:
|       - name: app
|         image: web:1
|         args: [serve]
|         resources: &r
|           requests: {cpu: 100m, memory: 256Mi}
|           limits: {cpu: 1, memory: 256Mi}
|       - name: proxy
|         image: envoy
|         resources: *r
| ---
| {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"}, "spec": {"jobTemplate": {"spec":
|   {"template": {"spec": {"containers": [{"name": "app", "image": "x"}]}}}}}}
@ merge.py
| import sys, yaml
| def merge(a, b):
|     if isinstance(a, dict) and isinstance(b, dict):
|         return {k: merge(a[k], b[k]) if k in a and k in b else a.get(k, b.get(k)) for k in {**a, **b}}
|     if isinstance(a, list) and isinstance(b, list):
|         by = {c["name"]: c for c in b}
|         assert set(by) <= {c["name"] for c in a}
|         return [merge(c, by.get(c["name"], {})) for c in a]
|     return b
| patch = yaml.safe_load(open(sys.argv[2]))
| for d in yaml.safe_load_all(open(sys.argv[1])):
|     if d["kind"] == patch["kind"] and d["metadata"]["name"] == patch["metadata"]["name"]:
|         whole = merge(d, patch)
|         spec = whole["spec"].get("jobTemplate", whole)["spec"]["template"]["spec"]
|         for c in spec.get("initContainers", []) + spec["containers"]:
|             print(c)
$ python3 -c 'import struct; open("a.bin", "wb").write(b"".join(struct.pack("<IQIq", 0, i % 2000, 4096, -1) for i in range(20000)))'; highwater trace import --quiet --from oracle --as anon a.bin -o a.hwt
$ highwater size a.hwt --swap 0 --thp never --patch shop.yaml --container web/app -o app.yaml; /usr/bin/python3 merge.py shop.yaml app.yaml
> {'name': 'migrate', 'image': 'm'}
>~ {'name': 'app', 'image': 'web:1', 'args': \['serve'\], 'resources': {'requests': {'cpu': '100m', 'memory': '[78]Mi'}, 'limits': {'cpu': 1, 'memory': '[89]Mi'}}}
> {'name': 'proxy', 'image': 'envoy', 'resources': {'requests': {'cpu': '100m', 'memory': '256Mi'}, 'limits': {'cpu': 1, 'memory': '256Mi'}}}
$ sed -n 1,3p app.yaml; grep '^# .* in the file' app.yaml
> # A strategic-merge patch of shop.yaml.
> # kubectl patch deployment web -n shop --patch-file THIS_FILE
> # Applying it replaces the pods: with the next limits they start anew, one after the other
>~ # requests.memory: 256Mi in the file; [78]Mi is 24[89].0 MiB less.
>~ # limits.memory: 256Mi in the file; [89]Mi is 24[78].0 MiB less.
$ highwater size a.hwt --swap 0 --thp never --format kubernetes --patch - --container nightly/app < shop.yaml -o night.yaml; /usr/bin/python3 merge.py shop.yaml night.yaml
>~ {'name': 'app', 'image': 'x', 'resources': {'requests': {'memory': '[78]Mi'}, 'limits': {'memory': '[89]Mi'}}}
$ highwater size a.hwt --swap 0 --patch shop.yaml --container migrate -o init.yaml; /usr/bin/python3 merge.py shop.yaml init.yaml | head -1
>~ {'name': 'migrate', 'image': 'm', 'resources': {'requests': {'memory': '[78]Mi'}, 'limits': {'memory': '[89]Mi'}}}

# What is wrong is said before anything is replayed.
$ highwater size a.hwt --patch shop.yaml --container db -o x
! highwater size: shop.yaml: no container 'db' in it; there are Deployment/web/app, Deployment/web/proxy, Deployment/web/migrate, CronJob/nightly/app
= 2
$ highwater size a.hwt --patch shop.yaml
! highwater size: shop.yaml: more than one container is in it, and none is named: Deployment/web/app, Deployment/web/proxy, CronJob/nightly/app; say --container KIND/WORKLOAD/NAME
= 2
$ highwater size a.hwt --patch nowhere.yaml
! highwater size: nowhere.yaml: cannot open: No such file or directory
= 1
$ highwater size a.hwt --patch shop.yaml --container web/app -o shop.yaml
! highwater size: --patch: 'shop.yaml' would be overwritten by its patch; name another --output
! Try 'highwater size --help'.
= 2
$ highwater size a.hwt --patch shop.yaml --container web/app --format json
! highwater size: --patch writes YAML for Kubernetes, and goes with no other --format
! Try 'highwater size --help'.
= 2
$ highwater size a.hwt --container app
! highwater size: --container goes with --patch FILE
! Try 'highwater size --help'.
= 2
$ python3 -c 'print("[" * 100000)' > deep.yaml; highwater size a.hwt --patch deep.yaml
! highwater size: deep.yaml:1:201: values inside each other more than 200 deep
= 2
