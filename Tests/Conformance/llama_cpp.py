"""llama.cpp, by the wheel of xllamacpp: a server on this machine, asked over its own interface."""

import json
import urllib.request

import numpy as np
import xllamacpp


class LlamaCpp:
    """A GGUF file that llama.cpp has loaded."""

    def __init__(self, path, threads=2):
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        # Keys and values as float32, and attention as written down: as close to ours as it can be.
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_parallel = 1
        params.n_ctx = 0
        params.warmup = False
        params.verbosity = -1
        self.server = xllamacpp.Server(params)

    def ask(self, route, **question):
        """The answer of one of the server's routes."""
        request = urllib.request.Request(
            self.server.listening_address + route, json.dumps(question).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def tokenize(self, text, specials=False):
        """The ids of a text, without a token before it."""
        return self.ask(
            "/tokenize", content=text, add_special=False, parse_special=specials)["tokens"]

    def greedy(self, prompt, count):
        """The ids that continue a prompt, which is a text or ids, and their text."""
        answer = self.ask(
            "/completion", prompt=prompt, n_predict=count, temperature=0, top_k=1,
            return_tokens=True, ignore_eos=True, cache_prompt=False)
        return answer["tokens"], answer["content"]

    def log_probabilities(self, ids, vocabulary):
        """The log-probability of each token after ids but that of the end, which is -inf; -inf for
        all where the likeliest ends within a character."""
        answer = self.ask(
            "/completion", prompt=ids, n_predict=1, temperature=0, top_k=1, ignore_eos=True,
            cache_prompt=True, n_probs=vocabulary)
        row = np.full(vocabulary, -np.inf)
        for place in answer.get("completion_probabilities", []):
            for token in place["top_logprobs"]:
                row[token["id"]] = token["logprob"]
        return row

    def template(self, messages):
        """The prompt that messages become."""
        return self.ask("/apply-template", messages=messages)["prompt"]
