"""What the files of grouped rows have in common, snippets/knobs.toml and snippets/famous.toml: `[[group]]`s with an id
and a title, rows that each name one, and a page that shows them group by group.
"""

from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.toml_tables import Id, Table, Text


class Group(Table, frozen=True):
    """Groups stand on the page in the order of the file. `page` begins the addresses of the page's groups."""

    KIND = "group"
    id: Id
    title: Text
    page: str

    @property
    def anchor(self) -> str:
        return f"{self.page}-{self.id}"


class Grouped(Protocol):
    """A row."""

    @property
    def group(self) -> Group: ...


Row = TypeVar("Row", bound=Grouped)


def tables(root: Path, file: str, kinds: dict[str, type], write: str) -> dict[str, Any]:
    """The file's tables, each of the type that `kinds` gives it; none where there is no file. `write` says what may
    stand there. Raises SiteError."""
    try:
        text = (root / file).read_text("utf-8")
    except FileNotFoundError:
        return {}
    held = toml_tables.parse(text, file)
    for key, value in held.items():
        if not isinstance(value, kinds.get(key, ())):
            raise SiteError(f"{file}: '{key}' is nothing that it holds; write {write}")
    return held


def groups(raws: list[object], page: str, file: str) -> dict[str, Group]:
    """The groups by id. Raises SiteError."""
    return toml_tables.by_name(toml_tables.read_each(raws, Group, file, page=page), file)


def in_order(rows: Sequence[Row], known: dict[str, Group], kind: str, file: str) -> list[Row]:
    """The rows, group by group. Raises SiteError for a group without one."""
    for group in known.values():
        if not any(row.group == group for row in rows):
            raise SiteError(f"{file}: group '{group.id}': has no {kind}; remove it, or name it in one")
    order = list(known)
    return sorted(rows, key=lambda row: order.index(row.group.id))


def check_claim(name: str, claims: Container[str], where: str) -> None:
    """Raises SiteError for a claim that is not in `claims`, those of the site by id."""
    if name not in claims:
        raise SiteError(
            f"{where}: claim '{name}' is in no file of experiments/claims; correct the id, or run make experiments"
        )
