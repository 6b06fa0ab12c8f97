# mlocked - more than half of memory is locked and cannot give way, and little is left
#: memory 384M
#: variant a LOCK=200 LEFT=26
#: variant b LOCK=150 LEFT=22
in_group db load mlock $LOCK
sleep 10
in_group web load anon $(($(available) - LEFT))
sleep 10
watch 8
