"""What the files of grouped rows have in common, snippets/knobs.toml and snippets/famous.toml: `[[group]]`s with an id
and a title, rows that each name one, and a page that shows them group by group.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from scripts.common.errors import SiteError
from scripts.quotes.manifest import check_id, check_table

KEYS = {"id": str, "title": str}


@dataclass(frozen=True)
class Group:
    """Groups stand on the page in the order of the file. `page` begins the addresses of the page's groups."""

    id: str
    title: str
    page: str

    @property
    def anchor(self) -> str:
        return f"{self.page}-{self.id}"


def tables(root: Path, file: str, kinds: dict[str, type], write: str) -> dict:
    """The file's tables, each of the type that `kinds` gives it; none where there is no file. `write` says what may
    stand there. Raises SiteError."""
    try:
        found = tomllib.loads((root / file).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{file}: not TOML ({error}); correct that line") from None
    for key, value in found.items():
        if not isinstance(value, kinds.get(key, ())):
            raise SiteError(f"{file}: '{key}' is nothing that it holds; write {write}")
    return found


def named(raw, kind: str, number: int, file: str) -> str:
    """How a row is called in a message: by its id, where it has one."""
    name = raw.get("id") if isinstance(raw, dict) else None
    return f"{file}: {kind} '{name}'" if isinstance(name, str) else f"{file}: {kind} number {number}"


def groups(found: list, page: str, file: str) -> dict[str, Group]:
    """The groups by id. Raises SiteError."""
    known: dict[str, Group] = {}
    for number, raw in enumerate(found, 1):
        where = named(raw, "group", number, file)
        check_table(raw, KEYS, tuple(KEYS), where)
        check_id(raw["id"], where)
        if raw["id"] in known:
            raise SiteError(f"{where}: two groups are called that; rename one")
        known[raw["id"]] = Group(**raw, page=page)
    return known


def one_of(name: str, known, key: str, where: str) -> None:
    """Raises SiteError for a name that is not among `known`."""
    if name not in known:
        raise SiteError(f"{where}: {key} '{name}' is not known; use one of {', '.join(known) or 'none, none is there'}")


def in_order(rows: list, known: dict[str, Group], kind: str, file: str) -> list:
    """The rows, group by group. Raises SiteError for a group without one."""
    for group in known.values():
        if not any(row.group == group for row in rows):
            raise SiteError(f"{file}: group '{group.id}': has no {kind}; remove it, or name it in one")
    order = list(known)
    return sorted(rows, key=lambda row: order.index(row.group.id))


def check_claim(name: str, claims: dict, where: str) -> None:
    """Raises SiteError for a claim that is not in `claims`, those of the site by id."""
    if name not in claims:
        raise SiteError(
            f"{where}: claim '{name}' is in no file of experiments/claims; correct the id, or run make experiments"
        )
