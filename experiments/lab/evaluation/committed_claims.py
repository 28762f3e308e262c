"""The claims as they are committed, in experiments/claims/NN.json."""

import json
from pathlib import Path
from typing import Any

from experiments.lab.errors import LabError
from experiments.lab.host import config

Claim = dict[str, Any]


def claimed_experiments(only: str | None) -> list[str]:
    """`only`, or every experiment that has a claims file."""
    return [only] if only else sorted(path.stem for path in (config.ROOT / "experiments/claims").glob("*.json"))


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
