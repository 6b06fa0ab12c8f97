# kernel-unaccounted - pages that the kernel took for pipes: no line of /proc/meminfo has them
#: memory 384M
#: variant a PIPES=150
#: variant b PIPES=110
in_group server load pipes $PIPES
sleep 8
watch 8
