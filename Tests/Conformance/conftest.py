"""Fixtures that the checks share: the programs, texts, and places to write.

QUERN names the program and QUERN_PROBE the ConformanceProbe; both are looked for in
`.build/release` otherwise.
"""

import io
import json
import os
import pathlib
import signal
import subprocess

import numpy as np
import pytest
import zstandard
from fuzz import Fuzz

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Ctrl-C is ignored by what a shell starts in the background, and so by all that is started from
# there; programs that are tested shall heed it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def quern():
    """Runs the program with the arguments given and returns its standard output."""
    program = pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve()
    if not program.exists():
        pytest.fail(f"{program} is not there: run `swift build -c release --product quern`")

    def run(*arguments, text=None, cwd=None):
        result = subprocess.run(
            [program, *map(str, arguments)],
            input=text, capture_output=True, text=True, timeout=600, check=False, cwd=cwd,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run


@pytest.fixture(scope="session")
def answer_texts():
    """Gives the numbers with which a command of the ConformanceProbe answers each text."""
    program = pathlib.Path(os.environ.get("QUERN_PROBE", ROOT / ".build/release/ConformanceProbe"))
    program = program.resolve()
    if not program.exists():
        pytest.fail(
            f"{program} is not there: run `swift build -c release --product {program.name}`")

    def run(texts, *command):
        request = b"".join(
            len(data).to_bytes(4, "little") + data
            for data in (text.encode() if isinstance(text, str) else text for text in texts))
        result = subprocess.run(
            [program, *command], input=request, capture_output=True, timeout=600, check=False)
        assert result.returncode == 0, result.stderr.decode()
        numbers, place, answers = np.frombuffer(result.stdout, dtype="<u4"), 0, []
        for _ in texts:
            end = place + 1 + int(numbers[place])
            answers.append(numbers[place + 1:end])
            place = end
        assert place == len(numbers)
        return answers

    return run


@pytest.fixture(scope="session")
def encode_all(answer_texts):
    """Gives the ids of each text, as the library finds them; every text comes back from its ids."""
    def run(vocabulary, texts, special="none"):
        return answer_texts(texts, "encode", vocabulary, special)

    return run


@pytest.fixture(scope="session")
def decode_all(answer_texts):
    """Gives the bytes of the text of each list of ids."""
    def run(vocabulary, lists):
        texts = [np.asarray(ids, dtype="<u4").tobytes() for ids in lists]
        return [bytes(answer.astype(np.uint8)) for answer in answer_texts(
            texts, "decode", vocabulary)]

    return run


@pytest.fixture(scope="session")
def published_folder():
    """Folder of the published vocabularies."""
    folder = ROOT / ".cache/vocabularies"
    if not folder.exists():
        pytest.fail(f"{folder} is not there: run `make conformance`")
    return folder


@pytest.fixture(scope="session")
def mixed_path():
    path = ROOT / "corpora/bench-mixed.jsonl.zst"
    if not path.exists():
        pytest.fail(f"{path} is not there: run `corpora/prepare-bench.sh mixed`")
    return path


@pytest.fixture(scope="session")
def mixed(mixed_path):
    """Documents of Debian packages: prose, programs, and manuals in many languages."""
    with mixed_path.open("rb") as file:
        reader = io.TextIOWrapper(
            zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8", newline="\n")
        texts = [json.loads(line)["text"] for line in reader]
    assert sum(map(len, texts)) > 40_000_000
    return texts


@pytest.fixture(scope="session")
def fuzzed():
    """100,000 strings that a tokenizer may stumble over."""
    return Fuzz(2026).strings(100_000)


@pytest.fixture(scope="session")
def kjv_path():
    path = ROOT / "corpora/kjv.txt.zst"
    if not path.exists():
        pytest.fail(f"{path} is not there: run `corpora/prepare-kjv.sh`")
    return path


@pytest.fixture(scope="session")
def kjv(kjv_path):
    """The chapters of the default corpus, as the program reads them."""
    with kjv_path.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read().decode()
    return [chapter for chapter in text.split("\n\n\n") if chapter]
