#!/usr/bin/env python3
"""Writes UnicodeClassTable.swift, the classes of every code point in Unicode 16.

    pip install 'unicodedata2>=16,<17'
    python3 generate-unicode-classes.py > UnicodeClassTable.swift

The version is pinned, because a tokenizer that follows its toolchain's tables gives other ids next
year. White_Space is a property that unicodedata2 does not have; its 25 code points are listed here.
"""

import sys

import unicodedata2

VERSION = "16.0.0"
BLOCK = 128
WHITE_SPACE = {
    *range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B),
    0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
}  # fmt: skip


def bits(code_point: int) -> int:
    category = unicodedata2.category(chr(code_point))
    value = 0
    value |= 0x01 if category[0] == "L" else 0
    value |= 0x02 if category[0] == "N" else 0
    value |= 0x04 if code_point in WHITE_SPACE else 0
    value |= 0x08 if category[0] == "M" else 0
    value |= 0x10 if category in ("Lu", "Lt") else 0
    value |= 0x20 if category == "Ll" else 0
    value |= 0x40 if category[0] in "PS" else 0
    value |= 0x80 if code_point in (0x0A, 0x0D) else 0
    return value


def words(data: bytes) -> str:
    """`data` as little-endian 64-bit literals, four a line."""
    literals = [
        "0x%016X" % int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)
    ]
    lines = [", ".join(literals[at : at + 4]) for at in range(0, len(literals), 4)]
    return ",\n".join("        " + line for line in lines) + ",\n"


def main() -> None:
    if unicodedata2.unidata_version != VERSION:
        sys.exit(f"expected Unicode {VERSION}, found {unicodedata2.unidata_version}")
    classes = bytes(bits(code_point) for code_point in range(0x110000))
    numbers: dict[bytes, int] = {}
    first = bytearray()
    for start in range(0, len(classes), BLOCK):
        block = classes[start : start + BLOCK]
        first.append(numbers.setdefault(block, len(numbers)))
    second = b"".join(numbers)
    print(f"// Made by generate-unicode-classes.py from Unicode {VERSION}. Do not edit.")
    print("// swift-format-ignore-file")
    print()
    print(f"/// The classes of every code point of Unicode {VERSION}, in two stages.")
    print("enum UnicodeClassTable {")
    print(f"    /// Number of code points that share one entry of ``blocks``.")
    print(f"    static let blockLength = {BLOCK}")
    print()
    print(
        f"    /// For every {BLOCK} code points the number of their block; "
        f"{len(first)} bytes, eight a word.")
    print(f"    static let blocks: [UInt64] = [\n{words(bytes(first))}    ]")
    print()
    print(
        f"    /// The bits of ``UnicodeClass``, block by block; {len(second)} bytes, eight a word.")
    print(f"    static let classes: [UInt64] = [\n{words(second)}    ]")
    print("}")


if __name__ == "__main__":
    main()
