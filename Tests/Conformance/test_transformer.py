"""The model against Hugging Face's GPT2LMHeadModel and PyTorch's optimizer.

QUERN_PROBE names the ConformanceProbe binary; `.build/release/ConformanceProbe` is the default.
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import GPT2Config, GPT2LMHeadModel

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = os.environ.get("QUERN_PROBE", str(ROOT / ".build/release/ConformanceProbe"))
VOCABULARY, CONTEXT, BATCH = 211, 48, 4


def probe(*arguments):
    result = subprocess.run(
        [PROBE, *map(str, arguments)], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def write_json(path, value):
    path.write_text(json.dumps(value))
    return path


def load(directory):
    return GPT2LMHeadModel.from_pretrained(directory).eval()


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A random model of two layers, with biases and norms that are not at their start."""
    torch.manual_seed(20)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=48, n_layer=2, n_head=3,
            attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=0, eos_token_id=0,
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter += 0.1 * torch.randn_like(parameter)
            else:
                parameter *= 4
    path = tmp_path_factory.mktemp("model")
    model.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def model(directory):
    return load(directory)


def batch(seed, masked=True):
    generator = np.random.default_rng(seed)
    inputs = generator.integers(0, VOCABULARY, (BATCH, CONTEXT))
    targets = generator.integers(0, VOCABULARY, (BATCH, CONTEXT))
    if masked:
        targets[generator.random((BATCH, CONTEXT)) < 0.2] = -1
    return {"inputs": inputs.tolist(), "targets": targets.tolist()}


def loss_of(model, batch):
    logits = model(torch.tensor(batch["inputs"])).logits
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.tensor(batch["targets"]).flatten(), ignore_index=-1
    )


@pytest.mark.parametrize("length", [1, 7, CONTEXT])
def test_logits(directory, model, tmp_path, length):
    ids = np.random.default_rng(length).integers(0, VOCABULARY, length).tolist()
    out = tmp_path / "logits.safetensors"
    probe("logits", directory, write_json(tmp_path / "ids.json", ids), out)
    with torch.no_grad():
        expected = model(torch.tensor([ids])).logits[0].numpy()
    assert np.abs(load_file(out)["logits"] - expected).max() <= 1e-4


def test_loss_and_gradients(directory, tmp_path):
    data = batch(1)
    out = tmp_path / "gradients.safetensors"
    printed = json.loads(
        probe("gradients", directory, write_json(tmp_path / "batch.json", data), out)
    )
    model = load(directory)
    loss = loss_of(model, data)
    loss.backward()
    assert abs(printed["loss"][0] - loss.item()) <= 1e-5 * abs(loss.item())
    found = load_file(out)
    expected = {name: p.grad.numpy() for name, p in model.named_parameters()}
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        error = np.abs(found[name] - gradient).max()
        assert error <= 1e-3 * np.abs(gradient).max(), name


def test_token_losses_mask(directory, model, tmp_path):
    data = batch(2)
    out = tmp_path / "gradients.safetensors"
    printed = json.loads(
        probe("gradients", directory, write_json(tmp_path / "batch.json", data), out)
    )
    losses = np.array(printed["token_losses"]).reshape(BATCH, CONTEXT)
    with torch.no_grad():
        logits = model(torch.tensor(data["inputs"])).logits
        expected = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), torch.tensor(data["targets"]).flatten(), ignore_index=-1,
            reduction="none",
        ).reshape(BATCH, CONTEXT).numpy()
    assert np.abs(losses - expected).max() <= 1e-4
    assert (losses[np.array(data["targets"]) == -1] == 0).all()


def test_ten_steps_of_adamw(directory, tmp_path):
    training = {
        "batches": [batch(100 + i) for i in range(10)], "learning_rate": 1e-3,
        "betas": [0.9, 0.95], "epsilon": 1e-8, "weight_decay": 0.1, "clip": 1.0,
    }
    # One batch repeated, so that the losses fall and a wrong step shows.
    training["batches"][5:] = [training["batches"][0]] * 5
    losses = json.loads(
        probe("train-steps", directory, write_json(tmp_path / "steps.json", training))
    )
    model = load(directory)
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=1e-3, betas=(0.9, 0.95), eps=1e-8,
    )
    expected = []
    for data in training["batches"]:
        optimizer.zero_grad()
        loss = loss_of(model, data)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        expected.append(loss.item())
    assert len(losses) == 10
    assert np.abs(np.array(losses) - expected).max() <= 1e-4
    assert losses[-1] < losses[5] - 0.1


def test_checkpoint_loads_in_transformers(directory, model, tmp_path):
    probe("roundtrip", directory, tmp_path)
    loaded = load(tmp_path)
    ids = torch.tensor([np.random.default_rng(3).integers(0, VOCABULARY, CONTEXT).tolist()])
    with torch.no_grad():
        assert torch.equal(loaded(ids).logits, model(ids).logits)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["n_ctx"] == CONTEXT


def test_new_model_is_gpt2s(tmp_path):
    probe("create", tmp_path, 7, 2, 2, 64, 32, 500)
    loaded = load(tmp_path)
    state = loaded.state_dict()
    assert abs(state["transformer.wte.weight"].std().item() - 0.02) < 5e-4
    residual = state["transformer.h.1.mlp.c_proj.weight"].std().item()
    assert abs(residual - 0.02 / 2) < 5e-4
    ids = list(range(20))
    out = tmp_path / "logits.safetensors"
    probe("logits", tmp_path, write_json(tmp_path / "ids.json", ids), out)
    with torch.no_grad():
        expected = loaded(torch.tensor([ids])).logits[0].numpy()
    assert np.abs(load_file(out)["logits"] - expected).max() <= 1e-4


def test_names_without_prefix(directory, model, tmp_path):
    """OpenAI's own upload has no prefix, and masks among its tensors."""
    from safetensors.torch import save_file

    state = {
        name.removeprefix("transformer."): tensor.clone()
        for name, tensor in model.state_dict().items()
        if name.startswith("transformer.")
    }
    state["h.0.attn.bias"] = torch.ones(1, 1, CONTEXT, CONTEXT)
    save_file(state, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text((directory / "config.json").read_text())
    out = tmp_path / "out"
    out.mkdir()
    probe("roundtrip", tmp_path, out)
    for name, tensor in load(out).state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name]), name


def test_greedy_generation(directory, model, tmp_path):
    ids = np.random.default_rng(4).integers(0, VOCABULARY, 12).tolist()
    found = json.loads(
        probe("generate-greedy", directory, write_json(tmp_path / "ids.json", ids), 20)
    )
    with torch.no_grad():
        expected = model.generate(
            torch.tensor([ids]), do_sample=False, max_new_tokens=20, min_new_tokens=20,
            eos_token_id=None, pad_token_id=0,
        )[0, len(ids):].tolist()
    assert found == expected
