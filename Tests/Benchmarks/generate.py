"""Text from a model: Quern beside PyTorch, transformers and llama.cpp, the same model and
prompt."""

import json

from harness import (
    CACHE,
    PROBE,
    Failure,
    Series,
    counted,
    number,
    peer,
    run,
    say,
    table,
    times,
)
from llama import llama_server
from tuning import tuned

SHAPES = {
    "small": {"n_layer": 6, "n_head": 6, "n_embd": 384, "n_positions": 1024, "vocab_size": 16384},
    "gpt2": {"n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024, "vocab_size": 50257},
    "long": {"n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 4608, "vocab_size": 50257},
}
PROMPT_LENGTHS = {"long": 4096}
PROMPT_LENGTH = 256
# llama.cpp keeps keys and values in float16, as it comes; for a long context so does Quern.
CACHES = {"long": "float16"}
# A program draws its text again until it has run so long: a small model has a text in no time.
SECONDS = 10
# Peers, and the weights that Quern has beside each. llama.cpp runs as its package on PyPI brings
# it, and built for this processor.
FILES = {"f32": "float32", "f16": "float16", "q8_0": "int8", "q4_0": "q4_0"}
PEERS = [
    ("PyTorch by hand", "float32", {"peer": "torch"}),
    ("PyTorch by hand, tuned", "float32", {"peer": "torch", "is_tuned": True}),
    ("transformers", "float32", {"peer": "transformers"}),
    *((f"llama.cpp {file}", weights, {"peer": "llama.cpp", "gguf": f"{file}.gguf"})
      for file, weights in FILES.items()),
    *((f"llama.cpp native {file}", weights,
       {"peer": "llama.cpp native", "gguf": f"{file}.gguf"}) for file, weights in FILES.items()),
]


def measure(options):
    for name in options.generation_shapes:
        measure_shape(name, SHAPES[name], options)


def measure_shape(name, shape, options):
    folder = CACHE / f"generate-{name}"
    if not (folder / "f16.gguf").exists():
        say(f"generate, {name}: making the model ...")
        folder.mkdir(parents=True, exist_ok=True)
        peer("peers_generate.py", {"peer": "make", "shape": shape, "model": folder}, 2)
    length, cache = PROMPT_LENGTHS.get(name, PROMPT_LENGTH), CACHES.get(name, "float32")
    prompt = [(7 * place * place + 3 * place) % shape["vocab_size"]
              for place in range(length)]
    prompt_file = folder / "prompt.json"
    prompt_file.write_text(json.dumps(prompt))
    request = {
        "model": folder, "prompt": prompt, "count": options.new_tokens,
        "threads": options.threads, "seconds": SECONDS, "server": llama_server(),
        "context": shape["n_positions"],
    }
    own = {weights: (Series(), Series()) for weights in [
        "float32", "float16", "bfloat16", "int8", "q4_0"]}
    peers = {title: (Series(), Series()) for title, _, _ in PEERS}
    ids, gigabytes = {}, {}
    for round_number in range(options.repeat):
        say(f"generate, {name}: round {round_number + 1} of {options.repeat} ...")
        last = {}
        for weights, both in own.items():
            answer = run_quern(folder, prompt_file, weights, cache, options)
            last[weights] = answer
            add(both, answer)
            ids[weights], gigabytes[weights] = answer["ids"], answer["weight_bytes"] / 1e9
        for title, weights, choice in PEERS:
            if peers[title][0].failure is not None:
                continue
            extra = {"gguf": folder / choice["gguf"]} if "gguf" in choice else {}
            try:
                answer = peer(
                    "peers_generate.py", request | choice | extra, options.threads,
                    tuned() if choice.get("is_tuned") else None)
            except Failure as failure:
                peers[title][0].failure = str(failure)
                continue
            add(peers[title], answer, last[weights])
            ids[title] = answer["ids"]
    rows = []
    for weights, (text, reading) in own.items():
        rows.append([
            f"Quern {weights}", number(reading.median), number(text.median, 1), text.spread(1),
            number(text.median * gigabytes[weights], 1), "", "", agreement(ids, weights),
            number(text.peak),
        ])
    for title, weights, _ in PEERS:
        text, reading = peers[title]
        if text.failure is not None:
            rows.append([title, "failed", text.failure])
            continue
        rows.append([
            title, number(reading.median), number(text.median, 1), text.spread(1),
            number(text.median * gigabytes[weights], 1), times(reading.ratio()),
            times(text.ratio()), agreement(ids, title), number(text.peak),
        ])
    table(
        "Text: {n_layer} layers, {n_head} heads, {n_embd} wide, {vocab_size} tokens".format(**shape)
        + f", one text, greedy, {counted(options.threads, 'thread')}",
        [
            "program", "prompt, tokens/s", "text, tokens/s", "lowest–highest", "weights, GB/s",
            "Quern is, prompt", "Quern is, text", "same ids", "peak MB",
        ],
        rows,
        [
            f"Medians of {counted(options.repeat, 'run')} of at least {SECONDS} seconds, each the "
            f"median of its texts: a prompt of {length} tokens, then {options.new_tokens}. "
            f"Quern keeps keys and values in {cache}, llama.cpp in float16. "
            "Every token reads all matrices: GB/s is what that takes of memory.",
            "llama.cpp native is built for this processor, the other comes from its package. "
            "Tuned: tcmalloc, MKL's instructions of this processor, large pages.",
            "Same ids: how many of the first tokens are those of Quern in float32. Random weights: "
            "where two tokens are nearly level, rounding decides.",
        ],
    )


def add(both, answer, partner=None):
    text, reading = both
    text.add(
        answer["tokens_per_second"], answer["peak_megabytes"],
        partner and partner["tokens_per_second"])
    reading.add(
        answer["prompt_tokens_per_second"], answer["peak_megabytes"],
        partner and partner["prompt_tokens_per_second"])


def agreement(ids, title):
    pairs = list(zip(ids["float32"], ids[title]))
    same = next((place for place, (a, b) in enumerate(pairs) if a != b), len(pairs))
    return f"{same} of {len(pairs)}"


def run_quern(folder, prompt_file, weights, cache, options):
    finished = run(
        [PROBE, "generation-speed", folder, prompt_file, options.new_tokens, options.threads,
         weights, SECONDS, cache],
        options.threads,
    )
    return json.loads(finished.output) | {"peak_megabytes": finished.peak_megabytes}
