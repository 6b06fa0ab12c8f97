# leak - the anonymous memory of one service grows all the time
#: memory 512M
#: variant a RATE=4
#: variant b RATE=6
in_group other load anon 60
in_group service load grow $RATE 400
sleep 6
watch 40
