# host-oom - the whole machine runs out of memory, without swap
#: memory 384M
#: variant a RATE=30
#: variant b RATE=60
in_group app load grow $RATE 900
in_group other load anon 60
sleep 2
watch 16
