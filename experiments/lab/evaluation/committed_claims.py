"""The claims as they are committed, in experiments/claims/NN.json."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from experiments.formats.whole_file import write_whole
from experiments.lab.analysis import claims_file
from experiments.lab.host import config

Claim = dict[str, Any]


def claimed_experiments(only: str | None, root: Path | None = None) -> list[str]:
    """`only`, or every experiment that has a claims file."""
    folder = (root or config.ROOT) / "experiments/claims"
    return [only] if only else sorted(path.stem for path in folder.glob("*.json"))


def reference_claims(experiment: str, root: Path | None = None) -> list[Claim]:
    """The committed claims, [] when there are none yet. LabError for a file that cannot be read."""
    where = f"experiments/claims/{experiment}.json"
    return claims_file.read(_path(experiment, root), where, "write it again: make experiments") or []


def write(experiment: str, claims: list[Claim], root: Path | None = None) -> None:
    """Write an experiment's claims file, whole or not at all; what was drawn with the claims stays in it."""
    path = _path(experiment, root)
    drawn = claims_file.figures(path)
    claims_file.write(path, experiment, claims, **({"figures": drawn} if drawn else {}))


@contextmanager
def kept_if_it_fails(experiment: str, root: Path) -> Iterator[None]:
    """Put the claims file back as it was if the block fails: a notebook first writes the reference's claims, and no
    other command can read them without their hosts."""
    path = _path(experiment, root)
    before = path.read_bytes() if path.exists() else None
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            write_whole(path, before)
        raise


def _path(experiment: str, root: Path | None) -> Path:
    return (root or config.ROOT) / "experiments/claims" / f"{experiment}.json"
