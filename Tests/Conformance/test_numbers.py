"""Numbers that nobody should write, in the configuration of a pipeline that runs and in every file
that the program reads back: the end is success or a sentence, within seconds and a gigabyte, and
never a signal."""

import concurrent.futures
import json
import os
import pathlib
import resource
import shutil
import subprocess

import pytest

VALUES = ["1e18", "1e308", "-1", "0", "9223372036854775807", "-9223372036854775808", "1e-320", "3"]
PIPELINE = {
    "name": "tiny",
    "corpus": {"inputs": ["corpus.txt"], "text_separator": "\n\n", "validation_fraction": 0.2},
    "vocabulary": {"vocab_size": 300},
    "model": {"architecture": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 16},
    "training": {"steps": 4, "batch_size": 4, "warmup_steps": 1, "evaluate_every": 2,
                 "checkpoint_every": 2, "optimizer": "adamw"},
    "generation": {"max_new_tokens": 4},
    "samples": ["the mill"],
}


@pytest.fixture(scope="module")
def program():
    root = pathlib.Path(__file__).resolve().parents[2]
    return str(pathlib.Path(os.environ.get("QUERN", root / ".build/release/quern")).resolve())


@pytest.fixture(scope="module")
def world(program, tmp_path_factory):
    """A pipeline that has run."""
    folder = tmp_path_factory.mktemp("numbers")
    words = "the mill turns and grinds corn by day while stones rest at night".split()
    texts = [" ".join(words[(k * n + k) % len(words)] for k in range(40)) for n in range(1, 60)]
    (folder / "corpus.txt").write_text("\n\n".join(texts))
    (folder / "pipeline.json").write_text(json.dumps(PIPELINE))
    subprocess.run([program, "run", "--quiet"], cwd=folder, check=True, capture_output=True)
    return folder


def fault(program, folder, *arguments):
    """What is wrong with the end of a run; nothing if it succeeded, or said why not."""
    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, 3 << 30))

    try:
        result = subprocess.run(
            [program, *map(str, arguments)], cwd=folder, capture_output=True, timeout=10,
            text=True, errors="replace", check=False, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return f"{arguments} takes more than ten seconds"
    if result.returncode == 0:
        return None
    if result.returncode not in (1, 64) or "Error: " not in result.stderr:
        return f"{arguments} ended with {result.returncode}: {result.stderr[-300:]}"
    if "out of memory" in result.stderr:
        return f"{arguments}: {result.stderr[-300:]}"
    return None


def check_all(jobs):
    """Runs jobs side by side, and requires that none has a fault."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [found for found in pool.map(lambda job: job(), jobs) if found]
    assert not faults, f"{len(faults)} of {len(jobs)}:\n" + "\n".join(faults[:20])


def numbers(value, path=()):
    """The places of all numbers in a JSON value."""
    if isinstance(value, dict):
        for key, element in value.items():
            yield from numbers(element, (*path, key))
    elif isinstance(value, list):
        # Elements of a list are alike.
        for index, element in list(enumerate(value))[:2]:
            yield from numbers(element, (*path, index))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path


def put(value, path, text):
    """A JSON text in which `text` stands at `path`."""
    copy = json.loads(json.dumps(value))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "\u2400here"
    return json.dumps(copy, ensure_ascii=False).replace('"\u2400here"', text)


def test_settings_of_a_pipeline_that_runs(program, world):
    checkpoint = next(world.glob("runs/tiny/checkpoints/step-*"))
    training = json.loads((checkpoint / "training_state.json").read_text())["configuration"]
    keys = [f"training.{key}" for key, value in training.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)]
    assert len(keys) > 20
    keys += [f"{section}.{key}" for section in ("model", "vocabulary", "generation")
             for key, value in PIPELINE[section].items() if isinstance(value, int)]
    jobs = []
    for number, (key, value) in enumerate((key, value) for key in keys for value in VALUES):
        def job(key=key, value=value, name=f"n{number}"):
            folder = world.parent / f"{world.name}-{name}"
            shutil.copytree(world, folder, symlinks=True)
            try:
                return fault(program, folder, "run", "--quiet", "--threads", 1,
                             "--set", f"{key}={value}", "--set", f"name={name}")
            finally:
                shutil.rmtree(folder)

        jobs.append(job)
    check_all(jobs)


READERS = {
    "checkpoints": [
        ["train", "--config", "pipeline.json", "--resume", "--quiet", "--threads", "1"],
        ["generate", "--model", "runs/tiny/checkpoints/latest", "--max-new-tokens", "2"],
        ["model", "show", "runs/tiny/checkpoints/latest"],
    ],
    "shards": [
        ["shards", "show", "shards/tiny", "--step", "2", "--config", "pipeline.json"],
        ["shards", "verify", "shards/tiny", "--quiet"],
        ["evaluate", "--model", "runs/tiny/checkpoints/latest", "--shards", "shards/tiny",
         "--quiet", "--threads", "1"],
    ],
    "runs": [["run", "--quiet", "--threads", "1"]],
}


def files(world):
    """Files with numbers, and the commands that read each."""
    checkpoint = (world / "runs/tiny/checkpoints/latest").resolve()
    for name in ("training_state.json", "config.json", "generation_config.json",
                 "tokenizer_config.json"):
        if (checkpoint / name).exists():
            yield checkpoint / name, READERS["checkpoints"]
    yield world / "shards/tiny/manifest.json", READERS["shards"]
    yield world / "runs/tiny/summary.json", READERS["runs"]


def test_files_that_are_read_back(program, world):
    jobs = []
    for number, (path, commands) in enumerate(files(world)):
        value = json.loads(path.read_text())
        # Without a seal, as other programs and earlier versions leave it.
        value.pop("file_checksum", None)
        if "shards" in path.parts[-3:]:
            value["format_version"] = 1
        for turn, place in enumerate(numbers(value)):
            # Each place sees three of the values, and each value every third place.
            for text in (VALUES[(3 * turn + step) % len(VALUES)] for step in range(3)):
                def job(path=path, commands=commands, value=value, place=place, text=text):
                    name = "-".join(map(str, place)) + text
                    folder = world.parent / f"{world.name}-f{abs(hash((path, name)))}"
                    shutil.copytree(world, folder, symlinks=True)
                    try:
                        target = folder / path.relative_to(world)
                        target.write_text(put(value, place, text))
                        if "checkpoints" in target.parts:
                            (target.parent / "manifest.json").unlink()
                        found = [fault(program, folder, *command) for command in commands]
                        found = [text for text in found if text]
                        return f"{path.name} {place} = {text}: {found}" if found else None
                    finally:
                        shutil.rmtree(folder)

                jobs.append(job)
    assert len(jobs) > 100
    check_all(jobs)
