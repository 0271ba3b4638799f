"""Reading corpora: what Python's json, csv, gzip and zstandard write and read, and what the zstd
tool makes.

`quern corpus pack` reads a corpus and writes it as seekable JSON lines, so that what was read can
be compared document by document."""

import csv
import gzip
import io
import json
import os
import pathlib
import random
import re
import subprocess
import tarfile
import zlib

import pytest
import zstandard
from conftest import ROOT
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

QUERN = pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve()


def pack(tmp_path, *arguments, ok=True, stdin=None):
    """The documents that quern reads, and the finished process."""
    output = tmp_path / "packed.jsonl.zst"
    output.unlink(missing_ok=True)
    done = subprocess.run(
        [QUERN, "corpus", "pack", "--quiet", "--output", output, *map(str, arguments)],
        cwd=tmp_path, capture_output=True, input=stdin)
    if ok:
        assert done.returncode == 0, done.stderr.decode()
    if done.returncode != 0:
        return None, done
    text = zstandard.ZstdDecompressor().stream_reader(
        output.open("rb"), read_across_frames=True).read()
    return [json.loads(line)["text"] for line in text.splitlines()], done


def texts(seed, count):
    """Texts that are awkward in one format or another."""
    draw = random.Random(seed)
    parts = ["word ", '"', '""', ",", "\n", "\r\n", "\t", "\\", "ü", "麦", "🌾", "\x01", "a" * 300,
             "}", "]"]
    return ["x" + "".join(draw.choices(parts, k=draw.randint(0, 40))) for _ in range(count)]


def compressed(data, how):
    if how == "gz":
        half = len(data) // 2
        return gzip.compress(data[:half]) + gzip.compress(data[half:])
    if how == "zst":
        return zstandard.ZstdCompressor().compress(data)
    if how == "frames.zst":
        step = max(1, len(data) // 50)
        return b"".join(
            zstandard.ZstdCompressor(write_checksum=True).compress(data[i:i + step])
            for i in range(0, len(data), step))
    return data


@pytest.mark.parametrize("how", ["plain", "gz", "zst", "frames.zst"])
@pytest.mark.parametrize("form", ["jsonl", "ndjson", "json", "csv", "tsv", "quoted-tsv"])
def test_what_python_writes_is_read(tmp_path, form, how):
    expected = texts(1, 500) + texts(2, 3000) * 2
    if form in ("jsonl", "ndjson"):
        ascii_only = form == "jsonl"
        data = "".join(
            json.dumps({"id": i, "text": t}, ensure_ascii=ascii_only) + "\n"
            for i, t in enumerate(expected)).encode()
    elif form == "json":
        data = json.dumps([{"text": t} if i % 2 else t for i, t in enumerate(expected)],
                          indent=2).encode()
    else:
        table = io.StringIO()
        delimiter = "," if form == "csv" else "\t"
        if form == "tsv":  # Without quotes, and so without what they would have to hold.
            expected = [re.sub(r"[\t\r\n]", " ", text) for text in expected]
            writer = csv.writer(table, delimiter=delimiter, quoting=csv.QUOTE_NONE, quotechar=None)
        else:
            writer = csv.writer(table, delimiter=delimiter)
        writer.writerow(["id", "text"])
        writer.writerows(enumerate(expected))
        data = table.getvalue().encode()
    ending = "" if how == "plain" else "." + how.removeprefix("frames.")
    name = f"a.{form.removeprefix('quoted-')}{ending}"
    (tmp_path / name).write_bytes(compressed(data, how))
    said = ["--format", form] if form == "quoted-tsv" else []
    for threads in ("1", "4"):
        assert pack(tmp_path, name, "--threads", threads, *said)[0] == expected
    with (tmp_path / name).open("rb") as file:
        form = "jsonl" if form == "ndjson" else form
        assert pack(tmp_path, "--format", form, "-", stdin=file.read())[0] == expected


@pytest.mark.parametrize("how", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".frames.zst"])
def test_texts_of_tar_files(tmp_path, how, ending):
    """What tarfile writes, long names and all; only texts are read."""
    expected, data = texts(3, 400) + ["long " * 50_000], io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=how) as made:
        for number, text in enumerate(expected):
            front = "ä/" * (number % 40 if how == tarfile.USTAR_FORMAT else number)
            for name, content in [("json", "{}"), ("TXT" if number % 2 else "txt", text)]:
                entry = tarfile.TarInfo(f"{front}{number}.{name}")
                entry.size, entry.uid = len(content.encode()), 1 << 20
                made.addfile(entry, io.BytesIO(content.encode()))
    name = "a.tar" + ending.removeprefix(".frames")
    (tmp_path / name).write_bytes(compressed(data.getvalue(), ending.lstrip(".")))
    for threads in ("1", "4"):
        assert pack(tmp_path, name, "--threads", threads)[0] == expected
    with (tmp_path / name).open("rb") as file:
        assert pack(tmp_path, "--format", "tar", "-", stdin=file.read())[0] == expected


