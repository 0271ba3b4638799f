"""Training speed of the default model: Quern beside PyTorch on the same shards and shapes."""

import json
import statistics

from harness import (
    CACHE,
    REPOSITORY,
    Failure,
    Series,
    counted,
    make_empty,
    number,
    peer,
    quern,
    say,
    table,
    times,
)

CORPUS = [REPOSITORY / "corpora/kjv.txt.zst", "--separator", r"\n\n\n"]
MODEL = {"n_layer": 4, "n_head": 4, "n_embd": 128, "n_positions": 256}
# Both programs get these, so that both do the same work; the rest is Quern's default.
RECIPE = {
    "batch_size": 16,
    "learning_rate": 3e-3,
    "final_learning_rate_ratio": 0.1,
    "warmup_steps": 50,
    "weight_decay": 0.1,
    "beta1": 0.9,
    "beta2": 0.99,
    "epsilon": 1e-8,
    "gradient_clip": 1.0,
    "seed": 1337,
}
# The first steps touch memory for the first time, and PyTorch compiles in them.
SKIPPED_STEPS = 5


def measure(options):
    if not CORPUS[0].exists():
        raise Failure(f"{CORPUS[0]} is missing: corpora/prepare-kjv.sh makes it")
    rows = []
    for vocabulary_size in options.vocab_sizes:
        rows += measure_size(vocabulary_size, options)
    table(
        "Training: {n_layer} layers, {n_head} heads, {n_embd} wide, context {n_positions}".format(
            **MODEL
        )
        + f", batch {RECIPE['batch_size']}, float32, AdamW, {counted(options.threads, 'thread')}",
        [
            "vocabulary",
            "program",
            "tokens/s",
            "lowest–highest",
            "of matrix peak",
            "Quern is",
            "last loss",
            "peak MB",
            "memory, Quern's",
        ],
        rows,
        [
            f"Medians of {counted(options.repeat, 'run')} of {options.steps} steps, each program "
            f"in turn; a run's figure is the median of its steps after the first {SKIPPED_STEPS}.",
            "Peak memory is the whole process's: Python and PyTorch's libraries count.",
        ],
    )


def measure_size(vocabulary_size, options):
    """The rows of one vocabulary size."""
    vocabulary, shards = prepare(vocabulary_size)
    modes = ["eager", "compiled"] if options.compile else ["eager"]
    own = Series()
    peers = {mode: Series() for mode in modes}
    losses, shares = {}, []
    for round_number in range(options.repeat):
        for mode in modes:
            say(
                f"train, vocabulary {vocabulary_size}: round {round_number + 1} of "
                f"{options.repeat}, Quern, PyTorch {mode} ..."
            )
            speed, peak, losses["quern"], share = run_quern(vocabulary, shards, options)
            own.add(speed, peak)
            shares.append(share)
            series = peers[mode]
            if series.failure is None:
                try:
                    answer = run_torch(vocabulary_size, shards, mode, options)
                except Failure as failure:
                    series.failure = str(failure)
                    say(f"PyTorch {mode}: {failure}")
                    continue
                speeds = answer["tokens_per_second"][SKIPPED_STEPS:]
                series.add(statistics.median(speeds), answer["peak_megabytes"], speed)
                losses[mode] = answer["losses"][-1]
    share = statistics.median(shares)
    rows = [
        [
            vocabulary_size,
            "Quern",
            number(own.median),
            own.spread(0),
            f"{share:.0%}",
            "",
            f"{losses['quern']:.3f}",
            number(own.peak),
            "",
        ]
    ]
    for mode, series in peers.items():
        name = f"PyTorch {mode}"
        if series.failure is not None:
            rows.append([vocabulary_size, name, "failed", series.failure, *[""] * 5])
            continue
        rows.append(
            [
                vocabulary_size,
                name,
                number(series.median),
                series.spread(0),
                f"{share * series.median / own.median:.0%}",
                times(series.ratio()),
                f"{losses[mode]:.3f}",
                number(series.peak),
                times(own.peak / series.peak),
            ]
        )
    return rows


def prepare(vocabulary_size):
    """A vocabulary of that size from the default corpus, and the corpus's shards."""
    folder = make_empty(CACHE / f"train-{vocabulary_size}")
    vocabulary, shards = folder / "vocab", folder / "shards"
    quern("vocab", "train", "--vocab-size", vocabulary_size, "--output", vocabulary, *CORPUS)
    quern("encode", "--vocab", vocabulary, "--output", shards, "--validation-fraction", 0, *CORPUS)
    return vocabulary, shards


def settings(values, section):
    return [part for key, value in values.items() for part in ("--set", f"{section}.{key}={value}")]


def run_quern(vocabulary, shards, options):
    """Speed, peak memory, last loss, and share of the matrix peak of one run."""
    output = make_empty(CACHE / "train-run")
    finished = quern(
        "train",
        "--vocab",
        vocabulary,
        "--shards",
        shards,
        "--output",
        output,
        *settings(MODEL, "model"),
        *settings(RECIPE | {"steps": options.steps}, "training"),
        threads=options.threads,
    )
    lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "tokens_per_second" in line]
    measured = steps[SKIPPED_STEPS:]
    return (
        statistics.median(step["tokens_per_second"] for step in measured),
        finished.peak_megabytes,
        steps[-1]["loss"],
        statistics.median(step["matrix_peak_share"] for step in measured),
    )


def run_torch(vocabulary_size, shards, mode, options):
    return peer(
        "peers_torch.py",
        {
            "model": MODEL | {"vocab_size": vocabulary_size},
            "recipe": RECIPE | {"steps": options.steps},
            "shards": shards,
            "compile": mode == "compiled",
            "threads": options.threads,
        },
        options.threads,
    )
