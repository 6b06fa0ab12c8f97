# A swap area is turned off while a program uses it; what was in it goes to the area that was turned on before.
@ move.ini
| [machine]
| ram = 256M
| runtime = 8s
|
| [device old]
| profile = ssd
| swap = 512M
| swapoff = 3s
|
| [device zram0]
| profile = zram
| compressor = lz4
| swap = 256M
| swapon = 2s
| priority = 5
|
| [task app]
| memory = 280M
| touch = zipf:0.9
| touches = 8
| think = 1ms
$ highwater run --thp never move.ini --proc tree | sed -n '/^Meanwhile/,$p'
> Meanwhile
>   old                3.00 s  swapoff old
>   zram0              2.00 s  swapon zram0
$ cat tree/proc/swaps
>~ Filename\s+Type\s+Size\s+Used\s+Priority
>~ /dev/zram0\s+partition\s+262140\s+[1-9][0-9]{4,}\s+5
$ cut -c1-100 tree/sys/block/zram0/comp_algorithm tree/sys/block/zram0/disksize
> lzo-rle lzo [lz4] zstd 
> 268435456
$ awk '$1 > 40e6 && $3 < $1 / 2' tree/sys/block/zram0/mm_stat | wc -l
> 1
$ sed 's/swapoff = 3s/swapoff = 1s/; s/swapon = 2s/swapoff = 1s/' move.ini >late.ini; highwater run --thp never late.ini --proc late | sed -n '/^Meanwhile/,$p'
> Meanwhile
>   old                1.00 s  swapoff old
>   zram0              1.00 s  swapoff zram0: EINTR
$ grep -c 'Killed process [0-9]* (swapoff)' late/var/log/dmesg
> 1
$ sed 's/swapon = 2s/swapon = 5s\nswapoff = 4s/' move.ini >never.ini; highwater run --thp never never.ini
! highwater run: never.ini:15: swapoff is not after swapon in device 'zram0'
= 2
$ sed 's/swap = 512M//' move.ini >none.ini; highwater run --thp never none.ini
! highwater run: none.ini:8: swapon and swapoff need swap = SIZE in device 'old'
= 2
$ sed 's/profile = ssd/profile = ssd\nratio = 2/' move.ini >ratio.ini; highwater run --thp never ratio.ini
! highwater run: ratio.ini:7: compressor, ratio and mem_limit need profile = zram in device 'old'
= 2
