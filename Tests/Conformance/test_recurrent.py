"""The recurrent models against PyTorch's modules.

QUERN_PROBE names the ConformanceProbe binary; `.build/release/ConformanceProbe` is the default.
"""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModelForCausalLM

from model_probe import probe, write_json

VOCABULARY, LENGTH, BATCH = 97, 24, 6
SHAPE = {"n_layer": 2, "n_embd": 40, "n_positions": LENGTH, "vocab_size": VOCABULARY}


# The documentation shows these lines.
class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[c["model_type"]]
        self.embed = nn.Embedding(c["vocab_size"], c["n_embd"])
        self.rnn = kind(c["n_embd"], c["hidden_size"], c["n_layer"], batch_first=True)
        if not c["tie_word_embeddings"]:
            self.head = nn.Linear(c["hidden_size"], c["vocab_size"], bias=False)

    def forward(self, ids, state=None):
        out, state = self.rnn(self.embed(ids), state)
        tied = getattr(self, "head", self.embed)
        return out @ tied.weight.T, state


def load(directory):
    model = Model(json.loads((directory / "config.json").read_text()))
    model.load_state_dict(load_file(directory / "model.safetensors"), strict=True)
    return model


KINDS = {
    f"{kind}{name}": {"architecture": kind, **more}
    for kind in ["rnn", "lstm", "gru"]
    for name, more in [("", {}), ("-untied", {"hidden_size": 72, "tie_word_embeddings": False})]
}


@pytest.fixture(scope="module", params=KINDS)
def directory(tmp_path_factory, request):
    """A new model of two layers, with biases that are not at their start."""
    path = tmp_path_factory.mktemp("model")
    probe("create", path, 7, json.dumps(SHAPE | KINDS[request.param]))
    torch.manual_seed(20)
    tensors = load_file(path / "model.safetensors")
    for name, tensor in tensors.items():
        if tensor.dim() == 1:
            tensor += 0.2 * torch.randn_like(tensor)
    from safetensors.torch import save_file

    save_file(tensors, path / "model.safetensors")
    return path


def batch(seed):
    generator = np.random.default_rng(seed)
    inputs = generator.integers(0, VOCABULARY, (BATCH, LENGTH))
    targets = generator.integers(0, VOCABULARY, (BATCH, LENGTH))
    targets[generator.random((BATCH, LENGTH)) < 0.2] = -1
    return {"inputs": inputs.tolist(), "targets": targets.tolist()}


def loss_of(model, data):
    return loss_and_state(model, data, None)[0]


def loss_and_state(model, data, state):
    """The loss, and the state for the next batch, through which no gradient goes back."""
    if state is not None and "continues" in data:
        goes_on = torch.tensor(data["continues"])[None, :, None]
        parts = state if isinstance(state, tuple) else (state,)
        parts = tuple(torch.where(goes_on, part, torch.zeros(())).detach() for part in parts)
        state = parts if isinstance(state, tuple) else parts[0]
    logits, state = model(torch.tensor(data["inputs"]), state)
    loss = nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.tensor(data["targets"]).flatten(), ignore_index=-1)
    return loss, state


@pytest.mark.parametrize("length", [1, 7, 300])
def test_logits(directory, tmp_path, length):
    ids = np.random.default_rng(length).integers(0, VOCABULARY, length).tolist()
    out = tmp_path / "logits.safetensors"
    probe("logits", directory, write_json(tmp_path / "ids.json", ids), out)
    with torch.no_grad():
        expected, _ = load(directory)(torch.tensor([ids]))
    assert (load_file(out)["logits"] - expected[0]).abs().max() <= 1e-5


def test_loss_and_gradients(directory, tmp_path):
    data = batch(1)
    out = tmp_path / "gradients.safetensors"
    printed = json.loads(
        probe("gradients", directory, write_json(tmp_path / "batch.json", data), out))
    model = load(directory)
    loss = loss_of(model, data)
    loss.backward()
    assert abs(printed["loss"][0] - loss.item()) <= 1e-5 * abs(loss.item())
    found = load_file(out)
    expected = {name: p.grad for name, p in model.named_parameters()}
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        error = (found[name] - gradient).abs().max()
        assert error <= 1e-4 * gradient.abs().max(), name


def test_gradients_with_a_carried_state(directory, tmp_path):
    """The weights' gradients see the state that a window begins with; no gradient goes into it."""
    data = batch(3) | {
        "continues": [True] * (BATCH - 1) + [False],
        "before": [batch(seed) | {"continues": [True] * BATCH} for seed in (1, 2)],
    }
    data["before"][0]["continues"] = [False] * BATCH
    out = tmp_path / "gradients.safetensors"
    printed = json.loads(
        probe("gradients", directory, write_json(tmp_path / "batch.json", data), out))
    model, state = load(directory), None
    with torch.no_grad():
        for earlier in data["before"]:
            _, state = loss_and_state(model, earlier, state)
    loss, _ = loss_and_state(model, data, state)
    loss.backward()
    assert abs(printed["loss"][0] - loss.item()) <= 1e-5 * abs(loss.item())
    assert abs(loss_of(model, data).item() - loss.item()) > 1e-4
    found = load_file(out)
    for name, p in model.named_parameters():
        assert (found[name] - p.grad).abs().max() <= 1e-4 * p.grad.abs().max(), name


@pytest.mark.parametrize("stateful", [False, True])
def test_ten_steps_of_adamw(directory, tmp_path, stateful):
    training = {
        "batches": [batch(100 + i) for i in range(10)], "learning_rate": 5e-3,
        "betas": [0.9, 0.95], "epsilon": 1e-8, "weight_decay": 0.1, "clip": 1.0,
    }
    # One batch repeated, so that the losses fall and a wrong step shows.
    training["batches"][5:] = [training["batches"][0]] * 5
    if stateful:
        training["batches"] = [
            data | {"continues": [step % 4 > 0 and (row + step) % 3 > 0 for row in range(BATCH)]}
            for step, data in enumerate(training["batches"])]
    losses = json.loads(
        probe("train-steps", directory, write_json(tmp_path / "steps.json", training)))
    model = load(directory)
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=5e-3, betas=(0.9, 0.95), eps=1e-8)
    expected, state = [], None
    for data in training["batches"]:
        optimizer.zero_grad()
        loss, state = loss_and_state(model, data, state if stateful else None)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        expected.append(loss.item())
    assert np.abs(np.array(losses) - expected).max() <= 1e-4
    assert losses[-1] < losses[5] - 0.05


def test_greedy_generation(directory, tmp_path):
    """Reading token by token goes on as PyTorch does with its state."""
    prompt = np.random.default_rng(3).integers(0, VOCABULARY, 9).tolist()
    found = json.loads(
        probe("generate-greedy", directory, write_json(tmp_path / "ids.json", prompt), 40))
    model, ids, state, expected = load(directory), torch.tensor([prompt]), None, []
    with torch.no_grad():
        for _ in range(40):
            logits, state = model(ids, state)
            ids = logits[:, -1:].argmax(-1)
            expected.append(ids.item())
    assert found == expected


def test_roundtrip_and_refusal(directory, tmp_path):
    probe("roundtrip", directory, tmp_path)
    ours, theirs = (load_file(p / "model.safetensors") for p in (tmp_path, directory))
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    kind = json.loads((tmp_path / "config.json").read_text())["model_type"]
    with pytest.raises(ValueError, match=kind):
        AutoModelForCausalLM.from_pretrained(tmp_path)
