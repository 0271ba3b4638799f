"""Other people's systems: file systems that keep removed files, or have no links and locks, missing
parts of the surroundings, files without permission, signals and readers that go away."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

PIPELINE = {
    "name": "tiny",
    "corpus": {
        "inputs": ["corpus.txt"], "text_separator": "\n\n", "validation_fraction": 0.2,
    },
    "vocabulary": {"vocab_size": 300},
    "model": {"architecture": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 128},
    "training": {
        "steps": 6, "batch_size": 4, "warmup_steps": 2, "evaluate_every": 3, "checkpoint_every": 4,
    },
    "generation": {"max_new_tokens": 8},
    "samples": ["the mill"],
    "instruction_tuning": {"inputs": ["questions.jsonl"], "epochs": 1, "batch_size": 2},
}  # fmt: skip

SEPARATOR = ("--text-separator", "\\n\\n")

# Every command that writes, in an order in which each finds what it reads.
WRITING = [
    ("vocab", "train", "--vocab-size", "300", *SEPARATOR, "--output", "v", "corpus.txt"),
    ("encode", "--vocab", "v", "--output", "s", *SEPARATOR, "corpus.txt"),
    ("encode", "--vocab", "v", "--output", "s", *SEPARATOR, "corpus.txt"),
    ("encode", "--vocab", "v", "--output", "p", "--part-bytes", "1kB", *SEPARATOR,
     "--rank", "0", "--world", "2", "corpus.txt", "more.txt"),
    ("encode", "--vocab", "v", "--output", "p", "--part-bytes", "1kB", *SEPARATOR,
     "--rank", "1", "--world", "2", "corpus.txt", "more.txt"),
    ("shards", "finish", "p"),
    ("shards", "verify", "p", "--vocab", "v"),
    ("shards", "export", "s", "--format", "nanogpt", "--output", "nano"),
    ("corpus", "refine", *SEPARATOR, "--output", "refined", "corpus.txt"),
    ("corpus", "refine", *SEPARATOR, "--output", "refined", "corpus.txt"),
    ("corpus", "pack", *SEPARATOR, "--output", "packed.jsonl.zst", "corpus.txt"),
    ("vocab", "count", *SEPARATOR, "--memory", "64MB", "--output", "c1", "corpus.txt"),
    ("vocab", "count", *SEPARATOR, "--output", "c2", "more.txt"),
    ("vocab", "merge-counts", "c1", "c2", "--output", "c3"),
    ("vocab", "learn", "--vocab-size", "300", "--output", "learned", "c3"),
    ("run",),
    ("run",),
    ("train", "--config", "pipeline.json", "--shards", "shards/tiny", "--vocab", "vocab/tiny",
     "--output", "t"),
    ("train", "--config", "pipeline.json", "--shards", "shards/tiny", "--vocab", "vocab/tiny",
     "--output", "t", "--overwrite"),
    ("train", "--config", "pipeline.json", "--shards", "shards/tiny", "--vocab", "vocab/tiny",
     "--output", "t", "--resume", "--set", "training.steps=9"),
    ("model", "export", "t/checkpoints/best", "--format", "huggingface", "--output", "exported"),
    ("model", "import", "exported", "--output", "imported"),
    ("vocab", "export", "v", "--format", "tiktoken", "--output", "v.tiktoken"),
    ("vocab", "import", "v.tiktoken", "--pattern", "gpt4", "--output", "again"),
]  # fmt: skip


@pytest.fixture(scope="module")
def program():
    root = pathlib.Path(__file__).resolve().parents[2]
    return str(pathlib.Path(os.environ.get("QUERN", root / ".build/release/quern")).resolve())


@pytest.fixture(scope="module")
def run(program):
    def start(*arguments, folder, **options):
        return subprocess.run(
            [program, *map(str, arguments)], cwd=folder, capture_output=True, text=True,
            timeout=300, check=False, **options)

    return start


def prepare(folder):
    """Writes a corpus, conversations and a pipeline into a folder."""
    words = "the mill turns and grinds corn by day while stones rest at night".split()
    state, texts = 12_345, []
    for number in range(60):
        drawn = []
        for _ in range(40):
            state = (state * 1_103_515_245 + 12_345) % 2**32
            drawn.append(words[(state >> 16) % len(words)])
        texts.append(" ".join(drawn) + f". Day {number}.")
    (folder / "corpus.txt").write_text("\n\n".join(texts))
    (folder / "more.txt").write_text("\n\n".join(texts[::-1]))
    (folder / "questions.jsonl").write_text("".join(
        json.dumps({"messages": [
            {"role": "user", "content": "hi"}, {"role": "assistant", "content": f"{number % 9}"},
        ]}) + "\n" for number in range(40)))  # fmt: skip
    (folder / "pipeline.json").write_text(json.dumps(PIPELINE))


@pytest.fixture(scope="module")
def world(run, tmp_path_factory):
    """A folder in which every writing command has run undisturbed."""
    folder = tmp_path_factory.mktemp("world")
    prepare(folder)
    for command in WRITING:
        result = run(*command, folder=folder)
        assert result.returncode == 0, f"{command}: {result.stderr}"
    return folder


# Logs hold times, and so do what is made of them.
UNSTABLE = ("metrics.jsonl", "summary.json", "stages.json", "manifest.json", "report.json",
            "provenance.json", "report.html", "report.md")  # fmt: skip


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name not in UNSTABLE
        and not path.name.startswith("events.out")
        and not any(parent.is_symlink() for parent in path.relative_to(folder).parents)
    }  # fmt: skip


def check_same(folder, world):
    ours, theirs = contents(folder), contents(world)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


# ---------------------------------------------------------------------------- file systems


@pytest.fixture
def bindfs(tmp_path):
    """A folder behind FUSE, which keeps a removed file that is open under another name."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("there is no /dev/fuse, which bindfs needs")
    below, above = tmp_path / "below", tmp_path / "above"
    below.mkdir()
    above.mkdir()
    subprocess.run(["bindfs", below, above], check=True)
    yield above
    subprocess.run(["fusermount", "-u", "-z", above], check=True)


