"""Quality after minutes of training: held-out bits per byte on the default corpus.

Each program has the same seconds of training, and PyTorch two recipes for a GPT-2 of the same size.
"""

import json

from harness import CACHE, REPOSITORY, Failure, make_empty, number, peer, quern, say, table
from train import MODEL, RECIPE

PIPELINE = REPOSITORY / "pipeline.json"
# nanoGPT's settings for a small model, and the same with Muon for the blocks' matrices.
PEERS = {
    "nanoGPT's recipe": RECIPE | {"learning_rate": 1e-3, "warmup_steps": 100},
    "with Muon": RECIPE
    | {"learning_rate": 3e-3, "muon_learning_rate": 0.02, "warmup_steps": 100},
}


def measure(options):
    configuration = json.loads(PIPELINE.read_text())
    name = configuration["name"]
    rows = []
    if options.long:
        rows += train_both(configuration, options)
    rows += last_run(REPOSITORY / "runs" / name, f"Quern, runs/{name}")
    if not rows:
        print(
            f"\nQuality: there is no runs/{name} yet; `make run` makes it, and --long trains "
            "both programs here."
        )
        return
    table(
        "Quality: the default corpus, its validation split",
        ["program", "training seconds", "steps", "tokens/s", "bits per byte"],
        rows,
        ["Seconds of training alone, without evaluations and checkpoints."],
    )


def last_run(run, name):
    """A row for each evaluation of a finished run."""
    try:
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    except OSError:
        return []
    rows, seconds, tokens = [], 0.0, 0
    for line in lines:
        if "bits_per_byte" in line:
            rows.append(
                [
                    name,
                    number(seconds, 1),
                    line["step"],
                    number(tokens / max(seconds, 1e-9)),
                    number(line["bits_per_byte"], 4),
                ]
            )
        elif "seconds" in line:
            seconds += line["seconds"]
            tokens = line["tokens"]
    return rows


def train_both(configuration, options):
    """Both programs for each budget of seconds, on the same shards and split."""
    vocabulary = REPOSITORY / "vocab" / configuration["name"]
    corpus = configuration["corpus"]
    shards = make_empty(CACHE / "quality") / "shards"
    quern(
        "encode",
        "--vocab",
        vocabulary,
        "--output",
        shards,
        "--text-separator",
        corpus["text_separator"].replace("\n", r"\n"),
        "--validation-fraction",
        0.05,
        *corpus["inputs"],
    )
    vocabulary_size = json.loads((shards / "manifest.json").read_text())["vocabulary"]["size"]
    rows = []
    for budget in options.budgets:
        say(f"quality: {budget} s of training, Quern ...")
        rows.append(quern_row(configuration, vocabulary, shards, budget, options))
        for name, recipe in PEERS.items():
            say(f"quality: {budget} s of training, PyTorch {name} ...")
            rows.append(peer_row(name, recipe, shards, vocabulary_size, budget, options))
    return rows


def peer_row(name, recipe, shards, vocabulary_size, budget, options):
    """A GPT-2 of the same size in PyTorch, trained until the budget is spent."""
    program = f"PyTorch eager, {name}"
    try:
        answer = peer(
            "peers_torch.py",
            {
                "model": MODEL | {"vocab_size": vocabulary_size},
                "recipe": recipe,
                "shards": shards,
                "threads": options.threads,
                "budget": budget,
            },
            options.threads,
        )
    except Failure as failure:
        return [program, "failed", "", "", str(failure)]
    steps = len(answer["losses"])
    tokens = steps * recipe["batch_size"] * MODEL["n_positions"]
    return [
        program,
        number(answer["seconds"], 1),
        steps,
        number(tokens / answer["seconds"]),
        number(answer["bits_per_byte"], 4),
    ]


def quern_row(configuration, vocabulary, shards, budget, options):
    """Quern's default recipe, stretched over as many steps as the budget holds."""

    def train(steps):
        run = make_empty(CACHE / "quality-run")
        quern(
            "train",
            "--config",
            PIPELINE,
            "--vocab",
            vocabulary,
            "--shards",
            shards,
            "--output",
            run,
            "--set",
            f"training.steps={steps}",
            "--set",
            "training.evaluate_every=1000000",
            "--set",
            "training.checkpoint_every=1000000",
            threads=options.threads,
        )
        return last_run(run, "Quern, pipeline.json")[-1], json.loads(
            (run / "summary.json").read_text()
        )

    # A schedule needs its number of steps, so the speed is taken first.
    _, summary = train(20)
    steps = round(budget * summary["steps"] / summary["seconds"])
    row, _ = train(steps)
    return row
