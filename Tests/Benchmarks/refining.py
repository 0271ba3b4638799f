"""Refining: near-duplicates and rules of quality, from JSON lines to JSON lines, beside datatrove,
text-dedup and rensa."""

import json
import random

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

# MinHash as datatrove has it by default: runs of five words, 14 bands of 8 values, and no look at
# how similar those are that meet in a band.
BANDS, ROWS, WORDS = 14, 8, 5
NEAR_PEERS = ["datatrove", "text-dedup", "rensa"]
RULES = "gopher-repetition,gopher-quality,c4,fineweb"
FOLDER = "refine-run"


def measure(options):
    text = slice_of("english", options.refine_megabytes)
    corpus = corpus_of(text)
    options_of_all = ["--remove-near-duplicates", "--no-remove-duplicates"]
    near = [
        ("Quern, datatrove's parameters", lambda output, threads: refine(
            corpus, output, threads, *options_of_all, "--shingle-words", str(WORDS),
            "--minhash-bands", str(BANDS), "--minhash-rows", str(ROWS),
            "--near-duplicate-similarity", "0")),
        ("Quern, its own", lambda output, threads: refine(
            corpus, output, threads, *options_of_all)),
    ]  # fmt: skip
    compare("Near-duplicates", corpus, near, NEAR_PEERS, "near", options)
    rules = [("Quern", lambda output, threads: refine(
        corpus, output, threads, "--rules", RULES, "--no-remove-duplicates"))]  # fmt: skip
    compare("Rules of quality", corpus, rules, ["datatrove"], "rules", options)


def compare(title, corpus, own, peers, work, options):
    series = {name: Series() for name, _ in own} | {name: Series() for name in peers}
    kept = {}
    for place in range(options.repeat):
        first = None
        for name, run_one in own:
            say(f"refine, {title.lower()}, {name}: round {place + 1} of {options.repeat} ...")
            finished, kept[name] = run_one(make_empty(CACHE / FOLDER), options.threads)
            first = first or finished.seconds
            series[name].add(finished.seconds, finished.peak_megabytes)
        for name in peers:
            if series[name].failure:
                continue
            say(f"refine, {title.lower()}, {name}: round {place + 1} of {options.repeat} ...")
            request = {
                "peer": name, "work": work, "corpus": corpus, "folder": make_empty(CACHE / FOLDER),
                "threads": options.threads, "bands": BANDS, "rows": ROWS, "words": WORDS,
            }  # fmt: skip
            try:
                answer = peer("peers_refine.py", request, options.threads)
            except Failure as failure:
                series[name].failure = str(failure)
                continue
            kept[name] = answer["kept"]
            series[name].add(answer["seconds"], answer["peak_megabytes"], first)
    size = corpus.stat().st_size / 1e6
    rows = []
    for name, figures in series.items():
        if figures.failure:
            rows.append([name, figures.failure])
            continue
        ratio = times(figures.ratio(smaller_is_better=True)) if figures.partners else ""
        rows.append(
            [name, number(figures.median, 2), figures.spread(2), number(size / figures.median, 1),
             ratio, number(kept[name]), number(figures.peak)])
    table(
        f"{title}: {number(size)} MB of JSON lines, English, every fifth document nearly a copy",
        ["program", "seconds", "lowest–highest", "MB/s", "Quern is faster", "documents kept",
         "peak MB"],
        rows,
        [
            f"Medians of {counted(options.repeat, 'round')}, {counted(options.threads, 'thread')} "
            "or processes, start to end; the peak is that of the largest process.",
            f"Peers: {BANDS} bands of {ROWS} values over runs of {WORDS} words. rensa keeps its "
            "index in memory, and only marks what goes;",
            "the others write what stays.",
        ],
    )


def refine(corpus, output, threads, *arguments):
    """The run, and how many documents it left."""
    finished = quern(
        "corpus", "refine", corpus, "--output", output / "clean", *arguments, threads=threads)
    report = json.loads((output / "clean" / "report.json").read_text())
    return finished, report["kept"]["documents"]


def corpus_of(text):
    """The slice as JSON lines, in which every fifth document is followed, somewhere, by itself with
    a few words changed; kept between runs."""
    path = CACHE / "texts" / (text.flat.stem + ".refine.jsonl")
    if path.exists() and path.stat().st_mtime >= text.flat.stat().st_mtime:
        return path
    draw = random.Random(3)
    data, lengths = text.flat.read_bytes(), memoryview(text.lengths.read_bytes()).cast("q")
    documents, place = [], 0
    for length in lengths:
        documents.append(data[place : place + length].decode())
        place += length
    copies = []
    for document in documents[::5]:
        words = document.split(" ")
        for _ in range(len(words) // 200):
            words[draw.randrange(len(words))] = "changed"
        copies.append(" ".join(words))
    documents += copies
    draw.shuffle(documents)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w") as file:
        for document in documents:
            file.write(json.dumps({"text": document}, ensure_ascii=False) + "\n")
    unfinished.rename(path)
    return path
