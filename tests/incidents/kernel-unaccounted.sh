# kernel-unaccounted - memory is short because of pages that the kernel took for pipes: no line of /proc/meminfo has them
#: memory 640M
#: variant a PIPES=300 LEFT=45
#: variant b PIPES=400 LEFT=40
in_group server load pipes $PIPES
sleep 10
in_group web load anon $(($(available) - LEFT))
sleep 12
watch 8
