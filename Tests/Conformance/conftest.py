"""What the checks share: the program, the default corpus, and places to write.

QUERN names the program; `.build/release/quern` is the default.
"""

import os
import pathlib
import subprocess

import pytest
import zstandard

ROOT = pathlib.Path(__file__).resolve().parents[2]


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
