"""Vocabularies and ids against `tokenizers`, `transformers` and `tiktoken`."""

import json
import random

import numpy as np
import pytest
import tokenization_peers as peers
from tokenizers import Tokenizer
from transformers import AutoTokenizer

PATTERNS = list(peers.PATTERNS)


def train(quern, directory, source, pattern, size, frequency=2, specials=(peers.END,), more=()):
    special = [argument for content in specials for argument in ("--special", content)]
    quern(
        "vocab", "train", "--output", directory, "--vocab-size", size, "--pattern", pattern,
        "--min-frequency", frequency, *special, *more, "--quiet", source,
    )
    return directory


def encode(quern, vocabulary, documents, directory):
    """The ids of each document, from the shards that `quern encode` wrote."""
    directory.mkdir(parents=True, exist_ok=True)
    source = peers.write_jsonl(directory / "documents.jsonl", documents)
    shards = directory / "shards"
    quern(
        "encode", "--vocab", vocabulary, "--output", shards, "--end-of-text", "before",
        "--validation-fraction", 0, "--quiet", source,
    )
    ids = np.concatenate([peers.read_shard(path) for path in sorted(shards.glob("train_*.bin"))])
    end = json.loads((vocabulary / "tokenizer.json").read_text())["model"]["vocab"][peers.END]
    starts = np.flatnonzero(ids == end)
    return [part[1:].tolist() for part in np.split(ids, starts[1:])]


def differences(documents, ours, theirs):
    assert len(ours) == len(theirs) == len(documents)
    return [
        (document[:60], one[:20], other[:20])
        for document, one, other in zip(documents, ours, theirs)
        if one != other
    ]


@pytest.fixture(scope="module", params=PATTERNS)
def learned(request, quern, kjv, tmp_path_factory):
    """A pattern and a vocabulary of mixed text in it."""
    directory = tmp_path_factory.mktemp(request.param)
    documents = kjv[::4] + peers.python_sources(1 << 20) + peers.fuzz(3, 500, 40)
    source = peers.write_jsonl(directory / "documents.jsonl", documents)
    return request.param, train(quern, directory / "vocab", source, request.param, 6000)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_kjv_gives_the_file_that_tokenizers_saves(quern, kjv, kjv_path, tmp_path, pattern):
    train(quern, tmp_path / "ours", kjv_path, pattern, 4096, more=("--separator", r"\n\n\n"))
    peers.trained(kjv, pattern, 4096).save(str(tmp_path / "theirs.json"))
    ours = (tmp_path / "ours/tokenizer.json").read_bytes()
    assert ours == (tmp_path / "theirs.json").read_bytes()


@pytest.mark.parametrize("seed", range(24))
def test_small_corpora_full_of_ties_give_the_same_merges(quern, tmp_path, seed):
    generator = random.Random(seed)
    alphabet = ["ab", "abc ", peers.HOSTILE][seed % 3]
    documents = [
        "".join(generator.choices(alphabet, k=generator.randint(1, 60)))
        for _ in range(generator.randint(1, 40))
    ]
    pattern = generator.choice(PATTERNS)
    size = generator.choice([270, 300, 400, 2000])
    frequency = generator.choice([0, 1, 2, 3])
    specials = generator.choice([[peers.END], [peers.END, "<|é|>", "<pad>"], ["[a] b"]])
    source = peers.write_jsonl(tmp_path / "documents.jsonl", documents)
    train(quern, tmp_path / "ours", source, pattern, size, frequency, specials)
    theirs = peers.trained(documents, pattern, size, frequency, specials)
    theirs.save(str(tmp_path / "theirs.json"))
    ours = (tmp_path / "ours/tokenizer.json").read_bytes()
    assert ours == (tmp_path / "theirs.json").read_bytes()


def test_the_number_of_threads_changes_nothing(quern, kjv_path, tmp_path):
    for threads in (1, 2, 3):
        train(
            quern, tmp_path / str(threads), kjv_path, "gpt4", 1000,
            more=("--separator", r"\n\n\n", "--threads", threads),
        )
    for name in ("tokenizer.json", "tokens.tsv", "tokenizer_config.json"):
        files = {(tmp_path / str(threads) / name).read_bytes() for threads in (1, 2, 3)}
        assert len(files) == 1


def test_the_committed_vocabulary_is_what_the_corpus_gives(quern, root, kjv_path, tmp_path):
    corpus = json.loads((root / "pipeline.json").read_text())["corpus"]
    vocabulary = json.loads((root / "pipeline.json").read_text())["vocabulary"]
    train(
        quern, tmp_path / "kjv", kjv_path, vocabulary["pattern"], vocabulary["vocab_size"],
        specials=vocabulary["special_tokens"],
        more=(
            "--separator", corpus["text_separator"].replace("\n", r"\n"),
            "--validation-fraction", corpus["validation_fraction"],
        ),
    )
    for file in sorted((tmp_path / "kjv").iterdir()):
        assert file.read_bytes() == (root / "vocab/kjv" / file.name).read_bytes(), file.name


