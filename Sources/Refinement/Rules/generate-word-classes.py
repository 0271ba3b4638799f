#!/usr/bin/env python3
"""Writes WordClassTable.swift, what the quality rules know of every code point.

    pip install datatrove==0.10.1 spacy==3.8.18
    python3 generate-word-classes.py > WordClassTable.swift

The classes are those of the programs whose decisions the rules repeat: Python's `str` (isspace,
isalpha, splitlines), the punctuation of datatrove, and the character classes by which spaCy's
English tokenizer cuts words. They are asked for each code point, with Python 3.11 (Unicode 14).
"""

import re
import unicodedata

import spacy
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION
from spacy.lang import char_classes

BLOCK = 128
tokenizer = spacy.blank("en").tokenizer
sentence_ends = spacy.blank("en").add_pipe("sentencizer").punct_chars
classes = [
    re.compile(f"[{text}]").match for text in (
        char_classes.ALPHA, char_classes.ALPHA_LOWER, char_classes.ALPHA_UPPER,
        char_classes.CONCAT_QUOTES, char_classes.CONCAT_ICONS)]
currencies = {sign.replace("\\", "") for sign in char_classes.LIST_CURRENCY}


def mask(code_point):
    """The bits of WordClasses, in its order."""
    if 0xD800 <= code_point < 0xE000:
        return 0
    char = chr(code_point)
    bits = [
        char.isspace(), char.isalpha(), char in PUNCTUATION_SET, char in TERMINAL_PUNCTUATION,
        char in sentence_ends, unicodedata.category(char)[0] == "P",
        *(match(char) for match in classes),
        tokenizer.prefix_search(char), tokenizer.suffix_search(char),
        char != "." and tokenizer.suffix_search(char + "."), char in currencies,
        len(f"a{char}a".splitlines()) > 1]
    return sum(1 << place for place, bit in enumerate(bits) if bit)


def literals(values, digits, count):
    texts = [f"0x{value:0{digits}X}" for value in values]
    lines = [", ".join(texts[at:at + count]) for at in range(0, len(texts), count)]
    return "".join(f"        {line},\n" for line in lines)


def words(data):
    data += bytes(-len(data) % 8)
    values = [int.from_bytes(data[at:at + 8], "little") for at in range(0, len(data), 8)]
    return literals(values, 16, 4)


def main():
    masks, numbers = {}, {}
    table = bytes(masks.setdefault(mask(code), len(masks)) for code in range(0x110000))
    blocks = bytes(
        numbers.setdefault(table[at:at + BLOCK], len(numbers))
        for at in range(0, len(table), BLOCK))
    print("// Made by generate-word-classes.py. Do not edit.")
    print("// swift-format-ignore-file")
    print()
    print("/// What the quality rules know of every code point, in three stages.")
    print("enum WordClassTable {")
    print("    /// The sets of classes that occur.")
    print(f"    static let masks: [UInt16] = [\n{literals(masks, 4, 8)}    ]")
    print()
    print("    /// For every 128 code points the number of their block; a byte each.")
    print(f"    static let blocks: [UInt64] = [\n{words(blocks)}    ]")
    print()
    print("    /// The numbers of the sets, block by block; a byte each.")
    print(f"    static let classes: [UInt64] = [\n{words(b''.join(numbers))}    ]")
    print("}")


if __name__ == "__main__":
    main()
