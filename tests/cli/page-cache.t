# Which files held the page cache: all rows together are what the counters of the machine say; a file that is read once is not used again.
time: 60 s
@ sums.py
| import json, sys
| doc = json.load(sys.stdin)
| cache, stat = doc["page_cache"], doc["fullest"]["memory.stat"]
| total = lambda key: sum(row[key] for row in cache["files"]) + cache["others"][key]
| print("lost:", total("lost_bytes") == 4096 * doc["vmstat"]["workingset_refault_file"], total("lost_bytes") > 0)
| print("cached:", total("cached_bytes") == stat["file"] - stat["shmem"])
| print("ordered:", all(row["lost_bytes"] <= row["evicted_bytes"] <= row["brought_bytes"] >= row["used_again_bytes"] for row in cache["files"]))
| for row in cache["files"] if len(sys.argv) > 1 else []:
|     print(row["path"], round(100 * row["used_again_bytes"] / row["brought_bytes"]), "% used again")
$ highwater run "$EXAMPLES/demo.hwt" --thp never --memory-max 48M --format json | python3 sums.py
> lost: True True
> cached: True
> ordered: True
$ highwater run "$EXAMPLES/python.hwt" --thp never --memory-max 40M --swap 1G --lru mglru --format json | python3 sums.py
> lost: True True
> cached: True
> ordered: True
$ highwater run "$TOP/scenarios/healthy-cache.ini" --format json | python3 sums.py paths
> lost: True False
> cached: True
> ordered: True
> /data/backup 0 % used again
> /data/db 100 % used again
# The text names the files that lost pages, where some were.
$ highwater run "$EXAMPLES/demo.hwt" --thp never --memory-max 48M | grep -A1 'file refaults'
>~   file refaults +36,... +pages read again soon after eviction
>~     of them +35,... +of /tmp/highwater-examples/shop\.db
$ highwater run "$EXAMPLES/demo.hwt" --thp never | grep -c 'of them  '
> 0
= 1
# A mapped file of 40 MiB: read once in order none of it is used again; read twice all of it is.
@ once.ini
| [machine]
| ram = 1G
| cpus = 1
| thp = never
| runtime = 2s
| [file data]
| size = 40M
| [task reader]
| file = data
| map = seq
| rate = 1000/s
| requests = 160
$ highwater run once.ini --format json | python3 sums.py paths | tail -1
> /data/data 0 % used again
$ sed 's/^requests = .*/requests = 320/' once.ini >twice.ini; highwater run twice.ini --format json | python3 sums.py paths | tail -1
> /data/data 100 % used again
