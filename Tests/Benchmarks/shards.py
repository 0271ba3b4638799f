"""From a compressed file to shards: Quern's whole way, beside bare tokenizers in memory."""

import json
import shutil

import numpy

import encode
import vocabularies
from harness import (
    CACHE,
    Failure,
    counted,
    make_empty,
    number,
    peer,
    quern,
    run,
    say,
    table,
)
from peers import checksum
from programs import Program, failures
from texts import slice_of

PEERS = ["gigatoken", "fastokens"]
ALONE = "Quern, encoding alone"


def measure(options):
    vocabulary = vocabularies.vocabulary(vocabularies.LEARNED)
    for kind in options.corpora:
        measure_kind(kind, vocabulary, options)


def measure_kind(kind, vocabulary, options):
    text = slice_of(kind, options.shard_megabytes)
    rows, notes = decompression(text, options), []
    for threads in options.encode_threads:
        programs = measure_threads(text, vocabulary, threads, options)
        rows += [[threads, *program.row(["first"])] for program in programs]
        notes += failures(programs)
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
            "The others: encoding alone, of documents in memory, once, in a fresh process. Their "
            "peaks hold the text and the ids, the peers' also Python.",
            *notes,
        ],
    )


def measure_threads(text, vocabulary, threads, options):
    """Quern, its tokenizer alone, and the peers, with one number of threads."""
    own, peers = Program("Quern, end to end"), [Program(name) for name in [ALONE, *PEERS]]
    for place in range(options.repeat):
        say(
            f"shards, {text.kind}, {counted(threads, 'thread')}: round {place + 1} of "
            f"{options.repeat} ..."
        )
        output = make_empty(CACHE / "shards-run")
        own.add(run_quern(text, vocabulary, output, threads), options)
        ids = shard_ids(output / "train_000000.bin")
        expected = len(ids), checksum(ids)
        for program in peers:
            try:
                answer = run_peer(program.name, text, vocabulary, threads)
            except Failure as failure:
                program.failure = str(failure)
                continue
            program.add(answer, options, own)
            program.judge((answer["count"], answer["checksum"]) == expected)
    return [own, *peers]


def decompression(text, options):
    """The limit: what zstd itself needs to read the file and throw the text away."""
    if shutil.which("zstd") is None:
        return []
    program = Program("zstd -d alone")
    for _ in range(options.repeat):
        program.add(whole_run(text, run(["zstd", "-tq", text.compressed], 1)), options)
    return [[1, *program.row(["first"])]]


def whole_run(text, finished):
    """A program's run from its start to its end, in the form of a peer's answer."""
    return {
        "bytes": text.byte_count,
        "seconds": [finished.seconds],
        "processor_seconds": [finished.processor_seconds],
        "peak_megabytes": finished.peak_megabytes,
    }


def run_peer(name, text, vocabulary, threads):
    if name == ALONE:
        return encode.run_quern(vocabulary, text, threads, 1)
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
    """One run without end-of-text tokens, into one shard."""
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
    return whole_run(text, finished)


def shard_ids(path):
    header = numpy.fromfile(path, "<i4", 256)
    kind = {20240520: "<u2", 20240801: "<u4"}[int(header[0])]
    return numpy.fromfile(path, kind, offset=1024)
