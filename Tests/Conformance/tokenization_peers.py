"""The peers' side of the checks of vocabularies and ids."""

import glob
import json
import random
import sysconfig

import numpy as np
import tiktoken
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

# Written out here once more, so that a slip in the program's own spelling is found.
PATTERNS = {
    "gpt2": r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""",
    "gpt4": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+""",
}
END = "<|endoftext|>"

# One of everything that a pattern looks at; a surrogate cannot be written as UTF-8.
HOSTILE = """a b s t l L S D re ve 'll 'S 'ſ 'RE ' 1 23 ½ ٣ Ⅷ . , ! - -- \u0301 漢 字 é 😀 \u200d \ufeff Ġ ʼ K 𝒜
\U000e0100 <| |> \x00 \x7f""".split() + [" ", "  ", "\t", "\r", "\n", "\r\n", "\u00a0", "\u2003", "\u0085", "\u3000"]


def trained(documents, pattern, size, frequency=2, specials=(END,)):
    """A vocabulary that Hugging Face's trainer learned, whole: ready to be saved."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERNS[pattern]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=frequency, special_tokens=list(specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def byte_of_character():
    """The byte that each character of a token stands for, as in GPT-2's encoder.py."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    return table | {chr(0x100 + index): byte for index, byte in enumerate(others)}


def tiktoken_encoding(directory, pattern):
    """tiktoken with the same tokens as ranks, and what to add to its ids."""
    file = json.loads((directory / "tokenizer.json").read_text())
    specials = {token["content"] for token in file["added_tokens"]}
    table = byte_of_character()
    ranks = {
        bytes(table[character] for character in token): number - len(specials)
        for token, number in file["model"]["vocab"].items()
        if token not in specials
    }
    encoding = tiktoken.Encoding(
        "quern", pat_str=PATTERNS[pattern], mergeable_ranks=ranks, special_tokens={}
    )
    return encoding, len(specials)


def read_shard(path):
    """The ids of a shard, read as llm.c's dev/data/data_common.py writes and its loader reads it."""
    header = np.fromfile(path, dtype="<i4", count=256)
    kinds = {(20240520, 1): "<u2", (20240801, 7): "<u4"}
    dtype = np.dtype(kinds[(header[0], header[1])])
    ids = np.fromfile(path, dtype=dtype, offset=1024)
    assert len(ids) == header[2]
    assert path.stat().st_size == 1024 + dtype.itemsize * len(ids)
    return ids


def fuzz(seed, count, longest):
    """Random strings: from the hostile alphabet, and of all planes."""
    generator = random.Random(seed)
    strings = [
        "".join(generator.choices(HOSTILE, k=generator.randint(1, longest))) for _ in range(count)
    ]
    for _ in range(count // 4):
        points = [generator.randrange(0x110000) for _ in range(generator.randint(1, 12))]
        strings.append("".join(chr(point) for point in points if not 0xD800 <= point < 0xE000) + "x")
    # The program takes a text of nothing but ASCII white space for no document at all.
    return [string for string in strings if string.strip(" \t\r\n\v\f")]


def python_sources(byte_count):
    """Program text: Python's own library, up to about so many bytes."""
    sources, total = [], 0
    for path in sorted(glob.glob(sysconfig.get_paths()["stdlib"] + "/**/*.py", recursive=True)):
        if total > byte_count:
            break
        try:
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
        except UnicodeDecodeError:
            continue
        if text and END not in text:
            sources.append(text)
            total += len(text)
    return sources


def write_jsonl(path, documents):
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps({"text": document}) + "\n")
    return path
