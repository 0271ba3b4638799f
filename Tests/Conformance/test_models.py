"""Models that come in from transformers and go out to transformers and llama.cpp."""

import json
import random
import re
import shutil
import subprocess
import sys
import unicodedata

import gguf
import numpy as np
import pytest
import safetensors
import torch
from llama_cpp import LlamaCpp
from model_probe import probe, write_json
from safetensors.numpy import save
from test_pipeline import run  # noqa: F401, a fixture
from test_transformer import MODELS, load
from transformers import (
    AutoModelForCausalLM, AutoTokenizer, Gemma3Config, Gemma3ForConditionalGeneration, LlamaConfig,
    LlamaForCausalLM,
)

ARCHITECTURES = [
    "gpt2", "llama-untied", "llama-one-key", "qwen3-untied-grouped", "llama-biases",
    "llama-linear", "llama-llama3", "llama-yarn", "mistral", "qwen2", "neox-tanh",
    "neox-sequential", "gemma3", "gemma3-linear", "gemma3-of-seven",
]
TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]


def make(kind, vocabulary, path, size=4096):
    """A random model of a kind, with the tokenizer of a vocabulary, as transformers writes it."""
    torch.manual_seed(7)
    # Rows of 64 and of 80 numbers: with whole blocks of 32 and without.
    shape = {"n_positions": 128}
    if kind != "gpt2":
        shape = {"hidden_size": 64, "max_position_embeddings": 128}
    if kind == "qwen2":
        # llama.cpp has no other size of heads for it.
        shape["head_dim"] = 16
    model = MODELS[kind](vocab_size=size, **shape)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter += 0.1 * torch.randn_like(parameter)
            # Gemma's vectors are long already: more would repeat the last token.
            elif not (kind.startswith("gemma3") and "embed_tokens" in name):
                parameter *= 6
    model.save_pretrained(path)
    for name in TOKENIZER_FILES:
        shutil.copy(vocabulary / name, path / name)
    return model


@pytest.fixture(scope="module")
def vocabulary(root):
    return root / "vocab/kjv"


@pytest.fixture(scope="module", params=ARCHITECTURES)
def directory(request, tmp_path_factory, vocabulary):
    path = tmp_path_factory.mktemp("model")
    make(request.param, vocabulary, path)
    return path


def state(directory):
    return {name: tensor.float() for name, tensor in load(directory).state_dict().items()}


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("shard", [None, "200KB"])
def test_import(quern, directory, tmp_path, dtype, shard):
    """Models that transformers saves, of any type, in any number of files, come in exactly."""
    source = tmp_path / "source"
    shutil.copytree(directory, source)
    (source / "model.safetensors").unlink()
    model = load(directory).to(dtype)
    model.save_pretrained(source, **({"max_shard_size": shard} if shard else {}))
    assert (source / "model.safetensors.index.json").exists() == bool(shard)
    quern("model", "import", source, "--output", tmp_path / "imported", "--quiet")
    imported, expected = state(tmp_path / "imported"), model.float().state_dict()
    assert imported.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(imported[name], tensor), name
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "imported")
    assert tokenizer("Hold my math!").input_ids == [40, 3593, 383, 274, 649, 1]
    # The directory as it came is taken too.
    prompt = ["--prompt", "In the beginning", "--temperature", "0", "--max-new-tokens", "12"]
    texts = {quern("generate", "--model", path, *prompt)
             for path in (source, tmp_path / "imported")}
    assert len(texts) == 1


