"""What is said before the work holds in it: tokens and passes of `init`, and the memory of `init`
and of training against the peak that the kernel counted."""

import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve()


# A process begins with the peak of the one that started it: here that is a small one.
STARTER = """
import json, resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(json.dumps([status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


def measured(folder, *arguments):
    """Runs the program; its messages and the most memory that it had, in bytes."""
    result = subprocess.run(
        [sys.executable, "-S", "-c", STARTER, PROGRAM, *map(str, arguments)], cwd=folder,
        capture_output=True, text=True, check=True)
    status, peak = json.loads(result.stdout)
    assert status == 0, result.stderr
    return result.stderr, peak * 1024


def words(alphabet, seed):
    """Words of a made-up language with frequencies like those of real ones."""
    draw = random.Random(seed)
    lexicon = ["".join(draw.choices(alphabet, k=draw.randint(2, 11))) for _ in range(6_000)]
    weights = [1 / (rank + 3) for rank in range(len(lexicon))]
    return lambda count: " ".join(draw.choices(lexicon, weights, k=count))


def python_code():
    """The library of Python that runs this, as far as 3 MB."""
    files = sorted(pathlib.Path(os.__file__).parent.glob("*.py"))
    return "\n\n".join(file.read_text(errors="ignore") for file in files)[:3_000_000]


TEXTS = {
    "latin": lambda: words("etaoinshrdlu", 1)(400_000),
    "cyrillic": lambda: words("оеаинтсрвлкм", 2)(40_000),
    "han": lambda: words([chr(0x4E00 + n * n % 3_000) for n in range(900)], 3)(60_000),
    "code": python_code,
}


@pytest.mark.parametrize("name", TEXTS)
def test_tokens_are_those_of_the_run(name, quern, tmp_path):
    text = TEXTS[name]()
    (tmp_path / "text.txt").write_text(text)
    said = json.loads(quern("init", "text.txt", "--minutes", "0.02", "--json", cwd=tmp_path))
    quern("run", "--set", "training.steps=2", "--quiet", cwd=tmp_path)
    manifest = json.loads((tmp_path / "shards/text/manifest.json").read_text())
    tokens = sum(shard["tokens"] for shard in manifest["shards"])
    assert abs(said["cost"]["corpus_tokens"] / tokens - 1) < 0.15
    assert said["found"]["text_bytes"] == len(text.encode())


@pytest.mark.parametrize("shape", [
    {"n_layer": 2, "n_head": 2, "n_embd": 64}, {"n_layer": 4, "n_head": 4, "n_embd": 128},
    {"n_layer": 6, "n_head": 6, "n_embd": 384},
])  # fmt: skip
@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_training_keeps_to_the_memory_that_it_names(shape, optimizer, quern, tmp_path):
    (tmp_path / "text.txt").write_text(words("etaoinshrdlu", 4)(200_000))
    quern("vocab", "train", "--vocab-size", 2_048, "--output", "v", "--quiet", "text.txt",
          cwd=tmp_path)
    quern("encode", "--vocab", "v", "--output", "s", "--validation-fraction", "0.05", "--documents",
          "file", "--quiet", "text.txt", cwd=tmp_path)
    settings = {f"model.{key}": value for key, value in shape.items()}
    settings |= {"training.steps": 2, "training.optimizer": optimizer}
    messages, peak = measured(
        tmp_path, "train", "--shards", "s", "--vocab", "v", "--output", "run", "--threads", 2,
        "--log-format", "json",
        *[word for key, value in settings.items() for word in ("--set", f"{key}={value}")])
    plan = next(
        event["memory_bytes"] for event in map(json.loads, messages.splitlines())
        if "memory_bytes" in event)
    assert 0.75 * plan < peak <= plan


@pytest.mark.parametrize("count", [80_000, 1_200_000])
def test_a_run_takes_the_memory_that_init_names(count, quern, tmp_path):
    (tmp_path / "text.txt").write_text(words("etaoinshrdlu", 5)(count))
    said = json.loads(quern(
        "init", "text.txt", "--minutes", "0.1", "--json", "--threads", 2, cwd=tmp_path))
    _, peak = measured(tmp_path, "run", "--set", "training.steps=40", "--threads", 2, "--quiet")
    assert abs(said["cost"]["memory_bytes"] / peak - 1) < 0.35
