#!/bin/sh
# Gathers some hundred megabytes of real text for benchmarks from Debian packages:
#
#     corpora/bench-english.txt.zst         prose and reference; two blank lines end a document
#     corpora/bench-code.jsonl.zst          source code, field "text"
#     corpora/bench-multilingual.jsonl.zst  manuals and help in many languages, field "text"
#
# or, with the argument "mixed", some sixty megabytes of all that, from fewer and smaller packages:
#
#     corpora/bench-mixed.jsonl.zst         field "text"
#
# The packages are downloaded and unpacked in a temporary folder (TMPDIR, about 1.5 GB), not
# installed; only zstd and python3 are, if they are missing. Files that are there already stay.
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=packages.sh
. "$folder/packages.sh"

name_of() {
    case $1 in
        english) echo "$folder/bench-english.txt.zst" ;;
        *) echo "$folder/bench-$1.jsonl.zst" ;;
    esac
}

wanted_kinds=${*:-english code multilingual}
kinds=
for kind in $wanted_kinds; do
    if is_sound "$(name_of $kind)"; then
        say "$(name_of $kind) is there already"
    else
        kinds="$kinds $kind"
    fi
done
[ -n "$kinds" ] || exit 0

install_missing zstd python3

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; rm -f "$folder"/bench-*.zst.partial' EXIT
trap 'exit 1' HUP INT TERM

# apt-get's list of packages may be missing, or so old that the files are gone: then once more.
download() {
    (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download "$1") >/dev/null 2>&1
}
updated=
mkdir "$scratch/root"
# shellcheck disable=SC2086 # a list of words
python3 "$folder/bench_text.py" packages $kinds >"$scratch/packages"
while read -r package; do
    if ! download "$package"; then
        if [ -z "$updated" ]; then
            updated=yes
            say "updating the list of packages"
            as_root apt-get update -qq >&2 || say "apt-get update failed; going on without"
        fi
        download "$package" || { say "$package cannot be downloaded; left out"; continue; }
    fi
    say "unpacking $package"
    dpkg-deb -x "$scratch/$package"_*.deb "$scratch/root/$package"
    rm "$scratch/$package"_*.deb
done <"$scratch/packages"

for kind in $kinds; do
    target=$(name_of "$kind")
    say "gathering $target"
    # A pipe would hide a failure of its first half.
    python3 "$folder/bench_text.py" gather "$kind" "$scratch/root" >"$scratch/$kind"
    zstd -q -9 --single-thread --check --no-progress -f -o "$target.partial" "$scratch/$kind"
    mv "$target.partial" "$target"
    say "wrote $target, $(wc -c <"$scratch/$kind") bytes, compressed $(wc -c <"$target")"
    rm "$scratch/$kind"
done

total=0
for kind in $wanted_kinds; do
    size=$(zstd -dcq "$(name_of $kind)" | wc -c)
    total=$((total + size))
done
say "$((total / 1000000)) MB of text in all"
least=100000000
[ "$wanted_kinds" != mixed ] || least=50000000
[ "$total" -ge "$least" ] ||
    fail "that is less than $((least / 1000000)) MB: some packages are missing"
