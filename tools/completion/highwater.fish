# Completion of highwater for fish. Verbs and options come from the program's own --help, so there is no list here to go stale.

function __highwater_verbs
    highwater --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) *\(.*\)/\1\t\2/p'
end

function __highwater_options
    set -l words (commandline -opc)
    test (count $words) -ge 2; or return
    highwater $words[2] --help 2>/dev/null | sed -nE 's/^ .*--([a-z][a-z-]*)( [^ ]+)?( +(.*))?$/--\1\t\4/p'
end

function __highwater_names
    highwater explain --names 2>/dev/null
end

complete -c highwater -n __fish_use_subcommand -f -a '(__highwater_verbs)'
complete -c highwater -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f -a '(__highwater_options)'
complete -c highwater -n '__fish_seen_subcommand_from explain' -f -a '(__highwater_names)'
complete -c highwater -n '__fish_seen_subcommand_from capture' -a 'info list cat cut anonymise dump'
complete -c highwater -n '__fish_seen_subcommand_from trace' -a 'info heat wss dump verify export import'
complete -c highwater -n '__fish_seen_subcommand_from fleet' -a 'import forget'