def test_every_writing_command_works_behind_fuse(run, world, bindfs):
    prepare(bindfs)
    for command in WRITING:
        result = run(*command, folder=bindfs)
        assert result.returncode == 0, f"{command}: {result.stderr}"
        strays = [
            path for path in bindfs.rglob("*")
            if any(part in path.name for part in (".fuse_hidden", ".removed-", ".partial"))
        ]  # fmt: skip
        assert strays == [], command
    check_same(bindfs, world)


@pytest.mark.parametrize("calls", [
    ("symlink,symlinkat", "EPERM"), ("flock", "ENOLCK"), ("flock", "EOPNOTSUPP"),
])  # fmt: skip
def test_file_systems_without_links_or_locks(program, world, tmp_path, calls):
    names, error = calls
    prepare(tmp_path)
    for command in WRITING:
        result = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={names}",
             "-e", f"inject={names}:error={error}", program, *command],
            cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
        assert result.returncode == 0, f"{command}: {result.stderr}"
    ours, theirs = contents(tmp_path), contents(world)
    pointers = {name for name in ours if pathlib.Path(name).name in ("latest", "best")}
    assert ours.keys() - pointers == theirs.keys()
    assert [name for name in theirs if ours[name] != theirs[name]] == []


# ---------------------------------------------------------------------------- surroundings


