"""Training speed: Quern beside PyTorch on the same shards and shapes."""

import json
import statistics
from dataclasses import dataclass

import vocabularies

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
from tuning import tuned

CORPUS = [REPOSITORY / "corpora/kjv.txt.zst", "--text-separator", r"\n\n\n"]
MODEL = {"n_layer": 4, "n_head": 4, "n_embd": 128, "n_positions": 256}


GPT2_SIZE = 50256


@dataclass
class Shape:
    """A model, its batch, and how many of the asked steps a run has."""

    model: dict
    vocabulary_size: int
    batch_size: int
    share_of_steps: float


SHAPES = {
    "S": Shape(MODEL, 8192, 16, 1),
    "M": Shape({"n_layer": 6, "n_head": 6, "n_embd": 384, "n_positions": 256}, 8192, 16, 0.5),
    # GPT-2's 124 million, with its vocabulary but for the end of text.
    "L": Shape({"n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024}, GPT2_SIZE, 1,
               0.4),
}
PRECISIONS = {"Quern": "float32", "Quern mixed": "mixed"}


@dataclass
class Mode:
    """A way to run PyTorch: as it is installed or tuned, eager or compiled, and its numbers."""

    is_tuned: bool = True
    is_compiled: bool = False
    is_bfloat16: bool = False


MODES = {
    "stock, eager": Mode(is_tuned=False),
    "tuned, eager": Mode(),
    "tuned, eager, bfloat16": Mode(is_bfloat16=True),
}
COMPILED_MODES = {
    "tuned, compiled": Mode(is_compiled=True),
    "tuned, compiled, bfloat16": Mode(is_compiled=True, is_bfloat16=True),
}
# Rows of a step among which a tuned PyTorch takes its fastest, in batches of the shape's size.
BATCHES = [0.25, 0.5, 1, 2, 4]
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
    for name in options.shapes:
        measure_shape(name, SHAPES[name], options)


def measure_shape(name, shape, options):
    vocabulary, shards = prepare(shape.vocabulary_size)
    steps = max(SKIPPED_STEPS + 3, round(options.steps * shape.share_of_steps))
    modes = MODES | (COMPILED_MODES if options.compile else {})
    batches = best_batches(name, shape, shards, modes, options)
    series = {program: Series() for program in [*PRECISIONS, *(f"PyTorch {m}" for m in modes)]}
    losses, shares = {}, []
    for round_number in range(options.repeat):
        say(f"train, shape {name}: round {round_number + 1} of {options.repeat} ...")
        for program, precision in PRECISIONS.items():
            speed, peak, losses[program], share = run_quern(
                shape, vocabulary, shards, precision, steps, options
            )
            reference = series["Quern"].values[-1] if program != "Quern" else None
            series[program].add(speed, peak, reference)
            if program == "Quern":
                shares.append(share)
        for title, mode in modes.items():
            program = f"PyTorch {title}"
            if series[program].failure is not None:
                continue
            try:
                answer = run_torch(shape, shards, mode, batches[title], steps, options)
            except Failure as failure:
                series[program].failure = str(failure)
                say(f"{program}: {failure}")
                continue
            speed = statistics.median(answer["tokens_per_second"][SKIPPED_STEPS:])
            # Each precision beside its own.
            own = "Quern mixed" if mode.is_bfloat16 else "Quern"
            series[program].add(speed, answer["peak_megabytes"], series[own].values[-1])
            # A step of another batch has seen other text.
            if batches[title] == shape.batch_size:
                losses[program] = answer["losses"][-1]
    rows = {program: shape.batch_size for program in PRECISIONS}
    rows |= {f"PyTorch {title}": count for title, count in batches.items()}
    table(
        f"Training, shape {name}: "
        + "{n_layer} layers, {n_head} heads, {n_embd} wide, context {n_positions}".format(
            **shape.model
        )
        + f", vocabulary {shape.vocabulary_size}, AdamW, "
        + counted(options.threads, "thread"),
        ["program", "batch", "tokens/s", "lowest–highest", "Quern is", "last loss", "peak MB"],
        [row(program, rows[program], one, losses) for program, one in series.items()],
        [
            f"Medians of {counted(options.repeat, 'run')} of {steps} steps, each program in turn; "
            f"a run's figure is the median of its steps after the first {SKIPPED_STEPS}. "
            f"Quern in float32 reaches {statistics.median(shares):.0%} of the matrix peak.",
            "Tuned: tcmalloc, MKL's instructions of this processor, large pages, and the fastest "
            "of five batches. Its bfloat16 (autocast) stands beside Quern's mixed precision.",
            "Peak memory is the whole process's: Python and PyTorch's libraries count.",
        ],
    )


def best_batches(name, shape, shards, modes, options):
    """Rows of a step for each mode: those at which it is fastest, where it is tuned.

    What is fastest in eager mode is taken for the compiled one, too.
    """
    best, known = {}, {}
    for title, mode in modes.items():
        if not mode.is_tuned:
            best[title] = shape.batch_size
            continue
        if mode.is_bfloat16 not in known:
            eager = Mode(is_bfloat16=mode.is_bfloat16)
            speeds = {}
            for count in sorted({round(shape.batch_size * factor) for factor in BATCHES} - {0}):
                say(f"train, shape {name}: PyTorch {title} with batches of {count} ...")
                answer = run_torch(shape, shards, eager, count, SKIPPED_STEPS + 3, options)
                speeds[count] = statistics.median(answer["tokens_per_second"][SKIPPED_STEPS:])
            known[mode.is_bfloat16] = max(speeds, key=speeds.get)
        best[title] = known[mode.is_bfloat16]
    return best


def row(program, batch_size, series, losses):
    if series.failure is not None:
        return [program, batch_size, "failed", series.failure, "", "", ""]
    loss = losses.get(program)
    return [
        program,
        batch_size,
        number(series.median),
        series.spread(0),
        "" if program == "Quern" else times(series.ratio()),
        "" if loss is None else f"{loss:.3f}",
        number(series.peak),
    ]


def prepare(vocabulary_size):
    """A vocabulary of that size, GPT-2's or learned from the default corpus, and its shards."""
    folder = make_empty(CACHE / f"train-{vocabulary_size}")
    vocabulary, shards = folder / "vocab", folder / "shards"
    end_of_text = "before"
    if vocabulary_size == GPT2_SIZE:
        vocabulary, end_of_text = vocabularies.vocabulary("gpt2"), "none"
    else:
        quern("vocab", "train", "--vocab-size", vocabulary_size, "--output", vocabulary, *CORPUS)
    quern(
        "encode", "--vocab", vocabulary, "--output", shards, "--end-of-text", end_of_text,
        "--validation-fraction", 0, *CORPUS,
    )
    return vocabulary, shards


def settings(values, section):
    return [part for key, value in values.items() for part in ("--set", f"{section}.{key}={value}")]


def run_quern(shape, vocabulary, shards, precision, steps, options):
    """Speed, peak memory, last loss, and share of the matrix peak of one run."""
    output = make_empty(CACHE / "train-run")
    recipe = RECIPE | {
        "batch_size": shape.batch_size, "steps": steps, "precision": precision,
        "optimizer": "adamw", "schedule": "cosine", "mask_documents": "false",
        # Writing a large model is not what is measured.
        "checkpoint_every": 1_000_000,
    }
    finished = quern(
        "train",
        "--vocab",
        vocabulary,
        "--shards",
        shards,
        "--output",
        output,
        *settings({"architecture": "gpt2"} | shape.model, "model"),
        *settings(recipe, "training"),
        threads=options.threads,
    )
    lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    taken = [line for line in lines if "tokens_per_second" in line]
    measured = taken[SKIPPED_STEPS:]
    return (
        statistics.median(step["tokens_per_second"] for step in measured),
        finished.peak_megabytes,
        taken[-1]["loss"],
        statistics.median(step["matrix_peak_share"] for step in measured),
    )


def run_torch(shape, shards, mode, batch_size, steps, options):
    return peer(
        "peers_torch.py",
        {
            "model": shape.model | {"vocab_size": shape.vocabulary_size},
            "recipe": RECIPE | {"batch_size": batch_size, "steps": steps},
            "shards": shards,
            "compile": mode.is_compiled,
            "bfloat16": mode.is_bfloat16,
            "threads": options.threads,
        },
        options.threads,
        tuned() if mode.is_tuned else None,
    )
