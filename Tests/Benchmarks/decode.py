"""Decoding speed in memory: from ids back to text, one thread, beside the peers."""

import vocabularies
from encode import ONLY, run_quern
from harness import CACHE, Failure, counted, number, peer, say, table
from programs import Program, columns, failures
from texts import chunks_of

PEERS = ["gigatoken", "tuetoken", "toktok-rs", "tiktoken", "tokenizers"]
PASSES = 3


def measure(options):
    for name in options.vocabularies:
        for kind in options.corpora:
            measure_text(name, chunks_of(kind, options.megabytes), options)


def measure_text(name, text, options):
    vocabulary = vocabularies.vocabulary(name)
    ids = CACHE / "decode.ids"
    own = Program("Quern")
    peers = [Program(peer) for peer in PEERS if name in ONLY.get(peer, [name])]
    for place in range(options.repeat):
        say(f"decode, {name}, {text.kind}: round {place + 1} of {options.repeat} ...")
        more = ["--whole", "--decode", "--ids", ids]
        own.add(run_quern(vocabulary, text, 1, PASSES, *more), options)
        for program in peers:
            if program.failure is None:
                run_peer(program, name, vocabulary, text, ids, own, options)
    table(
        f"Decoding in memory: {name}, {text.kind}, {number(text.byte_count / 1e6)} MB of text, "
        "MB/s, 1 thread" + (", of processor time" if options.processor_time else ""),
        [
            "program",
            *columns(["first", "later"]),
            "text",
            "peak MB",
        ],
        [program.row() for program in [own, *peers]],
        [
            f"Medians of {counted(options.repeat, 'round')}, all programs in turn. All ids at "
            "once; Python's lists, where a peer wants one, are made before.",
            *failures(peers),
        ],
    )


def run_peer(program, name, vocabulary, text, ids, own, options):
    request = {
        "peer": program.name,
        "vocabulary": name,
        "tokenizer": vocabulary / "tokenizer.json",
        "flat": text.flat,
        "ids": ids,
        "passes": PASSES,
    }
    try:
        answer = peer("peers_decode.py", request, 1)
    except Failure as failure:
        program.failure = str(failure)
        return
    program.add(answer, options, own)
    program.judge(answer["is_same"])
