"""The figures as the notebooks drew them: each one's digest stands in its experiment's claims file."""

from pathlib import Path

from experiments.formats import record_format, strict_json
from scripts.common.errors import SiteError

FOLDER, CLAIMS = "experiments/figures", "experiments/claims"


def drawn(root: Path) -> dict[str, str]:
    """The sha256 of each figure that a notebook drew, by its name such as `05/reuse.svg`. Raises SiteError for a claims
    file that cannot be read."""
    found: dict[str, str] = {}
    for file in sorted((root / CLAIMS).glob("*.json")):
        try:
            data = strict_json.read(file.read_bytes())
            figures = data.get("figures", {}) if isinstance(data, dict) else {}
            found |= {f"{file.stem}/{name}": record_format.digits(digest) for name, digest in figures.items()}
        except (OSError, ValueError, AttributeError) as error:
            raise SiteError(f"{CLAIMS}/{file.name}: cannot be read ({error}); restore it: git checkout") from None
    return found


def faults(root: Path, experiment: str | None = None) -> list[str]:
    """A line for each figure that is not the one its notebook drew, of one experiment or of all."""
    mine = {name: digest for name, digest in drawn(root).items() if experiment in (None, name[:2])}
    paths = sorted(path for path in (root / FOLDER).rglob("*") if path.is_file())
    names = {path.relative_to(root / FOLDER).as_posix(): path for path in paths}
    there = {name: path for name, path in names.items() if experiment in (None, name[:2])}
    lines = []
    for name, digest in mine.items():
        where, again = f"{FOLDER}/{name}", f"make experiments EXP={name[:2]}"
        if name not in there:
            lines.append(f"{where}: is missing; restore it: git checkout -- {where}")
        elif record_format.sha256(there[name].read_bytes()) != digest:
            lines.append(f"{where}: is not as its notebook drew it; restore it: git checkout -- {where}, or {again}")
    for name in sorted(set(there) - set(mine)):
        claims = f"{CLAIMS}/{name[:2]}.json"
        lines.append(f"{FOLDER}/{name}: no notebook drew it, {claims} has no digest of it; remove it, or draw it there")
    return lines
