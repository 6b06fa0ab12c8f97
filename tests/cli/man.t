# The manual page names every verb and every option that --help does.
$ for verb in $(highwater --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do grep -q "^\.B[IR]* \"*$verb" "$TOP/docs/man/highwater.1" || echo "verb $verb"; done
$ for verb in $(highwater --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do highwater $verb --help | sed -n 's/^  .*--\([a-z-]*\)\( .*\|$\)/\1/p'; done | sort -u | while read -r option; do sed 's/\\-/-/g' "$TOP/docs/man/highwater.1" | grep -q -- "--$option" || echo "option $option"; done
