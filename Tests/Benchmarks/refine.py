#!/usr/bin/env python3
"""Cost of refining a document, by the number of documents: refine.py [DOCUMENTS...] [-- OPTION...]

Makes corpora of short documents (30 words; a tenth are copies of earlier ones, and a tenth differ
from one in the last word), refines each with exact and near-duplicates removed, and prints a
line for each: processor time a document, and peak memory. QUERN names the program, SCRATCH a folder
with room, 1.2 kB a document.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy
import zstandard

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("QUERN", ROOT / ".build/release/quern")
WORDS, LETTERS, VOCABULARY, BATCH = 30, 5, 1 << 16, 100_000


def generate(folder, count):
    """Files of a million documents each, the same bytes for the same count."""
    chance = numpy.random.default_rng(count)
    words = numpy.full((VOCABULARY, LETTERS + 1), ord(" "), numpy.uint8)
    words[:, :LETTERS] = chance.integers(ord("a"), ord("z") + 1, (VOCABULARY, LETTERS))
    before, after = (numpy.frombuffer(text, numpy.uint8) for text in (b'{"text":"', b'"}\n'))
    for start in range(0, count, BATCH):
        number = min(BATCH, count - start)
        ids = chance.integers(0, VOCABULARY, (number, WORDS))
        copies = numpy.arange(number // 2, number)[chance.random(number - number // 2) < 0.4]
        ids[copies] = ids[chance.integers(0, number // 2, len(copies))]
        ids[copies[::2], -1] = chance.integers(0, VOCABULARY, len(copies[::2]))
        lines = numpy.concatenate([
            numpy.broadcast_to(before, (number, len(before))),
            words[ids].reshape(number, -1), numpy.broadcast_to(after, (number, len(after))),
        ], axis=1)  # fmt: skip
        with open(folder / f"{start // 1_000_000:04}.jsonl.zst", "ab") as file:
            file.write(zstandard.compress(lines.tobytes(), 1))


def refine(folder, options):
    """Processor seconds, and peak bytes of memory."""
    child = subprocess.Popen([
        PROGRAM, "corpus", "refine", folder / "corpus", "--output", folder / "set",
        "--remove-near-duplicates", "--quiet", *options], stdout=subprocess.DEVNULL)  # fmt: skip
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{PROGRAM} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    words = [*sys.argv[1:], "--"]
    end = words.index("--")
    counts = [int(word) for word in words[:end]] or [1_000_000, 10_000_000]
    options = words[end + 1:-1]
    for count in counts:
        folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("SCRATCH")))
        try:
            (folder / "corpus").mkdir()
            generate(folder / "corpus", count)
            start = time.perf_counter()
            seconds, memory = refine(folder, options)
            kept = json.loads((folder / "set/report.json").read_text())["kept"]["documents"]
            print(f"{count} documents: {1e6 * seconds / count:.2f} µs of processor time each, "
                  f"{time.perf_counter() - start:.0f} s by the clock, {memory / 1e6:.0f} MB of "
                  f"memory, {kept} kept", flush=True)
        finally:
            shutil.rmtree(folder)


main()
