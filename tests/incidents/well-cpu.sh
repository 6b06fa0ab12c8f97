# well-cpu - processors are overcommitted, load is high, programs are slow; memory is not why
#: memory 384M
#: variant a SPIN=6
#: variant b SPIN=12
in_group batch load spin $SPIN
in_group web load anon 60
sleep 4
watch 12
