# The JSON of diagnose matches its schema, live, of captures and simulated machines, and the checker would notice if it did not.
$ highwater diagnose --format json >live.json; python3 "$TOP/tools/check_json.py" "$TOP/docs/schema/diagnose.schema.json" live.json
$ highwater run --thp never "$TOP/scenarios/container-oom-healthy-node.ini" --capture c.hwc --proc tree -q >/dev/null
$ highwater diagnose c.hwc --format json --explain >c.json
= 2
$ highwater diagnose tree --format json >tree.json; python3 "$TOP/tools/check_json.py" "$TOP/docs/schema/diagnose.schema.json" c.json tree.json
$ python3 -c 'import json; d=json.load(open("c.json")); f=d["findings"][0]; print(d["verdict"], d["source"]["kind"], f["rule"], f["scope"], f["severity"])'
> critical capture cgroup-oom /shop critical
$ sed 's/"verdict": "critical"/"verdict": "fine"/; s/"confidence"/"certainty"/' c.json | python3 "$TOP/tools/check_json.py" "$TOP/docs/schema/diagnose.schema.json" | grep -c "fine\|certainty"
>~ [0-9]+

# Only the group asked for.
$ highwater diagnose c.hwc --cgroup shop --format json >shop.json; python3 -c 'import json; d=json.load(open("shop.json")); print({f["scope"] for f in d["findings"]}, d["accounting"]["scope"], [r["scope"] for r in d["reconciliation"]])'
> {'/shop'} /shop ['/shop']

# --at names a moment: before the kill all was well.
$ highwater diagnose c.hwc --at +1s --quiet
>~ HEALTHY: .*

# A simulated capture is the same, byte for byte, and is not written over.
$ highwater run --thp never "$TOP/scenarios/container-oom-healthy-node.ini" --capture d.hwc -q >/dev/null && cmp c.hwc d.hwc
$ highwater run --thp never "$TOP/scenarios/container-oom-healthy-node.ini" --capture d.hwc -q
!~ highwater run: d.hwc: exists already; .*
= 1
