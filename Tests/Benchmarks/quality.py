"""Quality after minutes of training: held-out bits per byte on the default corpus.

Each program has the same seconds of training. PyTorch is tuned, trains a GPT-2 of the same size,
and takes the best of several recipes, each at the learning rate that is best for it.
"""

import json
import statistics
from dataclasses import dataclass

from harness import CACHE, REPOSITORY, Failure, make_empty, number, peer, quern, say, table
from train import MODEL, RECIPE
from tuning import tuned

PIPELINE = REPOSITORY / "pipeline.json"
BATCH_SIZES = [4, 16]
# nanoGPT's settings for a small model, and the same with Muon for the blocks' matrices.
OPTIMIZERS = {
    "AdamW": {"learning_rate": 1e-3},
    "Muon": {"learning_rate": 3e-3, "muon_learning_rate": 0.02},
}
# Factors of an optimizer's rates; the first seed chooses among them.
FACTORS = [0.5, 1, 2, 4]
SEEDS = [1337, 1338, 1339]


@dataclass
class Result:
    """One training."""

    seconds: float
    steps: int
    tokens_per_second: float
    bits_per_byte: float


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
        own = []
        for seed in SEEDS:
            say(f"quality: {budget} s of training, Quern, seed {seed} ...")
            own.append(by_quern(vocabulary, shards, budget, seed, options))
        rows.append(row("Quern, pipeline.json", own))
        for batch_size in BATCH_SIZES:
            for name, rates in OPTIMIZERS.items():
                recipe = RECIPE | {"batch_size": batch_size, "warmup_steps": 100}
                rows.append(
                    peer_row(name, recipe, rates, shards, vocabulary_size, budget, options))
    return rows


def row(program, results):
    figures = [result.bits_per_byte for result in results]
    return [
        program,
        number(statistics.mean(result.seconds for result in results), 1),
        round(statistics.mean(result.steps for result in results)),
        number(statistics.mean(result.tokens_per_second for result in results)),
        number(statistics.mean(figures), 4)
        + (f" ({number(min(figures), 4)}–{number(max(figures), 4)})" if len(figures) > 1 else ""),
    ]


def peer_row(name, recipe, rates, shards, vocabulary_size, budget, options):
    """A GPT-2 of the same size in PyTorch, trained until the budget is spent."""
    program = f"PyTorch tuned, {name}, batch {recipe['batch_size']}"

    def train(factor, seed):
        say(f"quality: {budget} s of training, {program}, rates × {factor}, seed {seed} ...")
        scaled = {key: value * factor for key, value in rates.items()}
        answer = peer(
            "peers_torch.py",
            {
                "model": MODEL | {"vocab_size": vocabulary_size},
                "recipe": recipe | scaled | {"seed": seed},
                "shards": shards,
                "threads": options.threads,
                "budget": budget,
            },
            options.threads,
            tuned(),
        )
        steps = len(answer["losses"])
        tokens = steps * recipe["batch_size"] * MODEL["n_positions"]
        return Result(
            answer["seconds"], steps, tokens / answer["seconds"], answer["bits_per_byte"])

    try:
        swept = {factor: train(factor, SEEDS[0]) for factor in FACTORS}
        best = min(swept, key=lambda factor: swept[factor].bits_per_byte)
        results = [swept[best], *(train(best, seed) for seed in SEEDS[1:])]
    except Failure as failure:
        return [program, "failed", "", "", str(failure)]
    return row(f"{program}, rates × {best}", results)


def by_quern(vocabulary, shards, budget, seed, options):
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
            f"training.seed={seed}",
            "--set",
            "training.evaluate_every=1000000",
            "--set",
            "training.checkpoint_every=1000000",
            threads=options.threads,
        )
        return json.loads((run / "summary.json").read_text())

    # A schedule needs its number of steps, so the speed is taken first.
    summary = train(20)
    summary = train(round(budget * summary["steps"] / summary["seconds"]))
    return Result(
        summary["seconds"], summary["steps"], summary["tokens_per_second"],
        summary["bits_per_byte"])
