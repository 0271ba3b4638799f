"""Parts that all topics of the benchmark share: running programs, figures, tables, the machine."""

import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parent.parent
# Outside the repository's history. Slices of the corpora are used again by the next run.
CACHE = REPOSITORY / ".cache" / "bench"
QUERN = str(Path(os.environ.get("QUERN", REPOSITORY / ".build/release/quern")).resolve())
PROBE = REPOSITORY / ".build/release/ConformanceProbe"
TOKENIZATION_BENCH = FOLDER / ".build/release/TokenizationBench"
PEERS = [
    "torch",
    "transformers",
    "xllamacpp",
    "numpy",
    "zstandard",
    "tokenizers",
    "tiktoken",
    "gigatoken",
    "fastokens",
    "snaptokens",
    "toktok-rs",
    "tuetoken",
]
# Variables by which the peers' thread pools are told their size.
THREAD_VARIABLES = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "FASTOKENS_BPE_THREADS"]


class Failure(Exception):
    """A program that did not do its work; the message says which and why."""


def say(text):
    """Tells what is being done, apart from the results."""
    print(text, file=sys.stderr, flush=True)


# --- Programs


class Disturbance:
    """Share of the processors that other programs took while ours were running."""

    def __init__(self):
        self.available = self.foreign = 0

    def add(self, seconds, foreign_seconds):
        self.available += seconds * (os.cpu_count() or 1)
        self.foreign += foreign_seconds

    def notes(self):
        """A sentence if it is worth one; the count starts again."""
        share = self.foreign / self.available if self.available else 0
        self.__init__()
        if share < 0.05:
            return []
        return [
            f"DISTURBED: other programs had {share:.0%} of the processors meanwhile. Measure again "
            "on a quiet machine."
        ]


disturbance = Disturbance()


@dataclass
class Finished:
    """A program that ended well."""

    seconds: float
    # Processor time of its threads, in the system too.
    processor_seconds: float
    peak_megabytes: float
    output: str


def run(command, threads=None, variables=None):
    """Runs a program to its end, by way of meter.py.

    With `threads`, it gets so many processors, and the peers' thread pools are told the number.
    `variables` are those of the environment that it has besides.
    """
    environment = dict(os.environ) | (variables or {})
    if threads is not None:
        environment.update({name: str(threads) for name in THREAD_VARIABLES})
    command = [str(part) for part in command]
    reading, writing = os.pipe()
    try:
        child = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                str(FOLDER / "meter.py"),
                str(writing),
                str(threads or cores()),
                *command,
            ],
            cwd=REPOSITORY,
            env=environment,
            text=True,
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    finally:
        os.close(writing)
    with open(reading) as answer:
        output, messages = child.communicate()
        figures = answer.read()
    name = Path(command[0]).name
    if not figures:
        raise Failure(f"{name} could not be started: {last_line(messages)}")
    figures = json.loads(figures)
    disturbance.add(figures["seconds"], figures["foreign_seconds"])
    if figures["exit_code"] != 0:
        raise Failure(f"{name} ended with {figures['exit_code']}: {last_line(messages)}")
    return Finished(
        figures["seconds"], figures["processor_seconds"], figures["peak_megabytes"], output
    )


def last_line(text):
    return (text.strip().splitlines() or ["it said nothing"])[-1]


def quern(*arguments, threads=None):
    """Runs Quern without its progress display."""
    command = [QUERN, *arguments, "--quiet"]
    if threads is not None:
        command += ["--threads", threads]
    return run(command, threads)


def bench_tool(*arguments, threads):
    """Runs the library alone, in memory, and gives the answer of TokenizationBench.

    Like a peer's answer, it has the process's peak memory, the text included.
    """
    finished = run([TOKENIZATION_BENCH, *arguments], threads)
    return json.loads(finished.output) | {"peak_megabytes": finished.peak_megabytes}


def peer(script, request, threads, variables=None):
    """Runs one of the peers' scripts in a process of its own and gives its answer.

    The answer also has the process's peak memory, Python and the libraries included.
    """
    finished = run(
        [sys.executable, FOLDER / script, json.dumps(request, default=str)], threads, variables)
    answer = json.loads(finished.output.strip().splitlines()[-1])
    if "failure" in answer:
        raise Failure(answer["failure"])
    return answer | {"peak_megabytes": finished.peak_megabytes}


def make_empty(folder):
    """An empty folder at that path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


# --- Figures


@dataclass
class Series:
    """One program's figures over the rounds, larger being better unless they are seconds."""

    values: list = field(default_factory=list)
    peaks: list = field(default_factory=list)
    # For a peer: Quern's figure in the run right before it, for each of its own.
    partners: list = field(default_factory=list)
    failure: str | None = None

    def add(self, value, peak, partner=None):
        self.values.append(value)
        self.peaks.append(peak)
        if partner is not None:
            self.partners.append(partner)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def peak(self):
        return max(self.peaks)

    def spread(self, digits):
        """The lowest and the highest figure."""
        return f"{number(min(self.values), digits)}–{number(max(self.values), digits)}"

    def ratio(self, smaller_is_better=False):
        """Ratio by which Quern is better: the median over pairs of runs next to each other."""
        ratios = [a / b for a, b in zip(self.partners, self.values, strict=True)]
        return statistics.median(1 / r if smaller_is_better else r for r in ratios)


def number(value, digits=0):
    """A figure with thousands apart."""
    return f"{value:,.{digits}f}"


def times(ratio):
    return f"{ratio:.2f} ×"


def counted(count, noun):
    """A number of things, in words."""
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


# --- Tables


def table(title, header, rows, notes=()):
    """Prints a table; columns whose cells begin with a digit are aligned to the right.

    Cells that a row lacks at its end are empty.
    """
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    cells = [row + [""] * (len(header) - len(row)) for row in cells]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    is_number = [
        any(row[column][:1].isdigit() for row in cells[1:]) for column in range(len(header))
    ]
    print(f"\n{title}\n")
    for place, row in enumerate(cells):
        line = "   ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_number, strict=True)
        )
        print("  " + line.rstrip())
        if place == 0:
            print("  " + "   ".join("-" * width for width in widths))
    for note in [*notes, *disturbance.notes()]:
        print(f"  {note}")
    sys.stdout.flush()


# --- The machine


def machine():
    """The processor, its instructions that matter here, the memory and the peers' versions."""
    model, flags = platform.processor() or platform.machine(), set()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() == "flags":
                flags = set(value.split())
    except OSError:
        pass
    wanted = ["avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx512_fp16", "amx_tile"]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    known = " ".join(flag for flag in wanted if flag in flags) or "none of AVX2 and AVX-512"
    print(
        f"Machine: {cores()} cores, {model} ({known}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}"
    )
    peers = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PEERS)
    print(
        f"Programs: {run([QUERN, '--version']).output.strip()}; "
        f"Python {platform.python_version()}, {peers}"
    )
    load = os.getloadavg()[0]
    if load > 0.5:
        print(
            f"Other work is running here (load {load:.1f}): the figures are lower than they "
            "would be alone."
        )
    sys.stdout.flush()


def cores():
    return len(os.sched_getaffinity(0))