@pytest.mark.parametrize("ending", [".warc", ".warc.wet.gz", ".wet.zst"])
def test_texts_of_web_archives(tmp_path, ending):
    """What warcio writes: texts of pages are read, and pages and what is said of them are not."""
    expected, data = texts(4, 400) + ["long " * 50_000], io.BytesIO()
    writer = WARCWriter(data, gzip=ending.endswith(".gz"))
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "mill"}))
    http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.0")
    for number, text in enumerate(expected):
        for kind, content in [("response", None), ("conversion", "text/plain"),
                              ("metadata", "application/json")]:
            writer.write_record(writer.create_warc_record(
                f"http://mill/{number}?ü", kind, payload=io.BytesIO(text.encode()),
                http_headers=http if kind == "response" else None,
                warc_content_type=content or ""))
    name = "a" + ending
    stored = data.getvalue()
    (tmp_path / name).write_bytes(compressed(stored, "zst") if name.endswith("zst") else stored)
    for threads in ("1", "4"):
        assert pack(tmp_path, name, "--threads", threads)[0] == expected
    clean = tmp_path / "clean"
    subprocess.run([QUERN, "corpus", "refine", name, "--quiet", "--output", clean,
                    "--keep-fields", "WARC-Target-URI"], cwd=tmp_path, check=True)
    lines = zstandard.ZstdDecompressor().stream_reader(
        (clean / "part_000000.jsonl.zst").open("rb"), read_across_frames=True).read().splitlines()
    kept = {json.loads(line)["text"]: json.loads(line)["WARC-Target-URI"] for line in lines}
    assert all(kept[text] == f"http://mill/{expected.index(text)}?ü" for text in kept)
    assert len(kept) > 300


def python_reads(line):
    """The text that Python's json finds in a line, or None; strict where JSON is."""
    def refuse(constant):
        raise ValueError(constant)
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=refuse)
        text = value["text"] if isinstance(value, dict) else None
        if isinstance(text, str):
            text.encode("utf-8")
            return text
    except (ValueError, KeyError, RecursionError):
        pass
    return None


def test_lines_are_read_as_python_reads_them(tmp_path):
    """Good lines with bytes changed, taken out and put in: the same are read, with the same
    text."""
    draw = random.Random(7)
    good = [
        b'{"text":"grain","n":[1,-0.5e+3,true,false,null,{"a":[]}]}',
        '{"id": 12, "text": "Gr\u00fctze \\u00fc \\ud83c\\udf3e \\n\\"q\\" \U0001f33e", '
        '"m": {"x": "y"}}'.encode(),
        b' { "a" : "b" , "text" : "" } ', b'{"text":"a","text":"b\\\\"}',
        b'{"te\\u0078t":"k","z":0}',
    ]
    alphabet = b'{}[]",:\\/ u0123eE+-.tfn\x00\x1f\x7f\xc3\xbc\xff\x80\t' + b"dDcC8"
    lines = []
    for _ in range(40_000):
        line = bytearray(draw.choice(good))
        for _ in range(draw.randint(0, 3)):
            place = draw.randrange(len(line))
            kind = draw.random()
            if kind < 0.4:
                line[place] = draw.choice(alphabet)
            elif kind < 0.7:
                line.insert(place, draw.choice(alphabet))
            else:
                del line[place]
        lines.append(bytes(line))
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    found, _ = pack(tmp_path, "a.jsonl", "--on-error", "quarantine", "--quarantine", "bad")

    space = " \t\n\r\x0b\x0c"
    read = [python_reads(line) for line in lines]
    expected = [text for text in read if text is not None and text.strip(space)]
    refused = set()
    for entry in (tmp_path / "bad.reasons.jsonl").read_text().splitlines():
        refused.add(json.loads(entry)["line"])
    for number, (line, text) in enumerate(zip(lines, read), 1):
        if line.strip(b" \t\r\x0b\x0c"):
            assert (number in refused) == (text is None), (number, line)
    assert found == expected
    kept = (tmp_path / "bad").read_bytes()
    assert kept == b"".join(lines[number - 1] + b"\n" for number in sorted(refused))


