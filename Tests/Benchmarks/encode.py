"""Encoding speed: Quern's whole way from a compressed file to shards, beside bare tokenizers."""

import json

from harness import (
    CACHE, Failure, Series, make_empty, number, peer, quern, run, say, table, times)
from texts import slice_of

# The name, and whether it is fast enough to get the whole text.
PEERS = {"gigatoken": True, "fastokens": True, "tiktoken": False, "tokenizers": False}
SAMPLE_MEGABYTES = 2
NOTES = [
    "Quern: reading and decompressing the file, cutting it into documents, hashing each one's text, "
    "encoding,",
    "and writing and syncing shards, indices and manifest: the whole process.",
    "Peers: encoding alone, of documents in memory, on a first pass. What they peak at holds the "
    "text, the ids and Python.",
    "Each peer gave Quern's ids for the first {sample} MB before it was timed, and as many ids as "
    "Quern for the whole text where it got that.",
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
        "vocab", "train", "--vocab-size", options.encode_vocab_size, "--output", folder,
        *english.arguments(), *[other.compressed for other in others])
    return folder


def measure_kind(kind, vocabulary, options):
    text = slice_of(kind, options.megabytes)
    sample = slice_of(kind, min(options.megabytes, SAMPLE_MEGABYTES))
    sample_shards = make_empty(CACHE / "encode-sample")
    encode_with_quern(sample, vocabulary, sample_shards, 1)

    rows = []
    for threads in options.encode_threads:
        own, tokens = Series(), None
        peers = {name: Series() for name in PEERS}
        sizes = {}
        for round_number in range(options.repeat):
            for name, gets_all in PEERS.items():
                series = peers[name]
                if series.failure is not None:
                    continue
                say(f"encode, {kind}, {threads} threads: round {round_number + 1} of "
                    f"{options.repeat}, Quern, {name} ...")
                speed, peak, tokens = encode_with_quern(
                    text, vocabulary, make_empty(CACHE / "encode-run"), threads)
                own.add(speed, peak)
                try:
                    answer = peer("peers_encode.py", {
                        "peer": name, "tokenizer": vocabulary / "tokenizer.json",
                        "flat": text.flat, "lengths": text.lengths, "threads": threads,
                        "bytes": text.byte_count if gets_all else options.slow_megabytes * 1e6,
                        "sample": sample_shards / "train_000000.bin",
                        "sample_bytes": sample.byte_count}, threads)
                    if answer["bytes"] == text.byte_count and answer["tokens"] != tokens:
                        raise Failure(f"{answer['tokens']} ids, where Quern has {tokens}")
                except Failure as failure:
                    series.failure = str(failure)
                    continue
                sizes[name] = answer["bytes"] / 1e6
                series.add(
                    answer["bytes"] / 1e6 / answer["seconds"], answer["peak_megabytes"], speed)
        rows.append([
            threads, "Quern, end to end", number(text.byte_count / 1e6), number(own.median, 1),
            own.spread(1), "", number(own.peak)])
        for name, series in peers.items():
            if series.values:
                rows.append([
                    threads, name, number(sizes[name]), number(series.median, 1), series.spread(1),
                    times(series.ratio()), number(series.peak)])
            else:
                rows.append([threads, name, "failed", "", "", "", series.failure])
    table(
        f"Encoding: {kind}, {number(text.byte_count / 1e6)} MB in {number(text.document_count)} "
        f"documents, {number(options.encode_vocab_size)} tokens, pattern gpt4",
        ["threads", "program", "MB of text", "MB/s", "lowest–highest", "Quern is", "peak MB"],
        rows,
        [f"Medians of {options.repeat} rounds; Quern runs before each run of a peer, and the ratio "
         "is the median over these pairs."]
        + [note.format(sample=SAMPLE_MEGABYTES) for note in NOTES])


def encode_with_quern(text, vocabulary, output, threads):
    """MB/s, peak memory, and the number of ids of one run without end-of-text tokens."""
    finished = quern(
        "encode", "--vocab", vocabulary, "--output", output, "--validation-fraction", 0,
        "--end-of-text", "none", "--tokens-per-shard", 1 << 30, *text.arguments(), threads=threads)
    manifest = json.loads((output / "manifest.json").read_text())
    totals = manifest["train"]
    if (totals["documents"], totals["bytes"]) != (text.document_count, text.byte_count):
        raise Failure(
            f"Quern found {totals['documents']} documents of {totals['bytes']} bytes in "
            f"{text.compressed.name}, where there are {text.document_count} of {text.byte_count}")
    return text.byte_count / 1e6 / finished.seconds, finished.peak_megabytes, totals["tokens"]
