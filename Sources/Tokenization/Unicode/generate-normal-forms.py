#!/usr/bin/env python3
"""Writes NormalFormTable.swift, the normal forms and the characters of words.

    pip install 'unicodedata2>=16,<17'
    python3 generate-normal-forms.py > NormalFormTable.swift

The normal forms are those of `tokenizers`, whose tables are of Unicode 9: the data are Unicode
16's, of the code points that were assigned in Unicode 9. No normal form of an assigned code point
ever changes, so these are what Unicode 9 says. The ages of code points come from Perl's tables.

The characters of words are what `\\w` means to the expressions of Rust, in Unicode 16: L, M, Nd,
Nl, Pc, the two joiners, and the circled and squared letters that are alphabetic without being L.
Punctuation is P, and Han the script of that name in Scripts.txt of Unicode 16.
"""

import subprocess
import sys

import unicodedata2

VERSION = "16.0.0"
AGE = "9.0"
BLOCK = 128
POINTS = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
ALPHABETIC_SYMBOLS = [
    *range(0x24B6, 0x24EA), *range(0x1F130, 0x1F14A), *range(0x1F150, 0x1F16A),
    *range(0x1F170, 0x1F18A),
]  # fmt: skip
JOINERS = [0x200C, 0x200D]
HAN = [
    (0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007),
    (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D),
    (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3), (0x16FF0, 0x16FF1), (0x20000, 0x2A6DF),
    (0x2A700, 0x2B739), (0x2B740, 0x2B81D), (0x2B820, 0x2CEA1), (0x2CEB0, 0x2EBE0),
    (0x2EBF0, 0x2EE5D), (0x2F800, 0x2FA1D), (0x30000, 0x3134A), (0x31350, 0x323AF),
]  # fmt: skip
FORMS = ["NFC", "NFD", "NFKC", "NFKD"]
HANGUL = range(0xAC00, 0xAC00 + 11172)


def assigned() -> set[int]:
    """The code points that were assigned in the version of `tokenizers`."""
    program = (
        "no warnings; for (0..0x10FFFF) { next if $_ >= 0xD800 && $_ < 0xE000;"
        f' print "$_\\n" if chr($_) =~ /\\p{{Present_In: {AGE}}}/ }}'
    )
    output = subprocess.run(["perl", "-e", program], capture_output=True, check=True).stdout
    return set(map(int, output.split()))


def compositions(old: set[int]) -> dict[tuple[int, int], int]:
    """The pairs that NFC makes one code point of, but for Hangul."""
    pairs = {}
    for point in old:
        parts = unicodedata2.decomposition(chr(point)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            first, second = (int(part, 16) for part in parts)
            if unicodedata2.normalize("NFC", chr(first) + chr(second)) == chr(point):
                pairs[first, second] = point
    return pairs


def is_inert(form: str, point: int, old: set[int], seconds: set[int]) -> bool:
    """Whether the code point stays as it is, and nothing before it can change it."""
    if point not in old:
        return True
    text = chr(point)
    if unicodedata2.combining(text) or unicodedata2.normalize(form, text) != text:
        return False
    # The vowels and the last consonants of Hangul are made one with what is before them.
    is_second = point in seconds or 0x1161 <= point <= 0x1175 or 0x11A8 <= point <= 0x11C2
    return form.endswith("D") or not is_second


def words(data: bytes) -> str:
    """`data` as little-endian 64-bit literals, four a line."""
    data += bytes(-len(data) % 8)
    literals = [
        "0x%016X" % int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)
    ]
    lines = [", ".join(literals[at : at + 4]) for at in range(0, len(literals), 4)]
    return ",\n".join("        " + line for line in lines) + ",\n"


def stages(values: bytes) -> tuple[bytes, bytes]:
    """A table of a byte for each code point, in two stages."""
    numbers: dict[bytes, int] = {}
    first = bytearray()
    for start in range(0, len(values), BLOCK):
        first.append(numbers.setdefault(values[start : start + BLOCK], len(numbers)))
    return bytes(first), b"".join(numbers)


def table(name: str, meaning: str, data: bytes) -> None:
    print()
    print(f"    /// {meaning}")
    print(f"    static let {name}: [UInt64] = [\n{words(data)}    ]")


def integers(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def main() -> None:
    if unicodedata2.unidata_version != VERSION:
        sys.exit(f"expected Unicode {VERSION}, found {unicodedata2.unidata_version}")
    old = assigned()
    pairs = compositions(old)
    seconds = {second for _, second in pairs}

    flags = bytearray(0x110000)
    classes = bytearray(0x110000)
    for point in POINTS:
        for bit, form in enumerate(FORMS):
            if not is_inert(form, point, old, seconds):
                flags[point] |= 1 << bit
        category = unicodedata2.category(chr(point))
        if category[0] in "LM" or category in ("Nd", "Nl", "Pc"):
            flags[point] |= 0x10
        flags[point] |= 0x20 if category[0] == "P" else 0
        if point in old:
            classes[point] = unicodedata2.combining(chr(point))
    for point in ALPHABETIC_SYMBOLS + JOINERS:
        flags[point] |= 0x10

    for first, last in HAN:
        for point in range(first, last + 1):
            flags[point] |= 0x40

    decompositions = {}
    for name, form in (("canonical", "NFD"), ("compatible", "NFKD")):
        keys, ends, pool = [], [], []
        for point in sorted(old):
            text = chr(point) if point in HANGUL else unicodedata2.normalize(form, chr(point))
            # What the canonical forms do with it, the others do too.
            same = unicodedata2.normalize("NFD", chr(point)) if form == "NFKD" else chr(point)
            if point not in HANGUL and text != same:
                keys.append(point)
                pool += map(ord, text)
                ends.append(len(pool))
        decompositions[name] = keys, ends, pool

    print(f"// Made by generate-normal-forms.py from Unicode {VERSION}. Do not edit.")
    print("// swift-format-ignore-file")
    print()
    print("/// The normal forms of Unicode 9, and the characters of words of Unicode 16.")
    print("enum NormalFormTable {")
    print("    /// Number of code points that share one entry of a first stage.")
    print(f"    static let blockLength = {BLOCK}")
    for name, values, meaning in (
        ("flag", flags, "which of NFC, NFD, NFKC, NFKD change it; then \\w, P, Han"),
        ("class", classes, "the canonical combining class"),
    ):
        first, second = stages(bytes(values))
        table(f"{name}Blocks", f"For every {BLOCK} code points the number of their block.", first)
        table(f"{name}s" if name == "flag" else "classes", f"A byte a code point: {meaning}.",
              second)
    for name, (keys, ends, pool) in decompositions.items():
        table(f"{name}Keys", f"The {len(keys)} code points that the {name} forms take apart "
              "otherwise.", integers(keys))
        table(f"{name}Ends", "Where in the pool each one's parts end.", integers(ends))
        table(f"{name}Pool", "The parts.", integers(pool))
    ordered = sorted(pairs)
    table("firsts", f"The first of each of {len(ordered)} pairs that become one, in order.",
          integers([first for first, _ in ordered]))
    table("seconds", "The second of each pair.", integers([second for _, second in ordered]))
    table("composites", "What each pair becomes.", integers([pairs[pair] for pair in ordered]))
    print("}")


if __name__ == "__main__":
    main()
