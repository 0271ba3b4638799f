"""Data sets in the layouts of other programs, read by those programs; and theirs, read by Quern."""

import gzip
import json
import pathlib
import struct
import sys
import types

import numpy as np
import pytest
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shards(quern, kjv_path, tmp_path_factory):
    """Several shards of each split."""
    path = tmp_path_factory.mktemp("exports") / "kjv"
    quern(
        "encode", "--vocab", ROOT / "vocab/kjv", "--output", path, "--text-separator", r"\n\n\n",
        "--validation-fraction", 0.2, "--tokens-per-shard", 200_000, kjv_path,
    )
    return path


@pytest.fixture(scope="module")
def export(quern, shards):
    def run(layout, *more):
        output = shards.parent / layout
        if not output.exists():
            quern("shards", "export", shards, "--format", layout, "--output", output, *more)
        return output

    return run


def documents(shards, split):
    """The ids of each document, as the shards and their indices have them."""
    manifest = json.loads((shards / "manifest.json").read_text())
    for entry in manifest["shards"]:
        if entry["split"] == split:
            ids = np.fromfile(shards / entry["name"], dtype="<u2", offset=1_024)
            index = (shards / entry["name"]).with_suffix(".idx").read_bytes()
            size, count = struct.unpack_from("<IQ", index, 12)
            starts = [struct.unpack_from("<Q", index, 24 + size * i)[0] for i in range(count)]
            for start, end in zip(starts, starts[1:] + [len(ids)]):
                yield entry["name"], ids[start:end]


def stream(shards, split):
    return np.concatenate([ids for _, ids in documents(shards, split)])


SPLITS = pytest.mark.parametrize("split", ["train", "val"])


@SPLITS
def test_nanogpt_reads_the_ids(shards, export, split):
    data = np.memmap(export("nanogpt") / f"{split}.bin", dtype=np.uint16, mode="r")
    assert np.array_equal(data, stream(shards, split))


@SPLITS
def test_megatron_reads_each_document(shards, export, split):
    from megatron.core.datasets.indexed_dataset import IndexedDataset

    data = IndexedDataset(str(export("megatron") / f"{split}_text_document"))
    expected = [ids for _, ids in documents(shards, split)]
    assert len(data) == len(expected)
    assert data.document_indices.tolist() == list(range(len(expected) + 1))
    for ours, theirs in zip(expected, data):
        assert theirs.dtype == np.uint16
        assert np.array_equal(ours, theirs)


@SPLITS
def test_megatron_writes_the_same_bytes(shards, export, split, tmp_path):
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

    builder = IndexedDatasetBuilder(str(tmp_path / "theirs.bin"), dtype=np.uint16)
    for _, ids in documents(shards, split):
        builder.add_document(torch.from_numpy(ids.astype(np.int64)), [len(ids)])
    builder.finalize(str(tmp_path / "theirs.idx"))
    stem = export("megatron") / f"{split}_text_document"
    for suffix in [".bin", ".idx"]:
        assert stem.with_suffix(suffix).read_bytes() == (tmp_path / f"theirs{suffix}").read_bytes()


