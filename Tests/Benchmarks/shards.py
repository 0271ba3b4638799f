"""From a compressed file to shards: Quern's whole way, beside bare tokenizers in memory."""

import json
import shutil

import numpy

import vocabularies
from harness import (
    CACHE,
    Failure,
    Series,
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
from peers import checksum
from texts import slice_of

PEERS = ["gigatoken", "fastokens"]


def measure(options):
    vocabulary = vocabularies.vocabulary(vocabularies.LEARNED)
    for kind in options.corpora:
        measure_kind(kind, vocabulary, options)


def measure_kind(kind, vocabulary, options):
    text = slice_of(kind, options.shard_megabytes)
    rows = decompression(text, options)
    for threads in options.encode_threads:
        rows += measure_threads(text, vocabulary, threads, options)
    table(
        f"From a file to shards: {kind}, {number(text.byte_count / 1e6)} MB in "
        f"{number(text.document_count)} documents, {number(vocabularies.LEARNED_SIZE)} tokens, "
        "pattern gpt4",
        ["threads", "program", "MB/s", "lowest–highest", "Quern is", "ids", "peak MB"],
        rows,
        [
            f"Medians of {counted(options.repeat, 'round')}; the ratio is the median over them. "
            "Every program is confined to as many processors as it has threads.",
            "Quern: reading and decompressing the file, cutting it into documents, hashing each "
            "text, encoding, and writing",
            "and syncing shards, indices and manifest: the whole process.",
            "Peers: encoding alone, of documents in memory, once, in a fresh process. Their peaks "
            "hold the text, the ids and Python.",
        ],
    )


def measure_threads(text, vocabulary, threads, options):
    """The rows of one number of threads."""
    own = Series()
    peers = {name: Series() for name in PEERS}
    verdicts = {}
    for place in range(options.repeat):
        say(
            f"shards, {text.kind}, {counted(threads, 'thread')}: round {place + 1} of "
            f"{options.repeat} ..."
        )
        output = make_empty(CACHE / "shards-run")
        speed, peak = run_quern(text, vocabulary, output, threads)
        own.add(speed, peak)
        ids = shard_ids(output / "train_000000.bin")
        expected = len(ids), checksum(ids)
        for name, series in peers.items():
            if series.failure is not None:
                continue
            try:
                answer = run_peer(name, text, vocabulary, threads)
            except Failure as failure:
                series.failure = str(failure)
                continue
            is_same = (answer["count"], answer["checksum"]) == expected
            verdicts[name] = "same" if is_same else "DIFFERENT"
            series.add(
                text.byte_count / 1e6 / answer["seconds"][0], answer["peak_megabytes"], speed
            )
    rows = [row(threads, "Quern, end to end", own)]
    for name, series in peers.items():
        if series.failure is None:
            rows.append(row(threads, name, series, verdicts[name]))
        else:
            rows.append([threads, name, "failed", series.failure])
    return rows


def row(threads, name, series, verdict=""):
    ratio = times(series.ratio()) if series.partners else ""
    speed, spread = number(series.median, 1), series.spread(1)
    return [threads, name, speed, spread, ratio, verdict, number(series.peak)]


def decompression(text, options):
    """The limit: what zstd itself needs to read the file and throw the text away."""
    if shutil.which("zstd") is None:
        return []
    series = Series()
    for _ in range(options.repeat):
        finished = run(["zstd", "-tq", text.compressed], 1)
        series.add(text.byte_count / 1e6 / finished.seconds, finished.peak_megabytes)
    return [row(1, "zstd -d alone", series)]


def run_peer(name, text, vocabulary, threads):
    return peer(
        "peers_encode.py",
        {
            "peer": name,
            "form": "documents",
            "vocabulary": vocabularies.LEARNED,
            "tokenizer": vocabulary / "tokenizer.json",
            "flat": text.flat,
            "lengths": text.lengths,
            "threads": threads,
            "bytes": text.byte_count,
            "passes": 1,
        },
        threads,
    )


def run_quern(text, vocabulary, output, threads):
    """MB/s and peak memory of one run without end-of-text tokens, into one shard."""
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
    totals = json.loads((output / "manifest.json").read_text())["train"]
    if (totals["documents"], totals["bytes"]) != (text.document_count, text.byte_count):
        raise Failure(
            f"Quern found {totals['documents']} documents of {totals['bytes']} bytes in "
            f"{text.compressed.name}, where there are {text.document_count} of {text.byte_count}"
        )
    return text.byte_count / 1e6 / finished.seconds, finished.peak_megabytes


def shard_ids(path):
    header = numpy.fromfile(path, "<i4", 256)
    kind = {20240520: "<u2", 20240801: "<u4"}[int(header[0])]
    return numpy.fromfile(path, kind, offset=1024)
