# well-cache - a file larger than memory was read once: memory is full of clean cache, and nobody waits
#: memory 384M
#: variant a FILE=500
#: variant b FILE=350
load make /mnt/file $FILE
load read /mnt/file
in_group web load anon 40
sleep 14
watch 8
