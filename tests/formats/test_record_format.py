"""Columns have the same bytes again and come back as they were; what shares these files imports neither side."""

import ast
import gzip
import sys
import time
from pathlib import Path

import pytest

from experiments.formats import record_format

FOLDER = Path(record_format.__file__).parent


def test_columns_come_back_and_have_the_same_bytes_again():
    columns = {"t_ns": [1, 2], "symbol": ["a", "é"]}
    packed = record_format.pack(columns)
    assert record_format.unpack(packed) == columns
    time.sleep(1.1)  # gzip's own time stamp counts seconds
    assert record_format.pack(columns) == packed


@pytest.mark.parametrize("content", [b"[1]", b'{"a": 1}', b'{"a": [NaN]}', b"{"])
def test_what_is_no_table_is_refused(content):
    with pytest.raises(ValueError):
        record_format.unpack(gzip.compress(content))
    with pytest.raises((OSError, EOFError)):
        record_format.unpack(gzip.compress(content)[:-9] + b"x")


def test_rows_have_a_value_in_each_column():
    assert record_format.of_one_length({"a": [1, 2], "b": [3, 4]}) and record_format.of_one_length({})
    assert not record_format.of_one_length({"a": [1], "b": []})


def test_a_digest_is_the_same_with_its_prefix_and_without():
    digest = record_format.sha256(b"x")
    assert len(digest) == 64 and record_format.digits(digest) == record_format.digits(f"sha256:{digest}") == digest


def test_the_package_needs_the_standard_library_and_jsonschema_alone():
    allowed = {*sys.stdlib_module_names, "jsonschema"}
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                others = [name for name in names if not name.startswith("experiments.formats")]
                assert {name.partition(".")[0] for name in others} <= allowed, f"{path}: {others}"


def test_a_column_file_that_is_damaged_or_too_large_is_an_error_that_readers_know():
    packed = record_format.pack({"x": [1, 2, 3]})
    with pytest.raises(ValueError, match="^unpacks to more than 12 bytes$"):
        record_format.unpack(packed, most=12)
    bomb = gzip.compress(b" " * 30_000_000, mtime=0)
    assert len(bomb) < 40_000
    with pytest.raises(ValueError, match="^unpacks to more than 20,000,000 bytes$"):
        record_format.unpack(bomb)
    with pytest.raises((OSError, EOFError, ValueError)):
        record_format.unpack(packed[:10] + b"\xff" + packed[11:])