def test_without_proc_the_program_says_what_is_missing(program, world):
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" shards show s',
         program], cwd=world, capture_output=True, text=True, check=False)  # fmt: skip
    if "unshare" in result.stderr or "mount" in result.stderr.split(":")[0]:
        pytest.skip(f"a name space of mounts is not permitted here: {result.stderr.strip()}")
    assert result.returncode == 1
    assert "/proc is not there" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name, command", [
    ("s/train_000000.bin", ("shards", "verify", "s")),
    ("s/train_000000.idx", ("shards", "verify", "s")),
    ("s/manifest.json", ("shards", "show", "s")),
    ("s/manifest.json", ("decode", "--vocab", "v", "--shards", "s")),
    ("nano/train.bin", ("shards", "show", "nano", "--vocab", "v", "--step", "1")),
    ("v/tokenizer.json", ("tokenize", "--vocab", "v", "x")),
    ("corpus.txt", ("vocab", "count", "--output", "no", "corpus.txt")),
    ("pipeline.json", ("run",)),
    ("c1", ("vocab", "learn", "--output", "no", "c1")),
    ("t/checkpoints/step-00000009/model.safetensors",
     ("generate", "--model", "t/checkpoints/latest")),
    ("t/checkpoints/step-00000009/config.json", ("generate", "--model", "t/checkpoints/latest")),
    ("t/checkpoints/step-00000009/optimizer.safetensors",
     ("train", "--config", "pipeline.json", "--shards", "shards/tiny", "--vocab", "vocab/tiny",
      "--output", "t", "--resume")),
    ("t/checkpoints/step-00000009/training_state.json",
     ("train", "--config", "pipeline.json", "--shards", "shards/tiny", "--vocab", "vocab/tiny",
      "--output", "t", "--resume")),
    ("t/checkpoints/step-00000009", ("generate", "--model", "t/checkpoints/step-00000009")),
    ("s", ("shards", "show", "s")),
    ("exported/model.safetensors", ("model", "show", "exported")),
])  # fmt: skip
def test_a_missing_permission_is_named(program, world, tmp_path, name, command):
    if os.geteuid() != 0:
        pytest.skip("only root can run the program as another user")
    folder = tmp_path / "copy"
    shutil.copytree(world, folder, symlinks=True)
    subprocess.run(["chown", "-R", "65534:65534", folder], check=True)
    for parent in (tmp_path, *tmp_path.parents):
        if str(parent).startswith("/tmp/pytest"):
            parent.chmod(0o755)
    # A program in a home directory cannot be reached by another user.
    shutil.copy2(program, tmp_path / "quern")
    os.chmod(folder / name, 0)
    result = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", tmp_path / "quern",
         *command], cwd=folder, capture_output=True, text=True, check=False)  # fmt: skip
    os.chmod(folder / name, 0o700)
    assert result.returncode == 1, result.stderr
    assert "Permission denied" in result.stderr
    assert "damaged" not in result.stderr


@pytest.mark.parametrize("name", ["stages.json", "summary.json", "metrics.jsonl"])
@pytest.mark.parametrize("change", [
    lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b'{"foreign": [1]}\n',
], ids=["cut short", "empty", "foreign"])  # fmt: skip
def test_records_of_a_run_that_are_lost_are_made_again(run, world, tmp_path, name, change):
    folder = tmp_path / "copy"
    shutil.copytree(world, folder, symlinks=True)
    path = folder / "runs/tiny" / name
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    result = run("run", folder=folder)
    assert result.returncode == 0, result.stderr
    if name != "metrics.jsonl":
        assert json.loads(path.read_bytes()).keys() == json.loads(whole).keys()
    check_same(folder, world)


# ---------------------------------------------------------------------------- signals and readers


LONG = ("training.steps=100000", "training.evaluate_every=50000", "training.checkpoint_every=50000")


def start_training(program, folder, stderr, *more):
    settings = [word for setting in LONG for word in ("--set", setting)]
    process = subprocess.Popen(
        [program, "train", "--config", "pipeline.json", "--shards", "shards/tiny", "--vocab",
         "vocab/tiny", "--output", "long", *settings, *more],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=stderr)  # fmt: skip
    metrics = folder / "long/metrics.jsonl"
    wait_until(lambda: metrics.exists() and metrics.stat().st_size > 0)
    return process


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_end_writes_a_checkpoint(program, world, tmp_path, number):
    folder = tmp_path / "copy"
    shutil.copytree(world, folder, symlinks=True)
    process = start_training(program, folder, subprocess.DEVNULL)
    begin = time.monotonic()
    process.send_signal(number)
    assert process.wait(30) == 130
    assert time.monotonic() - begin < 2
    assert (folder / "long/checkpoints/latest/training_state.json").exists()


