"""The pinned releases: what snippets/pins.toml says about each engine."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.common.toml_tables import Table, Text, refused

FILE = "snippets/pins.toml"
Digest = Annotated[
    str,
    Meta(
        pattern=r"^([0-9a-f]{64}|)\Z",
        extra=refused("sha256 is not 64 hexadecimal digits; empty it and run `make pin`"),
    ),
]
Artifact = Annotated[
    str,
    Meta(
        pattern=r"\.(tar\.gz|whl|zip)\Z",
        extra=refused("artifact '{value}' is neither an sdist nor a wheel; name the file itself"),
    ),
]


class Pin(Table, frozen=True):
    """One engine's release, and the one file of it that holds the source.

    `bytes` is the artifact's size, `unpacked_bytes` that of the Python files taken out of it; both are announced
    before a download. A repository path below `sources` lies in the artifact below `inside`.
    """

    engine: str
    name: Text
    version: Text
    tag: Text
    repository: Text
    sources: Text
    artifact: Artifact
    inside: Text
    bytes: int
    unpacked_bytes: int
    sha256: Digest

    @property
    def distribution(self) -> str:
        """The distribution's name on a package index, as the artifact's file name says it."""
        if self.artifact.endswith(".whl"):
            name = self.artifact.split("-", 1)[0]  # a wheel's name holds no hyphen
        else:
            # An older sdist's name may: what follows the last one is the version.
            name = self.artifact.removesuffix(".tar.gz").removesuffix(".zip").rpartition("-")[0]
        return name.replace("_", "-")

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
    tables = toml_tables.parse(text, file)
    return {
        engine: toml_tables.read(table, Pin, f"{file}: [{engine}]", engine=engine) for engine, table in tables.items()
    }
