"""Published vocabularies, imported: ids against tiktoken and `tokenizers`, on fifty megabytes of
mixed text and on fuzzed strings."""

import base64
import json
import random

import numpy as np
import pytest
import published
import tiktoken
import tokenization_peers as peers
from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer


@pytest.fixture(scope="module", params=list(published.PUBLISHED))
def imported(request, quern, published_folder, tmp_path_factory):
    """Facts about a vocabulary, its own file, and the directory that it was imported to."""
    file = published.path(published_folder, request.param)
    directory = tmp_path_factory.mktemp(request.param)
    quern("vocab", "import", file, "--output", directory)
    return published.PUBLISHED[request.param], file, directory


@pytest.fixture(scope="module")
def encoding(imported):
    """tiktoken with the ranks of the vocabulary's own file, and what is added to its ids; nothing
    if the file has no ranks."""
    vocabulary, file, _ = imported
    ranks, first = {}, 0
    if vocabulary.pattern is None:
        return None, 0
    if file.suffix in (".tiktoken", ".model"):
        for line in file.read_bytes().splitlines():
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
    elif file.name == "tekken.json":
        content = json.loads(file.read_text())
        first = content["config"]["default_num_special_tokens"]
        for token in content["vocab"][:content["config"]["default_vocab_size"] - first]:
            ranks[base64.b64decode(token["token_bytes"])] = token["rank"]
    else:
        return None, 0
    special = {content: number - first for content, number in vocabulary.special.items()}
    if first:
        special = {}  # tiktoken has no numbers below that of the first rank
    return tiktoken.Encoding(
        "published", pat_str=peers.PATTERNS[vocabulary.pattern][0], mergeable_ranks=ranks,
        special_tokens=special), first


@pytest.fixture(scope="module")
def tokenizer(imported):
    """`tokenizers` with the vocabulary's own file if it can read it, or with the imported one and a
    pattern of its own."""
    vocabulary, file, directory = imported
    if file.name == "tokenizer.json":
        return peers.tokenizer(file, None)
    return peers.tokenizer(directory / "tokenizer.json", vocabulary.pattern)


def test_mixed_text_has_the_ids_of_tiktoken(quern, imported, encoding, mixed, mixed_path, tmp_path):
    """All of it, by the way that shards are made."""
    _, _, directory = imported
    if encoding[0] is None:
        pytest.skip("tiktoken has no such pattern")
    quern(
        "encode", "--vocab", directory, "--output", tmp_path, "--end-of-text", "none",
        "--validation-fraction", 0, "--quiet", mixed_path,
    )
    ours = np.concatenate([peers.read_shard(path) for path in sorted(tmp_path.glob("train_*.bin"))])
    theirs = peers.tiktoken_ids(*encoding, mixed)
    if np.array_equal(ours, np.concatenate(theirs)):
        return
    # Which document it is.
    ends = np.cumsum([len(ids) for ids in theirs])
    ours = np.split(ours, ends[:-1])
    pytest.fail(f"different: {peers.differences(mixed, ours, theirs)[:1]}")


def test_mixed_text_has_the_ids_of_tokenizers(encode_all, imported, tokenizer, mixed):
    """A share of it: `tokenizers` takes its time."""
    _, _, directory = imported
    texts = mixed[::10]
    theirs = peers.ids_of(tokenizer, texts)
    assert peers.differences(texts, encode_all(directory, texts), theirs) == []


def test_fuzzed_strings_have_the_ids_of_tiktoken_and_tokenizers(
        encode_all, imported, encoding, tokenizer, fuzzed):
    _, _, directory = imported
    ours = encode_all(directory, fuzzed)
    if encoding[0]:
        theirs = peers.tiktoken_ids(*encoding, fuzzed)
        assert peers.differences(fuzzed, ours, theirs) == []
    assert peers.differences(fuzzed, ours, peers.ids_of(tokenizer, fuzzed)) == []


def test_the_written_file_gives_tokenizers_the_same_ids(encode_all, imported, mixed, fuzzed):
    _, _, directory = imported
    texts = mixed[::200] + fuzzed[:5000]
    peer = peers.tokenizer(directory / "tokenizer.json", None)
    theirs = peers.ids_of(peer, texts)
    assert peers.differences(texts, encode_all(directory, texts), theirs) == []


