"""The peers' tokenizers on text in memory, each by its fastest call.

Takes one argument, a JSON object: `peer`, `form` (documents, or whole: everything as one text),
`vocabulary` (a name of vocabularies.py), `tokenizer` (its tokenizer.json), `flat` and `lengths` (see
texts.py), `threads`, `bytes` (how much of the text at most), and `passes`. Encodes the text that
often with one tokenizer and prints one JSON object; neither loading nor cutting the text is counted.
"""

import array
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy

# Between documents, where a peer wants one buffer and cuts it itself.
SEPARATOR = b"\x00\x1e\x00"


def first_documents(request):
    """As many documents as fit into `bytes`, but at least one."""
    lengths = array.array("q", Path(request["lengths"]).read_bytes())
    with open(request["flat"], "rb") as flat:
        total = 0
        for place, length in enumerate(lengths):
            if place > 0 and total + length > request["bytes"]:
                return
            total += length
            yield flat.read(length)


# Each of these takes a request and gives two functions: one makes of the documents, as bytes, what
# the peer wants; the other encodes that and gives a function that gives the ids.


def tokenizers_peer(request):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(request["tokenizer"])
    tokenizer.encode_special_tokens = True

    def encode(texts):
        found = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return lambda: numpy.concatenate([encoding.ids for encoding in found])

    return decoded, encode


# As `tiktoken_ext` has them.
TIKTOKEN_PATTERNS = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    "cl100k": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
}


def tiktoken_peer(request):
    import tiktoken

    description = json.loads(Path(request["tokenizer"]).read_text())
    specials, ranks = ranks_of(description)
    pattern = TIKTOKEN_PATTERNS.get(request["vocabulary"]) or pattern_of(description)
    encoding = tiktoken.Encoding(
        "quern", pat_str=pattern, mergeable_ranks=ranks, special_tokens=specials
    )

    def encode_one(text):
        return encoding.encode_to_numpy(text, disallowed_special=())

    def encode(texts):
        if request["threads"] == 1:
            found = [encode_one(text) for text in texts]
        else:
            with ThreadPoolExecutor(request["threads"]) as pool:
                found = list(pool.map(encode_one, texts))
        return lambda: numpy.concatenate(found)

    return decoded, encode


def gigatoken_peer(request):
    import awkward
    import gigatoken

    description = with_known_pattern(request["tokenizer"])
    # It cannot be told to take special tokens for ordinary text.
    description["added_tokens"] = []
    tokenizer = gigatoken.Tokenizer.from_json(json.dumps(description))
    is_parallel = request["threads"] > 1

    def prepare(documents):
        if any(SEPARATOR in document for document in documents):
            return documents
        return gigatoken.BytesSource(SEPARATOR.join(documents), SEPARATOR)

    def encode(source):
        found = tokenizer.encode_batch(source, parallel=is_parallel)
        return lambda: awkward.to_numpy(awkward.flatten(found))

    def encode_whole(documents):
        if is_parallel:
            return encode(documents)
        found = tokenizer.encode(documents[0])
        return lambda: found

    return (list, encode_whole) if request["form"] == "whole" else (prepare, encode)


def fastokens_peer(request):
    import fastokens

    description = with_known_pattern(request["tokenizer"])
    tokenizer = fastokens.Tokenizer.from_json_str(json.dumps(description))

    def encode(texts):
        ids, _ = tokenizer.encode_batch_flat(
            texts, add_special_tokens=False, split_special_tokens=True
        )
        return lambda: numpy.frombuffer(ids, "<u4")

    return decoded, encode


def snaptokens_peer(request):
    import snaptokens

    description = with_known_pattern(request["tokenizer"])
    # It cannot be told to take special tokens for ordinary text.
    description["added_tokens"] = []
    tokenizer = snaptokens.Tokenizer.from_json_str(json.dumps(description))

    def encode(texts):
        ids, _ = tokenizer.encode_batch_flat(texts)
        return lambda: numpy.frombuffer(ids, "<u4")

    return decoded, encode


