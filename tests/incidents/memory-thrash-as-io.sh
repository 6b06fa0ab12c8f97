# memory-thrash-as-io - the disk is busy with reads of what memory just lost: files in a loop, a little larger than the cache
#: memory 384M
#: disk throttling.bps-total=40000000
#: variant a ANON=150 FILE=190
#: variant b ANON=60 FILE=300
load make /mnt/file $FILE
in_group app load anon $ANON
sleep 5
in_group web load mapped /mnt/file seq
in_group web load read /mnt/file loop
sleep 10
watch 12
