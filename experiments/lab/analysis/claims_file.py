"""A claims file: what an experiment's claims came to, written whole and read again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.formats.whole_file import write_whole
from experiments.lab.errors import LabError

SCHEMA = "claims/2"


def write(path: Path, experiment: str, claims: Sequence[dict[str, Any]], **more: object) -> None:
    """Write the file, whole or not at all, and its folder where there is none. `more` stands before the claims."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"schema": SCHEMA, "experiment": experiment, **more, "claims": claims}
    write_whole(path, (json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())


def figures(path: Path) -> dict[str, str]:
    """The sha256 of each figure that was drawn with the claims, by file name; {} where the file says none."""
    try:
        return json.loads(path.read_text("utf-8")).get("figures", {})
    except (OSError, ValueError, AttributeError):
        return {}


def read(path: Path, where: str, remedy: str) -> list[dict[str, Any]] | None:
    """The claims; None where there is no such file. LabError, with `where` and `remedy`, for one that cannot be
    read."""
    try:
        return json.loads(path.read_text("utf-8"))["claims"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(f"{where}: cannot be read ({error}); {remedy}") from None
