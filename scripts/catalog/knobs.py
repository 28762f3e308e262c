"""The knobs: what the settings of all posts govern, which settings of two engines are the same knob, what each trades.

snippets/knobs.toml names a knob's setting in each engine as the ledger does, by the post's number and the setting's
id ("06/vllm-step-budget"). Every other setting with that flag, of whichever post, belongs to the knob too; a flag that
no knob names stops the build, so that the page of knobs has all of them. Defaults are never written there: they are
read from the pinned source, and from what a started server said of itself.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from scripts.catalog import row_groups
from scripts.catalog.row_groups import Group
from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.common.toml_tables import Id, Table, Text, one_of, refused
from scripts.quotes import engine_defaults
from scripts.quotes import manifest as manifests
from scripts.quotes.manifest_tables import Excerpt, Setting

FILE = "snippets/knobs.toml"
TABLES: dict[str, type] = {"group": list, "knob": list}
Names = Annotated[tuple[Text, ...], msgspec.Meta(extra=refused("{key} must be a list of ids, each once; correct it"))]
Quoted = TypeVar("Quoted", Setting, Excerpt)


class KnobRow(Table, frozen=True):
    """A [[knob]] as it stands in the file; each engine's id is a key as well, for the knob's setting there."""

    KIND = "knob"
    id: Id
    name: Text
    group: Text
    trades: Text
    claims: Names = ()
    excerpts: Names = ()


@dataclass(frozen=True)
class Flag:
    """A knob in one engine: `own` is the setting whose words its row takes, `all` every one with that flag, in order
    of the posts, and `excerpts` the quoted lines that act on it, each with the number of its post."""

    own: Setting
    all: tuple[Setting, ...]
    excerpts: tuple[tuple[str, Excerpt], ...]


@dataclass(frozen=True)
class Knob:
    """One knob, found whole. `trades` is inline Markdown, `claims` are ids, `flags` has one entry for each engine
    in which a post speaks of it."""

    id: str
    name: str
    group: Group
    trades: str
    claims: tuple[str, ...]
    flags: dict[str, Flag]

    @property
    def anchor(self) -> str:
        return f"knob-{self.id}"


def number_of(setting: Setting | Excerpt) -> str:
    """The number of the post whose manifest it stands in ("06")."""
    return Path(setting.file).name.partition("-")[0]


def load(engines: Iterable[str], root: Path = ROOT) -> list[Knob]:
    """Every knob, in the order of its group and of the file. `engines` are the ids of the pinned engines.

    Claims are looked up by `check_claims`. Raises SiteError for anything not understood, for an id that is not there,
    and for a setting of which no knob knows.
    """
    engines = tuple(engines)
    tables = row_groups.tables(root, FILE, TABLES, "[[group]] or [[knob]]")
    groups = row_groups.groups(tables.get("group", []), "knobs", FILE)
    settings = {f"{number_of(setting)}/{setting.id}": setting for setting in engine_defaults.load_all(root)}
    quoted = {
        f"{number_of(excerpt)}/{excerpt.id}": excerpt
        for manifest in manifests.load_all(root).values()
        for excerpt in manifest.excerpts.values()
    }
    # The engines are data, so a row's keys are known only here.
    kind = toml_tables.with_keys(KnobRow, engines)
    rows = toml_tables.by_name(toml_tables.read_each(tables.get("knob", []), kind, FILE), FILE)
    knobs = [_knob(row, engines, groups, settings, quoted) for row in rows.values()]
    taken: dict[tuple[str, str], str] = {}  # (engine, flag) -> the knob that has it
    for knob in knobs:
        for engine, flag in knob.flags.items():
            other = taken.setdefault((engine, flag.own.name), knob.id)
            if other != knob.id:
                raise SiteError(
                    f"{_where(knob.id)}: {engine}: {flag.own.name} is in knob '{other}' already; name it in one of them"
                )
    for name, setting in settings.items():
        if (setting.engine, setting.name) not in taken:
            raise SiteError(
                f"{setting.place}: {setting.name} is in no knob, so the page of knobs would lack it; "
                f'write {setting.engine} = "{name}" in a [[knob]] of {FILE}'
            )
    return row_groups.in_order(knobs, groups, "knob", FILE)


def check_claims(knobs: list[Knob], claims: Collection[str]) -> None:
    """Raises SiteError for a knob that refers to a claim which is not in `claims`, those of the site by id."""
    for knob in knobs:
        for name in knob.claims:
            row_groups.check_claim(name, claims, _where(knob.id))


def _where(name: str) -> str:
    return f"{FILE}: knob '{name}'"


def _knob(
    row: KnobRow,
    engines: tuple[str, ...],
    groups: dict[str, Group],
    settings: dict[str, Setting],
    quoted: dict[str, Excerpt],
) -> Knob:
    where = _where(row.id)
    one_of(row.group, groups, "group", where)
    named = {engine: name for engine in engines if (name := getattr(row, engine))}
    own = {engine: _one(name, settings, "setting", engine, where) for engine, name in named.items()}
    if not own:
        raise SiteError(f'{where}: names no setting; write {engines[0]} = "NN/id" with the id of one')
    for key, names in (("claims", row.claims), ("excerpts", row.excerpts)):
        if len(set(names)) < len(names):
            raise SiteError(f"{where}: {key} must be a list of ids, each once; correct it")
    acts = [(name.partition("/")[0], _one(name, quoted, "excerpt", "", where)) for name in row.excerpts]
    for post, excerpt in acts:
        if excerpt.engine not in own:
            raise SiteError(
                f"{where}: excerpt '{post}/{excerpt.id}' is of {excerpt.engine}, of which it names no setting; "
                "remove it, or name the setting"
            )
    flags = {
        engine: Flag(
            setting,
            tuple(other for other in settings.values() if (other.engine, other.name) == (engine, setting.name)),
            tuple((post, excerpt) for post, excerpt in acts if excerpt.engine == engine),
        )
        for engine, setting in own.items()
    }
    return Knob(row.id, row.name, groups[row.group], row.trades, row.claims, flags)


def _one(name: str, known: dict[str, Quoted], kind: str, engine: str, where: str) -> Quoted:
    """The setting or excerpt called `name` ("06/id"), of that engine where one is given."""
    post = name.partition("/")[0]
    if name not in known:
        there = ", ".join(other for other in known if other.startswith(f"{post}/"))
        there = there or f"NN/id, as the {kind}s of a post"
        raise SiteError(f"{where}: {kind} '{name}' is not defined; use one of {there}")
    if engine and known[name].engine != engine:
        raise SiteError(f"{where}: {kind} '{name}' is of {known[name].engine}; name one of {engine}")
    return known[name]
