# dirty-throttling - a writer is faster than the disk and is held back at the dirty limit
#: memory 512M
#: disk throttling.bps-write=6000000
#: variant a WRITERS=1
#: variant b WRITERS=3
for i in $(seq $WRITERS); do in_group backup load write /mnt/out$i 300; done
sleep 20
watch 12
