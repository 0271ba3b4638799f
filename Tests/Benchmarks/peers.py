"""The peers' tokenizers, loaded from a tokenizer.json: what encoding and decoding share.

Each loader takes a request (see peers_encode.py), of which it needs `vocabulary`, a name of
vocabularies.py, and `tokenizer`, the path of its tokenizer.json.
"""

import array
import json
from pathlib import Path

import numpy

# As `tiktoken_ext` has them.
TIKTOKEN_PATTERNS = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    "cl100k": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
}
# The gpt4 pattern, which cuts every text where Llama 3's spelling does.
GPT4 = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
# It has the vocabularies that it knows, and no other.
TOKTOK_NAMES = {"cl100k": "cl100k_base", "o200k": "o200k_base"}


def load_tokenizers(request):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(request["tokenizer"])
    tokenizer.encode_special_tokens = True
    return tokenizer


def load_tiktoken(request):
    import tiktoken

    description = json.loads(Path(request["tokenizer"]).read_text())
    specials, ranks = ranks_of(description)
    pattern = TIKTOKEN_PATTERNS.get(request["vocabulary"]) or pattern_of(description)
    return tiktoken.Encoding(
        "quern", pat_str=pattern, mergeable_ranks=ranks, special_tokens=specials
    )


def load_gigatoken(request):
    import gigatoken

    return gigatoken.Tokenizer.from_json(known_form(request, with_specials=False))


def load_fastokens(request):
    import fastokens

    return fastokens.Tokenizer.from_json_str(known_form(request))


def load_snaptokens(request):
    import snaptokens

    return snaptokens.Tokenizer.from_json_str(known_form(request, with_specials=False))


def load_toktok(request):
    import toktok

    return toktok._encoding(TOKTOK_NAMES[request["vocabulary"]])


def load_tuetoken(request):
    import tuetoken

    return tuetoken.Tokenizer(request["tokenizer"])


LOADERS = {
    "gigatoken": load_gigatoken,
    "fastokens": load_fastokens,
    "snaptokens": load_snaptokens,
    "toktok-rs": load_toktok,
    "tuetoken": load_tuetoken,
    "tiktoken": load_tiktoken,
    "tokenizers": load_tokenizers,
}


def known_form(request, with_specials=True):
    """A tokenizer.json whose pattern is spelled as peers with code of their own for it know it.

    Without special tokens for those that cannot be told to take them for ordinary text.
    """
    from vocabularies import LLAMA3

    description = json.loads(Path(request["tokenizer"]).read_text())
    for part in description["pre_tokenizer"].get("pretokenizers", []):
        if part["type"] == "Split" and part["pattern"]["Regex"] == GPT4:
            part["pattern"]["Regex"] = LLAMA3
    if not with_specials:
        description["added_tokens"] = []
    return json.dumps(description)


def pattern_of(description):
    [regex] = [
        part["pattern"]["Regex"]
        for part in description["pre_tokenizer"]["pretokenizers"]
        if part["type"] == "Split"
    ]
    return regex


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


def first_documents(request, byte_count):
    """As many documents as fit into `byte_count`, but at least one; see texts.py."""
    lengths = array.array("q", Path(request["lengths"]).read_bytes())
    with open(request["flat"], "rb") as flat:
        total = 0
        for place, length in enumerate(lengths):
            if place > 0 and total + length > byte_count:
                return
            total += length
            yield flat.read(length)


def checksum(ids):
    """Digest that TokenizationBench prints: Σ (id + 1) · splitmix64's mix(place), in 64 bits."""
    with numpy.errstate(over="ignore"):
        mixed = numpy.arange(len(ids), dtype=numpy.uint64) + numpy.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ mixed >> numpy.uint64(30)) * numpy.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ mixed >> numpy.uint64(27)) * numpy.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> numpy.uint64(31)
        return f"{int(((ids.astype(numpy.uint64) + numpy.uint64(1)) * mixed).sum()):016x}"


def answer_for(request, measure):
    """Prints what `measure` gives for a request, or the reason why it gives nothing."""
    try:
        answer = measure(request)
    except Exception as error:  # whatever a peer throws is its row in the table
        answer = {"failure": f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"}
    print(json.dumps(answer))