def toktok_peer(request):
    import toktok

    # It has the vocabularies that it knows, and no other.
    tokenizer = toktok._encoding({"cl100k": "cl100k_base", "o200k": "o200k_base"}[request["vocabulary"]])

    def encode(texts):
        ids, _ = tokenizer.encode_batch(texts, threads=request["threads"])
        return lambda: numpy.frombuffer(ids, "<u4")

    return decoded, encode


def tuetoken_peer(request):
    import tuetoken

    tokenizer = tuetoken.Tokenizer(request["tokenizer"])

    def encode(texts):
        found = tokenizer.encode_ordinary_to_buffer(texts, num_threads=request["threads"])
        return lambda: found["data"]

    return decoded, encode


PEERS = {
    "gigatoken": gigatoken_peer,
    "fastokens": fastokens_peer,
    "snaptokens": snaptokens_peer,
    "toktok-rs": toktok_peer,
    "tuetoken": tuetoken_peer,
    "tiktoken": tiktoken_peer,
    "tokenizers": tokenizers_peer,
}


def decoded(documents):
    return [document.decode() for document in documents]


def pattern_of(description):
    [regex] = [
        part["pattern"]["Regex"]
        for part in description["pre_tokenizer"]["pretokenizers"]
        if part["type"] == "Split"
    ]
    return regex


# The gpt4 pattern, and Llama 3's spelling of it, which cuts every text at the same places.
GPT4 = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)


def with_known_pattern(path):
    """A tokenizer.json whose pattern is spelled as peers with code of their own for it know it."""
    from vocabularies import LLAMA3

    description = json.loads(Path(path).read_text())
    for part in description["pre_tokenizer"].get("pretokenizers", []):
        if part["type"] == "Split" and part["pattern"]["Regex"] == GPT4:
            part["pattern"]["Regex"] = LLAMA3
    return description


def ranks_of(description):
    """The special tokens and the ranks that a tokenizer.json tells of."""
    from vocabularies import characters_of_bytes

    byte_of = {character: byte for byte, character in characters_of_bytes().items()}
    specials = {token["content"]: token["id"] for token in description["added_tokens"]}
    return specials, {
        bytes(byte_of[character] for character in token): rank
        for token, rank in description["model"]["vocab"].items()
        if token not in specials
    }


def checksum(ids):
    """What TokenizationBench prints: Σ (id + 1) · splitmix64's mix(place), wrapping at 64 bits."""
    with numpy.errstate(over="ignore"):
        mixed = numpy.arange(len(ids), dtype=numpy.uint64) + numpy.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ mixed >> numpy.uint64(30)) * numpy.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ mixed >> numpy.uint64(27)) * numpy.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> numpy.uint64(31)
        return f"{int(((ids.astype(numpy.uint64) + numpy.uint64(1)) * mixed).sum()):016x}"


def measure(request):
    prepare, encode = PEERS[request["peer"]](request)
    documents = list(first_documents(request))
    byte_count = sum(map(len, documents))
    if request["form"] == "whole":
        documents = [b"".join(documents)]
    prepared = prepare(documents)
    del documents
    seconds, processor_seconds = [], []
    for place in range(request["passes"]):
        start, start_processor = time.perf_counter(), time.process_time()
        ids = encode(prepared)
        seconds.append(time.perf_counter() - start)
        processor_seconds.append(time.process_time() - start_processor)
        if place == 0:
            # Beyond the first pass, what a pass gave is let go within the next one's time, as by
            # any program that keeps one result at a time; the ids themselves were looked at.
            flat = ids()
            count, first_checksum = len(flat), checksum(flat)
            del flat
    return {
        "bytes": byte_count,
        "count": count,
        "checksum": first_checksum,
        "seconds": seconds,
        "processor_seconds": processor_seconds,
    }


if __name__ == "__main__":
    try:
        answer = measure(json.loads(sys.argv[1]))
    except Exception as error:  # whatever a peer throws is its row in the table
        answer = {"failure": f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"}
    print(json.dumps(answer))
