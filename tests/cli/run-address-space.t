# The default machine of 64 GiB needs address space for the work, not for its RAM: it runs under a limit and under strict overcommit.
$ (ulimit -v 4000000; highwater run --thp never -q $EXAMPLES/demo.hwt) | head -n 2
>~ Input     .*
>~ Machine   .* 64.0 GiB RAM, .*
$ (ulimit -v 4000000; highwater size --thp never -q $EXAMPLES/demo.hwt --jobs 2 -f json -o size.json)
