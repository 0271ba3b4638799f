"""The server as its clients use it: OpenAI's own package, lm-evaluation-harness beside the same
checkpoint in transformers, a tester of OpenAPI descriptions, and nobody's client at all."""

import concurrent.futures
import http.client
import json
import math
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import lm_eval
import lm_eval.tasks
import openai
import pytest
from serving import PROGRAM, Server

CONTEXT = 96
SUBJECTS = ["mill", "stone", "river", "miller", "grain", "wheel"]
VERBS = ["turns", "grinds", "carries", "waits for", "moves", "feeds"]


def sentence(number):
    """A sentence that says which verb belongs to a subject."""
    draw = random.Random(number)
    index = draw.randrange(len(SUBJECTS))
    return f"The {SUBJECTS[index]} {VERBS[index]} the {draw.choice(SUBJECTS)} by the old bridge."


@pytest.fixture(scope="module")
def folder(quern, tmp_path_factory):
    """A folder with a run and its tuned model, a thousand sentences old."""
    folder = tmp_path_factory.mktemp("serve")
    texts = [" ".join(sentence(8 * n + i) for i in range(8)) for n in range(300)]
    (folder / "corpus.txt").write_text("\n\n".join(texts))
    (folder / "chat.jsonl").write_text("".join(
        json.dumps({"instruction": f"What does the {subject} do on day {day}?",
                    "output": f"It {verb}."}) + "\n"
        for day in range(8) for subject, verb in zip(SUBJECTS, VERBS)))
    (folder / "pipeline.json").write_text(json.dumps({
        "name": "tiny",
        "corpus": {"inputs": ["corpus.txt"], "text_separator": "\n\n"},
        "vocabulary": {"vocab_size": 320},
        "model": {"architecture": "qwen3", "n_layer": 2, "n_head": 2, "n_embd": 32,
                  "n_positions": CONTEXT},
        "training": {"steps": 60, "batch_size": 4, "evaluate_every": 60},
        "instruction_tuning": {"inputs": ["chat.jsonl"], "steps": 60, "batch_size": 4,
                               "evaluate_every": 60},
    }))
    quern("run", "--quiet", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    options = ["--model", "tiny", "--model", "chat=tiny/chat", "--queue", "64"]
    with Server(options, folder) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=server.address + "/v1", api_key="none", max_retries=0)


