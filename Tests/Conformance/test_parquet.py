"""Parquet: what pyarrow, fastparquet, polars and duckdb write is read as pyarrow reads it.

`quern corpus pack` writes what it has read as JSON lines, which are compared text by text."""

import random
import subprocess

import duckdb
import fastparquet
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from test_corpora import QUERN, pack

SHARED = ROOT.parent / "shared/data/parquet"
# The white space of a document that counts as blank.
BLANK = " \t\n\v\f\r"


def texts(draw, count, nulls, large=0):
    """Strings that share beginnings and words, with empty and long ones and nulls among them."""
    words = ["grain", "flour ", "of the mill", "\n", "\u9ea6", "\U0001f33e", "\0", '"', "x" * 300]
    values = []
    for _ in range(count):
        kind = draw.random()
        if kind < nulls:
            values.append(None)
        elif kind < nulls + 0.05:
            values.append(draw.choice(["", " ", "\n\t"]))
        elif kind < nulls + 0.25 and values:
            values.append(draw.choice(values))
        else:
            values.append("".join(draw.choices(words, k=draw.randint(1, 30))))
    for _ in range(large):
        values[draw.randrange(count)] = "large " + "".join(draw.choices(words, k=200)) * 700
    return values


def read(tmp_path, path, field="text", **options):
    """The texts that quern finds, and what it says."""
    return pack(tmp_path, path, "--text-field", field, "--on-error", "skip", **options)


def expected(values):
    """The texts among a column's values that are documents."""
    values = [v.decode(errors="replace") if isinstance(v, bytes) else v for v in values]
    return [v for v in values if v is not None and v.strip(BLANK)]


def column(path, field="text"):
    """A column as pyarrow reads it."""
    table = pq.ParquetFile(path).read(columns=[field])
    array = table.column(0).combine_chunks()
    for name in field.split(".")[1:]:
        array = pc.struct_field(array, name)
    return array.to_pylist()


def check(tmp_path, path, values=None, field="text", **options):
    found = column(path, field)
    if values is not None:
        assert found == values
    assert read(tmp_path, path, field, **options)[0] == expected(found)


@pytest.mark.parametrize("seed", range(60))
def test_pyarrow(tmp_path, seed):
    draw = random.Random(seed)
    nulls = draw.choice([0, 0, 0.1, 0.9, 1])
    values = texts(draw, draw.choice([1, 7, 300, 3000]), nulls, large=draw.choice([0, 0, 1]))
    kind = draw.choice([pa.string(), pa.string(), pa.large_string(), pa.binary()])
    if kind == pa.binary():
        values = [v if v is None else v.encode() + b"\xff\xc3" * draw.randint(0, 1) for v in values]
    schema = pa.schema([pa.field("id", pa.int64()), pa.field("text", kind, nullable=nulls > 0)])
    table = pa.table({"id": list(range(len(values))), "text": values}, schema=schema)
    encoding = draw.choice([None, None, "PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"])
    # What falls back to PLAIN when the dictionary is full, or has none.
    settings = {"use_dictionary": draw.choice([True, True, ["id"], False])}
    if encoding:
        settings = {"use_dictionary": False, "column_encoding": {"text": encoding, "id": "PLAIN"}}
    pq.write_table(
        table, tmp_path / "a.parquet",
        compression=draw.choice(["none", "snappy", "gzip", "zstd", "lz4"]),
        data_page_version=draw.choice(["1.0", "2.0"]),
        data_page_size=draw.choice([1, 100, 5000, 1 << 20]),
        dictionary_pagesize_limit=draw.choice([200, 1 << 20]),
        row_group_size=draw.choice([1, 50, 1000, 1 << 20]) if len(values) < 1000 else 500,
        write_statistics=draw.choice([True, False]),
        write_page_index=draw.choice([True, False]),
        write_page_checksum=draw.choice([True, False]),
        use_content_defined_chunking=draw.choice([True, False]),
        store_schema=draw.choice([True, False]), **settings)  # fmt: skip
    replacing = ["--invalid-utf8", "replace"] if kind == pa.binary() else []
    assert column(tmp_path / "a.parquet") == values
    found = pack(tmp_path, "a.parquet", "--on-error", "skip", *replacing)[0] if expected(
        values) else []
    assert found == expected(values)


