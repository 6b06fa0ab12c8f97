# slab-growth - a scanner looks up names that do not exist: negative dentries fill memory
#: memory 384M
#: variant a FIRST=450000
#: variant b FIRST=600000
in_group other load files /mnt $FIRST 0
in_group scanner load files /tmp 3000000 4000
sleep 35
watch 12
