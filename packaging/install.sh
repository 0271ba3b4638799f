#!/usr/bin/env bash
# Copies what stage.sh made below a folder, and takes exactly that away again:
#
#     install.sh copy STAGE PREFIX [DESTDIR]
#     install.sh remove PREFIX [DESTDIR]
#
# PREFIX/share/quern/installed lists the files, and the folders that were not there before.
set -euo pipefail
export LC_ALL=C

list=share/quern/installed

# Removes what the list $1 names below $2, save what the lists behind them name as well. Folders are
# removed from the innermost on, if they are empty.
remove() {
    local old=$1 root=$2 path
    shift 2
    sort -r "$old" | { if [ $# -gt 0 ]; then grep -vxFf "$1" || true; else cat; fi; } |
        while IFS= read -r path; do
            if [ -d "$root/$path" ] && [ ! -L "$root/$path" ]; then
                rmdir --ignore-fail-on-non-empty "$root/$path"
            else
                rm -f "$root/$path"
            fi
        done
}

case ${1:-} in
copy)
    stage=$2 root=${4:-}$3
    new=$(mktemp)
    trap 'rm -f "$new"' EXIT
    # A folder of an earlier installation is still one of ours.
    if [ -f "$root/$list" ]; then
        while IFS= read -r path; do
            if [ -d "$root/$path" ]; then echo "$path"; fi
        done < "$root/$list" > "$new"
    fi
    mkdir -p "$root"
    for folder in $(cd "$stage" && find . -mindepth 1 -type d -printf '%P\n' | sort) \
        share/quern; do
        if [ ! -d "$root/$folder" ]; then
            mkdir -m 755 "$root/$folder"
            echo "$folder" >> "$new"
        fi
    done
    (cd "$stage" && find . -type f -printf '%P\n' | sort) | while IFS= read -r file; do
        # A program that runs keeps its file.
        install -m "$(stat -c %a "$stage/$file")" "$stage/$file" "$root/$file.new"
        mv -f "$root/$file.new" "$root/$file"
        echo "$file"
    done >> "$new"
    echo "$list" >> "$new"
    if [ -f "$root/$list" ]; then remove "$root/$list" "$root" "$new"; fi
    install -m 644 "$new" "$root/$list"
    echo "Installed $root/bin/quern"
    ;;
remove)
    root=${3:-}$2
    if [ ! -f "$root/$list" ]; then
        echo "nothing is installed below $root: $root/$list is not there" >&2
        exit 1
    fi
    old=$(mktemp)
    trap 'rm -f "$old"' EXIT
    cp "$root/$list" "$old"
    remove "$old" "$root"
    echo "Removed quern from $root"
    ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
