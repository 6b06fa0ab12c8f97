# low-available - hardly any memory is left, and there is no swap
#: memory 384M
#: variant a SET=275
#: variant b SET=285
in_group app load anon $SET
sleep 10
watch 8
