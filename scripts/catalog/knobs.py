"""The knobs: what the settings of all posts govern, which settings of two engines are the same knob, what each trades.

snippets/knobs.toml names a knob's setting in each engine as the ledger does, by the post's number and the setting's
id ("06/vllm-step-budget"). Every other setting with that flag, of whichever post, belongs to the knob too; a flag that
no knob names stops the build, so that the page of knobs has all of them. Defaults are never written there: they are
read from the pinned source, and from what a started server said of itself.
"""

from dataclasses import dataclass
from pathlib import Path

from scripts.catalog import row_groups
from scripts.catalog.row_groups import Group, one_of
from scripts.common.errors import SiteError
from scripts.quotes import manifest as manifests
from scripts.quotes.engine_defaults import Setting
from scripts.quotes.engine_defaults import load_all as all_settings
from scripts.quotes.manifest import Excerpt, check_id, check_table
from scripts.sources.pins import ROOT

FILE = "snippets/knobs.toml"
TABLES = {"group": list, "knob": list}
KEYS = {"id": str, "name": str, "group": str, "trades": str, "claims": list, "excerpts": list}
REQUIRED = ("id", "name", "group", "trades")


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


def load(engines, root: Path = ROOT) -> list[Knob]:
    """Every knob, in the order of its group and of the file. `engines` are the ids of the pinned engines.

    Claims are looked up by `check_claims`. Raises SiteError for anything not understood, for an id that is not there,
    and for a setting of which no knob knows.
    """
    tables = row_groups.tables(root, FILE, TABLES, "[[group]] or [[knob]]")
    groups = row_groups.groups(tables.get("group", []), "knobs", FILE)
    settings = {f"{number_of(each)}/{each.id}": each for each in all_settings(root)}
    quoted = {
        f"{number_of(each)}/{each.id}": each
        for manifest in manifests.load_all(root).values()
        for each in manifest.excerpts.values()
    }
    knobs: dict[str, Knob] = {}
    taken: dict[tuple, str] = {}  # (engine, flag) -> the knob that has it
    for number, raw in enumerate(tables.get("knob", []), 1):
        knob = _knob(raw, number, tuple(engines), groups, settings, quoted)
        where = _where(knob.id)
        if knob.id in knobs:
            raise SiteError(f"{where}: two knobs are called that; rename one")
        knobs[knob.id] = knob
        for engine, flag in knob.flags.items():
            other = taken.setdefault((engine, flag.own.name), knob.id)
            if other != knob.id:
                raise SiteError(
                    f"{where}: {engine}: {flag.own.name} is in knob '{other}' already; name it in one of them"
                )
    for name, setting in settings.items():
        if (setting.engine, setting.name) not in taken:
            raise SiteError(
                f"{setting.place}: {setting.name} is in no knob, so the page of knobs would lack it; "
                f'write {setting.engine} = "{name}" in a [[knob]] of {FILE}'
            )
    return row_groups.in_order(list(knobs.values()), groups, "knob", FILE)


def check_claims(knobs: list[Knob], claims: dict) -> None:
    """Raises SiteError for a knob that refers to a claim which is not in `claims`, those of the site by id."""
    for knob in knobs:
        for name in knob.claims:
            row_groups.check_claim(name, claims, _where(knob.id))


def _where(name: str) -> str:
    return f"{FILE}: knob '{name}'"


def _knob(raw: dict, number: int, engines: tuple, groups: dict, settings: dict, quoted: dict) -> Knob:
    where = row_groups.named(raw, "knob", number, FILE)
    check_table(raw, KEYS | dict.fromkeys(engines, str), REQUIRED, where)
    check_id(raw["id"], where)
    one_of(raw["group"], groups, "group", where)
    own = {engine: _one(raw[engine], settings, "setting", engine, where) for engine in engines if engine in raw}
    if not own:
        raise SiteError(f'{where}: names no setting; write {engines[0]} = "NN/id" with the id of one')
    for key in ("claims", "excerpts"):
        names = raw.get(key, [])
        if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
            raise SiteError(f"{where}: {key} must be a list of ids, each once; correct it")
    acts = [(name.partition("/")[0], _one(name, quoted, "excerpt", "", where)) for name in raw.get("excerpts", [])]
    for post, excerpt in acts:
        if excerpt.engine not in own:
            raise SiteError(
                f"{where}: excerpt '{post}/{excerpt.id}' is of {excerpt.engine}, of which it names no setting; "
                "remove it, or name the setting"
            )
    flags = {
        engine: Flag(
            setting,
            tuple(each for each in settings.values() if (each.engine, each.name) == (engine, setting.name)),
            tuple(each for each in acts if each[1].engine == engine),
        )
        for engine, setting in own.items()
    }
    return Knob(raw["id"], raw["name"], groups[raw["group"]], raw["trades"], tuple(raw.get("claims", [])), flags)


def _one(name: str, known: dict, kind: str, engine: str, where: str):
    """The setting or excerpt called `name` ("06/id"), of that engine where one is given."""
    post = name.partition("/")[0]
    if name not in known:
        there = ", ".join(each for each in known if each.startswith(f"{post}/")) or f"NN/id, as the {kind}s of a post"
        raise SiteError(f"{where}: {kind} '{name}' is not defined; use one of {there}")
    if engine and known[name].engine != engine:
        raise SiteError(f"{where}: {kind} '{name}' is of {known[name].engine}; name one of {engine}")
    return known[name]
