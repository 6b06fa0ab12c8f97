# swap-thrash - a working set larger than memory, touched at random, with swap on a disk
#: memory 384M
#: swap throttling.iops-total=800
#: variant a SET=420
#: variant b SET=520
swapon /dev/vdb
in_group app load touch $SET
sleep 15
watch 12