@pytest.mark.parametrize("codec", ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_fastparquet(tmp_path, monkeypatch, codec, version):
    monkeypatch.setattr(fastparquet.writer, "DATAPAGE_VERSION", int(version))
    for seed, nulls in enumerate([0, 0.3]):
        values = texts(random.Random(seed), 2000, nulls)
        frame = pd.DataFrame({"id": range(2000), "text": pd.Series(values, dtype=object)})
        for name in ("utf8", "bytes"):
            content = frame if name == "utf8" else frame.assign(
                text=[v if v is None else v.encode() for v in values])
            fastparquet.write(
                str(tmp_path / "a.parquet"), content, compression=codec, object_encoding=name,
                has_nulls=nulls > 0, row_group_offsets=[0, 1, 700], write_index=False)
            check(tmp_path, tmp_path / "a.parquet")


@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "gzip", "zstd", "lz4"])
def test_polars(tmp_path, codec):
    for seed, (nulls, page) in enumerate([(0, None), (0.2, 1000), (0, 1), (0.9, 100_000)]):
        values = texts(random.Random(seed), 3000, nulls, large=1)
        pl.DataFrame({"id": range(3000), "text": values}).write_parquet(
            tmp_path / "a.parquet", compression=codec, row_group_size=1100, data_page_size=page)
        check(tmp_path, tmp_path / "a.parquet", values)


@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "gzip", "zstd", "lz4_raw"])
@pytest.mark.parametrize("version", ["V1", "V2"])
def test_duckdb(tmp_path, codec, version):
    for seed, (nulls, limit) in enumerate([(0, None), (0.2, 1), (0, 100_000)]):
        values = texts(random.Random(seed), 9000, nulls, large=1)
        frame = pl.DataFrame({"id": range(9000), "text": values}).to_arrow()  # noqa: F841
        more = f", DICTIONARY_SIZE_LIMIT {limit}" if limit else ""
        duckdb.sql(f"""COPY frame TO '{tmp_path}/a.parquet' (FORMAT parquet, CODEC '{codec}',
            PARQUET_VERSION {version}, ROW_GROUP_SIZE 4096{more})""")
        check(tmp_path, tmp_path / "a.parquet", values)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_columns_in_groups(tmp_path, version):
    draw = random.Random(3)
    values = texts(draw, 500, 0.2)
    rows = [None if draw.random() < 0.1 else {"body": None if draw.random() < 0.1 else
            {"text": value, "n": 1}} for value in values]
    pq.write_table(
        pa.table({"meta": rows, "meta.body": values}), tmp_path / "a.parquet",
        data_page_version=version)
    check(tmp_path, tmp_path / "a.parquet", field="meta.body.text")
    assert read(tmp_path, "a.parquet", "meta.body")[0] == expected(values)


def test_places_are_rows(tmp_path):
    pq.write_table(
        pa.table({"text": ["a", None, "b", "c", None]}), tmp_path / "a.parquet", row_group_size=2)
    assert read(tmp_path, "a.parquet")[0] == ["a", "b", "c"]
    assert b"a.parquet, row 2: " in pack(tmp_path, "a.parquet", ok=False)[1].stderr
    pack(tmp_path, "a.parquet", "--on-error", "quarantine")
    reasons = (tmp_path / "packed.jsonl.zst.quarantine.reasons.jsonl").read_text()
    assert '"row":2,' in reasons and '"row":5,' in reasons


def quern(folder, *arguments):
    subprocess.run([QUERN, *map(str, arguments), "--quiet"], cwd=folder, check=True)


def test_what_is_packed_is_read_by_all(tmp_path):
    values = texts(random.Random(5), 4000, 0, large=2)
    pq.write_table(pa.table({"text": values}), tmp_path / "a.parquet", row_group_size=333)
    quern(tmp_path, "corpus", "pack", "a.parquet", "--output", "b.parquet", "--frame-size", "64KiB")
    wanted, path = expected(values), tmp_path / "b.parquet"
    file = pq.ParquetFile(path, page_checksum_verification=True)
    assert file.schema_arrow == pa.schema([pa.field("text", pa.string(), nullable=False)])
    assert file.metadata.num_row_groups > 10
    assert file.read().column("text").to_pylist() == wanted
    assert pl.read_parquet(path)["text"].to_list() == wanted
    assert [row[0] for row in duckdb.sql(f"SELECT text FROM '{path}'").fetchall()] == wanted
    assert fastparquet.ParquetFile(str(path)).to_pandas()["text"].tolist() == wanted
    assert read(tmp_path, path)[0] == wanted


