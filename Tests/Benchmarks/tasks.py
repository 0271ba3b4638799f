"""Tasks: questions to a model, beside lm-evaluation-harness with transformers, on the same
checkpoint and the same file, with its best batch size.

Quern's time is that of the whole program, the harness's without the loading of Python and of the
model.
"""

import json
import random
import re

import zstandard
from harness import CACHE, REPOSITORY, Failure, Series, number, peer, quern, say, table, times

# Questions of each kind: HellaSwag's have long choices, ARC's short ones, LAMBADA's one word.
COUNTS = {"hella": 60, "arc": 60, "lambada": 60}
BATCH_SIZES = [1, 8, 32]
SHAPES = {
    "GPT-2 of 124 M parameters": {
        "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12},
    "GPT-2 of 2 M parameters": {
        "vocab_size": 4096, "n_positions": 256, "n_embd": 128, "n_layer": 4, "n_head": 4},
}


def verses():
    """The verses of the default corpus."""
    with open(REPOSITORY / "corpora/kjv.txt.zst", "rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read().decode()
    return re.findall(r" +[0-9]+ (.+)", text)


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def measure(options):
    folder = CACHE / "tasks"
    folder.mkdir(parents=True, exist_ok=True)
    known, draw = verses(), random.Random(5)

    def words(least, most):
        text = ""
        while len(text.split()) < most:
            text += draw.choice(known) + " "
        return " ".join(text.split()[:draw.randrange(least, most)])

    write(folder / "hella.jsonl", [
        {"ctx": words(30, 70), "endings": [words(12, 32) for _ in range(4)], "label": 0}
        for _ in range(COUNTS["hella"])])
    write(folder / "arc.jsonl", [
        {"question": words(10, 40), "answerKey": "A",
         "choices": {"text": [words(2, 8) for _ in range(4)], "label": list("ABCD")}}
        for _ in range(COUNTS["arc"])])
    write(folder / "lambada.jsonl", [{"text": words(60, 100)} for _ in range(COUNTS["lambada"])])
    for title, shape in SHAPES.items():
        measure_shape(title, shape, folder, options)


def measure_shape(title, shape, folder, options):
    model = folder / f"model-{shape['n_embd']}"
    request = {
        "model": str(model), "folder": str(folder), "shape": shape, "threads": options.threads,
        "tokenizer": str(REPOSITORY / "vocab/kjv/tokenizer.json"), "tasks": list(COUNTS)}
    peer("peers_tasks.py", request | {"make": True}, options.threads)
    best = {}
    for task in COUNTS:
        # The harness's best batch size, found once.
        timings = {
            size: peer(
                "peers_tasks.py", request | {"tasks": [task], "batch_size": size},
                options.threads)["seconds"][task]
            for size in BATCH_SIZES}
        best[task] = min(timings, key=timings.get)
    series = {}
    for round_number in range(options.repeat):
        say(f"tasks, {title}: round {round_number + 1} of {options.repeat} ...")
        for task in COUNTS:
            finished = quern(
                "evaluate", "--model", model, "--tasks", folder / f"{task}.jsonl", "--output",
                folder / "results.json", threads=options.threads)
            own = COUNTS[task] / finished.seconds
            series.setdefault(f"{task}, Quern", Series()).add(own, finished.peak_megabytes)
            answer = peer(
                "peers_tasks.py", request | {"tasks": [task], "batch_size": best[task]},
                options.threads)
            series.setdefault(f"{task}, lm_eval, batch {best[task]}", Series()).add(
                COUNTS[task] / answer["seconds"][task], answer["peak_megabytes"], own)
            figures = json.loads((folder / "results.json").read_text())["results"][task]
            theirs = answer["results"][task]
            if abs(figures["acc,none"] - theirs["acc,none"]) > 1e-9:
                raise Failure(f"{task}: accuracies {figures['acc,none']} and {theirs['acc,none']}")
    table(
        f"tasks: questions a second, {title}, {options.threads} threads",
        ["", "questions/s", "spread", "peak MB", "Quern's is"],
        [[name, number(one.median, 2), one.spread(2), number(one.peak),
          times(one.ratio()) if one.partners else ""] for name, one in series.items()])
