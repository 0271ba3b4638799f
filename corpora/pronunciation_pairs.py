"""Makes pairs of a word and its pronunciation: standard input is the CMU dictionary as Festival has
it, standard output a table with the columns source and target.

    ("abandon" nil (((ax) 0) ((b ae n) 1) ((d ax n) 0)))   →   abandon<tab>ax b ae n d ax n

The sounds are those of General American English in Festival's phone set. Syllables and stress are
left out. Of several pronunciations of a word the first counts, and words with anything but letters
and apostrophes are left out. The same dictionary gives the same bytes.
"""

import re
import sys

ENTRY = re.compile(r'\("([a-z\']+)" \S+ \((.*)\)\)$')
SYLLABLE = re.compile(r"\(\(([a-z ]+)\) \d\)")


def main():
    seen = set()
    print("source\ttarget")
    for line in sys.stdin:
        entry = ENTRY.match(line.rstrip())
        if not entry or entry[1] in seen:
            continue
        sounds = " ".join(SYLLABLE.findall(entry[2]))
        if sounds:
            seen.add(entry[1])
            print(f"{entry[1]}\t{sounds}")


main()
