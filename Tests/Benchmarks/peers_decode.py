"""The peers' way from ids in memory back to text, each by its fastest call.

Takes one argument, a JSON object: `peer`, `vocabulary`, `tokenizer`, `flat` (the text), `ids` (a
file of its ids, little-endian 32-bit numbers), and `passes`. Decodes all ids at once, that often,
and prints one JSON object; loading and making what the peer takes of the ids are not counted.
"""

import json
import sys
import time
from pathlib import Path

import numpy

from peers import LOADERS, answer_for

# Each of these takes a loaded tokenizer and gives two functions: one makes of an array what the
# peer wants, the other decodes that.
DECODERS = {
    "gigatoken": lambda tokenizer: (lambda ids: ids, tokenizer.decode),
    "toktok-rs": lambda tokenizer: (list_of, tokenizer.decode_bytes),
    "tuetoken": lambda tokenizer: (lambda ids: ids, tokenizer.decode_array),
    "tiktoken": lambda tokenizer: (list_of, tokenizer.decode_bytes),
    "tokenizers": lambda tokenizer: (
        list_of,
        lambda ids: tokenizer.decode(ids, skip_special_tokens=False),
    ),
}


def list_of(ids):
    return ids.tolist()


def measure(request):
    prepare, decode = DECODERS[request["peer"]](LOADERS[request["peer"]](request))
    expected = Path(request["flat"]).read_bytes()
    ids = prepare(numpy.fromfile(request["ids"], "<u4"))
    seconds, processor_seconds = [], []
    for _ in range(request["passes"]):
        start, start_processor = time.perf_counter(), time.process_time()
        text = decode(ids)
        seconds.append(time.perf_counter() - start)
        processor_seconds.append(time.process_time() - start_processor)
    if isinstance(text, str):
        text = text.encode()
    return {
        "bytes": len(expected),
        "is_same": bytes(text) == expected,
        "seconds": seconds,
        "processor_seconds": processor_seconds,
    }


if __name__ == "__main__":
    answer_for(json.loads(sys.argv[1]), measure)
