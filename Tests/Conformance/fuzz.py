"""Strings that a tokenizer may stumble over, the same for the same seed."""

import random
import sys
import unicodedata

# Every code point with the property White_Space, and some that only look or act like it.
WHITE_SPACE = [chr(point) for point in [
    *range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
    0x205F, 0x3000,
]]
NO_WHITE_SPACE = list("\u180e\u200b\u200c\u200d\u2060\ufeff\x1c\x1d\x1e\x1f\x00\x08\x7f\u2800")
NEWLINES = ["\n", "\r", "\r\n", "\n\r", "\n\n", "\r\r\n", "\u2028", "\u0085", "\v", "\f"]
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + list("…“”’«»—–·¿¡。、「」※€§†№")
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|eot_id|>", "<s>", "</s>", "[INST]",
           "<｜end▁of▁sentence｜>",
           "<|", "|>", "<|endoftext", "[/INST", "<think>"]

# By general category, as far as this Python knows them.
CATEGORIES = {}
for point in range(sys.maxunicode + 1):
    CATEGORIES.setdefault(unicodedata.category(chr(point)), []).append(chr(point))
DIGITS = CATEGORIES["Nd"]
NUMBERS = CATEGORIES["Nd"] + CATEGORIES["Nl"] + CATEGORIES["No"]
MARKS = CATEGORIES["Mn"] + CATEGORIES["Mc"] + CATEGORIES["Me"]
# Categories that patterns tell apart: cases of letters, marks, numbers, punctuation, symbols.
KINDS = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe",
         "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Cc", "Cf", "Co", "Cn"]
# The ends of the ranges of Chinese and Japanese that patterns name, and their neighbours.
EAST_ASIAN = [chr(point + step) for point in (
    0x3040, 0x309F, 0x30A0, 0x30FF, 0x3400, 0x4DBF, 0x4E00, 0x9FA5, 0x9FFF, 0xF900, 0x20000)
    for step in (-1, 0, 1)] + list("漢字かなカナ日本語中文한국어ー々〆")
CONTRACTIONS = ["s", "t", "m", "d", "re", "ve", "ll", "l", "r", "v", "x", ""]


def cased(generator, text):
    """The letters in any case; an s may be the long one, which folds to s."""
    return "".join(
        generator.choice([letter, letter.upper(), "ſ"] if letter == "s"
                         else [letter, letter.upper()])
        for letter in text)


