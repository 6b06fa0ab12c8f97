#!/bin/sh
# package_heavy.sh - the packages on a fresh Debian 12: they are built, installed, work, and leave nothing when they are purged. Prints TAP.
#
# PACKAGES=DIR takes the packages that are there instead of building them. MIRROR=URL is where debootstrap gets Debian from.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$(pwd)

skip() {
    echo "$*"
    exit 77
}

[ "$(id -u)" = 0 ] || skip "not root, which debootstrap and chroot need"
for tool in debootstrap dpkg-deb chroot mount umount; do
    command -v $tool >/dev/null || skip "not installed: $tool"
done

work=$(mktemp -d)
root=$work/root
# A mount that stays would let the removal reach what is mounted: then nothing is removed.
clean_up() {
    umount "$root/proc" 2>/dev/null
    umount "$work/empty/proc" 2>/dev/null
    mountpoint -q "$root/proc" || mountpoint -q "$work/empty/proc" || rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

number=0
failed=0
# check NAME COMMAND...: the command's output is shown when it fails.
check() {
    name=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/out" 2>&1 </dev/null; then
        echo "ok $number - $name"
    else
        failed=$((failed + 1))
        echo "not ok $number - $name"
        tail -n 30 "$work/out" | sed 's/^/# /'
    fi
}

inside() {
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive "$@"
}

if [ -z "${PACKAGES:-}" ]; then
    PACKAGES=$work/build-package
    # lintian is part of it.
    check the_packages_are_built_and_lintian_is_content env BUILD="$work/build" ./dev package
fi
for name in highwater highwater-observe; do
    ls "$PACKAGES/${name}"_*.deb >/dev/null 2>&1 || {
        echo "Bail out! no package $name in $PACKAGES"
        exit 1
    }
done

debootstrap --variant=minbase bookworm "$root" ${MIRROR:+"$MIRROR"} >"$work/debootstrap.log" 2>&1 || {
    tail -n 5 "$work/debootstrap.log" | sed 's/^/# /'
    skip "debootstrap cannot make a Debian 12: $(tail -n 1 "$work/debootstrap.log")"
}
mount -t proc proc "$root/proc" || skip "no proc can be mounted here"
cp "$PACKAGES"/highwater_*.deb "$PACKAGES"/highwater-observe_*.deb "$root/tmp/"
cp tests/cases/1/var/log/messages "$root/tmp/messages"

installed() {
    inside sh -c 'apt-get update && apt-get install -y --no-install-recommends /tmp/highwater_*.deb /tmp/highwater-observe_*.deb'
}
sizes_the_demo() {
    inside highwater size /usr/share/doc/highwater/examples/demo.hwt --thp never && grep -q 'memory.max' "$work/out"
}
has_pages() {
    for page in highwater $(inside highwater --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/highwater-\1/p') highwater-observe; do
        test -s "$root/usr/share/man/man1/$page.1.gz" || { echo "no page $page"; return 1; }
        zcat "$root/usr/share/man/man1/$page.1.gz" | grep -q '^\.SH NAME' || { echo "$page has no name"; return 1; }
    done
}
is_read_by_man() {
    inside sh -c 'apt-get install -y --no-install-recommends man-db && man highwater-size' && grep -q 'memory limits' "$work/out"
}
completes_in_bash() {
    inside sh -c 'apt-get install -y --no-install-recommends bash-completion && bash -c "
        . /usr/share/bash-completion/bash_completion; _completion_loader highwater
        COMP_WORDS=(highwater expl) COMP_CWORD=1; _highwater; test \"\${COMPREPLY[*]}\" = explain"'
}
completes_in_zsh() {
    inside sh -c 'apt-get install -y --no-install-recommends zsh && zsh -fc "autoload -Uz compinit; compinit -u -d /tmp/zcompdump; test \"\$_comps[highwater]\" = _highwater"'
}
completes_in_fish() {
    inside sh -c 'apt-get install -y --no-install-recommends fish && HOME=/tmp fish -c "complete -C \"highwater expl\"" | grep "^explain"'
}
# The exit code of a diagnosis is its verdict.
diagnoses() {
    inside "$1" diagnose /tmp/messages
    grep -q '^WARNING\|^CRITICAL' "$work/out"
}
needs_nothing() {
    mkdir -p "$work/empty/proc" "$work/empty/tmp"
    cp "$root/usr/bin/highwater-observe" "$work/empty/"
    cp "$root/tmp/messages" "$work/empty/tmp/"
    chroot "$work/empty" /highwater-observe --version || return 1
    chroot "$work/empty" /highwater-observe diagnose /tmp/messages
    grep -q '^WARNING\|^CRITICAL' "$work/out" || return 1
    mount -t proc proc "$work/empty/proc"
    chroot "$work/empty" /highwater-observe diagnose --quiet
    code=$?
    chroot "$work/empty" /highwater-observe export --textfile /tmp/x.prom 1 1 || return 1
    umount "$work/empty/proc"
    test $code -le 2 && grep -q '^highwater_' "$work/empty/tmp/x.prom"
}
is_under_3_mib() {
    size=$(stat -c %s "$root/usr/bin/highwater-observe")
    echo "# result observe_bytes = $size" >&3
    test "$size" -lt 3145728
}
serves() {
    inside sh -c 'highwater export --quiet --listen 127.0.0.1:19763 & pid=$!
        for i in 1 2 3 4 5 6 7 8 9 10; do
            bash -c "exec 5<>/dev/tcp/127.0.0.1/19763 && printf \"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n\" >&5 && grep -c ^highwater_ <&5" && kill $pid && exit 0
            sleep 1
        done
        kill $pid; exit 1'
}
units_are_in_order() {
    inside sh -c 'apt-get install -y --no-install-recommends systemd >/dev/null && systemd-analyze verify highwater-capture.service highwater-export.service' &&
        ! grep -i 'highwater.*\(unknown\|failed\|invalid\|not executable\)' "$work/out"
}
units_may_little() {
    inside systemd-analyze security --offline=true --threshold=40 highwater-capture.service &&
        inside systemd-analyze security --offline=true --threshold=20 highwater-export.service
}
units_wait_to_be_enabled() {
    ! find "$root/etc/systemd" -name 'highwater-*' | grep .
}
is_gone() {
    mkdir -p "$root/var/lib/highwater" && touch "$root/var/lib/highwater/host.hwc" &&
        inside apt-get purge -y highwater highwater-observe &&
        ! find "$root" -xdev -path "$root/proc" -prune -o -path "$root/tmp" -prune -o -path "$root/var/cache" -prune -o -name '*highwater*' -print | grep .
}

exec 3>&1
check they_install_on_debian_12 installed
if [ "$failed" != 0 ]; then # the rest would only follow from it
    echo "1..$number"
    exit 1
fi
check size_works_on_the_shipped_demo sizes_the_demo
check every_verb_has_a_page has_pages
check man_reads_a_page is_read_by_man
check diagnose_works diagnoses highwater
check observe_works diagnoses highwater-observe
check observe_needs_no_file_but_itself needs_nothing
check observe_is_under_3_mib is_under_3_mib
check export_serves serves
check bash_completes completes_in_bash
check zsh_completes completes_in_zsh
check fish_completes completes_in_fish
check systemd_takes_the_units units_are_in_order
check units_may_do_little units_may_little
check no_unit_is_enabled units_wait_to_be_enabled
check nothing_is_left_when_they_are_purged is_gone
echo "1..$number"
[ "$failed" = 0 ]
