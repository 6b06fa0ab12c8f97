# well-idle - nothing happens
#: memory 384M
#: variant a SET=30
#: variant b SET=120
in_group web load anon $SET
sleep 14
watch 8
