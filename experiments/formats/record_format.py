"""What a record's two readers agree on besides its schema: sizes, digests, and its file of columns.

A record is one JSON file; its many samples may lie in a gzip file of columns beside it, whose sha256 it holds.
"""

import gzip
import hashlib
import io
import zlib

from experiments.formats import strict_json

SCHEMA = "experiments/lab/schema/record.schema.json"
LIMIT = 1_000_000  # bytes, a record with its column file
COMMITTED = ("experiments/records", "experiments/hosts", "experiments/plans")  # where committed records lie
COLUMNS = 20_000_000  # bytes of one column file, unpacked; the largest have one and a half million
TOTAL = 40_000_000  # bytes, all of these


def sha256(raw: bytes) -> str:
    """The 64 digits."""
    return hashlib.sha256(raw).hexdigest()


def digits(stored: str) -> str:
    """The 64 digits of a digest as a file holds it, with its prefix or without."""
    return stored.removeprefix("sha256:")


def pack(columns: dict[str, list]) -> bytes:
    """The column file, the same bytes for the same columns. ValueError for a number that is not finite."""
    return gzip.compress(strict_json.write(columns), mtime=0)


def unpack(packed: bytes, most: int = COLUMNS) -> dict[str, list]:
    """The columns by name. OSError, EOFError or ValueError for a file that is no such thing, or holds more than `most`
    bytes."""
    columns = strict_json.read(unpacked(packed, most))
    if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
        raise strict_json.FormatError("is no table of columns")
    return columns


def unpacked(packed: bytes, most: int = COLUMNS) -> bytes:
    """The text of a column file. The same errors; a file of a megabyte may hold a thousand."""
    try:
        with gzip.open(io.BytesIO(packed)) as stream:
            text = stream.read(most + 1)
    except zlib.error as error:
        raise strict_json.FormatError(f"is damaged: {error}") from None
    if len(text) > most:
        raise strict_json.FormatError(f"unpacks to more than {most:,} bytes")
    return text


def of_one_length(columns: dict[str, list]) -> bool:
    """Whether every row has a value in each column."""
    return len({len(values) for values in columns.values()}) <= 1
