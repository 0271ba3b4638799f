"""Learning, merge for merge, against the trainers of the field; counts, and memory."""

import json
import os
import random
import re
import subprocess
import sys

import bpeasy
import gigabpe
import pytest
import rustbpe
import tokenization_peers as peers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

SIZE = 6000


def merged_tokens(vocabulary):
    """The bytes of the learned tokens, in the order of the merges.

    As the same token is never learned twice, and its halves follow from the tokens before it, equal
    lists mean equal merges.
    """
    merges = json.loads((vocabulary / "tokenizer.json").read_text())["model"]["merges"]
    return [named(left) + named(right) for left, right in merges]


BYTES = peers.byte_of_character()


def named(name):
    return bytes(BYTES[character] for character in name)


def files(directory):
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


@pytest.fixture(scope="module")
def corpora(kjv):
    """Texts of several kinds; each document is a line, for a peer that reads line by line.

    A line of whitespace alone is no document to the program.
    """
    generator = random.Random(1)
    mixed = kjv[::20] + peers.python_sources(1 << 20)
    mixed += ["".join(generator.choices(peers.HOSTILE, k=40)) for _ in range(300)]
    return {
        name: [
            line + "\n" for text in texts for line in text.split("\n") if line.strip(" \t\r\v\f")
        ]
        for name, texts in {"kjv": kjv, "mixed": mixed}.items()
    }


