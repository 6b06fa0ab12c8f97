# slab-growth - a scanner looks up names that do not exist: negative dentries fill memory
#: memory 512M
#: variant a RATE=20000
#: variant b RATE=40000
in_group scanner load files /mnt 3000000 $RATE
sleep 6
watch 20
