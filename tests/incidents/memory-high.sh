# memory-high - a group over memory.high is made to sleep
#: memory 512M
#: variant a HIGH=60M SET=90
#: variant b HIGH=100M SET=140
limit batch memory.high $HIGH
in_group batch load touch $SET
sleep 10
watch 12