@pytest.fixture(scope="module", params=["kjv", "mixed"])
def corpus(request, corpora, tmp_path_factory):
    """Documents, and the file that has them."""
    documents = corpora[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    return documents, peers.write_jsonl(folder / "documents.jsonl", documents)


def train(quern, directory, source, pattern, tie, *more):
    quern(
        "vocab", "train", "--output", directory, "--vocab-size", SIZE + 257, "--pattern", pattern,
        "--tie", tie, "--min-frequency", 1, "--quiet", *more, source,
    )
    return directory


def test_gigabpe_learns_the_same(quern, corpus, tmp_path):
    documents, source = corpus
    ours = merged_tokens(train(quern, tmp_path / "ours", source, "gpt2", "huggingface"))
    text = tmp_path / "lines.txt"
    text.write_bytes("".join(documents).encode())
    _, theirs = gigabpe.train_bpe(
        [str(text)], vocab_size=SIZE + 256, min_frequency=1, pretokenizer="bytelevel",
        special_tokens=[],
    )
    theirs = [named(left) + named(right) for left, right in theirs]
    # Bytes that do not occur have no token there, so that there is room for more merges.
    assert len(ours) == SIZE
    assert ours == theirs[:SIZE]


@pytest.mark.parametrize("pattern", ["gpt4", "gpt2"])
def test_rustbpe_learns_the_same(quern, corpus, tmp_path, pattern):
    documents, source = corpus
    ours = merged_tokens(train(quern, tmp_path / "ours", source, pattern, "bytes"))
    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(iter(documents), SIZE + 256, pattern=peers.PATTERNS[pattern][0])
    theirs = sorted(tokenizer.get_mergeable_ranks(), key=lambda item: item[1])
    assert ours == [bytes(token) for token, _ in theirs[256:]]


@pytest.mark.parametrize("pattern", ["gpt4", "gpt2"])
def test_bpeasy_learns_the_same(quern, corpus, tmp_path, pattern):
    documents, source = corpus
    ours = merged_tokens(train(quern, tmp_path / "ours", source, pattern, "bytes"))
    ranks = bpeasy.train_bpe(iter(documents), peers.PATTERNS[pattern][0], 1 << 20, SIZE + 256)
    theirs = sorted(ranks.items(), key=lambda item: item[1])
    assert ours == [token for token, _ in theirs[256:]]


def test_excluded_tokens_are_not_learned_from(quern, kjv, tmp_path):
    """tokenizers, trained on what lies between the special tokens, and not with them."""
    special = ["<|endoftext|>", "<|im_start|>"]
    generator = random.Random(12)
    lines = [line for text in kjv[::30] for line in text.split("\n") if line.strip()]
    documents = [
        "".join(generator.choice(special) + line[place:] + generator.choice(["", *special])
                for place in (0, len(line) // 3))
        for line in lines]
    source = peers.write_jsonl(tmp_path / "documents.jsonl", documents)
    command = ["vocab", "train", "--vocab-size", 3000, "--pattern", "gpt2", "--min-frequency", 1,
               "--quiet"]
    quern(*command, "--output", tmp_path / "ours", "--exclude-special", "all",
          *(part for name in special for part in ("--special-tokens", name)), source)
    quern(*command, "--output", tmp_path / "plain",
          *(part for name in special for part in ("--special-tokens", name)), source)
    parts = [
        part for text in documents
        for part in re.split("|".join(map(re.escape, special)), text) if part]
    peer = Tokenizer(models.BPE())
    peer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    peer.train_from_iterator(parts, trainers.BpeTrainer(
        vocab_size=3000, special_tokens=special, min_frequency=1, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    merges = json.loads(peer.to_str())["model"]["merges"]
    theirs = [named(left) + named(right) for left, right in merges]
    assert merged_tokens(tmp_path / "ours") == theirs
    assert merged_tokens(tmp_path / "plain") != theirs


def test_the_rules_for_ties_differ(quern, corpus, tmp_path):
    _, source = corpus
    assert merged_tokens(
        train(quern, tmp_path / "huggingface", source, "gpt4", "huggingface")
    ) != merged_tokens(train(quern, tmp_path / "bytes", source, "gpt4", "bytes"))


@pytest.fixture(scope="module")
def many_words(tmp_path_factory):
    """Text whose distinct words need more memory than the least that may be asked for."""
    generator = random.Random(2)
    folder = tmp_path_factory.mktemp("words")
    paths = []
    for part in range(2):
        letters = "etaoinshrdlucmfwygpbvkxqjz"
        documents = [
            " ".join(
                "".join(generator.choices(letters, k=generator.randint(1, 14))) for _ in range(500)
            )
            for _ in range(400)
        ]
        paths.append(peers.write_jsonl(folder / f"part-{part}.jsonl", documents))
    return paths


def test_memory_and_threads_make_no_difference(quern, many_words, tmp_path):
    for name, more in {
        "one": ["--threads", 1, "--memory", "128MiB"], "two": ["--threads", 2], "all": []
    }.items():
        train(quern, tmp_path / name, many_words[0], "gpt4", "huggingface", *more, many_words[1])
    assert files(tmp_path / "one") == files(tmp_path / "two") == files(tmp_path / "all")


def test_counts_of_parts_are_the_counts_of_the_whole(quern, many_words, tmp_path):
    for name, more in {
        "a": [many_words[0]], "b": [many_words[1], "--memory", "48MiB", "--threads", 1],
        "whole": many_words, "little": [*many_words, "--memory", "48MiB", "--threads", 1],
    }.items():
        quern("vocab", "count", "--output", tmp_path / name, "--quiet", *more)
    quern("vocab", "merge-counts", tmp_path / "b", tmp_path / "a", "--output", tmp_path / "merged")
    whole = (tmp_path / "whole").read_bytes()
    assert (tmp_path / "little").read_bytes() == whole
    assert (tmp_path / "merged").read_bytes() == whole
    quern(
        "vocab", "learn", tmp_path / "merged", "--output", tmp_path / "learned", "--vocab-size",
        SIZE + 257, "--min-frequency", 1, "--quiet",
    )
    train(quern, tmp_path / "trained", many_words[0], "gpt4", "huggingface", many_words[1])
    assert files(tmp_path / "learned") == files(tmp_path / "trained")


def test_counting_keeps_to_its_memory(quern, root, many_words, tmp_path):
    program = os.environ.get("QUERN", root / ".build/release/quern")
    # Linux counts, as part of a program's peak memory, what the process that started it held, so a
    # process starts it that holds little.
    starter = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
    command = [
        program, "vocab", "count", "--output", tmp_path / "counts", "--quiet", "--threads", "1",
        "--memory", "48MiB", *many_words,
    ]
    output = subprocess.run(
        [sys.executable, "-I", "-S", "-c", starter, *map(str, command)],
        stdout=subprocess.PIPE, text=True, check=True, cwd=root,
    ).stdout
    assert int(output.splitlines()[-1]) <= 48 << 10
    assert [path.name for path in tmp_path.iterdir()] == ["counts"]
