"""The peers' tokenizers on documents in memory, each by its fastest call.

Takes one argument, a JSON object: `peer`, `tokenizer` (a tokenizer.json), `flat` and `lengths`
(see texts.py), `threads`, `bytes` (how much of the text at most), and perhaps `expected`, the shard
that Quern made of those documents. Encodes them once and prints one JSON object; neither loading
nor cutting the text is counted. With `expected` the ids are compared, and nothing is timed.
"""

import array
import json
import sys
import time
from pathlib import Path

import numpy

# Between documents, where a peer wants one buffer and cuts it itself.
SEPARATOR = b"\x00\x1e\x00"


def first_documents(request, byte_count):
    """As many documents as fit into `byte_count`, but at least one."""
    lengths = array.array("q", Path(request["lengths"]).read_bytes())
    with open(request["flat"], "rb") as flat:
        total = 0
        for place, length in enumerate(lengths):
            if place > 0 and total + length > byte_count:
                return
            total += length
            yield flat.read(length)


def pattern_of(tokenizer):
    [regex] = [
        part["pattern"]["Regex"]
        for part in tokenizer["pre_tokenizer"]["pretokenizers"]
        if part["type"] == "Split"
    ]
    return regex


# Each of these takes a request and gives two functions: one makes of the documents, as bytes, what
# the peer wants; the other encodes that and gives (number of ids, function that gives the ids).


def tokenizers_peer(request):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(request["tokenizer"])
    tokenizer.encode_special_tokens = True

    def encode(texts):
        found = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return sum(map(len, found)), lambda: numpy.concatenate([e.ids for e in found])

    return decoded, encode


def tiktoken_peer(request):
    import tiktoken

    description = json.loads(Path(request["tokenizer"]).read_text())
    byte_of = bytes_of_characters()
    specials = {token["content"]: token["id"] for token in description["added_tokens"]}
    ranks = {
        bytes(byte_of[character] for character in token): rank
        for token, rank in description["model"]["vocab"].items()
        if token not in specials
    }
    encoding = tiktoken.Encoding(
        "quern", pat_str=pattern_of(description), mergeable_ranks=ranks, special_tokens=specials
    )

    def encode(texts):
        found = encoding.encode_ordinary_batch(texts, num_threads=request["threads"])
        return sum(map(len, found)), lambda: numpy.concatenate(found)

    return decoded, encode


def gigatoken_peer(request):
    import awkward
    import gigatoken

    description = with_known_pattern(request["tokenizer"])
    # It cannot be told to take special tokens for ordinary text.
    description["added_tokens"] = []
    tokenizer = gigatoken.Tokenizer.from_json(json.dumps(description))

    def prepare(documents):
        if any(SEPARATOR in document for document in documents):
            return documents
        return gigatoken.BytesSource(SEPARATOR.join(documents), SEPARATOR)

    def encode(source):
        found = tokenizer.encode_batch(source, parallel=request["threads"] > 1)
        flat = awkward.flatten(found)
        return len(flat), lambda: awkward.to_numpy(flat)

    return prepare, encode


# The gpt4 pattern, and Llama 3's spelling of it, which cuts every text at the same places.
GPT4 = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def with_known_pattern(path):
    """A tokenizer.json whose pattern is spelled as peers with code of their own for it know it."""
    description = json.loads(Path(path).read_text())
    for part in description["pre_tokenizer"]["pretokenizers"]:
        if part["type"] == "Split":
            if part["pattern"]["Regex"] == GPT4:
                part["pattern"]["Regex"] = LLAMA3
    return description


def fastokens_peer(request):
    import fastokens

    description = with_known_pattern(request["tokenizer"])
    tokenizer = fastokens.Tokenizer.from_json_str(json.dumps(description))

    def encode(texts):
        ids, _ = tokenizer.encode_batch_flat(
            texts, add_special_tokens=False, split_special_tokens=True
        )
        return len(ids) // 4, lambda: numpy.frombuffer(ids, "<u4")

    return decoded, encode


PEERS = {
    "tokenizers": tokenizers_peer,
    "tiktoken": tiktoken_peer,
    "gigatoken": gigatoken_peer,
    "fastokens": fastokens_peer,
}


def decoded(documents):
    return [document.decode() for document in documents]


def bytes_of_characters():
    """The byte that each character of a byte-level vocabulary stands for.

    Printable bytes of Latin-1 stand for themselves; the others, in order, for the characters from
    256 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    mapping = {chr(byte): byte for byte in printable}
    return mapping | {chr(256 + place): byte for place, byte in enumerate(others)}


def shard_ids(path):
    header = numpy.fromfile(path, "<i4", 256)
    kind = {20240520: "<u2", 20240801: "<u4"}[int(header[0])]
    return numpy.fromfile(path, kind, offset=1024)


def measure(request):
    prepare, encode = PEERS[request["peer"]](request)
    documents = list(first_documents(request, request["bytes"]))
    byte_count = sum(map(len, documents))
    prepared = prepare(documents)
    del documents
    start = time.perf_counter()
    token_count, ids = encode(prepared)
    seconds = time.perf_counter() - start
    if "expected" in request:
        return compare(ids(), shard_ids(request["expected"]))
    return {"seconds": seconds, "bytes": byte_count, "tokens": token_count}


def compare(found, expected):
    if numpy.array_equal(found, expected):
        return {"same": True}
    common = min(len(found), len(expected))
    different = numpy.nonzero(found[:common] != expected[:common])[0]
    place = int(different[0]) if len(different) else common
    return {"failure": f"other ids than Quern's from token {place} of the sample on"}


if __name__ == "__main__":
    try:
        answer = measure(json.loads(sys.argv[1]))
    except Exception as error:  # whatever a peer throws is its row in the table
        answer = {"failure": f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"}
    print(json.dumps(answer))
