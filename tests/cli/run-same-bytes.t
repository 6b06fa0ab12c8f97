# The same input twice gives the same bytes: the summary, the JSON without its CPU time, every file of the machine.
$ for i in 1 2; do highwater run --thp never "$EXAMPLES/demo.hwt" --memory-max 40M --swap 64M --proc tree$i >text$i; highwater run --thp never "$EXAMPLES/demo.hwt" --memory-max 40M --swap 64M --format json >json$i; done
$ cmp text1 text2 && cmp json1 json2 && diff -r tree1 tree2
