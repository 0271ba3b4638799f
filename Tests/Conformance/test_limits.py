"""Limits of memory: each command under `ulimit -v` and `ulimit -d` from tiny to ample ends with
success or a sentence, never by a signal; and what needs little memory works with little."""

import resource
import subprocess

import pytest
from test_numbers import program, world  # noqa: F401

MIB = 1 << 20
LIMITS = [64, 96, 128, 160, 192, 224, 256, 288, 320, 384, 448, 512, 640, 768, 1024, 2048, 4096]
MODEL = ["--model", "runs/tiny/checkpoints/latest"]
COMMANDS = {
    "refine": ["corpus", "refine", "corpus.txt", "--text-separator", "\\n\\n",
               "--remove-near-duplicates",
               "--shuffle", "--quiet", "--output"],
    "pack": ["corpus", "pack", "corpus.txt", "--text-separator", "\\n\\n", "--quiet", "--output"],
    "vocab train": ["vocab", "train", "corpus.txt", "--vocab-size", "300", "--quiet", "--output"],
    "vocab count": ["vocab", "count", "corpus.txt", "--quiet", "--output"],
    "tokenize": ["tokenize", "--vocab", "vocab/tiny", "--ids", "the mill turns"],
    "encode": ["encode", "--vocab", "vocab/tiny", "corpus.txt", "--quiet", "--output"],
    "train": ["train", "--config", "pipeline.json", "--quiet", "--output"],
    "evaluate": ["evaluate", *MODEL, "--shards", "shards/tiny", "--quiet"],
    "generate": ["generate", *MODEL, "--prompt", "the mill", "--max-new-tokens", "8"],
    "explain": ["explain", "the mill", *MODEL],
    "model show": ["model", "show", "runs/tiny/checkpoints/latest"],
    "model export": ["model", "export", "runs/tiny/checkpoints/latest", "--format", "huggingface",
                     "--quiet", "--output"],
    "model import": ["model", "import", "runs/tiny/checkpoints/latest", "--quiet", "--output"],
    "shards verify": ["shards", "verify", "shards/tiny", "--quiet"],
}


@pytest.mark.parametrize("kind", [resource.RLIMIT_AS, resource.RLIMIT_DATA])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_limit_ends_in_a_sentence(program, world, tmp_path, name, kind):  # noqa: F811
    arguments, statuses = COMMANDS[name], {}
    for number, size in enumerate(LIMITS):
        output = [str(tmp_path / f"out-{number}")] if arguments[-1] == "--output" else []
        bytes_ = size * MIB
        result = subprocess.run(
            [program, *arguments, *output], cwd=world, capture_output=True, timeout=60,
            text=True, errors="replace", check=False,
            preexec_fn=lambda count=bytes_: resource.setrlimit(kind, (count, count)))
        statuses[size] = result.returncode
        # The loader's own sentence, before the program has begun, has another code.
        assert result.returncode in (0, 1, 127), (size, result.returncode, result.stderr)
        assert result.returncode == 0 or result.stderr.strip(), size
    assert statuses[2048] == 0, statuses
    # What has enough has enough with more.
    enough = [size for size in LIMITS if statuses[size] == 0]
    assert enough == LIMITS[len(LIMITS) - len(enough):], statuses
