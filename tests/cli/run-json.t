# The JSON of run matches its schema, for every outcome, and the checker would notice if it did not.
$ highwater run --thp never "$EXAMPLES/python.hwt" --memory-max 60M --swap 1G --format json -o run.json
$ "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json" run.json
$ highwater run --thp never "$EXAMPLES/python.hwt" --memory-max 30M --format json -o oom.json
$ "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json" oom.json
$ grep -o '"outcome": "oom[a-z_]*"' oom.json | sort | uniq -c | sed 's/  *[0-9]* //'
> "outcome": "oom"
> "outcome": "oom_killed"
$ highwater run --thp never "$EXAMPLES/python.hwt" --memory-max 40M --swap 1G --swap-device hdd --max-slowdown 1.5 --format json -o thrash.json
$ "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json" thrash.json
$ grep '^  "outcome"' thrash.json
>   "outcome": "thrash",

# A missing key, an unknown one, a wrong type and a value out of range are found.
$ sed '/"virtual_ns"/d' run.json | "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json"
> -: /: 'virtual_ns' is missing
= 1
$ sed 's/"outcome": "completed"/"outcome": "fine", "extra": 1/' run.json | "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json"
>~ -: /outcome: 'fine' is none of .*
> -: /: 'extra' is not in the schema
= 1
$ sed 's/"pgfault": [0-9][0-9]*/"pgfault": "many"/; s/"pswpin": [0-9][0-9]*/"pswpin": -1/' run.json | "$TOP/tools/check_json.py" "$TOP/docs/schema/run.schema.json" | grep vmstat
> -: /vmstat/pswpin: -1 is less than 0
> -: /vmstat/pgfault: "many" is not of type integer