def ask(address, path, body=None, method=None):
    """The status and the JSON of an answer."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=120)
    connection.request(method or ("POST" if body is not None else "GET"), path,
                       json.dumps(body) if body is not None else None)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


def test_the_package_of_openai_completes_streams_and_counts(client):
    assert [model.id for model in client.models.list()] == ["tiny", "chat"]
    assert client.models.retrieve("chat").id == "chat"
    wish = dict(model="tiny", prompt="The mill", max_tokens=20, seed=3, n=3, logprobs=2)
    whole = client.completions.create(**wish)
    assert whole.object == "text_completion" and len(whole.choices) == 3
    assert len({choice.text for choice in whole.choices}) > 1
    texts = ["", "", ""]
    usage = None
    for part in client.completions.create(
            **wish, stream=True, stream_options={"include_usage": True}):
        for choice in part.choices:
            texts[choice.index] += choice.text
        usage = part.usage or usage
    assert texts == [choice.text for choice in whole.choices]
    assert usage.completion_tokens == whole.usage.completion_tokens <= 60
    for choice in whole.choices:
        assert "".join(choice.logprobs.tokens) == choice.text
        assert all(2 <= len(top) <= 3 for top in choice.logprobs.top_logprobs)
        assert choice.finish_reason in ("stop", "length")
    stopped = client.completions.create(
        model="tiny", prompt="The mill", temperature=0, max_tokens=60, stop=[".", "bridge"])
    assert stopped.choices[0].finish_reason == "stop"
    assert "." not in stopped.choices[0].text and "bridge" not in stopped.choices[0].text


def test_the_package_of_openai_converses(client):
    wish = dict(
        model="chat", messages=[{"role": "user", "content": "What does the mill do on day 2?"}],
        temperature=0, max_tokens=20, logprobs=True, top_logprobs=3)
    whole = client.chat.completions.create(**wish)
    message = whole.choices[0].message
    assert message.role == "assistant" and message.content
    content = whole.choices[0].logprobs.content
    assert "".join(token.token for token in content) == message.content
    assert b"".join(bytes(token.bytes) for token in content).decode() == message.content
    for token in content:
        # The likeliest was taken, by the same number.
        assert token.logprob == token.top_logprobs[0].logprob
        assert len(token.top_logprobs) == 3
    parts = list(client.chat.completions.create(**wish, stream=True))
    assert parts[0].choices[0].delta.role == "assistant"
    assert "".join(part.choices[0].delta.content or "" for part in parts) == message.content
    assert [part.choices[0].finish_reason for part in parts[:-1]] == [None] * (len(parts) - 1)
    assert parts[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    tokens = [token.token for part in parts if part.choices[0].logprobs
              for token in part.choices[0].logprobs.content]
    assert "".join(tokens) == message.content
    several = client.chat.completions.create(
        **{**wish, "temperature": 1, "n": 3}, seed=1, stop="\n")
    assert [choice.index for choice in several.choices] == [0, 1, 2]


def test_the_package_of_openai_knows_the_errors(client):
    with pytest.raises(openai.NotFoundError, match="there are tiny, chat"):
        client.completions.create(model="gpt-4", prompt="a")
    with pytest.raises(openai.BadRequestError) as refused:
        client.completions.create(model="tiny", prompt="a", temperature=-1)
    assert refused.value.param == "temperature"
    assert refused.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError, match="was not tuned"):
        client.chat.completions.create(
            model="tiny", messages=[{"role": "user", "content": "a"}])
    with pytest.raises(openai.BadRequestError, match=f"room for {CONTEXT}"):
        client.completions.create(model="tiny", prompt="a", max_tokens=CONTEXT)
    with pytest.raises(openai.BadRequestError, match="tools"):
        client.chat.completions.create(
            model="chat", messages=[{"role": "user", "content": "a"}],
            tools=[{"type": "function", "function": {"name": "f"}}])


# Three tasks: a choice of one token or two, one of whole sentences with examples before it, and the
# last word of a text.
TASKS = {
    "verbs": """
        output_type: multiple_choice
        doc_to_text: "{{text}}"
        doc_to_target: "{{label}}"
        doc_to_choice: "{{choices}}"
        metric_list: [{metric: acc}, {metric: acc_norm}]
    """,
    "sentences": """
        output_type: multiple_choice
        num_fewshot: 2
        fewshot_split: test
        fewshot_config: {sampler: first_n}
        doc_to_text: "Which is true?"
        target_delimiter: " "
        doc_to_target: "{{label}}"
        doc_to_choice: "{{sentences}}"
        metric_list: [{metric: acc}, {metric: acc_norm}]
    """,
    "last": """
        output_type: loglikelihood
        doc_to_text: "{{text}}"
        doc_to_target: "{{target}}"
        metric_list:
          - {metric: perplexity, aggregation: perplexity, higher_is_better: false}
          - {metric: acc, aggregation: mean, higher_is_better: true}
    """,
}


def write_tasks(folder):
    """The files of the tasks, and where their texts are."""
    draw = random.Random(1)
    rows = []
    for number in range(24):
        subject = draw.randrange(len(SUBJECTS))
        verbs = draw.sample(VERBS, 4)
        rows.append({
            "text": f"The {SUBJECTS[subject]}", "choices": verbs, "label": number % 4,
            "sentences": [f"{word.capitalize()} the grain." for word in verbs],
            "target": f" {VERBS[subject]}",
        })
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, text in TASKS.items():
        lines = [line.removeprefix("        ") for line in text.strip("\n").splitlines()]
        (folder / f"{name}.yaml").write_text("\n".join([
            f"task: {name}", "dataset_path: json", "test_split: test",
            f"dataset_kwargs: {{data_files: {{test: {folder / 'rows.jsonl'}}}}}",
            *lines, "metadata: {version: 1}", ""]))


def test_the_harness_finds_what_transformers_find(server, folder, tmp_path, monkeypatch):
    """The harness asks a server's tokenizer for texts without the token that begins one."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    write_tasks(tmp_path)

    def evaluate(kind, **arguments):
        return lm_eval.simple_evaluate(
            model=kind, model_args=arguments, tasks=list(TASKS), log_samples=True,
            task_manager=lm_eval.tasks.TaskManager(
                include_path=str(tmp_path), include_defaults=False),
            bootstrap_iters=0, device="cpu", batch_size=1)

    ours = evaluate(
        "local-completions", base_url=server.address + "/v1/completions", model="tiny",
        tokenizer_backend="remote", max_length=CONTEXT)
    theirs = evaluate(
        "hf", pretrained=str(folder / "runs/tiny/checkpoints/best"), dtype="float32",
        max_length=CONTEXT, add_bos_token=False)
    counts = 0
    for task in TASKS:
        mine, peers = ours["results"][task], theirs["results"][task]
        for metric, value in peers.items():
            if "stderr" in metric:
                continue
            if metric.startswith("acc"):
                assert mine[metric] == value, (task, metric)
                counts += 1
            if metric.startswith("perplexity"):
                assert math.isclose(mine[metric], value, rel_tol=1e-4)
        for mine, peer in zip(ours["samples"][task], theirs["samples"][task]):
            for (mine_log, mine_greedy), (peer_log, peer_greedy) in zip(
                    (answer[0] if isinstance(answer[0], (list, tuple)) else answer
                     for answer in mine["resps"]),
                    (answer[0] if isinstance(answer[0], (list, tuple)) else answer
                     for answer in peer["resps"])):
                assert float(mine_log) == pytest.approx(float(peer_log), abs=1e-4)
                assert str(mine_greedy) == str(peer_greedy)
    assert counts >= 5


