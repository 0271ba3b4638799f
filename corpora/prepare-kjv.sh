#!/bin/sh
# Prepares corpora/kjv.txt.zst: the King James Bible from Debian's packages bible-kjv and
# bible-kjv-text (public domain). Each chapter is a document as `bible` prints it, and two blank
# lines end it, so that the text separator is "\n\n\n".
#
# Installs what is missing by apt-get. Run again, it finds the file and is done at once.
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
target=$folder/kjv.txt.zst
chapters=1189

# shellcheck source=packages.sh
. "$folder/packages.sh"

if is_sound "$target"; then
    say "$target is there already"
    exit 0
fi

install_missing bible-kjv bible-kjv-text zstd

# Debian keeps games and the like outside of some users' PATH.
PATH=$PATH:/usr/games:/usr/bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$target.partial"' EXIT
trap 'exit 1' HUP INT TERM

say "printing $chapters chapters"
# `bible` reads and writes its settings and prompt in the home folder: give it an empty one.
HOME=$scratch bible -l0 gen1:1-rev22:21 </dev/null >"$scratch/printed" \
    || fail "bible could not print the text"

# A line that is not indented is a chapter's title, and one blank line stands before it. Blank
# lines are held back, to be dropped before a title and at the end.
awk '
    /^[^ ]/ { if (titles++) printf "\n\n\n"; printf "%s", $0; blank = 0; next }
    /^$/    { if (titles) blank++; next }
            { for (; blank > 0; blank--) printf "\n"; printf "\n%s", $0 }
    END     { printf "\n\n\n" }
' "$scratch/printed" >"$scratch/kjv.txt"

# The result is checked: so many titles, so many documents, every verse.
found=$(grep -cE '^[1-3A-Z][A-Za-z0-9 ]* [0-9]+$' "$scratch/kjv.txt")
[ "$found" -eq "$chapters" ] || fail "expected $chapters chapters, found $found"
separators=$(awk '/^$/ { run++; next } run == 2 { n++ } { run = 0 } END { print n + (run == 2) }' \
    "$scratch/kjv.txt")
[ "$separators" -eq "$chapters" ] || fail "expected $chapters documents, found $separators"
verses=$(grep -cE '^ +[0-9]+ ' "$scratch/kjv.txt")
say "$found chapters, $verses verses, $(wc -c <"$scratch/kjv.txt") bytes"

# One thread, so that the file has the same bytes wherever the same zstd makes it.
zstd -q -19 --single-thread --check --no-progress -o "$target.partial" "$scratch/kjv.txt"
mv "$target.partial" "$target"
say "wrote $target, $(wc -c <"$target") bytes"
