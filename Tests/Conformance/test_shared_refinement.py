"""Refining a corpus by several processes that share a folder: launchers of the field, kills at
random moments in every stage, and every call by which a file is changed. Whatever happens, the
bytes are those of one process.

QUERN_KILLS names how many kills there shall be with each number of ranks, 9 unless it does.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import pytest
import zstandard
from test_faults import contents as all_contents
from test_faults import library as library  # a fixture
from test_faults import run as run_with_faults

KILLS = int(os.environ.get("QUERN_KILLS", "9"))
STAGES = ("measure", "exact", "bands", "order", "scatter", "write", "assemble")
SETTINGS = {
    "exact": [],
    "near": ["--remove-near-duplicates", "--min-words", "30", "--keep-fields", "id"],
    "shuffled": ["--remove-near-duplicates", "--shuffle", "--rules", "gopher-repetition"],
    "rows": ["--remove-near-duplicates", "--part-format", "parquet"],
    "against": ["--remove-near-duplicates", "--against", "{known}"],
}


@pytest.fixture(scope="module")
def program():
    root = pathlib.Path(__file__).resolve().parents[2]
    return str(pathlib.Path(os.environ.get("QUERN", root / ".build/release/quern")).resolve())


@pytest.fixture(scope="module")
def corpus(kjv, tmp_path_factory):
    """Nine files of chapters, of which some stand in several files, and some a little changed, and
    beside their folder another corpus."""
    parent, chance = tmp_path_factory.mktemp("texts"), random.Random(4)
    folder = parent / "corpus"
    folder.mkdir()
    chapters = list(kjv)
    (parent / "known").mkdir()
    for number in range(2):
        (parent / f"known/{number}.jsonl").write_text("".join(
            json.dumps({"text": text}) + "\n" for text in chance.sample(chapters, 60)))
    for number in range(9):
        lines = []
        for place, text in enumerate(chance.sample(chapters, 500)):
            words = text.split(" ")
            if place % 3 == 0:
                words[chance.randrange(len(words))] = f"word{number}"
            lines.append(json.dumps({"id": [number, place], "text": " ".join(words)}) + "\n")
        (folder / f"{number}.jsonl.zst").write_bytes(
            zstandard.compress("".join(lines).encode(), 1))
    return folder


def arguments(corpus, name):
    return ["corpus", "refine", str(corpus), "--quiet", "--threads", "2", "--part-bytes", "1MB",
            *(word.replace("{known}", str(corpus.parent / "known")) for word in SETTINGS[name])]


@pytest.fixture(scope="module")
def wholes(program, corpus, tmp_path_factory):
    """The files that one process makes, by the settings."""
    wholes = {}
    for name in SETTINGS:
        folder = tmp_path_factory.mktemp(name)
        made = run(program, [*arguments(corpus, name), "--output", folder / "set",
                             "--list-removed", folder / "removed"])
        assert made.returncode == 0, made.stderr
        report = json.loads((folder / "set/report.json").read_text())
        assert len(report["parts"]) > 3
        assert all(step["removed"]["documents"] > 0 for step in report["steps"]
                   if step["name"].startswith(("remove", "against")))
        wholes[name] = contents(folder)
    return wholes


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(program, words, **options):
    return subprocess.run(
        [program, *map(str, words)], capture_output=True, text=True, timeout=600, check=False,
        **options)


def shared(corpus, name, folder):
    return [*arguments(corpus, name), "--share-bytes", "200KB", "--output", str(folder / "set"),
            "--list-removed", str(folder / "removed")]


def finish(program, folder, whole):
    finished = run(program, ["corpus", "finish", folder / "set", "--quiet"])
    assert finished.returncode == 0, finished.stderr
    assert contents(folder) == whole


@pytest.mark.parametrize("name", SETTINGS)
def test_four_ranks_under_mpirun(program, corpus, wholes, tmp_path, name):
    if shutil.which("mpirun") is None:
        pytest.fail("mpirun is not there: run `make conformance`, which installs openmpi-bin")
    launched = run(
        "mpirun", ["--allow-run-as-root", "--oversubscribe", "-n", "4", program,
                   *shared(corpus, name, tmp_path)])
    assert launched.returncode == 0, launched.stderr
    assert sorted(line.split(":")[0] for line in launched.stdout.splitlines()) == [
        f"rank {rank} of 4" for rank in range(4)]
    finish(program, tmp_path, wholes[name])


def test_eight_machines(program, kjv, tmp_path):
    """The show of the documentation: Parquet to shards by eight processes, some of them killed."""
    script = pathlib.Path(__file__).resolve().parents[2] / "corpora/eight-machines.sh"
    shown = subprocess.run([script, tmp_path / "made"], env=os.environ | {"QUERN": program},
                           capture_output=True, text=True, timeout=600)  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.endswith("every byte is the same\n")
    assert list((tmp_path / "made/shards").glob("train_*.bin"))


def test_three_ranks_under_xargs(program, corpus, wholes, tmp_path):
    words = [program, *shared(corpus, "shuffled", tmp_path), "--world", "3", "--rank"]
    launched = subprocess.run(
        ["xargs", "-P", "3", "-n", "1", *words], input="0 1 2", capture_output=True, text=True,
        timeout=600, check=False)
    assert launched.returncode == 0, launched.stderr
    finish(program, tmp_path, wholes["shuffled"])


@pytest.mark.parametrize("launcher", ["slurm array", "srun", "kubernetes", "torchrun"])
def test_one_rank_that_comes_alone(program, corpus, wholes, tmp_path, launcher):
    """As launchers set the environment, where the others never start: all is done by this one."""
    environment, flags = {
        "slurm array": ({"SLURM_ARRAY_TASK_ID": "8", "SLURM_ARRAY_TASK_MIN": "7",
                         "SLURM_ARRAY_TASK_COUNT": "3"}, []),
        "srun": ({"SLURM_PROCID": "2", "SLURM_NTASKS": "3"}, []),
        "kubernetes": ({"JOB_COMPLETION_INDEX": "0"}, ["--world", "3"]),
        "torchrun": ({"RANK": "1", "WORLD_SIZE": "3"}, []),
    }[launcher]  # fmt: skip
    made = run(program, [*shared(corpus, "exact", tmp_path), *flags],
               env=os.environ | environment)
    assert made.returncode == 0, made.stderr
    assert "quern corpus finish" in made.stdout
    finish(program, tmp_path, wholes["exact"])


def test_what_is_not_done_is_said(program, corpus, tmp_path):
    words = shared(corpus, "near", tmp_path)
    process = subprocess.Popen([program, *words, "--rank", "0", "--world", "2"])
    for _ in range(600):
        time.sleep(0.01)
        if any(tmp_path.glob("set.unfinished-*/measure-*")):
            break
    busy = run(program, ["corpus", "finish", tmp_path / "set"])
    process.kill()
    process.wait()
    assert busy.returncode == 1 and "another quern process is writing" in busy.stderr
    early = run(program, ["corpus", "finish", tmp_path / "set"])
    assert early.returncode == 1 and "run any rank again" in early.stderr
    other = run(program, [*shared(corpus, "rows", tmp_path), "--rank", "0", "--world", "2"])
    assert other.returncode == 1 and "holds unfinished work on other" in other.stderr
    nothing = run(program, ["corpus", "finish", tmp_path / "none"])
    assert nothing.returncode == 1 and "is no refined corpus" in nothing.stderr
    for output, message in (("-", "need a directory"), (tmp_path / "set", "only once")):
        refused = run(program, ["corpus", "refine", "-", "--format", "jsonl", "--output", output,
                                "--rank", "0", "--world", "2"], input="")
        assert refused.returncode != 0 and message in refused.stderr


@pytest.mark.parametrize("world", [1, 3, 8])
def test_killed_at_random_moments(program, corpus, wholes, tmp_path, world):
    """Ranks that work at once, of which one after another is killed at a random moment of each
    stage in turn, and started again. Of a world of one the other rank never comes."""
    chance, kills, corpora, hits = random.Random(5 + world), 0, 0, collections.Counter()
    while kills < KILLS or not corpora:
        name = ("shuffled", "near")[corpora % 2]
        folder = tmp_path / f"try-{corpora}"
        folder.mkdir()
        words = [program, *shared(corpus, name, folder), "--world", str(max(2, world)), "--rank"]

        def start(rank, words=words):
            return subprocess.Popen([*words, str(rank)], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)

        ranks = {rank: start(rank) for rank in range(world)}
        for stage in STAGES:
            for _ in range(chance.randrange(1, 4)):
                if kills >= KILLS or not await_stage(folder, stage, ranks):
                    break
                time.sleep(chance.uniform(0, 0.02))
                rank = chance.choice(list(ranks))
                if ranks[rank].poll() is None:
                    ranks[rank].kill()
                    ranks[rank].wait()
                    kills += 1
                    hits.update(stages_at_work(folder))
                    ranks[rank] = start(rank)
        for process in ranks.values():
            assert process.wait(600) == 0
        for _ in range(3):
            end = subprocess.Popen([program, "corpus", "finish", folder / "set", "--quiet"],
                                   stdout=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, 0.1))
            end.kill()
            assert end.wait() in (0, -signal.SIGKILL)
        finish(program, folder, wholes[name])
        shutil.rmtree(folder)
        corpora += 1
    print(f"{world} ranks: {kills} kills, {corpora} corpora, at work on {dict(hits)}")
    # A stage of a few milliseconds is not met by a few kills.
    assert KILLS < 100 or set(hits) == set(STAGES)


def stages_at_work(folder):
    """The stages of which a unit was begun and is not done."""
    return {path.name.split("-")[0] for path in folder.glob("set.unfinished-*/*-??????")
            if not (path / "journal.json").exists()}


def await_stage(folder, stage, ranks):
    """Waits until a unit of a stage is begun; whether one is at work still."""
    later = STAGES[STAGES.index(stage) + 1:]
    while any(process.poll() is None for process in ranks.values()):
        if stage in stages_at_work(folder):
            return True
        begun = {path.name.split("-")[0] for path in folder.glob("set.unfinished-*/*-??????")}
        if begun & set(later):
            return False
        time.sleep(0.001)
    return False


@pytest.mark.parametrize("command", ["refine", "finish"])
def test_every_change_of_files(program, library, tmp_path, command):
    """A rank, or the end, that is killed or refused at each call by which it changes files."""
    lines = [f"The mill turned {n * n % 97} times and {'so ' * (n % 4)}on." for n in range(120)]
    source = tmp_path / "lines.jsonl"
    source.write_text("".join(json.dumps({"text": line * 3}) + "\n" for line in lines))
    refine = [program, "corpus", "refine", str(source), "--output", "out", "--part-bytes", "4KB",
              "--remove-near-duplicates", "--shuffle", "--quiet", "--threads", "1", "--rank", "0",
              "--world", "2", "--list-removed", "removed"]
    ending = [program, "corpus", "finish", "out", "--quiet"]
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    # An earlier result gives way.
    assert run(program, ["corpus", "refine", source, "--output", "out", "--quiet"],
               cwd=prepared).returncode == 0
    words = refine if command == "refine" else ending

    def prepare(folder):
        shutil.copytree(prepared, folder)
        if command == "finish":
            assert run_with_faults(refine, folder, library).returncode == 0

    whole_folder = tmp_path / "whole"
    prepare(whole_folder)
    counted = run_with_faults(words, whole_folder, library, FAULT_COUNT=str(tmp_path / "count"))
    assert counted.returncode == 0, counted.stderr
    if command == "refine":
        assert run_with_faults(ending, whole_folder, library).returncode == 0
    whole = all_contents(whole_folder)
    assert {name.split("/")[0] for name in whole} == {"out", "removed"}
    calls = int((tmp_path / "count").read_text())
    step, others = max(1, calls // 40) | 1, 3
    if os.environ.get("QUERN_FAULTS") == "all":
        step, others = 1, 1
    trials = [("kill", number) for number in range(1, calls + 1, step)]
    for offset, effect in enumerate(("torn", "EIO", "ENOSPC")):
        trials += [(effect, number)
                   for number in range(1 + offset, calls + 1, step * others)]

    def attempt(trial):
        effect, number = trial
        folder = tmp_path / f"trial-{effect}-{number}"
        prepare(folder)
        first = run_with_faults(words, folder, library, FAULT=effect, FAULT_AT=str(number))
        if first.returncode not in ((0, -9) if effect in ("kill", "torn") else (0, 1)):
            return f"{trial}: exit {first.returncode}, {first.stderr[-300:]}"
        if first.returncode == 1 and not first.stderr.strip():
            return f"{trial}: nothing is said"
        second = run_with_faults(words, folder, library)
        if second.returncode != 0:
            return f"{trial}: again, exit {second.returncode}, {second.stderr[-300:]}"
        if command == "refine":
            end = run_with_faults(ending, folder, library)
            if end.returncode != 0:
                return f"{trial}: the end, exit {end.returncode}, {end.stderr[-300:]}"
        found = {path: data for path, data in all_contents(folder).items()
                 if not path.endswith(".quern-lock")}
        if found != whole:
            other = sorted(path for path in found.keys() | whole.keys()
                           if found.get(path) != whole.get(path))
            return f"{trial}: {other}"
        shutil.rmtree(folder)
        return None

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        faults = [fault for fault in pool.map(attempt, trials) if fault]
    assert not faults, f"{len(faults)} of {len(trials)}:\n" + "\n".join(faults[:12])
