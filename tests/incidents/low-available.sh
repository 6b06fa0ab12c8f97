# low-available - hardly any memory is left, and there is no swap
#: memory 384M
#: variant a LEFT=12
#: variant b LEFT=9
in_group app load anon $(($(available) - LEFT))
sleep 14
watch 8
