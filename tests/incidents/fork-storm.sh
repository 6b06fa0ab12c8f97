# fork-storm - more workers than memory: each is small, together they swap
#: memory 384M
#: swap throttling.iops-total=1000
#: variant a WORKERS=45 EACH=10
#: variant b WORKERS=90 EACH=6
swapon /dev/vdb
in_group web load workers $WORKERS $EACH
sleep 20
watch 12
