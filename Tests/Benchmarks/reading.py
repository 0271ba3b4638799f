"""Reading: from a file of JSON lines or of Parquet to documents, beside Python's readers and
simdjson."""

import gzip
import json
import os
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from harness import CACHE, FOLDER, Failure, Series, counted, number, peer, run, say, table, times
from texts import slice_of

CORPUS_BENCH = FOLDER / ".build/release/CorpusBench"
PEERS = {"lines": ["json", "orjson", "pysimdjson"], "columns": ["pyarrow"]}
# Debian's libsimdjson-dev, the C++ library itself.
SIMDJSON = "simdjson, C++"
FRAME = 4 << 20


def measure(options):
    for kind in options.corpora:
        measure_kind(slice_of(kind, options.megabytes), options)


def measure_kind(text, options):
    files = forms_of(text)
    rows = []
    for form, path in files.items():
        programs = {f"Quern, {counted(n, 'thread')}": (n, None) for n in (1, 2)}
        peers = PEERS["columns" if path.suffix == ".parquet" else "lines"]
        programs |= {f"Python {name}": (1, name) for name in peers}
        if path.suffix == ".jsonl":
            programs[SIMDJSON] = (1, SIMDJSON)
        series = {title: Series() for title in programs}
        for place in range(options.repeat):
            say(f"read, {text.kind}, {form}: round {place + 1} of {options.repeat} ...")
            own = None
            for title, (threads, name) in programs.items():
                if name is None:
                    finished = run([CORPUS_BENCH, path, "--threads", threads], threads)
                    answer = json.loads(finished.output)
                    answer["peak_megabytes"] = finished.peak_megabytes
                elif name == SIMDJSON:
                    finished = run([simdjson_program(), path], threads)
                    answer = json.loads(finished.output)
                    answer["peak_megabytes"] = finished.peak_megabytes
                else:
                    answer = peer("peers_read.py", {"peer": name, "path": path}, threads)
                if (answer["documents"], answer["bytes"]) != (text.document_count, text.byte_count):
                    raise Failure(f"{title} read {answer['bytes']} bytes, not {text.byte_count}")
                speed = answer["bytes"] / 1e6 / answer["seconds"]
                own = own or speed
                series[title].add(speed, answer["peak_megabytes"], None if name is None else own)
        for title, figures in series.items():
            ratio = times(figures.ratio()) if figures.partners else ""
            rows.append(
                [form, title, number(figures.median), figures.spread(0), ratio,
                 number(figures.peak)])
    table(
        f"Reading JSON lines and Parquet: {text.kind}, {number(text.byte_count / 1e6)} MB of text",
        ["file", "program", "MB/s", "lowest–highest", "Quern on one thread is", "peak MB"],
        rows,
        [
            f"Medians of {counted(options.repeat, 'round')}, all programs in turn. Quern checks "
            "all of each line and hashes each text;",
            "Python has the text as an object, and pyarrow as batches of a column, on one thread;",
            "simdjson (on demand, compiled for this processor) has it as a view.",
            "The same documents and bytes in all.",
        ],
    )


def simdjson_program():
    """The C++ library's reader, compiled once for this processor."""
    folder = CACHE / "tuning"
    program, source = folder / "simdjson", FOLDER / "peers_simdjson.cpp"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = program.with_suffix(".unfinished")
        compiler = os.environ.get("CXX", "g++")
        subprocess.run(
            [compiler, "-O3", "-march=native", "-std=c++17", "-o", unfinished, source,
             "-lsimdjson"], check=True)
        unfinished.rename(program)
    return program


def forms_of(text):
    """The slice's documents as JSON lines and as Parquet in several files, kept between runs."""
    folder = CACHE / "texts"
    base = folder / text.flat.name.removesuffix(".flat")
    forms = {
        "jsonl": base.with_suffix(".read.jsonl"),
        "one frame": base.with_suffix(".read-one.jsonl.zst"),
        "frames of 4 MiB": base.with_suffix(".read-many.jsonl.zst"),
        "gzip": base.with_suffix(".read.jsonl.gz"),
        "Parquet, snappy": base.with_suffix(".read-snappy.parquet"),
        "Parquet, zstd": base.with_suffix(".read-zstd.parquet"),
    }
    newest = text.flat.stat().st_mtime
    if all(path.exists() and path.stat().st_mtime >= newest for path in forms.values()):
        return forms
    say(f"writing {text.kind} as JSON lines and as Parquet ...")
    data, lengths = text.flat.read_bytes(), memoryview(text.lengths.read_bytes()).cast("q")
    lines, texts, place = [], [], 0
    for length in lengths:
        content = data[place : place + length].decode()
        texts.append(content)
        lines.append(json.dumps({"text": content}, ensure_ascii=False).encode() + b"\n")
        place += length
    whole = b"".join(lines)
    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
    forms["jsonl"].write_bytes(whole)
    forms["one frame"].write_bytes(compressor.compress(whole))
    forms["frames of 4 MiB"].write_bytes(
        b"".join(compressor.compress(whole[i : i + FRAME]) for i in range(0, len(whole), FRAME)))
    forms["gzip"].write_bytes(gzip.compress(whole, 6))
    write_columns(texts, forms["Parquet, snappy"], forms["Parquet, zstd"])
    return forms


def write_columns(texts, snappy, zstd):
    """Files as FineWeb's are, whose dictionary of texts is full after a mebibyte, with the columns
    beside the text; and as those of nanochat, of the text alone and without a dictionary."""
    count = len(texts)
    table = pa.table({
        "text": texts, "id": [f"<urn:uuid:{n:032x}>" for n in range(count)],
        "dump": ["CC-MAIN-2013-20"] * count,
        "url": [f"http://example.org/{n * 7919 % count}" for n in range(count)],
        "language": ["en"] * count, "language_score": [0.9] * count,
        "token_count": [len(text) // 4 for text in texts],
    })  # fmt: skip
    pq.write_table(table, snappy, compression="snappy", row_group_size=1000)
    pq.write_table(
        table.select(["text"]), zstd, compression="zstd", compression_level=3,
        use_dictionary=False, write_statistics=False, row_group_size=1024)