def test_tables_are_read_as_python_reads_them(tmp_path):
    """Small tables over the characters that matter: what both read, both read alike, and what
    Python's strict reader refuses is refused."""
    draw = random.Random(9)
    for round in range(300):
        body = "".join(draw.choices(['"', '""', ",", "\n", "\r\n", "a", "b c"],
                                    k=draw.randint(1, 25)))
        data = "text,id\n" + body
        (tmp_path / "a.csv").write_bytes(data.encode())
        try:
            rows = list(csv.reader(io.StringIO(data, newline=""), strict=True))[1:]
        except csv.Error:
            rows = None
        found, done = pack(tmp_path, "a.csv", ok=False)
        if rows is None:
            assert done.returncode == 1
        elif found is not None:
            assert found == [row[0] for row in rows if row and row[0].strip()]
        else:
            message = done.stderr.decode()
            # Python lets records have any number of fields, and quotes stand in plain fields.
            reasons = ("fields", "stand in quotes", "no document")
            assert any(reason in message for reason in reasons), data


def test_the_zstd_tool_and_its_options_are_read(tmp_path):
    expected = texts(3, 400) * 50
    data = "".join(json.dumps({"text": t}) + "\n" for t in expected).encode()
    (tmp_path / "a.jsonl").write_bytes(data)
    for options in (["-1"], ["-19"], ["--no-check"], ["-T2", "-B512K"], ["--rsyncable"],
                    ["--fast=5"]):
        subprocess.run(["zstd", "-qf", *options, "a.jsonl", "-o", "b.jsonl.zst"], cwd=tmp_path,
                       check=True)
        assert pack(tmp_path, "b.jsonl.zst")[0] == expected
    subprocess.run(["zstd", "-qf", "--long=28", "--single-thread", "a.jsonl", "-o",
                    "long.jsonl.zst"],
                   cwd=tmp_path, check=True)
    # The size of a small file bounds its window; through a pipe it is not known.
    piped = subprocess.run(["zstd", "-q", "--long=28", "-c"], input=data, capture_output=True,
                           check=True).stdout
    (tmp_path / "piped.jsonl.zst").write_bytes(piped)
    assert pack(tmp_path, "long.jsonl.zst")[0] == expected
    _, done = pack(tmp_path, "piped.jsonl.zst", ok=False)
    assert done.returncode == 1 and b"--long-window" in done.stderr
    assert pack(tmp_path, "piped.jsonl.zst", "--long-window")[0] == expected


