"""A file of JSON that a command wrote holds the digest of the rest of it, so that an edit by hand is seen."""

import hashlib
import json
from typing import Any

KEY = "digest"


def sealed(data: dict[str, Any]) -> dict[str, Any]:
    """The same with its digest, as the last key."""
    rest = {key: value for key, value in data.items() if key != KEY}
    return {**rest, KEY: f"sha256:{_of(rest)}"}


def edited(data: dict[str, Any]) -> bool:
    """Whether it is not what was sealed, or never was."""
    return data.get(KEY) != sealed(data)[KEY]


def _of(data: object) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
