"""Learning a vocabulary: Quern from a compressed file, Hugging Face's trainer from memory."""

from harness import (
    CACHE,
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
from texts import slice_of

MINIMUM_FREQUENCY = 2


def measure(options):
    text = slice_of("english", options.vocab_megabytes)
    own, series, same = Series(), Series(), []
    for round_number in range(options.repeat):
        say(f"vocab: round {round_number + 1} of {options.repeat}, Quern, tokenizers ...")
        output = make_empty(CACHE / "vocab-run")
        finished = quern(
            "vocab",
            "train",
            "--vocab-size",
            options.vocab_size,
            "--pattern",
            "gpt4",
            "--min-frequency",
            MINIMUM_FREQUENCY,
            "--output",
            output,
            *text.arguments(),
            threads=options.threads,
        )
        own.add(finished.seconds, finished.peak_megabytes)
        if series.failure is not None:
            continue
        try:
            answer = peer(
                "peers_vocab.py",
                {
                    "tokenizer": output / "tokenizer.json",
                    "flat": text.flat,
                    "lengths": text.lengths,
                    "min_frequency": MINIMUM_FREQUENCY,
                },
                options.threads,
            )
        except Failure as failure:
            series.failure = str(failure)
            continue
        series.add(answer["seconds"], answer["peak_megabytes"], finished.seconds)
        same.append(answer["same"])
    rows = [["Quern", number(own.median, 2), own.spread(2), "", number(own.peak), "", ""]]
    if series.failure is None:
        rows.append(
            [
                "tokenizers",
                number(series.median, 2),
                series.spread(2),
                times(series.ratio(smaller_is_better=True)),
                number(series.peak),
                times(own.peak / series.peak),
                "the same" if all(same) else "DIFFERENT",
            ]
        )
    else:
        rows.append(["tokenizers", "failed", "", "", "", "", series.failure])
    table(
        f"Vocabulary: {number(options.vocab_size)} tokens, pattern gpt4, from "
        f"{number(text.byte_count / 1e6)} MB of English, "
        f"{counted(options.threads, 'thread')}",
        [
            "program",
            "seconds",
            "lowest–highest",
            "Quern is",
            "peak MB",
            "memory, Quern's",
            "merges",
        ],
        rows,
        [
            f"Medians of {counted(options.repeat, 'round')}. Quern's time is the whole process's, "
            "from the compressed file to the files written;",
            "the peer's is training alone. Its peak holds the text and Python.",
        ],
    )
