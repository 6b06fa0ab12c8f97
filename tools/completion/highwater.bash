# Completion of highwater for bash. Verbs and options come from the program's own --help, names from
# `highwater explain --names`, so there is no list here to go stale.

_highwater_verbs() {
    highwater --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

_highwater_options() {
    highwater "$1" --help 2>/dev/null | grep -oE '(^|[ ,])-(-[a-z][a-z-]*|[a-z])\b' | tr -d ' ,'
}

# What may follow an option: choices and amounts as the verb's help has them (a|b|c, SIZE, N ...), names that the program
# knows, and file names for the rest.
_highwater_argument() {
    local option=${2#--} argument
    case $2 in
    --only) highwater explain 2>/dev/null | sed -n '/^Findings/,$ s/^  \([a-z-]*\) .*/\1/p' && return ;;
    --fields) highwater capture dump --fields help 2>/dev/null | grep '^highwater_' && return ;;
    --screen) echo "overview cgroups processes zones slab" && return ;;
    --compare) { highwater explain --names 2>/dev/null | grep -E '^(vm|x|cost|queue)\.'
        highwater "$1" --help 2>/dev/null | sed -nE '/^The machine/,/^$/ s/^      --([a-z-]+) .*/\1/p' | grep -vE '^(memory-|swap-max|set|compare)'
        } | sed 's/$/=/' && return ;;
    --set) highwater explain --names 2>/dev/null | grep -E '^(vm|x|cost|queue)\.' | sed 's/$/=/' && return ;;
    --*) argument=$(highwater "$1" --help 2>/dev/null | sed -nE "s/^ .*--$option ([^ ]+).*/\1/p" | head -n 1) ;;
    -?) argument=$(highwater "$1" --help 2>/dev/null | sed -nE "s/^  $2, --[a-z-]* ([^ ]+).*/\1/p" | head -n 1) ;;
    esac
    case $argument in
    *\|*) echo "${argument//|/ }" ;;
    SIZE* | N | X | TIME | PATH | WxH) echo " " ;;
    PROFILE | NAME) highwater explain 2>/dev/null | sed -n '/^Kernel profiles/,$ s/^  \([^ ]*\) .*/\1/p' ;;
    *) return 1 ;;
    esac
}

_highwater() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} words
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_highwater_verbs) --help --version" -- "$current")
        return
    fi
    if words=$(_highwater_argument "$verb" "$previous"); then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        case ${COMPREPLY[0]-} in
        *=) compopt -o nospace ;;
        esac
        return
    fi
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_highwater_options "$verb")" -- "$current")
        return
    fi
    case $verb in
    explain) mapfile -t COMPREPLY < <(compgen -W "$(highwater explain --names 2>/dev/null)" -- "$current") ;;
    capture)
        if [ "$COMP_CWORD" -eq 2 ]; then
            mapfile -t COMPREPLY < <(compgen -W "info list cat cut anonymise dump" -- "$current")
            return
        fi
        ;;
    fleet)
        if [ "$COMP_CWORD" -eq 2 ]; then
            mapfile -t COMPREPLY < <(compgen -W "import forget" -- "$current")
            return
        fi
        ;;
    trace)
        if [ "$COMP_CWORD" -eq 2 ]; then
            mapfile -t COMPREPLY < <(compgen -W "info heat wss dump verify export import" -- "$current")
            return
        fi
        ;;
    help) mapfile -t COMPREPLY < <(compgen -W "$(_highwater_verbs)" -- "$current") ;;
    esac
    # Nothing of ours: file names, through -o default below.
}

complete -o default -F _highwater highwater
