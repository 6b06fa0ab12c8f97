# Sleep is nobody's loss: comparisons tell the time in which something was done, as size and run do.
needs: valgrind
$ highwater record -q -o sleeps.hwt -- sleep 3
$ highwater run -q sleeps.hwt --compare disk=nvme,hdd -o table
$ sed -n '1p;4,5p' table
> sleeps.hwt under 2 settings; times without sleep, and over that of the first
>~ disk  outcome +time +faults +stall +usage
>~ nvme  completed +[0-9.]+ ms +1\.00x .*
$ highwater size -q sleeps.hwt --swap 0 --limits 64M --compare disk=nvme,hdd | sed -n '5p'
>~ nvme +[0-9.]+ ms .*
