"""The pinned releases: what snippets/pins.toml says about each engine."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from scripts.common.errors import SiteError

ROOT = Path(__file__).resolve().parents[2]
FILE = "snippets/pins.toml"


@dataclass(frozen=True)
class Pin:
    """One engine's release, and the one file of it that holds the source.

    `bytes` is the artifact's size, `unpacked_bytes` that of the Python files taken out of it; both are announced
    before a download. A repository path below `sources` lies in the artifact below `inside`.
    """

    engine: str
    name: str
    version: str
    tag: str
    repository: str
    sources: str
    artifact: str
    inside: str
    bytes: int
    unpacked_bytes: int
    sha256: str

    @property
    def distribution(self) -> str:
        """The distribution's name on a package index, as the artifact's file name says it."""
        return self.artifact.split("-", 1)[0].replace("_", "-")

    def permalink(self, path: str, first: int, last: int | None = None) -> str:
        """The address of lines `first` to `last` (both counted from 1) of a repository path at the pinned tag."""
        lines = f"#L{first}" if last in (None, first) else f"#L{first}-L{last}"
        return f"https://github.com/{self.repository}/blob/{self.tag}/{path}{lines}"


def load(root: Path = ROOT) -> dict[str, Pin]:
    """The pins by engine id. Raises SiteError for a missing or malformed file; an empty sha256 is let through
    here, because `make pin` is what fills it in."""
    try:
        text = (root / FILE).read_text(encoding="utf-8")
    except OSError:
        raise SiteError(f"{FILE}: missing; restore it with `git checkout {FILE}`") from None
    return parse(text)


def parse(text: str, file: str = FILE) -> dict[str, Pin]:
    """The pins that a TOML text holds; `file` is how errors call it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{file}: not TOML ({error}); correct that line") from None
    return {engine: _pin(engine, table, file) for engine, table in tables.items()}


def _pin(engine: str, table, file: str) -> Pin:
    kinds = {field.name: field.type for field in fields(Pin) if field.name != "engine"}
    where = f"{file}: [{engine}]"
    if not isinstance(table, dict):
        raise SiteError(f"{where}: is no table; an engine is a table with {', '.join(kinds)}")
    for key in table:
        if key not in kinds:
            raise SiteError(f"{where}: unknown key '{key}'; remove it, or use one of {', '.join(kinds)}")
    for key, kind in kinds.items():
        if not isinstance(table.get(key), kind):
            raise SiteError(f"{where}: '{key}' must be a {'number' if kind is int else 'string'}; add or correct it")
    if not re.fullmatch(r"[0-9a-f]{64}|", table["sha256"]):
        raise SiteError(f"{where}: sha256 is not 64 hexadecimal digits; empty it and run `make pin`")
    if not table["artifact"].endswith((".tar.gz", ".whl", ".zip")):
        raise SiteError(
            f"{where}: artifact '{table['artifact']}' is neither an sdist nor a wheel; name the file itself"
        )
    return Pin(engine=engine, **table)
