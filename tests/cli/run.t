# A replay answers the three questions in order, and a tighter limit costs more.
$ highwater run --thp never "$EXAMPLES/python.hwt" >free.txt
$ grep -E '^(Input|Machine|Group|Outcome|[123]\.|Processes)' free.txt
>~ Input     .*/python.hwt \(python3 .*\)
>~ Machine   Linux 6.1, [0-9]+ CPUs?, 64.0 GiB RAM, no swap, files on nvme
> Group     /app, no memory.max
>~ Outcome   completed after .* of virtual time
>~ 1. Used for what \(at the fullest moment: [0-9.]+ MiB\)
> 2. How expensive to reclaim (at the same moment)
> 3. Did it hurt
> Processes
$ grep 'No: memory was never short.' free.txt
>   No: memory was never short.

# With swap and half the memory it swaps, and says so.
$ highwater run --thp never "$EXAMPLES/python.hwt" --memory-max 40M --swap 1G --swap-device ssd >tight.txt
$ grep -E '^(Machine|Group)' tight.txt
>~ Machine   .*, 1024.0 MiB swap on ssd, files on nvme|Machine   .*, 1.0 GiB swap on ssd, files on nvme
> Group     /app, memory.max 40.0 MiB
$ grep -cE 'pages swapped (in|out) +[1-9]' tight.txt
> 2
