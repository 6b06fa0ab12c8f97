# Completion of highwater for bash. Verbs and options come from the program's own --help, names from
# `highwater explain --names`, so there is no list here to go stale.

_highwater_verbs() {
    highwater --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

_highwater_options() {
    highwater "$1" --help 2>/dev/null | grep -oE '(^|[ ,])-(-[a-z][a-z-]*|[a-z])\b' | tr -d ' ,'
}

# What may follow an option: file names for those that take one, else words.
_highwater_argument() {
    case $1 in
    --format | -f) echo "text json" ;;
    --kernel) highwater explain 2>/dev/null | sed -n '/^Kernel profiles/,$ s/^  \([^ ]*\) .*/\1/p' ;;
    --lru) echo "classic" ;;
    --disk | --swap-device) echo "nvme ssd hdd network ram zram" ;;
    --codec) echo "zstd stored" ;;
    --from) echo "lackey oracle" ;;
    --only) highwater explain 2>/dev/null | sed -n '/^Findings/,$ s/^  \([a-z-]*\) .*/\1/p' ;;
    --screen) echo "overview cgroups processes zones slab" ;;
    --set) highwater explain --names 2>/dev/null | grep -E '^(vm|x|cost|queue)\.' | sed 's/$/=/' ;;
    --memory-max | --memory-high | --swap | --ram | --limits | --seed | --cpus | --jobs | --max-slowdown | --window | --every | --keep | --max-size | --at | --cgroup | --pid | --size) echo " " ;;
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
    if words=$(_highwater_argument "$previous"); then
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
            mapfile -t COMPREPLY < <(compgen -W "info list cat" -- "$current")
            return
        fi
        ;;
    trace)
        if [ "$COMP_CWORD" -eq 2 ]; then
            mapfile -t COMPREPLY < <(compgen -W "info dump verify import" -- "$current")
            return
        fi
        ;;
    help) mapfile -t COMPREPLY < <(compgen -W "$(_highwater_verbs)" -- "$current") ;;
    esac
    # Nothing of ours: file names, through -o default below.
}

complete -o default -F _highwater highwater