def test_nohup_outlives_its_terminal(program, world, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(world, folder, symlinks=True)
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start_training(program, folder, subprocess.DEVNULL)
    finally:
        signal.signal(signal.SIGHUP, old)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(30) == 130


@pytest.mark.parametrize("form", ["text", "json"])
def test_messages_that_nobody_reads_end_training_with_a_checkpoint(
    program, world, tmp_path, form
):
    folder = tmp_path / "copy"
    shutil.copytree(world, folder, symlinks=True)
    reading, writing = os.pipe()
    process = start_training(program, folder, writing, "--log-format", form)
    os.close(writing)
    os.read(reading, 100)
    os.close(reading)
    assert process.wait(30) == 130
    assert (folder / "long/checkpoints/latest/training_state.json").exists()


@pytest.mark.parametrize("command", [
    ("encode", "--vocab", "v", "--output", "out", "-"),
    ("encode", "--vocab", "v", "--output", "out", "fifo.txt"),
    ("vocab", "count", "--output", "out", "-"),
    ("vocab", "train", "--vocab-size", "300", "--output", "out", "fifo.txt"),
    ("corpus", "pack", "--output", "out.jsonl", "-"),
    ("corpus", "refine", "--output", "out", "fifo.txt"),
    ("tokenize", "--vocab", "v", "-"),
    ("decode", "--vocab", "v", "-"),
    ("chat", "--model", "runs/tiny/chat/checkpoints/latest"),
], ids=" ".join)  # fmt: skip
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_waits_for_a_pipe_leaves_at_once(
    program, world, tmp_path, command, number
):
    folder = tmp_path / "copy"
    shutil.copytree(world, folder, symlinks=True)
    os.mkfifo(folder / "fifo.txt")
    process = subprocess.Popen(
        [program, *command], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE)
    time.sleep(0.4)
    assert process.poll() is None, process.stderr.read()
    begin = time.monotonic()
    process.send_signal(number)
    process.wait(10)
    assert time.monotonic() - begin < 1
    assert process.returncode in (130, -number)
    process.stdin.close()
    assert not (folder / "out").exists()


def test_input_that_comes_late_through_a_fifo_is_read(run, program, world, tmp_path):
    prepare(tmp_path)
    os.mkfifo(tmp_path / "fifo.txt")
    arguments = ["encode", "--vocab", str(world / "v"), *SEPARATOR, "--output", "out", "fifo.txt"]
    process = subprocess.Popen([program, *arguments], cwd=tmp_path, stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    with (tmp_path / "fifo.txt").open("wb") as file:
        for part in (tmp_path / "corpus.txt").read_bytes().partition(b"Day 7"):
            file.write(part)
            file.flush()
            time.sleep(0.3)
    assert process.wait(30) == 0
    for name in ("train_000000.bin", "train_000000.idx"):
        assert (tmp_path / "out" / name).stat().st_size > 0
    arguments[-2:] = ["whole", "corpus.txt"]
    assert run(*arguments, folder=tmp_path).returncode == 0
    ours, theirs = tmp_path / "out", tmp_path / "whole"
    assert (ours / "train_000000.bin").read_bytes() == (theirs / "train_000000.bin").read_bytes()


def test_a_file_that_is_cut_short_ends_in_a_sentence(program, world, tmp_path):
    """Shards are mapped; their pages are gone when another program has cut the file."""
    folder = tmp_path / "copy"
    shutil.copytree(world, folder, symlinks=True)
    process = start_training(program, folder, subprocess.PIPE, "--quiet")
    os.truncate(folder / "shards/tiny/train_000000.bin", 0)
    messages = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 74
    assert "made shorter by another program" in messages
    assert messages.count("\n") == 1