def test_what_quern_packs_others_unpack(tmp_path):
    expected = texts(5, 4000)
    (tmp_path / "a.json").write_text(json.dumps(expected))
    found, _ = pack(tmp_path, "a.json", "--frame-size", "64KiB")
    assert found == expected
    listing = subprocess.run(["zstd", "-lv", "packed.jsonl.zst"], cwd=tmp_path, capture_output=True,
                             text=True)
    assert listing.returncode == 0
    plain = subprocess.run(["zstd", "-dc", "packed.jsonl.zst"], cwd=tmp_path, capture_output=True,
                           check=True).stdout
    assert [json.loads(line)["text"] for line in plain.splitlines()] == expected
    # The table: every frame decodes alone to whole lines of the size that it says.
    data = (tmp_path / "packed.jsonl.zst").read_bytes()
    assert data[-4:] == bytes.fromhex("b1ea928f") and data[-5] == 0x80
    count = int.from_bytes(data[-9:-5], "little")
    table = data[-9 - 12 * count:-9]
    assert data[-9 - 12 * count - 8:-9 - 12 * count - 4] == bytes.fromhex("5e2a4d18")
    place = 0
    content = b""
    for number in range(count):
        size, length, _ = (int.from_bytes(table[12 * number + i:12 * number + i + 4], "little")
                           for i in (0, 4, 8))
        part = zstandard.ZstdDecompressor().decompress(data[place:place + size])
        assert len(part) == length and part.endswith(b"\n")
        content += part
        place += size
    assert content == plain and count > 5


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_every_damage_is_an_error_that_names_the_file(tmp_path, suffix):
    data = "".join(json.dumps({"text": t}) + "\n" for t in texts(6, 30)).encode()
    zstd = zstandard.ZstdCompressor(write_checksum=True)
    whole = gzip.compress(data) if suffix == "gz" else zstd.compress(data)
    step = max(1, len(whole) // 40)
    for end in range(0, len(whole), step):
        (tmp_path / f"a.jsonl.{suffix}").write_bytes(whole[:end])
        _, done = pack(tmp_path, f"a.jsonl.{suffix}", ok=False)
        assert done.returncode == 1 and f"a.jsonl.{suffix}".encode() in done.stderr
    (tmp_path / f"a.jsonl.{suffix}").write_bytes(whole + b"junk")
    _, done = pack(tmp_path, f"a.jsonl.{suffix}", ok=False)
    assert done.returncode == 1 and f"byte {len(whole)} follows".encode() in done.stderr


def decompressed(data, suffix):
    """What Python's readers give of damaged data, a byte or block at a time."""
    reader = (zlib.decompressobj(31) if suffix == "gz"
              else zstandard.ZstdDecompressor().decompressobj())
    text = b""
    try:
        for byte in data:
            text += reader.decompress(bytes([byte]))
    except (zlib.error, zstandard.ZstdError):
        pass
    return text


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("threads", [1, 3])
def test_what_stands_before_damage_is_kept(tmp_path, suffix, threads):
    data = "".join(json.dumps({"text": t}) + "\n" for t in texts(7, 1500)).encode()
    whole = (gzip.compress(data) if suffix == "gz"
             else zstandard.ZstdCompressor(level=1, write_checksum=True).compress(data))
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": "last"}) + "\n")
    draw, kept = random.Random(8), 0
    for attempt in range(16):
        place = draw.randrange(len(whole))
        damaged = bytearray(whole)
        if attempt % 2:
            damaged[place] ^= draw.randrange(1, 256)
        else:
            del damaged[place:]
        (tmp_path / f"a.jsonl.{suffix}").write_bytes(damaged)
        found, done = pack(
            tmp_path, f"a.jsonl.{suffix}", "b.jsonl", "--on-error", "skip", "--threads", threads)
        lines = decompressed(bytes(damaged), suffix).split(b"\n")[:-1]
        expected = []
        for line in lines:
            try:
                text = json.loads(line)["text"]
                expected += [text] if text.strip(" \t\n\v\f\r") else []
            except (ValueError, KeyError, TypeError):
                pass
        assert found[-1] == "last"
        if attempt % 2 == 0:
            assert found[:-1] == expected
        assert b"broken files" in done.stdout
        kept += len(found) > 1
    assert kept > 8


def test_replacement_is_python_s(tmp_path):
    draw = random.Random(4)
    parts = [bytes(draw.choices(b"a\x80\xbf\xc2\xe0\xe2\x82\xac\xed\xa0\xf0\x9f\x98\x80\xf4\xf5",
                                k=12)) + b"x"
             for _ in range(3000)]
    (tmp_path / "a.txt").write_bytes(b"\n".join(parts))
    found, _ = pack(tmp_path, "a.txt", "--documents", "line", "--invalid-utf8", "replace")
    assert found == [part.decode("utf-8", "replace") for part in parts]
