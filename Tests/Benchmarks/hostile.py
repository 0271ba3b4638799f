"""Texts that make tokenizers slow, each as one document: from a file to shards."""

import base64
import json
import random

import vocabularies
from harness import CACHE, Failure, counted, make_empty, number, quern, say, table

# Each gives about so many bytes, without a place where a pattern would have to cut. The same every
# time.
TEXTS = {
    "one letter": lambda size: b"a" * size,
    # A document of spaces alone counts as empty.
    "spaces": lambda size: b"spaces" + b" " * size,
    "ab": lambda size: b"ab" * (size // 2),
    "base64": lambda size: base64.b64encode(random.Random(1).randbytes(size * 3 // 4)),
    "CJK without spaces": lambda size: cjk(size),
}


def cjk(size):
    """Chinese characters, the common more often than the rare, in no order that a token knows."""
    source = random.Random(2)
    characters = [chr(code) for code in range(0x4E00, 0x9FA6)]
    weights = [1 / (place + 10) for place in range(len(characters))]
    return "".join(source.choices(characters, weights, k=size // 3)).encode()


def measure(options):
    vocabulary = vocabularies.vocabulary("cl100k")
    rows, notes = [], []
    for name, make in TEXTS.items():
        path = text_file(name, make, int(options.hostile_megabytes * 1e6))
        try:
            rows.append([name, *run_quern(name, path, vocabulary, options)])
        except Failure as failure:
            rows.append([name, "failed"])
            notes.append(f"{name}: {failure}")
    table(
        f"Hostile texts from a file to shards: cl100k, {number(options.hostile_megabytes)} MB in "
        f"one document, {counted(options.threads, 'thread')}",
        ["text", "MB/s", "bytes a token", "peak MB"],
        rows,
        ["One run each, the whole process.", *notes],
    )


def run_quern(name, path, vocabulary, options):
    say(f"hostile, {name} ...")
    output, size = make_empty(CACHE / "hostile-run"), path.stat().st_size
    arguments = ["--vocab", vocabulary, "--output", output, "--end-of-text", "none"]
    arguments += ["--validation-fraction", 0, path]
    finished = quern("encode", *arguments, threads=options.threads)
    tokens = json.loads((output / "manifest.json").read_text())["train"]["tokens"]
    speed = number(size / 1e6 / finished.seconds, 1)
    return [speed, number(size / tokens, 2), number(finished.peak_megabytes)]


def text_file(name, make, size):
    folder = CACHE / "hostile"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.replace(' ', '-')}-{size}.txt"
    if not path.exists():
        say(f"making {path.name} ...")
        partial = path.with_suffix(".partial")
        partial.write_bytes(make(size))
        partial.rename(path)
    return path
