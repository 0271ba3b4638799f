"""The peers' side of the checks of vocabularies and ids."""

import concurrent.futures
import glob
import json
import sysconfig

import numpy as np
import tiktoken
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

# The expressions of each pattern, applied one after another, as the publishers of the vocabularies
# write them. Written out here once more, so that a slip in the program's own spelling is found.
GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
LLAMA3 = (
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"""
    r""" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""")
GPT4 = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|"""
    r"""\s*[\r\n]|\s+(?!\S)|\s+""")
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
WORDS = [
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
]
REST = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = {
    "gpt2": [GPT2],
    "r50k": [
        r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""],
    "cl100k": [
        r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"""
        r""" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""],
    "llama3": [LLAMA3],
    "gpt4": [GPT4],
    "nanochat": [GPT4.replace("{1,3}", "{1,2}")],
    "qwen2": [LLAMA3.replace("{1,3}", "")],
    "qwen3.5": [
        r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"""
        r""" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""],
    "o200k": ["|".join([WORDS[0] + CONTRACTION, WORDS[1] + CONTRACTION, r"\p{N}{1,3}", REST])],
    "tekken": ["|".join([*WORDS, r"\p{N}", REST])],
    "deepseek3": [
        r"\p{N}{1,3}",
        "[一-龥\u3040-ゟ゠-ヿ]+",
        r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"""
        r""" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
    ],
    "starcoder": [r"\p{N}", GPT2],
    "superbpe": [r"\p{N}+", r"(?=(\d{3})+(?!\d))"],
    "deepseek-coder": [
        r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥\u0800-一\uac00-\ud7ff]+", r"\p{N}"],
    "deepseek-llm": [
        r"[\r\n]",
        r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ"
        "\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d"
        "\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3"
        "\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115"
        "\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f"
        "\u2145-\u2149\u214eↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻"
        "𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+",
        "\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+", r"\s+$", "[一-龥\u0800-一\uac00-\ud7ff]+", r"\p{N}"],
    "kimi": ["|".join([
        r"[\p{Han}]+",
        *(word.replace(r"\p{M}]", r"\p{M}&&[^\p{Han}]]") + CONTRACTION for word in WORDS),
        r"\p{N}{1,3}", REST.replace("\\n/]", "\\n]")])],
}
# Those that Hugging Face's trainer is compared in.
TRAINED = ["gpt2", "gpt4"]
END = "<|endoftext|>"

# One of everything that a pattern looks at; a surrogate cannot be written as UTF-8.
HOSTILE = """a b s t l L S D re ve 'll 'S 'ſ 'RE ' 1 23 ½ ٣ Ⅷ . , ! - -- \u0301 漢 字 é 😀 \u200d
\ufeff Ġ ʼ K 𝒜 \U000e0100 <| |> \x00 \x7f""".split() + [
    " ", "  ", "\t", "\r", "\n", "\r\n", "\u00a0", "\u2003", "\u0085", "\u3000"]


def pre_tokenizer(pattern):
    """Pre-tokenizer that cuts texts for `tokenizers`."""
    # Oniguruma reads `{1,3}+` as a repetition of a repetition; the sign means nothing there.
    expressions = [expression.replace("{1,3}+", "{1,3}") for expression in PATTERNS[pattern]]
    splits = [pre_tokenizers.Split(Regex(expression), "isolated") for expression in expressions]
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([*splits, byte_level])


def falcon(texts, size):
    """`tokenizers` with Falcon's steps, which cut within characters, and merges of `texts`."""
    peer = Tokenizer(models.BPE())
    peer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
    ])
    peer.decoder = decoders.ByteLevel()
    peer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, special_tokens=[END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return peer


def tokenizer(path, pattern):
    """`tokenizers` with the tokens and merges of a `tokenizer.json` and a pattern of its own.

    Special tokens keep their numbers and lose their names, since it would find them in every text.
    """
    file = json.loads(path.read_text())
    vocab = file["model"]["vocab"]
    for token in file["added_tokens"]:
        if token["special"]:
            vocab.pop(token["content"], None)
            token["content"] = f"\uffff no text has this: {token['id']} \uffff"
        # It numbers what the model has not anew.
        vocab[token["content"]] = token["id"]
    peer = Tokenizer.from_str(json.dumps(file))
    if pattern:
        peer.pre_tokenizer = pre_tokenizer(pattern)
    return peer


def ids_of(peer, texts):
    """The ids that `tokenizers` gives each text."""
    encodings = peer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.array(encoding.ids, dtype=np.uint32) for encoding in encodings]


def is_refused(ids):
    """Whether the text has a byte that no token stands for; `tokenizers` drops such bytes."""
    return len(ids) == 1 and ids[0] == 0xFFFFFFFF


def differences(texts, ours, theirs):
    """The first few texts whose ids differ. At most a few in a thousand may be refused."""
    assert len(ours) == len(theirs) == len(texts)
    assert sum(map(is_refused, ours)) * 50 <= len(texts) + 50
    return [
        (text[:60], one[:20].tolist(), other[:20].tolist())
        for text, one, other in zip(texts, map(np.asarray, ours), map(np.asarray, theirs))
        if not is_refused(one) and not np.array_equal(one, other)
    ][:5]


def trained(documents, pattern, size, frequency=2, specials=(END,), longest=None):
    """A vocabulary that Hugging Face's trainer learned, whole: ready to be saved."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(pattern)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=frequency, special_tokens=list(specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        **({"max_token_length": longest} if longest else {}),
    )
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def byte_of_character():
    """The byte that each character of a token stands for, as in GPT-2's encoder.py."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    return table | {chr(0x100 + index): byte for index, byte in enumerate(others)}


def tiktoken_encoding(directory, pattern):
    """tiktoken with the same tokens as ranks, and what to add to its ids; nothing for a pattern of
    several expressions, which it has not."""
    if len(PATTERNS[pattern]) > 1:
        return None, 0
    file = json.loads((directory / "tokenizer.json").read_text())
    specials = {token["content"] for token in file["added_tokens"]}
    table = byte_of_character()
    ranks = {
        bytes(table[character] for character in token): number - len(specials)
        for token, number in file["model"]["vocab"].items()
        if token not in specials
    }
    encoding = tiktoken.Encoding(
        "quern", pat_str=PATTERNS[pattern][0], mergeable_ranks=ranks, special_tokens={}
    )
    return encoding, len(specials)


def tiktoken_ids(encoding, first, texts):
    """The ids that tiktoken gives each text, on two threads; `first` is added to them."""
    def ids(text):
        return encoding.encode_to_numpy(text, disallowed_special=()) + np.uint32(first)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(ids, texts))


def read_shard(path):
    """The ids of a shard, read as llm.c's data_common.py writes and its loader reads it."""
    header = np.fromfile(path, dtype="<i4", count=256)
    kinds = {(20240520, 1): "<u2", (20240801, 7): "<u4"}
    dtype = np.dtype(kinds[(header[0], header[1])])
    ids = np.fromfile(path, dtype=dtype, offset=1024)
    assert len(ids) == header[2]
    assert path.stat().st_size == 1024 + dtype.itemsize * len(ids)
    return ids


def python_sources(byte_count):
    """Program text: Python's own library, up to about so many bytes."""
    sources, total = [], 0
    for path in sorted(glob.glob(sysconfig.get_paths()["stdlib"] + "/**/*.py", recursive=True)):
        if total > byte_count:
            break
        try:
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
        except UnicodeDecodeError:
            continue
        if text and END not in text:
            sources.append(text)
            total += len(text)
    return sources


def write_jsonl(path, documents):
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps({"text": document}) + "\n")
    return path