@pytest.mark.parametrize("name,dtype", [
    ("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)])
@pytest.mark.parametrize("shard", [None, "200kB"])
def test_export_to_transformers(quern, directory, tmp_path, name, dtype, shard):
    """Numbers are rounded as torch rounds them, and transformers takes the directory as it is."""
    out = tmp_path / "out"
    quern(
        "model", "export", directory, "--format", "huggingface", "--type", name, "--output", out,
        *(["--shard-size", shard] if shard else []), "--quiet")
    assert (out / "model.safetensors.index.json").exists() == bool(shard)
    loaded = load(out)
    assert loaded.dtype == dtype
    expected = load(directory).to(dtype).state_dict()
    for key, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, expected[key]), key
    for file in TOKENIZER_FILES:
        assert (out / file).read_bytes() == (directory / file).read_bytes()


@pytest.mark.parametrize("by_module", [False, True])
def test_import_of_a_part(quern, vocabulary, tmp_path, by_module):
    """Of a Gemma 3 that sees images the part that reads text comes in, under the names of published
    files or those of the class's modules."""
    text = make("gemma3", vocabulary, tmp_path / "text")
    source = tmp_path / "source"
    whole = Gemma3ForConditionalGeneration(Gemma3Config(
        text_config=text.config.to_dict(), vision_config={
            "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4, image_token_index=4095)).eval()
    whole.model.language_model.load_state_dict(text.model.state_dict())
    whole.save_pretrained(source)
    path = source / "model.safetensors"
    with safetensors.safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    assert any(name.startswith("language_model.model.") for name in tensors)
    assert any(name.startswith("vision_tower.") for name in tensors)
    if by_module:
        path.write_bytes(save({
            "model." + name.replace("language_model.model.", "language_model."): array
            for name, array in tensors.items()}))
    for name in TOKENIZER_FILES:
        shutil.copy(vocabulary / name, source / name)
    quern("model", "import", source, "--output", tmp_path / "m", "--quiet")
    imported = load(tmp_path / "m")
    assert imported.config.model_type == "gemma3_text"
    ids = torch.tensor([[40, 3593, 383, 274, 649, 1, 7, 9]])
    with torch.no_grad():
        assert torch.equal(imported(ids).logits, load(tmp_path / "text")(ids).logits)
        assert torch.allclose(imported(ids).logits, whole(ids).logits, atol=1e-5)


def export(quern, directory, path, *more):
    quern("model", "export", directory, "--format", "gguf", "--output", path, "--quiet", *more)
    return path


def is_shifted(config, name):
    """Whether a tensor is one of Gemma's norms, which ggml has with one added."""
    return config.model_type == "gemma3_text" and name.endswith("norm.weight")


def ggml_tensors(config, state, shift=1):
    """A model's tensors under ggml's names and in its order, with a number added to norms that
    hold what is added to one."""
    kind = {
        "gpt2": gguf.MODEL_ARCH.GPT2, "llama": gguf.MODEL_ARCH.LLAMA,
        "mistral": gguf.MODEL_ARCH.LLAMA, "qwen2": gguf.MODEL_ARCH.QWEN2,
        "qwen3": gguf.MODEL_ARCH.QWEN3, "gpt_neox": gguf.MODEL_ARCH.GPTNEOX,
        "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
    }[config.model_type]
    names = gguf.get_tensor_name_map(kind, config.num_hidden_layers)
    tensors = {}
    for name, tensor in state.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        array = tensor.numpy()
        if is_shifted(config, name):
            array = array + np.asarray(shift, array.dtype)
        if config.model_type == "gpt2" and name.split(".")[-2] in ("c_attn", "c_proj", "c_fc"):
            array = array.T
        if name.split(".")[-2] == "query_key_value":
            # All queries, then all keys and all values, where the model has them by heads.
            array = array.reshape(config.num_attention_heads, 3, -1, *array.shape[1:]).swapaxes(
                0, 1).reshape(array.shape)
        if config.model_type in ("llama", "mistral"):
            heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
            if (count := heads.get(name.split(".")[-2])):
                array = array.reshape(count, 2, -1, *array.shape[1:]).swapaxes(
                    1, 2).reshape(array.shape)
        tensors[names.get_name(name, try_suffixes=(".weight", ".bias"))] = array
    return tensors


@pytest.mark.parametrize("name", ["f32", "f16", "bf16", "q8_0", "q4_0"])
def test_gguf_file(quern, directory, tmp_path, name):
    """gguf's own reader finds every tensor, with the bytes that its own quantizer makes."""
    reader = gguf.GGUFReader(export(quern, directory, tmp_path / "m.gguf", "--type", name))
    found = {tensor.name: tensor for tensor in reader.tensors}
    model = load(directory)
    expected = ggml_tensors(model.config, model.state_dict())
    frequencies = found.pop("rope_freqs.weight", None)
    scaled = model.config.model_type != "gpt2" and (
        model.config.rope_parameters.get("rope_type") == "llama3")
    assert (frequencies is not None) == scaled
    if scaled:
        turns = model.model.rotary_emb.inv_freq
        plain = 500.0 ** -(torch.arange(0, len(turns)) / len(turns))
        assert np.allclose(frequencies.data, plain / turns, rtol=1e-5)
    assert found.keys() == expected.keys()
    types = gguf.GGMLQuantizationType
    wanted = {
        "f32": types.F32, "f16": types.F16, "bf16": types.BF16, "q8_0": types.Q8_0,
        "q4_0": types.Q4_0}[name]
    seen = set()
    for key, array in expected.items():
        tensor = found[key]
        kind = wanted
        if array.ndim == 1 or key == "position_embd.weight":
            kind = types.F32
        elif kind in (types.Q8_0, types.Q4_0) and array.shape[1] % 32:
            kind = types.F16
        assert tensor.tensor_type == kind, key
        assert tensor.shape.tolist() == list(reversed(array.shape)), key
        bytes_ = gguf.quants.quantize(np.ascontiguousarray(array), kind).tobytes()
        assert tensor.data.tobytes() == bytes_, key
        seen.add(kind)
    assert wanted in seen
    config = load(directory).config
    field = {key: value.contents() for key, value in reader.fields.items()}
    kind = {"mistral": "llama", "gpt_neox": "gptneox", "gemma3_text": "gemma3"}.get(
        config.model_type, config.model_type)
    assert field["general.architecture"] == kind
    assert field[f"{kind}.block_count"] == config.num_hidden_layers
    assert field[f"{kind}.embedding_length"] == config.hidden_size
    assert field["tokenizer.ggml.eos_token_id"] == 0
    assert len(field["tokenizer.ggml.tokens"]) == config.vocab_size


PROMPTS = ["In the beginning", "And God said", "Hold my math!", "", "\n\n 12 — “don't” 漢字"]


@pytest.mark.parametrize("name", ["f32", "f16"])
def test_llama_cpp_writes_the_same(quern, directory, tmp_path, name):
    """Greedy ids and bytes, from ids and from text."""
    source = directory
    if name == "f16":
        # The same numbers on both sides.
        source = tmp_path / "f16"
        quern("model", "export", directory, "--format", "huggingface", "--type", "f16", "--output",
              source, "--quiet")
    llama = LlamaCpp(
        export(quern, source, tmp_path / "m.gguf", "--type", name, "--add-bos"))
    for number, prompt in enumerate(PROMPTS):
        ids = AutoTokenizer.from_pretrained(source)(prompt).input_ids
        path = write_json(tmp_path / "ids.json", [0, *ids])
        expected = json.loads(probe("generate-greedy", source, path, 24))
        assert llama.greedy([0, *ids], 24)[0] == expected, prompt
        ours = quern("generate", "--model", source, "--prompt", prompt, "--temperature", "0",
                     "--max-new-tokens", "24", "--begin", "<|endoftext|>")
        if 0 not in expected:
            text = llama.greedy(prompt, 24)[1] if number != 3 else llama.greedy([0], 24)[1]
            # A character that is cut in two ends as a mark here, and is kept back there.
            assert ours.removeprefix(prompt).rstrip("\n\ufffd").startswith(text.rstrip("\n\ufffd"))


def dequantized(path, directory):
    """The model with the numbers that gguf's own reader finds in a file."""
    model = load(directory)
    places, count = {}, 0
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        places[name] = torch.arange(count, count + tensor.numel()).reshape(tensor.shape)
        count += tensor.numel()
    numbers = np.full(count, np.nan, np.float32)
    found = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    for name, where in ggml_tensors(model.config, places, shift=0).items():
        numbers[where] = gguf.quants.dequantize(found[name].data, found[name].tensor_type)
    state = {
        name: torch.from_numpy(numbers[where.numpy()]) - int(is_shifted(model.config, name))
        for name, where in places.items()}
    assert all(tensor.isfinite().all() for tensor in state.values())
    missing = model.load_state_dict(state, strict=False).missing_keys
    assert missing == (["lm_head.weight"] if model.config.tie_word_embeddings else [])
    return model


def next_log_probabilities(model, ids, count):
    """Log-probabilities of all tokens but the end, at the last places of a text."""
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -count - 1:-1].double()
    logits[:, 0] = -torch.inf
    return logits.log_softmax(-1).numpy()


def test_llama_cpp_reads_eight_bits(quern, directory, tmp_path):
    """A Q8_0 file means what gguf's reader makes of its blocks, and llama.cpp's text is that
    model's.

    llama.cpp rounds activations to 8 bits as well, so that it is near and not exact: by measurement
    its log-probabilities are off by 0.006 to 0.018 of their deviation, and its greedy token is
    another in 1 to 4 of 96 places, in which it is less probable by at most 0.05.
    """
    path = export(quern, directory, tmp_path / "m.gguf", "--type", "q8_0")
    llama, tokenizer = LlamaCpp(path), AutoTokenizer.from_pretrained(directory)
    models = {"dequantized": dequantized(path, directory), "original": load(directory)}
    errors, deviation = {name: [] for name in models}, []
    same, losses = 0, []
    for prompt in filter(None, PROMPTS):
        ids = [0, *tokenizer(prompt).input_ids]
        text = llama.greedy(ids, 24)[0]
        found = np.array([llama.log_probabilities(ids + text[:n], 4096) for n in range(24)])
        expected = {
            name: next_log_probabilities(model, ids + text, 24) for name, model in models.items()}
        # Where a token ends within a character the server shows no probabilities.
        rows = np.isfinite(found[:, 1:]).all(axis=1)
        assert rows.sum() > 12
        for name in models:
            errors[name].append((found[rows, 1:] - expected[name][rows, 1:]).ravel())
        deviation.append(expected["dequantized"][rows, 1:].std())
        for row, token in zip(expected["dequantized"], text, strict=True):
            same += int(row.argmax() == token)
            losses.append(row.max() - row[token])
    errors = {name: np.concatenate(parts) / np.mean(deviation) for name, parts in errors.items()}
    distance = {name: np.sqrt((values ** 2).mean()) for name, values in errors.items()}
    assert distance["dequantized"] < 0.03 and np.abs(errors["dequantized"]).max() < 0.3
    # They are nearer to these weights than to those that were rounded.
    assert distance["dequantized"] < 0.9 * distance["original"]
    assert same >= 0.9 * len(losses) and max(losses) < 0.1, (same, max(losses))


def test_gguf_import(quern, directory, tmp_path):
    """A GGUF file comes in as the model that it was made of, with tokenizer and end token."""
    path = export(quern, directory, tmp_path / "m.gguf", "--add-bos")
    quern("model", "import", path, "--output", tmp_path / "m", "--quiet")
    model, imported = load(directory), load(tmp_path / "m")
    expected, found = model.state_dict(), imported.state_dict()
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        if is_shifted(model.config, name):
            # What is added to one is rounded with it.
            assert torch.equal(found[name] + 1, tensor + 1), name
        else:
            assert torch.equal(found[name], tensor), name
    ids = torch.tensor([[40, 3593, 383, 274, 649, 1]])
    with torch.no_grad():
        assert torch.allclose(imported(ids).logits, model(ids).logits, atol=1e-5)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "m")
    assert tokenizer("Hold my math!").input_ids == [0, 40, 3593, 383, 274, 649, 1]
    assert imported.config.eos_token_id == imported.generation_config.eos_token_id == 0
    # What is written of it is the file again.
    again = export(quern, tmp_path / "m", tmp_path / "m2" / "m.gguf")
    assert again.read_bytes() == path.read_bytes()


@pytest.fixture(scope="module")
def wide(quern, vocabulary, tmp_path_factory):
    """A Llama whose rows are whole blocks of 256, as a GGUF file."""
    place = tmp_path_factory.mktemp("wide")
    folder = place / "model"
    torch.manual_seed(3)
    MODELS["llama-grouped"](
        vocab_size=4096, hidden_size=256, intermediate_size=256, num_hidden_layers=1,
        head_dim=64).save_pretrained(folder)
    for name in TOKENIZER_FILES:
        shutil.copy(vocabulary / name, folder / name)
    return export(quern, folder, place / "m.gguf")


BLOCKS = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]


def quantized(array, kind):
    """The bytes of a matrix in blocks; those that gguf cannot make are random ones, whose factors
    are numbers."""
    try:
        return gguf.quants.quantize(array, kind)
    except NotImplementedError:
        block, size = gguf.GGML_QUANT_SIZES[kind]
        shape = (array.shape[0], array.shape[1] // block, size)
        data = np.random.default_rng(int(kind)).integers(0, 256, shape, np.uint8)
        halves = [208] if kind == gguf.GGMLQuantizationType.Q6_K else [0, 2]
        for place in halves:
            # Exponents that are neither nothing nor infinite.
            data[..., place + 1] = data[..., place + 1] % 0x20 + 0x10
        return data.reshape(array.shape[0], -1)


@pytest.mark.parametrize("name", BLOCKS)
def test_gguf_blocks(quern, wide, tmp_path, name):
    """Blocks are read as gguf's own reader reads them, bit for bit."""
    kind = gguf.GGMLQuantizationType[name]
    reader = gguf.GGUFReader(wide)
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            types = field.types
            writer.add_key_value(
                field.name, field.contents(), types[0],
                types[-1] if types[0] == gguf.GGUFValueType.ARRAY else None)
    expected = {}
    for tensor in reader.tensors:
        array = np.array(tensor.data)
        if array.ndim == 2:
            data = quantized(array, kind)
            writer.add_tensor(tensor.name, data, raw_dtype=kind)
            array = gguf.quants.dequantize(data, kind)
        else:
            writer.add_tensor(tensor.name, array)
        expected[tensor.name] = array
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    quern("model", "import", tmp_path / "m.gguf", "--output", tmp_path / "m", "--quiet")
    imported = load(tmp_path / "m")
    found = ggml_tensors(imported.config, imported.state_dict())
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        assert np.array_equal(found[key], array.reshape(found[key].shape)), key


@pytest.mark.parametrize("name", ["f32", "f16"])
def test_gguf_import_writes_what_llama_cpp_writes(quern, directory, tmp_path, name):
    """Greedy text from a file, by its own program and by ours after importing it."""
    path = export(quern, directory, tmp_path / "m.gguf", "--type", name)
    quern("model", "import", path, "--output", tmp_path / "m", "--quiet")
    llama, tokenizer = LlamaCpp(path), AutoTokenizer.from_pretrained(tmp_path / "m")
    for prompt in PROMPTS[:3]:
        ids = tokenizer(prompt).input_ids
        file = write_json(tmp_path / "ids.json", ids)
        expected = json.loads(probe("generate-greedy", tmp_path / "m", file, 20))
        # llama.cpp was told to pass over the end of a text.
        count = expected.index(0) if 0 in expected else 20
        assert count > 4 and llama.greedy(ids, 20)[0][:count] == expected[:count], prompt


def test_every_token_that_ends_a_text_ends_it_in_llama_cpp(quern, vocabulary, tmp_path):
    """The lists of both files together, after an import too, where each file has its own."""
    source = tmp_path / "source"
    make("llama", vocabulary, source)
    path = source / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": [300, 301]}))
    path = source / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": [0, 302]}))
    quern("model", "import", source, "--output", tmp_path / "m", "--quiet")
    ends = AutoModelForCausalLM.from_pretrained(tmp_path / "m").generation_config.eos_token_id
    assert ends == [300, 301, 0, 302]
    file = export(quern, tmp_path / "m", tmp_path / "m.gguf")
    fields = gguf.GGUFReader(file).fields
    found = {key: int(fields[key].parts[-1][0]) for key in (
        gguf.Keys.Tokenizer.EOS_ID, gguf.Keys.Tokenizer.EOT_ID, gguf.Keys.Tokenizer.EOM_ID)}
    assert list(found.values()) == [0, 300, 301]


EXACT = ["gpt2", "r50k", "gpt4", "llama3", "qwen2", "qwen3.5", "starcoder", "deepseek3",
         "superbpe"]


@pytest.fixture(scope="module")
def texts(fuzzed):
    """Strings to learn from and to cut: no NUL, at which llama.cpp's C strings end."""
    return [text for text in fuzzed[:24_000] if "\0" not in text]


@pytest.mark.parametrize("pattern", EXACT)
def test_llama_cpp_cuts_the_same(quern, encode_all, texts, tmp_path, pattern):
    """Ids of strings that a tokenizer may stumble over, with merges learned from such strings."""
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts if text.strip()))
    vocabulary = tmp_path / "vocab"
    quern("vocab", "train", "--vocab-size", "6000", "--pattern", pattern, "--output", vocabulary,
          "--quiet", corpus, *(["--exclude-special", "all"] if pattern == "superbpe" else []))
    model = tmp_path / "model"
    model.mkdir()
    LlamaForCausalLM(LlamaConfig(
        vocab_size=6011, hidden_size=32, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=1, max_position_embeddings=64, eos_token_id=0, bos_token_id=0,
    )).save_pretrained(model)
    quern("model", "import", model, "--vocab", vocabulary, "--output", tmp_path / "m", "--quiet")
    llama = LlamaCpp(export(quern, tmp_path / "m", tmp_path / "m.gguf", "--type", "f16"))
    # Three differences are known and documented: contractions with a long s, letters that Unicode
    # got after llama.cpp's tables were made, which this Python does not know either, and digits in
    # threes that are not those of ASCII.
    def differs(c):
        return (c == "ſ" or unicodedata.category(c) == "Cn" and ord(c) < 0x40000
                or pattern == "superbpe" and c > "9" and c.isdecimal())

    plain = [text for text in texts if not any(map(differs, text))]
    assert len(plain) > 10_000
    different = [
        text for text, ids in zip(plain, encode_all(vocabulary, plain))
        if llama.tokenize(text) != ids.tolist()
    ]
    assert not different, f"{len(different)} of {len(plain)}: {different[:5]}"
    assert llama.tokenize("a<|endoftext|>b", specials=True)[1] == 0


CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


@pytest.mark.parametrize("place", ["jinja", "config", "list"])
def test_chat_template(quern, vocabulary, tmp_path, place):
    """The template travels from transformers' files into the directory and the GGUF file."""
    source = tmp_path / "source"
    make("qwen3", vocabulary, source)
    path = source / "tokenizer_config.json"
    if place == "jinja":
        (source / "chat_template.jinja").write_text(CHATML)
    else:
        template = CHATML if place == "config" else [
            {"name": "tool_use", "template": "x"}, {"name": "default", "template": CHATML}]
        path.write_text(json.dumps(json.loads(path.read_text()) | {"chat_template": template}))
    quern("model", "import", source, "--output", tmp_path / "m", "--quiet")
    messages = [{"role": "user", "content": "Who <|im_end|> art thou?"},
                {"role": "x", "content": "é"}]
    llama = LlamaCpp(export(quern, tmp_path / "m", tmp_path / "m.gguf"))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "m")
    expected = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert expected.startswith("<|im_start|>user\nWho <|im_end|>")
    assert llama.template(messages) == expected


