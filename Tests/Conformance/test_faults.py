"""Every call by which a command changes files: the program killed there, or the call failed there.
Run again, the command ends with the bytes of an undisturbed run and leaves nothing else.

`faults.c`, preloaded, counts the calls. QUERN_FAULTS=all tries every effect at every call; without
it the program is killed at every call, and each other effect is tried at every third. Of a command
with more calls, which are many times the same few, MOST are taken, evenly.
"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHAPE = {
    "model.architecture": "gpt2", "training.optimizer": "adamw",
    "model.n_layer": 1, "model.n_head": 1, "model.n_embd": 8, "model.n_positions": 16,
    "training.batch_size": 2, "training.keep_checkpoints": 1,
}  # fmt: skip


def program():
    return str(pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve())


def settings(values):
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("library") / "faults.so"
    subprocess.run(
        ["cc", "-O1", "-w", "-shared", "-fPIC", "-o", path, HERE / "faults.c", "-ldl"], check=True)
    return path


@pytest.fixture(scope="module")
def world(quern, tmp_path_factory):
    """Inputs of all commands."""
    folder = tmp_path_factory.mktemp("world")
    lines = [f"The mill turned {n * n % 97} times and {'so ' * (n % 4)}on." for n in range(240)]
    (folder / "text.txt").write_text("\n\n\n".join(lines))
    (folder / "lines.jsonl").write_text("".join(
        json.dumps({"text": line * 3}) + "\n" for line in lines + lines[:40]))
    (folder / "talks.jsonl").write_text("".join(
        json.dumps({"messages": [{"role": "user", "content": line},
                                 {"role": "assistant", "content": "So."}]}) + "\n"
        for line in lines[:60]))
    quern("vocab", "train", "--vocab-size", 290, "--output", folder / "vocab", "--quiet",
          folder / "text.txt")
    quern("encode", "--vocab", folder / "vocab", "--text-separator", "\\n\\n\\n", "--output",
          folder / "shards", "--validation-fraction", "0.2", "--quiet", folder / "text.txt")
    quern("train", "--shards", folder / "shards", "--vocab", folder / "vocab", "--output",
          folder / "run", "--threads", 1, "--quiet",
          *settings({**SHAPE, "training.steps": 2}))
    quern("vocab", "count", "--output", folder / "a.counts", "--quiet", folder / "text.txt")
    quern("vocab", "count", "--output", folder / "b.counts", "--quiet", folder / "lines.jsonl")
    (folder / "pipeline.json").write_text(json.dumps({
        "name": "small",
        "corpus": {"inputs": [str(folder / "lines.jsonl")], "validation_fraction": 0.2,
                   "refine": {"min_words": 3}},
        "vocabulary": {"vocab_size": 290,
                       "special_tokens": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]},
        "model": {"architecture": "gpt2", "n_layer": 1, "n_head": 1, "n_embd": 8,
                  "n_positions": 64},
        "training": {"steps": 2, "batch_size": 2, "evaluate_every": 2, "keep_checkpoints": 1},
        "generation": {"max_new_tokens": 4}, "samples": ["The"],
        "instruction_tuning": {"inputs": [str(folder / "talks.jsonl")], "steps": 2},
    }))  # fmt: skip
    return folder


COMMANDS = {
    "vocab train": ["vocab", "train", "--vocab-size", "290", "--output", "out", "{text}"],
    "vocab count": ["vocab", "count", "--output", "out", "{text}"],
    "vocab merge-counts": ["vocab", "merge-counts", "--output", "out", "{world}/a.counts",
                           "{world}/b.counts"],
    "vocab learn": ["vocab", "learn", "--vocab-size", "290", "--output", "out",
                    "{world}/a.counts"],
    "vocab export": ["vocab", "export", "{world}/vocab", "--format", "gpt2", "--output", "out"],
    "vocab import": ["vocab", "import", "{world}/vocab/tokenizer.json", "--output", "out"],
    "corpus pack": ["corpus", "pack", "--output", "out.jsonl.zst", "{world}/lines.jsonl"],
    "corpus refine": ["corpus", "refine", "--output", "out", "--part-bytes", "8KB",
                      "{world}/lines.jsonl"],
    "encode": ["encode", "--vocab", "{world}/vocab", "--text-separator", "\\n\\n\\n", "--output",
               "out",
               "--tokens-per-shard", "2000", "--validation-fraction", "0.2", "{text}"],
    "shards export": ["shards", "export", "{world}/shards", "--format", "nanogpt", "--output",
                      "out"],
    "train": ["train", "--shards", "{world}/shards", "--vocab", "{world}/vocab", "--output", "out",
              *settings({**SHAPE, "training.steps": 4, "training.checkpoint_every": 2,
                         "training.evaluate_every": 2})],
    "model export": ["model", "export", "{world}/run/checkpoints/best", "--format", "gguf",
                     "--output", "out.gguf"],
    "model import": ["model", "import", "{world}/run/checkpoints/best", "--output", "out"],
    "run": ["run", "{world}/pipeline.json"],
}  # fmt: skip
MOST = 100
WITHOUT_THREADS = ("vocab import", "vocab export", "vocab merge-counts", "model export",
                   "model import")
QUIETLESS = ("vocab import", "vocab export", "model export", "model import")


def command(name, world):
    words = [word.replace("{text}", "{world}/text.txt").replace("{world}", str(world))
             for word in COMMANDS[name]]
    quiet = [] if name in QUIETLESS else ["--quiet"]
    return [program(), *words, *quiet,
            *([] if name in WITHOUT_THREADS else ["--threads", "1"])]




def contents(folder):
    """Every file below a folder with its bytes; times and speeds, which differ, left out."""
    files = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            files[name] = os.readlink(path)
        elif path.is_dir():
            files[name] = None
        elif "tfevents" in name:
            files["events"] = None
        elif path.name in ("provenance.json", "report.html", "report.md"):
            files[name] = None
        elif path.name in ("metrics.jsonl", "summary.json", "stages.json", "report.json"):
            files[name] = timeless(path)
        else:
            files[name] = path.read_bytes()
    return files


def timeless(path):
    text = path.read_text()
    lines = text.splitlines() if path.suffix == ".jsonl" else [text]

    def strip(value):
        if isinstance(value, dict):
            return {key: strip(inner) for key, inner in value.items()
                    if not any(word in key for word in ("second", "time", "share", "elapsed"))
                    and not any(word in key for word in ("summary.json", "metrics", "tfevents"))}
        return [strip(inner) for inner in value] if isinstance(value, list) else value

    return [strip(json.loads(line)) for line in lines]


def run(words, folder, library, **variables):
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
    if variables:
        environment |= {"LD_PRELOAD": str(library), **variables}
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300,
        check=False)


def again(name, words, folder):
    """The command that a person gives next: training goes on where there is a checkpoint."""
    sealed = folder / "out/checkpoints"
    begun = name == "train" and sealed.is_dir() and any(
        path.name.startswith("step-") and "." not in path.name for path in sealed.iterdir())
    return [*words, "--resume"] if begun else words


def is_report(path):
    return pathlib.Path(path).name in ("report.html", "report.md", "measurements.json")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_change_of_files(name, world, library, tmp_path):
    words = command(name, world)
    whole_folder = tmp_path / "whole"
    whole_folder.mkdir()
    result = run(words, whole_folder, library, FAULT_COUNT=str(tmp_path / "count"))
    assert result.returncode == 0, result.stderr
    whole = contents(whole_folder)
    calls = int((tmp_path / "count").read_text())
    assert calls >= 4
    # An odd stride meets every place of what comes round with an even number of calls.
    step = -(-calls // MOST) | 1
    step, others = (1, 1) if os.environ.get("QUERN_FAULTS") == "all" else (step, 3)
    trials = [("kill", number) for number in range(1, calls + 1, step)]
    step *= others
    for offset, effect in enumerate(("torn", "EIO", "ENOSPC")):
        trials += [(effect, number) for number in range(1 + offset % step, calls + 1, step)]
    numbers = itertools.count()

    def attempt(trial):
        effect, number = trial
        folder = tmp_path / f"trial-{next(numbers)}"
        folder.mkdir()
        first = run(words, folder, library, FAULT=effect, FAULT_AT=str(number))
        if effect in ("kill", "torn"):
            if first.returncode not in (0, -9):
                return f"{trial}: exit {first.returncode}, {first.stderr[-300:]}"
        elif first.returncode == 0:
            clear_locks(folder)
            found = contents(folder)
            # A report that cannot be written is named, and ends no training.
            lost = {path for path in whole if path not in found and is_report(path)}
            if {path: whole[path] for path in whole if path not in lost} != found:
                return f"{trial}: exit 0, but {difference(found, whole)}"
            if lost:
                shutil.rmtree(folder)
                # What was measured is measured again.
                is_said = "report" in first.stderr or all("measurements" in path for path in lost)
                return None if is_said else f"{trial}: nothing is said"
        elif first.returncode < 0 or not first.stderr.strip():
            return f"{trial}: exit {first.returncode}, {first.stderr[-300:]}"
        if first.returncode != 0:
            second = run(again(name, words, folder), folder, library)
            # What was whole already is not replaced by every command.
            if second.returncode != 0:
                clear_locks(folder)
            if second.returncode != 0 and contents(folder) != whole:
                return (f"{trial}: run again, exit {second.returncode}: {second.stderr[-400:]}"
                        f" (at first: {first.stderr[-200:]})")
        found = contents(folder)
        if found != whole:
            return f"{trial}: {difference(found, whole)}"
        shutil.rmtree(folder)
        return None

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        faults = [fault for fault in pool.map(attempt, trials) if fault]
    assert not faults, f"{len(faults)} of {len(trials)}:\n" + "\n".join(faults[:12])


def clear_locks(folder):
    """Removes empty locks that could not be removed, or were left by a kill behind the last rename:
    they hinder nobody, and go with the next command that writes the same output."""
    for path in folder.rglob("*.quern-lock"):
        assert path.stat().st_size == 0
        path.unlink()


def difference(found, whole):
    stray, missing = sorted(found.keys() - whole.keys()), sorted(whole.keys() - found.keys())
    other = sorted(name for name in found.keys() & whole.keys() if found[name] != whole[name])
    return f"stray {stray}, missing {missing}, other bytes {other}"
