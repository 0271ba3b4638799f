"""Every example of every help text, pasted at 60, 80 and 120 columns into a shell in a toy world.

The world has the files that the examples name, each small, made by the program itself.
"""

import functools
import gzip
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve()
WIDTHS = [60, 80, 120]
# What one line of an example can begin with; other lines are remarks.
PROGRAMS = ["quern", "curl", "echo", "find", "mpirun", "zstdcat"]
# Open MPI asks before it starts as root, or more processes than there are processors.
MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
}
PIPELINE = {
    "name": "kjv",
    "corpus": {"inputs": ["corpora/kjv.txt.zst"], "text_separator": "\n\n\n",
               "validation_fraction": 0.2},
    "vocabulary": {"vocab_size": 1100},
    "model": {"architecture": "qwen3", "n_layer": 2, "n_head": 4, "n_embd": 16, "n_positions": 128},
    "training": {"steps": 400, "batch_size": 2, "warmup_steps": 2, "optimizer": "adamw",
                 "evaluate_every": 200, "checkpoint_every": 200},
    "generation": {"max_new_tokens": 4},
    "samples": ["In the beginning"],
    "instruction_tuning": {"epochs": 1, "batch_size": 2, "warmup_steps": 1,
                           "questions": ["Which stone?"]},
}
QUESTIONS = [{"instruction": f"Stone {n}?", "output": ["granite", "flint"][n % 2]}
             for n in range(40)]


def examples(text):
    """The examples of a help text, as they stand in it."""
    found, goes_on = [], False
    for line in text.partition("\nEXAMPLES:\n")[2].splitlines():
        if goes_on:
            found[-1] += "\n" + line
        elif line.split()[:1] and line.split()[0] in PROGRAMS:
            found.append(line)
        else:
            continue
        goes_on = line.endswith("\\")
    assert not goes_on
    return found


@functools.cache
def help_texts(width):
    """The names of all commands and their help texts."""
    def read(*words):
        result = subprocess.run(
            [PROGRAM, *words], env={**os.environ, "COLUMNS": str(width)}, capture_output=True,
            text=True, timeout=60, check=True)
        return result.stdout

    def walk(command, name):
        yield name, read(*name, "--help")
        for child in command.get("subcommands", []):
            if child["commandName"] != "help":
                yield from walk(child, [*name, child["commandName"]])

    return list(walk(json.loads(read("--experimental-dump-help"))["command"], []))


def shell(text, folder, environment):
    return subprocess.run(
        ["bash", "-c", "set -o pipefail\n" + text], cwd=folder, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)


def compress(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["zstd", "-q", "-f", "-o", path], input=text.encode(), check=True)


