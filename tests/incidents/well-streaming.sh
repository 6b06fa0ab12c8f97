# well-streaming - more than memory holds is read once; kswapd makes room as fast as it comes
#: memory 512M
#: swap throttling.bps-total=40000000
#: variant a ANON=60
#: variant b ANON=120
in_group web load anon $ANON
sleep 3
in_group backup load read /dev/vdb
sleep 11
watch 10
