"""Models over HTTP: Quern's server beside llama.cpp's, the same weights, clients and processors."""

import json
import selectors
import shutil
import socket
import statistics
import subprocess
import time
import urllib.request

from harness import (
    CACHE,
    PROBE,
    QUERN,
    REPOSITORY,
    Failure,
    Series,
    counted,
    make_empty,
    number,
    quern,
    run,
    say,
    table,
    times,
)
from llama import llama_server

# GPT-2's, and one of 2 million parameters, with the vocabulary of the default corpus.
SHAPES = {
    "gpt2": {"n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024},
    "2M": {"n_layer": 4, "n_head": 4, "n_embd": 128, "n_positions": 1024},
}
# Quern's name of a number format, and that of the file for llama.cpp.
WEIGHTS = {"float32": "f32", "float16": "f16", "int8": "q8_0"}
STREAMS = 8
# Prompts of the streams, and the one whose first token is waited for.
SHORT_PROMPT, LONG_PROMPT = 16, 200
FIRST_TOKENS = 5
SAMPLING = {"temperature": 0.8, "top_k": 50, "top_p": 0.95}


def measure(options):
    server = llama_server()
    for name in SHAPES:
        measure_shape(name, server, options)


def measure_shape(name, server, options):
    folder = model(name)
    figures = {}
    rates = {weights: Series() for weights in WEIGHTS}
    for round_number in range(options.repeat):
        say(f"serve, {name}: round {round_number + 1} of {options.repeat} ...")
        for weights, file in WEIGHTS.items():
            own = served(quern_command(folder, weights, options), round_number, options)
            other = served(
                llama_command(server, folder / f"{file}.gguf", options), round_number, options)
            for title, answer, partner in [
                (f"Quern {weights}", own, None), (f"llama.cpp {file}", other, own)
            ]:
                for key, value in answer.items():
                    series = figures.setdefault((title, key), Series())
                    series.add(value, 0, partner and partner[key])
            rates[weights].add(plain_rate(folder, weights, options), 0)
    rows = []
    for weights, file in WEIGHTS.items():
        for title in [f"Quern {weights}", f"llama.cpp {file}"]:
            own = {key: series for (other, key), series in figures.items() if other == title}
            is_peer = title.startswith("llama")
            rows.append([
                title, number(own["one"].median, 1), number(own["streams"].median, 1),
                number(own["sampled"].median, 1), number(1000 * own["first"].median, 1),
                "" if is_peer else number(rates[weights].median, 1),
                times(own["streams"].ratio()) if is_peer else "",
                times(own["sampled"].ratio()) if is_peer else "",
                times(own["first"].ratio(smaller_is_better=True)) if is_peer else "",
            ])
    table(
        "Served: {n_layer} layers, {n_head} heads, {n_embd} wide".format(**SHAPES[name])
        + f", {counted(options.threads, 'thread')}",
        [
            "server", "one stream, tokens/s", f"{STREAMS} streams", "drawn at random",
            "first token, ms", "without a server", "Quern is, streams", "at random",
            "first token",
        ],
        rows,
        [
            f"Medians of {counted(options.repeat, 'run')}: {options.new_tokens} tokens a stream "
            f"behind a prompt of {SHORT_PROMPT}, greedy, and at random with temperature "
            f"{SAMPLING['temperature']}, the {SAMPLING['top_k']} likeliest and "
            f"{SAMPLING['top_p']} of the probability; the first token behind a prompt of "
            f"{LONG_PROMPT}. No prompt is known before. Without a server: the same text by the "
            "library alone.",
        ],
    )


# --- Programs


def model(name):
    """The folder with a random model that has a vocabulary, and GGUF files of it."""
    folder = CACHE / f"serve-{name}"
    if (folder / "complete").exists():
        return folder
    say(f"serve, {name}: making the model ...")
    make_empty(folder)
    vocabulary = REPOSITORY / "vocab" / "kjv"
    count = len((vocabulary / "tokens.tsv").read_text().splitlines()) - 1
    shape = SHAPES[name] | {"vocab_size": count}
    run([PROBE, "create", folder / "model", 1, json.dumps(shape)])
    for file in vocabulary.iterdir():
        shutil.copy(file, folder / "model")
    for kind in WEIGHTS.values():
        quern(
            "model", "export", folder / "model", "--format", "gguf", "--type", kind, "--output",
            folder / f"{kind}.gguf")
    (folder / "complete").touch()
    return folder


def quern_command(folder, weights, options):
    return [
        QUERN, "serve", "--model", folder / "model", "--weights", weights, "--parallel", STREAMS,
        "--threads", options.threads, "--quiet", "--port",
    ]


def llama_command(server, file, options):
    return [
        server, "--model", file, "--threads", options.threads, "--threads-batch", options.threads,
        "--parallel", STREAMS, "--ctx-size", 1024 * STREAMS, "--host", "127.0.0.1",
        "--log-disable", "--port",
    ]


def plain_rate(folder, weights, options):
    """Tokens a second of one text without a server."""
    prompt = folder / "prompt.json"
    prompt.write_text(json.dumps(ids(SHORT_PROMPT, 0)))
    finished = run(
        [PROBE, "generation-speed", folder / "model", prompt, options.new_tokens,
         options.threads, weights, 0, "float32"],
        options.threads)
    return json.loads(finished.output)["tokens_per_second"]


def served(command, round_number, options):
    """The figures of a server that is started for them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = subprocess.Popen(
        [str(part) for part in [*command, port]], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_until_ready(port, child)
        seed = 100 * round_number
        # The first answer warms what is made once.
        draw(port, [request(SHORT_PROMPT, 5, seed + 99)])
        count = options.new_tokens
        one = draw(port, [request(SHORT_PROMPT, count, seed)])
        streams = draw(
            port, [request(SHORT_PROMPT, count, seed + 1 + place) for place in range(STREAMS)])
        sampled = draw(
            port, [
                request(SHORT_PROMPT, count, seed + 20 + place) | SAMPLING
                for place in range(STREAMS)
            ])
        first = [draw(port, [request(LONG_PROMPT, 1, seed + 50 + place)])
                 for place in range(FIRST_TOKENS)]
        return {
            "one": count / one, "streams": STREAMS * count / streams,
            "sampled": STREAMS * count / sampled, "first": statistics.median(first),
        }
    finally:
        child.terminate()
        try:
            child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def wait_until_ready(port, child):
    for _ in range(600):
        if child.poll() is not None:
            raise Failure(f"a server ended with {child.returncode}: {child.stderr.read()[-300:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise Failure("a server was not ready after a minute")


# --- Clients


def ids(count, seed):
    """Tokens of a prompt, no two prompts with the same beginning."""
    return [(7 * place * place + 31 * seed + 3 * place * seed) % 900 for place in range(count)]


def request(prompt, count, seed):
    return {
        "prompt": ids(prompt, seed), "max_tokens": count, "temperature": 0, "seed": seed,
        "ignore_eos": True, "cache_prompt": False, "stream": True,
        "stream_options": {"include_usage": True},
    }


def draw(port, bodies):
    """Seconds until all answers have come, whose events are only counted: a client that reads them
    would take the processors from the servers."""
    waiting = selectors.DefaultSelector()
    answers = {}
    start = time.perf_counter()
    for body in bodies:
        text = json.dumps(body).encode()
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(
            b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
        answers[client] = []
        waiting.register(client, selectors.EVENT_READ)
    while waiting.get_map():
        for key, _ in waiting.select(170):
            data = key.fileobj.recv(1 << 16)
            answers[key.fileobj].append(data)
            # The end may come in two parts.
            if not data or b"data: [DONE]" in b"".join(answers[key.fileobj][-2:]):
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    seconds = time.perf_counter() - start
    for body, parts in zip(bodies, answers.values(), strict=True):
        check(body, b"".join(parts))
    return seconds


def check(body, answer):
    """Fails unless an answer has as many tokens as it was asked for."""
    events = [line[6:] for line in answer.split(b"\n") if line.startswith(b"data: {")]
    usages = [usage for event in events if (usage := json.loads(event).get("usage"))]
    if not usages or usages[-1]["completion_tokens"] != body["max_tokens"]:
        raise Failure(f"an answer is not whole: {answer[-300:]!r}")
