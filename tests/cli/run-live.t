# Files of processes that live when a replay is cut short agree with each other and with the cgroup's.
$ highwater run --thp never "$EXAMPLES/python.hwt" --memory-max 60M --swap 1G --swap-device hdd --max-slowdown 1.2 --proc tree | grep ^Outcome
>~ Outcome   thrash after .*; 1\.[0-9]* x the .* it takes without a limit
$ cd tree/proc/[1-9]*/ && pwd | grep -o '[0-9]*$' | cmp - ../../sys/fs/cgroup/app/cgroup.procs
$ cd tree/proc/[1-9]*/ && cat comm cgroup
> python3
> 0::/app
$ cd tree/proc/[1-9]*/ && test "$(awk '/^VmRSS:/{print $2}' status)" = "$(awk '/^Rss:/{print $2}' smaps_rollup)" && awk '/^VmRSS:/{exit !($2 > 10000)}' status
$ cd tree/proc/[1-9]*/ && test "$(awk '/^VmSwap:/{print $2}' status)" = "$(awk '/^Swap:/{print $2}' smaps_rollup)"
$ cd tree/proc/[1-9]*/ && awk '/^(Shared|Private)_(Clean|Dirty):/{sum += $2} /^Rss:/{rss = $2} END{exit sum != rss}' smaps_rollup
$ cd tree/proc/[1-9]*/ && test "$(awk '/^VmSize:/{print $2 / 4}' status)" = "$(awk '{print $1}' statm)"
# The ranges of maps ascend, do not overlap, and add up to VmSize.
$ cd tree/proc/[1-9]*/ && python3 -c "r=[[int(x,16) for x in l.split()[0].split('-')] for l in open('maps')]; print(all(a[1]<=b[0] for a,b in zip(r,r[1:])), sum(b-a for a,b in r)//1024)" >maps.sum && awk '/^VmSize:/{print "True", $2}' status | cmp - maps.sum
# Zones add up to the machine, lists to their parts.
$ cd tree/proc && test "$(awk '$1 == "nr_free_pages"{sum += $2} END{print sum}' zoneinfo)" = "$(awk '$1 == "nr_free_pages"{print $2}' vmstat)"
$ cd tree/proc && test "$(awk '{for (i = 5; i <= NF; i++) sum += $i * 2^(i-5)} END{printf "%d", sum}' buddyinfo)" = "$(awk '$1 == "nr_free_pages"{print $2}' vmstat)"
$ cd tree/proc && awk '{v[$1] = $2} END{exit v["Active:"] + v["Inactive:"] != v["Active(anon):"] + v["Active(file):"] + v["Inactive(anon):"] + v["Inactive(file):"] || v["SwapFree:"] >= v["SwapTotal:"] || v["Committed_AS:"] < v["AnonPages:"]}' meminfo
$ cd tree && test "$(awk '$1 == "pgmajfault"{print $2}' proc/vmstat)" = "$(awk '$1 == "pgmajfault"{print $2}' sys/fs/cgroup/memory.stat)"
