"""Makes the Parquet files beside it, one of each way in which pages are written.

    pip install pyarrow==26.0.1 && python3 Tests/Fuzz/seeds/parquet.py
"""

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = ["grain", None, "grain of", "", "grain of the mill", "\u9ea6", "flour", "flour", "x" * 40]
TABLE = pa.table({"text": TEXTS * 2, "meta": [{"text": text} for text in TEXTS * 2]})
SEEDS = {
    "plain": {"use_dictionary": False},
    "dictionary": {"data_page_size": 40},
    "lengths": {"use_dictionary": False, "data_page_version": "2.0",
                "column_encoding": {name: "DELTA_LENGTH_BYTE_ARRAY"
                                    for name in ("text", "meta.text")}},
    "prefixes": {"use_dictionary": False, "data_page_version": "2.0",
                 "column_encoding": {name: "DELTA_BYTE_ARRAY" for name in ("text", "meta.text")}},
    "snappy": {"compression": "snappy", "row_group_size": 7},
    "lz4": {"compression": "lz4", "data_page_version": "2.0"},
    "gzip": {"compression": "gzip"},
    "zstd": {"compression": "zstd", "write_page_checksum": True},
}  # fmt: skip

if __name__ == "__main__":
    for name, settings in SEEDS.items():
        settings = {"compression": "none", "store_schema": False, "write_statistics": False,
                    **settings}
        pq.write_table(TABLE, HERE / f"{name}.parquet", **settings)
