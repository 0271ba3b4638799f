#!/usr/bin/env bash
# Puts everything that is installed below one folder, as it lies below PREFIX later:
#
#     stage.sh PROGRAM FOLDER
#
# The program says all of it itself: its manual, and how a shell completes its words.
set -euo pipefail
export LC_ALL=C
source=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "$1")
folder=$2

rm -rf "$folder"
mkdir -p "$folder"/{bin,share/{bash-completion/completions,zsh/site-functions,doc/quern}} \
    "$folder"/share/{fish/vendor_completions.d,man/man1,doc/quern/pages}
install -m 755 "$program" "$folder/bin/quern"
date=$(git -C "$source" log -1 --format=%cs 2> /dev/null || true)
python3 "$source/packaging/manual.py" "$program" "$folder/share/man/man1" "$date"
complete() { "$program" --generate-completion-script "$1"; }
complete bash > "$folder/share/bash-completion/completions/quern"
complete zsh > "$folder/share/zsh/site-functions/_quern"
complete fish > "$folder/share/fish/vendor_completions.d/quern.fish"
install -m 644 "$source"/{CHANGELOG.md,LICENSE} "$folder/share/doc/quern"
# The pages that the README leads to lie beside it.
find "$source/Sources" -path "*.docc/*.md" \
    -exec install -m 644 -t "$folder/share/doc/quern/pages" {} +
sed 's|(Sources/[A-Za-z]*/Documentation\.docc/\([A-Za-z]*\.md\))|(pages/\1)|g' \
    "$source/README.md" > "$folder/share/doc/quern/README.md"
find "$folder" -type d -exec chmod 755 {} + -o -type f ! -perm -100 -exec chmod 644 {} +
