"""SentencePiece's BPE in a GGUF file, as converters write it: ids and greedy text of llama.cpp, and
the vocabulary of SentencePiece's own file."""

import json

import gguf
import numpy as np
import published
import pytest
from llama_cpp import LlamaCpp
from model_probe import probe
from sentencepiece import SentencePieceProcessor

WIDTH, HIDDEN, HEADS = 64, 96, 2


def add_pieces(writer, model):
    """The tokenizer, as llama.cpp's converter takes it from SentencePiece."""
    kinds = gguf.TokenType
    types = []
    for piece in range(model.vocab_size()):
        if model.is_unknown(piece):
            types.append(kinds.UNKNOWN)
        elif model.is_control(piece):
            types.append(kinds.CONTROL)
        elif model.is_byte(piece):
            types.append(kinds.BYTE)
        else:
            types.append(kinds.NORMAL)
    count = model.vocab_size()
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    # Rows that fill the model up to a round number.
    fill = range(-count % 64)
    writer.add_token_list(
        [model.id_to_piece(piece).encode() for piece in range(count)]
        + [f"[PAD{count + number}]".encode() for number in fill])
    writer.add_token_scores(
        [model.get_score(piece) for piece in range(count)] + [-1e4 for _ in fill])
    writer.add_token_types(types + [kinds.UNUSED for _ in fill])
    writer.add_bos_token_id(model.bos_id())
    writer.add_eos_token_id(model.eos_id())
    writer.add_unk_token_id(model.unk_id())
    return count + len(fill)


@pytest.fixture(scope="module")
def source(published_folder):
    return published.path(published_folder, "mistral")


@pytest.fixture(scope="module")
def file(source, tmp_path_factory):
    """A small Llama of random numbers with Mistral's pieces."""
    path = tmp_path_factory.mktemp("pieces") / "m.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_block_count(1)
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    rows = add_pieces(writer, SentencePieceProcessor(model_file=str(source)))
    writer.add_vocab_size(rows)
    random = np.random.default_rng(7)
    shapes = {
        "attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH, WIDTH), "attn_v": (WIDTH, WIDTH),
        "attn_output": (WIDTH, WIDTH), "ffn_gate": (HIDDEN, WIDTH), "ffn_up": (HIDDEN, WIDTH),
        "ffn_down": (WIDTH, HIDDEN)}
    tensors = {f"blk.0.{name}.weight": shape for name, shape in shapes.items()}
    tensors |= {"token_embd.weight": (rows, WIDTH), "output.weight": (rows, WIDTH)}
    for name, shape in tensors.items():
        writer.add_tensor(name, random.normal(0, 0.3, shape).astype(np.float32))
    for name in ["blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"]:
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_it_is_the_vocabulary_of_the_own_file(
        quern, encode_all, source, file, mixed, fuzzed, tmp_path):
    quern("vocab", "import", source, "--output", tmp_path / "own")
    quern("vocab", "import", file, "--output", tmp_path / "gguf")
    texts = mixed[::500] + fuzzed[:5000]
    for one, other in zip(
            encode_all(tmp_path / "own", texts), encode_all(tmp_path / "gguf", texts), strict=True):
        assert np.array_equal(one, other)


def test_ids_and_greedy_text_are_those_of_llama_cpp(quern, encode_all, file, fuzzed, tmp_path):
    quern("model", "import", file, "--output", tmp_path / "m", "--quiet")
    llama = LlamaCpp(file)
    texts = [
        "In the beginning God created", "  two spaces,\n\n\tand a tab", "漢字 — naïve 🙂 ẞ", "▁",
        *(text for text in fuzzed[:600] if "\0" not in text)]
    ours = encode_all(tmp_path / "m", texts)
    for text, ids in zip(texts, ours, strict=True):
        assert llama.tokenize(text) == ids.tolist(), repr(text)
    prompt = [1, *ours[0].tolist()]
    path = tmp_path / "ids.json"
    path.write_text(json.dumps(prompt))
    expected = json.loads(probe("generate-greedy", tmp_path / "m", path, 20))
    count = expected.index(2) if 2 in expected else 20
    assert count > 4 and llama.greedy(prompt, 20)[0][:count] == expected[:count]
    # A text begins as llama.cpp begins it.
    text = quern("generate", "--model", tmp_path / "m", "--prompt", texts[0], "--temperature", "0",
                 "--max-new-tokens", "20")
    theirs = llama.greedy(texts[0], 20)[1]
    assert text.removeprefix(texts[0]).rstrip("\n\ufffd").startswith(theirs[:8].rstrip("\ufffd"))