def mutants(generator, count):
    """safetensors files with a few bytes changed, inserted or removed, most of them in the
    header."""
    base = save(
        {"a": np.arange(3, dtype=np.float32), "b.é": np.zeros((2, 2), np.float16),
         "c": np.zeros((0, 4), np.int64)}, {"format": "pt", "k\"": "\\"})
    length = int.from_bytes(base[:8], "little")
    pieces = [
        b"0", b"1", b"9", b"4", b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b" ", b"-", b".",
        b"e", b"F32", b"BF16", b"null", b'"shape"', b'"data_offsets"', b"\xff", b"\0", b"\\u0041",
        b"[0,12]",
        b'"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},',
    ]
    for _ in range(count):
        header, data = bytearray(base[8:8 + length]), bytearray(base[8 + length:])
        size = None
        for _ in range(generator.randint(1, 3)):
            where = generator.randrange(len(header) + 1)
            match generator.randrange(6):
                case 0: header[where:where + 1] = generator.choice(pieces)
                case 1: header[where:where] = generator.choice(pieces)
                case 2: del header[where:where + generator.randint(1, 6)]
                case 3: header[where:where + 1] = bytes([generator.randrange(256)])
                case 4:
                    data = data[:generator.randrange(len(data) + 1)]
                    data += b"x" * generator.randrange(3)
                case 5: size = generator.choice([0, 1, 7, 1 << 40, 1 << 63, (1 << 64) - 1,
                                                 len(header) - 1])
        size = len(header) if size is None else size
        yield size.to_bytes(8, "little") + bytes(header) + bytes(data)


