#!/bin/sh
# format.sh - format the C sources, or with --check say which are not formatted.
# The Valgrind tool follows the same rules.
set -eu
cd "$(dirname "$0")/.."
files=$(find src include bench tests \( -name '*.c' -o -name '*.h' \) 2>/dev/null | sort)
[ -n "$files" ] || exit 0
if [ "${1:-}" = --check ]; then
    if ! clang-format --dry-run -Werror $files 2>/dev/null; then
        for file in $files; do
            clang-format --dry-run -Werror "$file" 2>/dev/null || echo "$file: not formatted"
        done
        echo "run ./dev format"
        exit 1
    fi
else
    clang-format -i $files
fi
