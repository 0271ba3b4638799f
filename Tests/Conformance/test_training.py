"""A run as a whole: what TensorBoard reads of it, and that killing it changes nothing."""

import json
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.util import tensor_util

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINE = {
    "name": "small",
    "model": {"architecture": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 32, "n_positions": 32},
    "training": {
        "steps": 120, "batch_size": 8, "optimizer": "muon", "schedule": "wsd", "warmup_steps": 10,
        "decay_fraction": 0.2, "final_learning_rate_ratio": 0.1, "mask_documents": False,
        "gradient_accumulation_steps": 2, "evaluate_every": 60, "checkpoint_every": 13,
        "sample_every": 40, "skip_outliers": 3, "early_stop_patience": 5, "learning_rate": 5e-3,
    },
    "generation": {"max_new_tokens": 8},
    "samples": ["In the beginning", "And Moses — said"],
}


@pytest.fixture(scope="module")
def folder(quern, kjv_path, tmp_path_factory):
    path = tmp_path_factory.mktemp("training")
    (path / "pipeline.json").write_text(json.dumps(PIPELINE))
    quern(
        "encode", "--vocab", ROOT / "vocab/kjv", "--output", path / "shards", "--text-separator",
        r"\n\n\n", "--validation-fraction", 0.01, kjv_path,
    )
    return path


def arguments(folder, run, *more):
    return [
        "train", "--config", folder / "pipeline.json", "--shards", folder / "shards", "--vocab",
        ROOT / "vocab/kjv", "--output", folder / run, "--quiet", *more,
    ]


@pytest.fixture(scope="module")
def straight(folder, quern):
    """A run that nothing happened to."""
    quern(*arguments(folder, "straight"))
    return folder / "straight"


def tensorboard(run):
    """The run's scalars, as tools that read event files take them."""
    events = event_accumulator.EventAccumulator(
        str(run), size_guidance=event_accumulator.STORE_EVERYTHING_SIZE_GUIDANCE)
    events.Reload()
    return events


def tensorboard_texts(run, tag):
    """The run's texts, as TensorBoard's own server reads them.

    (The other reader does not forget texts of steps that were done again: it is for scalars.)
    """
    events = plugin_event_accumulator.EventAccumulator(
        str(run), tensor_size_guidance={"text": 0})
    events.Reload()
    return [
        (event.step, [text.decode() for text in tensor_util.make_ndarray(event.tensor_proto)])
        for event in events.Tensors(tag)
    ]


def metrics(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def check_tensorboard(run):
    """TensorBoard has every line of metrics.jsonl, once."""
    events, lines = tensorboard(run), metrics(run)
    tags = {
        "training/loss": "loss", "training/learning_rate": "learning_rate",
        "training/gradient_norm": "gradient_norm",
        "training/tokens_per_second": "tokens_per_second",
        "validation/loss": "validation_loss", "validation/perplexity": "perplexity",
        "validation/bits_per_byte": "bits_per_byte",
    }
    assert set(tags) <= set(events.Tags()["scalars"])
    for tag, key in tags.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        expected = [(line["step"], line[key]) for line in lines if key in line]
        assert [step for step, _ in found] == [step for step, _ in expected], tag
        for (_, value), (_, truth) in zip(found, expected):
            assert value == pytest.approx(truth, rel=1e-6), tag
    assert events.Tags()["tensors"] == ["samples"]
    found = tensorboard_texts(run, "samples")
    assert found == [(line["step"], line["samples"]) for line in lines if "samples" in line]
    assert [step for step, _ in found] == [40, 80, 120]
    assert found[0][1][1].startswith("And Moses — said")


def files(run):
    checkpoint = run / "checkpoints/latest"
    return {path.name: path.read_bytes() for path in checkpoint.iterdir()}


def test_tensorboard_reads_the_run(straight):
    [file] = straight.glob("events.out.tfevents.*")
    assert time.time() - int(file.name.split(".")[3]) < 3600
    steps = [line["step"] for line in metrics(straight) if "loss" in line]
    assert steps == list(range(1, 121))
    check_tensorboard(straight)


def test_killing_it_changes_nothing(folder, straight):
    """kill -9 at any moment, again and again; each time it goes on from its newest checkpoint."""
    program = pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve()
    chance = random.Random(5)
    run = folder / "killed"
    kills = 0
    while True:
        more = ["--resume"] if (run / "checkpoints/latest").exists() else ["--overwrite"]
        threads = chance.choice([1, 2])
        process = subprocess.Popen(
            [program, *map(str, arguments(folder, "killed", "--threads", threads, *more))],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        # Until some more steps are done, and then a moment, which may fall into a checkpoint. The
        # third time as soon as there is a new sample, which no checkpoint stands beside.
        goal, drawn = lines_of(run) + chance.randrange(5, 40), samples_of(run)
        while process.poll() is None and kills < 6 and (
            samples_of(run) == drawn if kills == 2 else lines_of(run) < goal
        ):
            time.sleep(0.002)
        if kills < 6 and process.poll() is None:
            time.sleep(chance.random() * 0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            continue
        _, messages = process.communicate(timeout=300)
        assert process.returncode == 0, messages
        break
    assert kills >= 3
    assert files(run) == files(straight)
    steps = [line["step"] for line in metrics(run) if "loss" in line]
    assert steps == list(range(1, 121))
    check_tensorboard(run)


def samples_of(run):
    try:
        return (run / "metrics.jsonl").read_bytes().count(b'"samples"')
    except FileNotFoundError:
        return 0


def lines_of(run):
    try:
        return (run / "metrics.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0
