"""The encoder–decoder against Hugging Face's MarianMTModel: logits, loss, gradients, training,
files in both directions, and the ids of greedy and beam search.

QUERN_PROBE names the ConformanceProbe binary; `.build/release/ConformanceProbe` is the default.
"""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForSeq2SeqLM, MarianConfig, MarianMTModel

from model_probe import probe, write_json

VOCABULARY, CONTEXT, PAD, END = 97, 64, 3, 1
SHAPES = {"two-layers": (2, 3, 48, 80), "one-layer-one-head": (1, 1, 16, 20)}


@pytest.fixture(scope="module", params=SHAPES)
def directory(tmp_path_factory, request):
    """A random model, with biases and norms that are not at their start."""
    torch.manual_seed(20)
    layers, heads, width, inside = SHAPES[request.param]
    model = MarianMTModel(
        MarianConfig(
            vocab_size=VOCABULARY, decoder_vocab_size=VOCABULARY, d_model=width,
            max_position_embeddings=CONTEXT, encoder_layers=layers, decoder_layers=layers,
            encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=inside,
            decoder_ffn_dim=inside, activation_function="relu", scale_embedding=True,
            pad_token_id=PAD, decoder_start_token_id=PAD, eos_token_id=END,
            forced_eos_token_id=None, dropout=0.0, attention_dropout=0.0,
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.requires_grad:
                continue
            if parameter.dim() == 1:
                parameter += 0.1 * torch.randn_like(parameter)
            else:
                parameter *= 5
        model.final_logits_bias += 0.1 * torch.randn_like(model.final_logits_bias)
        # Texts are to end now and then.
        model.final_logits_bias[0, END] += 4
    path = tmp_path_factory.mktemp("model")
    model.save_pretrained(path)
    return path


def load(directory):
    model, report = AutoModelForSeq2SeqLM.from_pretrained(directory, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert type(model) is MarianMTModel
    return model.eval()


def pairs(seed, count=9):
    """Sources, each with its end, and targets, each with its end."""
    generator = np.random.default_rng(seed)

    def side(length):
        return (generator.integers(4, VOCABULARY, length)).tolist() + [END]

    return [(side(generator.integers(1, 9)), side(generator.integers(0, 7))) for _ in range(count)]


def windows(pairs):
    """The pairs packed in order into windows of the context, with what is scored of them."""
    batch = {"inputs": [], "targets": [], "document_starts": []}
    row = ([], [], [])

    def close():
        first, rest = len(row[0]), CONTEXT - len(row[0])
        for column, filling in zip(row, (END, -1, first)):
            column.extend([filling] * rest)
        for key, column in zip(batch, row):
            batch[key].append(list(column))
            column.clear()

    for source, target in pairs:
        ids = source + [PAD] + target
        if len(row[0]) + len(ids) - 1 > CONTEXT:
            close()
        row[2].extend([len(row[0])] * (len(ids) - 1))
        row[0].extend(ids[:-1])
        row[1].extend([-1] * len(source) + target)
    close()
    return batch


def loss_of(model, pairs):
    """The mean loss of all targets, each pair by itself."""
    losses, count = 0, 0
    for source, target in pairs:
        logits = model(
            torch.tensor([source]), decoder_input_ids=torch.tensor([[PAD] + target[:-1]])
        ).logits[0]
        losses += torch.nn.functional.cross_entropy(logits, torch.tensor(target), reduction="sum")
        count += len(target)
    return losses / count


def test_logits(directory, tmp_path):
    model = load(directory)
    for number, (source, target) in enumerate(pairs(1)):
        ids = source + [PAD] + target[:-1]
        out = tmp_path / f"{number}.safetensors"
        probe("logits", directory, write_json(tmp_path / "ids.json", ids), out)
        with torch.no_grad():
            expected = model(
                torch.tensor([source]), decoder_input_ids=torch.tensor([ids[len(source):]])
            ).logits[0].numpy()
        found = load_file(out)["logits"]
        assert (found[: len(source)] == 0).all()
        assert np.abs(found[len(source):] - expected).max() <= 1e-4


def test_loss_and_gradients(directory, tmp_path):
    data = pairs(2)
    out = tmp_path / "gradients.safetensors"
    printed = json.loads(
        probe("gradients", directory, write_json(tmp_path / "batch.json", windows(data)), out)
    )
    model = load(directory)
    loss = loss_of(model, data)
    loss.backward()
    assert abs(printed["loss"][0] - loss.item()) <= 1e-5 * abs(loss.item())
    found = load_file(out)
    assert (found.pop("final_logits_bias") == 0).all()
    expected = {
        name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None
    }
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        error = np.abs(found[name] - gradient).max()
        # Adding a number to every key changes no softmax: such a gradient is rounding alone.
        assert error <= 1e-4 * max(np.abs(gradient).max(), 1e-3), name


def test_ten_steps_of_adamw(directory, tmp_path):
    steps = [pairs(seed) for seed in range(10)]
    window_count = min(len(windows(step)["inputs"]) for step in steps)
    batches = []
    for step in steps:
        batch = windows(step)
        batches.append({key: rows[:window_count] for key, rows in batch.items()})
    plan = {
        "batches": batches, "learning_rate": 1e-3, "betas": [0.9, 0.95], "epsilon": 1e-8,
        "weight_decay": 0.0, "clip": 1.0,
    }
    found = json.loads(probe("train-steps", directory, write_json(tmp_path / "plan.json", plan)))
    model = load(directory)
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=1e-3, betas=(0.9, 0.95),
        weight_decay=0.0,
    )
    expected = []
    for batch in batches:
        loss = loss_of(model, unpacked(batch))
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert np.allclose(found, expected, rtol=1e-4)


def unpacked(batch):
    """The pairs of windows."""
    found = []
    for ids, targets, starts in zip(*batch.values()):
        for start in sorted(set(starts)):
            places = [place for place, first in enumerate(starts) if first == start]
            scored = [targets[place] for place in places if targets[place] >= 0]
            if scored:
                source = [ids[place] for place in places[: len(places) - len(scored)]]
                found.append((source, scored))
    return found


def test_written_model_loads(directory, tmp_path):
    probe("roundtrip", directory, tmp_path / "copy")
    model, copy = load(directory), load(tmp_path / "copy")
    theirs, ours = model.state_dict(), copy.state_dict()
    assert theirs.keys() == ours.keys()
    for name in theirs:
        assert torch.equal(theirs[name], ours[name]), name
    assert copy.generation_config.decoder_start_token_id == PAD
    assert copy.generation_config.eos_token_id == END


@pytest.mark.parametrize("penalty", [1.0, 0.0, 2.0])
@pytest.mark.parametrize("beams", [1, 2, 4, 7])
def test_beams(directory, tmp_path, beams, penalty):
    probe("roundtrip", directory, tmp_path / "copy")
    model = load(tmp_path / "copy")
    for number, (source, _) in enumerate(pairs(3, 6)):
        found = json.loads(
            probe(
                "beams", tmp_path / "copy", write_json(tmp_path / "ids.json", source + [PAD]),
                beams, penalty, 20,
            )
        )
        expected = model.generate(
            torch.tensor([source]), num_beams=beams, length_penalty=penalty, max_new_tokens=20,
            do_sample=False,
        )[0].tolist()[1:]
        if END in expected:
            expected = expected[: expected.index(END)]
        assert found["ids"] == expected, number


def test_greedy(directory, tmp_path):
    model = load(directory)
    for source, _ in pairs(4, 6):
        found = json.loads(
            probe(
                "generate-greedy", directory,
                write_json(tmp_path / "ids.json", source + [PAD]), 15,
            )
        )
        expected = model.generate(
            torch.tensor([source]), max_new_tokens=15, do_sample=False, num_beams=1,
            eos_token_id=None,
        )[0].tolist()[1:]
        # The probe goes on behind the end of a text.
        assert found == expected


def test_cross_attention(directory, tmp_path):
    model = MarianMTModel.from_pretrained(directory, attn_implementation="eager").eval()
    for source, target in pairs(5, 4):
        out = tmp_path / "attention.safetensors"
        ids = source + [PAD] + target
        probe("attention", directory, write_json(tmp_path / "ids.json", ids), out)
        with torch.no_grad():
            expected = model(
                torch.tensor([source]), decoder_input_ids=torch.tensor([[PAD] + target[:-1]]),
                output_attentions=True,
            ).cross_attentions
        expected = torch.stack(expected)[:, 0].numpy()
        assert np.abs(load_file(out)["attention"] - expected).max() <= 1e-5