@SPLITS
def test_datatrove_reads_windows_and_positions(shards, export, split):
    from datatrove.utils.dataset import DatatroveFolderDataset

    length = 127
    data = DatatroveFolderDataset(
        str(export("datatrove") / split), seq_len=length, filename_pattern="*.ds", token_size=2,
        shuffle=False, return_positions=True)
    names = sorted({name for name, _ in documents(shards, split)})
    number = 0
    for name in names:
        own = [ids for shard, ids in documents(shards, split) if shard == name]
        ids = np.concatenate(own)
        positions = np.concatenate([np.arange(len(document)) for document in own])
        for start in range(0, len(ids) // (length + 1) * (length + 1), length + 1):
            item = data[number]
            assert np.array_equal(item["input_ids"].numpy(), ids[start:start + length + 1])
            theirs = item["positions"].numpy()
            # Theirs counts from the window's beginning what began before it.
            expected = np.minimum(positions[start:start + length + 1], np.arange(length + 1))
            assert np.array_equal(theirs, expected)
            number += 1
    assert number == len(data)


def test_datatrove_writes_the_same_metadata(shards, export):
    import humanize

    for path in sorted(export("datatrove").glob("*/*.ds")):
        count = path.stat().st_size // 2
        lines = path.with_name(path.name + ".metadata").read_text().split("\n")
        assert lines[0].endswith("|2")
        assert lines[1:] == [str(count), humanize.metric(count, unit="T")]


@SPLITS
def test_olmo_reads_documents_from_the_tables(shards, export, split):
    expected = list(documents(shards, split))
    number = 0
    for path in sorted((export("olmo") / split).glob("*.npy")):
        ids = np.memmap(path, dtype=np.uint16, mode="r")
        with gzip.open(path.with_suffix(".csv.gz"), "rt") as table:
            for line in table:
                # As OLMo-core reads it.
                start, end, name, source, place = line.rstrip("\n").split(",")
                assert np.array_equal(ids[int(start):int(end)], expected[number][1])
                assert int(name) == number
                assert source.endswith("kjv.txt.zst")
                assert int(place) > 0
                number += 1
    assert number == len(expected)


def mds_reader():
    """The reader alone: the package's front door wants every cloud's client."""
    root = next(
        pathlib.Path(path) / "streaming" for path in sys.path
        if (pathlib.Path(path) / "streaming/base/format/mds").is_dir())
    for name in ["", ".base", ".base.format", ".base.format.base", ".base.format.mds"]:
        module = types.ModuleType("streaming" + name)
        module.__path__ = [str(root / name[1:].replace(".", "/"))]
        sys.modules.setdefault("streaming" + name, module)
    from streaming.base.format.mds.reader import MDSReader

    return MDSReader


@SPLITS
def test_litdata_reads_blocks_and_documents(shards, export, split):
    from litdata import StreamingDataset, TokensLoader

    folder, ids = export("litdata") / split, stream(shards, split)
    index = json.loads((folder / "index.json").read_text())
    for chunk in index["chunks"]:
        assert (folder / chunk["filename"]).stat().st_size == chunk["chunk_bytes"]
    assert sum(chunk["dim"] for chunk in index["chunks"]) == len(ids)
    # A block does not go over the end of a file.
    blocks, start = [], 0
    for chunk in index["chunks"]:
        part = ids[start : start + chunk["dim"]]
        blocks += [part[i : i + 128] for i in range(0, len(part) - 127, 128)]
        start += chunk["dim"]
    found = StreamingDataset(str(folder), item_loader=TokensLoader(block_size=128), shuffle=False)
    assert len(found) == len(blocks)
    for number, block in enumerate(blocks):
        assert found[number].dtype == torch.int16
        assert np.array_equal(found[number].numpy(), block.astype(np.int16))
    # Each document is an item of its file.
    found = []
    for chunk in index["chunks"]:
        data = (folder / chunk["filename"]).read_bytes()
        (count,) = struct.unpack_from("<I", data)
        assert count == chunk["chunk_size"]
        places = struct.unpack_from(f"<{count + 1}I", data, 4)
        found += [np.frombuffer(data[a:b], "<i2") for a, b in zip(places, places[1:])]
    expected = [document for _, document in documents(shards, split)]
    assert len(found) == len(expected)
    assert all(map(np.array_equal, found, expected))


@SPLITS
def test_streaming_reads_each_sample(shards, export, split):
    folder = export("mds", "--length", 128) / split
    ids = stream(shards, split)
    index = json.loads((folder / "index.json").read_text())
    assert index["version"] == 2
    number = 0
    for entry in index["shards"]:
        reader = mds_reader().from_json(str(folder.parent), split, entry)
        reader.validate(allow_unsafe_types=False)
        assert (folder / entry["raw_data"]["basename"]).stat().st_size == entry["raw_data"]["bytes"]
        for sample in range(reader.samples):
            tokens = reader.decode_sample(reader.get_sample_data(sample))["tokens"]
            assert tokens.dtype == np.uint16
            assert np.array_equal(tokens, ids[number * 128:(number + 1) * 128])
            number += 1
    assert number == len(ids) // 128


def test_a_run_from_foreign_files_is_the_run_from_shards(quern, shards, export, tmp_path):
    """The same ids in the same order train the same model, whichever program wrote them."""
    single = tmp_path / "single"
    quern(
        "encode", "--vocab", ROOT / "vocab/kjv", "--output", single, "--text-separator", r"\n\n\n",
        "--validation-fraction", 0.2, ROOT / "corpora/kjv.txt.zst")
    layouts = {"quern": single}
    for layout in ["nanogpt", "megatron"]:
        layouts[layout] = tmp_path / layout
        quern("shards", "export", single, "--format", layout, "--output", layouts[layout])
    layouts["llm.c"] = tmp_path / "llmc"
    layouts["llm.c"].mkdir()
    for path in single.glob("*.bin"):
        data = bytearray(path.read_bytes())
        data[12:1_024] = bytes(1_012)
        (layouts["llm.c"] / f"kjv_{path.name}").write_bytes(data)
    models = set()
    for layout, path in layouts.items():
        quern(
            "train", "--shards", path, "--vocab", ROOT / "vocab/kjv", "--output",
            tmp_path / f"run-{layout}",
            "--quiet", "--set", "training.steps=3", "--set", "training.batch_size=4", "--set",
            "training.packing=best-fit", "--set", "training.mask_documents=true", "--set",
            "model.n_layer=1", "--set", "model.n_embd=32", "--set", "model.n_head=2", "--set",
            "model.n_positions=64")
        latest = tmp_path / f"run-{layout}" / "checkpoints/latest/model.safetensors"
        models.add(latest.read_bytes())
    assert len(models) == 1


def test_megatron_files_of_megatron_are_read(quern, shards, tmp_path):
    """An index with several sequences a document, as its builder writes it."""
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

    builder = IndexedDatasetBuilder(str(tmp_path / "text_document.bin"), dtype=np.int32)
    count = 0
    for _, ids in documents(shards, "train"):
        middle = len(ids) // 2
        builder.add_document(torch.from_numpy(ids.astype(np.int64)), [middle, len(ids) - middle])
        count += 1
    builder.finalize(str(tmp_path / "text_document.idx"))
    text = quern("shards", "show", tmp_path, "--vocab", ROOT / "vocab/kjv")
    assert "Megatron-LM" in text
    assert f"{count:,}" in text
