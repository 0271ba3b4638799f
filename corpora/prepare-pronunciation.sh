#!/bin/sh
# Prepares corpora/pronunciation.tsv.zst: English words and how they are pronounced, from the CMU
# dictionary in Debian's package festlex-cmu, made by pronunciation_pairs.py.
#
# The package is downloaded and unpacked, not installed; python3 and zstd are, if they are missing.
# Run again, it finds the file and is done at once.
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
target=$folder/pronunciation.tsv.zst
dictionary=festlex-cmu

# shellcheck source=packages.sh
. "$folder/packages.sh"

if is_sound "$target"; then
    say "$target is there already"
    exit 0
fi

install_missing zstd python3

scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$target.partial"' EXIT
trap 'exit 1' HUP INT TERM

download() {
    (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download "$dictionary") >/dev/null 2>&1
}
if ! download; then
    # The list of packages may be missing, or so old that the file is gone: then once more.
    say "updating the list of packages"
    as_root apt-get update -qq >&2 || say "apt-get update failed; going on without"
    download || fail "$dictionary cannot be downloaded"
fi
dpkg-deb -x "$scratch/$dictionary"_*.deb "$scratch/unpacked"

python3 "$folder/pronunciation_pairs.py" \
    <"$scratch/unpacked/usr/share/festival/dicts/cmu/cmudict-0.4.out" >"$scratch/pairs.tsv"
say "$(($(wc -l <"$scratch/pairs.tsv") - 1)) words"

# One thread, so that the file has the same bytes wherever the same zstd makes it.
zstd -q -19 --single-thread --check --no-progress -o "$target.partial" "$scratch/pairs.tsv"
mv "$target.partial" "$target"
say "wrote $target, $(wc -c <"$target") bytes"
