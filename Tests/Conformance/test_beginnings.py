"""Tokens before a prompt: the same in transformers, in llama.cpp and here, for models of any
origin."""

import json

import pytest
import torch
from llama_cpp import LlamaCpp
from test_models import PROMPTS, export, make
from test_pipeline import run  # noqa: F401, a fixture
from test_transformer import load
from tokenizers import Tokenizer, processors
from transformers import AutoTokenizer, GPT2Tokenizer, PreTrainedTokenizerFast


def published(vocabulary, path, kind):
    """A tokenizer as a family publishes it, with the tokens of a vocabulary; what it puts first."""
    if kind == "gpt2-files":
        # vocab.json and merges.txt alone, as GPT-2 came.
        GPT2Tokenizer.from_pretrained(vocabulary).backend_tokenizer.model.save(str(path))
        return []
    if kind == "gpt2-files-adding":
        published(vocabulary, path, "gpt2-files")
        (path / "tokenizer_config.json").write_text(json.dumps({
            "tokenizer_class": "GPT2Tokenizer", "add_bos_token": True,
            "bos_token": "<|endoftext|>"}))
        return [0]
    tokenizer = Tokenizer.from_file(str(vocabulary / "tokenizer.json"))
    end = "<|endoftext|>"
    names, first = {"bos_token": end, "eos_token": end}, []
    if kind == "llama3":
        tokenizer.add_special_tokens(["<|begin_of_text|>"])
        first = [tokenizer.token_to_id("<|begin_of_text|>")]
        names["bos_token"] = "<|begin_of_text|>"
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
                special_tokens=[("<|begin_of_text|>", first[0])])])
    if kind == "qwen3":
        names = {"eos_token": end, "pad_token": end}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(path)
    config = json.loads((path / "tokenizer_config.json").read_text())
    # As these files have it; transformers heeds the tokenizer.json alone.
    more = {"qwen3": {"add_bos_token": False, "bos_token": None},
            "gpt2-heedless": {"add_bos_token": True}}
    (path / "tokenizer_config.json").write_text(json.dumps(config | more.get(kind, {})))
    return first


ORIGINS = {
    "gpt2": "gpt2", "gpt2-heedless": "gpt2", "gpt2-files": "gpt2", "gpt2-files-adding": "gpt2",
    "llama3": "llama-untied", "qwen3": "qwen3-untied-grouped",
}


@pytest.fixture(scope="module", params=ORIGINS)
def origin(request, root, tmp_path_factory):
    """A model's directory as others publish it, and the ids that they put before a text."""
    path = tmp_path_factory.mktemp("origin")
    vocabulary = root / "vocab/kjv"
    make(ORIGINS[request.param], vocabulary, path, size=4104)
    for name in ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]:
        (path / name).unlink()
    return path, published(vocabulary, path, request.param)


def continuation(directory, tokenizer, prompt, count):
    """The ids of a prompt and of transformers' greedy text after it."""
    ids = tokenizer(prompt, return_tensors="pt")
    text = load(directory).generate(
        **ids, max_new_tokens=count, min_new_tokens=count, do_sample=False,
        pad_token_id=0)[0].tolist()
    length = ids.input_ids.shape[1]
    return text[:length], text[length:]


def ours(quern, directory, prompt, count):
    """The ids of our greedy text."""
    line = quern("generate", "--model", directory, "--prompt", prompt, "--temperature", "0",
                 "--max-new-tokens", count, "--json")
    return json.loads(line)["tokens"]


def test_imported_models(quern, origin, tmp_path):
    """Greedy ids from text: those of transformers with the source's own tokenizer."""
    source, first = origin
    imported = tmp_path / "imported"
    # Their own special token is found in no prompt.
    quern("model", "import", source, "--output", imported, "--quiet")
    tokenizers = [AutoTokenizer.from_pretrained(path) for path in (source, imported)]
    llama = LlamaCpp(export(quern, imported, tmp_path / "m.gguf"))
    compared = 0
    for prompt in filter(None, PROMPTS):
        ids, expected = continuation(source, tokenizers[0], prompt, 24)
        assert ids[:len(first)] == first and ids[len(first)] not in (0, *first)
        assert tokenizers[1](prompt).input_ids == ids
        if 0 in expected:
            expected = expected[:expected.index(0)]
        assert ours(quern, imported, prompt, 24) == expected, prompt
        if (source / "tokenizer.json").exists():
            assert ours(quern, source, prompt, 24) == expected
        assert llama.ask("/tokenize", content=prompt, add_special=True)["tokens"] == ids
        assert llama.greedy(prompt, len(expected))[0] == expected
        compared += len(expected)
    assert compared > 40
    others = set(map(tuple, ([], [0]))) - {tuple(first)}
    for other in others:
        option = ["--begin", "<|endoftext|>" if other else "none"]
        line = quern("generate", "--model", imported, "--prompt", PROMPTS[0], "--temperature", "0",
                     "--max-new-tokens", "1", "--json", *option)
        body = tokenizers[0](PROMPTS[0]).input_ids[len(first):]
        with torch.no_grad():
            logits = load(source)(torch.tensor([[*other, *body]])).logits[0, -1]
        assert json.loads(line)["tokens"] == [int(logits.argmax())]


def test_a_model_trained_here(quern, run, tmp_path):
    """The tokenizer of its checkpoint, the GGUF file and we begin a text as its documents began."""
    checkpoint = run / "runs/small/checkpoints/best"
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    llama = LlamaCpp(export(quern, checkpoint, tmp_path / "m.gguf"))
    for prompt in ["In the beginning", "And God said"]:
        ids, expected = continuation(checkpoint, tokenizer, prompt, 24)
        assert ids[0] == 0 and 0 not in ids[1:] + expected
        assert ours(quern, checkpoint, prompt, 24) == expected
        assert llama.greedy(prompt, 24)[0] == expected
    # From nothing: transformers begins with its bos_token_id then.
    nothing = load(checkpoint).generate(max_new_tokens=24, do_sample=False,
                                        pad_token_id=0)[0].tolist()
    assert nothing[0] == 0
    assert ours(quern, checkpoint, "", 24) == nothing[1:]
    # Documents without an end give texts without a beginning, also in a directory exported again.
    pipeline = json.loads((run / "pipeline.json").read_text())
    pipeline |= {"name": "endless", "shards": {"end_of_text": "none"}}
    pipeline["training"]["steps"] = 20
    folder = tmp_path / "endless"
    folder.mkdir()
    (folder / "pipeline.json").write_text(json.dumps(pipeline))
    quern("run", "pipeline.json", "--quiet", cwd=folder)
    endless = folder / "runs/endless/checkpoints/best"
    for source, first in [(checkpoint, [0]), (endless, [])]:
        out = tmp_path / ("out" + str(len(first)))
        quern("model", "export", source, "--format", "huggingface", "--output", out, "--quiet")
        ids, expected = continuation(out, AutoTokenizer.from_pretrained(out), "And God said", 24)
        assert ids[:1] == (first or ids[:1]) and (0 in ids) == bool(first)
        assert ours(quern, out, "And God said", 24) == expected
        assert ours(quern, source, "And God said", 24) == expected
