"""The field's trainers on documents in memory, each by its own way in.

Takes one argument, a JSON object: `peer`, `parts` (the text: pairs of the files `flat` and
`lengths`, see texts.py), `lines` (the same text as a file of lines), `pattern` (a regular
expression), `vocab_size`, `min_frequency`, `merges` (how many are compared), `threads`. Learns once
and prints one JSON object: the seconds, neither loading nor cutting the text into documents
included, and a digest of what was learned.
"""

import array
import hashlib
import json
import sys
import time
from pathlib import Path

SPECIAL = "<|endoftext|>"
# Between documents, for a peer that wants one buffer and cuts it itself.
SEPARATOR = b"\x00\x1e\x00"


def documents(request):
    for flat, lengths in request["parts"]:
        with open(flat, "rb") as file:
            for length in array.array("q", Path(lengths).read_bytes()):
                yield file.read(length)


def digest(tokens):
    """One value for learned tokens in order.

    Which two tokens a learned one was made of follows from the tokens before it, so that the same
    tokens mean the same merges.
    """
    value = hashlib.sha256()
    for token in tokens:
        value.update(len(token).to_bytes(4, "little") + token)
    return value.hexdigest()


def bytes_of_characters():
    """The byte that each character of a token stands for, as in GPT-2's encoder.py."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(0x100 + place): byte for place, byte in enumerate(others)
    }


def tokens_of(merges):
    """The bytes that pairs of tokens, named as in tokenizer.json, make."""
    values = bytes_of_characters()
    return [bytes(values[character] for character in left + right) for left, right in merges]


def tokens_of_file(path):
    """The learned tokens of a tokenizer.json."""
    return tokens_of(json.loads(Path(path).read_text())["model"]["merges"])


# Each of these takes a request and gives two functions: one that learns, and one that gives the
# learned tokens of what the first gave.


def tokenizers_peer(request):
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(request["pattern"]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=request["vocab_size"],
        min_frequency=request["min_frequency"],
        show_progress=False,
        special_tokens=[SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    texts = [document.decode() for document in documents(request)]
    return (
        lambda: tokenizer.train_from_iterator(texts, trainer, length=len(texts)),
        lambda _: tokens_of(json.loads(tokenizer.to_str())["model"]["merges"]),
    )


def gigabpe_peer(request):
    import gigabpe

    return (
        lambda: gigabpe.train_bpe(
            [request["lines"]],
            vocab_size=request["vocab_size"],
            min_frequency=request["min_frequency"],
            special_tokens=[SPECIAL],
            pretokenizer="bytelevel",
            threads=request["threads"],
        ),
        lambda learned: tokens_of(learned[1]),
    )


def gigatoken_peer(request):
    import gigatoken

    text = SEPARATOR.join(documents(request))
    return (
        lambda: gigatoken.train_bpe(
            text, request["vocab_size"], [SPECIAL], "huggingface", SEPARATOR
        ),
        lambda learned: [left + right for left, right in learned[1]],
    )


def rustbpe_peer(request):
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    texts = [document.decode() for document in documents(request)]
    return (
        lambda: tokenizer.train_from_iterator(
            iter(texts), request["vocab_size"] - 1, pattern=request["pattern"]
        ),
        lambda _: [
            bytes(token)
            for token, _ in sorted(tokenizer.get_mergeable_ranks(), key=lambda item: item[1])[256:]
        ],
    )


def bpeasy_peer(request):
    import bpeasy

    texts = [document.decode() for document in documents(request)]
    return (
        lambda: bpeasy.train_bpe(
            iter(texts), request["pattern"], 1 << 20, request["vocab_size"] - 1
        ),
        lambda learned: [
            token for token, _ in sorted(learned.items(), key=lambda item: item[1])[256:]
        ],
    )


def main(request):
    learn, tokens = globals()[request["peer"] + "_peer"](request)
    start = time.perf_counter()
    learned = learn()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "digest": digest(tokens(learned)[: request["merges"]])}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
