# file-thrash - anonymous memory leaves too little cache for a file that is read at random, and there is no swap
#: memory 384M
#: disk throttling.iops-total=1500
#: variant a ANON=200 FILE=160
#: variant b ANON=150 FILE=220
load make /mnt/file $FILE
in_group db load anon $ANON
sleep 6
in_group web load mapped /mnt/file
in_group web load mapped /mnt/file
sleep 10
watch 12