def test_refined_parts_have_the_places(tmp_path):
    values = texts(random.Random(6), 3000, 0.1)
    pq.write_table(pa.table({"text": values}), tmp_path / "a.parquet", row_group_size=333)
    (tmp_path / "b.txt").write_text("one line\n\nanother\n")
    quern(tmp_path, "corpus", "refine", "a.parquet", "b.txt", "--output", "clean", "--part-format",
          "parquet", "--part-bytes", "100KiB", "--on-error", "skip", "--documents", "line")
    seen, wanted = set(), []
    for number, value in enumerate(values, 1):
        if expected([value]) and value not in seen:
            wanted.append((value, {"path": "a.parquet", "line": None, "part": None, "item": None,
                                   "row": number}))
            seen.add(value)
    for number, line in ((1, "one line"), (3, "another")):
        wanted.append((line, {"path": "b.txt", "line": number, "part": None, "item": None,
                              "row": None}))
    paths = sorted((tmp_path / "clean").glob("*.parquet"))
    assert len(paths) > 3
    table = pa.concat_tables(
        pq.ParquetFile(path, page_checksum_verification=True).read() for path in paths)
    assert list(zip(table["text"].to_pylist(), table["source"].to_pylist())) == wanted
    assert pl.read_parquet(paths).rows() == wanted
    assert duckdb.sql(f"SELECT text, source FROM '{tmp_path}/clean/*.parquet'").fetchall() == wanted
    assert read(tmp_path, "clean")[0] == [text for text, _ in wanted]


def test_what_is_refused_is_named(tmp_path):
    table = pa.table({"text": ["grain"], "n": [1], "list": [["a"]]})
    path = tmp_path / "a.parquet"

    def refusal(*arguments, stdin=None):
        done = pack(tmp_path, *(arguments or (path,)), ok=False, stdin=stdin)[1]
        assert done.returncode == 1
        return done.stderr.decode()

    pq.write_table(table, path, compression="brotli")
    assert "brotli" in refusal()
    pq.write_table(table, path)
    assert "64-bit numbers" in refusal(path, "--text-field", "n")
    assert "is repeated" in refusal(path, "--text-field", "list")
    assert 'only "text", "n", "list.list.element"' in refusal(path, "--text-field", "body")
    assert "the index of this format stands at its end" in refusal(
        "--format", "parquet", "-", stdin=path.read_bytes())
    data = path.read_bytes()
    path.write_bytes(data[:-5])
    assert "cut short" in refusal() and "a.parquet: byte " in refusal()


    import pyarrow.parquet.encryption as encryption

    class Client(encryption.KmsClient):
        def wrap_key(self, key, _):
            return key.hex().encode()

        def unwrap_key(self, key, _):
            return bytes.fromhex(key.decode())

    factory = encryption.CryptoFactory(lambda _: Client())
    for plaintext in (False, True):
        settings = encryption.EncryptionConfiguration(
            footer_key="f", column_keys={"c": ["text"]}, plaintext_footer=plaintext)
        properties = factory.file_encryption_properties(
            encryption.KmsConnectionConfig(), settings)
        with pq.ParquetWriter(
            path, table.schema, encryption_properties=properties
        ) as writer:
            writer.write_table(table)
        assert "encrypted" in refusal()


@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("*.parquet")) or [None], ids=lambda path: path and path.stem)
def test_files_of_parquet_testing(tmp_path, path):
    """Every string column of the files of apache/parquet-testing, if they are there."""
    if path is None:
        pytest.skip("apache/parquet-testing is not here")
    bad = ("PARQUET-", "ARROW-", "datapage_v1-corrupt", "hadoop_lz4")
    if path.name.startswith(bad):
        for field in ("text", "name", "comment_col", "c1", "a", "b", "min_fl", "x", "Handle"):
            done = read(tmp_path, path, field, ok=False)[1]
            assert done.returncode == 1
            message = done.stderr.decode()
            assert path.name in message
            assert "there is no column" in message or ": byte " in message
        return
    file = pq.ParquetFile(path)
    for number in range(len(file.schema)):
        leaf = file.schema.column(number)
        if leaf.physical_type == "BYTE_ARRAY" and leaf.max_repetition_level == 0:
            values = column(path, leaf.path)
            if expected(values):
                assert read(tmp_path, path, leaf.path)[0] == expected(values)
