#!/bin/sh
# Prepares corpora/kjv-tasks.jsonl: tasks about the King James Bible, made from corpora/kjv.txt.zst
# by kjv_tasks.py. Run again, it finds the file and is done at once.
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
source=$folder/kjv.txt.zst
target=$folder/kjv-tasks.jsonl

# shellcheck source=packages.sh
. "$folder/packages.sh"

if [ -s "$target" ]; then
    say "$target is there already"
    exit 0
fi

[ -f "$source" ] || "$folder/prepare-kjv.sh"
install_missing python3 zstd
scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$target.partial"' EXIT
trap 'exit 1' HUP INT TERM

zstd -dcq <"$source" >"$scratch/kjv.txt"
python3 "$folder/kjv_tasks.py" <"$scratch/kjv.txt" >"$target.partial"
mv "$target.partial" "$target"
say "wrote $target, $(wc -l <"$target") questions"
