# well-shmem - a database's shared memory is a third of memory, by design and of constant size
#: memory 512M
#: variant a SHARED=170
#: variant b SHARED=130
in_group db load shared $SHARED 4
sleep 14
watch 8
