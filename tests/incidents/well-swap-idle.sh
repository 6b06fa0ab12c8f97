# well-swap-idle - swap is half full of memory that was used once at the start
#: memory 384M
#: variant a IDLE=200 BURST=270
#: variant b IDLE=160 BURST=290
swapon /dev/vdb
in_group idle load anon $IDLE
sleep 6
timeout 10 load burst $BURST 9 1
sleep 12
in_group web load anon 40
sleep 14
watch 8
