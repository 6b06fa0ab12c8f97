# What was closed at the start gets no file of ours: nothing meant for a person lands in a result.
$ highwater capture -o z.hwc 0.1 2 >&- 2>&-
$ highwater capture -o z.hwc 0.1 2 >&- 2>&-
$ highwater capture -o z.hwc 0.1 2 <&- >&- 2>&-
$ highwater capture info z.hwc | grep -E '^(samples|damage)'
> samples         6, in 3 chunks
> damage          none
$ highwater trace import --from lackey - -o x.hwt <&- 2>&-
= 1
$ ls
> z.hwc
# A result nobody can have is an error.
$ highwater --version >&-
! highwater: cannot write to stdout: Bad file descriptor
= 1
$ highwater run --thp never $EXAMPLES/demo.hwt >&-
! highwater run: cannot write to stdout: Bad file descriptor
= 1
# Every verb, help included, says that the disk is full, and nothing else.
$ for verb in $(highwater --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do highwater $verb --help 2>said >/dev/full && echo "$verb succeeds"; grep -qx "highwater $verb: cannot write to stdout: No space left on device" said || cat said; done
$ highwater --help >/dev/full
! highwater: cannot write to stdout: No space left on device
= 1
$ highwater --version >/dev/full
! highwater: cannot write to stdout: No space left on device
= 1
$ highwater trace dump $EXAMPLES/demo.hwt >/dev/full
! highwater trace: cannot write to stdout: No space left on device
= 1
