"""Greedy text from the same model by the peers, and how fast.

Takes one argument, a JSON object: `peer`, one of "torch", "transformers", "llama.cpp", "llama.cpp
native" and "make", `model` (a Hugging Face directory), `prompt` (ids), `count` (tokens to draw),
`threads`, `seconds` (the text is drawn anew until they have passed), for llama.cpp `gguf` and
`context` (positions of its cache), and for the native one `server`, its program. "make" writes a
random GPT-2 of the `shape` to `model`, and GGUF files of it beside. Prints one JSON object: the
ids, and tokens a second of the prompt and of the text after its first token, which the prompt
gives: medians over the texts.
"""

import json
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


def rates(prompt, ids, start, first, end):
    return {
        "ids": ids,
        "prompt_tokens_per_second": len(prompt) / (first - start),
        "tokens_per_second": (len(ids) - 1) / (end - first),
    }


def repeated(draw, seconds):
    """The medians of as many answers as begin within the seconds, at least one."""
    answers = []
    start = time.perf_counter()
    while not answers or time.perf_counter() - start < seconds:
        answers.append(draw())
    return answers[0] | {
        key: statistics.median(answer[key] for answer in answers)
        for key in ["prompt_tokens_per_second", "tokens_per_second"]
    }


def load(request):
    import torch
    from transformers import GPT2LMHeadModel

    torch.set_num_threads(request["threads"])
    torch.set_grad_enabled(False)
    return torch, GPT2LMHeadModel.from_pretrained(request["model"]).eval()


