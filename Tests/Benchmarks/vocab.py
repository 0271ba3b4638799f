"""Learning a vocabulary: Quern from compressed files to files, the field's trainers from memory."""

import array
import json
from dataclasses import dataclass
from pathlib import Path

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
from peers_vocab import digest, tokens_of_file
from texts import slice_of

MINIMUM_FREQUENCY = 2
# Peers by the pattern that they learn with. gigabpe and gigatoken know only GPT-2's.
PEERS = {
    "gpt2": ["gigabpe", "gigatoken", "tokenizers"],
    "gpt4": ["rustbpe", "bpeasy", "tokenizers"],
}
# These take part in the first round only, for they take half a minute and more.
SLOW = {"bpeasy", "tokenizers"}
# These number the bytes by their values where counts are equal.
TIES = {"rustbpe": "bytes", "bpeasy": "bytes"}
# These read a file line by line, so that other pieces come out of the same text.
LINE_READERS = {"gigabpe"}
TEXTS = {"English": ["english"], "mixed text": ["english", "code", "multilingual"]}


@dataclass
class Text:
    """Text to learn from."""

    name: str
    slices: list
    # The same text as lines, as a file and as documents for Quern.
    lines: Path
    line_documents: Path

    @property
    def byte_count(self):
        return sum(part.byte_count for part in self.slices)

    def arguments(self):
        """Options by which Quern reads it."""
        separator = ["--text-separator", r"\n\n\n"]
        return [part.compressed for part in self.slices] + separator


def text_of(name, megabytes):
    slices = [slice_of(kind, megabytes / len(TEXTS[name])) for kind in TEXTS[name]]
    base = CACHE / "texts" / f"lines-{'-'.join(TEXTS[name])}-{megabytes:g}MB"
    made = Text(name, slices, base.with_suffix(".txt"), base.with_suffix(".jsonl"))
    newest = max(part.flat.stat().st_mtime for part in slices)
    if not made.line_documents.exists() or made.line_documents.stat().st_mtime < newest:
        say(f"cutting {name} into lines ...")
        with open(made.lines, "wb") as lines, open(made.line_documents, "w") as line_documents:
            for line in lines_of(slices):
                lines.write(line)
                line_documents.write(json.dumps({"text": line.decode()}) + "\n")
    return made


def lines_of(slices):
    """The lines that have more than whitespace: the others are no documents to Quern."""
    for part in slices:
        with open(part.flat, "rb") as flat:
            for length in array.array("q", part.lengths.read_bytes()):
                for line in flat.read(length).split(b"\n"):
                    if line.strip():
                        yield line + b"\n"


def train(options, pattern, inputs, tie="huggingface"):
    """Learns once; what the run took, and where the vocabulary is."""
    output = make_empty(CACHE / "vocab-run")
    finished = quern(
        "vocab",
        "train",
        "--vocab-size",
        options.vocab_size,
        "--pattern",
        pattern,
        "--tie",
        tie,
        "--min-frequency",
        MINIMUM_FREQUENCY,
        "--output",
        output,
        *inputs,
        threads=options.threads,
    )
    return finished, output / "tokenizer.json"


def measure(options):
    for name in TEXTS:
        text = text_of(name, options.vocab_megabytes)
        for pattern in PEERS:
            measure_pattern(options, text, pattern)


def measure_pattern(options, text, pattern):
    own, series, same = Series(), {name: Series() for name in PEERS[pattern]}, {}
    expected = {}
    for round_number in range(options.repeat):
        for name in PEERS[pattern]:
            if series[name].failure or (name in SLOW and round_number > 0):
                continue
            say(
                f"vocab: {text.name}, {pattern}, round {round_number + 1} of {options.repeat}, "
                f"Quern, {name} ..."
            )
            finished, tokenizer = train(options, pattern, text.arguments())
            own.add(finished.seconds, finished.peak_megabytes)
            tokens = tokens_of_file(tokenizer)
            request = {
                "peer": name,
                "parts": [[part.flat, part.lengths] for part in text.slices],
                "lines": text.lines,
                "pattern": expression_of(tokenizer),
                "vocab_size": options.vocab_size,
                "min_frequency": MINIMUM_FREQUENCY,
                "merges": len(tokens),
                "threads": options.threads,
            }
            try:
                answer = peer("peers_vocab.py", request, options.threads)
            except Failure as failure:
                series[name].failure = str(failure)
                continue
            series[name].add(answer["seconds"], answer["peak_megabytes"], finished.seconds)
            # The same documents under the same rule.
            kind = (name in LINE_READERS, TIES.get(name, "huggingface"))
            if kind not in expected:
                if kind == (False, "huggingface"):
                    expected[kind] = digest(tokens)
                else:
                    inputs = [text.line_documents] if kind[0] else text.arguments()
                    expected[kind] = digest(
                        tokens_of_file(train(options, pattern, inputs, kind[1])[1])
                    )
            same.setdefault(name, []).append(answer["digest"] == expected[kind])
    report(options, text, pattern, own, series, same)


def expression_of(tokenizer):
    """The pattern, as a tokenizer.json has it."""
    [expression] = [
        part["pattern"]["Regex"]
        for part in json.loads(tokenizer.read_text())["pre_tokenizer"]["pretokenizers"]
        if part["type"] == "Split"
    ]
    return expression


def report(options, text, pattern, own, series, same):
    rows = [["Quern", number(own.median, 2), own.spread(2), "", number(own.peak), "", ""]]
    for name, figures in series.items():
        if figures.failure is not None:
            rows.append([name, "failed", "", "", "", "", figures.failure])
            continue
        rows.append(
            [
                name,
                number(figures.median, 2),
                figures.spread(2),
                times(figures.ratio(smaller_is_better=True)),
                number(figures.peak),
                times(own.peak / figures.peak),
                "the same" if all(same[name]) else "DIFFERENT",
            ]
        )
    table(
        f"Vocabulary: {number(options.vocab_size)} tokens, pattern {pattern}, from "
        f"{number(text.byte_count / 1e6)} MB of {text.name}, "
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
            f"Medians of {counted(options.repeat, 'round')}, of one for "
            f"{' and '.join(sorted(SLOW & set(series)))}. Quern's time is the whole process's, "
            "from the compressed",
            "file to the files written; a peer's is training alone, and its peak holds the text "
            "and Python.",
        ],
    )
