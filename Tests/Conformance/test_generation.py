"""Generation against transformers: the processors of logits, attention, greedy text.

QUERN_PROBE names the ConformanceProbe binary; `.build/release/ConformanceProbe` is the default.
"""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import (
    Gemma3ForCausalLM, Gemma3TextConfig, GPT2Config, GPT2LMHeadModel, LlamaConfig,
    LlamaForCausalLM, LogitsProcessorList, MinPLogitsWarper, Qwen3Config, Qwen3ForCausalLM,
    RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
)

from model_probe import probe, write_json

VOCABULARY, CONTEXT = 211, 48


def processors(generation):
    """Processors that `generate` builds of the same settings, in its order."""
    chain = LogitsProcessorList()
    if generation["repetition_penalty"] != 1:
        chain.append(RepetitionPenaltyLogitsProcessor(generation["repetition_penalty"]))
    chain.append(TemperatureLogitsWarper(generation["temperature"]))
    if generation["top_k"]:
        chain.append(TopKLogitsWarper(generation["top_k"]))
    if generation["top_p"] < 1:
        chain.append(TopPLogitsWarper(generation["top_p"]))
    if generation["min_p"]:
        chain.append(MinPLogitsWarper(generation["min_p"]))
    return chain


def test_processors(tmp_path):
    random = np.random.default_rng(7)
    cases = []
    for number in range(300):
        size = int(random.choice([5, 50, 1000, 20000]))
        cases.append({
            "generation": {
                "temperature": float(random.choice([0.3, 0.8, 1.0, 1.7])),
                "top_k": int(random.choice([0, 1, 5, 40])),
                "top_p": float(random.choice([1.0, 0.2, 0.71, 0.953])),
                "min_p": float(random.choice([0.0, 0.0, 0.051, 0.3])),
                "repetition_penalty": float(random.choice([1.0, 1.3, 0.8])),
            },
            "logits": (random.standard_normal(size) * 3).astype(np.float32).tolist(),
            "seen": random.integers(0, size, 6).tolist(),
        })
    found = json.loads(probe("probabilities", write_json(tmp_path / "cases.json", cases)))
    for case, probabilities in zip(cases, found, strict=True):
        scores = processors(case["generation"])(
            torch.tensor([case["seen"]]), torch.tensor([case["logits"]])
        )
        expected = scores.softmax(-1)[0].numpy()
        assert np.abs(np.array(probabilities) - expected).max() < 1e-5, case["generation"]
        kept = np.array(probabilities) > 0
        assert (kept == (expected > 0)).all(), case["generation"]


SHAPE = dict(
    vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, hidden_size=48, intermediate_size=80,
    num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=12,
    bos_token_id=0, eos_token_id=0, tie_word_embeddings=False,
)
MODELS = {
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(
        vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=48, n_layer=2, n_head=3,
        bos_token_id=0, eos_token_id=0)),
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE)),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SHAPE)),
    "gemma3": lambda: Gemma3ForCausalLM(Gemma3TextConfig(
        **SHAPE, sliding_window=7, sliding_window_pattern=2, query_pre_attn_scalar=10)),
}


@pytest.fixture(scope="module", params=MODELS)
def directory(tmp_path_factory, request):
    torch.manual_seed(21)
    model = MODELS[request.param]()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= 4
    path = tmp_path_factory.mktemp(request.param)
    model.save_pretrained(path)
    return path


def load(directory, **options):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(directory, **options).eval()


@pytest.mark.parametrize("length", [1, 9, CONTEXT])
def test_attention(directory, tmp_path, length):
    ids = np.random.default_rng(length).integers(0, VOCABULARY, length).tolist()
    out = tmp_path / "attention.safetensors"
    probe("attention", directory, write_json(tmp_path / "ids.json", ids), out)
    found = load_file(out)["attention"]
    model = load(directory, attn_implementation="eager")
    with torch.no_grad():
        expected = model(torch.tensor([ids]), output_attentions=True).attentions
    expected = torch.stack(expected)[:, 0].numpy()
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-5


def test_greedy_by_sliding_window(directory, tmp_path):
    """Past the context the window slides: the model sees the latest tokens, from position 0 on."""
    ids = np.random.default_rng(3).integers(0, VOCABULARY, 30).tolist()
    prompt = write_json(tmp_path / "ids.json", ids)
    found = json.loads(probe("generate-greedy", directory, prompt, 60))
    model = load(directory)
    text, start = list(ids), 0
    for _ in range(60):
        if len(text) - start > CONTEXT:
            start = len(text) - CONTEXT * 3 // 4
        with torch.no_grad():
            logits = model(torch.tensor([text[start:]])).logits[0, -1]
        text.append(int(logits.argmax()))
    assert found == text[len(ids):]
    threaded = json.loads(
        probe("generation-speed", directory, prompt, 60, 3, "float32", 0, "float32"))
    assert threaded["ids"] == found
