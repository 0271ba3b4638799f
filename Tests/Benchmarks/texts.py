"""Slices of the corpora: the same documents as a compressed file for Quern and flat for peers."""

import array
import io
import json
from dataclasses import dataclass
from pathlib import Path

import zstandard

from harness import CACHE, REPOSITORY, Failure, say

SEPARATOR = b"\n\n\n"
SOURCES = {
    "english": REPOSITORY / "corpora/bench-english.txt.zst",
    "code": REPOSITORY / "corpora/bench-code.jsonl.zst",
    "multilingual": REPOSITORY / "corpora/bench-multilingual.jsonl.zst",
}


@dataclass
class Slice:
    """The first documents of a corpus."""

    kind: str
    compressed: Path
    # The documents' bytes one after the other, and beside them their lengths as 64-bit numbers.
    flat: Path
    lengths: Path
    byte_count: int
    document_count: int

    def arguments(self):
        """How Quern is told to read it."""
        separator = ["--separator", r"\n\n\n"] if ".txt" in self.compressed.name else []
        return [self.compressed, *separator]


def slice_of(kind, megabytes):
    """The first `megabytes` of a corpus's text, cut behind a document; kept between runs."""
    source = SOURCES[kind]
    if not source.exists():
        raise Failure(f"{source} is missing: corpora/prepare-bench.sh makes it")
    folder = CACHE / "texts"
    folder.mkdir(parents=True, exist_ok=True)
    base = f"{kind}-{megabytes:g}MB"
    suffix = source.name.removeprefix(f"bench-{kind}")
    made = Slice(
        kind,
        folder / (base + suffix),
        folder / (base + ".flat"),
        folder / (base + ".lengths"),
        0,
        0,
    )
    facts = folder / (base + ".json")
    origin = {"size": source.stat().st_size, "modified": source.stat().st_mtime_ns}
    try:
        known = json.loads(facts.read_text())
    except (OSError, ValueError):
        known = {}
    if known.get("origin") != origin:
        say(f"cutting {megabytes:g} MB from {source.name} ...")
        known = cut(source, made, int(megabytes * 1e6)) | {"origin": origin}
        facts.write_text(json.dumps(known))
    made.byte_count, made.document_count = known["bytes"], known["documents"]
    return made


def cut(source, made, byte_limit):
    """Writes a slice in both forms."""
    is_text = ".txt" in source.name
    lengths = array.array("q")
    total = 0
    compressor = zstandard.ZstdCompressor(level=9, write_checksum=True)
    with (
        open(made.compressed, "wb") as file,
        compressor.stream_writer(file) as compressed,
        open(made.flat, "wb") as flat,
    ):
        for document, stored in documents(source, is_text):
            # Quern leaves out empty documents too.
            if document:
                compressed.write(stored)
                flat.write(document)
                lengths.append(len(document))
                total += len(document)
            if total >= byte_limit:
                break
    made.lengths.write_bytes(lengths.tobytes())
    return {"bytes": total, "documents": len(lengths)}


def documents(source, is_text):
    """Each document's text, and the bytes that stand for it in the file."""
    with open(source, "rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        if not is_text:
            for line in io.BufferedReader(stream, 1 << 20):
                yield json.loads(line)["text"].encode(), line
            return
        rest = b""
        while chunk := stream.read(1 << 22):
            *whole, rest = (rest + chunk).split(SEPARATOR)
            for document in whole:
                yield document, document + SEPARATOR
        if rest:
            yield rest, rest
