"""The peers' way through a corpus of JSON lines: near-duplicates, and rules of quality.

Takes one argument, a JSON object: `peer`, `work` (near or rules), `corpus`, `folder` (empty, for
what is written), `threads`, and `bands`, `rows` and `words` of MinHash. Prints one JSON object: the
seconds from the first byte that is read to the last that is written, and the documents kept.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def parts_of(request):
    """The corpus in as many files as there are processes: datatrove gives each its own."""
    folder = Path(request["folder"]) / "in"
    folder.mkdir()
    lines = Path(request["corpus"]).read_bytes().splitlines(keepends=True)
    step = -(-len(lines) // request["threads"])
    for number in range(request["threads"]):
        part = b"".join(lines[number * step : (number + 1) * step])
        (folder / f"{number}.jsonl").write_bytes(part)
    return folder


def datatrove(request):
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    folder, count = Path(request["folder"]), request["threads"]
    source = parts_of(request)
    start = time.perf_counter()

    def run(name, tasks, *steps):
        LocalPipelineExecutor(
            pipeline=list(steps), tasks=tasks, workers=min(tasks, count),
            logging_dir=str(folder / "logs" / name)).run()  # fmt: skip

    written = JsonlWriter(str(folder / "out"), compression=None)
    if request["work"] == "rules":
        run("rules", count, JsonlReader(str(source)), GopherRepetitionFilter(),
            GopherQualityFilter(), C4QualityFilter(), FineWebQualityFilter(), written)  # fmt: skip
    else:
        config = MinhashConfig(
            num_buckets=request["bands"], hashes_per_bucket=request["rows"],
            n_grams=request["words"])  # fmt: skip
        place = {name: str(folder / name) for name in ["signatures", "buckets", "clusters"]}
        run("1", count, JsonlReader(str(source)),
            MinhashDedupSignature(place["signatures"], config=config))  # fmt: skip
        run("2", request["bands"],
            MinhashDedupBuckets(place["signatures"], place["buckets"], config=config))  # fmt: skip
        run("3", 1, MinhashDedupCluster(place["buckets"], place["clusters"], config=config))
        run("4", count, JsonlReader(str(source)), MinhashDedupFilter(place["clusters"]), written)
    seconds = time.perf_counter() - start
    kept = sum(path.read_bytes().count(b"\n") for path in (folder / "out").glob("*.jsonl"))
    return seconds, kept


def text_dedup(request):
    folder = Path(request["folder"])
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "text_dedup.minhash", "--path", "json", "--data_files",
         request["corpus"], "--split", "train", "--column", "text", "--output", folder / "out",
         "--cache_dir", folder / "cache", "--num_proc", str(request["threads"]),
         "--ngram", str(request["words"]), "--num_perm", str(request["bands"] * request["rows"]),
         "--b", str(request["bands"]), "--r", str(request["rows"]), "--hash_func", "xxh3",
         "--hash_bits", "32"],
        capture_output=True, text=True,
        env=os.environ | {"HF_HOME": str(folder / "home")})  # fmt: skip
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    from datasets import load_from_disk

    return seconds, len(load_from_disk(str(folder / "out")))


def rensa(request):
    from rensa import RMinHashDeduplicator

    start = time.perf_counter()
    words, kept = request["words"], 0
    dedup = RMinHashDeduplicator(
        threshold=0.72, num_perm=request["bands"] * request["rows"], use_lsh=True,
        num_bands=request["bands"], seed=42)  # fmt: skip

    def shingles(text):
        parts = text.lower().split()
        count = max(1, len(parts) - words + 1)
        return [" ".join(parts[place : place + words]) for place in range(count)]

    pairs = []
    with open(request["corpus"]) as lines:
        for number, line in enumerate(lines):
            pairs.append((str(number), shingles(json.loads(line)["text"])))
            if len(pairs) == 1_000:
                kept += sum(dedup.add_pairs(pairs))
                pairs = []
    kept += sum(dedup.add_pairs(pairs)) if pairs else 0
    return time.perf_counter() - start, kept


if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    # What they print on the way is none of the answer.
    output, sys.stdout = sys.stdout, sys.stderr
    try:
        seconds, kept = {"datatrove": datatrove, "text-dedup": text_dedup, "rensa": rensa}[
            request["peer"]](request)  # fmt: skip
        answer = {"seconds": seconds, "kept": kept}
    except Exception as error:  # noqa: BLE001
        answer = {"failure": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=output)