def by_transformers(request):
    """`generate` as it comes, with its cache."""
    torch, model = load(request)
    prompt = torch.tensor([request["prompt"]])
    settings = {"do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    mask = torch.ones_like(prompt)

    def draw(count):
        return model.generate(
            prompt, attention_mask=mask, max_new_tokens=count, min_new_tokens=count, **settings
        )[0, len(request["prompt"]):].tolist()

    def measured():
        start = time.perf_counter()
        draw(1)
        first = time.perf_counter()
        ids = draw(request["count"])
        end = time.perf_counter()
        # The second call reads the prompt again.
        return rates(request["prompt"], ids, start, first, end - (first - start))

    draw(3)
    return repeated(measured, request["seconds"])


def by_torch(request):
    """A loop by hand: weights as they are, a cache that is allocated once, nothing else."""
    torch, model = load(request)
    functional = torch.nn.functional
    config, body = model.config, model.transformer
    layers, heads, width = config.n_layer, config.n_head, config.n_embd
    size = width // heads
    head = model.lm_head.weight
    blocks = [
        (
            (b.ln_1.weight, b.ln_1.bias), (b.attn.c_attn.weight, b.attn.c_attn.bias),
            (b.attn.c_proj.weight, b.attn.c_proj.bias), (b.ln_2.weight, b.ln_2.bias),
            (b.mlp.c_fc.weight, b.mlp.c_fc.bias), (b.mlp.c_proj.weight, b.mlp.c_proj.bias),
        )
        for b in body.h
    ]
    total = len(request["prompt"]) + request["count"]
    keys, values = torch.zeros(2, layers, heads, total, size)

    def norm(x, parameters):
        return functional.layer_norm(x, (width,), *parameters, config.layer_norm_epsilon)

    def read(ids, past):
        count = len(ids)
        end = past + count
        x = body.wte.weight[ids] + body.wpe.weight[past:end]
        for number, (norm1, qkv, out, norm2, up, down) in enumerate(blocks):
            q, k, v = torch.addmm(qkv[1], norm(x, norm1), qkv[0]).view(
                count, 3, heads, size).permute(1, 2, 0, 3)
            keys[number, :, past:end] = k
            values[number, :, past:end] = v
            mixed = functional.scaled_dot_product_attention(
                q[None], keys[None, number, :, :end], values[None, number, :, :end],
                is_causal=count > 1)
            x = x + torch.addmm(out[1], mixed[0].transpose(0, 1).reshape(count, width), out[0])
            hidden = functional.gelu(
                torch.addmm(up[1], norm(x, norm2), up[0]), approximate="tanh")
            x = x + torch.addmm(down[1], hidden, down[0])
        last = norm(x[-1:], (body.ln_f.weight, body.ln_f.bias))
        return int((last @ head.T).argmax())

    def draw(count):
        ids = [read(request["prompt"], 0)]
        first = time.perf_counter()
        for place in range(count - 1):
            ids.append(read([ids[-1]], len(request["prompt"]) + place))
        return ids, first

    def measured():
        start = time.perf_counter()
        ids, first = draw(request["count"])
        return rates(request["prompt"], ids, start, first, time.perf_counter())

    draw(3)
    return repeated(measured, request["seconds"])


def by_llama_cpp(request):
    """llama.cpp's own server, asked over its interface; the times are those that it tells."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = request["gguf"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = request["threads"]
    params.n_parallel = 1
    params.n_ctx = request["context"]
    params.n_batch = params.n_ubatch = 512
    params.verbosity = -1
    server = xllamacpp.Server(params)
    return by_server(server.listening_address, request)


def by_native_llama_cpp(request):
    """The same server as a program of its own, built for this processor."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    threads = str(request["threads"])
    server = subprocess.Popen(
        [
            request["server"], "--model", request["gguf"], "--threads", threads,
            "--threads-batch", threads, "--parallel", "1", "--ctx-size",
            str(request["context"]), "--batch-size", "512", "--ubatch-size", "512",
            "--log-disable", "--host", "127.0.0.1", "--port", str(port),
        ], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(address + "/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        return by_server(address, request)
    finally:
        server.terminate()
        server.wait()


def by_server(address, request):
    """What llama.cpp's server at an address draws, and the times that it tells."""

    def draw(count):
        body = {
            "prompt": request["prompt"], "n_predict": count, "temperature": 0, "top_k": 1,
            "return_tokens": True, "ignore_eos": True, "cache_prompt": False,
        }
        question = urllib.request.Request(
            address + "/completion", json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(question, timeout=170) as answer:
            return json.load(answer)

    def measured():
        answer = draw(request["count"])
        times = answer["timings"]
        return {
            "ids": answer["tokens"],
            "prompt_tokens_per_second": times["prompt_per_second"],
            # The first token comes with the prompt, as everywhere here.
            "tokens_per_second": (times["predicted_n"] - 1) / times["predicted_ms"] * 1000,
        }

    draw(3)
    return repeated(measured, request["seconds"])


def make(request):
    """A random GPT-2, and the same as GGUF in float32 and in eight bits."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(1)
    shape, folder = request["shape"], Path(request["model"])
    model = GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=0, eos_token_id=0))
    # Larger weights than at the start of training, so that texts are not one token for ever.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= 3
    model.save_pretrained(folder)
    for name in ["f32", "f16", "q8_0", "q4_0"]:
        write_gguf(model, shape, folder / f"{name}.gguf", name)
    return {}


def write_gguf(model, shape, path, name):
    import gguf

    kind = gguf.GGMLQuantizationType[name.upper()]
    writer = gguf.GGUFWriter(str(path), "gpt2")
    writer.add_block_count(shape["n_layer"])
    writer.add_context_length(shape["n_positions"])
    writer.add_embedding_length(shape["n_embd"])
    writer.add_feed_forward_length(4 * shape["n_embd"])
    writer.add_head_count(shape["n_head"])
    writer.add_layer_norm_eps(1e-5)
    # A vocabulary of names, for no text is read.
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([f"t{number}" for number in range(shape["vocab_size"])])
    writer.add_token_types([gguf.TokenType.NORMAL] * shape["vocab_size"])
    writer.add_token_merges(["t 0"])
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)

    def add(target, tensor, transposed=False):
        data = (tensor.T if transposed else tensor).detach().contiguous().numpy()
        if data.ndim > 1 and kind != gguf.GGMLQuantizationType.F32:
            writer.add_tensor(target, gguf.quants.quantize(data, kind), raw_dtype=kind)
        else:
            writer.add_tensor(target, data)

    body = model.transformer
    add("token_embd.weight", body.wte.weight)
    # llama.cpp adds the positions in float32.
    writer.add_tensor("position_embd.weight", body.wpe.weight.detach().numpy())
    for number, block in enumerate(body.h):
        parts = [
            ("attn_norm", block.ln_1, False), ("attn_qkv", block.attn.c_attn, True),
            ("attn_output", block.attn.c_proj, True), ("ffn_norm", block.ln_2, False),
            ("ffn_up", block.mlp.c_fc, True), ("ffn_down", block.mlp.c_proj, True),
        ]
        for target, module, transposed in parts:
            add(f"blk.{number}.{target}.weight", module.weight, transposed)
            add(f"blk.{number}.{target}.bias", module.bias)
    add("output_norm.weight", body.ln_f.weight)
    add("output_norm.bias", body.ln_f.bias)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


PEERS = {
    "torch": by_torch, "transformers": by_transformers, "llama.cpp": by_llama_cpp,
    "llama.cpp native": by_native_llama_cpp, "make": make,
}

if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    print(json.dumps(PEERS[request["peer"]](request)))
