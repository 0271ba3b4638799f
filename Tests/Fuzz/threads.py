"""Runs a small pipeline on several threads with a program built for ThreadSanitizer.

A race ends the command that has it, with both places.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / ".build/threads/work"
PROGRAM = str(
    pathlib.Path(os.environ.get("QUERN", ROOT / ".build/threads/release/quern")).resolve())
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
SHAPE = {
    "model.n_positions": 32, "training.steps": 6, "training.batch_size": 8,
    "training.evaluate_every": 3, "training.sample_every": 3, "training.checkpoint_every": 3,
}  # fmt: skip
MODELS = {
    "llama": {"model.architecture": "llama", "model.n_layer": 2, "model.n_head": 4,
              "model.n_kv_head": 2, "model.n_embd": 64, "training.optimizer": "muon",
              "training.packing": "best-fit"},
    "gpt2": {"model.architecture": "gpt2", "model.n_layer": 2, "model.n_head": 2,
             "model.n_embd": 32, "training.optimizer": "adamw",
             "training.precision": "mixed"},
    "lstm": {"model.architecture": "lstm", "model.n_layer": 2, "model.n_embd": 32,
             "training.stateful": "true"},
}  # fmt: skip


def make_texts():
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghij\u00e9\u4e2d", k=chance.randint(2, 7)))
             for _ in range(400)]
    for number in range(5):
        with (WORK / f"{number}.jsonl").open("w") as file:
            for _ in range(400):
                text = " ".join(chance.choices(words, k=chance.randint(5, 60)))
                file.write(json.dumps({"text": text}) + "\n")
                if chance.random() < 0.1:
                    file.write(json.dumps({"text": text + "."}) + "\n")
    with (WORK / "talks.jsonl").open("w") as file:
        for _ in range(60):
            file.write(json.dumps({"messages": [
                {"role": "user", "content": chance.choice(words)},
                {"role": "assistant", "content": chance.choice(words)}]}) + "\n")
    with (WORK / "pairs.jsonl").open("w") as file:
        for word in words:
            file.write(json.dumps({"source": word, "target": word[::-1]}) + "\n")


def commands():
    """The commands, each with what it reads from standard input."""
    texts = [f"{number}.jsonl" for number in range(5)]
    yield ["corpus", "refine", "--remove-near-duplicates", "--shuffle", "--memory", "100MiB",
           "--output",
           "refined", *texts], None
    yield ["corpus", "pack", "--output", "packed.jsonl.zst", *texts], None
    yield ["vocab", "count", "--output", "pieces.counts", *texts, "packed.jsonl.zst"], None
    yield ["vocab", "train", "--vocab-size", "320", "--output", "words",
           *(word for name in SPECIALS for word in ("--special-tokens", name)), *texts], None
    yield ["encode", "--vocab", "words", "--output", "data", "--part-bytes", "100KB",
           "--tokens-per-shard", "30000", "--journal-every", "0", *texts], None
    yield ["shards", "verify", "data", "--vocab", "words"], None
    for name, values in MODELS.items():
        words = [word for key, value in {**SHAPE, **values}.items()
                 for word in ("--set", f"{key}={value}")]
        yield ["train", "--shards", "data", "--vocab", "words", "--output", name, *words], None
        yield ["evaluate", "--model", f"{name}/checkpoints/best", "--shards", "data"], None
        yield ["generate", "--model", f"{name}/checkpoints/best", "--prompt", "a", "--samples", "3",
               "--max-new-tokens", "8"], None
    for name, model in (("small", {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 64}),
                        ("pairs", {"architecture": "encoder_decoder", "n_layer": 1, "n_head": 2,
                                   "n_embd": 16, "n_positions": 64})):
        (WORK / f"{name}.json").write_text(json.dumps({
            "name": name, "corpus": {"inputs": texts if name == "small" else ["pairs.jsonl"]},
            "vocabulary": {"vocab_size": 300, "special_tokens": SPECIALS}, "model": model,
            "training": {"steps": 4, "batch_size": 8}, "generation": {"max_new_tokens": 4},
            **({"samples": ["a"], "instruction_tuning": {"inputs": ["talks.jsonl"], "steps": 3}}
               if name == "small" else {}),
        }))  # fmt: skip
        yield ["run", f"{name}.json"], None


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    make_texts()
    environment = {
        **os.environ, "SWIFT_BACKTRACE": "enable=no",
        "TSAN_OPTIONS": "halt_on_error=1:exitcode=66:second_deadlock_stack=1",
    }  # fmt: skip
    failed = []
    for words, text in commands():
        started = time.monotonic()
        result = subprocess.run(
            [PROGRAM, *words, "--threads", "3"], cwd=WORK, env=environment, input=text,
            capture_output=True, text=True, timeout=600, check=False)
        name = " ".join(words[:2])
        print(f"{name:24}{time.monotonic() - started:6.1f} s"
              + ("" if result.returncode == 0 else "  FAULT"), flush=True)
        if result.returncode != 0:
            failed.append(name)
            print(result.stderr[-6000:], flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
