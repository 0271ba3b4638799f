#!/usr/bin/env bash
# Eight processes as eight machines: cleans a folder of Parquet files and encodes it, while some of
# the processes are killed, and compares the result with that of one process.
#
#     corpora/eight-machines.sh FOLDER
#
# makes FOLDER, with the files as FineWeb has them (columns text, id, url, dump, language_score; one
# document in five stands there again with a word changed) from corpora/kjv.txt.zst. QUERN names the
# program, quern unless it is set.
set -euo pipefail

folder=${1:?the folder to make}
quern=${QUERN:-quern}
corpora=$(cd "$(dirname "$0")" && pwd)
machines=8
[ ! -e "$folder" ] || { echo "$folder is there already; remove it, or name another" >&2; exit 1; }
mkdir -p "$folder"

say() { printf '\n== %s\n' "$*"; }

say "a folder of Parquet files"
"$corpora/prepare-kjv.sh"
zstd -dcq "$corpora/kjv.txt.zst" | python3 -c '
import json, random, sys
draw = random.Random(1)
chapters = sys.stdin.read().rstrip("\n").split("\n\n\n")
texts = list(chapters)
for text in chapters[::5]:
    words = text.split(" ")
    words[draw.randrange(len(words))] = "changed"
    texts.append(" ".join(words))
draw.shuffle(texts)
for number, text in enumerate(texts):
    print(json.dumps({
        "text": text, "id": f"<urn:page:{number}>", "url": f"https://example.org/{number}",
        "dump": "CC-MAIN-2024-10", "language_score": round(draw.uniform(0.9, 1), 4)}))
' > "$folder/pages.jsonl"
"$quern" corpus refine "$folder/pages.jsonl" --output "$folder/web" --no-remove-duplicates \
    --keep-fields id,url,dump,language_score --part-format parquet --part-bytes 350kB --quiet \
    > /dev/null
rm "$folder/pages.jsonl" "$folder/web/report.json"
ls "$folder/web"

# Runs a command on every machine, and kills three of them on the way, which start again.
on_all_machines() {
    local machine
    for ((machine = 0; machine < machines; machine++)); do
        (
            if ((machine % 3 == 1)); then
                { timeout --signal=KILL "0.0$((machine + 2))" "$@" --rank "$machine" \
                    --world "$machines"; } > "$folder/killed.log" 2>&1 \
                    || echo "machine $machine was killed, and starts again"
            fi
            "$@" --rank "$machine" --world "$machines" > /dev/null
        ) &
    done
    wait
}

say "cleaning on $machines machines"
refine=("$quern" corpus refine "$folder/web" --share-bytes 100kB --threads 1 --quiet
    --rules gopher-repetition --remove-near-duplicates --shuffle)
on_all_machines "${refine[@]}" --output "$folder/clean"
"$quern" corpus finish "$folder/clean"

say "a vocabulary"
"$quern" vocab train "$folder/clean" --output "$folder/vocab" --vocab-size 2048 --quiet

say "encoding on $machines machines"
encode=("$quern" encode "$folder/clean" --vocab "$folder/vocab" --part-bytes 100kB --threads 1
    --quiet)
on_all_machines "${encode[@]}" --output "$folder/shards"
"$quern" shards finish "$folder/shards"

say "the same by one process"
"${refine[@]}" --output "$folder/clean-of-one" > /dev/null
"${encode[@]}" --output "$folder/shards-of-one" > /dev/null
rm "$folder/killed.log"
diff -r "$folder/clean" "$folder/clean-of-one"
diff -r "$folder/shards" "$folder/shards-of-one"
echo "every byte is the same"