def test_what_is_described_is_so(server, tmp_path):
    checks = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
              "response_schema_conformance", "negative_data_rejection"]
    result = subprocess.run(
        [pathlib.Path(sys.executable).parent / "schemathesis", "run",
         server.address + "/openapi.json", "--checks", ",".join(checks), "--max-examples", "12",
         "--phases", "coverage,fuzzing", "--seed", "1", "--request-timeout", "30", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


def mixed(number):
    """A request, one of many kinds."""
    draw = random.Random(number)
    if number % 4 == 3:
        body = {"model": "chat", "messages": [
            {"role": "user", "content": f"What does the {draw.choice(SUBJECTS)} do?"}]}
        path = "/v1/chat/completions"
    else:
        body = {"model": "tiny", "prompt": sentence(number)[:draw.randrange(4, 50)]}
        path = "/v1/completions"
        if number % 4 == 1:
            body |= {"echo": True, "logprobs": draw.randrange(6)}
        if number % 4 == 2:
            body |= {"prompt": [body["prompt"], [1, 2, 3]], "n": 2}
    body |= {"max_tokens": draw.randrange(1, 40), "seed": number,
             "temperature": draw.choice([0, 0.7, 1]), "top_k": draw.choice([0, 5]),
             "presence_penalty": draw.choice([0, 1]), "stop": draw.choice([None, ".", ["the"]])}
    return path, body


def test_crowded_requests_have_the_bytes_that_each_has_alone(server):
    def answer(number):
        status, value = ask(server.address, *mixed(number))
        assert status == 200, value
        return json.dumps(value["choices"])

    alone = [answer(number) for number in range(32)]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        crowded = list(pool.map(answer, range(32)))
    assert crowded == alone
    assert len(set(alone)) > 20


def resident(process):
    """Bytes of memory that a process has."""
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the process is gone")


def test_thousands_of_requests_take_no_more_memory_than_hundreds(folder):
    options = ["--model", "tiny", "--cache-memory", "1MB"]
    with Server(options, folder) as server:
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(server.address).netloc, timeout=60)

        def send(count):
            for number in range(count):
                body = {"prompt": sentence(number)[:20 + number % 20], "max_tokens": 1,
                        "stream": number % 3 == 0, "logprobs": 3}
                if number % 5 == 4:
                    body = {"prompt": 7}
                connection.request("POST", "/v1/completions", json.dumps(body))
                answer = connection.getresponse()
                answer.read()
                assert answer.status == (400 if number % 5 == 4 else 200)

        send(800)
        before = resident(server.process)
        send(9_200)
        after = resident(server.process)
        assert after < before * 1.1, (before, after)


def test_sixty_four_clients_are_answered_or_told_to_come_again(folder):
    body = json.dumps({"prompt": "The mill", "max_tokens": 12, "seed": 1})

    def ask_often(_):
        connection = http.client.HTTPConnection(netloc, timeout=60)
        answers = []
        for _ in range(40):
            connection.request("POST", "/v1/completions", body)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 503:
                assert answer.getheader("Retry-After") == "1"
                answers.append(None)
            else:
                assert answer.status == 200, text
                answers.append(json.loads(text)["choices"][0]["text"])
        connection.close()
        return answers

    with Server(["--model", "tiny", "--parallel", "4", "--queue", "24"], folder) as server:
        netloc = urllib.parse.urlsplit(server.address).netloc
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            answers = [answer for some in pool.map(ask_often, range(64)) for answer in some]
        assert len(answers) == 64 * 40
        assert len(set(answers) - {None}) == 1
        # Whatever is refused, the places are always taken.
        assert len(answers) - answers.count(None) >= 24
        assert ask(server.address, "/v1/completions", json.loads(body))[0] == 200


def test_bytes_that_nobody_should_send_harm_nobody(server):
    host, port = urllib.parse.urlsplit(server.address).netloc.split(":")
    body = json.dumps({"prompt": "The mill", "max_tokens": 3}).encode()
    good = (b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
            b"\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    draw = random.Random(5)
    for _ in range(400):
        text = bytearray(good)
        for _ in range(draw.randrange(1, 6)):
            place = draw.randrange(len(text))
            match draw.randrange(4):
                case 0: text[place] = draw.randrange(256)
                case 1: del text[place:place + draw.randrange(1, 9)]
                case 2: text[place:place] = draw.choice(
                    [b"\r\n", b"\n", b"\0", b"\r", b"[" * 70, b"\xff", b": ", b"9" * 30])
                case 3: text[place:place] = text[:draw.randrange(len(text))]
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            try:
                connection.sendall(text)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass
            except ConnectionError:
                pass
    assert ask(server.address, "/health") == (200, {"status": "ok"})
    assert server.process.poll() is None


def test_the_command_says_where_it_is_and_ends_when_it_is_told(folder):
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", "--log-format", "json", "--grace", "20"], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"})
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    netloc = urllib.parse.urlsplit(address).netloc
    connection = http.client.HTTPConnection(netloc, timeout=60)
    connection.request("POST", "/v1/completions", json.dumps(
        {"prompt": "secret", "max_tokens": 80, "ignore_eos": True, "stream": True}))
    answer = connection.getresponse()
    assert answer.readline().startswith(b"data: {")
    process.send_signal(signal.SIGTERM)
    # What runs is finished.
    assert answer.read().endswith(b"data: [DONE]\n\n")
    assert process.wait(timeout=30) == 0
    events = [json.loads(line) for line in process.stderr.read().splitlines()]
    assert any(event["event"] == "serving" and event["url"] == address for event in events)
    assert [event["status"] for event in events if event["event"] == "answer"] == [200]
    assert "secret" not in json.dumps(events)