def lines(texts, key="text"):
    return "".join(json.dumps({key: text}) + "\n" for text in texts)


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory):
    """Programs for the shell: ours, and a `curl` that needs no network."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "quern").symlink_to(PROGRAM)
    (folder / "curl").write_text('#!/bin/sh\ncat "$WORLD/dump/1.json.gz"\n')
    (folder / "curl").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def environment(bin_folder):
    return {**os.environ, **MPI, "PATH": f"{bin_folder}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def world(tmp_path_factory, environment, published_folder):
    """Everything that the examples read, and nothing that they write."""
    folder = tmp_path_factory.mktemp("world")

    def quern(*arguments):
        result = shell(shlex.join(["quern", *map(str, arguments)]), folder, environment)
        assert result.returncode == 0, result.stderr.decode()

    draw = random.Random(7)
    words = "In the beginning the cat chased mill and stone by day while God said And Hold".split()
    # Enough of them for a vocabulary of some size.
    words += ["".join(draw.choices("abcdefghiklmnoprstuvw", k=7)) for _ in range(400)]
    documents = [" ".join(draw.choices(words, k=60)) + f" {n}." for n in range(120)]
    text = "\n\n\n".join(documents)
    for name in ["corpora/kjv.txt.zst", "corpus.txt.zst"]:
        compress(folder / name, text)
    for name in ["corpus", "dump", "news", "web/a", "web/b", "data/1-a", "data/2-a", "en/a",
                 "de/a"]:
        compress(folder / f"{name}.jsonl.zst", lines(documents[:50]))
    compress(folder / "new/c.jsonl.zst", lines(documents[50:100]))
    (folder / "text.txt").write_text(text)
    (folder / "book.txt").write_text(text)
    (folder / "keys.txt").write_text("alpha\n")
    (folder / "corpora/kjv-tasks.jsonl").write_text(json.dumps(
        {"context": "In the beginning", "choices": ["God", "mill"], "answer": 0}) + "\n")
    for name in ["books", "texts"]:
        (folder / name).mkdir()
        for number in range(0, 120, 6):
            (folder / name / f"{number}.txt").write_text("\n\n".join(documents[number:number + 6]))
    compress(folder / "dump/inner/one.jsonl.zst", lines(documents[:50]))
    for name in "12":
        (folder / f"dump/{name}.json.gz").write_bytes(gzip.compress(lines(documents[:9]).encode()))
    (folder / "posts.csv.gz").write_bytes(gzip.compress(
        ("title,body\n" + "".join(f"a,{text}\n" for text in documents)).encode()))
    questions = "".join(json.dumps(question) + "\n" for question in QUESTIONS)
    (folder / "questions.jsonl").write_text(questions)
    (folder / "alpaca.jsonl").write_text(questions)
    compress(folder / "questions.jsonl.zst", questions)
    compress(folder / "corpora/pairs.tsv.zst", "source\ttarget\n" + "".join(
        f"{word}\t{' '.join(word)}\n" for word in ["hello", *words[20:80]]))

    (folder / "pipeline.json").write_text(json.dumps(PIPELINE))
    models = [{"name": "decoder", "model": PIPELINE["model"]},
              {"name": "5-gram", "model": {"architecture": "ngram", "order": 5}}]
    (folder / "comparison.json").write_text(json.dumps(
        {**{key: PIPELINE[key] for key in ["corpus", "vocabulary"]}, "name": "families",
         "rule": "parameters", "models": models, "model": {"n_positions": 128},
         "training": {**PIPELINE["training"], "steps": 4}}))
    (folder / "pairs.json").write_text(json.dumps(
        {"name": "pronunciation", "samples": ["hello"],
         "corpus": {"inputs": ["corpora/pairs.tsv.zst"], "validation_fraction": 0.3},
         "vocabulary": {"vocab_size": 257},
         "model": {**PIPELINE["model"], "architecture": "encoder_decoder"},
         "training": {**PIPELINE["training"], "steps": 4, "evaluate_every": 2}}))
    quern("run", "pipeline.json", "--quiet")
    quern("run", "pairs.json", "--quiet")
    quern("run", "comparison.json", "--quiet")
    quern("train", "--config", "pipeline.json", "--conversations", "questions.jsonl", "--quiet")

    for name in ["web", "mine", "both"]:
        shutil.copytree(folder / "vocab/kjv", folder / "vocab" / name)
    for name in ["web", "code", "mine"]:
        shutil.copytree(folder / "shards/kjv", folder / "shards" / name)
    for name in ["mine", "default", "short"]:
        shutil.copytree(folder / "runs/kjv", folder / "runs" / name, symlinks=True)
    best = folder / "runs/kjv/checkpoints/best"
    for name in ["SmolLM2-135M", "Qwen3-0.6B", "models/gpt2", "models/smollm2", "models/qwen3"]:
        shutil.copytree(best, folder / name)
        (folder / name / "manifest.json").unlink()
    config = json.loads((best / "config.json").read_text())
    (folder / "Qwen3-0.6B/config.json").write_text(
        json.dumps({**config, "max_position_embeddings": 4096}))
    quern("model", "export", best, "--format", "gguf", "--output",
          "SmolLM2-135M-Instruct.Q8_0.gguf")
    for name in ["part-1", "part-2", "en", "de"]:
        quern("vocab", "count", "corpus.txt.zst", "--output", f"{name}.counts")
    quern("vocab", "merge-counts", "part-1.counts", "part-2.counts", "--output", "all.counts")
    quern("vocab", "count", "corpus.jsonl.zst", "--output", "law.counts")
    quern("vocab", "count", "corpus.txt.zst", "--output", "words.counts")
    quern("vocab", "count", "--pattern", "superbpe", "corpus.txt.zst", "--output", "texts.counts")
    shutil.copy(folder / "corpus.jsonl.zst", folder / "law.jsonl.zst")
    (folder / "Mistral-7B").mkdir()
    shutil.copy(published_folder / "mistral/tokenizer.model", folder / "Mistral-7B")
    (folder / "Qwen2.5-7B").mkdir()
    tokenizer = json.loads((folder / "vocab/kjv/tokenizer.json").read_text())
    (folder / "Qwen2.5-7B/tokenizer.json").write_text(
        json.dumps({**tokenizer, "normalizer": {"type": "NFC"}}))
    quern("vocab", "export", "vocab/kjv", "--format", "tiktoken", "--output", "mine.tiktoken")
    shutil.copy(published_folder / "cl100k/cl100k.tiktoken", folder / "cl100k_base.tiktoken")
    return folder


def without_launcher(words):
    """The words of a command behind those of mpirun."""
    return words[words.index("quern"):] if words[0] == "mpirun" else words


def prepare(example, world, folder):
    """A copy of the world without what the example writes."""
    shutil.copytree(world, folder, symlinks=True)
    words = without_launcher(shlex.split(example, comments=False))
    written = [after for word, after in zip(words, words[1:]) if word == "--output"]
    written += [f"runs/{word[5:]}" for word in words if word.startswith("name=")]
    if words[:2] == ["quern", "train"] and not {"--resume", "--overwrite", "--output"} & {*words}:
        # The built-in values call a run "default"; what was tuned lies below its model's run.
        chat = "/chat" if "--conversations" in words else ""
        written += [f"runs/{run}{chat}" for run in ["kjv", "default", "mine"]]
    if words[:2] == ["quern", "init"]:
        written.append("pipeline.json")
    for path in written:
        path = folder / path
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def calls(texts, folder, environment):
    """The arguments of the program's calls in each text, as a shell finds them."""
    recorder = folder / "recorder"
    recorder.mkdir()
    for name in PROGRAMS:
        hand_on = {"mpirun": 'shift 2\nexec "$@"',
                   "quern": 'printf "%s\\0" "$@" $\'\\1\' >> "$CALLS"'}
        (recorder / name).write_text("#!/bin/bash\n" + hand_on.get(name, ":") + "\n")
        (recorder / name).chmod(0o755)
    (folder / "text.txt").touch()
    found = []
    for number, text in enumerate(texts):
        record = folder / f"calls{number}"
        record.touch()
        shell(text, folder, {**environment, "PATH": f"{recorder}:/usr/bin:/bin", "CALLS": record})
        # The calls of a pipe begin side by side.
        found.append(sorted(record.read_bytes().split(b"\0\1\0")))
    return found


