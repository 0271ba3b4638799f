"""Vocabularies that are learned here: files and ids against `tokenizers`, `transformers` and
`tiktoken`, for every pattern."""

import json
import random
import re

import pytest
import tokenization_peers as peers
from fuzz import Fuzz
from tokenizers import Tokenizer
from transformers import AutoTokenizer


def train(quern, directory, source, pattern, size, frequency=2, specials=(peers.END,), more=()):
    special = [argument for content in specials for argument in ("--special-tokens", content)]
    quern(
        "vocab", "train", "--output", directory, "--vocab-size", size, "--pattern", pattern,
        "--min-frequency", frequency, *special, *more, "--quiet", source,
    )
    return directory


@pytest.fixture(scope="module", params=list(peers.PATTERNS))
def learned(request, quern, kjv, fuzzed, tmp_path_factory):
    """A pattern and a vocabulary of mixed text in it."""
    directory = tmp_path_factory.mktemp(request.param)
    documents = kjv[::4] + peers.python_sources(1 << 20) + fuzzed[:2000]
    source = peers.write_jsonl(directory / "documents.jsonl", documents)
    return request.param, train(quern, directory / "vocab", source, request.param, 6000)


@pytest.fixture(scope="module")
def learned_gpt4(quern, kjv_path, tmp_path_factory):
    directory = tmp_path_factory.mktemp("specials")
    specials = ["<|a|>", "<|a|><|b|>", "<|b|>", "<|b|><|", "[X]", peers.END]
    return train(quern, directory, kjv_path, "gpt4", 1000, specials=specials)


@pytest.mark.parametrize("pattern", peers.TRAINED)
def test_kjv_gives_the_file_that_tokenizers_saves(quern, kjv, kjv_path, tmp_path, pattern):
    train(quern, tmp_path / "ours", kjv_path, pattern, 4096, more=("--text-separator", r"\n\n\n"))
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
    pattern = generator.choice(peers.TRAINED)
    size = generator.choice([270, 300, 400, 2000])
    frequency = generator.choice([0, 1, 2, 3])
    specials = generator.choice([[peers.END], [peers.END, "<|é|>", "<pad>"], ["[a] b"]])
    source = peers.write_jsonl(tmp_path / "documents.jsonl", documents)
    train(quern, tmp_path / "ours", source, pattern, size, frequency, specials)
    theirs = peers.trained(documents, pattern, size, frequency, specials)
    theirs.save(str(tmp_path / "theirs.json"))
    ours = (tmp_path / "ours/tokenizer.json").read_bytes()
    assert ours == (tmp_path / "theirs.json").read_bytes()


@pytest.mark.parametrize("length", [2, 3, 4, 5, 8])
def test_the_length_of_tokens_is_bounded_as_tokenizers_bounds_it(quern, tmp_path, length):
    documents = ["aaaa " * 20, *peers.python_sources(30_000)]
    source = peers.write_jsonl(tmp_path / "documents.jsonl", documents)
    train(quern, tmp_path / "ours", source, "gpt2", 700, specials=[peers.END],
          more=("--max-token-length", length))
    theirs = peers.trained(documents, "gpt2", 700, longest=length)
    theirs.save(str(tmp_path / "theirs.json"))
    ours = (tmp_path / "ours/tokenizer.json").read_bytes()
    assert ours == (tmp_path / "theirs.json").read_bytes()


def test_the_number_of_threads_changes_nothing(quern, kjv_path, tmp_path):
    for threads in (1, 2, 3):
        train(
            quern, tmp_path / str(threads), kjv_path, "gpt4", 1000,
            more=("--text-separator", r"\n\n\n", "--threads", threads),
        )
    for name in ("tokenizer.json", "tokens.tsv", "tokenizer_config.json"):
        files = {(tmp_path / str(threads) / name).read_bytes() for threads in (1, 2, 3)}
        assert len(files) == 1


def test_the_committed_vocabulary_is_what_the_corpus_gives(quern, root, kjv_path, tmp_path):
    corpus = json.loads((root / "pipeline.json").read_text())["corpus"]
    train(
        quern, tmp_path / "kjv", kjv_path, "gpt4", 4096, specials=["<|endoftext|>"],
        more=(
            "--text-separator", corpus["text_separator"].replace("\n", r"\n"),
            "--validation-fraction", 0.05,
        ),
    )
    for file in sorted((tmp_path / "kjv").iterdir()):
        assert file.read_bytes() == (root / "vocab/kjv" / file.name).read_bytes(), file.name


def check(encode_all, learned, texts):
    """Ours, those of `tokenizers`, and those of tiktoken if it can have the pattern."""
    pattern, vocabulary = learned
    ours = encode_all(vocabulary, texts)
    theirs = peers.ids_of(peers.tokenizer(vocabulary / "tokenizer.json", pattern), texts)
    assert peers.differences(texts, ours, theirs) == []
    encoding, first = peers.tiktoken_encoding(vocabulary, pattern)
    if encoding:
        theirs = peers.tiktoken_ids(encoding, first, texts)
        assert peers.differences(texts, ours, theirs) == []


def test_ids_of_mixed_text_are_those_of_tokenizers_and_tiktoken(encode_all, mixed, learned):
    check(encode_all, learned, mixed[::16])


def test_ids_of_fuzzed_strings_are_those_of_tokenizers_and_tiktoken(encode_all, fuzzed, learned):
    check(encode_all, learned, fuzzed)


