# well-loop - a file larger than memory is read over and over: every page is a refault, and no memory of that size would help
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
