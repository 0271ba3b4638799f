"""Encoding speed: Quern's whole way from a compressed file to shards, beside bare tokenizers."""

import json
import shutil

from harness import (
    CACHE,
    Failure,
    Series,
    cores,
    counted,
    make_empty,
    number,
    peer,
    quern,
    run,
    say,
    table,
    times,
)
from texts import slice_of

# The name, and whether it is fast enough to get the whole text.
PEERS = {"gigatoken": True, "fastokens": True, "tiktoken": False, "tokenizers": False}
# What the notes say.
SAMPLE_MEGABYTES = 2
NOTES = [
    "Quern: reading and decompressing the file, cutting it into documents, hashing each text, "
    "encoding, and writing",
    "and syncing shards, indices and manifest: the whole process.",
    "Peers: encoding alone, of documents in memory, in a fresh process. Their peaks hold the text, "
    "the ids and Python.",
    "Each gave Quern's ids for the first 2 MB before it was timed, and as many ids for the "
    "whole text if it got that.",
]


def measure(options):
    vocabulary = learn(options)
    for kind in options.corpora:
        measure_kind(kind, vocabulary, options)


def learn(options):
    """A vocabulary from the beginnings of the corpora; the same for every table."""
    folder = make_empty(CACHE / "encode-vocab")
    say(f"learning {options.encode_vocab_size} tokens ...")
    share = min(options.megabytes, 20)
    english, *others = [slice_of(kind, share) for kind in ("english", "code", "multilingual")]
    quern(
        "vocab",
        "train",
        "--vocab-size",
        options.encode_vocab_size,
        "--output",
        folder,
        *english.arguments(),
        *[other.compressed for other in others],
    )
    return folder


def measure_kind(kind, vocabulary, options):
    text = slice_of(kind, options.megabytes)
    failures = check(kind, vocabulary, options)
    rows = decompression(text, options)
    for threads in options.encode_threads:
        rows += measure_threads(text, vocabulary, threads, failures, options)
    table(
        f"Encoding: {kind}, {number(text.byte_count / 1e6)} MB in {number(text.document_count)} "
        f"documents, {number(options.encode_vocab_size)} tokens, pattern gpt4",
        ["threads", "program", "MB of text", "MB/s", "lowest–highest", "Quern is", "peak MB"],
        rows,
        [
            f"Medians of {counted(options.repeat, 'round')}; Quern runs before each run of a peer, "
            "and the ratio is the median over these pairs.",
            "Every program is confined to as many processors as it has threads.",
            *NOTES,
        ],
    )


def measure_threads(text, vocabulary, threads, failures, options):
    """The rows of one number of threads."""
    own = Series()
    peers = {name: Series(failure=failures.get(name)) for name in PEERS}
    sizes = {}
    for round_number in range(options.repeat):
        for name, series in peers.items():
            if series.failure is not None and own.values:
                continue
            say(
                f"encode, {text.kind}, {counted(threads, 'thread')}: round {round_number + 1} of "
                f"{options.repeat}, Quern, {name} ..."
            )
            output = make_empty(CACHE / "encode-run")
            speed, peak, tokens = encode_with_quern(text, vocabulary, output, threads)
            own.add(speed, peak)
            if series.failure is not None:
                continue
            limit = text.byte_count if PEERS[name] else options.slow_megabytes * 1e6
            try:
                answer = encode_with_peer(name, text, vocabulary, threads, bytes=limit)
                if answer["bytes"] == text.byte_count and answer["tokens"] != tokens:
                    raise Failure(f"{answer['tokens']} ids, where Quern has {tokens}")
            except Failure as failure:
                series.failure = str(failure)
                continue
            sizes[name] = answer["bytes"] / 1e6
            series.add(sizes[name] / answer["seconds"], answer["peak_megabytes"], speed)
    rows = [row(threads, "Quern, end to end", text.byte_count / 1e6, own)]
    for name, series in peers.items():
        if series.failure is None:
            rows.append(row(threads, name, sizes[name], series))
        else:
            rows.append([threads, name, "failed", "", "", "", series.failure])
    return rows


def row(threads, name, megabytes, series):
    ratio = times(series.ratio()) if series.partners else ""
    speed, spread = number(series.median, 1), series.spread(1)
    return [threads, name, number(megabytes), speed, spread, ratio, number(series.peak)]


def check(kind, vocabulary, options):
    """Whether each peer gives Quern's ids for the beginning of the text; the others' reasons."""
    sample = slice_of(kind, min(options.megabytes, SAMPLE_MEGABYTES))
    shards = make_empty(CACHE / "encode-sample")
    encode_with_quern(sample, vocabulary, shards, 1)
    failures = {}
    for name in PEERS:
        say(f"encode, {kind}: the ids of {name} ...")
        try:
            # Not in the process that is timed later: it would start with pieces that it has seen.
            encode_with_peer(
                name,
                sample,
                vocabulary,
                cores(),
                bytes=sample.byte_count,
                expected=shards / "train_000000.bin",
            )
        except Failure as failure:
            failures[name] = str(failure)
    return failures


def decompression(text, options):
    """The limit: what zstd itself needs to read the file and throw the text away."""
    if shutil.which("zstd") is None:
        return []
    megabytes, series = text.byte_count / 1e6, Series()
    for _ in range(options.repeat):
        finished = run(["zstd", "-tq", text.compressed], 1)
        series.add(megabytes / finished.seconds, finished.peak_megabytes)
    return [row(1, "zstd -d alone", megabytes, series)]


def encode_with_peer(name, text, vocabulary, threads, **more):
    return peer(
        "peers_encode.py",
        {
            "peer": name,
            "tokenizer": vocabulary / "tokenizer.json",
            "flat": text.flat,
            "lengths": text.lengths,
            "threads": threads,
            **more,
        },
        threads,
    )


def encode_with_quern(text, vocabulary, output, threads):
    """MB/s, peak memory, and the number of ids of one run without end-of-text tokens."""
    finished = quern(
        "encode",
        "--vocab",
        vocabulary,
        "--output",
        output,
        "--validation-fraction",
        0,
        "--end-of-text",
        "none",
        "--tokens-per-shard",
        1 << 30,
        *text.arguments(),
        threads=threads,
    )
    manifest = json.loads((output / "manifest.json").read_text())
    totals = manifest["train"]
    if (totals["documents"], totals["bytes"]) != (text.document_count, text.byte_count):
        raise Failure(
            f"Quern found {totals['documents']} documents of {totals['bytes']} bytes in "
            f"{text.compressed.name}, where there are {text.document_count} of {text.byte_count}"
        )
    return text.byte_count / 1e6 / finished.seconds, finished.peak_megabytes, totals["tokens"]
