#!/usr/bin/env bash
# Packs what stage.sh made into an archive, with its SHA-256 beside it:
#
#     dist.sh STAGE FOLDER
#
# The same program gives the same bytes: names in order, nobody's user, the commit's time.
set -euo pipefail
export LC_ALL=C
source=$(cd "$(dirname "$0")/.." && pwd)
stage=$1 folder=$2

version=$("$stage/bin/quern" --version | cut -d ' ' -f 2)
name=quern-$version-linux-$(uname -m)
time=$(git -C "$source" log -1 --format=%ct 2> /dev/null || echo 0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$stage" "$work/$name"
mv "$work/$name/share/doc/quern"/{README.md,LICENSE} "$work/$name"
sed -i 's#](\(pages/\|CHANGELOG\.md\)#](share/doc/quern/\1#g' "$work/$name/README.md"
mkdir -p "$folder"
tar -C "$work" --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner -cf - "$name" |
    gzip -n > "$folder/$name.tar.gz"
(cd "$folder" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
echo "Packed $folder/$name.tar.gz"
