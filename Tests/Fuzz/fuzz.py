"""Tries every reader of outside bytes with libFuzzer, under AddressSanitizer.

    fuzz.py [--seconds N] [--jobs N] [READER …]

Inputs that reach something new are kept in .build/fuzz/corpus/READER from one time to the next; an
input that ends the process is kept in .build/fuzz/faults and named.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from scenes import Scenes

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / ".build/fuzz"
PROGRAM = WORK / "build/release/Fuzz"
QUIET = {**os.environ, "SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=0"}


def readers():
    """Name, scene and file of each reader."""
    listed = subprocess.run(
        [PROGRAM, "-runs=0"], capture_output=True, text=True, check=True,
        env={**QUIET, "FUZZ_READER": ""})
    return [line.split() for line in listed.stdout.splitlines()]


def try_reader(reader, seconds):
    name, scene, file = reader
    corpus, faults = WORK / "corpus" / name, WORK / "faults"
    corpus.mkdir(parents=True, exist_ok=True)
    faults.mkdir(parents=True, exist_ok=True)
    source = WORK / "scenes" / scene
    seeds = list(source.iterdir()) if file == "-" else [source / file]
    for seed in seeds:
        if seed.is_file():
            shutil.copy(seed, corpus / f"seed-{seed.name}")
    memory = "/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="quern-fuzz-", dir=memory) as folder:
        # The whole of a run is copied, where the reader looks above its own folder.
        top = scene.split("/")[0]
        shutil.copytree(WORK / "scenes" / top, pathlib.Path(folder) / top, symlinks=True)
        result = subprocess.run(
            [
                PROGRAM, corpus, f"-max_total_time={seconds}", "-timeout=10",
                "-rss_limit_mb=2048", "-malloc_limit_mb=1024", "-max_len=65536",
                "-print_final_stats=1", "-reload=0", f"-artifact_prefix={faults}/{name}-",
            ],
            capture_output=True, text=True, errors="replace", check=False,
            env={**QUIET, "FUZZ_READER": name, "FUZZ_FOLDER": str(pathlib.Path(folder) / scene)},
        )  # fmt: skip
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", result.stderr)
    covered = re.findall(r"cov: (\d+)", result.stderr)
    return name, result, int(runs[1]) if runs else 0, int(covered[-1]) if covered else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("readers", nargs="*", help="readers to try; all without any")
    parser.add_argument("--seconds", type=int, default=60, help="time for each reader")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="readers at once")
    options = parser.parse_args()
    scenes = Scenes(os.environ.get("QUERN", ROOT / ".build/release/quern"), WORK / "scenes")
    scenes.make()
    chosen = [reader for reader in readers() if not options.readers or reader[0] in options.readers]
    if not chosen:
        sys.exit("no reader has such a name")
    total, failed = 0, []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, result, runs, covered in pool.map(
            lambda reader: try_reader(reader, options.seconds), chosen
        ):
            total += runs
            print(f"{name:32}{runs:10,} inputs  {covered:7,} edges"
                  + ("" if result.returncode == 0 else "  FAULT"), flush=True)
            # An input that no reader gets past would be counted as tried.
            if result.returncode != 0 or runs < 10:
                failed.append(name)
                print(result.stderr[-6000:], flush=True)
    print(f"{total:,} inputs of {len(chosen)} readers, {len(failed)} with a fault")
    if failed:
        sys.exit(f"inputs that ended the process lie in {WORK / 'faults'}: {', '.join(failed)}")


if __name__ == "__main__":
    main()
