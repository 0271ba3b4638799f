"""The models against Hugging Face's classes, and the optimizer against PyTorch's.

QUERN_PROBE names the ConformanceProbe binary; `.build/release/ConformanceProbe` is the default.
"""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import (
    AutoModelForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig, GPT2Config, GPT2LMHeadModel,
    GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM, MistralConfig,
    MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
)

from model_probe import probe, write_json

VOCABULARY, CONTEXT, BATCH = 211, 48, 4


def load(directory):
    return AutoModelForCausalLM.from_pretrained(directory).eval()


def stored(model, tensors):
    """Tensors under the names of files, of which GPT-NeoX's class has its own for the head."""
    if model.config.model_type != "gpt_neox":
        return dict(tensors)
    names = {"lm_head.weight": "embed_out.weight"}
    return {names.get(name, name): tensor for name, tensor in tensors}


def gpt2(**changes):
    shape = dict(
        vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=48, n_layer=2, n_head=3,
        attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=0, eos_token_id=0,
    )
    return GPT2LMHeadModel(GPT2Config(**(shape | changes)))


def rotary(config, model, **changes):
    shape = dict(
        vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, hidden_size=48,
        intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
        head_dim=12, bos_token_id=0, eos_token_id=0, tie_word_embeddings=True,
    )
    return model(config(**(shape | changes)))


def llama(**changes):
    return rotary(LlamaConfig, LlamaForCausalLM, **changes)


def mistral(**changes):
    return rotary(MistralConfig, MistralForCausalLM, **changes)


def qwen2(**changes):
    return rotary(Qwen2Config, Qwen2ForCausalLM, **changes)


def qwen3(**changes):
    return rotary(Qwen3Config, Qwen3ForCausalLM, **changes)


def gemma3(pattern="sf", scaling=None, **changes):
    """A Gemma 3 with a window of five in the layers "s" of a pattern; heads of 16 floats, whose
    width is not that of the model."""
    kinds = {"s": "sliding_attention", "f": "full_attention"}
    full = {"rope_type": "default", "rope_theta": 500.0} | (scaling or {})
    shape = dict(
        # The class gives the vector of a token that pads no gradient.
        pad_token_id=None,
        num_key_value_heads=2, head_dim=16, query_pre_attn_scalar=16, sliding_window=5,
        num_hidden_layers=len(pattern), layer_types=[kinds[kind] for kind in pattern],
        rope_parameters={
            "full_attention": full,
            "sliding_attention": {"rope_type": "default", "rope_theta": 50.0}},
    )
    return rotary(Gemma3TextConfig, Gemma3ForCausalLM, **(shape | changes))


def neox(share=0.25, **changes):
    """A share of each head of 16 floats that positions turn; Pythia's settings otherwise."""
    shape = dict(
        vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, hidden_size=64,
        intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, bos_token_id=0,
        eos_token_id=0,
        rope_parameters={
            "rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": share},
    )
    return GPTNeoXForCausalLM(GPTNeoXConfig(**(shape | changes)))


def turned(rule, **numbers):
    """A Llama whose positions are scaled by a rule."""
    parameters = {"rope_type": rule, "rope_theta": 500.0} | numbers
    return lambda **more: llama(rope_parameters=parameters, num_key_value_heads=2, **more)


