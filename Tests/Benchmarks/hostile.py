"""Texts that make tokenizers slow, each as one document: from a file to shards."""

import base64
import json
import random

import vocabularies
from harness import CACHE, Failure, Series, counted, make_empty, number, quern, say, table

# Each gives about so many bytes, without a place where a pattern would have to cut. The same every
# time.
TEXTS = {
    "one letter": lambda size: b"a" * size,
    "spaces": lambda size: b" " * size,
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
    rows = []
    for name, make in TEXTS.items():
        path = text_file(name, make, int(options.hostile_megabytes * 1e6))
        for threads in options.encode_threads:
            rows.append(row(name, path, vocabulary, threads, options))
    table(
        f"Hostile texts from a file to shards: cl100k, {number(options.hostile_megabytes)} MB in "
        "one document",
        ["text", "threads", "MB/s", "lowest–highest", "bytes a token", "peak MB"],
        rows,
        [f"Medians of {counted(options.repeat, 'run')} of the whole process."],
    )


def row(name, path, vocabulary, threads, options):
    series, size = Series(), path.stat().st_size
    for place in range(options.repeat):
        say(f"hostile, {name}, {counted(threads, 'thread')}: {place + 1} of {options.repeat} ...")
        output = make_empty(CACHE / "hostile-run")
        arguments = ["--vocab", vocabulary, "--output", output, "--end-of-text", "none"]
        try:
            finished = quern(
                "encode", *arguments, "--validation-fraction", 0, path, threads=threads
            )
        except Failure as failure:
            return [name, threads, "failed", str(failure)]
        series.add(size / 1e6 / finished.seconds, finished.peak_megabytes)
    tokens = json.loads((output / "manifest.json").read_text())["train"]["tokens"]
    speed, spread = number(series.median, 1), series.spread(1)
    return [name, threads, speed, spread, number(size / tokens, 2), number(series.peak)]


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
