# A program of this project keeps its budget of memory: the gate of docs/ci.md, in our own CI.
needs: valgrind
time: 120 s
$ highwater record -q -o explain.hwt -- highwater explain --names -o names
$ highwater check -q explain.hwt --memory-max 48M --swap 0 --thp never | head -1
> FITS
# The gate can fail.
$ highwater check -q explain.hwt --memory-max 1M --swap 0 --thp never -o out
= 1
