# well-dentries - a backup walked a million names: a large dentry cache, which is given back when it is wanted
#: memory 512M
#: variant a COUNT=500000
#: variant b COUNT=300000
load files /mnt $COUNT 0 &
sleep 35
kill $!
in_group web load anon 60
sleep 14
watch 8
