"""What a record's two readers agree on besides its schema: sizes, digests, and its file of columns.

A record is one JSON file; its many samples may lie in a gzip file of columns beside it, whose sha256 it holds.
"""

import gzip
import hashlib

from experiments.formats import strict_json

SCHEMA = "experiments/lab/schema/record.schema.json"
LIMIT = 1_000_000  # bytes, a record with its column file
COMMITTED = ("experiments/records", "experiments/hosts", "experiments/plans")  # where committed records lie
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


def unpack(packed: bytes) -> dict[str, list]:
    """The columns by name. OSError, EOFError or ValueError for a file that is no such thing."""
    columns = strict_json.read(gzip.decompress(packed))
    if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
        raise strict_json.FormatError("is no table of columns")
    return columns


def of_one_length(columns: dict[str, list]) -> bool:
    """Whether every row has a value in each column."""
    return len({len(values) for values in columns.values()}) <= 1