def test_ids_of_mixed_text_are_those_of_tokenizers_and_tiktoken(quern, kjv, learned, tmp_path):
    pattern, vocabulary = learned
    documents = kjv + peers.python_sources(4 << 20)
    ours = encode(quern, vocabulary, documents, tmp_path)
    theirs = Tokenizer.from_file(str(vocabulary / "tokenizer.json")).encode_batch(documents)
    assert differences(documents, ours, [encoding.ids for encoding in theirs]) == []
    encoding, first = peers.tiktoken_encoding(vocabulary, pattern)
    theirs = [[number + first for number in ids] for ids in encoding.encode_ordinary_batch(documents)]
    assert differences(documents, ours, theirs) == []


def test_ids_of_fuzzed_strings_are_those_of_tokenizers_and_tiktoken(quern, learned, tmp_path):
    pattern, vocabulary = learned
    documents = peers.fuzz(11, 12_000, 24)
    ours = encode(quern, vocabulary, documents, tmp_path)
    theirs = Tokenizer.from_file(str(vocabulary / "tokenizer.json")).encode_batch(documents)
    assert differences(documents, ours, [encoding.ids for encoding in theirs]) == []
    encoding, first = peers.tiktoken_encoding(vocabulary, pattern)
    theirs = [[number + first for number in ids] for ids in encoding.encode_ordinary_batch(documents)]
    assert differences(documents, ours, theirs) == []


def test_whole_pieces_come_first_where_the_file_says_so(quern, learned, tmp_path):
    """A vocabulary whose merges cannot reach all of its tokens shows the difference."""
    _, vocabulary = learned
    file = json.loads((vocabulary / "tokenizer.json").read_text())
    merges = file["model"]["merges"]
    # Without their own merges, every seventh pair's token is reached as a whole piece only.
    file["model"]["merges"] = [pair for index, pair in enumerate(merges) if index % 7]
    documents = peers.fuzz(12, 2_000, 16) + peers.python_sources(1 << 18)
    results = []
    for ignores in (False, True):
        file["model"]["ignore_merges"] = ignores
        directory = tmp_path / str(ignores)
        directory.mkdir()
        (directory / "tokenizer.json").write_text(json.dumps(file, ensure_ascii=ignores))
        ours = encode(quern, directory, documents, directory)
        theirs = Tokenizer.from_file(str(directory / "tokenizer.json")).encode_batch(documents)
        assert differences(documents, ours, [encoding.ids for encoding in theirs]) == []
        results.append(ours)
    assert results[0] != results[1]


def test_transformers_loads_the_directory(learned, kjv):
    _, vocabulary = learned
    tokenizer = AutoTokenizer.from_pretrained(vocabulary)
    peer = Tokenizer.from_file(str(vocabulary / "tokenizer.json"))
    assert len(tokenizer) == peer.get_vocab_size()
    assert tokenizer.eos_token == tokenizer.bos_token == peers.END
    assert tokenizer.eos_token_id == 0
    for text in kjv[::100]:
        ids = tokenizer(text)["input_ids"]
        assert ids == peer.encode(text).ids
        assert tokenizer.decode(ids) == text


def test_the_command_prints_the_ids_of_tokenizers(quern, learned):
    _, vocabulary = learned
    peer = Tokenizer.from_file(str(vocabulary / "tokenizer.json"))
    for text in ["Hold my math!", "DON'T  stop\n\n 12345 漢字 😀", "x = 1\n    y\t= ½", " \n\t  \n  "]:
        expected = " ".join(map(str, peer.encode(text).ids))
        assert quern("tokenize", "--vocab", vocabulary, "--ids", text).strip() == expected
        assert quern("tokenize", "--vocab", vocabulary, "--ids", "-", text=text).strip() == expected


def test_special_tokens_in_a_text_are_text_unless_allowed(quern, learned):
    pattern, vocabulary = learned
    text = f"the end{peers.END} of it"
    encoding, first = peers.tiktoken_encoding(vocabulary, pattern)
    ordinary = [number + first for number in encoding.encode_ordinary(text)]
    assert quern("tokenize", "--vocab", vocabulary, "--ids", text).split() == [*map(str, ordinary)]
    allowed = Tokenizer.from_file(str(vocabulary / "tokenizer.json")).encode(text).ids
    found = quern("tokenize", "--vocab", vocabulary, "--ids", "--allow-special", "all", text).split()
    assert found == [*map(str, allowed)]
    assert found != [*map(str, ordinary)]
