# well-burst - a job takes much memory for a moment and gives it back
#: memory 512M
#: variant a BURST=200
#: variant b BURST=120
in_group web load anon 60
in_group job load burst $BURST 1 4
sleep 2
watch 12