def test_examples_mean_the_same_at_every_width(tmp_path, environment):
    whole = {tuple(name): examples(text) for name, text in help_texts(100_000)}
    assert sum(map(len, whole.values())) > 60
    expected = calls([line for lines in whole.values() for line in lines], tmp_path, environment)
    assert all(expected)
    for width in WIDTHS:
        pasted = []
        for name, text in help_texts(width):
            found = examples(text)
            assert len(found) == len(whole[tuple(name)]), name
            for line in "\n".join(found).splitlines():
                assert len(line) <= width or len(shlex.split(line.removesuffix(" \\"))) == 1, line
            pasted += found
        folder = tmp_path / str(width)
        folder.mkdir()
        assert calls(pasted, folder, environment) == expected


def test_every_example_does_its_work(world, tmp_path, environment):
    """At 60 columns, where the most lines are broken; what is encoded is what the whole line
    encodes, to the byte."""
    texts = {line: pasted for (_, whole), (_, narrow) in zip(help_texts(100_000), help_texts(60))
             for line, pasted in zip(examples(whole), examples(narrow))}
    failures = []
    events = tmp_path / "nanogpt/logs"
    events.mkdir(parents=True)
    for file in (world / "runs/kjv").glob("events.out.tfevents*"):
        shutil.copy(file, events)
    for number, (line, pasted) in enumerate(texts.items()):
        # What trains for minutes is tried with seconds by the Swift tests.
        if " --minutes " in line or "quern sweep " in line:
            continue
        results = []
        for text in [pasted, line] if " encode " in line else [pasted]:
            folder = tmp_path / f"{number}-{len(results)}"
            prepare(line, world, folder)
            # The model of the built-in values is no toy.
            words = without_launcher(text.split())
            short = " --set training.steps=2" if words[:2] == ["quern", "train"] else ""
            # A server ends when it is told to.
            serves = text.split()[:2] == ["quern", "serve"]
            ended = "timeout --preserve-status 3 " if serves else ""
            done = shell(ended + text + short, folder, {**environment, "WORLD": str(folder)})
            written = re.findall(r"--output (\S+)", line)
            missing = [path for path in written if path != "-" and not (folder / path).exists()]
            if done.returncode or missing:
                failures.append(f"{line}\n{done.returncode} {missing} {done.stderr.decode()}")
            results.append([(folder / path / "manifest.json").read_bytes() for path in written
                            if (folder / path / "manifest.json").exists()])
            shutil.rmtree(folder)
        assert all(result == results[0] for result in results), line
    assert not failures, "\n\n".join(failures)