def test_ids_decode_to_what_tokenizers_makes_of_them(
        encode_all, decode_all, imported, mixed, fuzzed):
    """Whole texts, and ids in any order."""
    _, file, directory = imported
    if file.name != "tokenizer.json":
        pytest.skip("tokenizers does not read its file")
    peer = Tokenizer.from_file(str(file))
    lists = [ids.tolist() for ids in encode_all(directory, mixed[::500] + fuzzed[:5000])
             if not peers.is_refused(ids)]
    generator = random.Random(6)
    lists += [generator.choices(range(peer.get_vocab_size()), k=5) for _ in range(5000)]
    for ids, ours in zip(lists, decode_all(directory, lists)):
        theirs = peer.decode(ids, skip_special_tokens=False)
        # Bytes that are no UTF-8 are marked by it, each or several at once.
        if "\ufffd" not in theirs:
            assert ours.decode() == theirs, ids


def test_sentencepiece_gives_the_same_ids_and_texts(
        encode_all, decode_all, imported, mixed, fuzzed):
    vocabulary, file, directory = imported
    if vocabulary.pattern or file.name != "tokenizer.model":
        pytest.skip("it is no file of SentencePiece's")
    peer = SentencePieceProcessor(model_file=str(file))
    # It takes no zero byte.
    texts = [text for text in mixed[::20] + fuzzed if "\0" not in text]
    ours = encode_all(directory, texts)
    assert peers.differences(texts, ours, peer.encode(texts)) == []
    generator = random.Random(7)
    lists = [ids.tolist() for ids in ours[::10]]
    lists += [generator.choices(range(3, peer.get_piece_size()), k=5) for _ in range(5000)]
    # A space in front that is a byte stays with the peer, which never writes it so.
    lists = [ids for ids in lists if not ids or not peer.is_byte(ids[0])]
    for ids, text in zip(lists, decode_all(directory, lists)):
        theirs = peer.decode(ids)
        if "\ufffd" not in theirs:
            assert text.decode() == theirs, ids


def test_the_command_prints_what_tokenizers_decodes(quern, encode_all, imported):
    """As arguments, from standard input, and out of shards, where each document is a text."""
    _, file, directory = imported
    if file.name != "tokenizer.json":
        pytest.skip("tokenizers does not read its file")
    peer = Tokenizer.from_file(str(file))
    for text in ["Hold my math!", "  two spaces", "\nline", "語 and é"]:
        [ids] = encode_all(directory, [text])
        expected = peer.decode(ids.tolist(), skip_special_tokens=False)
        assert quern("decode", "--vocab", directory, *ids.tolist()) == expected + "\n"
        listed = " ".join(map(str, ids.tolist()))
        assert quern("decode", "--vocab", directory, "-", text=listed) == expected


def test_special_tokens_have_the_numbers_of_their_publisher(encode_all, imported, encoding):
    vocabulary, _, directory = imported
    if not vocabulary.special:
        pytest.skip("its own file names them")
    names = list(vocabulary.special)
    alone = encode_all(directory, names, "all")
    assert [ids.tolist() for ids in alone] == [[vocabulary.special[name]] for name in names]
    if encoding[1]:
        return
    generator = random.Random(3)
    parts = names + ["the", " mill", "\n", "  ", "<|", "|>", "漢字"]
    texts = ["".join(generator.choices(parts, k=8)) for _ in range(2000)]
    theirs = [encoding[0].encode(text, allowed_special="all") for text in texts]
    assert peers.differences(texts, encode_all(directory, texts, ",".join(names)), theirs) == []
    ordinary = [encoding[0].encode_ordinary(text) for text in texts]
    assert peers.differences(texts, encode_all(directory, texts), ordinary) == []


def test_a_file_with_its_own_special_tokens_keeps_them(encode_all, imported):
    vocabulary, file, directory = imported
    if vocabulary.special or file.name != "tokenizer.json":
        pytest.skip("its file names none, or tokenizers does not read it")
    peer = Tokenizer.from_file(str(file))
    names = [token["content"] for token in json.loads(file.read_text())["added_tokens"]]
    generator = random.Random(4)
    parts = names + ["the", " mill", "\n", "  ", "<", "｜", "漢字"] * 20
    texts = ["".join(generator.choices(parts, k=8)) for _ in range(2000)]
    theirs = peers.ids_of(peer, texts)
    assert peers.differences(texts, encode_all(directory, texts, "all"), theirs) == []
