# swap-full - swap is used up and memory is short
#: memory 384M
#: variant a SET=366
dd if=/dev/zero of=/mnt/swap bs=1M count=70 2>/dev/null
mkswap /mnt/swap >/dev/null
swapon /mnt/swap
in_group app load anon $SET
sleep 12
watch 8