class Fuzz:
    """One kind of string a method."""

    def __init__(self, seed):
        self.generator = random.Random(seed)
        self.kinds = [
            self.planes, self.categories, self.contractions, self.digits, self.white_space,
            self.newlines, self.cases, self.marks, self.east_asian, self.punctuation,
            self.everything, self.prose,
        ]

    def some(self, choices, most, least=1):
        generator = self.generator
        return "".join(generator.choices(choices, k=generator.randint(least, most)))

    def word(self):
        return self.some("abcdefghijklmnopqrstuvwxyz", 7)

    def planes(self):
        """Code points of all planes, assigned or not, with letters and spaces between."""
        parts = []
        for _ in range(self.generator.randint(1, 10)):
            plane = self.generator.choice([*range(17), 0, 0, 0, 1, 1])
            point = plane << 16 | self.generator.randrange(0x10000)
            parts.append("x" if 0xD800 <= point < 0xE000 else chr(point))
            parts.append(self.generator.choice(["", "", " ", "a", "1", "\n"]))
        return "".join(parts)

    def categories(self):
        """Code points of all general categories, each as likely as the others."""
        kinds = self.generator.choices(KINDS, k=self.generator.randint(1, 14))
        return "".join(self.generator.choice(CATEGORIES[kind]) for kind in kinds)

    def contractions(self):
        parts = []
        for _ in range(self.generator.randint(1, 4)):
            parts += [
                self.generator.choice(["", " ", "I", "don", "DON", "é", "1", "漢", "\n", "''"]),
                self.generator.choice(["'", "'", "'", "’", "ʼ", "`"]),
                cased(self.generator, self.generator.choice(CONTRACTIONS)),
                self.generator.choice(["", "", " ", "a", "S", "'", "1", "\u0301", "!", "\r\n"]),
            ]
        return "".join(parts)

    def digits(self):
        """Runs of digits of one script or of many, and numbers that are no digits."""
        parts = []
        for _ in range(self.generator.randint(1, 5)):
            zero = self.generator.choice(DIGITS)
            parts += [
                self.generator.choice([
                    self.some("0123456789", 9), self.some(DIGITS, 7), self.some(NUMBERS, 5),
                    zero * self.generator.randint(1, 7)]),
                self.generator.choice(["", " ", "  ", ".", ",", "-", "a", "\u0301", "\n", "½",
                                       "%"]),
            ]
        return "".join(parts)

    def white_space(self):
        """Every white space, before, between and behind words, and what is none."""
        parts = []
        for _ in range(self.generator.randint(1, 5)):
            parts += [
                self.some(WHITE_SPACE, 4),
                self.generator.choice(["", self.word(), "'s", "1", "!",
                                       self.generator.choice(NO_WHITE_SPACE)]),
            ]
        return "".join(parts) + self.generator.choice(["", self.some(WHITE_SPACE, 3)])

    def newlines(self):
        parts = []
        for _ in range(self.generator.randint(1, 6)):
            parts += [
                self.generator.choice(["", " ", "  ", "\t", " \t", "\u00a0"]),
                self.generator.choice(NEWLINES),
                self.generator.choice(["", "", " ", "   ", self.word(), "!", "//", "/", ")", "1",
                                       "'s"]),
            ]
        return "".join(parts)

    def cases(self):
        """Letters of all cases, as names in programs have them."""
        kinds = {
            "lower": "abz" + "éßœж" + self.generator.choice(CATEGORIES["Ll"]),
            "upper": "ABZ" + "ÉŒЖ" + self.generator.choice(CATEGORIES["Lu"]),
            "other": "".join(self.generator.choice(CATEGORIES[kind])
                             for kind in ("Lt", "Lm", "Lo", "Mn")),
        }
        parts = []
        for _ in range(self.generator.randint(1, 8)):
            kind = self.generator.choice(["lower", "lower", "upper", "upper", "other"])
            parts.append(self.some(kinds[kind], 4))
            parts.append(self.generator.choice(["", "", "", "_", " ", "'s", "'RE", ".", "1"]))
        return "".join(parts)

    def marks(self):
        parts = []
        for _ in range(self.generator.randint(1, 6)):
            parts += [
                self.generator.choice(["", "a", "E", "1", " ", "!", "漢", "\n", "'", "क", "ا", "😀"]),
                self.some(MARKS, 3, least=0),
                self.generator.choice(["", "", "\u200d", "\ufe0f", "a", " "]),
            ]
        return "".join(parts)

    def east_asian(self):
        parts = []
        for _ in range(self.generator.randint(1, 6)):
            parts += [self.some(EAST_ASIAN, 5),
                      self.generator.choice(["", " ", "a", "A", "1", "、", "\n", "!", "'s"])]
        return "".join(parts)

    def punctuation(self):
        parts = []
        for _ in range(self.generator.randint(1, 6)):
            parts += [
                self.generator.choice(["", " ", "  ", "\n"]), self.some(PUNCTUATION, 4),
                self.generator.choice(["", self.word(), "1", "É", "/", "\n", "\r\n/", "\u0301",
                                       "é"]),
            ]
        return "".join(parts)

    def everything(self):
        parts = []
        for _ in range(self.generator.randint(2, 12)):
            parts.append(self.generator.choice([
                self.word(), " " + self.word(), self.generator.choice(WHITE_SPACE),
                self.generator.choice(PUNCTUATION), self.generator.choice(NUMBERS),
                self.generator.choice(MARKS), self.generator.choice(NEWLINES),
                self.generator.choice(EAST_ASIAN), self.generator.choice(SPECIAL),
                self.generator.choice(NO_WHITE_SPACE), "😀", "👩\u200d👩\u200d👧", "🇩🇪", "'ll", "'ſ",
            ]))
        return "".join(parts)

    def prose(self):
        """Words of real length with what stands between words."""
        return "".join(
            self.generator.choice([" ", " ", " ", " ", "", ", ", ". ", "\n", "\n\n", "  ", " (",
                                   '"'])
            + self.generator.choice([self.word(), self.word().capitalize(), self.word().upper(),
                                     str(self.generator.randrange(100_000))])
            for _ in range(self.generator.randint(1, 30)))

    def long_run(self):
        """One thing very often: a letter, a space, a digit, a mark, or a pair of them."""
        unit = self.generator.choice([
            "a", "ab", " ", "\t", "\n", "\r\n", " \n", "0", "123", "-", "=", "漢", "漢字", "é",
            "\u0301", "a\u0301", "😀", "Aa", "A", "'s", "'", "\u3000", "/", " a", "ſ", "٣", "<|",
            "ａ", "\u00a0", self.word(), self.generator.choice(WHITE_SPACE),
            self.generator.choice(NUMBERS),
        ])
        length = self.generator.choice([15, 16, 17, 31, 64, 96, 97, 255, 300, 1000, 4096])
        count = length // len(unit) + 1
        tail = self.generator.choice(["", "", "b", " b", "\n", " ", "1", "!"])
        return self.generator.choice(["", "x", " "]) + unit * count + tail

    def strings(self, count):
        """So many strings, of all kinds in turn; one in fifty is a long run."""
        return [
            self.long_run() if number % 50 == 0 else self.kinds[number % len(self.kinds)]()
            for number in range(count)
        ]