def test_safetensors_are_refused_as_by_their_owner(tmp_path):
    """Whatever the reference refuses is refused; we may be stricter."""
    paths = []
    for number, data in enumerate(mutants(random.Random(5), 20_000)):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(data)
    listing = write_json(tmp_path / "paths.json", list(map(str, paths)))
    verdicts = json.loads(probe("open-safetensors", listing))
    accepted = both = 0
    for path, verdict in zip(paths, verdicts, strict=True):
        try:
            with safetensors.safe_open(path, "np"):
                theirs = True
        except Exception:
            theirs = False
        if not verdict:
            accepted += 1
            assert theirs, path.read_bytes()
        both += theirs and not verdict
    assert accepted == both > 100


def test_the_snippets_of_models_in_and_out(root, quern, run, tmp_path):
    """Each of them runs as it stands, on a model trained here, and all write the same."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/kjv").symlink_to(run / "runs/small")
    page = (root / "Sources/Pipeline/Documentation.docc/ModelsInAndOut.md").read_text()
    snippets = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    command = re.search(r"^\$ quern (model export .* --format gguf .*)$", page, re.MULTILINE)
    quern(*command[1].split(), cwd=tmp_path)
    texts = []
    for snippet in snippets:
        result = subprocess.run(
            [sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True,
            timeout=300)
        assert result.returncode == 0, result.stderr
        texts.append(result.stdout)
    assert len(texts) == 2
    options = re.search(r"`quern (generate --prompt \"And God said\" .*?)`", page)[1]
    ours = quern(
        "generate", "--model", "runs/kjv/checkpoints/best", "--prompt", "And God said",
        *options.split('" ')[1].split(), cwd=tmp_path)
    assert texts == [ours, ours]