def test_the_written_file_gives_tokenizers_the_same_ids(encode_all, kjv, fuzzed, learned):
    """As above, and with the expressions that the program spells."""
    _, vocabulary = learned
    texts = kjv[::50] + fuzzed[:10_000]
    theirs = peers.ids_of(peers.tokenizer(vocabulary / "tokenizer.json", None), texts)
    assert peers.differences(texts, encode_all(vocabulary, texts), theirs) == []


def test_superwords_have_the_ids_of_tokenizers(quern, encode_all, kjv, fuzzed, tmp_path):
    """Learned at once and from counts, and far more of the text in tokens of several words."""
    documents = kjv[::2] + fuzzed[:2000]
    source = peers.write_jsonl(tmp_path / "documents.jsonl", documents)
    sizes = ("--vocab-size", 6000, "--superwords-from", 4000, "--quiet")
    quern("vocab", "train", *sizes, "--output", tmp_path / "vocab", source)
    for pattern in ("superbpe", "gpt4"):
        quern("vocab", "count", "--pattern", pattern, "--output", tmp_path / pattern, "--quiet",
              source)
    quern("vocab", "learn", *sizes, "--output", tmp_path / "counted", tmp_path / "superbpe",
          tmp_path / "gpt4")
    file = tmp_path / "vocab/tokenizer.json"
    assert file.read_bytes() == (tmp_path / "counted/tokenizer.json").read_bytes()
    merges = json.loads(file.read_text())["model"]["merges"]
    words = [pair for pair in merges if re.match("[a-z]", pair[0][-1]) and pair[1][0] == "Ġ"]
    assert len(words) > 500 and merges.index(words[0]) >= 4000 - 257
    texts = kjv[1::16] + fuzzed[:20_000]
    theirs = peers.ids_of(peers.tokenizer(file, "superbpe"), texts)
    ours = encode_all(tmp_path / "vocab", texts)
    assert peers.differences(texts, ours, theirs) == []
    theirs = peers.ids_of(peers.tokenizer(file, None), texts)
    assert peers.differences(texts, ours, theirs) == []
    loaded = AutoTokenizer.from_pretrained(str(tmp_path / "vocab"))
    for text in kjv[1::64]:
        assert loaded.decode(loaded(text)["input_ids"]) == text


def test_falcons_steps_cut_as_tokenizers_cuts(quern, encode_all, mixed, fuzzed, tmp_path):
    """A file of its kind, and the one that is written of it."""
    texts = mixed[::64] + fuzzed
    peer = peers.falcon(mixed[::64] + fuzzed[:20_000], 4000)
    peer.save(str(tmp_path / "tokenizer.json"))
    quern("vocab", "import", tmp_path / "tokenizer.json", "--output", tmp_path / "vocab")
    for path in (tmp_path / "tokenizer.json", tmp_path / "vocab/tokenizer.json"):
        theirs = peers.ids_of(peers.tokenizer(path, None), texts)
        assert peers.differences(texts, encode_all(path, texts), theirs) == []


def test_whole_pieces_come_first_where_the_file_says_so(encode_all, fuzzed, learned, tmp_path):
    """A vocabulary whose merges cannot reach all of its tokens shows the difference."""
    _, vocabulary = learned
    file = json.loads((vocabulary / "tokenizer.json").read_text())
    merges = file["model"]["merges"]
    # Without their own merges, every seventh pair's token is reached as a whole piece only.
    file["model"]["merges"] = [pair for index, pair in enumerate(merges) if index % 7]
    texts = fuzzed[:2000] + peers.python_sources(1 << 18)
    results = []
    for ignores in (False, True):
        file["model"]["ignore_merges"] = ignores
        path = tmp_path / f"{ignores}.json"
        path.write_text(json.dumps(file, ensure_ascii=ignores))
        ours = encode_all(path, texts)
        theirs = peers.ids_of(peers.tokenizer(path, None), texts)
        assert peers.differences(texts, ours, theirs) == []
        results.append(ours)
    assert peers.differences(texts, *results) != []


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
    ordinary = peers.tokenizer(vocabulary / "tokenizer.json", pattern).encode(text).ids
    assert quern("tokenize", "--vocab", vocabulary, "--ids", text).split() == [*map(str, ordinary)]
    allowed = Tokenizer.from_file(str(vocabulary / "tokenizer.json")).encode(text).ids
    command = ["tokenize", "--vocab", vocabulary, "--ids", "--allow-special"]
    for policy in ("all", peers.END):
        assert quern(*command, policy, text).split() == [*map(str, allowed)]
    assert allowed != ordinary


def test_overlapping_special_tokens_are_found_as_tokenizers_finds_them(encode_all, learned_gpt4):
    """The leftmost, and the longest of those that start there."""
    generator = random.Random(5)
    parts = ["<|a|>", "<|b|>", "<|", "|>", "<", "a", "b", "[X]", "[X", " ", "the", "\n", peers.END]
    texts = ["".join(generator.choices(parts, k=generator.randint(1, 12))) for _ in range(20_000)]
    texts += [text + special for text in Fuzz(9).strings(1000) for special in ("<|a|>", "<|a|")]
    path = learned_gpt4 / "tokenizer.json"
    theirs = peers.ids_of(Tokenizer.from_file(str(path)), texts)
    assert peers.differences(texts, encode_all(learned_gpt4, texts, "all"), theirs) == []
    # Some of them only.
    file = json.loads(path.read_text())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["content"] in parts]
    allowed = ",".join(token["content"] for token in file["added_tokens"])
    theirs = peers.ids_of(Tokenizer.from_str(json.dumps(file)), texts)
    assert peers.differences(texts, encode_all(learned_gpt4, texts, allowed), theirs) == []
