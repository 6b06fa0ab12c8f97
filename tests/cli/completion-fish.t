# Completion of fish offers verbs, options and names.
needs: fish
@ complete.fish
| source $TOP/tools/completion/highwater.fish
| complete -C "$argv"
$ HOME=$PWD fish complete.fish "highwater expl" | cut -f 1
> explain
$ HOME=$PWD fish complete.fish "highwater size --usa" | cut -f 1
> --usable-slowdown
$ HOME=$PWD fish complete.fish "highwater explain pgmaj"
> pgmajfault
