"""Recurrent models: Quern beside PyTorch's nn.LSTM, in training and in generation.

PyTorch is tuned as an expert does it.
"""

import json

from harness import CACHE, PROBE, Series, number, peer, run, say, table, times
from tuning import tuned

SECONDS = 20
SHAPES = {
    "2 layers of 512": (32, {"n_layer": 2, "n_embd": 512}),
    # As many numbers outside of the embedding as the default decoder has.
    "2 layers of 224": (16, {"n_layer": 2, "n_embd": 224}),
}
# Tokens after which the speed of generation is taken: it does not fall.
LENGTHS = [10, 10_000]


def measure(options):
    for title, (batch_size, sizes) in SHAPES.items():
        shape = {"architecture": "lstm", "n_positions": 256, "vocab_size": 8192} | sizes
        measure_shape(title, batch_size, shape, options)


def measure_shape(title, batch_size, shape, options):
    folder = CACHE / f"recurrent-{shape['n_embd']}"
    run([PROBE, "create", folder, 1, json.dumps(shape)])
    series = {}
    request = {
        "model": shape, "batch_size": batch_size, "threads": options.threads, "seconds": SECONDS}
    for round_number in range(options.repeat):
        say(f"recurrent, {title}: round {round_number + 1} of {options.repeat} ...")
        own = {}
        for precision, kernels in [("float32", "float32"), ("bfloat16", "mixed")]:
            finished = run(
                [PROBE, "throughput", batch_size, SECONDS, options.threads, json.dumps(shape),
                 kernels], options.threads)
            own[f"{precision} training"] = float(finished.output.split()[0])
        for length in LENGTHS:
            prompt = folder / "prompt.json"
            prompt.write_text(json.dumps([place % shape["vocab_size"] for place in range(length)]))
            finished = run(
                [PROBE, "generation-speed", folder, prompt, 2000, options.threads, "float32", 0,
                 "float32"],
                options.threads)
            own[f"generation after {length}"] = json.loads(finished.output)["tokens_per_second"]
        for name, value in own.items():
            series.setdefault(name, Series()).add(value, finished.peak_megabytes)
        answer = peer("peers_recurrent.py", request, options.threads, tuned())
        own["generation"] = own[f"generation after {LENGTHS[-1]}"]
        for name in ["float32 training", "bfloat16 training", "generation"]:
            series.setdefault(f"PyTorch tuned, {name}", Series()).add(
                answer[name], answer["peak_megabytes"], own[name])
    table(
        f"recurrent: LSTM of {title}, batch {batch_size} × 256, {options.threads} threads",
        ["", "tokens/s", "spread", "Quern's is"],
        [[name, number(one.median), one.spread(0), times(one.ratio()) if one.partners else ""]
         for name, one in series.items()])
