"""The whole way, checked at each end by the peers: `quern run` on the default corpus with a small
model, its shards read as llm.c reads them, its checkpoint scored and continued by transformers."""

import json
import math

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

CONTEXT = 64


@pytest.fixture(scope="module")
def run(quern, kjv_path, tmp_path_factory):
    """A directory in which a small pipeline has run."""
    folder = tmp_path_factory.mktemp("pipeline")
    pipeline = {
        "name": "small",
        "corpus": {"inputs": [str(kjv_path)], "text_separator": "\n\n\n"},
        "vocabulary": {"vocab_size": 1000},
        "model": {
            "architecture": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 32,
            "n_positions": CONTEXT,
        },
        "training": {
            "steps": 40, "batch_size": 8, "evaluate_every": 20, "checkpoint_every": 20,
            "optimizer": "adamw", "learning_rate": 3e-3, "warmup_steps": 50,
            "mask_documents": False,
        },
        "generation": {"max_new_tokens": 10},
        "samples": ["In the beginning"],
    }
    (folder / "pipeline.json").write_text(json.dumps(pipeline))
    quern("run", "pipeline.json", "--quiet", cwd=folder)
    return folder


def read_shard(path):
    """As llm.c's own reader does: 256 words of header, then the ids."""
    header = np.fromfile(path, dtype="<i4", count=256)
    assert (header[0], header[1]) == (20240520, 1)
    tokens = np.fromfile(path, dtype="<u2", offset=1024)
    assert len(tokens) == header[2]
    return tokens


def test_shards_hold_the_ids_of_tokenizers(run, kjv):
    peer = Tokenizer.from_file(str(run / "vocab/small/tokenizer.json"))
    shards = {split: read_shard(run / f"shards/small/{split}_000000.bin")
              for split in ("train", "val")}
    position = {"train": 0, "val": 0}
    for chapter in kjv:
        ids = np.array([0] + peer.encode(chapter).ids)
        matching = [
            split
            for split, tokens in shards.items()
            if np.array_equal(tokens[position[split] : position[split] + len(ids)], ids)
        ]
        assert len(matching) == 1, chapter[:40]
        position[matching[0]] += len(ids)
    assert position == {split: len(tokens) for split, tokens in shards.items()}
    assert 0.03 < len(shards["val"]) / len(shards["train"]) < 0.08


def test_evaluation_is_what_transformers_computes(run, quern, kjv):
    model = AutoModelForCausalLM.from_pretrained(run / "runs/small/checkpoints/latest").eval()
    tokens = torch.from_numpy(read_shard(run / "shards/small/val_000000.bin").astype(np.int64))
    total = 0.0
    with torch.no_grad():
        scored = 0
        while scored < len(tokens) - 1:
            stop = min(scored + CONTEXT, len(tokens) - 1)
            start = max(0, stop - CONTEXT)
            logits = model(tokens[None, start:stop]).logits[0]
            losses = torch.nn.functional.cross_entropy(
                logits, tokens[start + 1 : stop + 1], reduction="none"
            )
            total += losses[scored - start :].double().sum().item()
            scored = stop
    summary = json.loads((run / "runs/small/summary.json").read_text())["validation"]
    assert summary["tokens"] == len(tokens) - 1
    assert summary["total_loss"] == pytest.approx(total, rel=1e-5)

    printed = quern(
        "evaluate", "--quiet", "--model", run / "runs/small/checkpoints/latest",
        "--shards", run / "shards/small",
    )
    bits = total / math.log(2) / summary["bytes"]
    assert f"{bits:.4f}" in printed


def test_greedy_text_is_that_of_transformers(run, quern):
    directory = run / "runs/small/checkpoints/latest"
    model = AutoModelForCausalLM.from_pretrained(directory).eval()
    tokenizer = AutoTokenizer.from_pretrained(directory)
    for prompt in ["In the beginning", "And Moses said"]:
        ids = [tokenizer.convert_tokens_to_ids("<|endoftext|>")]
        ids += tokenizer.encode(prompt, add_special_tokens=False)
        with torch.no_grad():
            for _ in range(20):
                ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
        expected = tokenizer.decode(ids[1:])
        printed = quern(
            "generate", "--model", directory, "--prompt", prompt, "--temperature", 0,
            "--max-new-tokens", 20,
        )
        assert printed.rstrip("\n") == expected.rstrip("\n")


def test_running_again_does_nothing(run, quern):
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    quern("run", "pipeline.json", "--quiet", cwd=run)
    assert before == {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
