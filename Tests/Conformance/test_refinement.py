"""Refining a corpus beside datasketch, the MinHash that the field uses, and plain Python."""

import io
import json
import re

import numpy as np
import pytest
import zstandard
from datasketch import MinHash, MinHashLSH

BANDS, ROWS, SHINGLE = 20, 6, 5
PRIME = (1 << 61) - 1
MASK = (1 << 64) - 1

# The words of a text, as WordScanner defines them.
SEPARATORS = "\u00a0-\u00bf\u2000-\u206f\u3000-\u303f"
SINGLE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3040-\ua4cf\uf900-\ufaff"
    "\uff00-\uffef\U00020000-\U0003ffff")
WORD = re.compile(f"[{SINGLE}]|(?:[A-Za-z0-9]|[^\\x00-\\x7f{SEPARATORS}{SINGLE}])+")


def mix(word):
    """SplitMix64's finaliser."""
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ word >> 27) * 0x94D049BB133111EB & MASK
    return word ^ word >> 31


def fnv(items):
    value = 0xCBF29CE484222325
    for item in items:
        value = (value ^ item) * 0x100000001B3 & MASK
    return value


def shingles(text):
    """The hashes of the runs of five words."""
    lower = str.maketrans({chr(c): chr(c + 32) for c in range(65, 91)})
    words = [fnv(word.translate(lower).encode()) for word in WORD.findall(text)]
    length = min(SHINGLE, len(words))
    if not words:
        return []
    return [mix(fnv(words[i:i + length])) >> 32 for i in range(len(words) - length + 1)]


def permutations(seed=1):
    state, drawn = seed, []
    while len(drawn) < 2 * BANDS * ROWS:
        state = state + 0x9E3779B97F4A7C15 & MASK
        value = mix(state) >> 3
        if value < PRIME and value >= (len(drawn) + 1) % 2:
            drawn.append(value)
    return np.array(drawn[::2], dtype=np.uint64), np.array(drawn[1::2], dtype=np.uint64)


def peer(text, constants):
    """The signature by datasketch, from the same hashes and constants."""
    signature = MinHash(
        num_perm=BANDS * ROWS, hashfunc=lambda value: value, permutations=constants,
        scheme="legacy")
    signature.update_batch(shingles(text))
    return signature


@pytest.fixture(scope="module")
def texts(mixed, fuzzed):
    """Real documents in many languages, and some to stumble over."""
    return [text[:20_000] for text in mixed[::max(1, len(mixed) // 1_500)]] + fuzzed[:1_000]


def test_signatures_are_those_of_datasketch(answer_texts, texts):
    constants = permutations()
    for text, ours in zip(texts, answer_texts(texts, "min-hash", "{}")):
        if len(ours) == 0:
            assert shingles(text) == []
            continue
        assert np.array_equal(ours, peer(text, constants).hashvalues), text[:200]


def read(folder):
    lines = []
    for part in sorted(folder.glob("part_*.jsonl.zst")):
        with part.open("rb") as file:
            reader = io.TextIOWrapper(
                zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True),
                encoding="utf-8", newline="\n")
            lines += [json.loads(line) for line in reader]
    return lines


def write(path, texts):
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))


def test_the_pairs_are_those_of_datasketch(quern, mixed, tmp_path):
    """Of each group of documents that datasketch's LSH and estimates connect the first stays."""
    texts = [text[:4_000] for text in mixed if len(text) > 200][:3_000]
    texts = list(dict.fromkeys(texts))
    constants = permutations()
    lsh = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    signatures = [peer(text, constants) if shingles(text) else None for text in texts]
    parents = list(range(len(texts)))

    def root(number):
        while parents[number] != number:
            number = parents[number]
        return number

    for number, signature in enumerate(signatures):
        if signature is None:
            continue
        for other in lsh.query(signature):
            if signature.jaccard(signatures[other]) >= 0.8:
                one, two = sorted((root(number), root(other)))
                parents[two] = one
        lsh.insert(number, signature)
    expected = [number + 1 for number in range(len(texts)) if root(number) == number]
    assert len(expected) < len(texts), "the corpus has near-duplicates"
    write(tmp_path / "corpus.jsonl", texts)
    quern(
        "corpus", "refine", tmp_path / "corpus.jsonl", "--output", tmp_path / "clean",
        "--remove-near-duplicates", "--quiet")
    lines = read(tmp_path / "clean")
    assert [line["source"]["line"] for line in lines] == expected
    assert [line["text"] for line in lines] == [texts[number - 1] for number in expected]
    report = json.loads((tmp_path / "clean/report.json").read_text())
    assert report["steps"][-1]["removed"]["documents"] == len(texts) - len(expected)


def test_filters_and_duplicates_are_counted_as_defined(quern, mixed, tmp_path):
    texts = [text for text in mixed if len(text) < 50_000][:4_000]
    texts += texts[:500]
    write(tmp_path / "corpus.jsonl", texts)
    quern(
        "corpus", "refine", tmp_path / "corpus.jsonl", "--output", tmp_path / "clean", "--quiet",
        "--min-words", 30, "--max-bytes", 20_000, "--max-repeated-lines", 0.3,
        "--max-repeated-line-bytes", 0.2, "--max-non-letters", 0.25, "--part-bytes", "1MiB")
    counts, kept, seen = dict.fromkeys(
        ["max_bytes", "min_words", "max_repeated_lines", "max_repeated_line_bytes",
         "max_non_letters", "remove_duplicates"], 0), [], set()
    space = " \t\n\v\f\r"
    for text in texts:
        lines = [line for line in (line.strip(space) for line in text.split("\n")) if line]
        known, repeated = set(), []
        for line in lines:
            (repeated.append(line) if line in known else known.add(line))
        data = text.encode()
        visible = [byte for byte in data if chr(byte) not in space]
        other = [byte for byte in visible if byte < 128 and not chr(byte).isalpha()]
        size = lambda some: sum(len(line.encode()) for line in some)
        if len(data) > 20_000:
            counts["max_bytes"] += 1
        elif len(WORD.findall(text)) < 30:
            counts["min_words"] += 1
        elif lines and len(repeated) / len(lines) > 0.3:
            counts["max_repeated_lines"] += 1
        elif lines and size(repeated) / size(lines) > 0.2:
            counts["max_repeated_line_bytes"] += 1
        elif visible and len(other) / len(visible) > 0.25:
            counts["max_non_letters"] += 1
        elif text in seen:
            counts["remove_duplicates"] += 1
        else:
            seen.add(text)
            kept.append(text)
    report = json.loads((tmp_path / "clean/report.json").read_text())
    assert {step["name"]: step["removed"]["documents"] for step in report["steps"]} == counts
    assert all(count > 0 for count in counts.values())
    assert [line["text"] for line in read(tmp_path / "clean")] == kept
    assert len(report["parts"]) > 1
