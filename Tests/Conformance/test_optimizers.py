"""The optimizers against PyTorch's AdamW and Muon's published formula, on gradients made here.

QUERN_PROBE names the ConformanceProbe binary; `.build/release/ConformanceProbe` is the default.
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = os.environ.get("QUERN_PROBE", str(ROOT / ".build/release/ConformanceProbe"))
FACTORS = [0.5, 1.0, 1.0, 0.7, 0.2]
NUMBERS = {
    "learning_rate": 3e-3, "muon_learning_rate": 0.02, "muon_momentum": 0.95,
    "betas": [0.9, 0.95], "epsilon": 1e-8, "weight_decay": 0.1, "clip": 1.0, "factors": FACTORS,
}


def gpt2():
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=97, n_positions=24, n_embd=48, n_layer=2, n_head=3)
    )


def llama():
    """Matrices stored (out, in), fewer keys than queries, a head of its own."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=97, max_position_embeddings=24, hidden_size=48, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, intermediate_size=80,
            tie_word_embeddings=False,
        )
    )


@pytest.fixture(scope="module", params=[gpt2, llama])
def folder(request, tmp_path_factory):
    """A model, and the gradients of five steps of very different lengths."""
    path = tmp_path_factory.mktemp("optimizers")
    torch.manual_seed(3)
    request.param().save_pretrained(path / "model")
    generator = np.random.default_rng(4)
    for step, scale in enumerate([1e-3, 1.0, 30.0, 1e-2, 1e-4]):
        # Of low rank and a little noise, as gradients are, so that singular values differ widely.
        gradients = {}
        for name, value in parameters(path / "model").items():
            noise = generator.standard_normal(value.shape) * 1e-2
            if value.ndim == 2:
                left = generator.standard_normal((value.shape[0], 3))
                noise += left @ generator.standard_normal((3, value.shape[1]))
            gradients[name] = (noise * scale / 300).astype(np.float32)
        save_file(gradients, path / f"{step}.safetensors")
    return path


def parameters(directory):
    tensors = {
        name.removeprefix("transformer.").removeprefix("model."): value
        for name, value in load_file(directory / "model.safetensors").items()
    }
    if "wte.weight" in tensors:
        tensors.pop("lm_head.weight", None)  # the embedding again
    return tensors


def is_block_matrix(name, value):
    return name.startswith(("h.", "layers.")) and value.ndim == 2


def gradients(folder):
    return [load_file(folder / f"{step}.safetensors") for step in range(len(FACTORS))]


def stepped(folder, out, **changes):
    """The parameters after the steps, as Quern makes them."""
    request = NUMBERS | changes | {
        "gradients": [str(folder / f"{step}.safetensors") for step in range(len(FACTORS))]
    }
    (out / "request.json").write_text(json.dumps(request))
    result = subprocess.run(
        [PROBE, "optimize", folder / "model", out / "request.json", out],
        capture_output=True, text=True, timeout=300, check=False,
    )
    assert result.returncode == 0, result.stderr
    norms = [
        np.sqrt(sum((value.astype(np.float64) ** 2).sum() for value in step.values()))
        for step in gradients(folder)
    ]
    assert json.loads(result.stdout) == pytest.approx(norms, rel=1e-6)
    return parameters(out), norms


def adamw(start, steps, norms, clip):
    """PyTorch's AdamW over all of `start`, matrices decaying."""
    tensors = {name: torch.nn.Parameter(torch.tensor(value)) for name, value in start.items()}
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in tensors.values() if p.dim() >= 2], "weight_decay": 0.1},
            {"params": [p for p in tensors.values() if p.dim() < 2], "weight_decay": 0.0},
        ],
        lr=1.0, betas=tuple(NUMBERS["betas"]), eps=NUMBERS["epsilon"],
    )
    for step, norm, factor in zip(steps, norms, FACTORS):
        scale = min(1, clip / norm) if clip else 1
        for name, parameter in tensors.items():
            parameter.grad = torch.tensor(step[name]) * scale
        for group in optimizer.param_groups:
            group["lr"] = NUMBERS["learning_rate"] * factor
        optimizer.step()
    return {name: parameter.detach().numpy() for name, parameter in tensors.items()}


def orthogonalized(matrix):
    """`zeropower_via_newtonschulz5` as published, in double instead of bfloat16."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def muon(start, steps, norms, clip):
    """`SingleDeviceMuon` as published over matrices (out, in), in double."""
    weight = start.astype(np.float64)
    momentum = np.zeros_like(weight)
    beta = NUMBERS["muon_momentum"]
    for step, norm, factor in zip(steps, norms, FACTORS):
        rate = NUMBERS["muon_learning_rate"] * factor
        gradient = step.astype(np.float64) * min(1, clip / norm)
        momentum += (1 - beta) * (gradient - momentum)
        update = orthogonalized(gradient + beta * (momentum - gradient))
        update *= max(1, weight.shape[0] / weight.shape[1]) ** 0.5
        weight = weight * (1 - rate * NUMBERS["weight_decay"]) - rate * update
    return weight


@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_adamw_is_pytorchs(folder, tmp_path, clip):
    found, norms = stepped(folder, tmp_path, optimizer="adamw", clip=clip)
    expected = adamw(parameters(folder / "model"), gradients(folder), norms, clip)
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert np.abs(found[name] - value).max() <= 2e-6, name


def test_muon_is_the_published_formula(folder, tmp_path):
    found, norms = stepped(folder, tmp_path, optimizer="muon")
    start, steps = parameters(folder / "model"), gradients(folder)
    rest = adamw(start, steps, norms, NUMBERS["clip"])
    checked = 0
    for name, value in found.items():
        if not is_block_matrix(name, value):
            assert np.abs(value - rest[name]).max() <= 2e-6, name
            continue
        tensors = [value, start[name], *(step[name] for step in steps)]
        if name.startswith("h."):  # Conv1D has (in, out), Linear (out, in).
            tensors = [tensor.T for tensor in tensors]
        # GPT-2's queries, keys and values are three maps in one tensor.
        parts = 3 if name.endswith("c_attn.weight") else 1
        cut = [np.split(tensor, parts, axis=0) for tensor in tensors]
        for part in range(parts):
            new, old, *slopes = [pieces[part] for pieces in cut]
            expected = muon(old, slopes, norms, NUMBERS["clip"])
            assert np.abs(new - expected).max() <= 2e-5, name
            # A step was made that is much longer than the tolerance.
            assert np.abs(new - old).max() > 5e-3
            checked += 1
    assert checked == 2 * (6 if "wte.weight" in start else 7)
