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
    compressed: Path | None
    # The documents' bytes one after the other, and beside them their lengths as 64-bit numbers.
    flat: Path
    lengths: Path
    byte_count: int
    document_count: int

    def arguments(self):
        """Options by which Quern reads it."""
        separator = ["--text-separator", r"\n\n\n"] if ".txt" in self.compressed.name else []
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


CHUNK = 8192


def chunks_of(kind, megabytes):
    """The text of a slice, cut anew into documents of 8 KiB, as a slice without its file."""
    whole = slice_of(kind, megabytes)
    base = whole.flat.with_name(f"{kind}-{megabytes:g}MB-chunks")
    made = Slice(kind, None, base.with_suffix(".flat"), base.with_suffix(".lengths"), 0, 0)
    if not made.flat.exists() or made.flat.stat().st_mtime < whole.flat.stat().st_mtime:
        text = whole.flat.read_bytes()[: int(megabytes * 1e6)]
        lengths, start = array.array("q"), 0
        while (end := chunk_end(text, start)) > start:
            lengths.append(end - start)
            start = end
        made.lengths.write_bytes(lengths.tobytes())
        made.flat.write_bytes(text[:start])
    made.byte_count = made.flat.stat().st_size
    made.document_count = made.lengths.stat().st_size // 8
    return made


def chunk_end(text, start):
    """End of the document that begins at `start`: at most 8 KiB on, behind a whole character.

    Not behind whitespace if that can be: the two published spellings of the cl100k pattern cut the
    whitespace at the very end of a text differently.
    """
    limit = min(start + CHUNK, len(text))
    while limit < len(text) and limit > start and text[limit] & 0xC0 == 0x80:
        limit -= 1
    if limit == len(text):
        # The text itself may have been cut inside a character.
        limit = start + len(text[start:].decode(errors="ignore").encode())
    end = start + len(text[start:limit].decode().rstrip().encode())
    return end if end > start else limit


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
