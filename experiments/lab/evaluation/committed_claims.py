"""The claims as they are committed, in experiments/claims/NN.json."""

import json
from pathlib import Path
from typing import Any

from experiments.formats.whole_file import write_whole
from experiments.lab.errors import LabError
from experiments.lab.host import config

Claim = dict[str, Any]
SCHEMA = "claims/2"


def claimed_experiments(only: str | None, root: Path | None = None) -> list[str]:
    """`only`, or every experiment that has a claims file."""
    folder = (root or config.ROOT) / "experiments/claims"
    return [only] if only else sorted(path.stem for path in folder.glob("*.json"))


def reference_claims(experiment: str, root: Path | None = None) -> list[Claim]:
    """The committed claims, [] when there are none yet. LabError for a file that cannot be read."""
    path = (root or config.ROOT) / "experiments/claims" / f"{experiment}.json"
    try:
        return json.loads(path.read_text("utf-8"))["claims"]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError) as error:
        raise LabError(
            f"experiments/claims/{experiment}.json: cannot be read ({error}); write it again: make experiments"
        ) from None


def write(experiment: str, claims: list[Claim], root: Path | None = None) -> None:
    """Write an experiment's claims file, whole or not at all."""
    path = (root or config.ROOT) / "experiments/claims" / f"{experiment}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"schema": SCHEMA, "experiment": experiment, "claims": claims}
    write_whole(path, (json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())
