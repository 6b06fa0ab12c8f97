# Every device has a name of its own, which no other's looks like a part of.
@ two.ini
| [machine]
| ram = 64M
| swap = 64M
| runtime = 100ms
| [device sda1]
| profile = ssd
| swap = 32M
| [file f]
| size = 1M
| device = hdd
| [task a]
| memory = 1M
$ highwater run -q --thp never two.ini --proc tree >/dev/null; awk '{ print $1, $3 }' tree/proc/diskstats; cut -d' ' -f1 tree/proc/swaps | tail -n +2 | sort
> 259 nvme0n1
> 8 sdb
> 259 nvme1n1
> 8 sda1
> /dev/nvme1n1
> /dev/sda1
$ sed 's/^swap = 64M/&\nswap_device = sda1/' two.ini >twice.ini; highwater run twice.ini
! highwater run: twice.ini:8: swap is given here and in [machine] for device 'sda1'; want it once: there is one area on a device
= 2
