# well-streaming - files larger than memory are read once; kswapd makes room as fast as they come
#: memory 512M
#: disk throttling.bps-total=40000000
#: variant a ANON=60
#: variant b ANON=120
load make /mnt/file 900
in_group web load anon $ANON
sleep 3
in_group backup load read /mnt/file loop
sleep 12
watch 12
