# zram-pressure - swap on zram: what does not fit is kept compressed in the memory that is short
#: memory 384M
#: variant a SET=316
#: variant b SET=322
echo 400M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null
swapon /dev/zram0
in_group app load touch $SET
sleep 12
watch 10