MODELS = {
    "gpt2": gpt2,
    "gpt2-untied-narrow": lambda **more: gpt2(tie_word_embeddings=False, n_inner=56, **more),
    "llama": llama,
    "llama-untied": lambda **more: llama(tie_word_embeddings=False, **more),
    "llama-grouped": lambda **more: llama(num_key_value_heads=2, **more),
    "llama-one-key": lambda **more: llama(
        num_key_value_heads=1, tie_word_embeddings=False, rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0}, **more
    ),
    "qwen3": qwen3,
    "qwen3-untied-grouped": lambda **more: qwen3(
        tie_word_embeddings=False, num_key_value_heads=2, head_dim=16, **more
    ),
    "gpt2-relu": lambda **more: gpt2(activation_function="relu", **more),
    "gpt2-gelu": lambda **more: gpt2(activation_function="gelu", **more),
    "gpt2-silu": lambda **more: gpt2(activation_function="silu", **more),
    "llama-biases": lambda **more: llama(
        attention_bias=True, mlp_bias=True, num_key_value_heads=2, **more),
    "llama-gelu": lambda **more: llama(hidden_act="gelu", attention_bias=True, **more),
    "llama-tanh": lambda **more: llama(hidden_act="gelu_pytorch_tanh", mlp_bias=True, **more),
    "llama-relu": lambda **more: llama(hidden_act="relu", **more),
    "llama-linear": turned("linear", factor=3.0),
    "llama-dynamic": turned("dynamic", factor=2.0),
    "llama-llama3": turned(
        "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=32),
    "llama-yarn": turned("yarn", factor=4.0, original_max_position_embeddings=12),
    "llama-yarn-own-numbers": turned(
        "yarn", factor=4.0, original_max_position_embeddings=12, beta_fast=4.0, beta_slow=0.5,
        attention_factor=1.25, truncate=False),
    "llama-yarn-scales": turned(
        "yarn", factor=8.0, original_max_position_embeddings=6, mscale=0.7, mscale_all_dim=1.2),
    "mistral": lambda **more: mistral(sliding_window=None, num_key_value_heads=2, **more),
    "mistral-window": lambda **more: mistral(
        sliding_window=5, tie_word_embeddings=False, head_dim=16, num_key_value_heads=1, **more),
    "qwen2": lambda **more: qwen2(num_key_value_heads=2, **more),
    "qwen2-window": lambda **more: qwen2(
        use_sliding_window=True, sliding_window=7, max_window_layers=1, tie_word_embeddings=False,
        **more),
    "qwen3-window-biases": lambda **more: qwen3(
        use_sliding_window=True, sliding_window=3, max_window_layers=0, attention_bias=True,
        num_key_value_heads=1, **more),
    "gemma3": gemma3,
    "gemma3-linear": lambda **more: gemma3(
        "fs", scaling={"rope_type": "linear", "factor": 8.0}, num_key_value_heads=1, **more),
    "gemma3-other-scores": lambda **more: gemma3(
        query_pre_attn_scalar=21, attention_bias=True, tie_word_embeddings=False,
        hidden_activation="silu", **more),
    "gemma3-of-seven": lambda **more: gemma3("sssssfs", **more),
    "qwen3-window-order": lambda **more: qwen3(
        use_sliding_window=True, sliding_window=4, max_window_layers=0, num_hidden_layers=3,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"], **more),
    "neox": neox,
    "neox-tanh": lambda **more: neox(hidden_act="gelu_new", **more),
    "neox-sequential": lambda **more: neox(
        share=0.5, use_parallel_residual=False, hidden_act="gelu_new", **more),
    "neox-no-biases": lambda **more: neox(
        share=1.0, attention_bias=False, tie_word_embeddings=True, **more),
}


@pytest.fixture(scope="module", params=MODELS)
def directory(tmp_path_factory, request):
    """A random model of two layers, with biases and norms that are not at their start."""
    torch.manual_seed(20)
    model = MODELS[request.param]()
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
    expected = {
        name: p.grad.numpy() for name, p in stored(model, model.named_parameters()).items()}
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        error = np.abs(found[name] - gradient).max()
        assert error <= 1e-3 * np.abs(gradient).max(), name


def documents(seed):
    """Places of a batch where documents begin, and for each place the first of its document."""
    generator = np.random.default_rng(seed)
    begins = generator.random((BATCH, CONTEXT)) < 0.15
    begins[:, 0] = True
    places = np.where(begins, np.arange(CONTEXT), 0)
    return begins, np.maximum.accumulate(places, axis=1)


def test_documents(directory, tmp_path):
    """A window cut into documents is each document by itself: losses and gradients."""
    data = batch(5)
    begins, starts = documents(6)
    data["document_starts"] = starts.tolist()
    out = tmp_path / "gradients.safetensors"
    printed = json.loads(
        probe("gradients", directory, write_json(tmp_path / "batch.json", data), out)
    )
    model = load(directory)
    inputs, targets = torch.tensor(data["inputs"]), torch.tensor(data["targets"])
    losses = []
    for row in range(BATCH):
        cuts = [*np.flatnonzero(begins[row]).tolist(), CONTEXT]
        for start, end in zip(cuts, cuts[1:]):
            logits = model(inputs[row : row + 1, start:end]).logits[0]
            losses.append(
                torch.nn.functional.cross_entropy(
                    logits, targets[row, start:end], ignore_index=-1, reduction="none"
                )
            )
    losses = torch.cat(losses)
    (losses.sum() / (targets >= 0).sum()).backward()
    found = np.array(printed["token_losses"])
    assert np.abs(found - losses.detach().numpy()).max() <= 1e-4
    gradients = load_file(out)
    for name, parameter in stored(model, model.named_parameters()).items():
        error = np.abs(gradients[name] - parameter.grad.numpy()).max()
        assert error <= 1e-3 * parameter.grad.abs().max().item(), name


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
    assert type(loaded) is type(model)
    ids = torch.tensor([np.random.default_rng(3).integers(0, VOCABULARY, CONTEXT).tolist()])
    with torch.no_grad():
        assert torch.equal(loaded(ids).logits, model(ids).logits)
    written, original = loaded.config.to_dict(), model.config.to_dict()
    others = {
        "_name_or_path", "transformers_version", "bos_token_id", "eos_token_id", "pad_token_id"}
    for key in original.keys() - others:
        # 1e-5 as a float32 is another double.
        if key == "rope_parameters" and "full_attention" in original[key]:
            assert written[key].keys() == original[key].keys()
            for kind, rotation in original[key].items():
                assert written[key][kind] == pytest.approx(rotation), kind
        else:
            assert written[key] == pytest.approx(original[key]), key
    names = set(load_file(tmp_path / "model.safetensors"))
    assert names == set(load_file(directory / "model.safetensors"))


@pytest.mark.parametrize(
    "architecture", ["gpt2", "llama", "mistral", "qwen2", "qwen3", "gemma3_text", "gpt_neox"])
@pytest.mark.parametrize("tied", [True, False])
def test_new_model(tmp_path, architecture, tied):
    """A new model has GPT-2's start and loads in its class."""
    shape = {
        "architecture": architecture, "n_layer": 2, "n_head": 2, "n_embd": 64, "n_positions": 32,
        "vocab_size": 500, "tie_word_embeddings": tied,
    }
    probe("create", tmp_path, 7, json.dumps(shape))
    loaded = load(tmp_path)
    assert loaded.config.model_type == architecture
    assert loaded.config.tie_word_embeddings == tied
    if architecture == "gpt2":
        assert json.loads((tmp_path / "config.json").read_text())["n_ctx"] == 32
    residual = (
        "c_proj.weight", "o_proj.weight", "down_proj.weight", "dense.weight",
        "dense_4h_to_h.weight")
    for name, tensor in loaded.state_dict().items():
        if tensor.dim() == 2:
            deviation = 0.01 if name.endswith(residual) else 0.02
            assert abs(tensor.std().item() - deviation) < 5e-4, name
        else:
            # Gemma's norms hold what is added to one.
            start = name.endswith("weight") and architecture != "gemma3_text"
            assert (tensor == (1 if start else 0)).all(), name
    ids = list(range(20))
    out = tmp_path / "logits.safetensors"
    probe("logits", tmp_path, write_json(tmp_path / "ids.json", ids), out)
    with torch.no_grad():
        expected = loaded(torch.tensor([ids])).logits[0].numpy()
    assert np.abs(load_file(out)["logits"] - expected).max() <= 1e-4


def test_sinusoidal_positions(tmp_path):
    """GPT-2's class holds the sines in its table of positions, and computes the same."""
    shape = {
        "architecture": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 64, "n_positions": 32,
        "vocab_size": 500, "position_embedding_type": "sinusoidal",
    }
    probe("create", tmp_path, 7, json.dumps(shape))
    loaded = load(tmp_path)
    table = loaded.transformer.wpe.weight.detach().numpy()
    angles = np.arange(32)[:, None] / 10_000 ** (np.arange(0, 64, 2) / 64)
    assert np.abs(table[:, 0::2] - np.sin(angles)).max() < 1e-6
    assert np.abs(table[:, 1::2] - np.cos(angles)).max() < 1e-6
    ids = list(range(20))
    out = tmp_path / "logits.safetensors"
    probe("logits", tmp_path, write_json(tmp_path / "ids.json", ids), out)
    with torch.no_grad():
        expected = loaded(torch.tensor([ids])).logits[0].numpy()
    assert np.abs(load_file(out)["logits"] - expected).max() <= 1e-4


def test_names_without_prefix(directory, model, tmp_path):
    """OpenAI's own upload has no prefix, and masks among its tensors."""
    from safetensors.torch import save_file

    prefix = model.base_model_prefix + "."
    state = {
        name.removeprefix(prefix): tensor.clone()
        for name, tensor in stored(model, model.state_dict().items()).items()
        if name.startswith(prefix) or not model.config.tie_word_embeddings
    }
    if model.config.model_type == "gpt2":
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
