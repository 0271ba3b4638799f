#!/usr/bin/env bash
# Runs the program where there is nothing but the libraries that it names, in a root of its own:
#
#     bare.sh PROGRAM     learns, encodes, trains and generates from a toy corpus there, as root
#
# Libraries beyond those that every system has may be libzstd, zlib and ISA-L.
set -euo pipefail
program=$(realpath "$1")
root=$(mktemp -d)
trap 'umount "$root/proc" 2> /dev/null || true; rm -rf "$root"' EXIT

libraries='linux-vdso ld-linux-x86-64 ld-linux-aarch64 libc libm libdl libpthread librt libgcc_s'
libraries+=' libstdc++ libzstd libz libisal'
ldd "$program" | awk '{print $1}' | xargs -n 1 basename | while read -r library; do
    if [[ " $libraries " != *" ${library%%.so*} "* ]]; then
        echo "$program needs $library" >&2
        exit 1
    fi
done
mkdir -p "$root"/{bin,proc,tmp}
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
    install -D "$library" "$root$library"
done
cp "$program" "$root/bin/quern"
for number in $(seq 200); do
    echo "The mill turns and grinds corn by day while stones rest at night. Day $number."
    echo
done > "$root/corpus.txt"
cat > "$root/pipeline.json" << 'END'
{
  "name": "bare",
  "corpus": {"inputs": ["corpus.txt"], "text_separator": "\n\n", "validation_fraction": 0.2},
  "vocabulary": {"vocab_size": 280},
  "model": {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 16},
  "training": {"steps": 6, "batch_size": 4, "warmup_steps": 2},
  "samples": ["The mill"]
}
END
mount -t proc proc "$root/proc"
chroot "$root" /bin/quern --version
chroot "$root" /bin/quern run pipeline.json --quiet
