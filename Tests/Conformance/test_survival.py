"""Survival of encoding: kills at random moments, full disks, and being divided over processes by
the launchers of the field. Whatever happens, the bytes are those of one undisturbed process."""

import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import time

import pytest
import zstandard

KILLS = 120


@pytest.fixture(scope="module")
def program():
    root = pathlib.Path(__file__).resolve().parents[2]
    return str(pathlib.Path(os.environ.get("QUERN", root / ".build/release/quern")).resolve())


@pytest.fixture(scope="module")
def vocabulary(quern, kjv_path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    quern("vocab", "train", "--vocab-size", 1000, "--output", folder / "v", "--quiet", kjv_path)
    return folder / "v"


@pytest.fixture(scope="module")
def corpus(kjv, tmp_path_factory):
    """Twelve files of chapters in changing order, some 32 MB of text."""
    folder = tmp_path_factory.mktemp("corpus")
    chapters, order = list(kjv), random.Random(1)
    for number in range(12):
        order.shuffle(chapters)
        text = "\n\n\n".join(chapters[: 400 + 60 * number]).encode()
        (folder / f"{number:02}.txt.zst").write_bytes(zstandard.compress(text, 1))
    return folder


@pytest.fixture(scope="module")
def arguments(vocabulary, corpus):
    return [
        "encode", "--vocab", str(vocabulary), "--text-separator", "\\n\\n\\n", "--part-bytes",
        "2MB",
        "--tokens-per-shard", "300000", "--journal-every", "0", "--quiet", str(corpus),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def whole(quern, arguments, vocabulary, tmp_path_factory):
    """The files of an undisturbed run."""
    folder = tmp_path_factory.mktemp("whole") / "set"
    quern(*arguments, "--output", folder)
    quern("shards", "verify", folder, "--vocab", vocabulary)
    files = contents(folder)
    assert len(files) > 30
    return files


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(program, arguments, **options):
    return subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, timeout=600, check=False,
        **options)


def kill_after(program, arguments, seconds, stdin=None):
    """Starts the program and kills it; whether it was still at work."""
    process = subprocess.Popen(
        [program, *map(str, arguments)], stdin=stdin, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    messages = process.communicate()[1]
    assert process.returncode in (0, -signal.SIGKILL), messages
    return process.returncode != 0


def test_killed_at_random_moments(program, arguments, whole, tmp_path):
    chance = random.Random(2)
    started = time.monotonic()
    assert run(program, [*arguments, "--output", tmp_path / "time"]).returncode == 0
    duration = time.monotonic() - started
    kills = finished = 0
    while kills < KILLS or not finished:
        folder, in_a_row = tmp_path / f"set-{finished}", 0
        while kill_after(
            program, [*arguments, "--output", folder],
            chance.uniform(0, duration * (0.4 if in_a_row < 30 else 2)),
        ):
            kills += 1
            in_a_row += 1
        assert contents(folder) == whole
        shutil.rmtree(folder)
        finished += 1
    print(f"{kills} kills, {finished} data sets")


def test_killed_while_it_reads_standard_input(program, vocabulary, tmp_path, kjv):
    text = tmp_path / "text"
    # Several chunks, each with its journal.
    text.write_bytes(b"\n\n\n".join(chapter.encode() for chapter in kjv) * 16)
    command = [
        "encode", "--vocab", vocabulary, "--text-separator", "\\n\\n\\n", "--journal-every", "0",
        "--quiet", "-", "--output",
    ]  # fmt: skip
    with text.open("rb") as stream:
        assert run(program, [*command, tmp_path / "whole"], stdin=stream).returncode == 0
    expected = contents(tmp_path / "whole")
    folder = tmp_path / "set"
    for attempt in range(1, 400):
        with text.open("rb") as stream:
            kill_after(program, [*command, folder], attempt * 0.005, stdin=stream)
        journals = list(folder.glob("unfinished-*/part-*/journal.json"))
        # A part that is done needs its input no more.
        if any("completion" not in json.loads(path.read_text()) for path in journals):
            break
    else:
        pytest.fail("it was never killed between its first journal and its last")
    changed = tmp_path / "changed"
    changed.write_bytes(b"Another beginning. " + text.read_bytes())
    with changed.open("rb") as stream:
        refused = run(program, [*command, folder], stdin=stream)
    assert refused.returncode == 1
    reason = "standard input does not begin with the documents that are encoded already"
    assert reason in refused.stderr
    with text.open("rb") as stream:
        assert run(program, [*command, folder], stdin=stream).returncode == 0
    assert contents(folder) == expected


@pytest.mark.parametrize("limit", [100_000, 450_000, 599_000])
def test_a_file_that_cannot_grow(program, arguments, whole, tmp_path, limit):
    def confine():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [*arguments, "--output", tmp_path / "set"]
    failed = run(program, command, preexec_fn=confine, restore_signals=False)
    assert failed.returncode == 1
    assert "File too large" in failed.stderr
    assert not (tmp_path / "set/manifest.json").exists()
    assert run(program, command).returncode == 0
    assert contents(tmp_path / "set") == whole


def test_a_full_disk(program, arguments, whole, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = run("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk])
    if mounted.returncode != 0:
        pytest.skip(f"mounting a small disk takes privileges: {mounted.stderr}")
    try:
        command = [*arguments, "--output", disk / "set"]
        for size in (4, 6, 9):
            failed = run(program, command)
            assert failed.returncode == 1
            assert "No space left on device" in failed.stderr
            assert not (disk / "set/manifest.json").exists()
            run("mount", ["-o", f"remount,size={size}m", disk])
        run("mount", ["-o", "remount,size=256m", disk])
        assert run(program, command).returncode == 0
        assert contents(disk / "set") == whole
    finally:
        run("umount", [disk])


def test_four_ranks_under_mpirun(program, quern, arguments, whole, tmp_path):
    if shutil.which("mpirun") is None:
        pytest.fail("mpirun is not there: run `make conformance`, which installs openmpi-bin")
    launched = run(
        "mpirun",
        ["--allow-run-as-root", "--oversubscribe", "-n", "4", program, *arguments,
         "--output", tmp_path / "set"])
    assert launched.returncode == 0, launched.stderr
    assert sorted(line.split(":")[0] for line in launched.stdout.splitlines()) == [
        f"rank {rank} of 4" for rank in range(4)
    ]
    quern("shards", "finish", tmp_path / "set")
    assert contents(tmp_path / "set") == whole


@pytest.mark.parametrize("launcher", ["slurm array", "srun", "kubernetes", "torchrun", "flags"])
def test_ranks_of_other_launchers(program, quern, arguments, whole, tmp_path, launcher):
    """As each of them sets the environment; one rank is killed and its task started again."""
    world, flags = 3, []
    for rank in [2, 0, 1]:
        environment = {
            "slurm array": {
                "SLURM_ARRAY_TASK_ID": str(rank + 7), "SLURM_ARRAY_TASK_MIN": "7",
                "SLURM_ARRAY_TASK_COUNT": str(world), "SLURM_PROCID": "0", "SLURM_NTASKS": "1"},
            "srun": {"SLURM_PROCID": str(rank), "SLURM_NTASKS": str(world)},
            "kubernetes": {"JOB_COMPLETION_INDEX": str(rank)},
            "torchrun": {"RANK": str(rank), "WORLD_SIZE": str(world)},
            "flags": {},
        }[launcher]  # fmt: skip
        if launcher == "kubernetes":
            flags = ["--world", world]
        if launcher == "flags":
            flags = ["--rank", rank, "--world", world]
        command = [*arguments, *flags, "--output", tmp_path / "set"]
        if rank == 1:
            missing = run(program, ["shards", "finish", tmp_path / "set"])
            assert missing.returncode == 1
            assert "part 1 (rank 1 of 3, from " in missing.stderr
        assert run(program, command, env=os.environ | environment).returncode == 0
    quern("shards", "finish", tmp_path / "set")
    assert contents(tmp_path / "set") == whole
