# mlocked - more than half of memory is locked and cannot give way
#: memory 384M
#: variant a LOCK=200
#: variant b LOCK=240
in_group db load mlock $LOCK
sleep 8
watch 8
