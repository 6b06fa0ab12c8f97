# well-dentries - a backup walked many names: a large dentry cache, which is given back when it is wanted
#: memory 384M
#: variant a COUNT=450000
#: variant b COUNT=600000
load files /mnt $COUNT 0 &
sleep 35
kill $!
in_group web load anon 60
sleep 14
watch 8
