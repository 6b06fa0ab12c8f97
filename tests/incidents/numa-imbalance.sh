# numa-imbalance - a program bound to one node exhausts it and swaps, while the other node is free
#: memory 512M
#: qemu -object memory-backend-ram,id=m0,size=256M -object memory-backend-ram,id=m1,size=256M -numa node,nodeid=0,cpus=0,memdev=m0 -numa node,nodeid=1,cpus=1,memdev=m1
#: append numa_balancing=disable
#: variant a SET=240
#: variant b SET=290
swapon /dev/vdb
in_group app load bind 0 touch $SET
sleep 12
watch 12
