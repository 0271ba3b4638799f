#!/usr/bin/env python3
"""Quern's speed, memory and quality beside its peers, in one run on one machine.

    bench.py [train] [recurrent] [generate] [serve] [encode] [read] [refine] [shards] [decode]
             [hostile] [vocab] [quality] [tasks] [report] [all]

    train     training steps beside PyTorch
    recurrent an LSTM in training and generation beside PyTorch's
    generate  text from a model beside PyTorch, transformers and llama.cpp
    serve     models over HTTP beside llama.cpp's server
    encode    text to ids in memory, beside every tokenizer of note
    read      a file of JSON lines or Parquet to documents
    refine    near-duplicates and rules of quality, beside datatrove, text-dedup and rensa
    shards    a compressed file to shards, the whole way
    decode    ids to text in memory
    tasks     questions to a model beside lm-evaluation-harness
    hostile   texts that make tokenizers slow, from a file to shards
    vocab     learning a vocabulary
    quality   what a minute of training is worth
    report    the page of a run of many steps

Each topic prints a table. Programs take turns, and each figure is a median, because a machine is
never quite idle. QUERN names the program (default: .build/release/quern). What is made on the way
stays in .cache/bench.
"""

import argparse
import sys

import decode
import encode
import generate
import hostile
import quality
import reading
import recurrent
import refining
import report
import serve
import shards
import tasks
import texts
import train
import vocab
import vocabularies
from harness import Failure, cores, machine

TOPICS = {
    "train": train.measure,
    "recurrent": recurrent.measure,
    "generate": generate.measure,
    "serve": serve.measure,
    "encode": encode.measure,
    "read": reading.measure,
    "refine": refining.measure,
    "shards": shards.measure,
    "decode": decode.measure,
    "tasks": tasks.measure,
    "hostile": hostile.measure,
    "vocab": vocab.measure,
    "quality": quality.measure,
    "report": report.measure,
}


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="see above; all is the default")
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument(
        "--threads",
        type=int,
        default=cores(),
        help="threads for train, generate, serve, vocab and quality (default: one for each "
             "core, %(default)s)",
    )

    group = parser.add_argument_group("train")
    group.add_argument(
        "--steps", type=int, default=30, help="steps of a run (default: %(default)s)"
    )
    group.add_argument(
        "--shapes",
        type=chosen_from(train.SHAPES),
        default=list(train.SHAPES),
        help="shapes of models (default: S,M,L, the last one GPT-2's 124 million)",
    )
    group.add_argument(
        "--compile", action="store_true", help="PyTorch with torch.compile too; needs g++"
    )

    group = parser.add_argument_group("generate, serve")
    group.add_argument(
        "--new-tokens", type=int, default=100, help="tokens to draw (default: %(default)s)"
    )

    group.add_argument(
        "--generation-shapes",
        type=chosen_from(generate.SHAPES),
        default=list(generate.SHAPES),
        metavar="NAME,NAME",
        help="models for generate: small (6 layers of 384), gpt2 (124 million), long (the same "
        "after 4,096 tokens) or all (default: all)",
    )

    group = parser.add_argument_group("encode, shards, decode")
    group.add_argument(
        "--vocabularies",
        type=chosen_from(vocabularies.NAMES),
        default=["cl100k"],
        metavar="NAME,NAME",
        help="cl100k, o200k, gpt2, own (learned here) or all; for encode and decode "
        "(default: cl100k)",
    )
    group.add_argument(
        "--corpora",
        type=chosen_from(texts.SOURCES),
        default=list(texts.SOURCES),
        metavar="NAME,NAME",
        help="english, code, multilingual (default: all)",
    )
    group.add_argument(
        "--megabytes",
        type=float,
        default=24,
        help="text of each for encode and decode (default: %(default)s)",
    )
    group.add_argument(
        "--once-megabytes",
        type=float,
        default=100,
        help="English for encode in one pass; 0 leaves it out (default: %(default)s)",
    )
    group.add_argument(
        "--shard-megabytes", type=float, default=50, help="text for shards (default: %(default)s)"
    )
    group.add_argument(
        "--encode-threads",
        type=numbers,
        default=sorted({1, cores()}),
        metavar="N,N",
        help="thread counts (default: 1 and one for each core)",
    )
    group.add_argument(
        "--processor-time",
        action="store_true",
        help="encode and decode by the time that processors worked, where other programs run",
    )

    group = parser.add_argument_group("refine")
    group.add_argument(
        "--refine-megabytes",
        type=float,
        default=50,
        help="text to refine, before copies are added (default: %(default)s)",
    )

    group = parser.add_argument_group("hostile")
    group.add_argument(
        "--hostile-megabytes",
        type=float,
        default=100,
        help="size of each document (default: %(default)s)",
    )

    group = parser.add_argument_group("vocab")
    group.add_argument(
        "--vocab-size", type=int, default=32768, help="tokens to learn (default: %(default)s)"
    )
    group.add_argument(
        "--vocab-megabytes",
        type=float,
        default=100,
        help="text to learn from (default: %(default)s)",
    )

    group = parser.add_argument_group("quality")
    group.add_argument(
        "--long", action="store_true", help="train both programs for each budget of seconds, "
        "PyTorch by four recipes and their rates: 27 trainings a budget"
    )
    group.add_argument(
        "--budgets",
        type=numbers,
        default=[60, 180],
        metavar="S,S",
        help="seconds of training (default: 60,180)",
    )
    options = parser.parse_args()

    unknown = set(options.topics) - {*TOPICS, "all"}
    if unknown:
        parser.error(f"no topic is called {', '.join(sorted(unknown))}")
    if options.repeat < 1 or options.threads < 1:
        parser.error("--repeat and --threads are at least 1")
    if options.steps <= train.SKIPPED_STEPS:
        parser.error(f"--steps is above {train.SKIPPED_STEPS}: the first are not counted")
    if not options.topics or "all" in options.topics:
        options.topics = list(TOPICS)
    return options


def numbers(text):
    return [int(part) for part in text.split(",")]


def chosen_from(names):
    """A reader of lists of these names, where `all` is all of them."""

    def read(text):
        chosen = list(names) if text == "all" else text.split(",")
        if unknown := set(chosen) - set(names):
            raise argparse.ArgumentTypeError(f"nothing is called {', '.join(sorted(unknown))}")
        return chosen

    return read


def main():
    options = arguments()
    try:
        machine()
        for topic in options.topics:
            TOPICS[topic](options)
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
