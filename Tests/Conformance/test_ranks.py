"""Training by several processes: under mpirun of Open MPI and of MPICH, and over TCP with the
variables of torchrun. Whatever starts them and whatever happens to them, the checkpoints are those
of one process, byte for byte."""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve()
LAUNCHERS = ["openmpi", "mpich", "tcp"]
# Kills of one rank at any moment, after which the run goes on.
KILLS = int(os.environ.get("QUERN_RANK_KILLS", "12"))
# Seconds in which all have ended after one has.
ENDS_WITHIN = 10
PIPELINE = {
    "name": "ranks",
    "corpus": {"inputs": ["text.txt"], "text_separator": "\n"},
    "vocabulary": {"vocab_size": 400},
    "model": {"n_layer": 2, "n_head": 2, "n_embd": 32, "n_positions": 32},
    "training": {
        "steps": 40, "batch_size": 8, "gradient_slots": 8, "evaluate_every": 20,
        "checkpoint_every": 10, "keep_checkpoints": 10, "warmup_steps": 5,
    },
    "generation": {"max_new_tokens": 4},
    "samples": ["ab"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a pipeline that one process has run."""
    folder = tmp_path_factory.mktemp("ranks")
    dice = random.Random(7)
    words = ["".join(dice.choices("abcdefghij", k=dice.randint(2, 6))) for _ in range(300)]
    lines = [" ".join(dice.choices(words, k=40)) for _ in range(300)]
    (folder / "text.txt").write_text("\n".join(lines))
    (folder / "pipeline.json").write_text(json.dumps(PIPELINE))
    result = subprocess.run(
        [PROGRAM, "run", "pipeline.json", "--threads", "2", "--quiet"], cwd=folder,
        capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stderr
    return folder


def free_port():
    """A port that is free, of those that the system gives to nobody who asks for any."""
    for port in random.sample(range(20_000, 32_000), 1_000):
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


class Ranks:
    """Processes that a launcher has started, or that were started as torchrun starts them."""

    def __init__(self, launcher, count, arguments, folder, environment=None, threads=1):
        command = [str(PROGRAM), *map(str, arguments), "--threads", str(threads)]
        self.label = f"{os.getpid()}-{random.random()}"
        base = dict(
            os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
            RANKS_LABEL=self.label, **(environment or {}))
        if launcher == "tcp":
            port = free_port()
            base |= {
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(count)}
            base.setdefault("QUERN_SECRET", "a secret of these checks")
            starts = [(command, base | {"RANK": str(rank)}) for rank in range(count)]
        elif launcher == "openmpi":
            starts = [(
                ["mpirun.openmpi", "--oversubscribe", "-x", "RANKS_LABEL", "-n", str(count),
                 *command], base)]
        else:
            starts = [(["mpirun.mpich", "-n", str(count), *command], base)]
        self.count = count
        self.processes = [
            subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True)
            for command, environment in starts
        ]

    def pids(self):
        """The processes of the program by their ranks."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if not entry.name.isdigit() or os.readlink(entry / "exe") != str(PROGRAM):
                    continue
                variables = dict(
                    part.split("=", 1)
                    for part in (entry / "environ").read_text().split("\0") if "=" in part)
            except OSError:
                continue
            if variables.get("RANKS_LABEL") != self.label:
                continue
            for name in ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "RANK"]:
                if name in variables:
                    found[int(variables[name])] = int(entry.name)
                    break
        return found

    def wait(self, timeout=300):
        """Waits for the end: the exit codes, and all that was written to standard error."""
        texts = [process.communicate(timeout=timeout)[1] for process in self.processes]
        return [process.returncode for process in self.processes], "\n".join(texts)

    def kill(self):
        for pid in self.pids().values():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.kill()
            process.communicate()


def train(launcher, count, folder, output, *more, **options):
    arguments = ["train", "--config", "pipeline.json", "--output", output, "--quiet", *more]
    return Ranks(launcher, count, arguments, folder, **options)


def succeed(ranks):
    codes, text = ranks.wait()
    assert set(codes) == {0}, text
    return text


def checkpoint(folder, output, name="latest"):
    directory = folder / output / "checkpoints" / name
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def has_ended(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def wait_for_step(processes, folder, output, step, seconds=60):
    """Waits until a run of some processes has done a step."""
    metrics = folder / output / "metrics.jsonl"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if metrics.exists() and metrics.read_text().count('"seconds"') >= step:
            return
        if any(process.poll() not in (None, 0) for process in processes):
            for process in processes:
                process.kill()
            texts = [process.communicate()[1] for process in processes]
            pytest.fail(f"step {step} was not done: {texts}")
        time.sleep(0.01)
    pytest.fail(f"step {step} was not done in {seconds} seconds")


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_checkpoints_are_those_of_one_process(folder, launcher, count):
    output = f"runs/{launcher}-{count}"
    succeed(train(launcher, count, folder, output))
    expected = checkpoint(folder, "runs/ranks")
    assert checkpoint(folder, output) == expected
    assert {"model.safetensors", "optimizer.safetensors", "training_state.json"} <= set(expected)


@pytest.mark.parametrize("launcher", ["openmpi", "tcp"])
def test_whole_pipelines_are_shared(folder, launcher):
    other = folder / f"whole-{launcher}"
    other.mkdir()
    for name in ["text.txt", "pipeline.json"]:
        shutil.copy(folder / name, other)
    succeed(Ranks(launcher, 2, ["run", "pipeline.json", "--quiet"], other))
    assert checkpoint(other, "runs/ranks") == checkpoint(folder, "runs/ranks")
    # What is up to date is not done again.
    succeed(Ranks(launcher, 2, ["run", "pipeline.json", "--quiet"], other))


def test_ranks_that_differ_are_refused_by_name(folder):
    shutil.copytree(folder / "vocab/ranks", folder / "vocab/other")
    for environment, words in [
        ({"QUERN_LEVEL": "portable"}, "rank 1 differs from rank 0 in the kernels' level"),
    ]:
        first = train("tcp", 2, folder, "runs/differs")
        first.kill()
        ranks = Ranks.__new__(Ranks)
        port = free_port()
        ranks.processes = [
            subprocess.Popen(
                [PROGRAM, "train", "--config", "pipeline.json", "--output", "runs/differs",
                 "--quiet"],
                cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=dict(
                    os.environ, RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
                    MASTER_PORT=str(port), QUERN_SECRET="a secret of these checks",
                    **(environment if rank else {})))
            for rank in range(2)
        ]
        codes, text = ranks.wait()
        assert codes == [1, 1] and words in text, text
        assert not (folder / "runs/differs/checkpoints").exists()


def test_a_secret_is_asked_for(folder):
    ranks = train("tcp", 2, folder, "runs/secret", environment={"QUERN_SECRET": ""})
    codes, text = ranks.wait()
    assert codes == [1, 1] and "QUERN_SECRET" in text
    (folder / "secret").write_text("0123456789abcdef\n")
    succeed(train(
        "tcp", 2, folder, "runs/secret", "--set", "training.steps=2",
        environment={"QUERN_SECRET": "", "QUERN_SECRET_FILE": "secret"}))


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_layers_that_are_sent_by_themselves_have_the_same_bytes(folder, launcher):
    """A model whose layers are large enough that each is sent while others are computed."""
    wide = ["--set", "model.n_embd=256", "--set", "training.steps=3"]
    if not (folder / "runs/wide/checkpoints/latest").exists():
        succeed(train("tcp", 1, folder, "runs/wide", *wide, threads=2))
    for count in [2, 4]:
        output = f"runs/wide-{launcher}-{count}"
        succeed(train(launcher, count, folder, output, *wide))
        assert checkpoint(folder, output) == checkpoint(folder, "runs/wide")


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_rank_that_is_killed_is_named_and_the_run_goes_on(folder, launcher):
    """Kills at any moment; the next attempt has another number of ranks."""
    output, dice = f"runs/killed-{launcher}", random.Random(launcher)
    expected = checkpoint(folder, "runs/ranks")
    killed = named = 0
    for number in range(KILLS):
        shutil.rmtree(folder / output, ignore_errors=True)
        count = dice.choice([2, 4])
        ranks = train(launcher, count, folder, output, "--set", "training.checkpoint_every=2")
        victim = dice.randrange(count)
        try:
            wait_for_step(ranks.processes, folder, output, dice.randrange(1, 35))
            time.sleep(dice.random() * 0.02)
            pid = ranks.pids().get(victim)
            start = time.monotonic()
            if pid is None:
                raise ProcessLookupError
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            # It was done before.
            ranks.wait()
            continue
        codes, text = ranks.wait(timeout=ENDS_WITHIN + 20)
        assert time.monotonic() - start < ENDS_WITHIN, text
        if set(codes) == {0}:
            continue
        killed += 1
        is_named = re.search(rf"rank {victim}\b", text) is not None
        # MPICH's hydra ends all others in the same moment, mostly a moment later.
        named += is_named
        assert is_named or launcher == "mpich", text
        more = ["--resume"] if (folder / output / "checkpoints/latest").exists() else []
        if not more:
            continue
        succeed(train(
            launcher, dice.choice([1, 2, 4, 8]), folder, output, "--set",
            "training.checkpoint_every=2", *more))
        found = checkpoint(folder, output)
        for name in ["model.safetensors", "optimizer.safetensors"]:
            assert found[name] == expected[name], (number, name)
    assert 0 < killed <= 2 * named


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_local_steps_have_the_same_bytes_under_every_launcher_and_after_a_kill(folder, launcher):
    settings = ["local_steps=5", "local_growth=1", "wire=bfloat16"]
    rounds = [part for setting in settings for part in ("--set", f"training.{setting}")]
    if not (folder / "runs/local/checkpoints/latest").exists():
        succeed(train("tcp", 2, folder, "runs/local", *rounds))
    expected = checkpoint(folder, "runs/local")
    assert {"outer_optimizer.safetensors", "optimizer-1.safetensors"} <= set(expected)
    output, dice = f"runs/local-{launcher}", random.Random(launcher)
    ranks = train(launcher, 2, folder, output, *rounds)
    wait_for_step(ranks.processes, folder, output, dice.randrange(11, 30))
    with contextlib.suppress(KeyError, ProcessLookupError):
        os.kill(ranks.pids()[dice.randrange(2)], signal.SIGKILL)
    ranks.wait(timeout=ENDS_WITHIN + 20)
    succeed(train(launcher, 2, folder, output, *rounds, "--resume"))
    assert checkpoint(folder, output) == expected
    codes, text = train(launcher, 4, folder, output, *rounds, "--resume").wait()
    assert any(codes) and "each of 2 ranks had a state of its own" in text, text


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_rank_that_hangs_is_named(folder, launcher):
    output = f"runs/hanging-{launcher}"
    ranks = train(
        launcher, 4, folder, output, "--stall-timeout", "3", "--set", "training.steps=100000")
    wait_for_step(ranks.processes, folder, output, 3)
    pids = ranks.pids()
    os.kill(pids[2], signal.SIGSTOP)
    start = time.monotonic()
    try:
        while time.monotonic() - start < 30:
            if all(has_ended(pids[rank]) for rank in [0, 1, 3]):
                break
            time.sleep(0.1)
        assert time.monotonic() - start < 3 + ENDS_WITHIN
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids[2], signal.SIGCONT)
    codes, text = ranks.wait()
    assert any(codes) and "rank 2" in text and "3 seconds" in text, text


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_request_to_any_rank_leaves_a_checkpoint_and_0(folder, launcher, number):
    output = f"runs/asked-{launcher}-{number}"
    # A checkpoint every so many steps that only the request writes one.
    ranks = train(launcher, 4, folder, output, "--set", "training.steps=100000")
    wait_for_step(ranks.processes, folder, output, 12)
    os.kill(ranks.pids()[3], number)
    succeed(ranks)
    names = [path.name for path in (folder / output / "checkpoints").iterdir()]
    steps = sorted(int(name[5:]) for name in names if name.startswith("step-"))
    state = json.loads(
        (folder / output / "checkpoints/latest/training_state.json").read_text())
    assert steps[-1] == state["step"] >= 12


def test_a_request_to_one_process_alone(folder):
    output = "runs/asked-alone"
    process = subprocess.Popen(
        [PROGRAM, "train", "--config", "pipeline.json", "--output", output, "--quiet", "--set",
         "training.steps=100000"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_step([process], folder, output, 5)
    process.send_signal(signal.SIGUSR1)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 0, text
    assert (folder / output / "checkpoints/latest/model.safetensors").exists()


@pytest.fixture
def machines():
    """Two machines with a network of 1 Gbit/s between them: namespaces of this one."""
    names = [f"quern{os.getpid()}{letter}" for letter in "ab"]
    ends = [f"q{os.getpid() % 100_000}{letter}" for letter in "ab"]

    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for number, (name, end) in enumerate(zip(names, ends)):
            ip("link", "set", end, "netns", name)
            ip("-n", name, "addr", "add", f"10.77.0.{number + 1}/24", "dev", end)
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", end, "up")
            ip("netns", "exec", name, "tc", "qdisc", "add", "dev", end, "root", "tbf", "rate",
               "1gbit", "burst", "256kb", "latency", "50ms")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"there are no network namespaces here: {error}")
    yield names, ends
    for name in names:
        subprocess.run(["ip", "netns", "delete", name], check=False)


def start_on(machines, folder, output, *more):
    return [
        subprocess.Popen(
            ["ip", "netns", "exec", name, PROGRAM, "train", "--config", "pipeline.json",
             "--output", output, "--threads", "1", "--log-format", "json", *more],
            cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(
                os.environ, RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="10.77.0.1",
                QUERN_SECRET="a secret of these checks"))
        for rank, name in enumerate(machines[0])
    ]


def test_machines_with_a_network_between_them(folder, machines):
    processes = start_on(machines, folder, "runs/machines")
    texts = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], texts
    assert checkpoint(folder, "runs/machines") == checkpoint(folder, "runs/ranks")
    plan = next(
        json.loads(line)["ranks"] for line in texts[0].splitlines() if '"ranks"' in line)
    assert plan["count"] == 2 and plan["transport"] == "TCP"
    # What is sent at once into an empty bucket is faster than the line.
    assert 0 < plan["bytes_per_second"] < 1e9 and 0 < plan["efficiency"] < 1
    # The first alone tells what all do.
    assert texts[1] == ""


@pytest.mark.parametrize("every", [1000, 1])
def test_a_machine_that_is_lost_is_named(folder, machines, every):
    """While both are in a step, and while one of them evaluates and the other waits."""
    names, ends = machines
    processes = start_on(machines, folder, f"runs/lost-{every}", "--set", "training.steps=100000",
                         "--set", f"training.evaluate_every={every}", "--stall-timeout", "8")
    wait_for_step(processes, folder, f"runs/lost-{every}", 5)
    # What is sent is long on its way, so that some of it is when the machine goes.
    subprocess.run(["ip", "netns", "exec", names[1], "tc", "qdisc", "replace", "dev", ends[1],
                    "root", "tbf", "rate", "100kbit", "burst", "2kb", "latency", "10s"], check=True)
    time.sleep(2)
    subprocess.run(["ip", "-n", names[1], "link", "set", ends[1], "down"], check=True)
    start = time.monotonic()
    _, text = processes[0].communicate(timeout=60)
    assert time.monotonic() - start < 8 + ENDS_WITHIN
    assert processes[0].returncode == 1 and "rank 1" in text, text
    processes[1].communicate(timeout=60)
