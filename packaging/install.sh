#!/usr/bin/env bash
# Copies what stage.sh made below a folder, and takes exactly that away again:
#
#     install.sh copy STAGE PREFIX [DESTDIR]
#     install.sh remove PREFIX [DESTDIR]
#
# PREFIX/share/quern/installed lists the files, and the folders that were not there before. What is
# there and not in that list belongs to somebody else: nothing is copied then.
set -euo pipefail
export LC_ALL=C

list=share/quern/installed
declare -A ours=()
temporary=

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Reads the list below $root into `ours`. Every entry is a path below $root, or none is obeyed.
read_list() {
    local path
    [ -f "$root/$list" ] || return 0
    while IFS= read -r path || [ -n "$path" ]; do
        case "/$path/" in
        *//* | */./* | */../*)
            fail "$root/$list is not as it was written, for it names \"$path\":" \
                "remove that list, and by hand what was installed below $root"
            ;;
        esac
        ours[$path]=1
    done < "$root/$list"
}

# Writes the list of its arguments in place of the old one.
write_list() {
    temporary=$(mktemp "$root/share/quern/.installed.XXXXXX")
    printf '%s\n' "$@" | sort -u > "$temporary"
    chmod 644 "$temporary"
    mv -fT -- "$temporary" "$root/$list"
    temporary=
}

# Removes the paths that it reads, each ended by a zero byte, below $root: folders from the
# innermost on, if they are empty.
remove() {
    local path
    while IFS= read -r -d '' path; do
        if [ -d "$root/$path" ] && [ ! -L "$root/$path" ]; then
            rmdir --ignore-fail-on-non-empty -- "$root/$path"
        else
            rm -f -- "$root/$path"
        fi
    done < <(sort -rz)
}

# Throws away what was not finished, and says how to go on.
end() {
    local code=$?
    if [ -n "$temporary" ]; then rm -f -- "$temporary"; fi
    if [ "$code" -ne 0 ] && [ -n "${isChanging:-}" ]; then
        echo "Not everything was done: install again, or uninstall, which removes what is there" >&2
    fi
}
trap end EXIT

case ${1:-} in
copy)
    stage=$2 root=${4:-}$3
    [ -f "$stage/bin/quern" ] || fail "$stage is not what stage.sh makes: it has no bin/quern"
    mapfile -d '' -t files < <(cd "$stage" && find . -type f -printf '%P\0' | sort -z)
    mapfile -d '' -t folders < <(cd "$stage" && find . -mindepth 1 -type d -printf '%P\0' |
        sort -z)
    for path in "${files[@]}" "${folders[@]}"; do
        case $path in *$'\n'*) fail "a name in $stage has a line break" ;; esac
    done
    read_list

    # Whatever stands in the way is named before anything is changed.
    foreign=()
    for path in "${folders[@]}" share share/quern; do
        if [ ! -d "$root/$path" ] && { [ -e "$root/$path" ] || [ -L "$root/$path" ]; }; then
            foreign+=("$root/$path")
        fi
    done
    for path in "${files[@]}" "$list"; do
        if [ -d "$root/$path" ] && [ ! -L "$root/$path" ]; then
            foreign+=("$root/$path")
        elif [ -z "${ours[$path]:-}" ] && { [ -e "$root/$path" ] || [ -L "$root/$path" ]; }; then
            foreign+=("$root/$path")
        fi
    done
    if [ ${#foreign[@]} -gt 0 ]; then
        fail "Nothing was installed: these are there, and no installation has put them there." \
            "${foreign[@]/#/  }" \
            "Move them away, or remove them if they are of no use, and install again;" \
            "or choose another folder: make install PREFIX=FOLDER"
    fi

    # The list comes first: whatever happens, what is copied can be removed.
    isChanging=1
    entries=("${files[@]}" "$list")
    missing=()
    for path in share share/quern "${folders[@]}"; do
        # A folder of an earlier installation is still one of ours.
        if [ ! -d "$root/$path" ]; then
            entries+=("$path") missing+=("$path")
        elif [ -n "${ours[$path]:-}" ]; then
            entries+=("$path")
        fi
    done
    mkdir -p -- "$root"
    for path in share share/quern; do [ -d "$root/$path" ] || mkdir -m 755 -- "$root/$path"; done
    write_list "${entries[@]}" "${!ours[@]}"
    for path in "${missing[@]}"; do
        [ -d "$root/$path" ] || mkdir -m 755 -- "$root/$path"
    done
    for path in "${files[@]}"; do
        # A program that runs keeps its file.
        temporary=$(mktemp "$root/$(dirname -- "$path")/.quern.XXXXXX")
        install -m "$(stat -c %a -- "$stage/$path")" -- "$stage/$path" "$temporary"
        mv -fT -- "$temporary" "$root/$path"
        temporary=
    done
    declare -A stays=()
    for path in "${entries[@]}"; do stays[$path]=1; done
    for path in "${!ours[@]}"; do
        if [ -z "${stays[$path]:-}" ]; then printf '%s\0' "$path"; fi
    done | remove
    write_list "${entries[@]}"
    echo "Installed $root/bin/quern"
    ;;
remove)
    root=${3:-}$2
    [ -f "$root/$list" ] || fail "nothing is installed below $root: $root/$list is not there"
    read_list
    isChanging=1
    # The list goes last of the files: what is left can still be removed.
    for path in "${!ours[@]}"; do
        if [ "$path" != "$list" ]; then printf '%s\0' "$path"; fi
    done | remove
    rm -f -- "$root/$list"
    for path in share/quern share; do
        if [ -n "${ours[$path]:-}" ]; then printf '%s\0' "$path"; fi
    done | remove
    echo "Removed quern from $root"
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
