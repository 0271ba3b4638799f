"""The peers' tokenizers on text in memory, each by its fastest call.

Takes one argument, a JSON object: `peer`, `form` (documents, or whole: everything as one text),
`vocabulary` (a name of vocabularies.py), `tokenizer` (its tokenizer.json), `flat` and `lengths`
(see texts.py), `threads`, `bytes` (how much of the text at most), and `passes`. Encodes the text
that often with one tokenizer and prints one JSON object; neither loading nor cutting the text is
counted.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy

from peers import LOADERS, answer_for, checksum, first_documents

# Each of these takes a loaded tokenizer, the documents and a number of threads, and gives a
# function that gives the ids. Documents are bytes for those named in BYTES, else text.
BYTES = ["gigatoken"]


def tokenizers_ids(tokenizer, texts, threads):
    found = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return lambda: numpy.concatenate([encoding.ids for encoding in found])


def tiktoken_ids(tokenizer, texts, threads):
    def encode(text):
        return tokenizer.encode_to_numpy(text, disallowed_special=())

    if threads == 1:
        found = [encode(text) for text in texts]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(encode, texts))
    return lambda: numpy.concatenate(found)


def gigatoken_ids(tokenizer, documents, threads):
    import awkward

    found = tokenizer.encode_batch(documents, parallel=threads > 1)
    return lambda: awkward.to_numpy(awkward.flatten(found))


def fastokens_ids(tokenizer, texts, threads):
    ids, _ = tokenizer.encode_batch_flat(texts, add_special_tokens=False, split_special_tokens=True)
    return lambda: numpy.frombuffer(ids, "<u4")


def snaptokens_ids(tokenizer, texts, threads):
    ids, _ = tokenizer.encode_batch_flat(texts)
    return lambda: numpy.frombuffer(ids, "<u4")


def toktok_ids(tokenizer, texts, threads):
    ids, _ = tokenizer.encode_batch(texts, threads=threads)
    return lambda: numpy.frombuffer(ids, "<u4")


def tuetoken_ids(tokenizer, texts, threads):
    found = tokenizer.encode_ordinary_to_buffer(texts, num_threads=threads)
    return lambda: found["data"]


ENCODERS = {
    "gigatoken": gigatoken_ids,
    "fastokens": fastokens_ids,
    "snaptokens": snaptokens_ids,
    "toktok-rs": toktok_ids,
    "tuetoken": tuetoken_ids,
    "tiktoken": tiktoken_ids,
    "tokenizers": tokenizers_ids,
}


def measure(request):
    tokenizer = LOADERS[request["peer"]](request)
    encode = ENCODERS[request["peer"]]
    documents = list(first_documents(request, request["bytes"]))
    byte_count = sum(map(len, documents))
    if request["form"] == "whole":
        documents = [b"".join(documents)]
    if request["peer"] not in BYTES:
        documents = [document.decode() for document in documents]
    seconds, processor_seconds = [], []
    for _ in range(request["passes"]):
        start, start_processor = time.perf_counter(), time.process_time()
        ids = encode(tokenizer, documents, request["threads"])
        seconds.append(time.perf_counter() - start)
        processor_seconds.append(time.process_time() - start_processor)
    ids = ids()
    return {
        "bytes": byte_count,
        "count": len(ids),
        "checksum": checksum(ids),
        "seconds": seconds,
        "processor_seconds": processor_seconds,
    }


if __name__ == "__main__":
    answer_for(json.loads(sys.argv[1]), measure)