def test_a_port_that_is_taken_and_a_key_file_without_keys_are_errors(server, folder):
    port = urllib.parse.urlsplit(server.address).port
    (folder / "keys.txt").write_text("# none\n\n")
    for options, words in [(["--port", str(port)], f"port {port}"),
                           (["--api-key-file", "keys.txt"], "keys.txt has no key"),
                           (["--model", "tiny", "--model", "runs/tiny"], "two models"),
                           (["--model", "tniy"], "tiny")]:
        result = subprocess.run(
            [PROGRAM, "serve", *options], cwd=folder, capture_output=True, text=True, timeout=60,
            check=False)
        assert result.returncode != 0 and words in result.stderr, result.stderr


def test_keys_are_asked_for(folder):
    (folder / "some.txt").write_text("# of the mill\nalpha\n\n beta \n")
    with Server(["--model", "tiny", "--api-key-file", "some.txt"], folder) as server:
        for key, works in [("alpha", True), ("beta", True), ("alph", False), ("none", False)]:
            client = openai.OpenAI(
                base_url=server.address + "/v1", api_key=key, max_retries=0)
            if works:
                assert client.models.list().data
            else:
                with pytest.raises(openai.AuthenticationError):
                    client.models.list()


def test_a_client_that_hangs_up_frees_its_place(folder):
    options = ["--model", "tiny", "--parallel", "1", "--queue", "0"]
    with Server(options, folder) as server:
        netloc = urllib.parse.urlsplit(server.address).netloc
        for _ in range(20):
            connection = http.client.HTTPConnection(netloc, timeout=60)
            connection.request("POST", "/v1/completions", json.dumps(
                {"prompt": "The", "max_tokens": 90, "ignore_eos": True, "stream": True}))
            response = connection.getresponse()
            if response.status == 200:
                response.readline()
            response.close()
            connection.close()
        for _ in range(200):
            status, _ = ask(server.address, "/v1/completions", {"prompt": "a", "max_tokens": 1})
            if status == 200:
                return
            time.sleep(0.02)
        pytest.fail("the place is never free")
