"""Checkpoints and their pointers: killed or failed at each link, and on a file system without any.
strace stops the program at the n-th call of a kind."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def program():
    return str(pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve())


def can_trace():
    if shutil.which("strace") is None:
        return False
    return subprocess.run(
        ["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_trace(), reason="strace cannot trace here")


@pytest.fixture(scope="module")
def folder(quern, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    text = folder / "text.txt"
    text.write_text("\n\n\n".join(f"The mill turned {n * n % 97} times." for n in range(400)))
    quern("vocab", "train", "--vocab-size", 300, "--output", folder / "vocab", "--quiet", text)
    quern(
        "encode", "--vocab", folder / "vocab", "--text-separator", "\\n\\n\\n", "--output",
        folder / "shards", "--validation-fraction", "0.2", "--quiet", text)
    return folder


def arguments(folder, run, *more):
    settings = {
        "model.architecture": "gpt2", "training.optimizer": "adamw",
        "model.n_layer": 1, "model.n_head": 1, "model.n_embd": 8, "model.n_positions": 16,
        "training.steps": 6, "training.batch_size": 2, "training.evaluate_every": 2,
        "training.checkpoint_every": 3, "training.keep_checkpoints": 1,
    }  # fmt: skip
    return [
        program(), "train", "--shards", str(folder / "shards"), "--vocab", str(folder / "vocab"),
        "--output", str(folder / run), "--threads", "1", "--quiet", *more,
        *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")),
    ]  # fmt: skip


def run(command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, **options)


def traced(folder, run_name, call, effect, when, *more):
    return run([
        "strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e",
        f"inject={call}:{effect}:when={when}", *arguments(folder, run_name, *more)])


def contents(directory):
    """The files of a run's checkpoints, and where the pointers point."""
    checkpoints = directory / "checkpoints"
    files = {
        str(path.relative_to(checkpoints)): path.read_bytes()
        for path in checkpoints.rglob("step-*/*")
    }
    names = {path.name for path in checkpoints.iterdir()}
    pointers = {name: os.readlink(checkpoints / name) for name in ("latest", "best")}
    return files, names, pointers


@pytest.fixture(scope="module")
def whole(folder):
    result = run(arguments(folder, "whole"))
    assert result.returncode == 0, result.stderr
    files, names, pointers = contents(folder / "whole")
    assert pointers["latest"] == "step-00000006"
    assert len(files) >= 10
    return files, names, pointers


@pytest.mark.parametrize("effect", ["signal=KILL", "error=ENOSPC", "error=EIO"])
def test_stopped_at_each_link(folder, whole, effect):
    """Whichever link is the last one, the next command ends in the same files and pointers."""
    name, call, stops = "stopped", "symlink", 0
    for when in range(1, 400):
        directory = folder / name
        shutil.rmtree(directory, ignore_errors=True)
        stopped = traced(folder, name, call, effect, when)
        if stopped.returncode == 0 and effect == "signal=KILL":
            break
        stops += stopped.returncode != 0
        checkpoints = directory / "checkpoints"
        begun = checkpoints.is_dir() and any(
            path.name.startswith("step-") and not path.name.endswith(".partial")
            for path in checkpoints.iterdir())
        again = run(arguments(folder, name, *(["--resume"] if begun else [])))
        assert again.returncode == 0, (call, effect, when, stopped.stderr, again.stderr)
        assert contents(directory) == whole, (call, effect, when)
        if stopped.returncode == 0:
            break
    assert stops >= 2


def test_a_file_system_without_links(folder, whole):
    directory = folder / "without"
    for command in (["--overwrite"], ["--resume"]):
        result = traced(folder, "without", "symlink", "error=EPERM", "1+", *command)
        assert result.returncode == 0, result.stderr
        for name in ("latest", "best"):
            pointer = directory / "checkpoints" / name
            assert not pointer.is_symlink()
            assert pointer.read_text() == whole[2][name] + "\n"
            shown = run([program(), "model", "show", str(pointer)])
            assert shown.returncode == 0, shown.stderr
    verified = run([program(), "model", "verify", str(directory)])
    assert verified.returncode == 0
    assert verified.stdout.count("all as written") == len(
        [name for name in whole[1] if name.startswith("step-")])


def test_transformers_passes_over_the_manifest(folder, whole):
    transformers = pytest.importorskip("transformers")
    checkpoint = folder / "whole/checkpoints/best"
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    names = {path.name for path in checkpoint.iterdir()}
    assert set(manifest["files"]) == names - {"manifest.json"}
    for name, file in manifest["files"].items():
        assert (checkpoint / name).stat().st_size == file["bytes"]
    transformers.AutoModelForCausalLM.from_pretrained(checkpoint)
    transformers.AutoTokenizer.from_pretrained(checkpoint)
