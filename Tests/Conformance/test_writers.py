"""Two processes on one output, at once: of every command that writes, pairs are started together.
One of them does the whole work, the other says who is at it or comes behind, and the bytes are
those of a process that was alone."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

PAIRS = 20
IN_USE = "another quern process is writing"
# Files that say how long something took, or when an input was changed.
TIMED = ("c.json", "metrics.jsonl", "events.out.tfevents", "training.json", "stages.json",
         "speed.json", "scores.json", "comparison.json", "comparison.svg",
         "summary.json", "provenance.json", "report.html", "report.md")  # fmt: skip
SMALL = {
    "model.architecture": "gpt2", "training.optimizer": "adamw",
    "model.n_layer": 1, "model.n_head": 1, "model.n_embd": 8, "model.n_positions": 64,
    "training.steps": 4, "training.batch_size": 2, "training.evaluate_every": 2,
    "training.checkpoint_every": 2,
}  # fmt: skip


def program():
    root = pathlib.Path(__file__).resolve().parents[2]
    return str(pathlib.Path(os.environ.get("QUERN", root / ".build/release/quern")).resolve())


def settings(values):
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def base(quern, tmp_path_factory):
    """Every kind of input that a command reads, small."""
    folder = tmp_path_factory.mktemp("writers")
    text = "\n\n\n".join(
        f"The mill turned {n * n % 9973} times on day {n}, and the stones were ground."
        for n in range(6000))
    (folder / "text.txt").write_text(text)
    (folder / "lines.jsonl").write_text(
        "".join(json.dumps({"text": f"Day {n}."}) + "\n" if n % 7 else "{\n" for n in range(500)))
    (folder / "questions.jsonl").write_text("".join(
        json.dumps({"instruction": f"Stone {n}?", "output": "Granite."}) + "\n"
        for n in range(40)))
    corpus = {"inputs": [str(folder / "text.txt")], "text_separator": "\n\n\n"}
    shape = {"architecture": "gpt2", "n_layer": 1, "n_head": 1, "n_embd": 8, "n_positions": 64}
    training = {"steps": 4, "batch_size": 2, "evaluate_every": 2, "checkpoint_every": 2}
    pipeline = {
        "name": "toy", "corpus": corpus, "vocabulary": {"vocab_size": 300}, "model": shape,
        "training": training, "generation": {"max_new_tokens": 4}, "samples": ["The mill"],
        "instruction_tuning": {
            "inputs": [str(folder / "questions.jsonl")], "steps": 2, "batch_size": 2,
            "evaluate_every": 2, "checkpoint_every": 2, "questions": ["Stone 1?"],
        },
    }  # fmt: skip
    (folder / "pipeline.json").write_text(json.dumps(pipeline))
    models = [{"name": name, "model": {"architecture": kind, **size}} for name, kind, size in [
        ("one", "gpt2", {"n_layer": 1, "n_head": 1, "n_embd": 8}), ("two", "ngram", {"order": 2}),
    ]]  # fmt: skip
    comparison = {
        "name": "both", "corpus": corpus, "vocabulary": {"vocab_size": 300},
        "rule": "parameters", "windows": 4, "model": {"n_positions": 16},
        "training": {"steps": 4, "batch_size": 2, "mask_documents": True}, "models": models,
    }  # fmt: skip
    (folder / "comparison.json").write_text(json.dumps(comparison))
    text = folder / "text.txt"
    quern("vocab", "train", "--vocab-size", 300, "--output", folder / "v", "--quiet", text)
    for name in ["1.counts", "2.counts"]:
        quern("vocab", "count", "--output", folder / name, "--quiet", text)
    encode = ["encode", "--vocab", folder / "v", "--text-separator", "\\n\\n\\n", "--quiet"]
    quern(*encode, "--output", folder / "s", text)
    for rank in range(2):
        quern(
            *encode, "--part-bytes", 1000, "--rank", rank, "--world", 2, "--output",
            folder / "parts/out", folder / "lines.jsonl", text, "--on-error", "skip")
    quern(
        "train", "--shards", folder / "s", "--vocab", folder / "v", "--output", folder / "run",
        "--quiet", *settings(SMALL))
    shutil.copytree((folder / "run/checkpoints/best").resolve(), folder / "m")
    return folder


COMMANDS = {
    "vocab-count": "vocab count --output out {base}/text.txt",
    "vocab-train": "vocab train --vocab-size 300 --output out {base}/text.txt",
    "vocab-train-counts": "vocab train --counts c --vocab-size 300 --output out {base}/text.txt",
    "vocab-learn": "vocab learn --vocab-size 300 --output out {base}/1.counts",
    "vocab-merge-counts": "vocab merge-counts --output out {base}/1.counts {base}/2.counts",
    "vocab-import": "vocab import --output out {base}/v",
    "vocab-export": "vocab export {base}/v --format huggingface --output out",
    "vocab-export-file": "vocab export {base}/v --format tiktoken --output out",
    "corpus-pack": "corpus pack --frame-size 10KiB --output out {base}/text.txt",
    "corpus-refine":
        "corpus refine --text-separator \\n\\n\\n --remove-near-duplicates "
        "--output out {base}/text.txt",
    "encode": "encode --vocab {base}/v --text-separator \\n\\n\\n --output out {base}/text.txt",
    "encode-quarantine":
        "encode --vocab {base}/v --on-error quarantine --part-bytes 1000 --output out "
        "{base}/lines.jsonl",
    "shards-finish": "shards finish out",
    "shards-export": "shards export {base}/s --format megatron --output out",
    "train": "train --shards {base}/s --vocab {base}/v --output out {small}",
    "tune":
        "train --conversations {base}/questions.jsonl --init-from {base}/m --output out "
        "--set instruction_tuning.steps=2 --set instruction_tuning.batch_size=2",
    "run": "run {base}/pipeline.json",
    "compare": "run {base}/comparison.json",
    "model-import": "model import {base}/m --output out",
    "model-export": "model export {base}/m --format huggingface --output out",
    "model-export-gguf": "model export {base}/m --format gguf --pre gpt-2 --output out",
    "evaluate": "evaluate --model {base}/m --shards {base}/s --by-position --svg out",
    "explain": "explain The --model {base}/m --svg out",
    "generate": "generate --model {base}/m --prompt The --attention out.svg",
}  # fmt: skip
# What the later of two says that finds all done, where it does not do it again.
DONE = ["already", "is there: remove it", "has checkpoints"]


def arguments(name, base):
    small = " ".join(settings(SMALL))
    words = COMMANDS[name].format(base=base, small=small).split()
    quiet = ["explain", "generate", "vocab-import", "vocab-export", "vocab-export-file",
             "shards-finish"]  # fmt: skip
    return [program(), *words] + ([] if name in quiet else ["--quiet"])


def prepare(name, base, folder):
    folder.mkdir()
    if name == "shards-finish":
        shutil.copytree(base / "parts/out", folder / "out")
    return folder


def start(command, folder):
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)


def tree(folder):
    """The files below a folder, links as such, without the bytes of those that tell times."""
    found = {}
    for directory, folders, files in os.walk(folder):
        links = [name for name in folders if (pathlib.Path(directory) / name).is_symlink()]
        for name in files + links:
            path = pathlib.Path(directory) / name
            key = str(path.relative_to(folder))
            if path.is_symlink():
                found[key] = os.readlink(path)
            elif name.startswith("events.out.tfevents"):
                found.setdefault(str(path.parent.relative_to(folder) / "events"), None)
            else:
                found[key] = None if name.startswith(TIMED) else path.read_bytes()
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_pairs(name, base, tmp_path):
    command = arguments(name, base)
    alone = prepare(name, base, tmp_path / "alone")
    only = start(command, alone)
    assert only.wait(60) == 0, only.stderr.read()
    expected = tree(alone)
    assert expected
    overlaps = 0
    for number in range(PAIRS):
        folder = prepare(name, base, tmp_path / str(number))
        pair = [start(command, folder), start(command, folder)]
        messages = [process.communicate(timeout=60)[1] for process in pair]
        codes = [process.returncode for process in pair]
        assert 0 in codes, messages
        assert set(codes) <= {0, 1}, messages
        for code, message in zip(codes, messages, strict=True):
            if code == 1:
                overlaps += IN_USE in message
                assert IN_USE in message or any(word in message for word in DONE), message
        assert tree(folder) == expected
        shutil.rmtree(folder)
    # How many met depends on the machine; test_a_writer_at_work makes sure that they do.
    print(f"{name}: {overlaps} of {PAIRS} pairs overlapped")


READERS = ["vocab-count", "vocab-train", "vocab-train-counts", "corpus-pack", "corpus-refine",
           "encode"]  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_a_writer_at_work(name, base, tmp_path):
    """A first process reads a pipe, so that it is at work as long as it takes: a second one is
    refused, and the first loses nothing. Killed, it leaves nothing that the next does not clear."""
    pipe = tmp_path / "text.txt"
    os.mkfifo(pipe)
    command = [word.replace(f"{base}/text.txt", str(pipe)) for word in arguments(name, base)]
    text = (base / "text.txt").read_bytes()

    def work(folder, first):
        with pipe.open("wb") as file:
            file.write(text[: len(text) // 2])
            file.flush()
            second = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=10, check=False)
            assert second.returncode == 1
            assert IN_USE in second.stderr
            if first is None:
                return
            file.write(text[len(text) // 2:])

    folder = prepare(name, base, tmp_path / "one")
    first = start(command, folder)
    work(folder, first)
    assert first.wait(60) == 0, first.stderr.read()
    expected = tree(folder)

    # The same once more in another folder, with kills before it.
    folder = prepare(name, base, tmp_path / "two")
    for _ in range(3):
        first = start(command, folder)
        with pipe.open("wb") as file:
            file.write(text[: len(text) // 2])
            file.flush()
            time.sleep(0.05)
            first.send_signal(signal.SIGKILL)
            first.wait()
    if name == "encode":
        command.append("--overwrite")
    first = start(command, folder)
    with pipe.open("wb") as file:
        file.write(text)
    assert first.wait(60) == 0, first.stderr.read()
    assert tree(folder) == expected


def test_chats_save_whole_conversations(base, tmp_path):
    folder = prepare("chat", base, tmp_path / "chat")
    tuned = [program(), "train", "--conversations", str(base / "questions.jsonl"), "--init-from",
             str(base / "m"), "--output", "tuned", "--quiet", "--set",
             "instruction_tuning.steps=1"]  # fmt: skip
    assert start(tuned, folder).wait(60) == 0
    command = [program(), "chat", "--model", "tuned/checkpoints/latest"]
    chats = [
        subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for chat in chats:
        chat.stdin.write("/system Be brief.\n" + "/save out\n" * 200)
        chat.stdin.close()
    codes = [chat.wait(60) for chat in chats]
    assert 0 in codes
    for chat, code in zip(chats, codes, strict=True):
        assert code == 0 or IN_USE in chat.stderr.read()
    assert json.loads((folder / "out").read_text())["messages"][0]["content"] == "Be brief."
    assert sorted(path.name for path in folder.iterdir()) == ["out", "tuned"]
