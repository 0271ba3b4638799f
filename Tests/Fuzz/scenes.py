"""Makes the folders of sound files in which each reader's one bad file lies: its scene."""

import gzip
import io
import json
import pathlib
import shutil
import struct
import subprocess
import tarfile

TEXT = "".join(
    f"{number}. In the beginning the mill turned {number * number % 97} times, didn't it? "
    f"Caf\u00e9 na\u00efve \u4e2d\u6587 \u2014 {'so ' * (number % 5)}\n" for number in range(60))
MODEL = {
    "model.n_positions": 16, "training.steps": 4, "training.batch_size": 2,
    "training.evaluate_every": 2, "training.checkpoint_every": 4,
}  # fmt: skip


def archive(lines):
    """A web archive with a record of text for each line, and others between."""
    records = []
    for number, line in enumerate(lines):
        for kind, content in [("conversion", "text/plain"), ("metadata", "application/json")]:
            text = line.encode()
            records.append((
                f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://a/{number}\r\n"
                f"Content-Type: {content}\r\nContent-Length: {len(text)}\r\n\r\n"
            ).encode() + text + b"\r\n\r\n")
    return b"".join(records)


def tar(lines):
    """A tar file with a text for each line; some names are long, and one entry is no text."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as made:
        for number, line in enumerate(lines):
            for ending in ["txt", "jpg"] if number == 0 else ["txt"]:
                entry = tarfile.TarInfo("é" * (number * 20) + f"{number}.{ending}")
                entry.size = len(line.encode())
                made.addfile(entry, io.BytesIO(line.encode()))
    return file.getvalue()


class Scenes:
    """Folders below `folder`, made with the program `quern`."""

    def __init__(self, quern, folder):
        self.quern = str(pathlib.Path(quern).resolve())
        self.folder = pathlib.Path(folder).resolve()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def run(self, *arguments, text=None):
        result = subprocess.run(
            [self.quern, *map(str, arguments), *(["--quiet"] if "export" not in arguments else [])],
            input=text, capture_output=True, text=True, timeout=300, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: {result.stderr}")

    def scene(self, name):
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def make(self):
        self.corpora()
        for seed in (pathlib.Path(__file__).parent / "seeds").glob("*.parquet"):
            shutil.copy(seed, self.scene("parquet"))
        self.vocabularies()
        self.data_sets()
        self.models()
        self.small_texts()
        self.ranks()

    def ranks(self):
        """What rank 0 of two sends: a greeting, and the messages of a whole talk."""
        folder = self.scene("ranks")
        (folder / "greeting").write_bytes(b"\0QUERNP01" + bytes(range(64)))
        bodies = [
            struct.pack("<2d", 1, 2), struct.pack("<d", 4), b"text\0\0\0\0",
            struct.pack("<5f", *range(5)), struct.pack("<4f", *range(4)),
            struct.pack("<5H", *range(5)), struct.pack("<4H", *range(4)), b""]
        (folder / "talk").write_bytes(b"\1" + b"".join(
            struct.pack("<2Q", number + 1, len(body)) + body
            for number, body in enumerate(bodies)))

    def corpora(self):
        folder = self.scene("corpora")
        lines = TEXT.splitlines()[:12]
        records = [{"text": line, "meta": {"text": line[::-1], "n": n}}
                   for n, line in enumerate(lines)]
        jsonl = "".join(json.dumps(record, ensure_ascii=n % 2 == 0) + "\n"
                        for n, record in enumerate(records)).encode()
        table = ["text,n,note", *(f'"{line.strip()}, ""so""",{n},"a\nb"'
                                  for n, line in enumerate(lines))]
        files = {
            "corpus.txt": "\n\n".join(lines).encode(),
            "corpus.jsonl": jsonl,
            "corpus.json": json.dumps(records, indent=1).encode(),
            "corpus.csv": "\r\n".join(table).encode(),
            "corpus.tsv": "\n".join(
                ["n\ttext", *(f"{n}\t{line}" for n, line in enumerate(lines))]).encode(),
            "corpus.warc": archive(lines),
            "corpus.tar": tar(lines),
            "corpus.jsonl.gz": gzip.compress(jsonl, mtime=0) * 2,
            "talks.jsonl": "".join(json.dumps({"messages": [
                {"role": "system", "content": "Be brief."}, {"role": "user", "content": line},
                {"role": "assistant", "content": "Yes."}]}) + "\n" for line in lines).encode(),
            "pairs.jsonl": "".join(json.dumps({"source": line, "target": line[:9]}) + "\n"
                                   for line in lines).encode(),
            "pairs.csv": "source,target\n".encode() + "".join(
                f'"{line.strip()}",{n}\n' for n, line in enumerate(lines)).encode(),
            "inputs.list": b"corpus.txt\n# a remark\n*.csv\n",
        }  # fmt: skip
        for name, data in files.items():
            (folder / name).write_bytes(data)
        self.run("corpus", "pack", "--output", folder / "corpus.jsonl.zst", folder / "corpus.jsonl")
        for name in ("gzip", "zstd"):
            packed = folder / f"corpus.jsonl.{'gz' if name == 'gzip' else 'zst'}"
            shutil.copy(packed, self.scene(name) / packed.name)

    def vocabularies(self):
        corpus, own = self.folder / "corpora/corpus.txt", self.scene("vocabulary")
        self.run("vocab", "train", "--vocab-size", 300, "--special-tokens", "<|endoftext|>",
                 "--special-tokens",
                 "<|im_start|>", "--special-tokens", "<|im_end|>", "--output", own, corpus)
        self.run("vocab", "train", "--model", "word", "--vocab-size", 290, "--output",
                 self.scene("words"), corpus)
        self.run("vocab", "count", "--output", self.scene("counts") / "pieces.counts", corpus)
        folder = self.scene("vocabularies")
        shutil.copy(own / "tokenizer.json", folder)
        self.run("vocab", "export", own, "--format", "tiktoken", "--output",
                 folder / "ranks.tiktoken")
        self.run("vocab", "export", own, "--format", "gpt2", "--output", self.scene("pair"))
        tekken = {
            "config": {"pattern": "", "num_vocab_tokens": 258, "default_vocab_size": 260,
                       "default_num_special_tokens": 2, "version": "v3"},
            "special_tokens": [{"rank": 0, "token_str": "<unk>", "is_control": True},
                               {"rank": 1, "token_str": "<s>", "is_control": True}],
            "vocab": [],
        }  # fmt: skip
        import base64
        for rank in range(256):
            tekken["vocab"].append({"rank": rank, "token_bytes": base64.b64encode(
                bytes([rank])).decode(), "token_str": None})
        for rank, token in enumerate(("th", "the"), 256):
            tekken["vocab"].append({"rank": rank, "token_bytes": base64.b64encode(
                token.encode()).decode(), "token_str": token})
        (folder / "tekken.json").write_text(json.dumps(tekken))

        def field(number, data):
            return bytes([number << 3 | 2, len(data)]) + data

        pieces = [("<unk>", 0, 2), ("<s>", 0, 3), *((f"<0x{byte:02X}>", 0, 6)
                                                    for byte in range(256))]
        pieces += [("▁t", -1, 1), ("he", -2, 1), ("▁▁", -9, 1), ("▁▁▁", -9, 1)]
        pieces += [(character, -99, 1) for character in "▁theé中"]
        model = b"".join(
            field(1, field(1, name.encode()) + b"\x15" + struct.pack("<f", score)
                  + bytes([0x18, kind])) for name, score, kind in pieces)
        # A BPE with bytes for what is unknown, and a normalizer that keeps spaces.
        model += field(2, b"\x18\x02\x98\x02\x01") + field(3, b"\x0a\x01i\x18\x01\x20\x00")
        (folder / "tokenizer.model").write_bytes(model)

    def data_sets(self):
        corpus = self.folder / "corpora/corpus.txt"
        self.run("encode", "--vocab", self.folder / "vocabulary", "--text-separator", "\\n\\n",
                 "--validation-fraction", "0.3", "--output", self.folder / "shards", corpus)
        ids = [list(range(number, number + 9)) for number in range(8)]
        flat = [id for document in ids for id in document]
        megatron = self.scene("megatron")
        (megatron / "data.bin").write_bytes(struct.pack(f"<{len(flat)}H", *flat))
        pointers = [18 * number for number in range(len(ids))]
        (megatron / "data.idx").write_bytes(
            b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, len(ids), len(ids) + 1)
            + struct.pack(f"<{len(ids)}i", *([9] * len(ids)))
            + struct.pack(f"<{len(ids)}q", *pointers)
            + struct.pack(f"<{len(ids) + 1}q", *range(len(ids) + 1)))
        raw = self.scene("raw")
        (raw / "train.bin").write_bytes(struct.pack(f"<{len(flat)}H", *flat))
        (raw / "val.bin").write_bytes(struct.pack("<9H", *range(9)))
        headed = self.scene("headed")
        header = struct.pack("<256i", 20240520, 1, len(flat), *([0] * 253))
        for name in ("data_train_000000.bin", "data_val_000000.bin"):
            (headed / name).write_bytes(header + struct.pack(f"<{len(flat)}H", *flat))

    def models(self):
        kinds = {
            "decoder": {"model.architecture": "gpt2", "model.n_layer": 1, "model.n_head": 1,
                        "model.n_embd": 8},
            "llama": {"model.architecture": "llama", "model.n_layer": 1, "model.n_head": 2,
                      "model.n_kv_head": 1, "model.n_embd": 16},
            "recurrent": {"model.architecture": "lstm", "model.n_layer": 1, "model.n_embd": 8},
        }  # fmt: skip
        for name, settings in kinds.items():
            run = self.folder / ("run" if name == "decoder" else name + "-run")
            words = [word for key, value in {**MODEL, **settings}.items()
                     for word in ("--set", f"{key}={value}")]
            self.run("train", "--shards", self.folder / "shards", "--vocab",
                     self.folder / "vocabulary", "--output", run, "--threads", 1, *words)
            shutil.copytree(run / "checkpoints/step-00000004", self.folder / name)
            events = next(run.glob("events.out.tfevents.*"))
            shutil.copy(events, run / "events.out.tfevents.1.fuzz")
        # Without its manifest a model is one of another program's, of which every byte is read.
        for name in kinds:
            (self.folder / name / "manifest.json").unlink()
        self.run("model", "export", self.folder / "decoder", "--format", "gguf", "--output",
                 self.scene("gguf") / "model.gguf")
        shutil.copy(self.folder / "gguf/model.gguf", self.folder / "vocabularies/vocabulary.gguf")
        self.pairs()

    def pairs(self):
        description = self.folder / "pairs.json"
        description.write_text(json.dumps({
            "name": "pairs", "corpus": {
                "inputs": [str(self.folder / "corpora/pairs.jsonl")], "validation_fraction": 0.3},
            "vocabulary": {"vocab_size": 290},
            "model": {"architecture": "encoder_decoder", "n_layer": 1, "n_head": 1, "n_embd": 8,
                      "n_positions": 128},
            "training": {"steps": 2, "batch_size": 2},
        }))  # fmt: skip
        # What a pipeline makes does not lie in the data set of the other scenes.
        place = self.scene("pipeline")
        result = subprocess.run(
            [self.quern, "run", description, "--quiet"], cwd=place, capture_output=True,
            text=True, timeout=300, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"run pairs.json: {result.stderr}")
        best = place / "runs/pairs/checkpoints/step-00000002"
        shutil.copytree(best, self.folder / "pairs")
        (self.folder / "pairs/manifest.json").unlink()

    def small_texts(self):
        settings = self.scene("settings")
        (settings / "pipeline.json").write_text(json.dumps({
            "name": "a", "corpus": {"inputs": ["x.txt"], "validation_fraction": 0.1},
            "model": {"n_layer": 2}, "training": {"steps": 10, "learning_rate": 1e-3},
            "generation": {"temperature": 0.5}, "samples": ["In"]}, indent=1))
        (settings / "comparison.json").write_text(json.dumps({
            "name": "b", "corpus": {"inputs": ["x.txt"]}, "rule": "parameters",
            "models": [{"name": "one", "model": {"architecture": "rnn"}},
                       {"name": "two", "model": {"architecture": "n-gram", "order": 3}}]}))
        for number, text in enumerate(
            ["training.steps=10", 'corpus.inputs=["a", "b"]', "64MB", "1.5GiB", "12", "3kB",
             "model.n_layer=1e3", "model.rope_scaling={}"]):
            (self.scene("strings") / f"string-{number}").write_text(text)
        templates = self.scene("templates")
        for number, text in enumerate([
            "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m.content }}{% endfor %}",
            "{%- set ns = namespace(last=-1) -%}{% for m in messages[::-1] %}{% if m.role == 'x' "
            "and ns.last < 0 %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}{{ ns.last }}",
            "{% macro f(a, b=2) %}{{ a ~ b }}{% endmacro %}{{ f('x') | upper }}{{ tool | tojson }}",
            "{{ strftime_now('%d %b %Y') }}{{ raise_exception('no') if tools is not none }}",
            "{{ messages | selectattr('role', '==', 'user') | map(attribute='content') | list }}",
        ]):
            (templates / str(number)).write_text(text)
        texts = self.scene("texts")
        for number, text in enumerate(
            [TEXT[:300], "\r\n\t  'll 've 's 12345 \u0130\u017f \u00a0\u3000", "\u0301e\u0301" * 9,
             "a" * 99, "<|endoftext|><|im_start|>user\n"]):
            (texts / str(number)).write_text(text)
        (texts / "bytes").write_bytes(bytes(range(256)))
