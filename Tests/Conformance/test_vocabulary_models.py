"""Vocabularies of words and characters: ids against `tokenizers` and `transformers`, and a
dictionary."""

import collections
import json

import pytest
import tokenization_peers as peers
from tokenizers import Tokenizer
from transformers import AutoTokenizer

KINDS = [("character", None), ("word", None), ("word", "word"), ("word", "o200k")]


@pytest.fixture(scope="module", params=KINDS, ids=["-".join(filter(None, kind)) for kind in KINDS])
def learned(request, quern, kjv, fuzzed, tmp_path_factory):
    """A kind of token, its texts, and a vocabulary of them."""
    model, pattern = request.param
    directory = tmp_path_factory.mktemp(model)
    documents = kjv[::4] + fuzzed[:1000]
    source = peers.write_jsonl(directory / "documents.jsonl", documents)
    outputs = []
    for threads in (1, 2):
        outputs.append(directory / f"vocab{threads}")
        quern(
            "vocab", "train", "--model", model, "--output", outputs[-1], "--vocab-size", 3000,
            *(["--pattern", pattern] if pattern else []), "--threads", threads, "--quiet", source)
    assert all(
        path.read_bytes() == (outputs[1] / path.name).read_bytes() for path in outputs[0].iterdir())
    return model, documents, outputs[0]


def test_ids_are_those_of_tokenizers(learned, kjv, fuzzed, encode_all):
    _, _, vocabulary = learned
    texts = kjv[::20] + fuzzed[:20_000]
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    texts += [f"né\r\n\r\ne\u0301 {family} \ufffd", "", "unheardof"]
    ours = encode_all(vocabulary, texts)
    peer = peers.tokenizer(vocabulary / "tokenizer.json", None)
    assert not peers.differences(texts, ours, peers.ids_of(peer, texts))
    for text, ids in zip(texts[:200], ours):
        assert peer.decode(ids.tolist(), skip_special_tokens=False) == text


def test_transformers_opens_it(learned):
    _, _, vocabulary = learned
    peer = AutoTokenizer.from_pretrained(vocabulary)
    ids = peer("And God said, é!", add_special_tokens=False)["input_ids"]
    assert peer.decode(ids) == "And God said, é!"
    raw = Tokenizer.from_file(str(vocabulary / "tokenizer.json"))
    assert ids == raw.encode("And God said, é!").ids


def test_tokens_are_the_most_frequent_pieces(learned):
    model, documents, vocabulary = learned
    file = json.loads((vocabulary / "tokenizer.json").read_text())
    assert file["model"]["ignore_merges"] and not file["model"]["merges"]
    if model != "character":
        return
    counts = collections.Counter("".join(documents))
    wanted = sorted(
        (-count, character.encode()) for character, count in counts.items()
        if count > 1 and ord(character) >= 0x80)[:3000 - 257]
    table = peers.byte_of_character()
    names = sorted(file["model"]["vocab"].items(), key=lambda item: item[1])
    assert [bytes(table[letter] for letter in name) for name, _ in names[257:]] == [
        piece for _, piece in wanted]
