#!/bin/sh
# Prepares corpora/kjv-chat.jsonl.zst: questions and answers about the King James Bible, made from
# corpora/kjv.txt.zst by kjv_conversations.py. Run again, it finds the file and is done at once.
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
source=$folder/kjv.txt.zst
target=$folder/kjv-chat.jsonl.zst

# shellcheck source=packages.sh
. "$folder/packages.sh"

if is_sound "$target"; then
    say "$target is there already"
    exit 0
fi

[ -f "$source" ] || "$folder/prepare-kjv.sh"
install_missing python3 zstd
scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$target.partial"' EXIT
trap 'exit 1' HUP INT TERM

zstd -dcq <"$source" >"$scratch/kjv.txt"
python3 "$folder/kjv_conversations.py" <"$scratch/kjv.txt" >"$scratch/chat.jsonl"
say "$(wc -l <"$scratch/chat.jsonl") conversations, $(wc -c <"$scratch/chat.jsonl") bytes"

# One thread, so that the file has the same bytes wherever the same zstd makes it.
zstd -q -19 --single-thread --check --no-progress -o "$target.partial" "$scratch/chat.jsonl"
mv "$target.partial" "$target"
say "wrote $target, $(wc -c <"$target") bytes"
