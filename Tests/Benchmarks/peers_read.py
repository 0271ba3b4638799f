"""The peers' way from a file of JSON lines, or of Parquet, to the texts in it.

Takes one argument, a JSON object: `peer` (the JSON library, or pyarrow) and `path`. Reads the file
once and prints one JSON object. gzip is inflated by ISA-L, the fastest there is.
"""

import io
import json
import sys
import time

import orjson
import simdjson
import zstandard
from isal import igzip

LOADS = {"json": json.loads, "orjson": orjson.loads, "pysimdjson": simdjson.Parser().parse}


def opened(path):
    """The file's lines, decompressed in large blocks by C code."""
    if path.endswith(".zst"):
        reader = zstandard.ZstdDecompressor().stream_reader(
            open(path, "rb"), read_across_frames=True)
        return io.BufferedReader(reader, 1 << 20)
    if path.endswith(".gz"):
        return io.BufferedReader(igzip.open(path, "rb"), 1 << 20)
    return open(path, "rb", buffering=1 << 20)


def measure_columns(path):
    """Batches of the column on one thread, of which the lengths of the texts are looked at."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    start = time.perf_counter()
    documents = size = 0
    for batch in pq.ParquetFile(path).iter_batches(columns=["text"], use_threads=False):
        documents += batch.num_rows
        size += pc.sum(pc.binary_length(batch.column(0))).as_py()
    return {"documents": documents, "bytes": size, "seconds": time.perf_counter() - start}


def measure(request):
    if request["peer"] == "pyarrow":
        return measure_columns(request["path"])
    loads = LOADS[request["peer"]]
    start = time.perf_counter()
    documents = size = 0
    with opened(request["path"]) as lines:
        for line in lines:
            text = loads(line)["text"]
            documents += 1
            # The text is what a tokenizer would be given; its length in UTF-8 makes the figure.
            size += len(text.encode())
    return {"documents": documents, "bytes": size, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
